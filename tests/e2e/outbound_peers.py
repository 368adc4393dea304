#!/usr/bin/python3
"""The queue against real servers: Postfix, OpenSMTPD and another of ours;
notices by DSN (RFC 3461), LMTP out (RFC 2033), loops, ways round."""
import contextlib
import email
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from harness import (TREE, Server, done, message, ok, run, same, skip,
                     wait_for)
from mx import DNS, SMTP, Peer, Zones, address

POSTFIX, OPEN, OWN, PLAIN, NAMES = (address(n) for n in range(10, 15))
DAEMONS = "/usr/lib/postfix/sbin"
BESIDE = os.path.join(TREE, "build", "beside", "opensmtpd", "usr", "sbin",
                      "smtpd")

MAIN_CF = """compatibility_level = 3.6
queue_directory = %(d)s/spool
data_directory = %(d)s/data
command_directory = /usr/sbin
daemon_directory = %(daemons)s
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.postfix.example
mydestination =
local_recipient_maps =
alias_maps =
inet_interfaces = all
inet_protocols = ipv4
maillog_file = %(d)s/data/log
maillog_file_prefixes = %(d)s
mynetworks =
virtual_mailbox_domains = postfix.example
virtual_mailbox_maps = inline:{a@postfix.example=1, b@postfix.example=1}
virtual_transport = discard
default_transport = smtp:[%(back)s]:%(port)d
"""
MASTER_CF = """%(ip)s:%(port)d inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
# Its paths are fixed, so it gets a /var and accounts of its own.
OPEN_SH = """set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /var
mkdir -p /var/run /var/spool/smtpd /var/lib/opensmtpd/empty /var/tmp
chmod 711 /var/spool/smtpd
for f in passwd group; do grep -v '^opensmtp' /etc/$f > $1/$f; done
for n in 21051 21052; do
	name=opensmtpd; [ $n = 21051 ] || name=opensmtpq
	echo "$name:x:$n:$n::/var/lib/opensmtpd/empty:/bin/false" >> $1/passwd
	echo "$name:x:$n:" >> $1/group
done
chmod 644 $1/passwd $1/group
mount --bind $1/passwd /etc/passwd
mount --bind $1/group /etc/group
if [ ! -d /usr/libexec/opensmtpd ]; then
	mount -t tmpfs tmpfs /usr/libexec
	cp -r "${2%/sbin/smtpd}/libexec/opensmtpd" /usr/libexec/
fi
exec $2 -d -f $1/smtpd.conf
"""
OPEN_CONF = """listen on %(ip)s port %(port)d hostname mx.open.example
table people { "a@open.example" = nobody }
action keep mda "cat >> %(d)s/mail" virtual <people>
match from any for domain "open.example" action keep
"""


class Program:
    """A server of somebody else's, in a folder of its own."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdout=open(self.log_path(), "ab"),
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def log_path(self):
        return self.path("out")

    def write(self, name, text, **values):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text % dict(values, d=self.folder, port=SMTP,
                                   daemons=DAEMONS))

    def text(self, *names):
        try:
            with open(self.path(*names), encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postfix(Program):
    """`more`: lines of main.cf, instead of those of the same name."""

    def __init__(self, ip, back, more=""):
        self.folder = tempfile.mkdtemp(prefix="posthaste-postfix-")
        os.chmod(self.folder, 0o755)
        owner = pwd.getpwnam("postfix")
        group = grp.getgrnam("postdrop").gr_gid
        for name in ("spool", "data"):
            os.mkdir(self.path(name))
        os.chown(self.path("data"), owner.pw_uid, -1)
        for name in ("active", "bounce", "corrupt", "defer", "deferred",
                     "flush", "hold", "incoming", "private", "saved",
                     "trace", "maildrop", "public", "pid"):
            os.mkdir(self.path("spool", name))
            os.chmod(self.path("spool", name), 0o700)
            if name != "pid":
                os.chown(self.path("spool", name), owner.pw_uid,
                         group if name in ("maildrop", "public") else -1)
        os.chmod(self.path("spool", "maildrop"), 0o1730)
        os.chmod(self.path("spool", "public"), 0o710)
        names = {line.split(" ")[0] for line in more.splitlines()}
        self.write("main.cf", "".join(
            line + "\n" for line in MAIN_CF.splitlines()
            if line.split(" ")[0] not in names) + more, back=back)
        self.write("master.cf", MASTER_CF, ip=ip)
        super().__init__([DAEMONS + "/master", "-c", self.folder, "-d"])

    def log(self):
        return self.text("data", "log") + self.text("out")


class OpenSmtpd(Program):
    def __init__(self, ip, binary):
        self.folder = tempfile.mkdtemp(prefix="posthaste-opensmtpd-")
        os.chmod(self.folder, 0o755)
        self.write("smtpd.conf", OPEN_CONF, ip=ip)
        with open(self.path("mail"), "w", encoding="ascii"):
            pass
        os.chmod(self.path("mail"), 0o666)
        super().__init__(["unshare", "-m", "sh", "-c", OPEN_SH, "sh",
                          self.folder, binary])

    def log(self):
        return self.text("out")


class Own(Server):
    """Another of ours, which hosts own.example."""

    def __init__(self):
        super().__init__()
        self.ip = OWN

    def cli(self, *words):
        return cli(self, *words)


def cli(server, *words):
    code, text = run([server.binary, *words, "--data", server.data],
                     env=server.env)
    ok(code == 0, " ".join(words[:2]), text)
    return text


def banner(ip):
    """Does a server answer there?"""
    try:
        with contextlib.closing(socket.create_connection((ip, SMTP),
                                                         5)) as sock:
            return sock.recv(512).startswith(b"220")
    except OSError:
        return False


def submit(server, to, subject="s", rcpt=(), mail=()):
    with server.submission() as client:
        client.ehlo_or_helo_if_needed()
        code, text = client.mail(server.address, list(mail))
        if code == 250:
            code, text = client.rcpt(to, list(rcpt))
        if code == 250:
            code, text = client.data(message(subject,
                                             sender=server.address, to=to))
        ok(code == 250, "submitted: " + subject, text)


def notices(server, word):
    """Delivery notices that speak of `word`."""
    def look():
        with server.imap() as client:
            client.select("INBOX", readonly=True)
            _, found = client.search(None, "TEXT", '"%s"' % word, "HEADER",
                                     "Content-Type", "delivery-status")
            return [client.fetch(number, "(BODY.PEEK[])")[1][0][1]
                    for number in found[0].split()]
    return wait_for(look, 60, 0.3)


def status_of(notice):
    """The fields of a delivery-status part, of the first recipient."""
    for part in email.message_from_bytes(notice).walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            return dict(blocks[0].items()), dict(blocks[1].items())
    return {}, {}


def by_postfix(server):
    if os.geteuid() != 0 or not os.path.exists(DAEMONS + "/master"):
        skip("Postfix", "it is not installed, or this is not root")
        return
    peer = Postfix(POSTFIX, server.ip)
    try:
        if not ok(wait_for(lambda: banner(POSTFIX), 60), "Postfix runs",
                  peer.log()):
            return
        submit(server, "a@postfix.example", "plain")
        ok(wait_for(lambda: "to=<a@postfix.example>" in peer.log()
                    and "status=sent" in peer.log(), 60),
           "Postfix takes a mail", peer.log())
        submit(server, "no@postfix.example", "unknown")
        found = notices(server, "no@postfix.example")
        if ok(found, "its 550 bounces"):
            same(status_of(found[0])[1].get("Action"), "failed", "as failed")
        submit(server, "b@postfix.example", "with DSN",
               ["NOTIFY=SUCCESS,FAILURE",
                "ORCPT=rfc822;first@postfix.example"],
               ["RET=HDRS", "ENVID=abc+2Bdef"])
        found = notices(server, "b@postfix.example")
        if ok(found, "Postfix itself tells of the delivery", peer.log()):
            whole, one = status_of(found[0])
            same((one.get("Action"), whole.get("Original-Envelope-Id"),
                  one.get("Original-Recipient"), len(found)),
                 ("delivered", "abc+def", "rfc822;first@postfix.example", 1),
                 "with what was asked, and alone")
    finally:
        peer.close()


def by_opensmtpd(server):
    binary = shutil.which("smtpd") or BESIDE
    if os.geteuid() != 0 or not os.path.exists(binary):
        skip("OpenSMTPD", "it is not installed, or this is not root")
        return
    if run(["unshare", "-m", "mount", "--make-rprivate", "/"])[0]:
        skip("OpenSMTPD", "no mount namespaces here: its paths are fixed")
        return
    peer = OpenSmtpd(OPEN, binary)
    try:
        if not ok(wait_for(lambda: banner(OPEN), 60), "OpenSMTPD runs",
                  peer.log()):
            return
        submit(server, "a@open.example", "to OpenSMTPD")
        ok(wait_for(lambda: "Subject: to OpenSMTPD" in peer.text("mail"),
                    60), "OpenSMTPD takes a mail", peer.log())
        submit(server, "no@open.example", "unknown")
        found = notices(server, "no@open.example")
        ok(found and b"5.2.4" in found[0], "its refusal bounces",
           peer.log())
    finally:
        peer.close()


def by_own(server):
    other = Own()
    other.init()
    other.configure({"resolver": "%s@%d" % (NAMES, DNS),
                     "remote-smtp-port": str(SMTP)})
    other.start()
    try:
        cli(other, "domain", "add", "own.example")
        cli(other, "alias", "add", "a@own.example", other.address)
        cli(other, "alias", "add", "loop@own.example", "loop@first.example")
        cli(server, "domain", "add", "first.example")
        cli(server, "alias", "add", "loop@first.example", "loop@own.example")
        submit(server, "a@own.example", "to our own", ["NOTIFY=SUCCESS"])

        def arrived():
            with other.imap() as client:
                client.select("INBOX", readonly=True)
                return client.search(None, "SUBJECT", '"to our own"')[1][0]
        ok(wait_for(arrived, 60, 0.3), "our own takes a mail", other.log())
        found = notices(server, "a@own.example")
        ok(found, "and its delivery is told", server.log()[-2000:])
        submit(server, "no@own.example", "unknown")
        ok(notices(server, "no@own.example"), "its 550 bounces")
        submit(server, "loop@first.example", "round and round")
        # Both host the sender's domain, and the other one gives up.
        ok(notices(other, "loop@"), "a loop of two servers ends",
           other.log()[-3000:])
    finally:
        other.close()


def ways(server, plain):
    """MX fallback, addresses of both families, our own MX, LMTP."""
    submit(server, "a@fall.example", "to the second MX")
    ok(wait_for(lambda: plain.to("a@fall.example"), 60),
       "a dead first MX: the second")
    submit(server, "a@six.example", "six and four")
    ok(wait_for(lambda: plain.to("a@six.example"), 60),
       "no way by IPv6: by IPv4")
    submit(server, "a@us.example", "to ourselves")
    found = notices(server, "a@us.example")
    ok(found and b"5.4.6" in found[0], "an MX that is ourselves bounces")
    plain.script["slow@fall.example"] = ["450 4.2.1 later"]
    submit(server, "slow@fall.example", "later")
    ok(wait_for(lambda: not plain.script["slow@fall.example"], 60),
       "put off by 450")
    cli(server, "queue", "retry", "all")
    ok(wait_for(lambda: plain.to("slow@fall.example"), 60),
       "and taken when it is tried again")


def dsn(server, plain, bare):
    """What is passed on, and what we say ourselves."""
    submit(server, "a@fall.example", "with DSN",
           ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;o@fall.example"],
           ["RET=FULL", "ENVID=e1"])
    got = wait_for(lambda: [m for m in plain.to("a@fall.example")
                            if "ENVID" in m[0]], 60)
    if ok(got, "a server with DSN is asked"):
        ok("RET=FULL ENVID=e1" in got[0][0], "RET and ENVID", got[0][0])
        ok("NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o@fall.example"
           in got[0][1][0], "NOTIFY and ORCPT", got[0][1])
    submit(server, "a@lmtp.example", "by LMTP", ["NOTIFY=SUCCESS"])
    ok(wait_for(lambda: bare.to("a@lmtp.example"), 60),
       "LMTP over a Unix socket")
    ok(bare.heard("LHLO"), "with LHLO")
    found = notices(server, "a@lmtp.example")
    if ok(found, "a delivery by LMTP is told"):
        same(status_of(found[0])[1].get("Action"), "delivered", "as such")
    plain.extensions.clear()
    submit(server, "nodsn@fall.example", "no DSN there", ["NOTIFY=SUCCESS"])
    found = notices(server, "nodsn@fall.example")
    if ok(found, "a server without DSN: we tell"):
        same(status_of(found[0])[1].get("Action"), "relayed", "as relayed")
    submit(server, "never@null.example", "never", ["NOTIFY=NEVER"])
    submit(server, "full@null.example", "whole", ["NOTIFY=FAILURE"],
           ["RET=FULL"])
    found = notices(server, "full@null.example")
    ok(found and b"message/rfc822" in found[0] and b"Hello." in found[0],
       "RET=FULL gives all back", found)
    ok(wait_for(lambda: "never@null.example" not in run(
        [server.binary, "queue", "list", "--data", server.data],
        env=server.env)[1], 60, 0.3), "another one is settled")
    with server.imap() as client:
        client.select("INBOX", readonly=True)
        found = client.search(None, "TEXT", '"never@null.example"')[1][0]
    same(found, b"", "NOTIFY=NEVER is kept")


def zones(server):
    text = "\n".join("%s IN MX 10 mx.%s\nmx.%s IN A %s" %
                     (name, name, name, ip) for name, ip in
                     (("postfix", POSTFIX), ("open", OPEN), ("own", OWN),
                      ("first", server.ip)))
    return (text + "\nfall IN MX 10 dead\nfall IN MX 20 plain\n"
            "dead IN A 127.255.255.254\nplain IN A %s\n"
            "six IN MX 10 mx.six\nmx.six IN A %s\nmx.six IN AAAA 100::1\n"
            "us IN MX 10 %s.\nnull IN MX 0 .\n" %
            (PLAIN, PLAIN, hostname(server)))


def hostname(server):
    with open(server.conf_path(), encoding="utf-8") as file:
        return re.search(r"(?m)^hostname (\S+)", file.read())[1]


def main():
    if not shutil.which("nsd"):
        skip("real servers", "nsd is not installed")
        done()
    server = Server()
    server.init()
    socket_path = os.path.join(server.folder, "lmtp")
    names = Zones(NAMES, {"example": zones(server)})
    plain, bare = Peer(PLAIN), Peer(None, lmtp=socket_path, extensions=())
    os.chmod(socket_path, 0o666)
    server.configure({"resolver": "%s@%d" % (NAMES, DNS),
                      "remote-smtp-port": str(SMTP),
                      "trust-anchor": "off",
                      "route": "lmtp.example lmtp " + socket_path})
    try:
        server.start()
        ways(server, plain)
        dsn(server, plain, bare)
        by_postfix(server)
        by_opensmtpd(server)
        by_own(server)
    finally:
        server.close()
        for one in (plain, bare, names):
            one.close()
    done()


if __name__ == "__main__":
    # Both of the others' servers change their user, which takes root.
    if os.geteuid() and shutil.which("sudo") and not run(
            ["sudo", "-n", "true"])[0]:
        os.execvp("sudo", ["sudo", "-n", "env", "POSTHASTE_BUILD=" +
                           os.environ.get("POSTHASTE_BUILD", "build/asan"),
                           sys.executable, os.path.abspath(__file__)])
    main()
