#!/usr/bin/python3
"""khal and khard over vdirsyncer: what one writes in a terminal is on the
server, and the other way round."""
import os
import shutil
import subprocess

from harness import Server, card, done, event, ok, same, skip

SYNC = """[general]
status_path = "{base}/status"
[storage calendars]
type = "caldav"
url = "https://{host}:{port}/"
username = "{user}"
password = "{password}"
verify = "{ca}"
[storage books]
type = "carddav"
url = "https://{host}:{port}/"
username = "{user}"
password = "{password}"
verify = "{ca}"
[storage events]
type = "filesystem"
path = "{base}/events"
fileext = ".ics"
[storage people]
type = "filesystem"
path = "{base}/people"
fileext = ".vcf"
[pair one]
a = "calendars"
b = "events"
collections = ["personal"]
[pair two]
a = "books"
b = "people"
collections = ["personal"]
"""
KHAL = """[calendars]
[[personal]]
path = {base}/events/personal
[sqlite]
path = {base}/khal.db
[locale]
local_timezone = Europe/Berlin
default_timezone = Europe/Berlin
timeformat = %H:%M
dateformat = %d.%m.
longdateformat = %d.%m.%Y
datetimeformat = %d.%m. %H:%M
longdatetimeformat = %d.%m.%Y %H:%M
[default]
default_calendar = personal
"""
KHARD = """[addressbooks]
[[personal]]
path = {base}/people/personal
[vcard]
preferred_version = 3.0
"""
PROGRAMS = ("khal", "khard", "vdirsyncer")


class Terminal:
    """A person's home, with the three programs set up."""

    def __init__(self, server):
        self.base = os.path.join(server.folder, "terminal")
        for name in ("events", "people"):
            os.makedirs(os.path.join(self.base, name, "personal"))
        user, password = server.login()
        for name, text in (("sync", SYNC), ("khal", KHAL),
                           ("khard", KHARD)):
            with open(os.path.join(self.base, name), "w",
                      encoding="utf-8") as file:
                file.write(text.format(
                    base=self.base, host=server.ip,
                    port=server.ports["https"], user=user,
                    password=password, ca=server.info["ca"]))

    def run(self, *words, typed=None):
        done_ = subprocess.run(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            input=typed and typed.encode(), cwd=self.base, timeout=120,
            stdin=None if typed else subprocess.DEVNULL, check=False,
            env=dict(os.environ, HOME=self.base, LC_ALL="C.UTF-8"))
        return done_.returncode, done_.stdout.decode("utf-8", "replace")

    def khal(self, *words):
        return self.run("khal", "-c", self.base + "/khal", *words)

    def khard(self, *words, typed=None):
        return self.run("khard", "-c", self.base + "/khard", *words,
                        typed=typed)

    def sync(self, verb="sync"):
        return self.run("vdirsyncer", "-c", self.base + "/sync", verb)


def ask(server, method, path, body=None, kind=None):
    status, _, text = server.http(
        method, path, body, kind and {"Content-Type": kind}, auth=True)
    return status, text.decode("utf-8", "replace")


def exported(server, kind, suffix):
    return ask(server, "GET", server.home(kind)[:-1] + suffix)[1]


def calendars(server, t):
    path = server.home("Calendar") + "k.ics"
    same(ask(server, "PUT", path, event("k", "From the server"),
             "text/calendar")[0], 201, "an event on the server")
    code, text = t.sync("discover")
    same(code, 0, "discovered" if code == 0 else text)
    code, text = t.sync()
    same(code, 0, "synchronised" if code == 0 else text)
    code, text = t.khal("list", "01.12.2026", "2d")
    ok(code == 0 and "11:00" in text and "From the server" in text,
       "khal shows it, in its own time", text)
    code, text = t.khal("new", "02.12.2026", "09:00", "10:00",
                        "Größe of a terminal")
    same(code, 0, "khal makes one" if code == 0 else text)
    same(t.sync()[0], 0, "synchronised")
    ok("SUMMARY:Größe of a terminal" in exported(
        server, "Calendar", ".ics"), "which the server has")
    same(ask(server, "DELETE", path)[0], 204, "gone from the server")
    same(t.sync()[0], 0, "synchronised")
    ok("From the server" not in t.khal("list", "01.12.2026", "2d")[1],
       "and from khal")


def books(server, t):
    path = server.home("Contacts") + "k.vcf"
    same(ask(server, "PUT", path, card("k", "Ada Example"),
             "text/vcard")[0], 201, "a person on the server")
    same(t.sync()[0], 0, "synchronised")
    code, text = t.khard("email", "--parsable", "Ada")
    ok(code == 0 and "k@elsewhere.example" in text, "khard finds her", text)
    code, text = t.khard("new", "-i", "-", typed=(
        "First name : Grace\nLast name : Sample\nEmail :\n"
        "    home : grace@elsewhere.example\n"))
    same(code, 0, "khard adds one" if code == 0 else text)
    same(t.sync()[0], 0, "synchronised")
    ok("grace@elsewhere.example" in exported(server, "Contacts", ".vcf"),
       "which the server has")


def main():
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        skip("khal", "not installed: " + ", ".join(missing))
    else:
        with Server() as server:
            terminal = Terminal(server)
            calendars(server, terminal)
            books(server, terminal)
    done()


main()
