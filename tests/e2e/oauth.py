#!/usr/bin/python3
"""Logins by access tokens (RFC 7628, XOAUTH2) on every port that has logins:
tokens that a server of ours is asked about (RFC 7662), and tokens that are
signed (RFC 9068), whose keys change by a reload."""
import base64
import http.server
import imaplib
import json
import os
import threading
import time
import urllib.parse

from harness import Named, Server, done, ok, read_line, run, same, wait_for

ISSUER, AUDIENCE = "https://id.posthaste.test", "mail"
CLIENT, SECRET = "post haste", "s3cr:t%"


# --- who gives out tokens ---------------------------------------------------

class Provider:
    """What it says of each token; a token may have to wait."""

    def __init__(self):
        self.known, self.asked, self.fields = {}, [], []
        self.keys, self.fetched = None, False
        self.gate = threading.Event()
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                form = urllib.parse.parse_qs(self.rfile.read(length).decode())
                token = form["token"][0]
                provider.asked.append(token)
                provider.fields.append(self.headers["Authorization"])
                if token == "slow":
                    provider.gate.wait(60)
                if token == "broken":
                    self.answer(500, {"active": True, **provider.good})
                else:
                    self.answer(200, provider.known.get(token,
                                                        {"active": False}))

            def do_GET(self):
                provider.fetched = True
                self.answer(200, provider.keys)

            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        class Threads(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.server = Threads(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def knows(self, token, address, **more):
        self.known[token] = self.good = {
            "active": True, "email": address, "aud": AUDIENCE, **more}

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """An RSA key of OpenSSL's, and tokens that it signs."""

    def __init__(self, folder, name):
        self.path, self.name = os.path.join(folder, name + ".key"), name
        code, text = run(["openssl", "genpkey", "-algorithm", "RSA",
                          "-pkeyopt", "rsa_keygen_bits:2048", "-out",
                          self.path])
        same(code, 0, "a key to sign by")
        code, text = run(["openssl", "rsa", "-in", self.path, "-noout",
                          "-modulus"])
        self.modulus = bytes.fromhex(text.strip().split("=")[1])

    def jwk(self):
        return {"kty": "RSA", "kid": self.name, "use": "sig", "alg": "RS256",
                "n": url64(self.modulus), "e": "AQAB"}

    def token(self, address, **more):
        head = {"alg": "RS256", "typ": "at+jwt", "kid": self.name}
        claims = {"iss": ISSUER, "aud": AUDIENCE, "email": address,
                  "exp": int(time.time()) + 3600, **more}
        text = ".".join(url64(json.dumps(part).encode())
                        for part in (head, claims))
        with open(self.path + ".text", "w", encoding="ascii") as file:
            file.write(text)
        same(run(["openssl", "dgst", "-sha256", "-sign", self.path, "-out",
                  self.path + ".sig", self.path + ".text"])[0], 0, "signed")
        with open(self.path + ".sig", "rb") as file:
            return text + "." + url64(file.read())


# --- clients ----------------------------------------------------------------

def message(mechanism, user, token):
    if mechanism == "XOAUTH2":
        text = "user=%s\1auth=Bearer %s\1\1" % (user, token)
    else:
        text = "n,a=%s,\1host=h\1port=1\1auth=Bearer %s\1\1" % (user, token)
    return base64.b64encode(text.encode())


def talk(sock, begin, go_on, end):
    """The last line, and what the server gave as a reason before it."""
    reason = None
    sock.sendall(begin + b"\r\n")
    while True:
        line = read_line(sock)
        if end(line) or not line:
            return line, reason
        more = go_on(line)
        if more is not None:
            reason = json.loads(base64.b64decode(more))
            sock.sendall(b"AQ==\r\n" if go_on is not sieve_challenge
                         else b"\"AQ==\"\r\n")


def plus_challenge(line):
    return line[2:].strip() if line.startswith(b"+ ") else None


def smtp_challenge(line):
    return line[4:].strip() if line.startswith(b"334 ") else None


def sieve_challenge(line):
    return line.strip()[1:-1] if line.startswith(b"\"") else None


def imap(server, mechanism, user, token):
    with server.raw("imaps", tls=True, timeout=60) as sock:
        read_line(sock)
        return talk(sock, b"a AUTHENTICATE %s %s" %
                    (mechanism.encode(), message(mechanism, user, token)),
                    plus_challenge, lambda line: line.startswith(b"a "))


def pop3(server, mechanism, user, token):
    with server.raw("pop3s", tls=True, timeout=60) as sock:
        read_line(sock)
        return talk(sock, b"AUTH %s %s" %
                    (mechanism.encode(), message(mechanism, user, token)),
                    plus_challenge,
                    lambda line: line.startswith((b"+OK", b"-ERR")))


def smtp(server, mechanism, user, token):
    with server.raw("submissions", tls=True, timeout=60) as sock:
        read_line(sock)
        sock.sendall(b"EHLO test.example\r\n")
        while read_line(sock)[3:4] == b"-":
            pass
        return talk(sock, b"AUTH %s %s" %
                    (mechanism.encode(), message(mechanism, user, token)),
                    smtp_challenge,
                    lambda line: line[:1] in (b"2", b"4", b"5"))


def sieve(server, mechanism, user, token):
    with server.raw("sieve", timeout=60) as clear:
        while not read_line(clear).startswith(b"OK"):
            pass
        clear.sendall(b"STARTTLS\r\n")
        read_line(clear)
        with Named(server).wrap_socket(clear) as sock:
            while not read_line(sock).startswith(b"OK"):
                pass
            return talk(sock, b"AUTHENTICATE \"%s\" \"%s\"" %
                        (mechanism.encode(),
                         message(mechanism, user, token)),
                        sieve_challenge,
                        lambda line: line.startswith((b"OK", b"NO")))


WAYS = ((imap, b"a OK", b"a NO [AUTHENTICATIONFAILED]",
         b"a NO [UNAVAILABLE]"),
        (pop3, b"+OK", b"-ERR [AUTH]", b"-ERR [SYS/TEMP]"),
        (smtp, b"235 2.7.0", b"535 5.7.8", b"454 4.7.0"),
        (sieve, b"OK", b"NO", b"NO (TRYLATER)"))


def every_way(server, provider):
    user = server.address
    for way, good, bad, later in WAYS:
        name = way.__name__
        for mechanism in ("OAUTHBEARER", "XOAUTH2"):
            line, reason = way(server, mechanism, user, "good")
            ok(line.startswith(good) and reason is None,
               "%s over %s" % (mechanism, name), line)
        line, reason = way(server, "OAUTHBEARER", user, "unknown")
        ok(line.startswith(bad), "%s: not active" % name, line)
        same(reason, {"status": "invalid_token", "schemes": "bearer",
                      "scope": "mail", "openid-configuration":
                      ISSUER + "/.well-known/openid-configuration"},
             "and the client is told why (RFC 7628 3.2.2)")
        line, reason = way(server, "XOAUTH2", user, "other")
        ok(line.startswith(bad), "%s: another's token" % name, line)
        same(reason["status"], "401", "told as XOAUTH2 has it")
        line, reason = way(server, "XOAUTH2", user, "broken")
        ok(line.startswith(later) and reason is None,
           "%s: the provider has trouble" % name, line)
    # Eight logins; it is remembered for a minute, however long they took.
    ok(provider.asked.count("good") < 8,
       "what was good is not asked about each time", provider.asked)
    same(provider.fields[0], "Basic " + base64.b64encode(
        b"post%20haste:s3cr%3At%25").decode(), "who we are (RFC 6749 2.3.1)")


def no_scope(server):
    line, _ = imap(server, "OAUTHBEARER", server.address, "small")
    ok(line.startswith(b"a NO [AUTHENTICATIONFAILED]"),
       "a token for something else", line)
    line, _ = imap(server, "OAUTHBEARER", "", "good")
    ok(line.startswith(b"a OK"), "nobody need be named", line)


def nobody_waits(server, provider):
    """More logins than threads wait for a provider that is stuck; others are
    served meanwhile."""
    socks = []
    for _ in range(24):
        sock = server.raw("imaps", tls=True, timeout=60)
        read_line(sock)
        sock.sendall(b"a AUTHENTICATE XOAUTH2 %s\r\n" %
                     message("XOAUTH2", server.address, "slow"))
        socks.append(sock)
    ok(wait_for(lambda: "slow" in provider.asked, 60), "one asks, and waits")
    client = server.imap()
    same(client.noop()[0], "OK", "a password is not held up by it")
    client.logout()
    for sock in socks[12:]:
        sock.close()
    provider.gate.set()
    lines = [read_line(sock) for sock in socks[:12]]
    ok(lines[0].startswith((b"a OK", b"a NO [UNAVAILABLE]")),
       "who waited has an answer", lines[0])
    ok(all(line.startswith((b"a OK", b"a NO [UNAVAILABLE]"))
           for line in lines), "and so has everybody", lines)
    for sock in socks[:12]:
        sock.close()


def becomes_good(server, user, token):
    """Whether it is one, as soon as a reload has come so far."""
    return wait_for(lambda: imap(server, "OAUTHBEARER", user,
                                 token)[0].startswith(b"a OK"), 60, 0.3)


def signed(server):
    path = os.path.join(server.folder, "keys.json")
    first, second = (Key(server.folder, name) for name in ("one", "two"))
    user = server.address

    def keys(*those):
        with open(path, "w", encoding="ascii") as file:
            json.dump({"keys": [key.jwk() for key in those]}, file)

    keys(first)
    server.configure({"oauth-keys": path, "oauth-introspection": None,
                      "oauth-scope": None})
    server.hup()
    token = first.token(user)
    ok(becomes_good(server, user, token), "keys of a file, by reload")
    for way, good, bad, _ in WAYS:
        line, _ = way(server, "OAUTHBEARER", user, token)
        ok(line.startswith(good), "signed, over %s" % way.__name__, line)
    for what, other in (("expired", first.token(user, exp=1)),
                        ("another's audience", first.token(user, aud="x")),
                        ("another's key", second.token(user)),
                        ("an unknown address",
                         first.token("x@elsewhere.example"))):
        line, _ = imap(server, "OAUTHBEARER", user, other)
        ok(line.startswith(b"a NO [AUTHENTICATIONFAILED]"), what, line)
    keys(second)
    server.hup()
    ok(becomes_good(server, user, second.token(user)),
       "other keys, by reload")
    line, _ = imap(server, "OAUTHBEARER", user, token)
    ok(line.startswith(b"a NO"), "what the old one signed is nothing", line)
    return second


def from_url(server, provider, key):
    provider.keys = {"keys": [key.jwk()]}
    server.configure({"oauth-keys": provider.url + "/keys"})
    server.hup()
    # Until then the same key is that of the file.
    ok(wait_for(lambda: becomes_good(server, server.address,
                                     key.token(server.address))
                and provider.fetched, 60), "keys of a URL, by reload")


def capabilities(server):
    client = imaplib.IMAP4_SSL(server.ip, server.ports["imaps"],
                               ssl_context=Named(server), timeout=60)
    with client:
        return client.capabilities


def main():
    provider = Provider()
    server = Server(users=1, settings={
        "oauth-introspection": provider.url + "/introspect",
        "oauth-client": "\"%s\"" % CLIENT, "oauth-client-password": SECRET,
        "oauth-issuer": ISSUER, "oauth-audience": AUDIENCE,
        "oauth-scope": "mail"})
    with server:
        user = server.address
        provider.knows("other", server.info["users"][0]["address"],
                       scope="mail")
        provider.knows("small", user, scope="mai l")
        provider.knows("slow", user, scope="mail")
        provider.knows("good", user, scope="openid mail")
        every_way(server, provider)
        no_scope(server)
        nobody_waits(server, provider)
        key = signed(server)
        from_url(server, provider, key)
        server.configure({"oauth-keys": None})
        server.hup()
        ok(wait_for(lambda: not any("OAUTH" in word for word in
                                    capabilities(server)), 60),
           "off, by reload: nobody is offered it")
        line, _ = imap(server, "XOAUTH2", user, key.token(user))
        ok(line.startswith(b"a NO [CANNOT]"), "nor may use it", line)
        ok("s3cr" not in server.log() and "Bearer" not in server.log(),
           "no secret is in the log")
    provider.close()
    done()


main()
