#!/usr/bin/python3
"""Each system call fails once, with each error that it can have, while clients
write: nothing that was acknowledged is lost, no process ends, and all goes on.
TORTURE_ROUNDS: how many failures."""
import errno
import mmap
import os
import random
import struct
import threading
import time

import common
from harness import Server, TREE, done, message, note, ok, run, same, wait_for
from ledger import Ledger, check_databases, say

ROUNDS = common.rounds(6)
SEED = common.seed()
CALLS = ("open", "read", "pread", "write", "pwrite", "fsync", "fdatasync",
         "ftruncate", "rename", "unlink", "mkdir", "link", "mmap", "socket",
         "accept", "epoll_ctl", "fstat", "opendir")
DISK = ("ENOSPC", "EIO")
ERRORS = {
    "open": ("EMFILE", "ENOMEM", "ENOSPC", "EIO"), "read": ("EIO", "ENOMEM"),
    "pread": ("EIO", "ENOMEM"), "write": DISK, "pwrite": DISK, "fsync": DISK,
    "fdatasync": DISK, "ftruncate": DISK, "rename": DISK, "unlink": ("EIO",),
    "mkdir": DISK, "link": DISK, "mmap": ("ENOMEM", "EMFILE"),
    "socket": ("EMFILE", "ENOMEM"), "accept": ("EMFILE", "ENOMEM"),
    "epoll_ctl": ("ENOMEM", "ENOSPC"), "fstat": ("ENOMEM", "EIO"),
    "opendir": ("EMFILE", "ENOMEM"),
}
ROWS = [(call, error) for call in CALLS for error in ERRORS[call]]
# A failure that nothing meets is taken back after so many seconds.
PATIENCE = 3


class Order:
    """The switch that call.c looks at."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(16))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 16)

    def give(self, call, error, left):
        self.map[4:8] = struct.pack("=i", getattr(errno, error))
        self.map[8:12] = struct.pack("=i", left)
        self.map[12:16] = bytes(4)
        self.map[0:4] = struct.pack("=i", 1 + CALLS.index(call))

    def hit(self):
        return struct.unpack_from("=i", self.map, 12)[0] > 0

    def end(self):
        self.map[0:4] = bytes(4)


def one(server, order, ledger, row, dice):
    """Whether it happened, and what was wrong then."""
    before = server.roles()
    order.give(*row, dice.randint(1, 12))
    hit = wait_for(order.hit, PATIENCE, 0.01)
    order.end()
    counts = ledger.counts()
    wrong = []
    if not wait_for(lambda: ledger.counts()["mail"] > counts["mail"] + 1 and
                    ledger.counts()["dav"] > counts["dav"], 30, 0.02):
        wrong.append("the clients do not go on: %r" % ledger.counts())
    if server.roles() != before:
        wrong.append("roles: %r, then %r" % (before, server.roles()))
        wait_for(lambda: len(server.roles()) == len(before), 20)
    return hit, wrong


def stir(ledger):
    """A client that comes anew each time, with what lies in files."""
    server = ledger.server

    def work(number, serial):
        user = 1 + number % ledger.users
        name = ledger.letter("b", number, serial)[0]
        data = message(name, "A long line of a long message.\r\n" * 4000)
        with ledger.lock:
            ledger.tried.add((user, name))
        with server.smtp() as client:
            client.sendmail("a@elsewhere.example", [server.login(user)[0]],
                            data)
        with ledger.lock:
            ledger.mail[user, name] = data
        client = server.imap(user)
        client.select("INBOX")
        client.uid("SEARCH", "SUBJECT", name)
        client.logout()
        server.http("GET", "/.well-known/caldav")
        with server.submission(user) as client:
            client.sendmail(server.login(user)[0], ["x@elsewhere.example"],
                            message(name))
        time.sleep(0.05)
    for number in range(2):
        thread = threading.Thread(target=ledger.again, args=(work, number),
                                  daemon=True)
        thread.start()
        ledger.threads.append(thread)


def make_shim(folder):
    shim = os.path.join(folder, "call.so")
    code, text = run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-shared",
                      "-fPIC", "-o", shim, os.path.join(
                          TREE, "tests", "torture", "call.c"), "-ldl"])
    if not ok(code == 0, "the shim is made", text):
        done()
    return shim


def main():
    dice = random.Random(SEED)
    note("seed %d, %d failures" % (SEED, ROUNDS))
    progress = common.Progress("calls:", ROUNDS)
    server = Server(users=2, settings={"relay": "127.0.0.1:9"})
    server.env["LD_PRELOAD"] = make_shim(server.folder)
    server.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    order = Order(os.path.join(server.folder, "order"))
    server.env["CALL_SWITCH"] = order.path
    rows = []
    while len(rows) < ROUNDS:
        rows += dice.sample(ROWS, len(ROWS))
    met, wrong = {}, []
    with server:
        ledger = Ledger(server, 2)
        ledger.pause = 0.05
        ledger.begin(smtp=1, append=1, dav=2, watch=1)
        stir(ledger)
        wait_for(lambda: ledger.counts()["mail"] > 5, 30)
        for number, row in enumerate(rows[:ROUNDS]):
            hit, bad = one(server, order, ledger, row, dice)
            met[row] = met.get(row, 0) + bool(hit)
            wrong += [(number, *row, text) for text in bad]
            progress.step(number + 1, "%d wrong" % len(wrong))
            time.sleep(dice.uniform(0, 0.05))
        note("met: " + ", ".join("%s %s %d" % (*row, count)
                                 for row, count in sorted(met.items())))
        same(wrong[:10], [], "of %d failures, %d met, none stops anything" %
             (ROUNDS, sum(met.values())))
        say(ledger.counts())
        ledger.end()
        ledger.verify("after the failures")
        server.stop()
        check_databases(server)
        server.start()
        ledger.verify("after a new start")
    done()


main()
