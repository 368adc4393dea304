#!/usr/bin/python3
"""A full disk, a failing disk: a clear refusal, no acknowledgement, no damage,
and service again when it is over."""
import os
import time

from harness import (Server, TREE, done, event, message, ok, run, same,
                     wait_for)
from ledger import LOST, Ledger, check_databases, say

FAULTS = (("s", "a full disk"), ("w", "failing writes"),
          ("e", "failing syncs"))


class Disk:
    """The switch that fault.c looks at."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "switch")
        self.set("0")

    def set(self, mode):
        with open(self.path, "r+b" if os.path.exists(self.path)
                  else "wb") as file:
            file.write(mode.encode())
        os.chmod(self.path, 0o644)


def attempt(work):
    """The answer, or how the connection was lost."""
    try:
        return work()
    except LOST as error:
        return "lost: %r" % error


def smtp(server, subject):
    with server.smtp() as client:
        client.ehlo()
        client.mail("a@elsewhere.example")
        code, text = client.rcpt(server.login(1)[0])
        if code != 250:
            return code, text
        return client.data(message(subject))


def submission(server, subject):
    """To somewhere else: into the queue."""
    with server.submission(1) as client:
        client.mail(server.login(1)[0])
        code, text = client.rcpt("x@elsewhere.example")
        if code != 250:
            return code, text
        return client.data(message(subject))


def append(server, subject):
    with server.imap(1) as client:
        return client.append("INBOX", None, None, message(subject))


def put(server, name):
    return server.http("PUT", server.home("Calendar", 1) + name + ".ics",
                       event(name), {"Content-Type": "text/calendar"},
                       auth=True, number=1)[0]


def hurt(server, disk, ledger, mode, what):
    disk.set(mode)
    time.sleep(0.2)
    answer = attempt(lambda: smtp(server, "m-lost-" + mode))
    ok(isinstance(answer, tuple) and 400 <= answer[0] < 500,
       what + ": SMTP says 4yz", answer)
    answer = attempt(lambda: submission(server, "m-queue-" + mode))
    ok(isinstance(answer, tuple) and 400 <= answer[0] < 500,
       what + ": submission says 4yz", answer)
    answer = attempt(lambda: append(server, "m-append-" + mode))
    ok(isinstance(answer, tuple) and answer[0] == "NO",
       what + ": APPEND says NO", answer)
    answer = attempt(lambda: put(server, "lost-" + mode))
    ok(answer in (507, 500, 503), what + ": PUT says 507", answer)
    if mode == "s":
        same(answer, 507, "and no other (RFC 4918 11.5)")
    time.sleep(1)
    disk.set("0")

    def again():
        name = "m-again-%s-%x" % (mode, time.monotonic_ns())
        ledger.tried.add((1, name))
        found = attempt(lambda: smtp(server, name))
        return isinstance(found, tuple) and found[0] == 250
    ok(wait_for(again, 15, 0.2), what + ": mail comes in again afterwards")
    ok(wait_for(lambda: attempt(lambda: put(server, "again-" + mode)) in
                (201, 204), 15, 0.2), what + ": DAV too")
    before = ledger.counts()
    ok(wait_for(lambda: ledger.counts()["mail"] > before["mail"] + 5 and
                ledger.counts()["dav"] > before["dav"] + 2, 30),
       what + ": the other clients go on", (before, ledger.counts()))


def main():
    folder = os.path.join(TREE, "build", "fault")
    os.makedirs(folder, exist_ok=True)
    shim = os.path.join(folder, "fault.so")
    code, text = run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-shared",
                      "-fPIC", "-o", shim,
                      os.path.join(TREE, "tests", "e2e", "fault.c"), "-ldl"])
    if not ok(code == 0, "the faulty disk is made", text):
        done()
    server = Server(users=2, preload=shim)
    disk = Disk(server.folder)
    server.env["FAULT_SWITCH"] = disk.path
    with server:
        ledger = Ledger(server, 2)
        ledger.begin(smtp=2, append=1, dav=1, watch=1)
        wait_for(lambda: ledger.counts()["mail"] > 10, 30)
        for mode, what in FAULTS:
            hurt(server, disk, ledger, mode, what)
        say(ledger.counts())
        ledger.end()
        # A sync that fails leaves open what is on the disk, so the sender
        # must try again: refused, and yet perhaps there.  Nothing else is.
        ledger.tried |= {(1, "m-lost-e"), (1, "m-append-e"),
                         (1, "m-queue-e")}
        ledger.verify("after the faults")
        server.stop()
        check_databases(server)
        server.start()
        ledger.verify("after a new start")
    done()


main()
