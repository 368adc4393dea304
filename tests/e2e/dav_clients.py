#!/usr/bin/python3
"""python3-caldav and cadaver: found from the principal, made, searched by
date, deleted."""
import datetime
import os
import shutil
import subprocess

from harness import Server, done, event, ok, same, skip

try:
    import caldav
except ImportError:
    caldav = None


def library(server):
    user, password = server.login()
    client = caldav.DAVClient(
        url="https://%s:%d/SOGo/dav/" % (server.ip, server.ports["https"]),
        username=user, password=password, ssl_verify_cert=server.info["ca"])
    calendars = {str(calendar.name): calendar
                 for calendar in client.principal().calendars()}
    if not ok(server.info["calendar"] in calendars, "the calendar is found",
              calendars):
        return
    calendar = calendars[server.info["calendar"]]
    first = len(calendar.events())
    made = calendar.save_event(event("by-library", "By a library",
                                     "20300301").decode())
    days = [datetime.datetime(2030, 3, day) for day in (1, 2, 3)]
    hits = calendar.date_search(start=days[0], end=days[1], expand=False)
    same(len(hits), 1, "made, and found by its date")
    ok("By a library" in hits[0].data, "as it was sent", hits[0].data)
    same(len(calendar.date_search(start=days[1], end=days[2],
                                  expand=False)), 0, "not on another day")
    found = calendar.event_by_uid("by-library")
    ok("By a library" in found.data, "found by its UID")
    same(len(calendar.events()), first + 1, "among all events")
    made.delete()
    same(len(calendar.date_search(start=days[0], end=days[1],
                                  expand=False)), 0, "deleted")


def shell(server):
    """cadaver, as a person at a terminal; it reads ~/.netrc."""
    user, password = server.login()
    home = os.path.join(server.folder, "cadaver")
    os.makedirs(home)
    with open(home + "/.netrc", "w", encoding="utf-8") as file:
        file.write("machine %s\nlogin %s\npassword %s\n" %
                   (server.ip, user, password))
    os.chmod(home + "/.netrc", 0o600)
    with open(home + "/x.ics", "wb") as file:
        file.write(event("by-cadaver"))
    text = subprocess.run(
        ["cadaver", "http://%s:%d%s" % (server.ip, server.ports["proxy"],
                                        server.home("Calendar"))],
        input=b"put x.ics\nls\ncat x.ics\ndelete x.ics\nls\nquit\n",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=home,
        env=dict(os.environ, HOME=home), timeout=60,
        check=False).stdout.decode("utf-8", "replace")
    ok("failed" not in text and text.count("succeeded") >= 3,
       "cadaver puts, lists, reads and deletes", text)
    ok("UID:by-cadaver" in text, "what it put", text)


def main():
    with Server() as server:
        if caldav is None:
            skip("python3-caldav", "not installed")
        else:
            library(server)
        if shutil.which("cadaver") is None:
            skip("cadaver", "not installed")
        else:
            shell(server)
    done()


main()
