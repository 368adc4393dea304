#!/usr/bin/python3
"""Two people and one calendar: shared by the operator and by its owner,
kept alike by vdirsyncer, and taken back, over real connections."""
import glob
import os
import re
import shutil
import subprocess

from harness import Server, done, event, ok, run, same, skip

CONFIG = """[general]
status_path = "{base}/status"
[storage remote]
type = "caldav"
url = "https://{host}:{port}/"
username = "{user}"
password = "{password}"
verify = "{ca}"
[storage local]
type = "filesystem"
path = "{base}/items"
fileext = ".ics"
[pair pair]
a = "remote"
b = "local"
collections = ["from a"]
"""
SYNC = ("<sync-collection xmlns='DAV:'><sync-token>%s</sync-token>"
        "<sync-level>1</sync-level><prop><getetag/></prop>"
        "</sync-collection>")
SUBSCRIBE = "<subscribe xmlns='urn:inverse:params:xml:ns:inverse-dav'/>"
XML = {"Content-Type": "application/xml"}
CALENDAR = {"Content-Type": "text/calendar"}


def share(server, verb, *words):
    code, text = run([server.binary, "share", verb, "--data", server.data,
                      *words], env=server.env)
    return text if code == 0 else None


def ask(server, method, path, number, body=None, headers=None):
    status, _, text = server.http(method, path, body, headers,
                                  number=number, auth=True)
    return status, text.decode("utf-8", "replace")


def by_operator(server, owned, owner, friend):
    status, _ = ask(server, "PUT", owned + "a.ics", None, event("a"),
                    CALENDAR)
    same(status, 201, "the owner has an event")
    same(ask(server, "GET", owned + "a.ics", 1)[0], 404, "nobody else's")
    ok(share(server, "add", owner, "Calendar/personal", friend, "read"),
       "share add")
    ok(friend in (share(server, "list", owner) or ""), "share list")
    same(ask(server, "GET", owned + "a.ics", 1)[0], 200, "who may read, reads")
    same(ask(server, "GET", owned + "a.ics", 2)[0], 404, "and he alone")
    same(ask(server, "PUT", owned + "b.ics", 1, event("b"), CALENDAR)[0],
         403, "and does not write")


def subscribed(server, owned, alias):
    same(ask(server, "POST", owned, 1, SUBSCRIBE, XML)[0], 200, "subscribe")
    status, text = ask(server, "REPORT", alias, 1, SYNC % "")
    ok(status == 207 and alias + "a.ics" in text, "sync of a subscription")
    token = re.search(r"<D:sync-token>([^<]*)", text).group(1)
    status, _ = ask(server, "PUT", owned + "c.ics", None, event("c"),
                    CALENDAR)
    same(status, 201, "the owner adds one")
    same(ask(server, "DELETE", owned + "a.ics", None)[0], 204,
         "and removes one")
    status, text = ask(server, "REPORT", alias, 1, SYNC % token)
    ok(alias + "c.ics" in text and "404 Not Found" in text
       and text.count("<D:response>") == 2, "the change and nothing else",
       text)


def computer(server, number, alias):
    """What vdirsyncer brings of the subscription."""
    if shutil.which("vdirsyncer") is None:
        skip("vdirsyncer", "it is not installed")
        return
    base = os.path.join(server.folder, "computer")
    os.makedirs(base + "/items")
    user, password = server.login(number)
    with open(base + "/config", "w", encoding="utf-8") as file:
        file.write(CONFIG.format(
            base=base, host=server.ip, port=server.ports["https"],
            user=user, password=password, ca=server.info["ca"]))
    text = ""
    for verb in ("discover", "sync"):
        result = subprocess.run(
            ["vdirsyncer", "-c", base + "/config", verb], input=b"y\n" * 20,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
            check=False)
        text += result.stdout.decode("utf-8", "replace")
    name = alias.rstrip("/").split("/")[-1]
    uids = set()
    for path in glob.glob("%s/items/%s/*.ics" % (base, name)):
        with open(path, encoding="utf-8") as file:
            uids.update(re.findall("^UID:(.*)$", file.read(), re.M))
    ok("c" in uids and "a" not in uids, "vdirsyncer brings what is in it",
       "%r\n%s" % (uids, text[-2000:]))


def taken_back(server, owned, alias, owner, friend):
    ok(share(server, "add", owner, "Calendar/personal", friend, "write"),
       "more is granted")
    same(ask(server, "PUT", alias + "d.ics", 1, event("d"), CALENDAR)[0],
         201, "who may write, writes")
    same(ask(server, "GET", owned + "d.ics", None)[0], 200,
         "and the owner sees it")
    ok(share(server, "remove", owner, "Calendar/personal", friend),
       "share remove")
    for path in (alias, alias + "d.ics", owned + "d.ics"):
        same(ask(server, "PROPFIND", path, 1, None, {"Depth": "0"})[0], 404,
             "gone at once: " + path)
    ok(share(server, "remove", owner, "Calendar/personal", friend) is None,
       "only once")


def public(server, owner):
    path = "/SOGo/dav/public/%s/Calendar/personal.ics" % owner
    same(server.http("GET", path)[0], 404, "nothing is open")
    ok(share(server, "add", owner, "Calendar/personal", "anyone", "read"),
       "to anyone")
    status, headers, body = server.http("GET", path)
    ok(status == 200 and b"BEGIN:VEVENT" in body, "without a login")
    same(server.http("GET", path, None,
                     {"If-None-Match": headers["ETag"]})[0], 304, "not twice")
    ok(share(server, "remove", owner, "Calendar/personal", "anyone"),
       "taken back")
    same(server.http("GET", path)[0], 404, "closed")


def main():
    with Server(users=2) as server:
        owner, friend = server.login()[0], server.login(1)[0]
        owned = server.home("Calendar")
        local, domain = owner.split("@")
        alias = "/SOGo/dav/%s/Calendar/%s_A_%s_personal/" % (
            friend, local, domain.replace(".", "_D_"))
        by_operator(server, owned, owner, friend)
        subscribed(server, owned, alias)
        computer(server, 1, alias)
        taken_back(server, owned, alias, owner, friend)
        public(server, owner)
    done()


main()
