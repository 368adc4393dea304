#!/usr/bin/python3
"""Time zones for everybody (RFC 7808): found by the well-known address and by
the property of a calendar home, listed, given, found, expanded."""
import datetime
import json
import re
import urllib.parse
import zoneinfo

from harness import Server, done, ok, same

UTC = datetime.timezone.utc


def get(server, path, method="GET", **fields):
    status, head, body = server.http(method, path, headers=fields)
    return status, head, body


def data(server, path):
    status, head, body = get(server, path)
    same((status, head["Content-Type"]), (200, "application/json"), path)
    return json.loads(body)


def refused(server, path, status, error, **fields):
    found, head, body = get(server, path, **fields)
    same((found, head["Content-Type"], json.loads(body or b"{}").get("type")),
         (status, "application/problem+json",
          "urn:ietf:params:tzdist:error:" + error), path[:70])


def discovered(server):
    for tail in "", "/", "/capabilities", "/zones?pattern=x%2A":
        status, head, _ = get(server, "/.well-known/timezone" + tail)
        same((status, re.sub("^https://[^/]+", "", head["Location"])),
             (301, "/tzdist" + ("" if tail == "/" else tail)),
             "well-known " + tail)
    status, _, body = server.http(
        "PROPFIND", server.home("Calendar").rsplit("personal", 1)[0],
        b'<propfind xmlns="DAV:"><prop><timezone-service-set xmlns='
        b'"urn:ietf:params:xml:ns:caldav"/></prop></propfind>',
        {"Depth": "0"}, auth=True)
    href = re.search(rb"timezone-service-set><D:href>https://[^/<]+([^<]*)<",
                     body)
    ok(status == 207 and href, "a calendar home names it", body)
    same(href and href.group(1), b"/tzdist", "this one")
    found = data(server, "/tzdist/capabilities")
    same(found["version"], 1, "version 1")
    same([a["name"] for a in found["actions"]],
         ["capabilities", "list", "get", "expand", "find", "leapseconds"],
         "its actions")


def listed(server):
    found = data(server, "/tzdist/zones")
    zones = {z["tzid"]: z for z in found["timezones"]}
    ok(len(zones) > 300 and "Europe/Berlin" in zones and "Etc/UTC" in zones,
       "all zones", len(zones))
    ok(all(set(z) - {"aliases"} ==
           {"tzid", "etag", "last-modified", "publisher", "version"}
           for z in zones.values()), "with what must be told of each")
    ok("US/Eastern" in zones["America/New_York"]["aliases"] and
       "US/Eastern" not in zones, "other names stand with their zone")
    again = data(server, "/tzdist/zones?changedsince=" + found["synctoken"])
    same((again["synctoken"], again["timezones"]), (found["synctoken"], []),
         "nothing has changed since")
    # RFC 7808 4.2.2.2: a token of long ago.
    same(data(server, "/tzdist/zones?changedsince=x"), found,
         "all, where it is not known what has changed")
    refused(server, "/tzdist/zones?changedsince=x&changedsince=x", 400,
            "invalid-changedsince")
    refused(server, "/tzdist/zones?pattern=x&changedsince=x", 400,
            "invalid-changedsince")
    return zones


def conditional(server, path):
    status, head, body = get(server, path)
    etag = head["ETag"]
    ok(status == 200 and re.fullmatch('"[0-9a-f]{32}"', etag) and
       "max-age" in head["Cache-Control"], "kept by caches: " + path, head)
    status, head, rest = get(server, path, **{"If-None-Match": etag})
    same((status, head["ETag"], rest), (304, etag, b""), "304: " + path)
    status, head, rest = get(server, path, "HEAD")
    same((status, head["ETag"], int(head["Content-Length"]), rest),
         (200, etag, len(body), b""), "HEAD: " + path)
    status, _, rest = get(server, path, Range="bytes=0-9")
    same((status, rest), (200, body), "Range does no harm: " + path)
    same(get(server, path, "POST")[0], 405, "not POST: " + path)
    return etag


def given(server, zones):
    for name in "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/UTC":
        for path in name, urllib.parse.quote(name, safe=""):
            status, head, body = get(server, "/tzdist/zones/" + path)
            same((status, head["Content-Type"]),
                 (200, "text/calendar; charset=utf-8"), "get " + path)
            text = body.decode()
            ok(text.startswith("BEGIN:VCALENDAR\r\n") and
               "\r\nTZID:%s\r\n" % name in text and
               text.count("BEGIN:VTIMEZONE") == 1 and
               "freeassociation" not in text, "under its name " + name, text)
            same(head["ETag"], '"%s"' % zones[name]["etag"],
                 "with the ETag of the list")
    ok(b"\r\nTZID:US/Eastern\r\nTZID-ALIAS-OF:America/New_York\r\n" in
       get(server, "/tzdist/zones/US/Eastern")[2], "another name of one")
    for accept, status in (("text/calendar", 200), ("text/*;q=0.1", 200),
                           ("application/json, */*;q=0.5", 200),
                           ("application/calendar+json", 406),
                           ("text/calendar;q=0", 406)):
        same(get(server, "/tzdist/zones/Europe/Paris", Accept=accept)[0],
             status, "Accept: " + accept)
    for name in ("Mars/Phobos", "posixrules", "Europe", "Europe/", "UTC%00",
                 "a" * 300, "tzdata.zi"):
        status = get(server, "/tzdist/zones/" + name)[0]
        ok(status in (400, 404), "no zone: " + name[:20], status)
    same(get(server, "/tzdist/zones/..%2F..%2Fpasswd")[0], 400, "no way out")
    refused(server, "/tzdist/zones/Mars/Phobos", 404, "tzid-not-found")
    refused(server, "/tzdist/zones/Europe/Paris", 406, "invalid-format",
            Accept="text/html")
    refused(server, "/tzdist/zones/Europe/Paris?start=2020-01-01T00:00:00Z",
            400, "invalid-start")
    refused(server, "/tzdist/zones/Europe/Paris?end=2020-01-01T00:00:00Z",
            400, "invalid-end")
    refused(server, "/tzdist/leapyears", 400, "invalid-action")
    refused(server, "/tzdist", 400, "invalid-action")


def found(server, zones):
    def names(pattern):
        return [z["tzid"] for z in data(
            server, "/tzdist/zones?pattern=" + urllib.parse.quote(pattern)
        )["timezones"]]

    same(names("europe/berlin"), ["Europe/Berlin"], "one, in any case")
    same(names("*new york"), ["America/New_York"], "what ends so")
    same(names("America/Argentina/*"),
         sorted(z for z in zones if z.startswith("America/Argentina/")),
         "what begins so")
    same(names("*indiana*"),
         sorted(z for z in zones if "Indiana" in z), "what has it")
    same(names("us/pacif*"), ["America/Los_Angeles"], "by another name")
    same(names("nowhere"), [], "none")
    same(names("\\*"), [], "a star itself")
    for bad in "", "*", "**", "a*b", "\\", "a\\b", "x" * 65:
        refused(server, "/tzdist/zones?pattern=" + urllib.parse.quote(bad),
                400, "invalid-pattern")
    refused(server, "/tzdist/zones?pattern=a&pattern=b", 400,
            "invalid-pattern")


def moment(text):
    return datetime.datetime.strptime(
        text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def differing(seen, name, end):
    """Each offset is what Python finds in the same database."""
    zone = zoneinfo.ZoneInfo(name)
    wrong = []
    for at, row in enumerate(seen):
        last = moment(seen[at + 1]["onset"]) if at + 1 < len(seen) \
            else moment(end)
        for when in (moment(row["onset"]),
                     last - datetime.timedelta(seconds=1)):
            offset = when.astimezone(zone).utcoffset().total_seconds()
            if offset != row["utc-offset-to"]:
                wrong.append((when.isoformat(), offset, row))
    return wrong


def observances(server, name, start, end):
    return json.loads(get(
        server, "/tzdist/zones/%s/observances?start=%s&end=%s"
        % (urllib.parse.quote(name, safe=""), start, end))[2])


def expanded(server, name, start, end):
    answer = observances(server, name, start, end)
    seen = answer["observances"]
    same((answer["tzid"], answer["start"], answer["end"], seen[0]["onset"]),
         (name, start, end, start), "from its begin on: " + name)
    wrong = differing(seen, name, end)
    ok(not wrong, "%s as Python has it, %d" % (name, len(seen)), wrong[:3])
    return seen


def all_exact(server, zones):
    """Every fourth, from 1970 on; a unit test looks at all."""
    wrong, count = [], 0
    for name in sorted(zones)[::4]:
        seen = observances(server, name, "1970-01-01T00:00:00Z",
                           "2038-01-01T00:00:00Z")["observances"]
        wrong += differing(seen, name, "2038-01-01T00:00:00Z")
        count += len(seen)
    ok(not wrong and count > 2000, "as Python has them, %d turns" % count,
       wrong[:3])


def expands(server):
    seen = expanded(server, "America/New_York", "2026-01-01T00:00:00Z",
                    "2027-01-01T00:00:00Z")
    same([(o["name"], o["onset"], o["utc-offset-from"], o["utc-offset-to"])
          for o in seen][1:],
         [("EDT", "2026-03-08T07:00:00Z", -18000, -14400),
          ("EST", "2026-11-01T06:00:00Z", -14400, -18000)], "New York")
    same((seen[0]["utc-offset-from"], seen[0]["utc-offset-to"]),
         (-18000, -18000), "which is on standard time, and was")
    seen = expanded(server, "America/New_York", "2026-03-08T07:00:00Z",
                    "2026-04-01T00:00:00Z")
    same([(o["utc-offset-from"], o["utc-offset-to"]) for o in seen],
         [(-18000, -14400)], "a change at the very start")
    for name in "America/New_York", "US/Eastern":
        path = "/tzdist/zones/" + name
        same(get(server, path + "/observances?start=2026-01-01T00:00:00Z&"
                 "end=2027-01-01T00:00:00Z")[1]["ETag"],
             get(server, path)[1]["ETag"], "the ETag is the zone's: " + name)
    same(len(expanded(server, "Etc/UTC", "2026-01-01T00:00:00Z",
                      "2030-01-01T00:00:00Z")), 1, "UTC never changes")
    # By the rules that the files end with.
    for name in ("Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo",
                 "America/Nuuk", "Asia/Gaza", "Asia/Tokyo"):
        expanded(server, name, "2090-01-01T00:00:00Z", "2110-01-01T00:00:00Z")
    base = "/tzdist/zones/Europe/Paris/observances"
    for query, error in (
            ("", "start"), ("?end=2020-01-01T00:00:00Z", "start"),
            ("?start=2020-01-01&end=2021-01-01T00:00:00Z", "start"),
            ("?start=2020-02-30T00:00:00Z&end=2021-01-01T00:00:00Z", "start"),
            ("?start=2020-01-01T00:00:00Z", "end"),
            ("?start=2020-01-01T00:00:00Z&end=2020-01-01T00:00:00Z", "end"),
            ("?start=2020-01-01T00:00:00Z&end=9999-01-01T00:00:00Z", "end"),
            ("?start=0001-01-01T00:00:00Z&end=2500-01-01T00:00:00Z", "end"),
            ("?start=2020-01-01T00:00:00Z&start=2020-01-01T00:00:00Z&"
             "end=2021-01-01T00:00:00Z", "start"),
            ("?start=2020-01-01T00:00:00Z&end=2021-01-01T00:00:00Z&"
             "end=2021-01-01T00:00:00Z", "end")):
        refused(server, base + query, 400, "invalid-" + error)
    refused(server, "/tzdist/zones/Mars/Phobos/observances?"
            "start=2020-01-01T00:00:00Z&end=2021-01-01T00:00:00Z", 404,
            "tzid-not-found")


def leaps(server):
    """RFC 7808 5.6"""
    answer = data(server, "/tzdist/leapseconds")
    rows = [(row["onset"], row["utc-offset"])
            for row in answer["leapseconds"]]
    same((set(answer), rows[:2]),
         ({"expires", "publisher", "version", "leapseconds"},
          [("1972-01-01", 10), ("1972-07-01", 11)]), "the first leap second")
    ok(("2017-01-01", 37) in rows and rows == sorted(rows) and
       answer["expires"] > rows[-1][0], "and that of 2017", answer)


def main():
    with Server(users=1) as server:
        discovered(server)
        zones = listed(server)
        given(server, zones)
        for path in ("/tzdist/capabilities", "/tzdist/zones",
                     "/tzdist/leapseconds",
                     "/tzdist/zones?pattern=x*", "/tzdist/zones/Asia/Tokyo",
                     "/tzdist/zones/Asia/Tokyo/observances?"
                     "start=2020-01-01T00:00:00Z&end=2021-01-01T00:00:00Z"):
            conditional(server, path)
        found(server, zones)
        expands(server)
        leaps(server)
        all_exact(server, zones)
    done()


main()
