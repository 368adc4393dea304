#!/usr/bin/python3
"""Clients by sequences: each cell replays what that client sends and reads
the answers by that client's rules.

S1 discovery from the host, S2 from the principal, S3 from a folder, S4 the
home with shares, S5 first sync, S6 changes, S7 a token of SOGo, S8 a
truncated sync, S9 writing, S10 folders, S11 invitations, S12 free/busy, S13 a
folder to read only, S14 looking for people, S15 push, S16 too big, S17 names,
S18 tasks and journals.
"""
import functools
import re

import dav_cells as one
import dav_cells_people as people
from dav_cells import Client
from dav_session import xml
from harness import Server, done, ok


def w(cell, *rest, **more):
    return functools.partial(_later, cell, rest, more)


def _later(cell, rest, more, c):
    cell(c, *rest, **more)


def expanding(c):
    """Home Assistant shows what the server expands."""
    body = c.body("daily", "Daily").decode().replace(
        "SUMMARY:", "RRULE:FREQ=DAILY;COUNT=3\r\nSUMMARY:")
    c.ok(c.me.ask("PUT", c.path("daily"), body.encode(),
                  **c.type()).status == 201, "a series")
    reply = c.me.ask("REPORT", c.folder, xml(
        "C:calendar-query", '<D:prop><C:calendar-data><C:expand '
        'start="20261201T000000Z" end="20261203T000000Z"/>'
        '</C:calendar-data></D:prop><C:filter><C:comp-filter '
        'name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range '
        'start="20261201T000000Z" end="20261203T000000Z"/></C:comp-filter>'
        "</C:comp-filter></C:filter>"), Depth="1")
    item = reply.by_href(c.path("daily"))
    text = item.text("C:calendar-data") if item else ""
    c.ok(text.count("BEGIN:VEVENT") == 2 and "RRULE" not in text
         and text.count("RECURRENCE-ID") == 2, "is two instances", text)
    one.initial(c, functools.partial(one.by_query, kinds=("VEVENT",)))


def copied(c):
    """A duplicated event names the file of the first one (RFC 8607 3.7)."""
    c.put("first")
    reply = c.me.ask("POST", c.path("first") + "?action=attachment-add",
                     b"hello", Content_Type="text/plain")
    given = reply.headers.get("Cal-Managed-ID")
    c.ok(reply.status == 201 and given, "a file of an event", reply.status)
    text = c.me.ask("GET", c.path("first")).body.replace(b"\r\n ", b"")
    second = c.me.ask("PUT", c.path("second"),
                      text.replace(b"UID:first", b"UID:second"), **c.type())
    c.ok(second.status == 201 and second.etag() is None,
         "another one names it", second.status)
    c.ok(c.me.ask("DELETE", c.path("first")).status == 204, "that is all")
    text = c.me.ask("GET", c.path("second")).body.replace(b"\r\n ", b"")
    place = re.search(rb"/SOGo/dav/[^/]+/Attachments/([0-9a-f]+)/\S+", text)
    c.ok(place and place.group(1).decode() != given, "has its own", text)
    file = c.me.ask("GET", place.group(0).decode()) if place else None
    c.ok(file and (file.status, file.body) == (200, b"hello"),
         "which is still there")
    found = c.me.ask("REPORT", c.folder, xml(
        "D:principal-match", "<D:principal-property><D:owner/>"
        "</D:principal-property>"), Depth="0")
    c.ok(found.status == 207 and found.by_href(c.path("second")),
         "one's own are found by their owner", found.status)
    c.me.ask("DELETE", c.path("second"))


def apple_initial(c):
    """iOS: a range without an end, and tasks."""
    copied(c)
    one.initial(c, one.by_ctag)
    new, _, _ = one.by_query(
        c, ("VEVENT", "VTODO"), '<C:time-range start="20200101T000000Z"/>')
    c.ok(set(new) >= {c.path("o1"), c.path("o2")}, "an open range has all")


def outlook_initial(c):
    one.initial(c, functools.partial(
        one.by_query, kinds=("VEVENT",), inside=one.WEEK))


APPLE = ("C:calendar-user-address-set", "D:current-user-principal",
         "D:displayname", "CS:dropbox-home-URL", "CS:email-address-set",
         "CS:notification-URL", "C:max-attendees-per-instance",
         "D:principal-collection-set", "D:principal-URL", "D:resource-id",
         "C:schedule-inbox-URL", "C:schedule-outbox-URL",
         "D:supported-report-set")
ONE_BOOK = ("CR:directory-gateway", "D:displayname", "CS:email-address-set",
            "D:principal-collection-set", "D:principal-URL",
            "D:resource-id", "D:supported-report-set")
TB = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Thunderbird/140.5.0"
USER = ("C:calendar-user-address-set", "D:displayname")

ROWS = [
    (("Apple Calendar", "iOS/18.4 (22E240) dataaccessd/1.0", "Calendar"),
     {"Brief": "t", "Prefer": "return=minimal"}, {
        "S1": one.apple_wanderer, "S2": w(one.principal, *APPLE),
        "S4": one.proxies, "S5": apple_initial, "S6": one.delta,
        "S7": one.bad_token, "S8": one.truncated,
        "S9": w(one.conditions, tagged=True),
        "S10": w(one.folders, settings=one.FIVE), "S11": people.auto,
        "S12": people.outbox, "S13": w(people.looks, people.by_proxy),
        "S14": people.apple_search, "S16": w(people.big,
                                             "C:max-resource-size"),
        "S17": people.names, "S18": people.reminders}),
    (("Apple Contacts", "macOS/14.5 (23F79) AddressBookCore/2610", "Contacts"),
     {"Brief": "t"}, {
        "S1": one.apple_wanderer, "S2": w(one.principal, *ONE_BOOK),
        "S4": one.first_book, "S5": w(one.initial, one.by_sync),
        "S6": one.delta, "S7": one.bad_token, "S9": one.conditions,
        "S13": w(people.looks, people.by_privileges),
        "S14": people.gateway, "S16": w(people.big, "CR:max-resource-size"),
        "S17": people.names}),
    (("Thunderbird calendars", TB, "Calendar", "1", 100), {}, {
        "S1": one.wanderer, "S2": w(one.principal, *USER),
        "S3": one.refreshing, "S4": one.listing,
        "S5": w(one.initial, one.by_sync), "S6": one.delta,
        "S7": one.bad_token, "S8": one.truncated, "S9": one.conditions,
        "S11": people.auto, "S12": people.outbox,
        "S13": w(people.looks, people.by_privileges), "S17": people.names,
        "S18": people.tasks}),
    (("Thunderbird books", TB, "Contacts", "1", 100), {}, {
        "S1": one.wanderer, "S2": w(one.principal, "D:displayname"),
        "S3": one.straight, "S4": one.listing, "S5": one.initial_inline,
        "S6": one.delta, "S7": w(one.bad_token, 400),
        "S9": one.unconditional,
        "S13": w(people.looks, people.by_privileges), "S17": people.names}),
    (("DAVx5", "DAVx5/4.5.1-ose (dav4jvm; okhttp/5.1.0) Android/15",
      "Calendar", "0", 10), {}, {
        "S1": one.wanderer,
        "S2": w(one.principal, *USER, "D:group-membership",
                "CS:calendar-proxy-read-for", "CS:calendar-proxy-write-for"),
        "S3": w(one.straight, "D:supported-report-set", "D:sync-token",
                "C:max-resource-size"), "S4": one.proxies,
        "S5": w(one.initial, one.by_sync), "S6": one.delta,
        "S7": one.bad_token, "S8": one.truncated,
        "S9": w(one.conditions, tagged=True), "S10": one.folders,
        "S11": people.auto, "S13": w(people.looks, people.by_privileges),
        "S15": people.register, "S16": w(people.big, "C:max-resource-size"),
        "S17": people.names, "S18": people.journals}),
    (("Evolution", "Evolution/3.46.4", "Calendar"), {}, {
        "S1": w(one.wanderer, "OPTIONS"), "S2": w(one.principal, *USER),
        "S3": one.straight, "S4": one.listing,
        "S5": w(one.initial, one.by_sync), "S6": one.delta,
        "S7": one.bad_token, "S8": one.truncated, "S9": one.chunked,
        "S10": one.folders, "S11": people.auto, "S12": people.by_address,
        "S13": w(people.looks, people.by_allow), "S14": people.search,
        "S17": people.names, "S18": people.journals}),
    (("KDE", "Mozilla/5.0 (X11; Linux x86_64) KIO/5.103 kdav", "Calendar",
      "1"), {}, {
        "S2": w(one.principal, *USER), "S3": one.straight,
        "S4": w(one.listing, "A:calendar-color", "CS:getctag", "P:topic"),
        "S5": w(one.initial, one.by_query), "S6": one.delta,
        "S9": one.located, "S10": w(one.folders, "MKCOL"),
        "S13": w(people.looks, people.by_privileges), "S14": people.by_name,
        "S15": people.topic, "S17": people.names, "S18": people.journals}),
    (("Outlook CalDav Synchronizer", "CalDavSynchronizer/4.4", "Calendar"),
     {}, {
        "S1": one.wanderer, "S2": w(one.principal, *USER),
        "S3": w(one.straight, "D:owner"), "S4": one.listing,
        "S5": outlook_initial, "S6": one.delta, "S7": one.bad_token,
        "S9": one.strict, "S10": w(one.folders, "MKCOL", settings=(
            "<D:displayname>Other</D:displayname>", one.COLOR)),
        "S11": people.by_client, "S12": people.outbox,
        "S13": w(people.looks, people.by_privileges), "S14": people.by_name,
        "S17": people.names, "S18": people.lists}),
    (("eM Client", "eMClient/10.1", "Calendar"), {}, {
        "S1": one.wanderer, "S2": w(one.principal, *USER),
        "S4": one.listing, "S5": w(one.initial, one.by_sync),
        "S6": one.delta, "S7": one.bad_token, "S9": one.conditions,
        "S10": one.folders, "S11": people.inbox, "S12": people.outbox,
        "S13": w(people.looks, people.by_privileges), "S17": people.names,
        "S18": people.tasks}),
    (("vdirsyncer", "vdirsyncer/0.19.0", "Calendar", "1"), {}, {
        "S1": one.wanderer, "S2": w(one.principal, "D:displayname"),
        "S3": one.straight, "S4": one.listing,
        "S5": w(one.initial, one.by_list), "S6": one.delta,
        "S9": one.conditions, "S10": w(one.folders, "MKCOL"),
        "S17": people.names, "S18": people.journals}),
    (("python-caldav", "python-caldav/1.3", "Calendar"), {}, {
        "S1": one.from_root, "S2": w(one.principal, *USER),
        "S3": one.straight, "S4": one.listing, "S5": expanding,
        "S6": one.delta, "S7": one.bad_token, "S9": one.conditions,
        "S10": one.folders, "S11": people.inbox, "S12": people.reported,
        "S14": people.empty_search, "S17": people.names,
        "S18": people.undone}),
    (("Fantastical", "Fantastical/3.8 macOS/14.5 dataaccessd/1.0",
      "Calendar"), {}, {
        "S1": one.apple_wanderer, "S2": w(one.principal, *APPLE),
        "S4": one.proxies, "S5": w(one.initial, one.by_ctag),
        "S6": one.delta, "S7": one.bad_token, "S9": one.override_first,
        "S10": one.folders, "S11": people.auto, "S17": people.names,
        "S18": people.reminders}),
    (("a subscription by webcal", "curl/8", "Calendar"), {}, {
        "S3": one.export_of, "S12": people.ifb, "S13": people.published}),
]


def run_cell(c, name, cell):
    c.cell = name
    try:
        cell(c)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        # An answer so unlike the expected one that it could not be read.
        c.ok(False, "could not be read", repr(error))


def main():
    with Server(users=2 * len(ROWS), settings={"directory": "on",
                                               "publish": "on"}) as s:
        for number, (words, extra, cells) in enumerate(ROWS):
            name, *rest = words
            c = Client(s, 2 * number + 1, name, *rest, **extra)
            for cell, function in cells.items():
                run_cell(c, cell, function)
            c.close()
        ok(s.stop() == 0, "the server ends with 0")
    done()


if __name__ == "__main__":
    main()
