#!/usr/bin/python3
"""kill -9 of each role in turn, at random moments, while clients write by
SMTP, IMAP and DAV; then of everything at once.  TORTURE_ROUNDS: how often."""
import os
import random
import signal
import time

from harness import (ROLES, Server, checked, done, note, ok, read_line,
                     wait_for)
from ledger import Ledger, check_databases, say

ROUNDS = int(os.environ.get("TORTURE_ROUNDS", "30"))
SEED = int(os.environ.get("TORTURE_SEED", str(int(time.time()))))
USERS = 4
# Seconds until a role runs again; the sanitizers alone take half of one.
BACK = 3.0 if checked() else 1.0


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


def round_of(server, role, dice):
    """One kill; how long until another process has taken over, and until it
    serves."""
    time.sleep(dice.uniform(0, 0.4))
    old = server.roles().get(role)
    if old is None:
        return None
    began = time.monotonic()
    os.kill(old, signal.SIGKILL)
    if not wait_for(lambda: server.roles().get(role) not in (None, old), 10,
                    0.005):
        return None
    started = time.monotonic() - began
    if not wait_for(lambda: answers(server, role), 20, 0.01):
        return None
    return started, time.monotonic() - began


def main():
    dice = random.Random(SEED)
    note("seed %d, %d rounds" % (SEED, ROUNDS))
    with Server(users=USERS) as server:
        ledger = Ledger(server, USERS)
        ledger.begin()
        wait_for(lambda: ledger.counts()["mail"] > 20, 30)
        times = {role: [] for role in ROLES}
        failures = 0
        for number in range(ROUNDS):
            role = ROLES[number % len(ROLES)]
            result = round_of(server, role, dice)
            if result is None:
                failures += 1
                note("round %d: %s did not come back" % (number, role))
            else:
                times[role].append(result)
        say(ledger.counts())
        ok(failures == 0, "%d kills, every role came back" % ROUNDS)
        for role, rows in times.items():
            if rows:
                started = max(row[0] for row in rows)
                served = max(row[1] for row in rows)
                ok(started < BACK, "%s: started anew within %.3f s, served "
                   "within %.3f s (slowest of %d)" %
                   (role, started, served, len(rows)))
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
        ledger.verify("after a power cut")
        say(ledger.counts())
        ok(server.stop() == 0, "a clean stop")
        check_databases(server)
        server.start()
        ledger.verify("after a clean start")
    done()


main()
