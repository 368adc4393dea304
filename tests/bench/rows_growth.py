"""How the cost grows with a collection."""
import os

from machine import Failed
from rows import compare, figure, part, row
from rows_dav import CARDS, POLL
from rows_web import MONTH, PROPFIND, SYNC, XML

GROWTH = {100: 140, 1000: 141, 10000: 142, 100000: 143}     # objects: user
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
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:growth-card-%d\r\n" \
    "FN:Some %s%d\r\nN:Name%d;Some;;;\r\n" \
    "EMAIL:some.name%d@elsewhere.example\r\nEND:VCARD\r\n"
BOOK = "/SOGo/dav/{user}/Contacts/personal/"
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


def bring(bench, size, kind, text):
    """Into the calendar or address book of that size, by import."""
    path = os.path.join(bench.server.folder, "growth." + kind)
    with open(path, "w", encoding="ascii", newline="") as file:
        file.write(text)
    bench.server.command(
        "import", bench.server.user(GROWTH[size])[0], "--data",
        bench.server.data, "--from", path, "--format", kind)
    os.unlink(path)


def fill(bench):
    for size in sizes(bench):
        bring(bench, size, "ics", calendar("".join(
            one_event(number) for number in range(size))))


def fill_cards(bench):
    for size in sizes(bench):
        bring(bench, size, "vcf", "".join(CARD % (
            number, "Rarename" if number % (size // 10) == 0 else "Usual",
            number, number, number) for number in range(size)))


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
            size, found["elements"]), "ms", [found], part("p50"))


@row("card-growth", "address books of 100 to 100,000 contacts: has anything"
     " changed; the ten with that part of a name", fill_cards)
def card_growth(bench):
    for size in sizes(bench):
        for name, least, options in (
                ("PROPFIND 0", 1, dict(body=POLL, method="PROPFIND",
                                       depth=0, count=400)),
                ("FN contains", 10, dict(body=CARDS, count=20))):
            found = ask(bench, bench.server, name, path=BOOK, least=least,
                        first=GROWTH[size], **options)
            yield compare("%s, %d" % (name, size), "ms", [found],
                          part("p50"))
