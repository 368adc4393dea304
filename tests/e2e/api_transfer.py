#!/usr/bin/env python3
"""A whole calendar or address book goes out by the API as one file, and comes
in with a result for each thing in it."""
import json
import re

from api_client import PREFIX, Browser, Document
from harness import Server, card, done, event, ok, same

ZONE = ("BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\n"
        "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
        "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")
ICS = {"Content-Type": "text/calendar; charset=utf-8"}
VCF = {"Content-Type": "text/vcard"}


def inner(text):
    """The components of a calendar object."""
    return re.sub(r"(?s)^.*?(?=BEGIN:V(?:EVENT|TODO|TIMEZONE))|"
                  r"END:VCALENDAR\r\n$", "", text.decode())


def calendar(*parts):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//other//EN\r\n" +
            "".join(parts) + "END:VCALENDAR\r\n").encode()


def zoned(uid):
    """A series with one turn that is another time."""
    return (ZONE + "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
            "DTSTART;TZID=Here:20261201T100000\r\nRRULE:FREQ=DAILY;COUNT=3"
            "\r\nSUMMARY:Series\r\nEND:VEVENT\r\n"
            "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
            "RECURRENCE-ID;TZID=Here:20261202T100000\r\n"
            "DTSTART;TZID=Here:20261202T120000\r\nSUMMARY:Later\r\n"
            "END:VEVENT\r\n" % (uid, uid))


def places(b, kind):
    found = b.call("GET", "/" + kind)
    same(found.status, 200, "listed")
    return {p["name"]: p for p in found.json()[kind.replace("-", "_")]}


def export(b, kind, number):
    found = b.call("GET", "/%s/%d/export" % (kind, number))
    same(found.status, 200, "exported")
    return found.body


def fates(found):
    """uid to result, with the words of a refusal."""
    return {i["uid"]: (i["result"], i.get("why", ""))
            for i in found.json()["items"]}


def counts(found):
    answer = found.json()
    return tuple(answer[k] for k in ("added", "unchanged", "refused"))


def test_calendar(s, b):
    b.call("GET", "/calendars")
    broken = ("BEGIN:VEVENT\r\nUID:broken\r\nDTSTART:yesterday\r\n"
              "END:VEVENT\r\n")
    file = calendar(inner(event("a", "Ann")), zoned("z"), broken)
    found = b.call("POST", "/calendars/import?collection=trip"
                   "&display-name=The%20trip", file, ICS)
    same((found.status, counts(found)), (200, (2, 0, 1)), "imported")
    each = fates(found)
    same((each["a"], each["z"], each["broken"][0]),
         (("added", ""), ("added", ""), "refused"), "a result for each")
    ok("RFC 5545" in each["broken"][1], "with the rule", each["broken"])
    trip = places(b, "calendars")["trip"]
    same((trip["display_name"], trip["items"], trip["id"]),
         ("The trip", 2, found.json()["id"]), "a calendar is made")
    found = b.call("POST", "/calendars/import?collection=trip", file, ICS)
    same(counts(found), (0, 2, 1), "again: nothing more")
    other = calendar(inner(event("a", "Another")), inner(event("n", "New")))
    found = b.call("POST", "/calendars/import?collection=trip", other, ICS)
    same(counts(found), (1, 0, 1), "what is there is kept")
    ok("kept" in fates(found)["a"][1], "and that is said", fates(found))

    text = export(b, "calendars", trip["id"])
    same((text.count(b"BEGIN:VCALENDAR"), text.count(b"BEGIN:VEVENT"),
          text.count(b"BEGIN:VTIMEZONE")), (1, 4, 1), "one file")
    ok(b"SUMMARY:Ann\r\n" in text and b"NAME:The trip\r\n" in text,
       "of what was there", text)
    found = b.call("POST", "/calendars/import?collection=trip", text, ICS)
    same(counts(found), (0, 3, 0), "which changes nothing where it is from")
    found = b.call("POST", "/calendars/import?collection=copy", text, ICS)
    same(counts(found), (3, 0, 0), "and fills another one")
    home = s.home("Calendar").replace("personal", "copy")
    status, _, got = s.http("GET", home, auth=True)
    same((status, sorted(inner(got).splitlines())),
         (200, sorted(inner(text).splitlines())), "with the same")


def test_book(s, b):
    """What was put by DAV comes out and is known again."""
    before = places(b, "address-books")["personal"]["items"]
    for name in ("ann", "bob"):
        same(s.http("PUT", s.home("Contacts") + name + ".vcf",
                    card(name).replace(b"\r\n", b"\n"), VCF,
                    auth=True)[0], 201, "put " + name)
    place = places(b, "address-books")["personal"]
    same(place["items"], before + 2, "counted")
    text = export(b, "address-books", place["id"])
    same(text.count(b"BEGIN:VCARD"), before + 2, "all come out")
    same(counts(b.call("POST", "/address-books/import", text, VCF)),
         (0, before + 2, 0), "into the personal one when none is named")
    found = b.call("POST", "/address-books/import",
                   text + card("cat") + b"BEGIN:VCARD\r\nVERSION:3.0\r\n"
                   b"UID:bad\r\nnonsense\r\nEND:VCARD\r\n", VCF)
    same((counts(found), fates(found)["bad"][0]),
         ((1, before + 2, 1), "refused"), "some new, some not, one bad")
    many = b"".join(card("m%d" % i) for i in range(300))
    found = b.call("POST", "/address-books/import?collection=many", many, VCF)
    same((counts(found), len(found.json()["items"])), ((300, 0, 0), 300),
         "many")
    same(export(b, "address-books", found.json()["id"]), many,
         "and out as they came")


def test_large(b):
    """More than one piece of the answer."""
    many = calendar(*(inner(event("l%d" % i, "L" * 60000))
                      for i in range(8)))
    found = b.call("POST", "/calendars/import?collection=large", many, ICS)
    same(counts(found), (8, 0, 0), "large ones")
    text = export(b, "calendars", found.json()["id"])
    ok(text.endswith(b"END:VCALENDAR\r\n")
       and text.count(b"BEGIN:VEVENT") == 8, "come out whole", len(text))
    tiny = b"".join(b"BEGIN:VCARD\r\nEND:VCARD\r\n" for _ in range(10001))
    same((b.call("POST", "/address-books/import?collection=no", tiny,
                 VCF).status, "no" in places(b, "address-books")),
         (409, False), "one too many")


def test_refusals(s, b, other):
    mine = places(b, "calendars")["personal"]["id"]
    foreign = 1 + max(p["id"] for p in places(b, "calendars").values())
    book = places(b, "address-books")["personal"]["id"]
    for name, path, wanted in (
            ("of no calendar", "/calendars/%d/export" % (foreign + 99), 404),
            ("of a book as a calendar", "/calendars/%d/export" % book, 404),
            ("of a name", "/calendars/personal/export", 404)):
        same(b.call("GET", path).status, wanted, "no export " + name)
    trip = places(b, "calendars")["trip"]["id"]
    same((other.call("GET", "/calendars/%d/export" % trip).status,
          "trip" in places(other, "calendars")), (404, False),
         "not another person's")
    file = event("r")
    to = "/calendars/import"
    for name, path, body, fields, wanted in (
            ("nothing", to, b"", ICS, 400),
            ("no calendar", to, b"Hello", ICS, 400),
            ("a card", to, card("c"), ICS, 400),
            ("as JSON", to, file, {"Content-Type": "application/json"}, 415),
            ("as contacts", to, file, VCF, 415),
            ("packed", to, file, dict(ICS, **{"Content-Encoding": "gzip"}),
             415),
            ("to the inbox", to + "?collection=inbox", file, ICS, 400),
            ("to a path", to + "?collection=a%2Fb", file, ICS, 400),
            ("to no UTF-8", to + "?collection=%ff", file, ICS, 400),
            ("to a long name", to + "?collection=" + "n" * 256, file, ICS,
             400),
            ("called with a NUL", to + "?collection=q&display-name=%01",
             file, ICS, 400),
            ("with a wish", to + "?existing=replace", file, ICS, 400)):
        same(b.call("POST", path, body, fields).status, wanted,
             "no import: " + name)
    token, b.token = b.token, None
    same(b.call("POST", to, file, ICS).status, 403, "none without the token")
    b.token = token
    same(b.call("POST", to, file, dict(ICS, Origin="https://evil.example"))
         .status, 403, "none from elsewhere")
    same(b.raw("POST", to, file, ICS).status, 401, "none of nobody")
    ok(b"UID:r" not in export(b, "calendars", mine), "none of that came in")
    home = s.home("Calendar").replace("personal", "tasks")
    same(s.http("MKCALENDAR", home, (
        '<c:mkcalendar xmlns:c="urn:ietf:params:xml:ns:caldav" '
        'xmlns:d="DAV:"><d:set><d:prop><c:supported-calendar-component-set>'
        '<c:comp name="VTODO"/></c:supported-calendar-component-set>'
        '</d:prop></d:set></c:mkcalendar>').encode(),
        {"Content-Type": "application/xml"}, auth=True)[0], 201, "tasks")
    found = b.call("POST", to + "?collection=tasks", file, ICS)
    same((counts(found), fates(found)["r"][0]), ((0, 0, 1), "refused"),
         "no events among tasks")
    found = s.http("POST", PREFIX + to, file, ICS, auth=True)
    same((found[0], json.loads(found[2])["added"]), (200, 1),
         "a script by Basic")


def main():
    with Server(1) as s:
        Browser.document = Document(s.http("GET", PREFIX
                                           + "/openapi.json")[2])
        same(list(Browser.document.faults()), [], "described")
        b, other = Browser(s), Browser(s)
        b.sign_in()
        other.sign_in(1)
        test_calendar(s, b)
        test_book(s, b)
        test_large(b)
        test_refusals(s, b, other)
        same(Browser.wrong, [], "all answers are as described")
    done()


if __name__ == "__main__":
    main()
