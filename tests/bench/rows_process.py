"""Starting, and doing nothing."""
import json
import os
import select
import subprocess
import tempfile

from machine import Failed, Server, complaint
from rows import compare, figure, part, row

IDLE_FIRST = 150        # user of the first idle session
WATCHERS = 20           # sessions of one account


def beside_all(bench, name, unit, ours, value):
    """A figure that has nothing to do with load."""
    found = [figure(name, unit, ours, value(peer), peer.name)
             for peer in bench.present(bench.kinds)]
    return found or [figure(name, unit, ours)]


@row("start", "exec until run/ready of a server with two mailboxes (peers:"
     " until their ports answer); then memory (PSS) of all its processes, and"
     " by role; and its size on disk without symbols (peers: their packages,"
     " without what these need). A peer does only its part of the work")
def start(bench):
    server = Server(bench.binary, 1, last_octet=2)
    try:
        server.init()
        seconds = server.start()
        server.learn()
        memory = server.memory()
        if server.stop():
            raise Failed("the server does not end with 0")
    finally:
        server.remove()
    yield beside_all(bench, "until ready", "ms", 1e3 * seconds,
                     lambda peer: 1e3 * peer.started)
    yield beside_all(bench, "memory when idle", "KiB", sum(memory.values()),
                     lambda peer: peer.idle)
    for role, kib in sorted(memory.items()):
        yield figure("memory, " + role, "KiB", kib)
    yield beside_all(bench, "size on disk", "KiB",
                     stripped_size(bench.binary) / 1024,
                     lambda peer: peer.size_kib())


def stripped_size(path):
    with tempfile.NamedTemporaryFile(prefix="posthaste-strip-") as copy:
        done = subprocess.run(["strip", "-o", copy.name, path],
                              stderr=subprocess.DEVNULL, check=False)
        return os.path.getsize(path if done.returncode else copy.name)


def idle_users(bench):
    return len(bench.server.info["users"]) - IDLE_FIRST


def fresh(bench):
    """A server that has served nobody, so that no memory is there for
    reuse; then every idle account is seen once, so that what a connection
    costs is not mixed with what an account costs."""
    bench.restart()
    bench.load("visit", "imaps", count=2 * idle_users(bench),
               first=IDLE_FIRST, spread=idle_users(bench), sessions=8,
               seconds=120)


def answer_of(process, seconds):
    """The next line of JSON that the generator prints."""
    if not select.select([process.stdout], [], [], seconds)[0]:
        process.kill()
        process.wait()
        raise Failed("idle: no answer within %d s" % seconds)
    line = process.stdout.readline()
    if not line.startswith(b"{"):
        process.wait()
        raise Failed("idle: " + complaint(process.stderr.read()))
    return json.loads(line)


def mail_memory(bench):
    roles = bench.server.memory()
    if "mail" not in roles:
        raise Failed("run/ready names no mail role")
    return roles["mail"]


def hold(bench, target, memory, sessions, deliveries):
    """Opens, reads the memory, lets deliveries come; what was found."""
    before, begin = memory(), target.cpu()
    process = bench.generator.begin(
        "idle", **bench.options(
            target, "imaps", sessions=sessions, first=IDLE_FIRST,
            count=deliveries, smtp_port=target.ports["smtp"],
            spread=min(idle_users(bench), sessions // WATCHERS)))
    with process:
        try:
            found = answer_of(process, 300)
            found.update(cpu=target.cpu() - begin, count=sessions,
                         target=target.name, after=memory() / 1024,
                         each=(memory() - before) / sessions)
            process.stdin.write(b"\n")
            process.stdin.flush()
            found.update(answer_of(process, 300))
        except BaseException:
            process.kill()
            raise
    if found["missing"]:
        raise Failed("idle: %d of %d sessions were not woken" % (
            found["missing"], found["missing"] + found["samples"]))
    return found


def idle(bench, sessions):
    fresh(bench)
    ours = hold(bench, bench.server, lambda: mail_memory(bench), sessions,
                bench.less(50))
    sides = [ours]
    # A process for each session, and inotify for few of them: memory only.
    if sessions <= 1000:
        sides += [bench.at_peer(peer, lambda peer: hold(
            bench, peer, peer.memory, sessions, 0))
            for peer in bench.present(["dovecot"])]
    yield compare("memory a session", "KiB", sides, part("each"))
    yield figure("memory, mail role", "MiB", ours["after"])
    yield compare("opened", "/s", sides,
                  lambda found: sessions / found["open_seconds"])
    for since, words in (("since_ok", "after 250"),
                         ("since_sent", "after sending")):
        for which in ("p50", "p99", "max"):
            yield figure("woken %s, %s" % (words, which), "ms",
                         ours[since][which])


@row("idle-1000", "1,000 TLS IMAP sessions in IDLE: memory (PSS) of the mail"
     " role for each; deliveries to one account wake its 20 sessions")
def idle_1000(bench):
    return idle(bench, 1000)


@row("idle-10000", "the same with 10,000, 40 of each account, of ours alone: it"
     " would be a process for each of Dovecot's")
def idle_10000(bench):
    if bench.quick:
        return []
    return idle(bench, 10000)
