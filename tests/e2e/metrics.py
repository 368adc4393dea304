#!/usr/bin/env python3
"""/metrics: what it counts, who may read it, and that a role's death takes
nothing away."""
import os
import re
import signal

from harness import Server, done, message, ok, same, wait_for

LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="[a-z0-9._]*",?)+)\})? (-?\d+)')


def parsed(text):
    """Values by name and labels; None when a line is none."""
    found, kinds = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            kinds[line.split(" ")[2]] = line.split(" ")[3]
        elif not line.startswith("# HELP "):
            match = LINE.fullmatch(line)
            if not match or match.group(1) not in kinds:
                return None
            found[match.group(1), match.group(2) or ""] = int(
                match.group(3))
    return found


def ask(s, headers=None, service="proxy", host="127.0.0.1", method="GET"):
    status, fields, body = s.http(method, "/metrics", None, headers, host,
                                  service)
    return status, fields, body.decode()


def events(s, event, role="mail"):
    values = parsed(ask(s)[2]) or {}
    return values.get(("posthaste_events_total", 'role="%s",event="%s"' % (
        role, event)), 0)


def sessions(s, protocol):
    values = parsed(ask(s)[2]) or {}
    return values.get(("posthaste_connections", 'role="mail",protocol="%s"'
                       % protocol), 0)


def access(s):
    status, fields, text = ask(s)
    ok(status == 200 and fields["Content-Type"].startswith(
        "text/plain; version=0.0.4"), "a program here reads it", status)
    ok(parsed(text), "each line is one of the format", text)
    same(ask(s, method="HEAD")[0], 200, "HEAD")
    same(ask(s, method="POST")[0], 405, "it is only read")
    for headers, host, service, what in (
            ({"X-Forwarded-For": "198.51.100.7"}, "127.0.0.1", "proxy",
             "what a proxy passes on"),
            ({"Forwarded": "for=198.51.100.7"}, "127.0.0.1", "proxy",
             "by another field"),
            ({}, s.host, "proxy", "by the server's name"),
            ({}, s.host, "https", "from outside"),
            ({}, "evil.example", "proxy", "by another name")):
        same(ask(s, headers, service, host)[0], 404, what + " is not told")


def counts(s):
    before = events(s, "smtp.accept")
    with s.smtp() as client:
        client.sendmail("a@elsewhere.example", [s.address], message("m"))
        same(events(s, "smtp.accept"), before + 1, "a message")
        ok(sessions(s, "smtp") >= 1, "and who brought it")
    ok(wait_for(lambda: sessions(s, "smtp") == 0, 60), "who leaves again")
    before = events(s, "auth.denied")
    client = s.imap(login=False)
    try:
        client.login(s.address, "wrong")
    except client.error:
        pass
    client.shutdown()
    same(events(s, "auth.denied"), before + 1, "a wrong password")
    before = events(s, "http.4xx", "web")
    s.http("GET", "/nothing-here")
    same(events(s, "http.4xx", "web"), before + 1, "what is not there")


def death(s):
    client = s.imap()
    ok(sessions(s, "imap") == 1, "somebody is there")
    accepted, starts = events(s, "smtp.accept"), events(s, "role.start")
    old = s.roles()["mail"]
    os.kill(old, signal.SIGKILL)
    ok(wait_for(lambda: s.roles().get("mail") not in (None, old)
                and events(s, "role.start") == starts + 1, 60),
       "a role dies and comes back")
    same(events(s, "smtp.accept"), accepted, "counts go on")
    same(sessions(s, "imap"), 0, "connections do not")
    client.shutdown()


def main():
    with Server(settings={"metrics": "on"}) as s:
        access(s)
        counts(s)
        death(s)
        same(s.stop(), 0, "the server ends with 0")
        s.configure({"metrics": "off"})
        s.start()
        same(ask(s)[0], 404, "and nobody is told when it is off")
    done()


main()
