"""The switch that call.c looks at, and what the log says came of it."""
import errno
import mmap
import os
import re
import struct

from harness import REPORT, TREE, done, ok, run

# As struct order in call.h.
HEAD = struct.Struct("=iiiii24s24s96s")
SOURCES = ("call.c", "call_file.c", "call_net.c", "call_memory.c", "open.c")
ENDED = re.compile(r"role\.(died|ended) role=(\w+) (?:signal|exit)=(-?\d+)")
ABORT = re.compile(r"abort by \S* ?([^+\s]+)")
SEGV = re.compile(r"AddressSanitizer: SEGV on")
FRAME = re.compile(r"^ +#\d+ .*[(/]([^/()]+)\+0x[0-9a-f]+\)")
# What others call: who called it is meant.
RUNTIME = ("libc.so", "libasan.so", "libubsan.so", "call.so", "ld-linux")


class Order:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(HEAD.size))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), HEAD.size)

    def give(self, call, error, where, role, left, count):
        """From the `left`th on, `count` of them fail."""
        del where
        self.end()
        number = 0 if error == "SHORT" else getattr(errno, error)
        self.map[4:HEAD.size] = HEAD.pack(
            0, left, 0, number, count, call.encode(), role.encode(), b"")[4:]
        self.map[0:4] = struct.pack("=i", 1)

    def hit(self):
        return HEAD.unpack(self.map)[2] > 0

    def end(self):
        self.map[0:4] = bytes(4)

    def where(self):
        """Role and module+offset of who met it first."""
        return HEAD.unpack(self.map)[7].rstrip(b"\0").decode() or "?"


class Story:
    """What the log says from here on."""

    def __init__(self, server):
        self.server = server
        self.begin = os.path.getsize(server.log_path)
        self.finish = self.begin
        self.ends, self.reports, self.aborts = [], [], []
        self.crashes = []   # libraries that used memory that they did not get
        self.refused = 0

    def end(self, refused):
        self.refused = refused
        with open(self.server.log_path, encoding="utf-8",
                  errors="replace") as file:
            file.seek(self.begin)
            lines = file.read().splitlines()
            self.finish = file.tell()
        for number, line in enumerate(lines):
            ended = ENDED.search(line)
            if ended:
                self.ends.append((ended[2], int(ended[3]) if
                                  ended[1] == "died" else "exit"))
            abort = ABORT.match(line)
            if abort:
                self.aborts.append(abort[1])
            if REPORT.search(line) and not line.startswith("SUMMARY"):
                self.take_report(lines[number:number + 30])

    def take_report(self, lines):
        """A crash within a library is its own."""
        for line in lines:
            frame = FRAME.match(line)
            if frame and not frame[1].startswith(RUNTIME):
                if SEGV.search(lines[0]) and frame[1].startswith("lib"):
                    self.crashes.append(frame[1])
                    return
                break
        self.reports.append("\n".join(lines))

    def outcome(self):
        if self.crashes:
            return "crash of " + "+".join(sorted(set(self.crashes)))
        ends = [how for _, how in self.ends if how != 9]
        if 6 in ends:
            return "stopped by " + "+".join(sorted(set(self.aborts)) or ["?"])
        if ends:
            return "ended and started again"
        return "refused" if self.refused else "nothing noticed"


def make_shim(folder):
    shim = os.path.join(folder, "call.so")
    code, text = run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-shared",
                      "-fPIC", "-I" + TREE, "-o", shim,
                      *(os.path.join(TREE, "tests", "torture", name)
                        for name in SOURCES), "-ldl"])
    if not ok(code == 0, "the shim is made", text):
        done()
    return shim
