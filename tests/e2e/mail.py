#!/usr/bin/python3
"""Sending and reading with swaks, curl and the standard library, over every
port, in clear where that is allowed and refused where it is not."""
import imaplib
import io
import shutil
import smtplib
import zlib

from harness import (Named, Server, done, message, ok, run, same, skip,
                     wait_for)


def arrived(server, subject, number=None):
    def look():
        with server.imap(number) as client:
            client.select("INBOX", readonly=True)
            kind, found = client.search(None, "SUBJECT", '"%s"' % subject)
            return kind == "OK" and len(found[0].split())
    return wait_for(look, every=0.2)


def swaks(server, subject, service, *options):
    user, password = server.login()
    command = ["swaks", "--server", server.ip, "--port",
               str(server.ports[service]), "--from", user, "--to", user,
               "--header", "Subject: " + subject, "--body", "From swaks.",
               *options]
    if service != "smtp":
        command += ["--auth", "--auth-user", user, "--auth-password",
                    password]
    return run(command)


def send_swaks(server):
    if shutil.which("swaks") is None:
        skip("swaks", "not installed")
        return
    for service, tls in (("submissions", "--tls-on-connect"),
                         ("submission", "--tls"), ("smtp", "--tls"),
                         ("smtp", "--timeout=30")):
        subject = "swaks %s %s" % (service, tls.strip("-"))
        code, text = swaks(server, subject, service, tls)
        ok(code == 0, subject, text)
        same(arrived(server, subject), 1, "it is in INBOX")
    for mechanism in ("PLAIN", "LOGIN"):
        code, text = run(
            ["swaks", "--server", server.ip, "--port",
             str(server.ports["submissions"]), "--tls-on-connect", "--auth",
             mechanism, "--auth-user", server.address, "--auth-password",
             server.password, "--quit-after", "AUTH"])
        ok(code == 0, "AUTH " + mechanism, text)
    code, text = run(
        ["swaks", "--server", server.ip, "--port",
         str(server.ports["submission"]), "--quit-after", "EHLO"])
    ok("AUTH" not in text and "STARTTLS" in text,
       "587 in clear offers STARTTLS and no AUTH", text)
    code, text = swaks(server, "x", "submission")
    ok(code != 0, "587 takes no login in clear", text)


def refusals(server):
    with smtplib.SMTP_SSL(server.ip, server.ports["submissions"],
                          context=Named(server)) as client:
        client.ehlo()
        code, text = client.mail(server.address)
        if code < 400:
            code, text = client.rcpt("somebody@elsewhere.example")
        ok(code in (530, 550, 554), "nothing without login", (code, text))
    with server.smtp() as client:
        client.ehlo()
        client.mail("a@elsewhere.example")
        code, text = client.rcpt("somebody@elsewhere.example")
        ok(500 <= code < 600, "25 relays nothing", (code, text))
        code, text = client.rcpt("nobody@" + server.domain)
        ok(500 <= code < 600, "an unknown mailbox is refused", (code, text))
        code, text = client.rcpt(server.address)
        same(code, 250, "a known one is not")
    with smtplib.SMTP_SSL(server.ip, server.ports["submissions"],
                          context=Named(server)) as client:
        client.login(*server.login())
        code, text = client.mail("somebody-else@" + server.domain)
        if code < 400:
            code, text = client.rcpt(server.address)
        ok(500 <= code < 600, "nobody sends in another's name", (code, text))


def passwords(server):
    """A wrong password and a missing mailbox: the same words."""
    words = []
    for user in (server.address, "nobody@" + server.domain):
        try:
            with server.imap(login=False) as client:
                client.login(user, "wrong")
            ok(False, "wrong password for " + user)
        except imaplib.IMAP4.error as error:
            words.append(str(error))
    ok(len(words) == 2 and words[0] == words[1], "the same refusal", words)


def curl(server):
    user, password = server.login()
    base = ["curl", "-sS", "--cacert", server.info["ca"], "--user",
            "%s:%s" % (user, password), "--connect-to",
            "::%s:" % server.ip]
    for service, name, more in (
            ("pop3s", "pop3s", []), ("pop3", "pop3", ["--ssl-reqd"]),
            ("imaps", "imaps", []), ("imap", "imap", ["--ssl-reqd"])):
        command = base + more + ["%s://%s:%d/" % (
            name, server.host, server.ports[service])]
        code, text = run(command)
        ok(code == 0, "curl lists by " + service, text)
    code, text = run(base + ["pop3s://%s:%d/1" % (server.host,
                                                  server.ports["pop3s"])])
    ok(code == 0 and "Subject:" in text, "curl reads message 1", text[:500])
    code, text = run(base + ["imaps://%s:%d/INBOX;MAILINDEX=1" % (
        server.host, server.ports["imaps"])])
    ok(code == 0 and "Subject:" in text, "by IMAP too", text[:500])
    code, text = run(["curl", "-sS", "--cacert", server.info["ca"], "--user",
                      user + ":wrong", "--connect-to", "::%s:" % server.ip,
                      "pop3s://%s:%d/" % (server.host,
                                          server.ports["pop3s"])])
    same(code, 67, "a wrong password is refused as such")


def imap_and_pop(server):
    """The same messages by both, byte for byte."""
    sent = message("both", "äöü\r\n.\r\n..dots\r\n" + "x" * 900 + "\r\n")
    with server.smtp() as client:
        client.sendmail("a@elsewhere.example", [server.address], sent,
                        ["BODY=8BITMIME"])
    same(arrived(server, "both"), 1, "delivered")
    with server.imap() as client:
        _, found = client.select("INBOX", readonly=True)
        count = int(found[0])
        _, parts = client.fetch("1:*", "(BODY.PEEK[])")
        by_imap = [part[1] for part in parts if isinstance(part, tuple)]
    client = server.pop3()
    same(client.stat()[0], count, "as many by POP3 as by IMAP")
    uids = client.uidl()[1]
    same(len({line.split()[1] for line in uids}), count, "UIDL is unique")
    by_pop = [b"\r\n".join(client.retr(n + 1)[1]) + b"\r\n"
              for n in range(count)]
    same(by_pop, by_imap, "the same bytes by both")
    ok(any(data.endswith(sent.split(b"\r\n\r\n", 1)[1]) for data in by_imap),
       "the body is what was sent")
    client.dele(count)
    client.quit()
    with server.imap() as imap:
        same(int(imap.select("INBOX")[1][0]), count - 1,
             "DELE and QUIT remove it")


def idle(server):
    """A second session hears of a delivery in IDLE."""
    with server.imap() as client:
        count = int(client.select("INBOX")[1][0])
        client.send(b"i IDLE\r\n")
        ok(client.readline().startswith(b"+"), "IDLE")
        with server.smtp() as smtp:
            smtp.sendmail("a@elsewhere.example", [server.address],
                          message("wake up"))
        line = client.readline()
        ok(line.startswith(b"* %d EXISTS" % (count + 1)),
           "a delivery is told", line)
        client.send(b"DONE\r\n")
        while not line.startswith(b"i "):
            line = client.readline()
        ok(b"OK" in line, "DONE", line)


def notify(server):
    """RFC 5465: a delivery is told between commands, with what was asked."""
    with server.imap() as client:
        count = int(client.select("INBOX")[1][0])
        client.send(b"n NOTIFY SET (selected (MessageNew (UID"
                    b" BODY.PEEK[HEADER.FIELDS (Subject)])"
                    b" MessageExpunge))\r\n")
        line = client.readline()
        while not line.startswith(b"n "):
            line = client.readline()
        ok(b"OK" in line, "NOTIFY", line)
        with server.smtp() as smtp:
            smtp.sendmail("a@elsewhere.example", [server.address],
                          message("unasked"))
        same(client.readline(), b"* %d EXISTS\r\n" % (count + 1),
             "a delivery is told between commands")
        line = client.readline()
        while b"FETCH" not in line:
            line = client.readline()
        ok(line.startswith(b"* %d FETCH (UID " % (count + 1)),
           "and fetched", line)
        same(client.readline(), b"Subject: unasked\r\n", "as was asked")
        while not line.endswith(b")\r\n"):
            line = client.readline()


class Inflated(io.RawIOBase):
    """What comes from a file, inflated."""
    def __init__(self, below):
        super().__init__()
        self.below = below
        self.inflate = zlib.decompressobj(wbits=-15)
        self.rest = b""

    def readable(self):
        return True

    def readinto(self, room):
        while not self.rest:
            piece = self.below.read1(65536)
            if not piece:
                return 0
            self.rest = self.inflate.decompress(piece)
        n = min(len(room), len(self.rest))
        room[:n], self.rest = self.rest[:n], self.rest[n:]
        return n


def fetch_all(client):
    client.select("INBOX", readonly=True)
    _, parts = client.fetch("1:*", "(BODY.PEEK[])")
    return [part[1] for part in parts if isinstance(part, tuple)]


def compress(client, one_by_one):
    """COMPRESS=DEFLATE (RFC 4978) from here on."""
    deflate = zlib.compressobj(wbits=-15)
    inflated = io.BufferedReader(Inflated(client.file))

    def send(data):
        wire = deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)
        size = 1 if one_by_one else len(wire)
        for at in range(0, len(wire), size):
            client.sock.sendall(wire[at:at + size])
    client.send = send
    client.read = inflated.read
    client.readline = inflated.readline


def compressed(server):
    """The same messages as without; nonsense ends that connection alone."""
    imaplib.Commands["COMPRESS"] = ("AUTH", "SELECTED")
    with server.imap() as client:
        wanted = fetch_all(client)
    for one_by_one in (False, True):
        with server.imap() as client:
            same(client.xatom("COMPRESS", "DEFLATE")[0], "OK", "COMPRESS")
            compress(client, one_by_one)
            same(fetch_all(client), wanted, "the same messages, compressed")
            kind, text = client.xatom("COMPRESS", "DEFLATE")
            ok(kind == "NO" and b"[COMPRESSIONACTIVE]" in text[0],
               "it is compressed already", text)
    client = server.imap()
    client.xatom("COMPRESS", "DEFLATE")
    compress(client, False)
    client.noop()
    client.sock.sendall(b"\xff" * 64)
    same(client.readline(), b"", "nonsense ends the connection")
    client.shutdown()
    with server.imap() as client:
        same(fetch_all(client), wanted, "others go on")


def main():
    with Server(users=2) as server:
        send_swaks(server)
        refusals(server)
        passwords(server)
        curl(server)
        imap_and_pop(server)
        compressed(server)
        idle(server)
        notify(server)
    done()


main()
