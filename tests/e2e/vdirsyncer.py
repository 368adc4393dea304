#!/usr/bin/python3
"""vdirsyncer finds collections from the domain's server alone and keeps two
computers and the server alike: new, changed, deleted and conflicting
items."""
import glob
import os
import shutil
import subprocess

from harness import Server, card, done, event, note, ok, same, skip

CONFIG = """[general]
status_path = "{base}/status"
[storage remote]
type = "{kind}"
url = "https://{host}:{port}/"
username = "{user}"
password = "{password}"
verify = "{ca}"
[storage local]
type = "filesystem"
path = "{base}/items"
fileext = "{suffix}"
[pair pair]
a = "remote"
b = "local"
collections = ["from a"]
conflict_resolution = "a wins"
metadata = ["displayname"]
"""


class Computer:
    """One computer with vdirsyncer and its own copy of the items."""

    def __init__(self, server, name, kind):
        self.base = os.path.join(server.folder, name + "-" + kind)
        self.suffix = ".ics" if kind == "caldav" else ".vcf"
        os.makedirs(self.base + "/items")
        user, password = server.login()
        with open(self.base + "/config", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(
                base=self.base, kind=kind, host=server.ip,
                port=server.ports["https"], user=user, password=password,
                ca=server.info["ca"], suffix=self.suffix))
        self.folder = None

    def run(self, *words):
        result = subprocess.run(
            ["vdirsyncer", "-c", self.base + "/config", *words],
            input=b"y\n" * 20, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=120, check=False)
        if result.returncode:
            note(result.stdout.decode("utf-8", "replace")[-2500:])
        return result.returncode == 0

    def discover(self):
        if not self.run("discover"):
            return False
        found = sorted(glob.glob(self.base + "/items/*"))
        note(" ".join(os.path.basename(name) for name in found))
        self.folder = [name for name in found
                       if os.path.basename(name) == "personal"]
        self.folder = (self.folder or found or [None])[0]
        return self.folder is not None

    def path(self, uid):
        return os.path.join(self.folder, uid + self.suffix)

    def write(self, uid, data):
        with open(self.path(uid), "wb") as file:
            file.write(data)
        # vdirsyncer tells changes by mtime and inode.
        os.utime(self.path(uid), (1e9 + len(data), 1e9 + hash(data) % 1e8))

    def items(self):
        """What is there, by UID."""
        found = {}
        for name in glob.glob(self.folder + "/*" + self.suffix):
            with open(name, "rb") as file:
                data = file.read()
            for line in data.splitlines():
                if line.startswith(b"UID:"):
                    found[line[4:].decode()] = data
        return found


def both_ways(server, kind, make):
    one = Computer(server, "one", kind)
    two = Computer(server, "two", kind)
    if not ok(one.discover(), kind + ": discovers"):
        return
    ok(one.run("sync"), "first sync")
    ok(one.run("metasync"), "display names")
    ok(two.discover() and two.run("sync"), "a second computer")
    base = set(one.items())
    same(set(two.items()), base, "%d items, the same on both" % len(base))

    for number in range(20):
        one.write("n%02d" % number, make("n%02d" % number, "New äöü"))
    ok(one.run("sync") and two.run("sync"), "20 new ones")
    same(len(set(two.items()) - base), 20, "come to the other computer")
    ok(b"New \xc3\xa4\xc3\xb6\xc3\xbc" in two.items().get("n07", b""),
       "unharmed")

    name = {path_uid(path): path for path in
            glob.glob(two.folder + "/*" + two.suffix)}
    for uid in ("n00", "n01", "n02"):
        os.unlink(name[uid])
    with open(name["n03"], "wb") as file:
        file.write(make("n03", "Changed on two"))
    ok(two.run("sync") and one.run("sync"), "3 deleted, 1 changed there")
    found = one.items()
    ok(not {"n00", "n01", "n02"} & set(found), "deletions come back")
    ok(b"Changed on two" in found.get("n03", b""), "the change comes back")

    # The same item changed on both: the server's copy wins, nothing is lost
    # on the server and both agree afterwards.
    one.write("n10", make("n10", "Conflict from one"))
    two_path = {path_uid(path): path for path in
                glob.glob(two.folder + "/*" + two.suffix)}["n10"]
    with open(two_path, "wb") as file:
        file.write(make("n10", "Conflict from two"))
    ok(one.run("sync"), "conflict: one is first")
    ok(two.run("sync") and one.run("sync"), "conflict: two resolves")
    ok(b"Conflict from one" in two.items()["n10"], "the server's copy wins")
    same(one.items(), two.items(), "both are alike, byte for byte")

    for uid in set(one.items()) - base:
        for path in glob.glob(one.folder + "/*" + one.suffix):
            if path_uid(path) == uid:
                os.unlink(path)
    ok(one.run("sync") and two.run("sync"), "all deleted again")
    same(set(two.items()), base, "as in the beginning")


def path_uid(path):
    with open(path, "rb") as file:
        for line in file.read().splitlines():
            if line.startswith(b"UID:"):
                return line[4:].decode()
    return None


def main():
    if shutil.which("vdirsyncer") is None:
        skip("vdirsyncer", "not installed")
        done()
    with Server() as server:
        both_ways(server, "caldav", event)
        both_ways(server, "carddav", card)
    done()


main()
