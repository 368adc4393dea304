#!/usr/bin/python3
"""A storm of bad logins on every protocol, and people who log in meanwhile.

TORTURE_ROUNDS: how many guess at once.  Those who have been here before get in
at the first attempt; with TORTURE_ROUNDS, 99 of a hundred within 200 ms."""
import base64
import multiprocessing
import os
import random
import socket
import ssl
import threading
import time

import common
from harness import Server, done, note, ok, same, wait_for
from ledger import LOST

GUESSERS = common.rounds(24)
SECONDS = 20 if common.thorough() else 3
USERS = 30
GOOD = 4
BOUND_MS = 200
SEED = common.seed()


class From(ssl.SSLContext):
    """TLS without asking who it is: the client's time is not measured."""

    def __new__(cls):
        context = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


class Storm:
    def __init__(self, server):
        self.server = server
        self.running = True
        self.lock = threading.Lock()
        self.bad = {}
        self.times = []
        self.failed = []
        self.context = From()

    def socket(self, service, local):
        sock = socket.create_connection(
            (self.server.ip, self.server.ports[service]), 60,
            source_address=(local, 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.context.wrap_socket(sock)

    # --- guessers ---

    def guess(self, number):
        dice = random.Random(SEED + number)
        local = "127.9.%d.%d" % (number % 200, 1 + number % 250)
        kinds = (self.imap_guess, self.smtp_guess, self.pop3_guess,
                 self.dav_guess)
        while self.running:
            try:
                kinds[number % len(kinds)](local, dice)
            except LOST:
                time.sleep(0.01)

    def name(self, dice):
        if dice.random() < 0.5:
            return self.server.login(dice.randint(1, USERS))[0]
        return "nobody%d@posthaste.test" % dice.randint(1, 10**6)

    def told(self, what):
        with self.lock:
            self.bad[what] = self.bad.get(what, 0) + 1

    def lines(self, sock, texts):
        file = sock.makefile("rb")
        file.readline()
        answer = b""
        for text in texts:
            sock.sendall(text.encode())
            answer = file.readline()
            while answer[3:4] == b"-":
                answer = file.readline()
        return answer

    def imap_guess(self, local, dice):
        with self.socket("imaps", local) as sock:
            self.lines(sock, ['a LOGIN %s "wrong%d"\r\n' %
                              (self.name(dice), dice.randint(0, 10**6))])
            self.told("imap")

    def pop3_guess(self, local, dice):
        with self.socket("pop3s", local) as sock:
            self.lines(sock, ["USER %s\r\n" % self.name(dice),
                              "PASS wrong\r\n"])
            self.told("pop3")

    def smtp_guess(self, local, dice):
        plain = base64.b64encode(("\0%s\0wrong" % self.name(dice)).encode())
        with self.socket("submissions", local) as sock:
            self.lines(sock, ["EHLO a.example\r\n",
                              "AUTH PLAIN %s\r\n" % plain.decode()])
            self.told("smtp")

    def dav_guess(self, local, dice):
        pair = base64.b64encode(("%s:wrong" % self.name(dice)).encode())
        with self.socket("https", local) as sock:
            sock.sendall(b"PROPFIND /SOGo/dav/ HTTP/1.1\r\nHost: %s\r\n"
                         b"Authorization: Basic %s\r\nDepth: 0\r\n"
                         b"Connection: close\r\n\r\n" %
                         (self.server.host.encode(), pair))
            sock.makefile("rb").readline()
            self.told("dav")

    # --- people ---

    def live(self, number):
        """A login after the other, by another user each time."""
        turn = number
        while self.running:
            self.come(turn)
            turn += GOOD
            time.sleep(0.02)

    def come(self, turn):
        kind = (self.imap_login, self.smtp_login, self.dav_login)[turn % 3]
        service = ("imaps", "submissions", "https")[turn % 3]
        user = 1 + turn % USERS
        try:
            with self.socket(service, "127.8.0.1") as sock:
                begun = time.monotonic()
                answer = kind(sock, *self.server.login(user))
                took = 1000 * (time.monotonic() - begun)
        except LOST as error:
            answer, took = repr(error), 0
        with self.lock:
            self.times.append((took, kind.__name__))
            if answer is not True:
                self.failed.append((user, kind.__name__, answer))

    def imap_login(self, sock, user, password):
        answer = self.lines(sock, ['a LOGIN %s "%s"\r\n' % (user, password)])
        return answer.startswith(b"a OK") or answer

    def smtp_login(self, sock, user, password):
        plain = base64.b64encode(("\0%s\0%s" % (user, password)).encode())
        answer = self.lines(sock, ["EHLO a.example\r\n",
                                   "AUTH PLAIN %s\r\n" % plain.decode()])
        return answer.startswith(b"235") or answer

    def dav_login(self, sock, user, password):
        pair = base64.b64encode(("%s:%s" % (user, password)).encode())
        sock.sendall(b"PROPFIND /SOGo/dav/%s/ HTTP/1.1\r\nHost: %s\r\n"
                     b"Authorization: Basic %s\r\nDepth: 0\r\n"
                     b"Connection: close\r\n\r\n" %
                     (user.encode(), self.server.host.encode(), pair))
        answer = sock.makefile("rb").readline()
        return b" 207 " in answer or answer


def tell(rows, what):
    """The 99th of a hundred, of all."""
    for kind in sorted({row[1] for row in rows}) + [""]:
        times = sorted(row[0] for row in rows if kind in ("", row[1]))
        at = [times[min(len(times) - 1, int(len(times) * part))]
              for part in (0.5, 0.9, 0.99)]
        note("%s: %s: %d, median %.0f ms, p90 %.0f ms, p99 %.0f ms, most "
             "%.0f ms" % (what, kind or "all", len(times), *at, times[-1]))
    return at[2]


def guess_all(server, guessers, pipe):
    """In a process of its own, whose time is nobody's.  Says when it has
    begun, ends when told so, says how many were answered."""
    os.nice(10)
    storm = Storm(server)
    threads = start(storm.guess, guessers)
    wait_for(lambda: sum(storm.bad.values()) > 3, 60)
    pipe.send("begun")
    pipe.recv()
    storm.running = False
    for thread in threads:
        thread.join(90)
    pipe.send(storm.bad)


def start(work, count):
    threads = [threading.Thread(target=work, args=(number,), daemon=True)
               for number in range(count)]
    for thread in threads:
        thread.start()
    return threads


def phase(server, guessers, seconds, what):
    ours, theirs = multiprocessing.Pipe()
    guessing = multiprocessing.Process(
        target=guess_all, args=(server, guessers, theirs), daemon=True)
    if guessers:
        guessing.start()
        same(ours.recv(), "begun", "the storm has begun")
    storm = Storm(server)
    threads = start(storm.live, GOOD)
    time.sleep(seconds)
    wait_for(lambda: len(storm.times) >= 2 * GOOD, 60)
    storm.running = False
    for thread in threads:
        thread.join(90)
    if guessers:
        ours.send("end")
        note("%s: bad logins answered: %r" % (what, ours.recv()))
        guessing.join(90)
    same(storm.failed[:5], [], "%s: of %d good logins each gets in at once" %
         (what, len(storm.times)))
    return tell(storm.times, what)


def main():
    with Server(users=USERS) as server:
        known = Storm(server)
        for turn in range(USERS):
            known.come(turn)
        same(known.failed, [], "everybody has been here before")
        phase(server, 0, SECONDS / 4, "calm")
        worst = phase(server, GUESSERS, SECONDS, "storm")
        if common.thorough():
            ok(worst < BOUND_MS, "p99 %.0f ms is below %d ms" %
               (worst, BOUND_MS))
    done()


main()
