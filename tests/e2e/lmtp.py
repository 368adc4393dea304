#!/usr/bin/python3
"""LMTP (RFC 2033) by a Unix socket, for those who keep another server in
front: the standard library, swaks, and Postfix."""
import os
import pwd
import shutil
import smtplib
import socket
import stat
import subprocess
import sys

from harness import Server, done, message, ok, run, same, skip, wait_for
from mx import SMTP, address
from outbound_peers import DAEMONS, Postfix, banner

FRONT = address(15)
CONNECT = ("import socket, sys; s = socket.socket(socket.AF_UNIX);"
           "s.connect(sys.argv[1])")


def arrived(server, subject):
    """The message, once it is there."""
    def look():
        with server.imap() as client:
            client.select("INBOX", readonly=True)
            found = client.search(None, "SUBJECT", '"%s"' % subject)[1][0]
            return found and client.fetch(found.split()[0],
                                          "(BODY.PEEK[])")[1][0][1]
    return wait_for(look, 60, 0.2)


def deliver(path, to, subject):
    with smtplib.LMTP(path, timeout=60) as client:
        return client.sendmail("s@far.example", to, message(
            subject, "Hello.\r\n", "s@far.example", to[0]))


def by_python(server, path):
    refused = deliver(path, [server.address, "no@posthaste.test"],
                      "by a socket")
    same([code for code, _ in refused.values()], [550],
         "who is not here is refused by himself")
    text = arrived(server, "by a socket")
    ok(text and b"with LMTP" in text.split(b"From:")[0],
       "the other one has it", text)


def by_swaks(server, path):
    if shutil.which("swaks") is None:
        skip("swaks", "not installed")
        return
    code, text = run(["swaks", "--socket", path, "--protocol", "LMTP",
                      "--from", "s@far.example", "--to", server.address,
                      "--header", "Subject: by swaks", "--suppress-data"])
    ok(code == 0 and arrived(server, "by swaks"), "swaks", text)


def guarded(path, owner):
    found = os.stat(path)
    same(stat.S_IMODE(found.st_mode), 0o600, "its mode")
    if owner is None:
        skip("its owner", "this is not root, or there is no such user")
        return
    same(found.st_uid, pwd.getpwnam(owner).pw_uid, "its owner")
    subprocess.run([sys.executable, "-c", CONNECT, path], check=True,
                   user=owner)
    other = subprocess.run([sys.executable, "-c", CONNECT, path],
                           user="nobody", stderr=subprocess.PIPE,
                           check=False)
    ok(b"PermissionError" in other.stderr, "nobody else may", other.stderr)


def by_postfix(server, path, owner):
    if owner is None or not os.path.exists(DAEMONS + "/master"):
        skip("Postfix", "it is not installed, or this is not root")
        return
    peer = Postfix(FRONT, "127.0.0.1",
                   "virtual_mailbox_domains = posthaste.test\n"
                   "virtual_mailbox_maps =\n"
                   "virtual_transport = lmtp:unix:%s\n" % path)
    try:
        ok(wait_for(lambda: banner(FRONT), 60), "Postfix runs", peer.log())
        with smtplib.SMTP(FRONT, SMTP, timeout=60) as client:
            client.sendmail("s@far.example", [server.address], message(
                "by Postfix", "Hello.\r\n", "s@far.example",
                server.address))
        ok(arrived(server, "by Postfix"), "Postfix hands its mail on",
           peer.log())
    finally:
        peer.close()


def after_a_kill(server, path):
    server.kill()
    ok(os.path.exists(path), "a killed server leaves its socket")
    server.start()
    deliver(path, [server.address], "once more")
    ok(arrived(server, "once more"), "the next one takes its place")


def not_a_socket(server, path):
    """What is no socket stays, and so does a socket that somebody has."""
    server.stop()
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(b"dear data")
    code = run([server.binary, "serve", "--data", server.data],
               env=server.env)[0]
    with open(path, "rb") as file:
        same((code != 0, file.read()), (True, b"dear data"),
             "a file is left alone, and the server does not start")
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        code = run([server.binary, "serve", "--data", server.data],
                   env=server.env)[0]
        ok(code != 0 and os.path.exists(path), "another's socket, too")
    os.unlink(path)
    server.start()


def main():
    server = Server()
    path = os.path.join(server.folder, "lmtp")
    owner = None
    if os.geteuid() == 0:
        owner = next((name for name in ("postfix", "daemon")
                      if any(p.pw_name == name for p in pwd.getpwall())),
                     None)
    server.settings = {**server.settings,
                       "lmtp-socket": path + (" " + owner if owner else "")}
    with server:
        guarded(path, owner)
        by_python(server, path)
        by_swaks(server, path)
        by_postfix(server, path, owner)
        after_a_kill(server, path)
        not_a_socket(server, path)
        deliver(path, [server.address], "at the end")
        ok(arrived(server, "at the end"), "and it serves again")
    done()


main()
