#!/usr/bin/python3
"""The clock jumps, days ahead and hours back, while clients write, log in and
wait: everything goes on, and nothing that was acknowledged is lost.
TORTURE_ROUNDS: how many jumps."""
import mmap
import os
import random
import struct

import common
from harness import Server, TREE, done, note, ok, run, same, wait_for
from ledger import LOST, Ledger, check_databases, say

ROUNDS = common.rounds(5)
SEED = common.seed()
HOUR, DAY = 3600, 86400
JUMPS = (HOUR, -HOUR, 3 * DAY, -5 * HOUR, 30 * DAY, -2 * DAY, 400 * DAY,
         -400 * DAY)
# Within the certificate's time, and not before the data was made.
LEAST, MOST = -2 * HOUR, 300 * DAY
SMALL = 5


class Clock:
    """The switch that clock.c looks at."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(8))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 8)
        self.ahead = 0

    def jump(self, seconds):
        self.ahead = max(LEAST, min(MOST, self.ahead + seconds))
        self.map[0:8] = struct.pack("=q", self.ahead)


def attempt(work):
    """Whether that went well; a lost connection is no answer."""
    try:
        return bool(work())
    except LOST:
        return False


def login(server):
    with server.imap(1) as client:
        return client.select("INBOX")[0] == "OK"


def idle(server):
    """A session that waits across a jump hears of what comes after."""
    client = server.imap(2)
    client.select("INBOX")
    client.send(b"x IDLE\r\n")
    client.readline()
    return client


def one(server, clock, ledger, dice):
    """What was wrong after one jump."""
    before = server.roles()
    waiting = idle(server)
    clock.jump(dice.choice(JUMPS))
    counts = ledger.counts()
    wrong = []
    if not wait_for(lambda: ledger.counts()["mail"] >
                    counts["mail"] + SMALL and ledger.counts()["dav"] >
                    counts["dav"] + SMALL, 30, 0.02):
        wrong.append("the clients do not go on: %r, %r" %
                     (counts, ledger.counts()))
    waiting.sock.settimeout(30)
    if b"EXISTS" not in waiting.readline():
        wrong.append("nothing was told to who waited")
    waiting.shutdown()
    if not wait_for(lambda: attempt(lambda: login(server)), 30):
        wrong.append("nobody gets in")
    if server.roles() != before:
        wrong.append("roles: %r, then %r" % (before, server.roles()))
    return ["%d s ahead: %s" % (clock.ahead, text) for text in wrong]


def main():
    dice = random.Random(SEED)
    note("seed %d, %d jumps" % (SEED, ROUNDS))
    progress = common.Progress("jumps:", ROUNDS)
    server = Server(users=2)
    shim = os.path.join(server.folder, "clock.so")
    code, text = run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-shared",
                      "-fPIC", "-o", shim, os.path.join(
                          TREE, "tests", "torture", "clock.c"), "-ldl"])
    if not ok(code == 0, "the clock is made", text):
        done()
    server.env["LD_PRELOAD"] = shim
    server.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    clock = Clock(os.path.join(server.folder, "ahead"))
    server.env["CLOCK_SWITCH"] = clock.path
    with server:
        ledger = Ledger(server, 2)
        ledger.pause = 0.05
        ledger.begin(smtp=2, append=1, dav=2, watch=1)
        wait_for(lambda: ledger.counts()["mail"] > 5, 30)
        wrong = []
        for number in range(ROUNDS):
            wrong += one(server, clock, ledger, dice)
            progress.step(number + 1, "%d wrong" % len(wrong))
        same(wrong[:10], [], "%d jumps: everything goes on" % ROUNDS)
        ledger.end()
        same(dict(ledger.refused), {}, "nothing was refused")
        say(ledger.counts())
        ledger.verify("after the jumps")
        ok(server.stop() == 0, "a clean stop")
        clock.jump(-DAY)
        server.start()
        ledger.verify("after a start in the past")
        server.stop()
        check_databases(server)
    done()


main()
