#!/usr/bin/python3
"""Each call fails, with each error that it can have, while clients write:
nothing that was acknowledged is lost, no process ends that must not, and all
goes on.  TORTURE_ROUNDS: how many failures."""
import contextlib
import os
import random
import signal
import time
from collections import Counter

import common
from harness import ROLES, Server, done, note, ok, same, wait_for
from ledger import Ledger, check_databases, say
from order import Order, Story, make_shim
from stir import stir

ROUNDS = common.rounds(6)
# What chance chooses is the same each time in a quick run.
SEED = common.seed() if common.thorough() else 7

# call: where it is met, its errors.  "work": clients do it all day; "reload":
# SIGHUP; "role": a role is killed and started; "start": the whole server is.
# SHORT: one byte is read or written, and no more.
TABLE = (
    ("open", "work", "EMFILE ENFILE ENOMEM ENOSPC EIO EINTR"),
    ("fopen", "role", "EMFILE ENOMEM"),
    ("read", "reload", "EIO EINTR SHORT"),
    ("pread", "work", "EIO ENOMEM EINTR SHORT"),
    ("write", "work", "ENOSPC EIO EINTR SHORT"),
    ("pwrite", "work", "ENOSPC EIO EINTR SHORT"),
    ("fsync", "work", "ENOSPC EIO EINTR"),
    ("fdatasync", "work", "ENOSPC EIO EINTR"),
    ("ftruncate", "start", "ENOSPC EIO EINTR"),
    ("posix_fallocate", "role", "ENOSPC EIO"),
    ("rename", "role", "ENOSPC EIO"),
    ("unlink", "work", "EIO ENOENT"),
    ("mkdir", "work", "ENOSPC EIO"),
    ("link", "work", "ENOSPC EIO"),
    ("mmap", "work", "ENOMEM EMFILE"),
    ("fstat", "work", "ENOMEM EIO"),
    ("stat", "work", "ENOMEM EIO"),
    ("lock", "work", "ENOLCK EINTR EIO"),
    ("opendir", "start", "EMFILE ENOMEM"),
    ("readdir", "start", "EIO"),
    ("socket", "work", "EMFILE ENFILE ENOMEM ENOBUFS"),
    ("accept", "work", "EMFILE ENFILE ENOMEM ECONNABORTED EINTR EPROTO"),
    ("recv", "work", "ECONNRESET ENOMEM EINTR SHORT"),
    ("send", "work", "ECONNRESET EPIPE ENOBUFS EINTR SHORT"),
    ("connect", "work", "ENETUNREACH ETIMEDOUT EAGAIN EINTR"),
    ("epoll_ctl", "work", "ENOMEM ENOSPC"),
    ("epoll_wait", "work", "EINTR"),
    ("eventfd", "role", "EMFILE"),
    ("pipe2", "role", "EMFILE"),
    ("fork", "role", "EAGAIN ENOMEM"),
    ("getrandom", "work", "EINTR SHORT"),
)
MEMORY = (("malloc", "ENOMEM"), ("calloc", "ENOMEM"), ("realloc", "ENOMEM"),
          ("strdup", "ENOMEM"), ("mmap_memory", "ENOMEM"),
          ("pthread_create", "EAGAIN"), ("getrandom", "EIO"))
# Without these a role may stop.  They are asked for while it works, and while
# it starts: in other places.
ROWS = [(call, error, where, "") for call, where, errors in TABLE
        for error in errors.split()]
ROWS += [(call, error, where, role) for call, error in MEMORY
         for where in ("work", "role") for role in ROLES]
QUICK = (("fdatasync", "EIO", "work", ""), ("pwrite", "SHORT", "work", ""),
         ("open", "EMFILE", "work", ""), ("rename", "EIO", "role", ""),
         ("accept", "ECONNABORTED", "work", ""),
         ("malloc", "ENOMEM", "work", "mail"))
# A failure that nothing meets is taken back after so many seconds.
PATIENCE = 3
WAIT = 60


def is_memory(row):
    return row[3] != ""


class Trial:
    """One failure."""

    def __init__(self, server, order, ledger, row, dice):
        self.server, self.order, self.ledger = server, order, ledger
        self.row, self.dice = row, dice
        self.wrong = []
        self.killed = None

    def left(self):
        """Which of the calls it is."""
        if not is_memory(self.row):
            return self.dice.randint(1, {
                "fork": 1, "socket": 1, "connect": 1}.get(
                    self.row[0], 12 if self.row[2] == "work" else 2))
        most = {"malloc": 3000, "calloc": 1000,
                "realloc": 300}.get(self.row[0], 6)
        return int(most ** self.dice.random())

    def roles_are_there(self):
        """All serve: the supervisor writes it down."""
        roles = self.server.roles()
        said = {}
        with contextlib.suppress(OSError), \
                open(os.path.join(self.server.data, "run", "ready"),
                     encoding="ascii") as file:
            said = dict(line.split() for line in file)
        return len(roles) == len(ROLES) and all(
            said.get(role) == str(pid) for role, pid in roles.items())

    def act(self):
        """What brings it about."""
        where, role = self.row[2:]
        if where == "reload":
            self.server.hup()
        elif where == "role":
            self.killed = role or self.dice.choice(ROLES)
            pid = self.server.roles().get(self.killed)
            if pid:
                os.kill(pid, signal.SIGKILL)
        elif where == "start":
            self.server.kill()
            self.order.give(*self.row, self.left(), 1)
            self.launch()

    def launch(self):
        """Start it; where it cannot, start it again."""
        for _ in range(3):
            self.server.spawn()
            wait_for(lambda: self.server.process.poll() is not None or
                     self.roles_are_there(), WAIT)
            if self.server.process.poll() is None:
                return
        self.wrong.append("the server does not start again")

    def goes_on(self):
        counts = self.ledger.counts()
        if not wait_for(lambda: self.ledger.counts()["mail"] >
                        counts["mail"] + 1 and
                        self.ledger.counts()["dav"] > counts["dav"],
                        WAIT, 0.02):
            self.wrong.append("the clients do not go on: %r" %
                              self.ledger.counts())

    def run(self):
        """Whether it was met, and the story of it."""
        story = Story(self.server)
        refused = sum(self.ledger.counts()["refused"].values())
        before = self.server.roles()
        count = 1 if self.dice.random() < 0.8 else 30
        self.order.give(*self.row, self.left(), count)
        self.act()
        hit = wait_for(self.order.hit, PATIENCE, 0.01)
        if hit:
            # What follows on the first.
            time.sleep(0.1)
        self.order.end()
        if not wait_for(self.roles_are_there, WAIT):
            self.wrong.append("roles: %r" % self.server.roles())
        self.goes_on()
        story.end(sum(self.ledger.counts()["refused"].values()) - refused)
        self.judge(story, before)
        return hit, story

    def judge(self, story, before):
        """Without memory a role may stop, at once and by its own will."""
        allowed = {self.killed: {9}} if self.killed else {}
        if is_memory(self.row):
            allowed.setdefault(self.row[3], set()).add(6)
        for role, how in story.ends:
            if how not in allowed.get(role, ()) and not (
                    how == "exit" and (is_memory(self.row) or
                                       self.row[2] in ("role", "start"))):
                self.wrong.append("%s ended: %s" % (role, how))
        after = self.server.roles()
        ended = {role for role, _ in story.ends}
        if self.row[2] != "start":
            self.wrong += ["%s is another" % role for role in ROLES
                           if after.get(role) != before.get(role) and
                           role not in ended]
        self.wrong += story.reports
        if story.crashes and is_memory(self.row):
            self.server.excused.append((story.begin, story.finish))
        else:
            self.wrong += ["crash of " + name for name in story.crashes]
        self.wrong = ["%s (at %s)" % (text, self.order.where())
                      for text in self.wrong]


class Excused(Server):
    """What has been judged is silent in the end."""

    excused = ()

    def log(self):
        with open(self.log_path, "rb") as file:
            data = bytearray(file.read())
        for begin, end in reversed(self.excused):
            del data[begin:end]
        return data.decode("utf-8", "replace")


class Sheet:
    """For each row: given, met, and what came of it."""

    def __init__(self):
        self.given, self.met = Counter(), Counter()
        self.outcomes = {}
        self.places = Counter()

    def add(self, row, hit, story, where):
        self.given[row] += 1
        if not hit:
            return
        self.met[row] += 1
        self.outcomes.setdefault(row, Counter())[story.outcome()] += 1
        if is_memory(row):
            self.places[where.split(" ")[-1].split("+")[0]] += 1

    def tell(self):
        for row in ROWS:
            if self.given[row]:
                note("%-15s %-12s %-6s %-6s given %3d met %3d: %s" %
                     (*row, self.given[row], self.met[row], ", ".join(
                         "%s %d" % pair for pair in
                         self.outcomes.get(row, Counter()).most_common())))
        note("memory was refused to: " + ", ".join(
            "%s %d" % pair for pair in self.places.most_common()))
        note("never met: " + (", ".join(sorted(
            {"%s" % row[0] for row in self.given}
            - {row[0] for row in self.met})) or "none"))


def choose(dice):
    if not common.thorough():
        return list(QUICK)[:ROUNDS]
    only = os.environ.get("TORTURE_CALL", "").split()
    pool = [row for row in ROWS if not only or row[0] in only]
    rows = []
    while len(rows) < ROUNDS:
        rows += dice.sample(pool, len(pool))
    return rows[:ROUNDS]


def torture(server, order, ledger, dice):
    progress = common.Progress("calls:", ROUNDS)
    sheet, wrong = Sheet(), []
    for number, row in enumerate(choose(dice)):
        trial = Trial(server, order, ledger, row, dice)
        hit, story = trial.run()
        sheet.add(row, hit, story, order.where())
        for text in trial.wrong:
            note("%d %r: %s" % (number, row, text))
        wrong += [(number, *row, text.splitlines()[0])
                  for text in trial.wrong]
        progress.step(number + 1, "%d wrong" % len(wrong))
        time.sleep(dice.uniform(0, 0.05))
    sheet.tell()
    met = sum(sheet.met.values())
    same(wrong[:10], [], "of %d failures, %d met, none does harm" %
         (ROUNDS, met))
    ok(met > 0, "some are met")


def main():
    dice = random.Random(SEED)
    note("seed %d, %d failures" % (SEED, ROUNDS))
    server = Excused(users=2, settings={"relay": "127.0.0.1:9"})
    server.excused = []
    server.env["LD_PRELOAD"] = make_shim(server.folder)
    server.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    order = Order(os.path.join(server.folder, "order"))
    server.env["CALL_SWITCH"] = order.path
    with server:
        ledger = Ledger(server, 2)
        ledger.pause = 0.05
        ledger.begin(smtp=1, append=1, dav=2, watch=1)
        stir(ledger)
        wait_for(lambda: ledger.counts()["mail"] > 5, 30)
        torture(server, order, ledger, dice)
        say(ledger.counts())
        ledger.end()
        ledger.verify("after the failures")
        server.stop()
        check_databases(server)
        server.start()
        ledger.verify("after a new start")
    done()


main()
