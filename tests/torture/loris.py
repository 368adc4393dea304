#!/usr/bin/python3
"""Connections that send a byte now and then, on every port, and somebody who
wants to be served.  TORTURE_ROUNDS: how many of them on each port; with that
set, 99 of a hundred things that the client asks for take less than 50 ms."""
import multiprocessing
import os
import selectors
import socket
import time

import common
from harness import Server, done, message, note, ok, same, wait_for
from ledger import LOST

EACH = common.rounds(40)
SECONDS = 25 if common.thorough() else 2
BOUND_MS = 50
# A connection sends its next byte after so many seconds.
EVERY = 5
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300)
WORDS = {
    "http": b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: " + b"a" * 500,
    "proxy": b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: " + b"a" * 500,
    "https": HELLO, "imaps": HELLO, "pop3s": HELLO, "submissions": HELLO,
    "smtp": b"EHLO " + b"a" * 400, "submission": b"EHLO " + b"a" * 400,
    "imap": b"a LOGIN " + b"a" * 500, "pop3": b"USER " + b"a" * 500,
    "sieve": b"AUTHENTICATE " + b"a" * 500,
}


class Loris:
    """One port's crowd."""

    def __init__(self, selector, address, word, count):
        self.selector, self.address, self.word = selector, address, word
        self.open = self.made = 0
        self.turn = []
        for _ in range(count):
            self.connect()

    def connect(self):
        """Each address has as many as one may."""
        sock = socket.socket()
        sock.setblocking(False)
        self.made += 1
        number = self.made // 100 % 200
        sock.bind(("127.%d.%d.1" % (200 + self.address[1] % 50, number), 0))
        sock.connect_ex(self.address)
        self.selector.register(sock, selectors.EVENT_READ, self)
        self.turn.append([sock, 0])
        self.open += 1

    def heard(self, sock):
        try:
            more = sock.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            self.selector.unregister(sock)
            sock.close()
            self.open -= 1

    def send(self, share):
        """The next byte of that part of all."""
        count = max(1, round(len(self.turn) * share))
        some, self.turn = self.turn[:count], self.turn[count:]
        for pair in some:
            sock, at = pair
            if sock.fileno() < 0:
                self.connect()
                continue
            try:
                sock.send(self.word[at % len(self.word):][:1])
                pair[1] += 1
            except OSError:
                pass
            self.turn.append(pair)


def crowd(addresses, each, pipe):
    """A process with the crowds of some ports, whose time is nobody's."""
    os.nice(10)
    selector = selectors.DefaultSelector()
    every = [Loris(selector, address, word, each)
             for address, word in addresses]
    tick = 0.02
    due = time.monotonic()
    while True:
        for key, _ in selector.select(max(0, due - time.monotonic())):
            key.data.heard(key.fileobj)
        if time.monotonic() >= due:
            due += tick
            for one in every:
                one.send(tick / EVERY)
        if pipe.poll():
            if pipe.recv() == "end":
                return
            pipe.send([one.open for one in every])


class Probe:
    """A person's programs: what each thing took, in milliseconds."""

    def __init__(self, server):
        self.server = server
        self.times = {}
        self.failed = []
        self.imap = server.imap(1)
        self.imap.select("INBOX")

    def once(self, what, work):
        begun = time.monotonic()
        try:
            good = work()
        except LOST as error:
            good = repr(error)
        self.times.setdefault(what, []).append(
            1000 * (time.monotonic() - begun))
        if good is not True:
            self.failed.append((what, good))

    def noop(self):
        return self.imap.noop()[0] == "OK"

    def append(self):
        return self.imap.append("INBOX", None, None,
                                message("m-probe"))[0] == "OK"

    def smtp(self):
        with self.server.smtp() as client:
            return client.ehlo()[0] == 250

    def page(self):
        return self.server.http("GET", "/.well-known/caldav",
                                service="proxy")[0] < 400

    def dav(self):
        return self.server.http(
            "PROPFIND", self.server.home("Calendar", 1), None,
            {"Depth": "0"}, number=1, auth=True)[0] == 207

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name in ("noop", "append", "smtp", "page", "dav"):
                self.once(name, getattr(self, name))
            time.sleep(0.01)

    def worst(self, when):
        worst = 0
        for what, times in sorted(self.times.items()):
            times.sort()
            p99 = times[int(len(times) * 0.99)]
            worst = max(worst, p99)
            note("%s: %s: %d times, median %.1f ms, p99 %.1f ms" %
                 (when, what, len(times), times[len(times) // 2], p99))
        same(self.failed[:5], [], when + ": everything is answered")
        return worst


def probe(server, seconds, when):
    one = Probe(server)
    one.run(seconds)
    return one.worst(when)


def counts(pipes):
    for pipe in pipes:
        pipe.send("count")
    return [count for pipe in pipes for count in pipe.recv()]


def main():
    with Server(users=1, settings={"connections": "18000"}) as server:
        probe(server, 1, "alone")
        ports = sorted(name for name in server.ports if name in WORDS)
        note("%d connections on each of %s" % (EACH, " ".join(ports)))
        pipes, processes = [], []
        for part in (ports[0::2], ports[1::2]):
            ours, theirs = multiprocessing.Pipe()
            addresses = [((server.ip, server.ports[name]), WORDS[name])
                         for name in part]
            processes.append(multiprocessing.Process(
                target=crowd, args=(addresses, EACH, theirs), daemon=True))
            processes[-1].start()
            pipes.append(ours)
        same(min(counts(pipes)), EACH, "all are connected")
        worst = probe(server, SECONDS, "among them")
        there = counts(pipes)
        note("open at the end: %r" % there)
        ok(min(there) > EACH * 0.8, "they are still there", there)
        for pipe, process in zip(pipes, processes):
            pipe.send("end")
            process.join(30)
        if common.thorough():
            ok(worst < BOUND_MS, "p99 %.1f ms is below %d ms" %
               (worst, BOUND_MS))
        ok(wait_for(lambda: answers(server), 30), "and all is well after it")
    done()


def answers(server):
    try:
        return server.http("GET", "/.well-known/caldav")[0] < 400
    except LOST:
        return False


main()
