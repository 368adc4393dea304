#!/usr/bin/python3
"""The process that holds the keys: what the others cannot open, and what
happens when it dies."""
import os
import re
import shutil
import signal
import urllib.parse

from harness import (TREE, Server, done, ok, run, same, skip, wait_for)

STORE = {"house", "accounts", "journal", "queue", "tmp", "run"}
WRITES = {"web": STORE, "mail": STORE, "queue": STORE, "signer": {"keys"}}
READS = {
    "web": STORE | {"roles", "tls", "acme"},
    "mail": STORE | {"roles", "tls"},
    "queue": STORE | {"roles"},
    "signer": {"keys", "roles", "tls"},
}
COMM = 15 - len("posthaste-")  # what the kernel keeps of a process' name
OTHERS = {"posthaste.conf", "ca.key", "."}


def fences(server):
    """Each role's open(2) of everything in the data folder, as it serves."""
    log = server.log()
    if "sandbox.landlock" in log:
        skip("who can open what", "no Landlock in this kernel")
        return
    names = STORE | OTHERS | {"keys", "roles", "tls", "acme"}
    for role, reads in READS.items():
        found = {"read": {}, "write": {}}
        for how, path, error in re.findall(
                r"^fence %s (\w+) (\S+) (\d+)$" % role[:COMM], log, re.M):
            name = os.path.relpath(path, server.data)
            found[how][name] = int(error)
        same(set(found["read"]), names, role + " tried all")
        same({name for name, error in found["read"].items() if not error},
             reads, role + " reads")
        same({name for name, error in found["write"].items() if not error},
             WRITES[role], role + " writes")


def complete_chain(server):
    """The certificate with its root, so that what it signs verifies."""
    path = os.path.join(server.data, "tls", "default.pem")
    with open(os.path.join(server.data, "ca.pem"), encoding="ascii") as file:
        root = file.read()
    with open(path, encoding="ascii") as file:
        text = file.read()
    end = "-----END CERTIFICATE-----\n"
    with open(path, "w", encoding="ascii") as file:
        file.write(text.replace(end, end + root))


def is_signed(server):
    """A profile by a fresh link: did the signer sign it?"""
    code, text = run([server.binary, "profile", server.address, "--link",
                      "--data", server.data], env=server.env)
    status, _, document = server.http(
        "GET", urllib.parse.urlsplit(text.split()[-1]).path)
    if (code, status) != (0, 200):
        ok(False, "a link gives something", (text, status))
    path = os.path.join(server.folder, "signed")
    with open(path, "wb") as file:
        file.write(document)
    return run(["openssl", "cms", "-verify", "-inform", "DER", "-in", path,
                "-CAfile", server.info["ca"], "-purpose", "sslserver"])[0] == 0


def deaths(server):
    others = {role: pid for role, pid in server.roles().items()
              if role != "signer"}
    for number in range(3):
        old = server.roles()["signer"]
        os.kill(old, signal.SIGKILL)
        # The request waits in the line for the next signer, though not for
        # as long as a busy machine may take to start one.
        ok(wait_for(lambda: is_signed(server), 60),
           "death %d: the next signer signs" % number)
        ok(server.roles().get("signer") not in (None, old), "another process")
    same({role: pid for role, pid in server.roles().items()
          if role != "signer"}, others, "the others never noticed")


def asleep(server):
    """One that hangs: the profile comes all the same, unsigned."""
    pid = server.roles()["signer"]
    os.kill(pid, signal.SIGSTOP)
    try:
        ok(not is_signed(server), "unsigned while the signer sleeps")
    finally:
        os.kill(pid, signal.SIGCONT)
    ok(re.search(r" web profile\.unsigned .*does not answer", server.log()),
       "and the log says so", server.log()[-2000:])
    ok(wait_for(lambda: is_signed(server), 60), "awake again, it signs")


def reloads(server):
    path = os.path.join(server.data, "roles", "posthaste.conf")
    # As an editor does it: another file takes the name.
    shutil.copy(server.conf_path(), server.conf_path() + ".new")
    os.rename(server.conf_path() + ".new", server.conf_path())
    server.configure({"message-limit": "1234567"})
    before = len(re.findall(r" reload\.done ", server.log()))
    server.hup()
    ok(wait_for(lambda: len(re.findall(r" reload\.done ", server.log())) >=
                before + 4, 60), "every role reads it again",
       server.log()[-2000:])
    with open(path, encoding="utf-8") as file:
        ok("message-limit 1234567" in file.read(), "the roles' copy")
    with server.smtp() as client:
        client.ehlo()
        same(client.esmtp_features["size"], "1234567", "it counts")


def main():
    server = Server()
    shim = os.path.join(server.folder, "fence.so")
    code, text = run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-shared",
                      "-fPIC", "-o", shim,
                      os.path.join(TREE, "tests", "e2e", "fence.c"), "-ldl"])
    same(code, 0, "the shim is built" + text)
    server.init()
    server.env["FENCE_PATHS"] = ":".join(
        os.path.join(server.data, name)
        for name in STORE | OTHERS | {"keys", "roles", "tls", "acme"})
    server.env["LD_PRELOAD"] = shim
    server.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    complete_chain(server)
    server.start()
    fences(server)
    del server.env["LD_PRELOAD"]
    ok(wait_for(lambda: is_signed(server), 60), "the signer signs")
    deaths(server)
    asleep(server)
    reloads(server)
    server.close()
    done()


main()
