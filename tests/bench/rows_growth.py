"""How the cost grows with a collection."""
import os
import threading

from machine import Failed
from peers_dav import MAKE_CALENDAR
from rows import compare, figure, part, row
from rows_dav import CARDS, POLL, Side, among, token_of
from rows_web import MONTH, PROPFIND, SYNC, XML

GROWTH = {100: 140, 1000: 141, 10000: 142, 100000: 143}     # objects: user
# The quickest peer is filled by a PUT for each event: no more than these.
PEER, PEER_SIZE, PEER_HANDS = "cyrus", 10000, 8
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
EVENT = {"Content-Type": "text/calendar"}


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


class GrownSide(Side):
    """A calendar of so many events.  A peer has all of them in one account,
    where a UID may not be twice (RFC 4791 5.3.2.1)."""

    def __init__(self, bench, size, peer=None):
        super().__init__(bench, peer, GROWTH[size])
        self.size = size
        self.mark = ""
        if peer:
            self.mark = "%d-" % size
            self.calendar = "%sgrowth-%d/" % (peer.calendars, size)

    def event(self, number):
        return calendar(one_event(number)).replace("UID:", "UID:" + self.mark)

    def put(self, name, number):
        status, _ = self.http("PUT", self.calendar + name,
                              self.event(number).encode(), EVENT)
        if status not in (201, 204):
            raise Failed("PUT: %d" % status)


def bring_by_put(side):
    """The same events, by several hands; those of who is interrupted end
    with the program."""
    wrong = []

    def some(first):
        try:
            for number in range(first, side.size, PEER_HANDS):
                side.put("growth-%06d.ics" % number, number)
        except Failed as error:
            wrong.append(error)

    status, _ = side.http("MKCALENDAR", side.calendar, MAKE_CALENDAR, {
        "Content-Type": "application/xml"})
    if status != 201:
        raise Failed("MKCALENDAR: %d" % status)
    hands = [threading.Thread(target=some, args=(first,), daemon=True)
             for first in range(PEER_HANDS)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    if wrong:
        raise wrong[0]
    return {}


def sides(bench, size):
    """Ours, and the peer's where it has so many."""
    return [GrownSide(bench, size)] + [
        GrownSide(bench, size, peer)
        for peer in bench.present([PEER])
        if size <= bench.less(PEER_SIZE)]


def fill(bench):
    for size in sizes(bench):
        bring(bench, size, "ics", calendar("".join(
            one_event(number) for number in range(size))))
        for side in sides(bench, size)[1:]:
            short = bench.at_peer(side, bring_by_put).get("note")
            if short:
                bench.short[side.name] = short


def fill_cards(bench):
    for size in sizes(bench):
        bring(bench, size, "vcf", "".join(CARD % (
            number, "Rarename" if number % (size // 10) == 0 else "Usual",
            number, number, number) for number in range(size)))


def ask(side, body, least=0, **options):
    """One request again and again; what the generator found."""
    bench = side.bench
    path = os.path.join(bench.server.folder, "body")
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(body)
    options.setdefault("path", side.calendar)
    options.setdefault("expect", 207)
    options.setdefault("method", "REPORT")
    options.setdefault("headers", XML % options.pop("depth", 1))
    options["count"] = bench.less(options.get("count", 40))
    found = bench.load("request", "proxy", side.target, first=side.user,
                       spread=1, body=path, seconds=10, quickack=1,
                       **options)
    if found["elements"] < least and side.target is bench.server:
        raise Failed("%d responses, not %d" % (found["elements"], least))
    return found


def poll(side):
    return ask(side, PROPFIND, 1, method="PROPFIND", depth=0, count=400)


def three_changes(side):
    token = token_of(side)
    for number in range(3):
        side.put("change-%d.ics" % number, 1000000 + number)
    return ask(side, SYNC % token, 3, count=400)


def put_again(side):
    side.put("change-9.ics", 2000000)
    return ask(side, side.event(2000000), method="PUT", expect=204,
               path=side.calendar + "change-9.ics", count=200,
               headers="Content-Type: text/calendar\r\n")


def get(side):
    return ask(side, "", method="GET", path=side.calendar + "change-9.ics",
               expect=200, headers="", count=400)


def everything(side):
    return ask(side, SYNC % "", side.size, count=max(5, 4000 // side.size))


def month(side):
    return ask(side, MONTH, 1, count=max(5, 4000 // side.size))


# What must not grow.
FLAT = (("PROPFIND 0", poll), ("3 changes", three_changes),
        ("PUT", put_again), ("GET", get))


@row("dav-growth", "the same requests on calendars of 100 to 100,000 events"
     " (a peer: to 10,000), of which four of ten recur; only what is asked for"
     " in full may grow; memory is the web role's after an initial sync",
     fill)
def dav_growth(bench):
    for size in sizes(bench):
        those = sides(bench, size)
        for name, call in FLAT + (("initial sync", everything),):
            found = among(bench, those, call)
            yield compare("%s, %d" % (name, size), "ms", found, part("p50"))
        yield figure("memory after it, %d" % size, "KiB",
                     bench.server.memory()["web"])
        found = among(bench, those, month)
        yield compare("a month of %d (%d events)" % (
            size, found[0]["elements"]), "ms", found, part("p50"))


@row("card-growth", "address books of 100 to 100,000 contacts: has anything"
     " changed; the ten with that part of a name", fill_cards)
def card_growth(bench):
    for size in sizes(bench):
        side = Side(bench, user=GROWTH[size])
        for name, least, options in (
                ("PROPFIND 0", 1, dict(body=POLL, method="PROPFIND",
                                       depth=0, count=400)),
                ("FN contains", 10, dict(body=CARDS, count=20))):
            found = ask(side, least=least, path=side.book, **options)
            yield compare("%s, %d" % (name, size), "ms", [found],
                          part("p50"))
