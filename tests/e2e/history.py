#!/usr/bin/python3
"""What changed in calendars and address books is seen and undone, by the
API and by the command line, and sync clients see that too; SOGo's lists come
in as groups."""
import json
import re
import subprocess

from harness import Server, card, done, event, ok, same

SYNC = ('<d:sync-collection xmlns:d="DAV:"><d:sync-token>%s</d:sync-token>'
        '<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop>'
        '</d:sync-collection>')
LIST = ("BEGIN:VLIST\r\nUID:club.vlf\r\nVERSION:1.0\r\nFN:The club\r\n"
        "CARD;EMAIL=a@example.org;FN=Ann:a.vcf\r\n"
        "CARD;EMAIL=b@example.org;FN=Bob:10AF9A80.vcf\r\nEND:VLIST\r\n")


def api(server, method, path, number=None):
    status, _, body = server.http(method, "/api/v1" + path, auth=True,
                                  number=number)
    return status, json.loads(body) if body else None


def changes(server):
    status, body = api(server, "GET", "/history")
    same(status, 200, "listed")
    return body["changes"]


def command(server, *words):
    process = subprocess.run(
        [server.binary, "history", *words, "--data", server.data],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        env=server.env, timeout=120)
    said = process.stderr.decode()
    ok("Sanitizer" not in said, "history " + " ".join(words), said)
    return process.returncode, process.stdout.decode()


def sync(server, token):
    status, _, body = server.http(
        "REPORT", server.home("Calendar"), (SYNC % token).encode(),
        {"Content-Type": "application/xml"}, auth=True)
    same(status, 207, "sync-collection")
    text = body.decode()
    return (re.search(r"sync-token>([^<]+)<", text).group(1),
            re.findall(r"<[A-Z]+:href>([^<]+)</", text), text)


def put(server, path, body, kind="text/calendar"):
    status, fields, _ = server.http("PUT", path, body,
                                    {"Content-Type": kind}, auth=True)
    ok(status in (201, 204), "PUT " + path, status)
    return fields


def get(server, path):
    status, _, body = server.http("GET", path, auth=True)
    return status, body


def check_api(server):
    path = server.home("Calendar") + "e.ics"
    one, two = event("e", "One"), event("e", "Two")
    put(server, path, one)
    put(server, path, two)
    token = sync(server, "")[0]
    row = changes(server)[0]
    same((row["what"], row["kind"], row["collection"], row["name"],
          row["component"]),
         ("changed", "calendar", "personal", "e.ics", "VEVENT"),
         "the newest first")
    status, body = api(server, "GET", "/history/%d" % row["id"])
    same((status, body["text"].encode()), (200, one), "what was before")
    same(api(server, "GET", "/history/%d" % row["id"], 1)[0], 404,
         "not to others")
    same(api(server, "POST", "/history/%d/undo" % row["id"], 1)[0], 404,
         "nor for them to undo")
    status, body = api(server, "POST", "/history/%d/undo" % row["id"])
    same((status, body), (200, {"undone": "changed", "name": "e.ics"}),
         "undone")
    same(get(server, path), (200, one), "as it was")
    token, hrefs, _ = sync(server, token)
    same(hrefs, [path], "sync clients see it")

    same(server.http("DELETE", path, auth=True)[0], 204, "DELETE")
    token = sync(server, token)[0]
    row = changes(server)[0]
    same(row["what"], "removed", "removed")
    same(api(server, "POST", "/history/%d/undo" % row["id"])[0], 200, "back")
    same(get(server, path), (200, one), "as it was")
    token, hrefs, text = sync(server, token)
    ok(hrefs == [path] and "404" not in text, "sync clients get it back",
       text)
    same(api(server, "POST", "/history/999999/undo")[0], 404, "no such one")
    row = changes(server)[0]
    same(row["what"], "added", "which adds it")
    same(api(server, "POST", "/history/%d/undo" % row["id"])[0], 200,
         "taken away")
    same(get(server, path)[0], 404, "gone")


def check_command(server):
    user, _ = server.login()
    path = server.home("Contacts") + "c.vcf"
    put(server, path, card("c", "Ann"), "text/vcard")
    put(server, path, card("c", "Bob"), "text/vcard")
    code, text = command(server, "list", user)
    line = text.splitlines()[0].split()
    same((code, line[2:]), (0, ["changed", "Contacts/personal", "c.vcf"]),
         "listed")
    same(command(server, "show", user, line[0]),
         (0, card("c", "Ann").decode()), "shown")
    code, text = command(server, "undo", user, line[0])
    same((code, text), (0, "c.vcf: as it was before\n"), "undone")
    same(get(server, path), (200, card("c", "Ann")), "as it was")
    ok(command(server, "undo", user, "999999")[0] != 0, "no such change")
    ok(command(server, "undo", user, "x")[0] != 0, "no number")


def check_calendar(server):
    """A whole calendar, with a large event that is a file of its own."""
    folder = server.home("Calendar").replace("personal", "work")
    user, _ = server.login()
    same(server.http("MKCALENDAR", folder, auth=True)[0], 201, "MKCALENDAR")
    large = event("large", "L" * 70000)
    put(server, folder + "s.ics", event("s"))
    put(server, folder + "large.ics", large)
    same(server.http("DELETE", folder, auth=True)[0], 204, "DELETE all")
    same(get(server, folder + "large.ics")[0], 404, "gone")
    row = changes(server)[0]
    same((row["what"], row["items"]), ("removed-all", 2), "told")
    code, text = command(server, "undo", user, str(row["id"]))
    same((code, text), (0, "work: as it was before\n"), "undone")
    same(get(server, folder + "large.ics"), (200, large), "as it was")
    same(get(server, folder + "s.ics")[0], 200, "all of it")


def check_list(server):
    """SOGo's VLIST: members by UID where they are known."""
    book = server.home("Contacts")
    put(server, book + "a.vcf", card("uid-of-a"), "text/vcard")
    fields = put(server, book + "club.vlf", LIST.encode(), "text/x-vlist")
    ok("ETag" not in fields, "RFC 4791 5.3.4: no ETag of other bytes")
    status, body = get(server, book + "club.vlf")
    text = body.decode()
    same(status, 200, "GET")
    for line in ("X-ADDRESSBOOKSERVER-KIND:group",
                 "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:uid-of-a",
                 "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:10AF9A80.vcf",
                 "UID:club.vlf", "FN:The club"):
        ok("\r\n" + line + "\r\n" in text, line, text)


def main():
    with Server(1) as server:
        check_api(server)
        check_command(server)
        check_calendar(server)
        check_list(server)
    done()


if __name__ == "__main__":
    main()
