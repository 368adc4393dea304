"""A disk as a power cut could have left it.

record.so writes down all that a server changes, in its order.  What was synced
before the cut is there; of the rest anything may be: all, nothing, what came
first, some writes and not others, some sectors of a write.  Names of files
are on the disk once their folder was synced after the change (POSIX promises
no more), and may or may not be there before.
"""
import mmap
import os
import shutil
import stat
import struct
import subprocess
import time

from harness import wait_for

HEAD = struct.Struct("<QQIIII")
RECORD = struct.Struct("<IIQQQ")
HEAD_SIZE = 4096
SECTOR = 512
(WRITTEN, CUT, EXTENDED, MADE, RENAMED, REMOVED, FOLDER_MADE, FOLDER_REMOVED,
 SYNCED, LINKED, STRANGE, REMOVED_IN, FOLDER_REMOVED_IN,
 SYNC_FAILED) = range(1, 15)
HERE = os.path.dirname(os.path.abspath(__file__))
# How what was not synced is treated: bytes, and names.
FATES = ("lost", "kept", "prefix", "subset", "torn")


def make_shim(folder):
    """The library to preload."""
    path = os.path.join(folder, "record.so")
    subprocess.run(
        ["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-shared", "-fPIC",
         "-I" + os.path.join(HERE, os.pardir, os.pardir), "-o", path,
         *(os.path.join(HERE, name) for name in
           ("record.c", "record_name.c", "open.c")), "-ldl"], check=True)
    return path


def passes(path):
    """Memory of processes that are gone, counts, sockets: nobody keeps it."""
    return path.endswith("-shm") or path.startswith("run/")


class Log:
    """The file that processes map and write to."""

    def __init__(self, path, room, delay, fail=0):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(room)
            file.write(HEAD.pack(HEAD_SIZE, room, 0, delay, 0, fail))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), room)

    def tail(self):
        return HEAD.unpack_from(self.map)[0]

    def close(self):
        """What is being changed is recorded; nothing more is changed."""
        self.map[24:28] = struct.pack("=I", 1)
        wait_for(lambda: self.map[16:20] == bytes(4), 5)
        time.sleep(0.05)

    def full(self):
        tail, room = HEAD.unpack_from(self.map)[:2]
        return tail >= room

    def records(self):
        """Position, kind, inode, at, bytes."""
        at, tail = HEAD_SIZE, self.tail()
        while at < tail:
            size, kind, inode, where, n = RECORD.unpack_from(self.map, at)
            yield (at, kind, inode, where,
                   memoryview(self.map)[at + RECORD.size:
                                        at + RECORD.size + n])
            at += size


class Synced:
    """What a sync of it makes safe, and one that fails does not: what such a
    one should have written may be lost whatever later ones say.  (Of files;
    names are in the journal of a file system, which knows no such thing.)"""

    def __init__(self):
        self.syncs = []     # position of the end, tail at the begin
        self.failures = []  # the same

    def safe(self, cut):
        """Changes before that are on the disk, but for what is doomed."""
        return max((begin for end, begin in self.syncs if end < cut),
                   default=0)

    def doomed(self, cut):
        """Ranges of positions."""
        return [(self.safe(end), begin) for end, begin in self.failures
                if end < cut]


class File(Synced):
    """What one file holds; `base`: where its first bytes are."""

    def __init__(self, base=None):
        super().__init__()
        self.base = base
        self.changes = []   # position, kind, at, bytes

    def content(self, cut, fate, dice):
        data = bytearray()
        if self.base:
            with open(self.base, "rb") as file:
                data = bytearray(file.read())
        safe, doomed = self.safe(cut), self.doomed(cut)
        until = dice.randint(safe, max(safe, cut))
        for at, kind, where, piece in self.changes:
            if at >= cut:
                break
            if (at < safe and not within(at, doomed)) or keep(fate, at, until, dice):
                apply(data, kind, where, piece)
            elif fate == "torn" and kind == WRITTEN:
                for part in sectors(where, piece):
                    if dice.random() < 0.5:
                        apply(data, kind, *part)
        return data


class Folder(Synced):
    def __init__(self, path):
        super().__init__()
        self.path = path


def within(at, ranges):
    return any(begin <= at < end for begin, end in ranges)


def keep(fate, at, until, dice):
    if fate == "prefix":
        return at < until
    return fate == "kept" or (fate == "subset" and dice.random() < 0.5)


def sectors(where, piece):
    """A write in the parts that a disk writes at once."""
    at = 0
    while at < len(piece):
        n = SECTOR - (where + at) % SECTOR
        yield where + at, piece[at:at + n]
        at += n


def apply(data, kind, where, piece):
    if kind == CUT:
        if where < len(data):
            del data[where:]
        else:
            data.extend(bytes(where - len(data)))
    elif kind == EXTENDED:
        data.extend(bytes(max(0, where - len(data))))
    else:
        if where > len(data):
            data.extend(bytes(where - len(data)))
        data[where:where + len(piece)] = piece


class Disk:
    """All that a record says.  `base`: a copy of the folder before it, made by
    take_base()."""

    def __init__(self, data, base, inodes, log):
        self.data, self.base = data, base
        self.names = []     # position, kind, subject, path, other, folder
        self.strange = []
        self.positions = []
        self.files, self.folders = {}, {}
        self.base_names = {}
        for inode, path in inodes.items():
            full = os.path.join(base, path)
            if os.path.isdir(full):
                self.folders[inode] = Folder(path)
            else:
                self.files[inode] = self.base_names[path] = File(full)
        self.fleeting = {inode for inode, path in inodes.items()
                         if passes(path)}
        self.by_path = {folder.path: folder
                        for folder in self.folders.values()}
        for record in log.records():
            self.positions.append(record[0])
            self.take(*record)

    def inner(self, path):
        path = bytes(path).rstrip(b"\0").decode()
        return (os.path.relpath(path, self.data)
                if path.startswith(self.data + "/") else None)

    def name(self, at, kind, subject, path, other=None):
        parent = self.by_path.get(os.path.dirname(other or path))
        self.names.append((at, kind, subject, path, other, parent))

    def take(self, at, kind, inode, where, piece):
        if kind in (WRITTEN, CUT, EXTENDED):
            if inode in self.files:
                self.files[inode].changes.append((at, kind, where, piece))
        elif kind in (SYNCED, SYNC_FAILED):
            one = self.files.get(inode) or self.folders.get(inode)
            if one:
                (one.syncs if kind == SYNCED else
                 one.failures).append((at, where))
        elif kind == STRANGE:
            if inode not in self.fleeting and (inode in self.files or
                                               not inode):
                self.strange.append((bytes(piece).decode(), inode))
        elif kind in (REMOVED_IN, FOLDER_REMOVED_IN):
            folder = self.folders.get(where)
            if folder:
                self.take_name(at, REMOVED if kind == REMOVED_IN else
                               FOLDER_REMOVED, inode, os.path.join(
                                   folder.path, bytes(piece[:-1]).decode()))
        elif kind in (RENAMED, LINKED):
            old, new = (self.inner(part) for part in
                        bytes(piece).rstrip(b"\0").split(b"\0"))
            if old and new and inode in self.files:
                self.name(at, kind, self.files[inode], old, new)
        else:
            self.take_name(at, kind, inode, self.inner(piece))

    def take_name(self, at, kind, inode, path):
        if path is None:
            return
        if kind == MADE:
            self.files[inode] = File()
            if passes(path):
                self.fleeting.add(inode)
            self.name(at, kind, self.files[inode], path)
        elif kind == FOLDER_MADE:
            self.folders[inode] = Folder(path)
            self.name(at, kind, self.folders[inode], path)
            self.by_path[path] = self.folders[inode]
        elif kind == REMOVED:
            self.name(at, kind, self.files.get(inode), path)
        elif kind == FOLDER_REMOVED:
            self.name(at, kind, self.folders.get(inode), path)

    # --- after a cut ---

    def tree(self, cut, fate, dice):
        """Files and folders by path."""
        files = dict(self.base_names)
        folders = {folder.path for folder in self.folders.values()
                   if os.path.isdir(os.path.join(self.base, folder.path))}
        until = dice.randint(0, cut)
        for at, kind, subject, path, other, parent in self.names:
            if at >= cut:
                break
            safe = parent and at < parent.safe(cut)
            if not safe and not keep(fate, at, until, dice):
                continue
            if kind == MADE:
                files[path] = subject
            elif kind == LINKED:
                files[other] = subject
            elif kind == RENAMED:
                if files.get(path) is subject:
                    del files[path]
                files[other] = subject
            elif kind == REMOVED and files.get(path) is subject:
                del files[path]
            elif kind == FOLDER_MADE:
                folders.add(path)
            elif kind == FOLDER_REMOVED:
                folders.discard(path)
        return files, folders

    def build(self, cut, fates, dice):
        """The folder anew, as it may be after a cut there."""
        shutil.rmtree(self.data, ignore_errors=True)
        os.mkdir(self.data, 0o700)
        files, folders = self.tree(cut, fates[1], dice)
        there = {""}
        for path in sorted(folders - {""}):
            if os.path.dirname(path) in there:
                there.add(path)
                os.mkdir(os.path.join(self.data, path), 0o700)
        for path, file in sorted(files.items()):
            if os.path.dirname(path) not in there or passes(path):
                continue
            full = os.path.join(self.data, path)
            if file.base and not file.changes:
                shutil.copy2(file.base, full)
                continue
            with open(os.open(full, os.O_WRONLY | os.O_CREAT, 0o600),
                      "wb") as out:
                out.write(file.content(cut, fates[0], dice))


def take_base(data, base):
    """Copy a folder; the inode of each thing in it."""
    subprocess.run(["cp", "-a", data, base], check=True)
    inodes = {os.stat(data).st_ino: ""}
    for folder, folders, files in os.walk(data):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            if stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode):
                inodes[info.st_ino] = os.path.relpath(path, data)
    return inodes


def listing(data):
    """Everything that counts in a folder: bytes by path."""
    found = {}
    for folder, _, files in os.walk(data):
        for name in files:
            path = os.path.relpath(os.path.join(folder, name), data)
            if passes(path):
                continue
            full = os.path.join(folder, name)
            if stat.S_ISREG(os.lstat(full).st_mode):
                with open(full, "rb") as file:
                    found[path] = file.read()
    return found
