#!/usr/bin/python3
"""What a server on the open network meets: nonsense, too much of everything,
the wrong protocol, silence.  Each gets the protocol's own error or the end of
its connection, while a probe client is served as if nothing were."""
import contextlib
import socket
import ssl
import threading
import time

from harness import (Server, done, message, note, ok, read_all, read_line,
                     same)

CLEAR = ("imap", "pop3", "smtp", "submission", "http", "proxy")
TLS = ("imaps", "pop3s", "submissions", "https")
SLOWEST_PROBE = 2.0


class Probe(threading.Thread):
    """An ordinary client that never stops asking; the sanitizers make it
    slower than a person would see."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.slowest = 0.0
        self.count = 0
        self.failures = []
        self.running = True

    def run(self):
        imap = self.server.imap()
        imap.select("INBOX", readonly=True)
        while self.running:
            began = time.monotonic()
            try:
                imap.noop()
                status, _, _ = self.server.http(
                    "GET", "/mail/config-v1.1.xml?emailaddress=demo%40"
                    "posthaste.test", host="autoconfig.posthaste.test",
                    service="http")
                if status != 200:
                    self.failures.append("http %d" % status)
                with self.server.smtp() as smtp:
                    smtp.noop()
            except (OSError, ssl.SSLError, Exception) as error:
                self.failures.append(repr(error))
                if len(self.failures) > 5:
                    return
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.count += 1
        with contextlib.suppress(Exception):
            imap.logout()


def greeted(server, service, tls=False, timeout=30):
    sock = server.raw(service, tls, timeout)
    return sock, read_line(sock)


def ask(sock, line):
    sock.sendall(line + b"\r\n")
    return read_line(sock)


def nonsense(server):
    """Bytes that are no commands."""
    noise = bytes(range(256)) * 8 + b"\r\n"
    for service, word in (("imap", b"BAD"), ("pop3", b"-ERR"),
                          ("smtp", b"500"), ("submission", b"500"),
                          ("http", b"400"), ("proxy", b"400")):
        sock = server.raw(service)
        if service not in ("http", "proxy"):
            read_line(sock)
        with contextlib.suppress(OSError):  # it may be gone already
            sock.sendall(noise * 40)
            sock.shutdown(socket.SHUT_WR)
        answer = read_all(sock)
        ok(word in answer or (word == b"500" and b"50" in answer)
           or answer == b"", service + ": nonsense is refused",
           answer[:300])
    for service in TLS:
        sock = server.raw(service)
        with contextlib.suppress(ConnectionError):
            sock.sendall(b"EHLO not.tls\r\n" * 20)
        answer = read_all(sock)
        ok(b"250" not in answer and b"* OK" not in answer,
           service + ": clear text to a TLS port ends", answer[:100])
    for service in CLEAR[:4]:
        sock, _ = greeted(server, service)
        with contextlib.suppress(ConnectionError, ssl.SSLError, OSError):
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            sock.settimeout(10)
            context.wrap_socket(sock, server_hostname="x")
            ok(False, service + ": TLS to a clear port")
            continue
        ok(True, service + ": TLS to a clear port fails at once")


def lines(server):
    """Lines longer than any limit."""
    for service in CLEAR[:4]:
        sock, _ = greeted(server, service)
        sock.settimeout(60)
        sent = 0
        with contextlib.suppress(ConnectionError, socket.timeout):
            for _ in range(64):
                sock.sendall(b"A" * 65536)
                sent += 65536
            sock.sendall(b"\r\n")
            sock.shutdown(socket.SHUT_WR)
        answer = read_all(sock)
        ok(any(word in answer for word in
               (b"BAD", b"BYE", b"-ERR", b"500", b"421", b"552"))
           or sent < 4 << 20 or answer == b"",
           service + ": a line of 4 MiB ends", answer[:200])
    with server.smtp() as client:
        client.ehlo()
        for _ in range(2):
            code, _ = client.docmd("MAIL", "FROM:<%s@x.example>" % ("a" * 300))
            ok(500 <= code < 600, "smtp: a path too long", code)
        code, _ = client.docmd("MAIL", "FROM:<a@x.example> SIZE=" + "9" * 40)
        ok(500 <= code < 600, "smtp: a SIZE that wraps", code)
        code, _ = client.docmd("MAIL", "FROM:<a@x.example> SIZE=99999999999")
        same(code, 552, "smtp: a SIZE over the limit (RFC 1870)")
        code, _ = client.docmd("MAIL", "FROM:<a@x.example> SIZE=1000")
        same(code, 250, "and the session goes on")


def literals(server):
    sock, _ = greeted(server, "imaps", True)
    answer = ask(sock, b"a LOGIN {99999999}")
    ok(b"BAD" in answer or b"NO" in answer or b"BYE" in answer,
       "imap: a huge literal before login", answer)
    sock.close()
    sock, _ = greeted(server, "imaps", True)
    answer = ask(sock, b"a LOGIN {99999999999999999999999}")
    ok(b"BAD" in answer or b"BYE" in answer,
       "imap: a literal whose size wraps", answer)
    sock.close()
    with server.imap() as client:
        client.send(b"b APPEND INBOX {9999999999}\r\n")
        answer = client.readline()
        ok(b"NO" in answer and b"TOOBIG" in answer or b"NO" in answer,
           "imap: APPEND over the limit (RFC 7889)", answer)
        same(client.noop()[0], "OK", "and the session goes on")
        for command in (b"c SELECT {4+}\r\nabcdefg\r\n",
                        b"d FETCH 0 FLAGS\r\n",
                        b"e FETCH 4294967296 FLAGS\r\n",
                        b"f SEARCH " + b"(" * 500 + b"ALL" + b")" * 500 +
                        b"\r\n"):
            client.send(command)
            tag = command[:1]
            answer = client.readline()
            while answer and not answer.startswith(tag + b" "):
                answer = client.readline()
            ok(answer[2:5] in (b"BAD", b"NO "), "imap: " +
               command.split(b"\r")[0][:24].decode(), answer[:100])
    with server.imap() as client:
        same(client.select("INBOX")[0], "OK", "others go on")


def requests(server):
    """HTTP in all its malice."""
    dav = "/SOGo/dav/%s/Calendar/personal/" % server.address
    deep = (b"<a>" * 5000) + (b"</a>" * 5000)
    bomb = (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
            b'<!ENTITY b "&a;&a;&a;&a;">]><propfind xmlns="DAV:"><prop>'
            b"<x>&b;</x></prop></propfind>")
    for name, method, path, body, wanted in (
            ("deep XML", "PROPFIND", dav, deep, (400, 413, 422)),
            ("XML with entities", "PROPFIND", dav, bomb, (400, 403, 422)),
            ("no XML", "PROPFIND", dav, b"\xff\xfe\x00", (400, 422)),
            ("much XML", "PROPFIND", dav, b"<a>" + b" " * (4 << 20),
             (400, 413)),
            ("a path that climbs", "GET", "/SOGo/dav/../../etc/passwd", None,
             (400, 401, 403, 404)),
            ("an encoded zero", "GET", "/SOGo/dav/%00", None,
             (400, 401, 404)),
            ("a bad escape", "GET", "/SOGo/dav/%zz", None, (400, 401, 404)),
            ("an unknown method", "BREW", dav, None, (400, 405, 501)),
            ("a calendar that is none", "PUT", dav + "x.ics", b"nonsense",
             (400, 403, 415)),
            ("a long name", "PUT", dav + "x" * 300 + ".ics", b"x",
             (400, 403, 409, 414, 415))):
        headers = {"Content-Type": "application/xml"}
        if method == "PUT":
            headers = {"Content-Type": "text/calendar"}
        try:
            status, _, _ = server.http(method, path, body, headers, auth=True)
        except (OSError, Exception) as error:
            status = error
        ok(status in wanted, "http: " + name, status)
    for name, request, wanted in (
            ("header fields without end",
             b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"b" * 100000,
             (b"431", b"400", b"413")),
            ("a long target", b"GET /" + b"a" * 100000 +
             b" HTTP/1.1\r\nHost: x\r\n\r\n", (b"414", b"431", b"400")),
            ("a wrong length", b"POST / HTTP/1.1\r\nHost: x\r\n"
             b"Content-Length: -5\r\n\r\n", (b"400", b"411", b"413")),
            ("two lengths", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
             b"5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
             (b"400", b"404", b"405")),
            ("a bad chunk", b"PUT /x HTTP/1.1\r\nHost: x\r\n"
             b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
             (b"400", b"404", b"405", b"401")),
            ("no version", b"GET /\r\n\r\n", (b"400", b"505", b"200",
                                              b"404"))):
        sock = server.raw("proxy")
        with contextlib.suppress(OSError):
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
        answer = read_all(sock)
        ok(answer == b"" or any(word in answer[:40] for word in wanted),
           "http: " + name, answer[:200])


def injection(server):
    """What came in clear before STARTTLS is not obeyed after it."""
    for service, start, inject, probe in (
            ("imap", b"a STARTTLS\r\n", b"b CAPABILITY\r\n",
             b"c NOOP\r\n"),
            ("pop3", b"STLS\r\n", b"CAPA\r\n", b"NOOP\r\n"),
            ("smtp", b"STARTTLS\r\n", b"NOOP injected\r\n", b"RSET\r\n"),
            ("submission", b"STARTTLS\r\n", b"NOOP injected\r\n",
             b"RSET\r\n")):
        sock, _ = greeted(server, service)
        if service in ("smtp", "submission"):
            sock.sendall(b"EHLO x.example\r\n")
            while read_line(sock)[3:4] == b"-":
                pass
        sock.sendall(start + inject)
        answer = read_line(sock)
        if not answer.startswith((b"a OK", b"+OK", b"220")):
            ok(True, service + ": injection is refused outright")
            sock.close()
            continue
        try:
            context = server.trust()
            sock = context.wrap_socket(sock, server_hostname=server.host)
        except (ssl.SSLError, ConnectionError, OSError):
            ok(True, service + ": injection ends the connection")
            continue
        sock.sendall(probe)
        answer = read_line(sock)
        good = {"imap": b"c ", "pop3": b"-ERR",
                "smtp": b"250", "submission": b"250"}[service]
        ok(answer.startswith(good) and b"CAPABILITY" not in answer,
           service + ": only what came under TLS is answered", answer)
        sock.settimeout(0.5)
        with contextlib.suppress(OSError, ssl.SSLError):
            more = sock.recv(1000)
            ok(more == b"", service + ": nothing more", more)
        sock.close()


def smuggling(server):
    """Only CRLF . CRLF ends a message (CVE-2023-51764 and its kin)."""
    second = (b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<%s>\r\nDATA\r\n"
              b"Subject: smuggled\r\n\r\nx\r\n.\r\n" %
              server.address.encode())
    for number, end in enumerate((b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n",
                                  b"\r\n.\r", b"\r.\r\n", b"\n\n.\r\n",
                                  b"\r\n\0.\r\n")):
        sock, _ = greeted(server, "smtp")
        sock.sendall(b"EHLO x.example\r\n")
        while read_line(sock)[3:4] == b"-":
            pass
        ask(sock, b"MAIL FROM:<a@x.example>")
        ask(sock, b"RCPT TO:<%s>" % server.address.encode())
        ask(sock, b"DATA")
        sock.settimeout(10)
        with contextlib.suppress(ConnectionError):
            sock.sendall(b"Subject: outer %d\r\n\r\nbody" % number + end +
                         second + b"\r\n.\r\nQUIT\r\n")
        answers = []
        with contextlib.suppress(OSError):
            while True:
                line = read_line(sock)
                if not line:
                    break
                answers.append(line)
        sock.close()
        accepted = sum(line.startswith(b"250") for line in answers)
        ok(accepted <= 1 and not any(line.startswith(b"354")
                                     for line in answers),
           "smuggling by %r makes no second message" % end, answers)
    with server.imap() as client:
        client.select("INBOX", readonly=True)
        _, found = client.search(None, "HEADER", "Subject", "smuggled")
        same(found[0], b"", "nothing was smuggled in")
        _, found = client.search(None, "FROM", "evil@x.example")
        same(found[0], b"", "from nobody")


def crowds(server):
    """Half-open and slow clients on every port, all at once."""
    kept = []
    for service in CLEAR + TLS:
        for number in range(25):
            with contextlib.suppress(OSError):
                sock = server.raw(service, timeout=5)
                if number % 3 == 1:
                    sock.sendall(b"G")
                elif number % 3 == 2 and service in TLS:
                    sock.sendall(b"\x16\x03\x01\x02\x00\x01")
                elif number % 3 == 2:
                    sock.sendall(b"a LOGIN {5}\r\nab")
                kept.append(sock)
    note("%d half-open connections" % len(kept))
    began = time.monotonic()
    with server.smtp() as client:
        client.sendmail("a@x.example", [server.address],
                        message("in the crowd"))
    with server.imap() as client:
        same(client.select("INBOX")[0], "OK", "served in the crowd")
    status, _, _ = server.http("PROPFIND", "/SOGo/dav/", auth=True,
                               headers={"Depth": "0"})
    same(status, 207, "DAV in the crowd")
    took = time.monotonic() - began
    ok(took < 5, "within %.2f s" % took)
    for _ in range(3):
        for sock in kept:
            with contextlib.suppress(OSError):
                sock.send(b"x")
        time.sleep(0.2)
    for sock in kept:
        sock.close()


def too_many(server):
    """Beyond the limit on all connections; what one peer may have is not
    counted on loopback, so a unit test looks at that."""
    kept, refused = [], 0
    for _ in range(120):
        try:
            sock = server.raw("imap", timeout=5)
            line = read_line(sock)
            if not line.startswith(b"* OK"):
                refused += 1
                note(line) if refused == 1 else None
                sock.close()
            else:
                kept.append(sock)
        except OSError:
            refused += 1
    ok(refused > 0, "of 120 connections %d are refused" % refused)
    for sock in kept:
        sock.close()


def pairs(server):
    """Login attempts: many wrong ones do not slow the right one."""
    for number in range(3):
        sock, _ = greeted(server, "imaps", True)
        answer = ask(sock, b'a LOGIN "%s" "wrong%d"' %
                     (server.address.encode(), number))
        ok(answer.startswith((b"a NO", b"* ")), "a wrong password", answer)
        sock.close()


def main():
    with Server(settings={"connections-per-peer": "2000"}) as server:
        probe = Probe(server)
        probe.start()
        for part in (nonsense, lines, literals, requests, injection,
                     smuggling, crowds):
            part(server)
        probe.running = False
        probe.join(60)
        note("%d probes, the slowest %.3f s" % (probe.count, probe.slowest))
        ok(probe.count > 5 and not probe.failures, "the probe is served",
           probe.failures)
        ok(probe.slowest < SLOWEST_PROBE, "and never waits long",
           probe.slowest)
        pairs(server)
        server.stop()
        server.configure({"connections": "100"})
        server.start()
        too_many(server)
    done()


main()
