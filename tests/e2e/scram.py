#!/usr/bin/python3
"""SCRAM (RFC 5802, RFC 7677) over real TLS: by GNU SASL, which binds to what
both ends of TLS 1.3 know (RFC 9266), by mbsync, and by a client of our own,
which binds to the certificate (RFC 5929 4), on every port that has logins."""
import base64
import hashlib
import hmac
import os
import re
import secrets
import ssl

from harness import Named, Server, done, note, ok, read_line, run, same, \
    wait_for
from reload import certificate, make

PLUS, PLAIN = "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"


# --- GNU SASL and mbsync ----------------------------------------------------

def gsasl(server, way, mechanism, password, *more):
    kind, service = way
    return run(
        ["gsasl", "--quiet", kind, "-m", mechanism, "-a", server.address,
         "-p", password, "--x509-ca-file=" + server.info["ca"],
         "--hostname=" + server.host, *more,
         "--connect=%s:%d" % (server.ip, server.ports[service])])


def by_gsasl(server, main, app):
    for way in (("--imap", "imap"), ("--smtp", "submission")):
        for what, password in (("main", main), ("app", app)):
            for mechanism, more in ((PLUS, ()), (PLAIN, ("--no-cb",))):
                if mechanism == PLUS and way[0] == "--smtp":
                    continue    # not there: see by_hand
                code, text = gsasl(server, way, mechanism, password, *more)
                same(code, 0, "%s by gsasl %s, %s password" %
                     (mechanism, way[0], what))
                first = re.search(r"^([\w+/]{24,}=*)\r?$", text, re.M)
                first = base64.b64decode(first[1]) if first else b""
                ok(first.startswith(b"n,," if more
                                    else b"p=tls-exporter,,"),
                   "it is bound as it should be", text)
            code, text = gsasl(server, way, PLAIN, "wrong " + password,
                               "--no-cb")
            ok(code and ("AUTHENTICATIONFAILED" in text or "535" in text),
               "a wrong password is refused", text)


def by_mbsync(server, password):
    base = os.path.join(server.folder, "mbsync")
    os.makedirs(base + "/mail")
    with open(base + "/certificate", "w", encoding="ascii") as file:
        file.write(ssl.DER_cert_to_PEM_cert(certificate(server, "imaps")))
    for word, wanted in ((password, True), ("wrong", False)):
        with open(base + "/config", "w", encoding="utf-8") as file:
            file.write(
                "IMAPAccount server\nHost %s\nPort %d\nUser %s\nPass \"%s\"\n"
                "SSLType IMAPS\nCertificateFile %s/certificate\n"
                "AuthMechs %s\n\nIMAPStore far\nAccount server\n\n"
                "MaildirStore near\nPath %s/mail/\nInbox %s/mail/INBOX\n\n"
                "Channel all\nFar :far:\nNear :near:\nCreate Near\n"
                "SyncState *\n" %
                (server.ip, server.ports["imaps"], server.address, word, base,
                 PLAIN, base, base))
        code, text = run(["mbsync", "-c", base + "/config", "-a"])
        same(code == 0, wanted, "mbsync by Cyrus SASL, password %s" %
             ("right" if wanted else "wrong"))
        if (code == 0) != wanted:
            note(text)


# --- a client of our own ----------------------------------------------------

class Scram:
    def __init__(self, user, password, header=b"n,,", bound=b""):
        self.user, self.password = user.encode(), password.encode()
        self.header, self.bound = header, bound
        self.bare = b"n=%s,r=%s" % (self.user,
                                    secrets.token_hex(12).encode())

    def first(self):
        return self.header + self.bare

    def final(self, challenge):
        said = dict(part.split(b"=", 1) for part in challenge.split(b","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password,
                                     base64.b64decode(said[b"s"]),
                                     int(said[b"i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        text = b"c=%s,r=%s" % (base64.b64encode(self.header + self.bound),
                               said[b"r"])
        whole = b",".join((self.bare, challenge, text))
        proof = hmac.digest(hashlib.sha256(key).digest(), whole, "sha256")
        server = hmac.digest(salted, b"Server Key", "sha256")
        self.verdict = b"v=" + base64.b64encode(
            hmac.digest(server, whole, "sha256"))
        return text + b",p=" + base64.b64encode(
            bytes(a ^ b for a, b in zip(key, proof)))


def send(sock, text):
    sock.sendall(text + b"\r\n")


def pop3(sock, mechanism):
    read_line(sock)
    send(sock, b"AUTH " + mechanism)


def imap(sock, mechanism):
    read_line(sock)
    send(sock, b"a AUTHENTICATE " + mechanism)


def smtp(sock, mechanism):
    read_line(sock)
    send(sock, b"EHLO [127.0.0.1]")
    while read_line(sock)[3:4] == b"-":
        pass
    send(sock, b"AUTH " + mechanism)


def sieve(sock, mechanism):
    while not read_line(sock).startswith(b"OK"):
        pass
    send(sock, b"STARTTLS")
    same(read_line(sock)[:2], b"OK", "STARTTLS")
    sock = Named(sieve.server).wrap_socket(sock)
    while not read_line(sock).startswith(b"OK"):
        pass
    send(sock, b'AUTHENTICATE "%s"' % mechanism)
    return sock


# How each begins, asks for an answer, takes one, and says yes.
WAYS = {
    "pop3s": (pop3, b"+ ", b"%s", b"+OK"),
    "imaps": (imap, b"+ ", b"%s", b"a OK"),
    "submissions": (smtp, b"334 ", b"%s", b"235"),
    "sieve": (sieve, b'"', b'"%s"', b"OK"),
}


def exchange(server, service, mechanism, scram):
    """None: it is in; otherwise what the server said last."""
    begin, ask, form, yes = WAYS[service]
    sieve.server = server
    sock = server.raw(service, tls=service != "sieve", timeout=60)
    sock = begin(sock, mechanism.encode()) or sock
    with sock:
        for step in (lambda _: scram.first(), scram.final, lambda _: b""):
            line = read_line(sock)
            if not line.startswith(ask):
                break
            said = base64.b64decode(line[len(ask):].rstrip(b'"\r\n'))
            send(sock, form % base64.b64encode(step(said)))
            if said.startswith(b"v="):
                same(said, scram.verdict, "the server knows the key, too")
                line = read_line(sock)
                break
        data = re.search(rb'\(SASL "([^"]+)"\)', line)
        if data:
            same(base64.b64decode(data[1]), scram.verdict,
                 "the server knows the key, too")
        return None if line.startswith(yes) else line


def end_point(server, service="imaps", name="sha256"):
    return hashlib.new(name, certificate(server, service)).digest()


def by_hand(server, main, app):
    """To the certificate, on every port; and what an attacker would do."""
    header, bound = b"p=tls-server-end-point,,", end_point(server)
    # Mail programs that cannot bind give up when submission offers it.
    ok(exchange(server, "submissions", PLUS,
                Scram(server.address, main, header, bound)),
       "submissions: no -PLUS")
    same(exchange(server, "submissions", PLAIN,
                  Scram(server.address, main, b"y,,")), None,
         "submissions: so who could bind need not")
    for service in sorted(set(WAYS) - {"submissions"}):
        for password in (main, app):
            scram = Scram(server.address, password, header, bound)
            same(exchange(server, service, PLUS, scram), None,
                 service + ": bound to the certificate")
        for scram, name in (
                (Scram(server.address, "wrong", header, bound),
                 "a wrong password"),
                (Scram(server.address, main, header, bytes(32)),
                 "somebody in between with another certificate"),
                (Scram(server.address, main, b"p=tls-unique,,", bound),
                 "a binding that is not offered"),
                (Scram("nobody@" + server.domain, main, header, bound),
                 "nobody")):
            ok(exchange(server, service, PLUS, scram),
               "%s: %s is refused" % (service, name))
        ok(exchange(server, service, PLAIN,
                    Scram(server.address, main, b"y,,")),
           service + ": who saw no -PLUS saw a shortened list")


def in_clear(server):
    """Before TLS nothing is offered, and nothing is taken."""
    for service, hello, login, no in (
            ("imap", b"a CAPABILITY", b"b AUTHENTICATE ", b"b NO"),
            ("pop3", b"CAPA", b"AUTH ", b"-ERR"),
            ("submission", b"EHLO x", b"AUTH ", b"538"),
            ("sieve", b"CAPABILITY", b"AUTHENTICATE ", b"NO")):
        with server.raw(service, timeout=60) as sock:
            name = b'"%s"' if service == "sieve" else b"%s"
            send(sock, hello)
            send(sock, login + name % PLAIN.encode())
            text, line = b"", b"."
            while line and not line.startswith(no):
                line = read_line(sock)
                text += line
            ok(line and b"SCRAM" not in text,
               service + " in clear: not offered, not taken", text)


def follows_certificate(server):
    """RFC 5929 4.1: the hash is the one that the certificate is signed by."""
    old = certificate(server, "imaps")
    if not make(server, [server.host, server.domain], os.path.join(
            server.data, "tls", "default.pem"), "-sha384"):
        return
    server.hup()
    ok(wait_for(lambda: certificate(server, "imaps") != old, 60),
       "a new certificate")
    for name, wanted in (("sha384", True), ("sha256", False)):
        scram = Scram(server.address, server.password,
                      b"p=tls-server-end-point,,",
                      end_point(server, name=name))
        same(exchange(server, "imaps", PLUS, scram) is None, wanted,
             "bound by the certificate's own hash: " + name)


def offered(server):
    with server.imap(login=False) as client:
        return {name[5:] for name in client.capabilities
                if name.startswith("AUTH=")}


def switched(server):
    for word, wanted in (("off", set()),
                         ("sha-1", {PLUS, PLAIN, "SCRAM-SHA-1",
                                    "SCRAM-SHA-1-PLUS"})):
        server.stop()
        server.configure({"scram": word})
        server.start()
        same(offered(server), {"PLAIN", "LOGIN"} | wanted, "scram " + word)
        scram = Scram(server.address, server.password)
        ok(exchange(server, "imaps", PLAIN, scram),
           "scram %s: there are no keys" % word)
        # A login in clear makes them, unless they are not wanted.
        server.imap().logout()
    scram = Scram(server.address, server.password)
    same(exchange(server, "imaps", PLAIN, scram), None,
         "keys come with the next login in clear")


def app_password(server, *options):
    code, text = run([server.binary, "app-password", "add", server.address,
                      "--label", "Phone", "--data", server.data, *options],
                     env=server.env)
    found = re.search(r"^[a-z0-9]{4}(-[a-z0-9]{4}){6}$", text, re.M)
    ok(code == 0 and found, "an app password", text)
    return found[0] if found else ""


def limited(server):
    """An app password is good where it may be used, by its keys too."""
    for options, wanted in (
            (("--rights", "imap"), {"imaps", "sieve"}),
            (("--rights", "smtp,caldav"), {"submissions"}),
            (("--networks", "192.0.2.0/24"), set()),
            (("--networks", "127.0.0.0/8"), set(WAYS))):
        scram = Scram(server.address, app_password(server, *options))
        same({service for service in WAYS
              if exchange(server, service, PLAIN, scram) is None}, wanted,
             "good there alone: " + " ".join(options))


def main():
    with Server(users=1) as server:
        app = app_password(server)
        same(offered(server), {PLUS, PLAIN, "PLAIN", "LOGIN"}, "offered")
        by_gsasl(server, server.password, app)
        by_mbsync(server, server.password)
        by_hand(server, server.password, app)
        limited(server)
        in_clear(server)
        follows_certificate(server)
        switched(server)
    done()


main()
