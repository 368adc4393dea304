#!/usr/bin/python3
"""Known faults of other servers, replayed: each file of tests/cve says what
is sent and the answer that it must get here.  After each of them all roles
are the processes they were, clients that were there before go on, a new one
is served, and no role has grown by more than the file allows.  The form of a
file is told in tests/cve/README.md, whose table is made by --table."""
import base64
import contextlib
import os
import re
import ssl
import sys

from harness import (TREE, Named, Server, checked, done, note, ok, read_line,
                     same)
from sink import Names

FOLDER = os.path.join(TREE, "tests", "cve")
DNS = 10053
VERBOSE = os.environ.get("VERBOSE")  # show answers and growth
MEGABYTES = 16  # that a role may grow by, where a file says nothing else
CHECKED = 4     # times as much with the sanitizers' own bookkeeping
FIELDS = ("Fault", "Server", "Protocol", "Did", "Bound")
SERVICES = {  # name of a connection: port, TLS from the start, greeting
    "imap": ("imaps", True, True), "imap-clear": ("imap", False, True),
    "pop3": ("pop3s", True, True), "pop3-clear": ("pop3", False, True),
    "submission": ("submissions", True, True),
    "submission-clear": ("submission", False, True),
    "smtp": ("smtp", False, True), "sieve": ("sieve", False, True),
    "http": ("https", True, False), "proxy": ("proxy", False, False)}
ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|[rnt0\\])")
FINAL = {  # the last line of an answer
    "imap": re.compile(rb"(\w+ (OK|NO|BAD)\b|\+|\* (BYE|OK \[CAP))"),
    "pop3": re.compile(rb"[+-]"), "smtp": re.compile(rb"\d{3}( |\r)"),
    "sieve": re.compile(rb"(OK|NO|BYE)\b|\{\d+\}")}
ZONE = {
    ("macro.test", "TXT"): ["v=spf1 exists:%{l4294967297r-}.%{h99999r}."
                            "%{d-}%{p}%{c}%{r}%{t}.macro.test -all"],
    ("short.test", "TXT"): ["v=spf1 exists:%{ -all"],
    ("loop.test", "TXT"): ["v=spf1 include:loop.test include:loop.test "
                           "redirect=loop.test"],
    ("many.test", "TXT"): ["v=spf1 " + " ".join(
        "a:n%d.many.test" % n for n in range(200)) + " -all"],
    ("mask.test", "TXT"): ["v=spf1 ip4:127.0.0.1/4294967328 "
                           "ip6:::/99999999999 -all"],
    ("k._domainkey.key.test", "TXT"): ["v=DKIM1; p=" + "A" * 4000],
    ("e._domainkey.key.test", "TXT"): ["v=DKIM1; k=ed25519; p=AA=="],
}


class Zone(Names):
    TYPES = {**Names.TYPES, 16: "TXT"}

    @staticmethod
    def encode(word, data):
        if word != "TXT":
            return Names.encode(word, data)
        data = data.encode()
        return b"".join(bytes([len(data[at:at + 255])]) + data[at:at + 255]
                        for at in range(0, len(data), 255))


# --- one file ---------------------------------------------------------------

def unescape(text):
    plain = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0",
             b"\\": b"\\"}
    return ESCAPE.sub(lambda m: plain.get(m[1]) or bytes([int(m[1][1:], 16)]),
                      text.encode())


class Case:
    """The header and the steps of a file."""

    def __init__(self, path):
        self.name = os.path.relpath(path, FOLDER)
        with open(path, encoding="utf-8", newline="\n") as file:
            head, _, body = file.read().partition("\n\n")
        self.head = {}
        for line in re.sub(r"\n +", " ", head).splitlines():
            name, _, value = line.partition(": ")
            self.head[name] = value
        missing = [name for name in FIELDS if not self.head.get(name)]
        if missing:
            raise SystemExit("%s: no %s" % (self.name, missing))
        self.steps = [(line[:1], line[2:]) for line in body.splitlines()
                      if line and not line.startswith("#")]
        # A file that asks for nothing proves nothing.
        if not any(kind in "<=" for kind, _ in self.steps):
            raise SystemExit("%s: no answer is looked at" % self.name)

    def megabytes(self):
        return int(self.head.get("Memory", MEGABYTES)) * (
            CHECKED if checked() else 1)


def cases():
    found = []
    for folder, _, names in os.walk(FOLDER):
        found += [os.path.join(folder, name) for name in names
                  if name.endswith(".case")]
    return [Case(path) for path in sorted(found)]


def table():
    lines = ["| File | Fault | Server | What it did | Bound kept here |",
             "|---|---|---|---|---|"]
    for case in cases():
        head = case.head
        lines.append("| %s | %s | %s | %s | %s |" % (
            (case.name[:-5],) + tuple(
                head[name].replace("|", "\\|") for name in
                ("Fault", "Server", "Did", "Bound"))))
    return "\n".join(lines) + "\n"


# --- a connection -----------------------------------------------------------

class Peer:
    """One connection.  A server may hang up at any time; that is the answer
    END, whatever was still to be sent."""

    def __init__(self, server, name):
        port, tls, greeting = SERVICES[name]
        self.server = server
        self.kind = {"submission": "smtp", "proxy": "http"}.get(
            name.split("-")[0], name.split("-")[0])
        self.sock = server.raw(port, tls, 60)
        if greeting:
            self.answer()

    def send(self, data):
        with contextlib.suppress(OSError):
            self.sock.sendall(data)

    def line(self):
        try:
            return read_line(self.sock, 1 << 22)
        except TimeoutError:
            raise
        except OSError:
            return b""

    def exactly(self, size):
        data = b""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while len(data) < size:
                piece = self.sock.recv(min(65536, size - len(data)))
                if not piece:
                    break
                data += piece
        return data

    def answer(self):
        if self.kind == "http":
            return self.http()
        text = b""
        while True:
            line = self.line()
            text += line
            if not line:
                return text + b"END"
            size = re.search(rb"\{(\d+)\}\r\n$", line)
            if size:
                text += self.exactly(int(size[1]))
            elif FINAL[self.kind].match(line):
                return text

    def lines(self):
        """An answer of POP3 that ends with a dot."""
        text = line = self.line()
        while line.strip() not in (b"", b".") and text.startswith(b"+"):
            line = self.line()
            text += line
        return text

    def http(self):
        text = line = self.line()
        while line.strip():
            line = self.line()
            text += line
        if not line:
            return text + b"END"
        size = re.search(rb"(?i)\r\ncontent-length: *(\d+)", text)
        if size:
            text += self.exactly(int(size[1]))
        elif re.search(rb"(?i)\r\ntransfer-encoding: *chunked", text):
            size = 1
            while size:
                size = int(self.line().split(b";")[0].strip() or b"0", 16)
                text += self.exactly(size + 2)
        return text.split(b" ", 1)[-1]

    def tls(self):
        try:
            self.sock = Named(self.server).wrap_socket(self.sock)
        except (OSError, ssl.SSLError):
            self.sock.close()
            return b"END"
        return b"TLS"

    def login(self, words):
        if self.kind == "imap":
            self.send(b"login LOGIN %s %s\r\n" % (words["ADDR"],
                                                  words["PASS"]))
        elif self.kind == "pop3":
            self.send(b"USER %s\r\n" % words["ADDR"])
            self.answer()
            self.send(b"PASS %s\r\n" % words["PASS"])
        elif self.kind == "smtp":
            self.send(b"EHLO client.example\r\n")
            self.answer()
            self.send(b"AUTH PLAIN %s\r\n" % words["PLAIN"])
        elif self.kind == "sieve":
            self.send(b"STARTTLS\r\n")
            self.answer()
            self.tls()
            self.answer()
            self.send(b'AUTHENTICATE "PLAIN" "%s"\r\n' % words["PLAIN"])
        return self.answer()


# --- a replay ---------------------------------------------------------------

class Replay:
    """The steps of one file, until an answer is wrong."""

    def __init__(self, server, number):
        self.server = server
        address, password = (word.encode() for word in server.login(number))
        self.words = {
            "ADDR": address, "PASS": password,
            "HOME": b"/SOGo/dav/" + address,
            "HOST": b"%s:%d" % (server.host.encode(),
                                server.ports["https"]),
            "PLAIN": base64.b64encode(b"\0" + address + b"\0" + password)}
        self.peers = []
        self.held = None
        self.login = b""
        self.fields = b""
        self.last = b""
        self.wrong = None

    def fill(self, text):
        return re.sub(rb"\$([A-Z]+)", lambda m: self.words.get(
            m[1].decode(), m[0]), unescape(text))

    def out(self, data):
        if self.held is not None:
            self.held.append(data)
        else:
            self.peers[-1].send(data)

    def open(self, text):
        name, *more = text.split()
        self.peers.append(Peer(self.server, name))
        self.login = self.fields = b""
        if more and name == "http":
            self.login = b"Authorization: Basic %s\r\n" % base64.b64encode(
                self.words["ADDR"] + b":" + self.words["PASS"])
        elif more:
            self.last = self.peers[-1].login(self.words)
            self.wrong = None if re.search(
                rb"^(\+OK|login OK|235|OK)", self.last, re.M) else "login"

    def taken(self):
        """The fields of this request alone."""
        fields, self.fields = self.login + self.fields, b""
        return fields

    def repeat(self, text):
        count, _, text = text.partition(" ")
        text = self.fill(text)
        if b"%n" not in text:
            self.out(text * int(count))
            return
        self.out(b"".join(text.replace(b"%n", b"%d" % n)
                          for n in range(int(count))))

    def flush(self, text):
        """What was held, with its size before it."""
        data, self.held = b"".join(self.held), None
        peer = self.peers[-1]
        if peer.kind == "http":
            method, target, kind = text.split(" ", 2)
            peer.send(self.fill("%s %s HTTP/1.1\\r\\nHost: $HOST\\r\\n"
                                "Content-Type: %s\\r\\nContent-Length: %d"
                                "\\r\\n" % (method, target, kind, len(data)))
                      + self.taken() + b"\r\n" + data)
        elif peer.kind == "sieve":
            peer.send(self.fill(text) + b" {%d+}\r\n%s\r\n" % (len(data),
                                                               data))
        else:
            peer.send(self.fill(text) + b" {%d}\r\n" % len(data))
            self.last = peer.answer()
            if self.last.startswith(b"+"):
                peer.send(data + b"\r\n")
            else:
                self.wrong = "no +"

    def request(self, text):
        method, target = text.split(" ", 1)
        self.peers[-1].send(self.fill(
            "%s %s HTTP/1.1\\r\\nHost: $HOST\\r\\n" % (method, target)) +
            self.taken() + b"\r\n")

    def step(self, kind, text):
        if kind == "@":
            self.open(text)
        elif kind == ">":
            self.out(self.fill(text) + b"\r\n")
        elif kind == "+":
            self.out(self.fill(text))
        elif kind == "*":
            self.repeat(text)
        elif kind == "[":
            self.held = []
        elif kind == "]":
            self.flush(text)
        elif kind == "?":
            self.request(text)
        elif kind == ":":
            self.fields += self.fill(text) + b"\r\n"
        elif kind == "T":
            self.last = self.peers[-1].tls()
        elif kind == "<":
            multi = text.startswith(". ")
            peer = self.peers[-1]
            self.last = peer.lines() if multi else peer.answer()
            self.look(text[2:] if multi else text, True)
        elif kind == "=":
            self.until(text)
        elif kind == "~":
            self.look(text, True)
        elif kind == "!":
            self.look(text, False)
        else:
            self.wrong = "unknown step"

    def until(self, text):
        """Answers, up to the one that matches."""
        pattern = self.fill(text.replace("\\", "\\\\"))
        self.last = b""
        while not re.search(pattern, self.last, re.M):
            if self.last.endswith(b"END"):
                self.wrong = "never answered"
                break
            self.last = self.peers[-1].answer()

    def look(self, text, wanted):
        pattern = self.fill(text.replace("\\", "\\\\"))
        found = re.search(pattern, self.last, re.M)
        if VERBOSE:
            note("%s: %r" % (text, self.last[:160]))
        if bool(found) != wanted:
            self.wrong = "answered"

    def run(self, case):
        """What went wrong, or None."""
        try:
            for kind, text in case.steps:
                self.step(kind, text)
                if self.wrong:
                    return "%s: %s %s\n%r" % (self.wrong, kind, text,
                                              self.last[-2000:])
        except TimeoutError:
            return "no answer: %s %s" % (kind, text)
        finally:
            for peer in self.peers:
                peer.sock.close()
        return None


# --- everyone else ----------------------------------------------------------

class Others:
    """Clients that were there before, one of each protocol."""

    def __init__(self, server):
        self.server = server
        self.imap = server.imap()
        self.imap.select("INBOX", readonly=True)
        self.pop3 = server.pop3(2)
        self.sieve = Peer(server, "sieve")
        self.pids = server.roles()
        self.served()  # what the first of all takes is no growth
        self.peaks = self.memory()

    def memory(self):
        """The most that each role has had, in kilobytes."""
        found = {}
        for role, pid in self.pids.items():
            with open("/proc/%d/status" % pid, encoding="ascii") as file:
                found[role] = int(re.search(r"VmHWM:\s+(\d+)",
                                            file.read())[1])
        return found

    def served(self):
        """Who is not, or None."""
        server = self.server
        if self.imap.noop()[0] != "OK":
            return "imap"
        if not self.pop3.noop().startswith(b"+OK"):
            return "pop3"
        self.sieve.send(b"NOOP\r\n")
        if not self.sieve.answer().startswith(b"OK"):
            return "managesieve"
        with server.smtp() as client:
            if client.ehlo("probe.example")[0] != 250:
                return "smtp"
        status, _, _ = server.http("GET", "/mail/config-v1.1.xml?emailaddress"
                                   "=demo%40posthaste.test", service="http",
                                   host="autoconfig.posthaste.test")
        if status != 200:
            return "autoconfig %d" % status
        status, _, _ = server.http("PROPFIND", server.home("Calendar"), None,
                                   {"Depth": "0"}, auth=True)
        return None if status == 207 else "dav %d" % status

    def harm(self, case):
        """What a case did to others, or None."""
        if self.server.roles() != self.pids:
            return "roles were %r and are %r" % (self.pids,
                                                 self.server.roles())
        try:
            missing = self.served()
        except Exception as error:
            missing = repr(error)
        if missing:
            return "not served: " + missing
        before, self.peaks = self.peaks, self.memory()
        for role, peak in self.peaks.items():
            grown = (peak - before[role]) // 1024
            if VERBOSE and grown:
                note("%s: %s grew by %d MB" % (case.name, role, grown))
            if grown > case.megabytes():
                return "%s grew by %d MB, not %d" % (role, grown,
                                                     case.megabytes())
        return None

    def close(self):
        self.imap.logout()
        self.pop3.quit()
        self.sieve.sock.close()


def documented(wanted):
    with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as file:
        text = file.read()
    ok(text.endswith("\n\n" + wanted), "README.md has the table of --table")


def main():
    if sys.argv[1:] == ["--table"]:
        print(table(), end="")
        return
    every = cases()
    ok(len(every) >= 40, "there are at least 40", len(every))
    documented(table())
    chosen = [case for case in every if not sys.argv[1:] or
              any(word in case.name for word in sys.argv[1:])]
    server = Server(users=3)
    server.settings = {"resolver": "%s@%d" % (server.ip, DNS),
                       "check-mail": "all"}
    # Freed memory is used again soon, so that growth is growth.
    server.env["ASAN_OPTIONS"] += ":quarantine_size_mb=4"
    names = Zone(server.ip, DNS, ZONE)
    with server:
        others = Others(server)
        for case in chosen:
            wrong = Replay(server, 1).run(case)
            ok(not wrong, "%s: %s" % (case.name[:-5], case.head["Bound"]),
               wrong)
            harm = others.harm(case)
            if not ok(not harm, "and nobody else noticed", harm):
                break
        same(server.reports(), "", "no sanitizer spoke")
        others.close()
    names.close()
    done()


main()
