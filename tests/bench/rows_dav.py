"""CalDAV: how the cost grows with a collection, and other servers."""
import os

import dav_peers
from machine import Failed
from rows import compare, figure, part, rate, row
from rows_web import PROPFIND, SYNC, XML

GROWTH = {100: 140, 1000: 141, 10000: 142, 100000: 143}     # objects: user
FIRST_PEER = 144
FORMAT = "BEGIN:VEVENT\r\nUID:growth-%06d\r\nDTSTAMP:20260101T000000Z\r\n" \
    "DTSTART;TZID=Europe/Berlin:%04d%02d%02dT%02d0000\r\n" \
    "DURATION:PT30M\r\nSUMMARY:Meeting %d\r\n%sEND:VEVENT\r\n"
# Four of ten recur, as often as in the calendars of people who work.
RULES = ["RRULE:FREQ=WEEKLY;COUNT=26\r\n", "RRULE:FREQ=DAILY;COUNT=10\r\n",
         "RRULE:FREQ=MONTHLY;COUNT=24\r\n", "RRULE:FREQ=WEEKLY\r\n"]
ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE
""".replace("\n", "\r\n")
MONTH = ('<?xml version="1.0"?><C:calendar-query xmlns:D="DAV:"'
         ' xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>'
         '</D:prop><C:filter><C:comp-filter name="VCALENDAR">'
         '<C:comp-filter name="VEVENT"><C:time-range'
         ' start="20260301T000000Z" end="20260401T000000Z"/>'
         "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>")
MULTIGET = ('<?xml version="1.0"?><C:calendar-multiget xmlns:D="DAV:"'
            ' xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>'
            "<C:calendar-data/></D:prop>%s</C:calendar-multiget>")
OWN = "/SOGo/dav/{user}/Calendar/personal/"


def one_event(number):
    """A day of two years, by a multiplication that leaves none out."""
    day = number * 7919 % 730
    rule = number % 10 - 6
    return FORMAT % (number, 2025 + day // 365, 1 + day % 365 // 31,
                     1 + day % 28, 8 + number % 10, number,
                     RULES[rule] if rule >= 0 else "")


def calendar(events):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n" +
            ZONE + events + "END:VCALENDAR\r\n")


def sizes(bench):
    return [size for size in GROWTH if size <= bench.less(100000)]


def fill(bench):
    for size in sizes(bench):
        path = os.path.join(bench.server.folder, "growth.ics")
        with open(path, "w", encoding="ascii", newline="") as file:
            file.write(calendar("".join(one_event(number)
                                        for number in range(size))))
        bench.server.command(
            "import", bench.server.user(GROWTH[size])[0], "--data",
            bench.server.data, "--from", path, "--format", "ics")
        os.unlink(path)


def ask(bench, target, name, body, **options):
    """One request again and again; what the generator found."""
    path = os.path.join(bench.server.folder, "body")
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(body)
    least = options.pop("least", 0)
    options.setdefault("expect", 207)
    options.setdefault("method", "REPORT")
    options.setdefault("headers", XML % options.pop("depth", 1))
    options["count"] = bench.less(options.get("count", 40))
    found = bench.load("request", "proxy", target, spread=1, body=path,
                       seconds=options.pop("seconds", 10), **options)
    if found["elements"] < least:
        raise Failed("%s: %d responses, not %d" % (
            name, found["elements"], least))
    return found


def changed(bench, size):
    """The answer to a sync of three changes: its request."""
    user = GROWTH[size]
    home = OWN.replace("{user}", bench.server.user(user)[0])
    fields = {"Content-Type": "application/xml", "Depth": "1"}
    status, body = bench.server.http(user, "PROPFIND", home, (
        '<propfind xmlns="DAV:"><prop><sync-token/></prop></propfind>'
    ).encode(), dict(fields, Depth="0"))
    token = body.split(b"sync-token>")[1].split(b"<")[0].decode()
    if status != 207:
        raise Failed("no sync-token: %d" % status)
    for number in range(3):
        status, _ = bench.server.http(
            user, "PUT", "%schange-%d.ics" % (home, number), calendar(
                one_event(1000000 + number)).encode(),
            {"Content-Type": "text/calendar"})
        if status not in (201, 204):
            raise Failed("PUT: %d" % status)
    return SYNC % token


def flat(bench, size):
    """What must not grow: name, request."""
    put = calendar(one_event(2000000))
    return (
        ("PROPFIND 0", dict(body=PROPFIND, method="PROPFIND", depth=0,
                            least=1, count=400)),
        ("3 changes", dict(body=changed(bench, size), least=3, count=400)),
        ("PUT", dict(body=put, method="PUT", path=OWN + "change-9.ics",
                     expect=204, count=200,
                     headers="Content-Type: text/calendar\r\n")),
        ("GET", dict(body="", method="GET", path=OWN + "change-9.ics",
                     expect=200, headers="", count=400)),
    )


@row("dav-growth", "the same requests on calendars of 100 to 100,000 events,"
     " of which four of ten recur; only what is asked for in full may grow;"
     " memory is the web role's after an initial sync", fill)
def dav_growth(bench):
    for size in sizes(bench):
        user = GROWTH[size]
        bench.server.http(user, "PUT", OWN.replace(
            "{user}", bench.server.user(user)[0]) + "change-9.ics",
            calendar(one_event(2000000)).encode(),
            {"Content-Type": "text/calendar"})
        for name, options in flat(bench, size):
            options.setdefault("path", OWN)
            found = ask(bench, bench.server, name, first=user, **options)
            yield compare("%s, %d" % (name, size), "ms", [found],
                          part("p50"))
        found = ask(bench, bench.server, "sync", SYNC % "", first=user,
                    path=OWN, least=size, count=max(5, 4000 // size))
        yield compare("initial sync, %d" % size, "ms", [found], part("p50"))
        yield figure("memory after it, %d" % size, "KiB",
                     bench.server.memory()["web"])
        found = ask(bench, bench.server, "month", MONTH, first=user,
                    path=OWN, count=max(5, 4000 // size))
        yield compare("a month of %d (%d events)" % (
            size, found["elements"] / found["count"]), "ms", [found],
            part("p50"))


# --- others -----------------------------------------------------------------

def start(kind, index):
    """A calendar of as many events there and here."""
    def prepare(bench):
        peer = kind.start(bench.server)
        if peer is None:
            return
        bench.dav_peers[kind.name] = peer
        peer.make()
        for target, path, user in both(bench, peer, index):
            bench.load("put", "proxy", target, path=path, first=user,
                       count=kind.objects, sessions=1, seconds=300, spread=1)
    return prepare


def both(bench, peer, index):
    return ((bench.server, OWN, FIRST_PEER + index), (peer, peer.home, 0))


def requests(target, path, bench, user, objects):
    """Name, unit, options of what both are asked."""
    address = bench.server.user(user)[0] if target is bench.server \
        else target.user
    home = path.replace("{user}", address)
    names = "".join("<D:href>%sbench-%06d.ics</D:href>" % (home, number)
                    for number in range(0, objects, objects // 50))
    return (
        ("PROPFIND 0", dict(body=PROPFIND, method="PROPFIND", depth=0,
                            least=1)),
        ("PROPFIND 1", dict(body=PROPFIND, method="PROPFIND", least=objects,
                            count=10)),
        ("initial sync", dict(body=SYNC % "", least=objects, count=10)),
        ("a month", dict(body=MONTH, least=1, count=10)),
        ("50 by name", dict(body=MULTIGET % names, least=50, count=10)),
    )


def versus(kind, index):
    def once(bench):
        peer = bench.dav_peers.get(kind.name)
        if peer is None:
            return
        bench.dav_round = getattr(bench, "dav_round", 0) + 1
        sides = both(bench, peer, index)
        for sessions in (1, 8):
            found = [bench.load(
                "put", "proxy", target, path=path, first=user, spread=1,
                count=40, sessions=sessions, seconds=20,
                base=1000 * (2 * bench.dav_round + sessions // 8) + 10000)
                for target, path, user in sides]
            yield compare("PUT, %d" % sessions, "/s", found, rate())
            found = [bench.load(
                "get", "proxy", target, path=path, first=user, spread=1,
                objects=kind.objects, count=bench.less(400), seconds=10,
                sessions=sessions) for target, path, user in sides]
            yield compare("GET, %d" % sessions, "/s", found, rate())
        asked = [requests(target, path, bench, user, kind.objects)
                 for target, path, user in sides]
        for number, (name, _) in enumerate(asked[0]):
            found = [ask(bench, target, name, first=user, path=path,
                         **asked[side][number][1])
                     for side, (target, path, user) in enumerate(sides)]
            yield compare(name, "/s", found, rate())
    return once


for place, peer_kind in enumerate(dav_peers.ALL):
    row("dav-" + peer_kind.name, "beside %s, each with %d events" % (
        peer_kind.title, peer_kind.objects), start(peer_kind, place))(
            versus(peer_kind, place))
