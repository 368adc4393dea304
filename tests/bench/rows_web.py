"""DAV over TLS and behind a proxy; documents over HTTPS."""
import os
import re

from machine import Failed
from rows import compare, part, rate, row

PUT_ONE, PUT_MANY, PUT_USERS = 120, 121, 8
CALENDARS = {100: 130, 1000: 131, 10000: 132}   # objects: user
PORTS = ("proxy", "https")
HOME = "/SOGo/dav/{user}/Calendar/personal/"
SYNC = ('<?xml version="1.0"?><D:sync-collection xmlns:D="DAV:">'
        "<D:sync-token>%s</D:sync-token><D:sync-level>1</D:sync-level>"
        "<D:prop><D:getetag/></D:prop></D:sync-collection>")
PROPFIND = ('<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop>'
            "<D:getetag/><D:getcontenttype/><D:resourcetype/>"
            "</D:prop></D:propfind>")
MULTIGET = ('<?xml version="1.0"?><C:calendar-multiget xmlns:D="DAV:"'
            ' xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>'
            "<C:calendar-data/></D:prop>%s</C:calendar-multiget>")
MONTH = ('<?xml version="1.0"?><C:calendar-query xmlns:D="DAV:"'
         ' xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>'
         '</D:prop><C:filter><C:comp-filter name="VCALENDAR">'
         '<C:comp-filter name="VEVENT"><C:time-range'
         ' start="20260301T000000Z" end="20260401T000000Z"/>'
         "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>")
XML = "Content-Type: application/xml; charset=utf-8\r\nDepth: %d\r\n"


def home(bench, number):
    return HOME.replace("{user}", bench.server.user(number)[0])


def put(bench, port, name, **options):
    bench.count_put = getattr(bench, "count_put", 0)
    count = bench.less(options.pop("count"))
    found = bench.load("put", port, path=HOME, count=count, seconds=20,
                       base=100000 + bench.count_put, **options)
    bench.count_put += count
    yield compare("PUT, " + name, "/s", [found], rate())
    yield compare("PUT, " + name + ", p99", "ms", [found], part("p99"))


def dav_put(bench, port):
    yield from put(bench, port, "1 connection", count=800, sessions=1,
                   first=PUT_ONE, spread=1)
    yield from put(bench, port, "8 connections", count=3000, sessions=8,
                   first=PUT_ONE, spread=1)
    yield from put(bench, port, "8 users", count=3000, sessions=8,
                   first=PUT_MANY, spread=PUT_USERS)
    size = max(sizes(bench))
    yield from put(bench, port, "into %d" % size, count=400, sessions=1,
                   first=CALENDARS[size], spread=1)


def fill(bench, size):
    if not bench.done("calendar-%d" % size):
        bench.load("put", "proxy", path=HOME, count=size, sessions=4,
                   seconds=300, first=CALENDARS[size], spread=1)


def fill_all(bench):
    for size in sizes(bench):
        fill(bench, size)


def sizes(bench):
    return [size for size in CALENDARS if size <= bench.less(10000)]


def dav_get(bench, port):
    for sessions in (1, 8):
        found = bench.load("get", port, path=HOME, sessions=sessions,
                           first=CALENDARS[1000], spread=1, objects=1000,
                           count=bench.less(6000), seconds=20)
        name = "GET, %d connections" % sessions
        yield compare(name, "/s", [found], rate())
        yield compare(name + ", p99", "ms", [found], part("p99"))


def report(bench, port, size, name, body, method="REPORT", depth=1,
           least=1, count=40):
    """One request again and again; every answer has `least` responses."""
    path = os.path.join(bench.server.folder, "body")
    with open(path, "w", encoding="utf-8") as file:
        file.write(body)
    found = bench.load(
        "request", port, first=CALENDARS[size], spread=1, path=HOME,
        method=method, headers=XML % depth, body=path, expect=207,
        count=bench.less(count), seconds=20)
    if found["elements"] < least:
        raise Failed("%s: %d responses, not %d" % (
            name, found["elements"], least))
    return compare(name, "ms", [found], part("p50"))


def token(bench, size):
    """The sync token of now, by an initial sync."""
    status, body = bench.server.http(
        CALENDARS[size], "REPORT", home(bench, CALENDARS[size]),
        (SYNC % "").encode(), {"Content-Type": "application/xml",
                               "Depth": "1"})
    found = re.search(rb"sync-token[^>]*>([^<]+)<", body)
    if status != 207 or not found:
        raise Failed("initial sync: %d without a sync token" % status)
    return found.group(1).decode()


def change(bench, size):
    """Three objects change: PUT of new ones under names of old ones."""
    user = CALENDARS[size]
    for number in (11, 22, 33):
        path = "%sbench-%06d.ics" % (home(bench, user), number)
        status, body = bench.server.http(user, "GET", path)
        if status != 200:
            raise Failed("GET %s: %d" % (path, status))
        body = re.sub(rb"SEQUENCE:(\d+)", lambda found: b"SEQUENCE:%d" % (
            int(found.group(1)) + 1), body)
        status, _ = bench.server.http(
            user, "PUT", path, body, {"Content-Type": "text/calendar"})
        if status not in (201, 204):
            raise Failed("PUT %s: %d" % (path, status))


def dav_sync(bench, port):
    for size in sizes(bench):
        then = token(bench, size)
        change(bench, size)
        yield report(bench, port, size, "3 changes of %s" % size,
                     SYNC % then, least=3, count=400)


def dav_list(bench, port):
    for size in sizes(bench):
        count = max(7, 4000 // size)
        yield report(bench, port, size, "PROPFIND 1 of %s" % size, PROPFIND,
                     "PROPFIND", least=size, count=count)
        yield report(bench, port, size, "initial sync of %s" % size,
                     SYNC % "", least=size, count=count)


def dav_multiget(bench, port):
    path = home(bench, CALENDARS[1000])
    names = "".join("<D:href>%sbench-%06d.ics</D:href>" % (path, number)
                    for number in range(0, 1000, 10))
    yield report(bench, port, 1000, "100 of 1000", MULTIGET % names,
                 least=100, count=100)


def both_ports(name, about, once, prepare=None):
    for port in PORTS:
        row("%s-%s" % (name, port),
            "%s; %s" % (about, {"proxy": "plain, as behind a proxy",
                                "https": "over TLS"}[port]),
            prepare)(lambda bench, port=port: once(bench, port))


both_ports("dav-put", "new events into one calendar, by 8 users each into"
           " their own, and into a large one", dav_put, fill_all)
both_ports("dav-get", "events out of a calendar of 1,000", dav_get, fill_all)
both_ports("dav-sync", "sync-collection that finds 3 changes", dav_sync,
           fill_all)
both_ports("dav-list", "all of a calendar", dav_list, fill_all)
both_ports("dav-multiget", "calendar-multiget", dav_multiget, fill_all)


# --- documents --------------------------------------------------------------

CONFIG = "/mail/config-v1.1.xml?emailaddress=user%40posthaste.test"
PACC = "/.well-known/user-agent-configuration.json"
PACC_HOST = "ua-auto-config.posthaste.test"
PROFILE = "/api/v1/profile"
PROFILE_USER = 119
PROFILE_COUNT = 120  # twice a run; one person may ask 300 times a minute
CIPHER = "TLS_AES_128_GCM_SHA256"   # both sides, whatever they prefer
TURNS = 7


def copied(path, host=None):
    """A file at nginx with the very bytes that we answer."""
    def prepare(bench):
        status, body = bench.server.http(
            0, "GET", path, headers={"Host": host} if host else None)
        if status != 200:
            raise Failed("%s: %d" % (path, status))
        for peer in bench.present(["nginx"]):
            peer.document(path, body)
    return prepare


def by_turns(load, targets):
    """Answers take microseconds: what the machine does for itself in half
    a second outweighs any difference.  So many short turns, and of each
    side the one in the middle."""
    turns = [[load(target) for target in targets] for _ in range(TURNS)]
    return [sorted(side, key=rate())[TURNS // 2] for side in zip(*turns)]


def document(bench, path, **options):
    targets = [bench.server] + bench.present(["nginx"])
    options.update(path=path, anonymous="yes", cipher=CIPHER, seconds=20)
    for sessions, count in ((1, 3000), (8, 12000)):
        sides = by_turns(lambda target: bench.load(
            "request", "https", target, sessions=sessions,
            count=bench.less(count), **options), targets)
        yield compare("%d connections" % sessions, "/s", sides, rate())
    # The same number for both: half of what we answer at most.
    pace = max(1, int(sides[0]["rate"] / 2))
    sides = [bench.load("request", "https", target, sessions=8, pace=pace,
                        count=bench.less(2 * pace), **options)
             for target in targets]
    yield compare("p99 at half load, 8 connections", "ms", sides,
                  part("p99"))


@row("autoconfig", "Thunderbird's document over kept HTTPS connections;"
     " nginx sends the same bytes from a file, with the same certificate and"
     " cipher", copied(CONFIG))
def autoconfig(bench):
    return document(bench, CONFIG)


@row("pacc", "the document of PACC, in the same way",
     copied(PACC, PACC_HOST))
def pacc(bench):
    return document(bench, PACC, name=PACC_HOST)


def signed(bench):
    status, body = bench.server.http(PROFILE_USER, "GET", PROFILE,
                                     service="https")
    if status != 200 or body.startswith(b"<?xml"):
        raise Failed("profile: %d, or not signed" % status)


@row("profile", "profiles for Apple's devices, each made and signed anew, by"
     " HTTPS", signed)
def profile(bench):
    for sessions in (1, 8):
        found = bench.load(
            "request", "https", path=PROFILE, sessions=sessions,
            first=PROFILE_USER, spread=1, count=bench.less(PROFILE_COUNT),
            seconds=10)
        yield compare("%d connections" % sessions, "/s", [found], rate())
        yield compare("%d connections, p99" % sessions, "ms", [found],
                      part("p99"))
