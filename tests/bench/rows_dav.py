"""CalDAV and CardDAV beside other servers: the same calendar everywhere, of
which four events of ten recur, asked the same over plain HTTP."""
import os
import re
import time

from machine import Failed
from rows import compare, part, rate, row
from rows_web import MONTH, MULTIGET, PROPFIND, SYNC, XML

PEERS = ("cyrus", "sogo", "radicale", "xandikos")
FILLED, FRESH = 144, 145    # our users: as filled as the peers; for PUT
FILL_SECONDS = 60           # and a fifth for each object
RECUR = 4                   # events of ten
POLL = ('<?xml version="1.0"?><D:propfind xmlns:D="DAV:"'
        ' xmlns:S="http://calendarserver.org/ns/"><D:prop><S:getctag/>'
        "<D:sync-token/></D:prop></D:propfind>")
MONTH_DATA = MONTH.replace("<D:getetag/>", '<D:getetag/><C:calendar-data/>')
CARDS = ('<?xml version="1.0"?><C:addressbook-query xmlns:D="DAV:"'
         ' xmlns:C="urn:ietf:params:xml:ns:carddav"><D:prop><D:getetag/>'
         '<C:address-data/></D:prop><C:filter><C:prop-filter name="FN">'
         '<C:text-match collation="i;unicode-casemap"'
         ' match-type="contains">Rarename</C:text-match></C:prop-filter>'
         "</C:filter></C:addressbook-query>")
PRINCIPAL = ('<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop>'
             "<D:current-user-principal/></D:prop></D:propfind>")
HOMES = ('<?xml version="1.0"?><D:propfind xmlns:D="DAV:"'
         ' xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop>'
         "<C:calendar-home-set/></D:prop></D:propfind>")
HOME = ('<?xml version="1.0"?><D:propfind xmlns:D="DAV:"'
        ' xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:displayname/>'
        "<D:resourcetype/><C:supported-calendar-component-set/></D:prop>"
        "</D:propfind>")
EVENT = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n"
         "BEGIN:VEVENT\r\nUID:change-%d\r\nDTSTAMP:20260101T000000Z\r\n"
         "DTSTART:20400101T100000Z\r\nDTEND:20400101T110000Z\r\n"
         "SUMMARY:Change %d\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


class Side:
    """One server, and where its things are."""

    def __init__(self, bench, peer=None, user=FILLED):
        self.bench = bench
        self.target = peer or bench.server
        self.name = self.target.name
        self.user = 0 if peer else user
        self.settle = peer.settle if peer else 0
        if peer:
            self.top, self.principal = peer.top, peer.principal
            self.home, self.calendar = peer.calendars, peer.calendar
            self.book, self.fresh = peer.book, peer.fresh
        else:
            self.top = "/SOGo/dav/"
            self.principal = self.top + bench.server.user(user)[0] + "/"
            self.home = self.principal + "Calendar/"
            self.calendar = self.fresh = self.home + "personal/"
            self.book = self.principal + "Contacts/personal/"

    def alive(self):
        return self.target.alive()

    def http(self, *words):
        if self.target is self.bench.server:
            return self.target.http(self.user, *words)
        return self.target.http(*words)

    def load(self, job, seconds=None, **options):
        """For as long as one figure of one peer may take."""
        options["seconds"] = seconds or (1 if self.bench.quick else 2)
        return self.bench.load(job, "proxy", self.target, first=self.user,
                               spread=1, quickack=1, **options)

    def ask(self, body, method="REPORT", depth=1, path=None, count=10):
        name = os.path.join(self.bench.server.folder, "body")
        with open(name, "w", encoding="utf-8", newline="") as file:
            file.write(body)
        return self.load("request", path=path or self.calendar, body=name,
                         method=method, headers=XML % depth, expect=207,
                         count=self.bench.less(count))


def fill(bench):
    """Calendars and address books, once for all rows."""
    if bench.done("dav-peers"):
        return
    ours, *others = sides(bench)
    put_all(ours)
    for side in others:
        short = bench.at_peer(side, put_all).get("note")
        if short:
            bench.short[side.name] = short


def put_all(side):
    """Whoever is slow is given time: what is missing would be missed by
    every row."""
    count = side.bench.objects
    for job, path in ("put", side.calendar), ("card", side.book):
        found = side.load(job, path=path, count=count, sessions=2,
                          recur=RECUR, seconds=FILL_SECONDS + count // 5)
        if found["count"] < count:
            raise Failed("took %d of %d" % (found["count"], count))
    return found


def sides(bench, user=FILLED):
    return [Side(bench, user=user)] + [Side(bench, peer)
                                       for peer in bench.present(PEERS)]


def beside(bench, call, user=FILLED):
    return among(bench, sides(bench, user), call)


def among(bench, sides_there, call):
    """What `call` finds at each; who lacks something, or whose answer has
    fewer or more elements than ours, gets a note."""
    ours, *others = sides_there
    found = [call(ours)] + [bench.at_peer(side, call) for side in others]
    for one in found[1:]:
        if one["target"] in bench.short:
            one["note"] = bench.short[one["target"]]
        elif "note" not in one and one["elements"] != found[0]["elements"]:
            one["note"] = "wrong, finds %d and not %d" % (
                one["elements"], found[0]["elements"])
    return found


def reports(bench, name, body, least, **options):
    found = beside(bench, lambda side: side.ask(body, **options))
    if found[0]["elements"] < least:
        raise Failed("%s: %d responses, not %d" % (
            name, found[0]["elements"], least))
    return compare(name, "ms", found, part("p50"))


@row("cal-put", "new events, each synced to the disk before the answer, into"
     " a calendar that was empty before the first run", fill)
def cal_put(bench):
    bench.cal_round = getattr(bench, "cal_round", 0) + 1
    for sessions in (1, 8):
        base = 10000 * (2 * bench.cal_round + sessions // 8)
        found = beside(bench, lambda side: side.load(
            "put", path=side.fresh, base=base, sessions=sessions,
            recur=RECUR, count=bench.less(1000)), user=FRESH)
        yield compare("PUT, %d connections" % sessions, "/s", found, rate())


@row("cal-get", "events out of a full calendar", fill)
def cal_get(bench):
    for sessions in (1, 8):
        found = beside(bench, lambda side: side.load(
            "get", path=side.calendar, objects=bench.objects,
            count=bench.less(4000), sessions=sessions))
        yield compare("GET, %d connections" % sessions, "/s", found, rate())


@row("cal-poll", "what clients ask most: has anything changed? (CTag and"
     " sync-token)", fill)
def cal_poll(bench):
    yield reports(bench, "PROPFIND 0", POLL, 1, method="PROPFIND", depth=0,
                  count=100)


@row("cal-list", "all names and ETags of a full calendar", fill)
def cal_list(bench):
    yield reports(bench, "PROPFIND 1", PROPFIND, bench.objects,
                  method="PROPFIND")
    yield reports(bench, "initial sync", SYNC % "", bench.objects)


def token_of(side):
    """The sync-token of now."""
    status, body = side.http("PROPFIND", side.calendar, POLL, {
        "Content-Type": "application/xml", "Depth": "0"})
    found = re.search(rb"sync-token[^>]*>([^<]+)<", body)
    if status != 207 or not found:
        raise Failed("PROPFIND: %d without a sync-token" % status)
    return found.group(1).decode()


def three_changes(side):
    """A sync from before three objects changed."""
    token = token_of(side)
    time.sleep(side.settle)
    for number in range(3):
        status, _ = side.http(
            "PUT", "%schange-%d.ics" % (side.calendar, number),
            EVENT % (number, time.time_ns()),
            {"Content-Type": "text/calendar"})
        if status not in (200, 201, 204):
            raise Failed("PUT: %d" % status)
    time.sleep(side.settle)
    return side.ask(SYNC % token, count=50)


@row("cal-sync", "sync-collection that finds three changes", fill)
def cal_sync(bench):
    found = beside(bench, three_changes)
    if found[0]["elements"] != 3:
        raise Failed("sync: %d changes, not 3" % found[0]["elements"])
    yield compare("3 changes", "ms", found, part("p50"))


@row("cal-query", "the events of a month, recurring ones too", fill)
def cal_query(bench):
    yield reports(bench, "names", MONTH, 1)
    yield reports(bench, "names and data", MONTH_DATA, 1)


def fifty(side):
    names = "".join(
        "<D:href>%sbench-%06d.ics</D:href>" % (side.calendar, number)
        for number in range(0, side.bench.objects, side.bench.objects // 50))
    return side.ask(MULTIGET % names)


@row("cal-multiget", "50 events by name", fill)
def cal_multiget(bench):
    yield compare("50 events", "ms", beside(bench, fifty), part("p50"))


@row("card-query", "contacts by a part of their name: one in a hundred", fill)
def card_query(bench):
    found = beside(bench, lambda side: side.ask(CARDS, path=side.book))
    if found[0]["elements"] < bench.objects // 100:
        raise Failed("%d contacts, not %d" % (
            found[0]["elements"], bench.objects // 100))
    yield compare("FN contains", "ms", found, part("p50"))


def discovery(side):
    """Three requests, one after the other, as one."""
    parts = [side.ask(body, "PROPFIND", depth, path) for body, depth, path in (
        (PRINCIPAL, 0, side.top), (HOMES, 0, side.principal),
        (HOME, 1, side.home))]
    count = min(found["count"] for found in parts)
    few = min((found["few"] for found in parts if "few" in found),
              default=None)
    return dict(parts[0], p50=sum(found["p50"] for found in parts),
                elements=1, count=count, few=few, cpu=count * sum(
                    found["cpu"] / found["count"] for found in parts))


@row("cal-discovery", "from the root to the list of calendars: three"
     " requests", fill)
def cal_discovery(bench):
    yield compare("3 requests", "ms", beside(bench, discovery), part("p50"))
