"""What all torture programs need: the harness of the end-to-end tests, and
how often and from which seed."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "e2e"))


def rounds(usual):
    """TORTURE_ROUNDS, or the number of a quick run."""
    return int(os.environ.get("TORTURE_ROUNDS") or usual)


def thorough():
    """Somebody asked for it, as CI does not."""
    return bool(os.environ.get("TORTURE_ROUNDS"))


def seed():
    return int(os.environ.get("TORTURE_SEED") or time.time_ns() % 10**9)


class Progress:
    """A line on standard error now and then."""

    def __init__(self, what, total):
        self.what, self.total = what, total
        self.begun = self.said = time.monotonic()

    def step(self, count, text=""):
        now = time.monotonic()
        if now - self.said < 10:
            return
        self.said = now
        print("# %s %d of %d, %d s %s" %
              (self.what, count, self.total, now - self.begun, text),
              file=sys.stderr, flush=True)
