"""Calendar servers to compare with.  Each serves one person one calendar and
one address book, over plain HTTP as behind a proxy."""
import glob
import imaplib
import os

import peers
from machine import Failed, ask

MAKE_CALENDAR = (
    '<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:"'
    ' xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
    "<D:displayname>bench</D:displayname></D:prop></D:set></C:mkcalendar>")
MAKE_BOOK = (
    '<?xml version="1.0"?><D:mkcol xmlns:D="DAV:"'
    ' xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop>'
    "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>"
    "<D:displayname>bench</D:displayname></D:prop></D:set></D:mkcol>")
XML = {"Content-Type": "application/xml; charset=utf-8"}


class DavPeer(peers.Peer):
    """Where its things are: root, principal, calendars, books."""

    pair = ("bench", "bench")
    services = {"proxy": 18080}
    top = principal = calendars = books = None
    def __init__(self, server):
        super().__init__(server)
        self.users_file = self.path("generator-users")
        self.write("generator-users", "%s %s\n" % self.pair)

    @property
    def calendar(self):
        return self.calendars + "bench/"

    @property
    def fresh(self):
        return self.calendars + "fresh/"

    @property
    def book(self):
        return self.books + "contacts/"

    def http(self, method, path, body=None, headers=None):
        return ask(self.ip, self.ports["proxy"], self.pair, method,
                         path, body, headers)

    def make(self):
        for method, path, body in (
                ("MKCALENDAR", self.calendar, MAKE_CALENDAR),
                ("MKCALENDAR", self.fresh, MAKE_CALENDAR),
                ("MKCOL", self.book, MAKE_BOOK)):
            status, _ = self.http(method, path, body, XML)
            if status != 201:
                raise Failed("%s: %d" % (method, status))


RADICALE = """[server]
hosts = {ip}:{proxy}
max_connections = 32
timeout = 600
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/data
[web]
type = none
[logging]
level = error
"""


class Radicale(DavPeer):
    """A file for each event, synced."""

    name, title, number = "radicale", "Radicale", 3
    programs = ("/usr/bin/radicale",)
    packages = ("radicale", "python3-radicale")
    top, principal, calendars, books = "/", "/bench/", "/bench/", "/bench/"
    root_only, user = False, "nobody:nogroup"

    def configure(self):
        self.folders(["data"], "nobody")
        self.write("users", "%s:%s\n" % self.pair)
        self.write("conf", RADICALE)

    def script(self):
        return "/usr/bin/radicale --config %s &" % self.path("conf")


class Xandikos(DavPeer):
    """A commit in git for each change; it asks for no password."""

    name, title, number = "xandikos", "Xandikos", 4
    programs = ("/usr/bin/xandikos",)
    packages = ("xandikos",)
    top, principal = "/", "/bench/"
    calendars, books = "/bench/calendars/", "/bench/contacts/"
    root_only, user = False, "nobody:nogroup"

    def configure(self):
        self.folders(["data"], "nobody")

    def script(self):
        return "HOME=/tmp /usr/bin/xandikos -d %s --defaults " \
            "--current-user-principal %s -l %s -p %d &" % (
                self.path("data"), self.principal, self.ip,
                self.ports["proxy"])


IMAPD = """
configdirectory: {folder}/conf
proc_path: {folder}/proc
mboxname_lockpath: {folder}/lock
defaultpartition: default
partition-default: {folder}/spool
sievedir: {folder}/sieve
altnamespace: no
unixhierarchysep: no
servername: localhost
admins: cyrus
allowanonymouslogin: no
autocreate_quota: 0
hashimapspool: true
httpmodules: caldav carddav
caldav_allowscheduling: off
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb2
sasl_mech_list: PLAIN LOGIN
sasl_auto_transition: no
maxlogins_per_host: 0
idlesocket: {folder}/conf/socket/idle
"""
CYRUS = """
START {{
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -C {folder}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="imapd -C {folder}/imapd.conf -U 30" listen="{ip}:{imap}"
    prefork=0 maxchild=20
  http cmd="httpd -C {folder}/imapd.conf -U 250" listen="{ip}:{proxy}"
    prefork=8 maxchild=100
}}
EVENTS {{
  checkpoint cmd="/usr/sbin/cyrus ctl_cyrusdb -C {folder}/imapd.conf -c"
    period=30
}}
"""


class Cyrus(DavPeer):
    """Message files and a database for each person; eight processes that
    are there before the first request."""

    name, title, number = "cyrus", "Cyrus", 5
    programs = ("/usr/sbin/cyrmaster", "/usr/lib/cyrus/bin/httpd",
                "/usr/sbin/saslpasswd2")
    packages = ("cyrus-imapd", "cyrus-caldav", "cyrus-common")
    services = {"proxy": 18080, "imap": 10143}
    top, principal = "/dav/", "/dav/principals/user/bench/"
    calendars = "/dav/calendars/user/bench/"
    books = "/dav/addressbooks/user/bench/"

    def configure(self):
        self.folders(["conf", "spool", "sieve", "proc", "lock"] + [
            "conf/" + name for name in (
                "db", "log", "msg", "proc", "ptclient", "quota", "socket",
                "sieve", "user", "backup", "rpm", "lock")], "cyrus")
        os.chown(self.folder, *self.ids("cyrus"))
        self.write("imapd.conf", IMAPD)
        self.write("cyrus.conf", CYRUS.replace("\n    ", " "))

    def fill(self):
        add = "echo bench | saslpasswd2 -p -c -f %s -u localhost %s && "
        path = self.path("sasldb2")
        self.run(add % (path, "cyrus") + add % (path, "bench") +
                 "chown cyrus " + path)

    def script(self):
        return "/usr/sbin/cyrmaster -C %s -M %s -p %s &" % (
            self.path("imapd.conf"), self.path("cyrus.conf"),
            self.path("pid"))

    def make(self):
        try:
            with imaplib.IMAP4(self.ip, self.ports["imap"], 60) as client:
                client.login("cyrus", "bench")
                status, said = client.create("user.bench")
        except imaplib.IMAP4.error as error:
            raise Failed(str(error)) from error
        if status != "OK":
            raise Failed("CREATE: %s" % said)
        super().make()


SOGO = """{{
  SOGoProfileURL = "{base}/sogo_user_profile";
  OCSFolderInfoURL = "{base}/sogo_folder_info";
  OCSSessionsFolderURL = "{base}/sogo_sessions_folder";
  OCSEMailAlarmsFolderURL = "{base}/sogo_alarms_folder";
  OCSAdminURL = "{base}/sogo_admin";
  SOGoMemcachedHost = "{ip}:{memcached}";
  SOGoUserSources = ( {{ type = sql; id = users;
    viewURL = "{base}/sogo_users"; canAuthenticate = YES;
    isAddressBook = NO; userPasswordAlgorithm = plain; }} );
  SOGoMailDomain = "example.test";
  SOGoIMAPServer = "imap://{ip}:1";
  SOGoSMTPServer = "smtp://{ip}:1";
  SOGoMailingMechanism = smtp;
  SOGoAppointmentSendEMailNotifications = NO;
  SOGoTimeZone = UTC;
  SOGoLanguage = English;
  WOWorkersCount = 8;
  WOListenQueueSize = 64;
  WOPort = "{ip}:{proxy}";
  WOPidFile = "{folder}/run/pid";
  WOLogFile = "{folder}/run/log";
  WONoDetach = YES;
  SxVMemLimit = 1024;
}}
"""
POSTGRESQL = """
listen_addresses = '{ip}'
port = {postgresql}
unix_socket_directories = '{folder}/postgresql'
max_connections = 200
shared_buffers = 256MB
"""
TABLES = """
create role sogo login password 'sogo';
create database sogo owner sogo;
\\connect sogo
set role sogo;
create table sogo_users (c_uid varchar(60) primary key, c_name varchar(60),
    c_password varchar(120), c_cn varchar(128), mail varchar(128));
insert into sogo_users values ('bench', 'bench', 'bench', 'Bench',
    'bench@example.test');
"""
WAIT = "until %s/pg_isready -q -h %s -p %d; do sleep 0.05; done\n"


class Sogo(DavPeer):
    """Eight workers, memcached, and PostgreSQL as it comes: each
    transaction synced."""

    name, title, number = "sogo", "SOGo", 6
    programs = ("/usr/sbin/sogod", "/usr/bin/memcached",
                "/usr/lib/postgresql")
    packages = ("sogo", "sogo-common", "libsope1", "postgresql-15",
                "memcached")
    services = {"proxy": 18080, "postgresql": 10432, "memcached": 11211}
    top, principal = "/SOGo/dav/", "/SOGo/dav/bench/"
    calendars = "/SOGo/dav/bench/Calendar/"
    books = "/SOGo/dav/bench/Contacts/"
    settle = 1.1    # its tokens are seconds

    @classmethod
    def version(cls):
        return "%s, PostgreSQL %s" % tuple(
            map(cls.version_of, ("sogo", "postgresql-15")))

    def configure(self):
        self.folders(["postgresql"], "postgres", 0o700)
        self.folders(["run"], "sogo")
        self.write("sogo.conf", SOGO, base="postgresql://sogo:sogo@%s:%d/"
                   "sogo" % (self.ip, self.ports["postgresql"]))
        self.write("tables.sql", TABLES.replace("{", "{{"))
        self.write("postgresql.conf", POSTGRESQL)

    def binds(self):
        return ((self.path("sogo.conf"), "/etc/sogo/sogo.conf"),)

    def programs_of_postgresql(self):
        found = glob.glob(self.root + "/usr/lib/postgresql/*/bin/postgres")
        return os.path.dirname("/" + os.path.relpath(sorted(found)[-1],
                                                     self.root))

    def database(self):
        """Commands that start it and wait for it."""
        return "chroot --userspec=postgres / %s/postgres -D %s &\n" % (
            self.programs_of_postgresql(), self.path("postgresql")) + \
            WAIT % (self.programs_of_postgresql(), self.ip,
                    self.ports["postgresql"])

    def fill(self):
        tools = self.programs_of_postgresql()
        self.run(
            "set -e\nchroot --userspec=postgres / %s/initdb -D %s -A trust"
            " -E UTF8 --locale=C\ncat %s >> %s/postgresql.conf\n"
            "%s%s/psql -q -h %s -p %d -U postgres -f %s postgres\nsync\n" % (
                tools, self.path("postgresql"), self.path("postgresql.conf"),
                self.path("postgresql"), self.database(), tools, self.ip,
                self.ports["postgresql"], self.path("tables.sql")))
        os.unlink(self.path("postgresql", "postmaster.pid"))

    def script(self):
        return "chroot --userspec=memcache / memcached -l %s -p %d -U 0" \
            " -m 64 &\n%sHOME=%s chroot --userspec=sogo /" \
            " /usr/sbin/sogod &" % (
                self.ip, self.ports["memcached"], self.database(),
                self.path("run"))


ALL = (Cyrus, Sogo, Radicale, Xandikos)
