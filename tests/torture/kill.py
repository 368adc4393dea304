#!/usr/bin/python3
"""kill -9 of each role in turn, at random moments, while clients write by
SMTP, IMAP and DAV; then of everything at once.  TORTURE_ROUNDS: how often."""
import os
import random
import signal
import time

import common
from harness import (ROLES, Server, done, note, ok, read_line, same,
                     wait_for)
from ledger import Ledger, check_databases, say

ROUNDS = common.rounds(8)
SEED = common.seed()
USERS = 4
# So many rounds, then everything at once, and the reckoning: what has been
# written stays small enough to be read back whole.
LEG = 200


def answers(server, role):
    """Whether that role serves."""
    try:
        if role == "mail":
            with server.raw("smtp", timeout=2) as sock:
                return read_line(sock).startswith(b"220")
        if role == "web":
            return server.http("GET", "/.well-known/caldav",
                               service="proxy")[0] < 400
    except OSError:
        return False
    return True


class Kills:
    """What has been done and seen."""

    def __init__(self, dice):
        self.dice = dice
        self.count = 0
        self.times = {role: [] for role in ROLES}
        self.missing = []
        self.others = []

    def one(self, server):
        """How long until another process has taken over, and until it
        serves."""
        role = ROLES[self.count % len(ROLES)]
        self.count += 1
        time.sleep(self.dice.uniform(0, 0.2))
        before = server.roles()
        began = time.monotonic()
        os.kill(before[role], signal.SIGKILL)
        if not wait_for(lambda: server.roles().get(role) not in
                        (None, before[role]), 10, 0.005):
            self.missing.append((self.count, role))
            return
        started = time.monotonic() - began
        if not wait_for(lambda: answers(server, role), 20, 0.01):
            self.missing.append((self.count, role))
            return
        self.times[role].append((started, time.monotonic() - began))
        after = server.roles()
        self.others += [(self.count, role, other) for other in ROLES
                        if other != role and
                        after.get(other) != before[other]]

    def tell(self):
        same(self.missing[:5], [], "of %d kills every role came back" %
             self.count)
        same(self.others[:5], [], "no role but the one killed ended")
        for role, rows in self.times.items():
            if rows:
                started = max(row[0] for row in rows)
                served = max(row[1] for row in rows)
                note("%s: started anew within %.3f s, served within %.3f s "
                     "(slowest of %d)" % (role, started, served, len(rows)))


def leg(kills, rounds, progress):
    """A server of its own: killed role by role, whole, stopped, started."""
    with Server(users=USERS) as server:
        ledger = Ledger(server, USERS)
        # What is read back at the end stays within bounds.
        ledger.pause = 0.1
        ledger.begin()
        wait_for(lambda: ledger.counts()["mail"] > 20, 30)
        for _ in range(rounds):
            kills.one(server)
            progress.step(kills.count, "%d mails" % ledger.counts()["mail"])
        ledger.end()
        ledger.verify("after the kills")

        ledger.running = True
        ledger.threads = []
        ledger.begin()
        before = ledger.counts()["mail"]
        wait_for(lambda: ledger.counts()["mail"] > before + 50, 30)
        server.kill()
        ledger.running = False
        server.start()
        ledger.end()
        ledger.verify("after all were killed")
        say(ledger.counts())
        ok(server.stop() == 0, "a clean stop")
        check_databases(server)
        server.start()
        ledger.verify("after a clean start")


def main():
    kills = Kills(random.Random(SEED))
    progress = common.Progress("kills:", ROUNDS)
    note("seed %d, %d rounds" % (SEED, ROUNDS))
    while kills.count < ROUNDS:
        leg(kills, min(LEG, ROUNDS - kills.count), progress)
    kills.tell()
    done()


main()
