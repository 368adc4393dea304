#!/usr/bin/env python3
"""All of a person out by the API as the command writes it, into another
account, and mailboxes as mbox; a client that reads slowly, and archives that
somebody has changed."""
import http.client
import io
import os
import tarfile

from api_client import PREFIX, Browser, Document, basic, by_imap
from harness import Named, Server, card, command, done, event, ok, same

TAR = {"Content-Type": "application/x-tar"}
MBOX = {"Content-Type": "application/mbox"}
KINDS = ("mail", "calendars", "contacts", "attachments", "files", "sieve",
         "settings")
SCRIPT = b"keep;\r\n"


def letter(name, body=b"text\r\n"):
    return (b"From: a@example.org\r\nSubject: %s\r\n\r\n" % name) + body


def fill(s):
    address, password = s.login(0)
    client = by_imap(s, address, password)
    client.create('"W&AOk-rk/2024"')
    for name, flags, text in (
            ("INBOX", "(\\Seen $Work)", letter(b"one")),
            ("INBOX", "", letter(b"large", b"x" * 75 + b"\r\n" +
                                 b"From me\r\n>From you\r\n" * 20000)),
            ('"W&AOk-rk/2024"', "(\\Flagged)", letter(b"two"))):
        same(client.append(name, flags, '"17-Jul-1996 02:44:25 +0000"',
                           text)[0], "OK", "kept")
    client.logout()
    for kind, name, text, media in (
            ("Calendar", "a.ics", event("a", "One"), "text/calendar"),
            ("Contacts", "c.vcf", card("c", "Ann"), "text/vcard")):
        same(s.http("PUT", "/SOGo/dav/%s/%s/personal/%s" % (
            address, kind, name), text, {"Content-Type": media}, auth=True,
            number=0)[0], 201, "put")
    same(s.http("PUT", "/SOGo/dav/%s/Files/b.bin" % address,
                bytes(range(256)) * 2000,
                {"Content-Type": "application/x-own"}, auth=True,
                number=0)[0], 201, "a file")
    command(s, "share", "add", address, "Calendar/personal", s.login(2)[0],
            "read")


def counts(found):
    """What was added, there, refused, of each kind that had something."""
    answer = found.json()
    ok("stopped" not in answer, "all of it", answer)
    same(tuple(k["kind"] for k in answer["kinds"]), KINDS, "each kind")
    return {k["kind"]: (k["added"], k["unchanged"], k["refused"])
            for k in answer["kinds"]
            if k["added"] + k["unchanged"] + k["refused"]}


def members(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {m.name: tar.extractfile(m).read() if m.isfile() else None
                for m in tar.getmembers()}


def tar_of(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w",
                      format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def read_slowly(s, b):
    """A little at a time, while others are answered."""
    client = http.client.HTTPSConnection(
        s.ip, s.ports["https"], timeout=60, context=Named(s))
    client.request("GET", PREFIX + "/archive", headers={
        "Host": "%s:%d" % (s.host, s.ports["https"]),
        "Cookie": "__Host-posthaste=" + b.cookie})
    answer = client.getresponse()
    whole = answer.read(1)
    for _ in range(10):
        whole += answer.read(700)
        same(b.call("GET", "/me").status, 200, "others are answered")
    while piece := answer.read(65536):
        whole += piece
    client.close()
    return whole


def export(b):
    found = b.call("GET", "/archive")
    same((found.status, found.fields["Content-Type"]),
         (200, "application/x-tar"), "an archive")
    return found


def test_archive(s, one, two):
    found = export(one)
    ok('filename="%s-' % s.login(0)[0] in found.fields["Content-Disposition"],
       "named", found.fields["Content-Disposition"])
    folder = os.path.join(s.folder, "out")
    command(s, "export", s.login(0)[0], "--to", folder, "--format",
            "archive")
    with open(os.path.join(folder, s.login(0)[0] + ".tar"), "rb") as file:
        ok(file.read() == found.body, "byte for byte as the command's")
    ok(read_slowly(s, one) == found.body, "also slowly")
    names = members(found.body)
    same(sum("/cur/" in n and d is not None for n, d in names.items()), 3,
         "messages in it")
    found = two.call("POST", "/archive/import", found.body, TAR)
    same(counts(found), {"mail": (3, 0, 0), "calendars": (1, 0, 0),
                         "contacts": (1, 0, 0), "files": (1, 0, 0),
                         "settings": (1, 0, 0)}, "taken")
    again = export(two).body
    same(sorted(members(again).items()), sorted(names.items()), "the same")
    same(counts(two.call("POST", "/archive/import", again, TAR)),
         {"mail": (0, 3, 0), "calendars": (0, 1, 0), "contacts": (0, 1, 0),
          "files": (0, 1, 0), "settings": (0, 1, 0)}, "once more: nothing")
    same(members(export(two).body), members(again), "nor changed")


def boxes(b):
    found = b.call("GET", "/mailboxes")
    same(found.status, 200, "listed")
    return {m["name"]: m for m in found.json()["mailboxes"]}


def export_box(b, number):
    found = b.call("GET", "/mailboxes/%d/export?format=mbox" % number)
    same((found.status, found.fields["Content-Type"]),
         (200, "application/mbox"), "an mbox")
    return found.body


def test_mbox(s, one, three):
    mine = boxes(one)
    same([(mine[n]["items"], mine[n]["unseen"])
          for n in ("INBOX", "W\u00e9rk/2024")], [(2, 1), (1, 1)], "counted")
    text = export_box(one, mine["INBOX"]["id"])
    folder = os.path.join(s.folder, "mbox")
    command(s, "export", s.login(0)[0], "--to", folder, "--format", "mbox")
    with open(os.path.join(folder, "INBOX.mbox"), "rb") as file:
        ok(file.read() == text, "byte for byte as the command's")
    ok(b"\n>From me\n>>From you\n" in text, "quoted")
    path = "/mailboxes/import?mailbox=Old%2Fone"
    found = three.call("POST", path, text, MBOX)
    answer = found.json()
    same([answer[k] for k in ("mailbox", "added", "unchanged", "refused")],
         ["Old/one", 2, 0, 0], "taken")
    same(three.call("POST", path, text, MBOX).json()["unchanged"], 2,
         "once more: nothing")
    ok(export_box(three, boxes(three)["Old/one"]["id"]) == text, "the same")
    same(three.call("POST", "/mailboxes/import", letter(b"none"), MBOX)
         .status, 400, "none")
    for name in ("Other%20Users%2Fx", "a%2F%2Fb", "%01", "%ff", "n" * 2000):
        same(three.call("POST", "/mailboxes/import?mailbox=" + name, text,
                        MBOX).status, 400, "no mailbox " + name[:20])
    same(three.call("POST", "/mailboxes/import",
                    b"From a\n\n" * 10001, MBOX).status, 409, "too many")
    book = three.call("GET", "/address-books").json()["address_books"][0]
    for number in (0, 999999, book["id"], 1 << 60):
        same(three.call("GET", "/mailboxes/%d/export" % number).status, 404,
             "no mailbox %d" % number)
    same(three.call("GET", "/mailboxes/%d/export?format=maildir"
                    % boxes(three)["INBOX"]["id"]).status, 400, "no Maildir")


def send_large(s):
    """Refused by its head: nothing of the body is sent."""
    client = http.client.HTTPSConnection(
        s.ip, s.ports["https"], timeout=60, context=Named(s))
    client.putrequest("POST", PREFIX + "/archive/import", skip_host=True)
    for name, value in dict(TAR, **{
            "Host": "%s:%d" % (s.host, s.ports["https"]),
            "Content-Length": "10485761"}).items():
        client.putheader(name, value)
    client.endheaders()
    answer = client.getresponse()
    found = answer.status, answer.read()
    client.close()
    return found


def test_hostile(s, b, good):
    manifest = ("manifest", members(good)["manifest"])
    before = export(b).body
    for name, data, status in (
            ("nothing", b"", 400), ("no tar", b"x" * 2000, 400),
            ("cut off", good[:-1024], 400), ("damaged", b"y" + good[1:], 400),
            ("of others", tar_of([("cur/1", letter(b"x"))]), 400),
            ("of tomorrow", tar_of([("manifest", b"posthaste archive 2\n")]),
             400),
            ("mailboxes in turns", tar_of([manifest] + [
                ("mail/.%s/cur/%d" % ("AB"[i % 2], i), letter(b"x"))
                for i in range(4)]), 400),
            ("too many", tar_of([manifest] + [
                ("mail/.M%d/cur/1" % i, letter(b"x")) for i in range(501)]),
             409),
            ("too much aside", tar_of([manifest, (
                "settings/shares", b"x\n" * 524289)]), 409)):
        same(b.call("POST", "/archive/import", data, TAR).status, status,
             "none: " + name)
    same(export(b).body, before, "of which nothing came in")
    found = b.call("POST", "/archive/import", tar_of([manifest] + [
        ("mail/cur/%d" % i, b"a\0b") for i in range(30)] + [
            ("calendars/x%2Fy/.name", b""), ("calendars/x/z.ics", b"z"),
            ("files/Files%2F..%2Fx/.name", b""),
            ("attachments/mine/.name", b""),
            ("sieve/..%2Fx.sieve", b"nonsense;"),
            ("settings/shares", b"Calendar%2Fnone " +
             s.login(0)[0].encode() + b" read\nMail " +
             s.login(0)[0].encode() + b" all\nContacts domain read\n"
             b"Calendar domain busy\nCalendar/personal anyone read\n"
             b"Calendar/personal nobody@elsewhere.test read\n"),
            ("settings/forward", b"keep 1\n" + b"".join(
                b"a%d@example.org\n" % i for i in range(5))),
            ("settings/subscriptions", b"calendar q " +
             s.login(0)[0].encode() + b" personal\n")]), TAR)
    ok(all(c[:2] == (0, 0) for c in counts(found).values()),
       "nothing is added", found.json())
    mail = found.json()["kinds"][0]
    same((mail["refused"], len(mail["refusals"])), (30, 20), "the first ones")
    ok(all(r["what"] and r["why"] for k in found.json()["kinds"]
           for r in k["refusals"]), "in words", found.json())
    same({k for k, _ in members(export(b).body).items()},
         {k for k, _ in members(before).items()}, "and nothing is there")
    status, text = send_large(s)
    ok(status == 413 and b"10485760" in text and b"posthaste import" in text,
       "too large", (status, text))


def test_refusals(s, b, good):
    for path, body, fields in (
            ("/archive/import", good, TAR),
            ("/mailboxes/import", b"From a\n\n", MBOX)):
        token, b.token = b.token, None
        same(b.call("POST", path, body, fields).status, 403, "no token")
        b.token = token
        same(b.call("POST", path, body, dict(
            fields, Origin="https://evil.example")).status, 403, "elsewhere")
        same(b.call("POST", path, body, {"Content-Type": "text/plain"})
             .status, 415, "another type")
    made = b.call("POST", "/app-passwords", {"label": "x"}).json()
    for path in ("/archive", "/mailboxes"):
        same(s.http("GET", PREFIX + path)[0], 401, "of nobody")
        same(s.http("GET", PREFIX + path, headers=basic(
            s.login(0)[0], made["password"]))[0], 401, "by app password")
    same(s.http("GET", PREFIX + "/archive", auth=True, number=0)[0], 200,
         "a script by Basic")


def main():
    with Server(4, settings={"publish": "off"}) as s:
        Browser.document = Document(s.http("GET", PREFIX
                                           + "/openapi.json")[2])
        same(list(Browser.document.faults()), [], "described")
        people = [Browser(s) for _ in range(4)]
        for i, b in enumerate(people):
            b.sign_in(i)
        fill(s)
        test_archive(s, people[0], people[1])
        test_mbox(s, people[0], people[2])
        good = export(people[0]).body
        same(Browser.wrong, [], "all answers are as described")
        test_hostile(s, people[3], good)
        test_refusals(s, people[0], good)
        same(Browser.wrong, [], "all answers are as described")
        ok(" 0 faults" in command(s, "verify", "--bodies"),
           "the books are right")
    done()


if __name__ == "__main__":
    main()
