#!/usr/bin/python3
"""The power fails.  One server is recorded while clients write; then the disk
is made anew as a cut at some moment could have left it, the server started on
it, and everything read back.  TORTURE_ROUNDS: how many cuts."""
import os
import random
import shutil
import time

# A disk in memory is quick; what a sync takes is made up by the recorder.
if (os.path.isdir("/dev/shm") and
        shutil.disk_usage("/dev/shm").free > 4 << 30):
    os.environ.setdefault("TMPDIR", "/dev/shm")

import common
from harness import Server, done, note, ok, same
from acts import Acts
from disk import FATES, Disk, Log, listing, make_shim, take_base
from reckon import reckon, sound

CUTS = common.rounds(2)
SEED = common.seed()
USERS = 3
SECONDS = 4 if common.thorough() else 2
CUTS_A_RUN = 100
# Of the cuts so many are followed by another one while the server recovers.
AGAIN = 0.25
ROOM = 1 << 30
DELAY_US = 4000
# In every second recording one sync of so many fails.
FAIL = 60


class Site:
    """A server with what was recorded of it."""

    def __init__(self, seed, fail):
        self.fail = fail
        self.server = Server(users=USERS, settings={"relay": "127.0.0.1:9"})
        self.shim = make_shim(self.server.folder)
        self.seed = seed
        self.dice = random.Random(seed)
        self.plain = dict(self.server.env)

    def recorded(self, name, fail=0):
        """From here on all is written down."""
        log = Log(os.path.join(self.server.folder, "log-" + name), ROOM,
                  DELAY_US, fail)
        env = dict(self.plain)
        env["LD_PRELOAD"] = self.shim
        env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + \
            ":verify_asan_link_order=0"
        env["RECORD_LOG"] = log.path
        self.server.env = env
        base = os.path.join(self.server.folder, name)
        shutil.rmtree(base, ignore_errors=True)
        return base, take_base(self.server.data, base), log

    def run(self, seconds):
        """Clients write for a while, then all stands still at once."""
        base, inodes, log = self.recorded("first", self.fail)
        self.server.start()
        acts = Acts(self.server, USERS, log.tail, self.seed)
        acts.start()
        time.sleep(seconds)
        refused = list(acts.refused)
        log.close()
        self.server.kill()
        same(acts.stop(), [], "every client ends")
        note("%d acts acknowledged" % len(acts.acknowledged()))
        if self.fail:
            note("%d refused, as syncs fail" % len(refused))
        else:
            same(refused[:3], [], "none was refused")
        ok(not log.full(), "the record has room")
        disk = Disk(self.server.data, base, inodes, log)
        same(disk.strange[:5], [], "nothing but what can be followed")
        last = disk.positions[-1] + 1
        kept = listing(self.server.data)
        disk.build(last, ("kept", "kept"), self.dice)
        made = listing(self.server.data)
        differ = [path for path in kept.keys() | made.keys()
                  if kept.get(path) != made.get(path)]
        same(differ[:10], [], "the record tells all: %d files, %d changes" %
             (len(kept), len(disk.positions)))
        return acts, disk

    def fates(self):
        return (self.dice.choice(FATES),
                self.dice.choice([fate for fate in FATES if fate != "torn"]))

    def cut_again(self, disk, cut, fates):
        """The power fails while the server recovers; the folder then."""
        disk.build(cut, fates, self.dice)
        base, inodes, log = self.recorded("again")
        try:
            self.server.start()
        finally:
            self.server.kill()
        second = Disk(self.server.data, base, inodes, log)
        point = self.dice.choice(second.positions)
        second.build(point, self.fates(), self.dice)

    def one(self, acts, disk, cut):
        """What is wrong after a cut there."""
        fates = self.fates()
        self.server.env = dict(self.plain)
        again = self.dice.random() < AGAIN
        try:
            if again:
                self.cut_again(disk, cut, fates)
            else:
                disk.build(cut, fates, self.dice)
            self.server.env = dict(self.plain)
            self.server.start()
            wrong = reckon(self.server, acts, cut)
            if self.server.stop() != 0:
                wrong.append("no clean stop")
            wrong += sound(self.server, acts, cut)
        except SystemExit as error:
            wrong = [str(error)]
            self.server.kill()
        return [(cut, fates, again, text) for text in wrong]


def choose(acts, disk, dice, count):
    """Half of the cuts right after something was acknowledged."""
    acked = acts.acknowledged()
    return sorted(dice.choice(acked) if acked and dice.random() < 0.5 else
                  dice.choice(disk.positions[20:]) for _ in range(count))


def session(site, cuts, progress, before):
    """One recording and its cuts; how many, what is wrong."""
    server = site.server
    server.init()
    acts, disk = site.run(SECONDS)
    wrong, told = [], 0
    for number, cut in enumerate(choose(acts, disk, site.dice, cuts)):
        wrong += site.one(acts, disk, cut)
        for one in wrong[told:]:
            note("cut at %d, %r, again %r: %s" % one)
        told = len(wrong)
        progress.step(before + number + 1, "%d wrong" % told)
        if len(wrong) > 20:
            break
    return wrong


def main():
    progress = common.Progress("cuts:", CUTS)
    note("seed %d, %d cuts" % (SEED, CUTS))
    count, fail = 0, 0
    while count < CUTS:
        site = Site(SEED + count, fail)
        fail = FAIL - fail
        cuts = min(CUTS_A_RUN, CUTS - count)
        wrong = session(site, cuts, progress, count)
        same(wrong[:10], [], "%d cuts: all acknowledged is there, once, and "
             "nothing else" % cuts)
        count += cuts
        site.server.close()
    done()


main()
