#!/usr/bin/python3
"""Mail programs that fetch and carry: offlineimap, getmail, fetchmail and
neomutt, each at its real work."""
import glob
import hashlib
import os
import pty
import select
import shutil
import signal
import ssl
import subprocess

from harness import Server, done, message, ok, run, same, skip, wait_for

OFFLINEIMAP = """[general]
accounts = one
metadatadir = {base}/state
ui = basic
socktimeout = 60

[Account one]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {base}/mail

[Repository far]
type = IMAP
remotehost = {ip}
remoteport = {imaps}
remoteuser = {user}
remotepass = {password}
ssl = yes
cert_fingerprint = {sha512}
folderfilter = lambda name: name in ('INBOX', 'Archive', 'New')
"""

GETMAIL = """[retriever]
type = {kind}
server = {ip}
port = {port}
username = {user}
password = {password}
ssl_fingerprints = ("{sha256}",)
{more}

[destination]
type = MDA_external
path = {base}/file
allow_root_commands = true

[options]
read_all = {read_all}
delete = {delete}
verbose = 0
"""

FETCHMAIL = """poll {ip} service {port} protocol {protocol} {more}
  user "{user}" password "{password}" ssl sslfingerprint "{md5}"
  no sslcertck {keep} mda "{base}/file"
"""

NEOMUTT = """set folder = "imaps://{ip}:{imaps}/"
set spool_file = "imaps://{ip}:{imaps}/INBOX"
set imap_user = "{user}"
set imap_pass = "{password}"
set certificate_file = "{base}/certificate"
set ssl_verify_host = no
set imap_condstore = yes
set imap_qresync = yes
set confirm_append = no
set confirm_create = no
set delete = yes
set quit = yes
set move = no
set mark_old = no
set record = ""
set header_cache = "{base}/cache"
set from = "{user}"
set smtp_url = "smtps://{ip}:{submissions}/"
set smtp_user = "{user}"
set smtp_pass = "{password}"
"""


class Home:
    """A folder of one program, and what it needs to know."""

    def __init__(self, server, name):
        self.server = server
        self.base = os.path.join(server.folder, name)
        os.makedirs(self.base)
        user, password = server.login()
        pem = ssl.get_server_certificate((server.ip, server.ports["imaps"]))
        der = ssl.PEM_cert_to_DER_cert(pem)
        digest = hashlib.md5(der).hexdigest().upper()
        self.words = {
            "base": self.base, "ip": server.ip, "user": user,
            "password": password, "imaps": server.ports["imaps"],
            "pop3s": server.ports["pop3s"],
            "submissions": server.ports["submissions"],
            "sha512": hashlib.sha512(der).hexdigest(),
            "sha256": hashlib.sha256(der).hexdigest(),
            "md5": ":".join(digest[i:i + 2] for i in range(0, 32, 2)),
        }
        self.write("certificate", pem)
        self.env = dict(server.env, HOME=self.base, TERM="xterm",
                        LC_ALL="C.UTF-8", FETCHMAILHOME=self.base)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.base, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def fill_in(self, name, text, **more):
        return self.write(name, text.format(**dict(self.words, **more)))

    def filer(self):
        """A program that takes a message: {base}/file."""
        self.write("file", "#!/bin/sh\ncat >> %s/mbox\n" % self.base, 0o700)

    def filed(self, what):
        try:
            with open(self.base + "/mbox", "rb") as file:
                return file.read().count(what)
        except FileNotFoundError:
            return 0

    def files(self, box):
        path = os.path.join(self.base, "mail", box)
        return glob.glob(path + "/cur/*") + glob.glob(path + "/new/*")


def have(program):
    if shutil.which(program):
        return True
    skip(program, "it is not installed")
    return False


def box(client, name):
    """Subjects and flags as the server has them."""
    client.select(name, readonly=True)
    _, rows = client.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS"
                                  " (SUBJECT)])")
    found = {}
    for row in rows:
        if isinstance(row, tuple):
            subject = row[1].decode().strip().replace("Subject: ", "")
            found[subject] = row[0].decode()
    return found


def fill(client, name, words):
    client.create(name)
    for word in words:
        client.append(name, None, None, message(word))


def clear(client, name):
    client.select(name)
    client.store("1:*", "+FLAGS.SILENT", "(\\Deleted)")
    client.expunge()


def try_offlineimap(server, client):
    if not have("offlineimap"):
        return
    home = Home(server, "offlineimap")
    config = home.fill_in("config", OFFLINEIMAP)
    fill(client, "INBOX", ["a 1", "a 2", "a 3"])
    fill(client, "Archive", ["a 4"])

    def sync(what):
        code, text = run(["offlineimap", "-o", "-c", config], env=home.env)
        ok(code == 0, "offlineimap " + what, text[-2000:])

    sync("pulls")
    same(len(home.files("INBOX")), 3, "the messages are there")
    same(len(home.files("Archive")), 1, "of the other mailbox too")
    # Both sides change: a flag and a removal each way, a message, a mailbox.
    path = sorted(home.files("INBOX"))[0]
    os.rename(path, os.path.join(home.base, "mail/INBOX/cur",
                                 os.path.basename(path).split(":")[0]
                                 + ":2,FS"))
    client.select("INBOX")
    client.store("2", "+FLAGS", "(\\Answered)")
    client.store("3", "+FLAGS", "(\\Deleted)")
    client.expunge()
    os.unlink(home.files("Archive")[0])
    with open(os.path.join(home.base, "mail/INBOX/new/77.near"),
              "wb") as file:
        file.write(message("a 5").replace(b"\r\n", b"\n"))
    fill(client, "New", ["a 6"])
    sync("goes both ways")
    there = box(client, "INBOX")
    same(sorted(there), ["a 1", "a 2", "a 5"], "what was written here and"
                                               " removed there")
    same(sum("\\Flagged" in flags for flags in there.values()), 1,
         "a flag came to the server")
    same(len(home.files("INBOX")), 3, "and the removal came here")
    same(sum("R" in path.rsplit(":2,")[-1]
             for path in home.files("INBOX") if ":2," in path), 1,
         "with the flag of the server")
    same(box(client, "Archive"), {}, "a removal came to the server")
    same(len(home.files("New")), 1, "and a new mailbox came here")
    sync("finds nothing to do")
    same(len(box(client, "INBOX")), 3, "and does nothing")
    clear(client, "INBOX")


def try_getmail(server, client):
    if not have("getmail"):
        return
    for kind, port, more in (
            ("SimpleIMAPSSLRetriever", "imaps", 'mailboxes = ("INBOX",)'),
            ("SimplePOP3SSLRetriever", "pop3s", "")):
        home = Home(server, "getmail-" + port)
        home.filer()
        fill(client, "INBOX", ["g 1", "g 2"])

        def fetch(count, what, delete="false"):
            home.fill_in("getmailrc", GETMAIL, kind=kind, more=more,
                         port=home.words[port], delete=delete,
                         read_all="false")
            code, text = run(["getmail", "--getmaildir", home.base],
                             env=home.env)
            ok(code == 0, "getmail from %s %s" % (port, what), text[-2000:])
            same(home.filed(b"Subject: g"), count, "so many came")

        fetch(2, "fetches and leaves")
        fetch(2, "fetches nothing twice")
        fill(client, "INBOX", ["g 3"])
        fetch(3, "fetches what is new")
        same(len(box(client, "INBOX")), 3, "all are still on the server")
        fill(client, "INBOX", ["g 4"])
        fetch(4, "fetches and removes", "true")
        same("g 4" in box(client, "INBOX"), False, "what it has removed")
        clear(client, "INBOX")


def try_fetchmail(server, client):
    if not have("fetchmail"):
        return
    for protocol, port, more in (("imap", "imaps", ""),
                                 ("pop3", "pop3s", "uidl")):
        home = Home(server, "fetchmail-" + protocol)
        home.filer()
        fill(client, "INBOX", ["f 1", "f 2"])

        def fetch(keep, codes, count, what):
            config = home.fill_in("rc", FETCHMAIL, protocol=protocol,
                                  port=home.words[port], more=more,
                                  keep=keep)
            code, text = run(["fetchmail", "-f", config, "--nosyslog",
                              "-i", home.base + "/ids", "--pidfile",
                              home.base + "/pid"], env=home.env)
            ok(code in codes, "fetchmail by %s %s" % (protocol, what),
               text[-2000:])
            same(home.filed(b"Subject: f"), count, "so many came")

        fetch("keep", (0,), 2, "fetches and leaves")
        fetch("keep", (1,), 2, "says that there is nothing new")
        fill(client, "INBOX", ["f 3"])
        fetch("keep", (0,), 3, "fetches what is new")
        same(len(box(client, "INBOX")), 3, "all are still on the server")
        fill(client, "INBOX", ["f 4"])
        fetch("nokeep", (0,), 4, "fetches and removes")
        same("f 4" in box(client, "INBOX"), False, "what it has removed")
        clear(client, "INBOX")


def in_terminal(command, env, timeout=60):
    """A program that wants a terminal: its exit code and its last words."""
    parent, child = pty.openpty()
    process = subprocess.Popen(command, stdin=child, stdout=child,
                               stderr=child, env=env, close_fds=True,
                               start_new_session=True)
    os.close(child)
    said = bytearray()

    def ended():
        while select.select([parent], [], [], 0)[0]:
            try:
                said.extend(os.read(parent, 65536))
            except OSError:
                break
        return process.poll() is not None

    if not wait_for(ended, timeout):
        process.send_signal(signal.SIGKILL)
    code = process.wait()
    os.close(parent)
    return code, bytes(said[-2000:])


def has_terminals():
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError:
        return False
    return True


def try_neomutt(server, client):
    if not have("neomutt"):
        return
    if not has_terminals():
        skip("neomutt", "this machine has no terminals")
        return
    home = Home(server, "neomutt")
    config = home.fill_in("rc", NEOMUTT)
    fill(client, "INBOX", ["n-1", "n-2", "n-3"])
    fill(client, "Shelf", [])

    def keys(text, what):
        code, said = in_terminal(
            ["neomutt", "-n", "-F", config, "-e", "push '%s'" % text],
            home.env)
        ok(code == 0, "neomutt " + what, said)

    keys("<limit>~s n-1<enter><flag-message><sync-mailbox><quit>",
         "flags a message")
    same("\\Flagged" in box(client, "INBOX").get("n-1", ""), True,
         "which the server has")
    keys("<limit>~s n-2<enter><delete-message><quit>",
         "deletes another")
    same(sorted(box(client, "INBOX")), ["n-1", "n-3"], "which is gone")
    keys("<limit>~s n-3<enter><save-message>=Shelf<enter><quit>",
         "files one")
    same(sorted(box(client, "Shelf")), ["n-3"], "which is there")
    same(sorted(box(client, "INBOX")), ["n-1"], "and no longer here")
    clear(client, "INBOX")
    with open(home.write("body", "Hello.\n"), "rb") as body:
        code, said = run(["neomutt", "-n", "-F", config, "-s", "n-4", "--",
                          server.address], stdin=body, env=home.env)
    same(code, 0, "neomutt sends" if code == 0 else said)
    ok(wait_for(lambda: sorted(box(client, "INBOX")) == ["n-4"], 60),
       "which comes")
    clear(client, "INBOX")


def main():
    with Server() as server, server.imap() as client:
        clear(client, "INBOX")
        try_offlineimap(server, client)
        try_getmail(server, client)
        try_fetchmail(server, client)
        try_neomutt(server, client)
    done()


main()
