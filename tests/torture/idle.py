#!/usr/bin/python3
"""Many connections that wait for mail (IMAP IDLE), and mail that comes.
TORTURE_ROUNDS: how many connections."""
import selectors
import time

import common
from harness import (Named, Server, done, message, note, ok, read_line, same,
                     wait_for)

COUNT = common.rounds(100)
USERS = 20


def opened(server, context, number):
    """A session in IDLE."""
    sock = context.wrap_socket(server.raw("imaps", timeout=120))
    read_line(sock)
    login, password = server.login(1 + number % USERS)
    for command in ('a LOGIN %s "%s"' % (login, password), "b SELECT INBOX",
                    "c IDLE"):
        sock.sendall(command.encode() + b"\r\n")
        line = read_line(sock)
        while line and line[:1] not in b"abc+":
            line = read_line(sock)
        if line[:4] not in (b"a OK", b"b OK") and line[:1] != b"+":
            raise OSError("%s: %r" % (command, line))
    return sock


def memory(server):
    """PSS of the mail role, in KiB."""
    with open("/proc/%d/smaps_rollup" % server.roles()["mail"],
              encoding="ascii") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def wake(server, sessions):
    """One message to each user; how many sessions hear of it, and when the
    last one did."""
    selector = selectors.DefaultSelector()
    for sock in sessions:
        selector.register(sock, selectors.EVENT_READ)
    begun = time.monotonic()
    with server.smtp() as client:
        client.sendmail("a@elsewhere.example",
                        [server.login(user)[0]
                         for user in range(1, USERS + 1)], message("m-idle"))
    heard = set()
    while len(heard) < len(sessions) and time.monotonic() < begun + 60:
        for key, _ in selector.select(1):
            if b"EXISTS" in key.fileobj.recv(4096):
                heard.add(key.fileobj)
    return len(heard), time.monotonic() - begun


def main():
    with Server(users=USERS, settings={"connections": str(COUNT + 1000)}) \
            as server:
        # Each user once, so that what comes then is the connections' own.
        context = Named(server)
        sessions = [opened(server, context, number)
                    for number in range(USERS)]
        before = memory(server)
        progress = common.Progress("idle:", COUNT)
        for number in range(USERS, COUNT):
            sessions.append(opened(server, context, number))
            progress.step(number)
        grown = memory(server) - before
        note("%d sessions in IDLE: the mail role has %.1f MiB more, %.1f KiB "
             "each" % (len(sessions), grown / 1024, grown /
                       (len(sessions) - USERS)))
        heard, seconds = wake(server, sessions)
        same(heard, COUNT, "all hear of a message")
        note("the last one after %.2f s" % seconds)
        with server.imap(1) as client:
            same(client.select("INBOX")[0], "OK", "others are served")
        for sock in sessions:
            sock.close()
        ok(wait_for(lambda: server.imap(2).noop()[0] == "OK", 30),
           "after all have gone, too")
    done()


main()
