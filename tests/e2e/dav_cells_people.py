"""What clients do with other people, and at the edges: the sequences from
invitations on.  See dav_cells.py."""
import urllib.parse

from dav_cells import READER, by_list, fetch, share
from dav_session import props, tag, xml

FAR = "far@elsewhere.example"


def meeting(c, uid, more="", stat="NEEDS-ACTION", guests=(), organizer=None):
    """An object with the friend invited."""
    guests = guests or (c.friend.address,)
    lines = "".join("ATTENDEE;PARTSTAT=%s;RSVP=TRUE:mailto:%s\r\n" % (
        stat, guest) for guest in guests)
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
            "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
            "DTSTART:20261203T090000Z\r\nDTEND:20261203T100000Z\r\n"
            "SUMMARY:Meeting\r\n%sORGANIZER%s:mailto:%s\r\n"
            "ATTENDEE;PARTSTAT=ACCEPTED:mailto:%s\r\n%sEND:VEVENT\r\n"
            "END:VCALENDAR\r\n" % (
                uid, more, organizer or "", c.me.address, c.me.address,
                lines)).encode()


def of_friend(c, uid, name="personal"):
    """The friend's copy: path, text, Schedule-Tag; or None."""
    folder = "/SOGo/dav/%s/Calendar/%s/" % (c.friend.address, name)
    reply = c.friend.ask("REPORT", folder, xml(
        "C:calendar-query", props(["D:getetag", "C:calendar-data"]) +
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter '
        'name="VEVENT"><C:prop-filter name="UID"><C:text-match>%s'
        '</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter>'
        '</C:filter>' % uid), Depth="1")
    return next(((i.href, i.text("C:calendar-data")) for i in reply.items),
                (None, ""))


def auto(c):
    """The server invites, and brings the answer back."""
    uid = "meet-" + c.cell + str(c.me.number)
    made = c.me.ask("PUT", c.path(uid), meeting(
        c, uid, guests=(c.friend.address, FAR)), If_None_Match="*",
        **c.type())
    tagged = made.headers.get("Schedule-Tag")
    c.ok(made.status == 201 and tagged, "invites", made.status)
    mine = c.me.ask("GET", c.path(uid)).body.decode()
    c.ok("SCHEDULE-STATUS=1.2" in mine.replace("\r\n ", "")
         and "SCHEDULE-STATUS=1.1" in mine.replace("\r\n ", ""),
         "one here at once, one by mail", mine)
    href, text = of_friend(c, uid)
    c.ok(href, "the friend has it")
    answer = text.replace("\r\n ", "").replace(
        "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:" + c.friend.address,
        "PARTSTAT=ACCEPTED:mailto:" + c.friend.address)
    c.ok(answer != text and c.friend.ask(
        "PUT", href, answer.encode(), **c.type()).status == 204, "accepts")
    reply = c.me.ask("GET", c.path(uid))
    c.ok(reply.body.count(b"PARTSTAT=ACCEPTED") == 2
         and reply.headers.get("Schedule-Tag") == tagged,
         "which is seen under the same Schedule-Tag")
    c.ok(c.me.ask("PUT", c.path(uid), meeting(
        c, uid, "LOCATION:Here\r\n", guests=(c.friend.address, FAR)),
        If_Schedule_Tag_Match=tagged, **c.type()).status == 204,
        "changed by the tag")
    c.ok("LOCATION:Here" in of_friend(c, uid)[1], "for the friend too")
    c.ok(c.me.ask("DELETE", c.path(uid)).status == 204, "called off")
    text = of_friend(c, uid)[1]
    c.ok(not text or "STATUS:CANCELLED" in text, "for the friend too", text)


def by_client(c):
    """Outlook's synchroniser sends the invitation by itself."""
    uid = "client%d" % c.me.number
    body = meeting(c, uid).replace(
        b"RSVP=TRUE", b"RSVP=TRUE;SCHEDULE-AGENT=CLIENT")
    c.ok(c.me.ask("PUT", c.path(uid), body, **c.type()).status == 201,
         "an invitation that the client sends")
    c.ok(of_friend(c, uid)[0] is None, "is not sent by the server")


def inbox(c):
    """What came lies in the inbox, for who looks there."""
    uid = "in%d" % c.me.number
    c.me.ask("PUT", c.path(uid), meeting(c, uid), **c.type())
    path = "/SOGo/dav/%s/Calendar/inbox/" % c.friend.address
    found = c.friend.find(path, 1, "D:getetag", "D:resourcetype")
    inside = [i.href for i in found.items
              if i.href != path]
    c.ok(inside, "the invitation lies in the inbox")
    text = c.friend.ask("GET", inside[-1]).body
    c.ok(b"METHOD:REQUEST" in text, "as a request")
    c.ok(c.friend.ask("DELETE", inside[-1]).status == 204,
         "and can be thrown away")


def request(c, uid, kind="VFREEBUSY", whom=None):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
            "METHOD:REQUEST\r\nBEGIN:%s\r\nUID:%s\r\n"
            "DTSTAMP:20260101T000000Z\r\nDTSTART:20261201T000000Z\r\n"
            "DTEND:20261202T000000Z\r\nORGANIZER:mailto:%s\r\n"
            "ATTENDEE:mailto:%s\r\nEND:%s\r\nEND:VCALENDAR\r\n" % (
                kind, uid, c.me.address, whom or c.friend.address,
                kind)).encode()


def busy(c):
    """The friend has an hour that is taken."""
    c.put("busy", "Taken", who=c.friend,
          path="/SOGo/dav/%s/Calendar/personal/busy.ics" % c.friend.address)


def outbox(c):
    """POST of a question to the outbox; and to personal/, as was SOGo's."""
    busy(c)
    url = c.me.find(c.principal, 0, "C:schedule-outbox-URL").items[
        0].href_in("C:schedule-outbox-URL")
    for path in (url, c.folder):
        reply = c.me.ask("POST", path, request(c, "fb1"),
                         Originator="mailto:" + c.me.address,
                         Recipient="mailto:" + c.friend.address,
                         Content_Type="text/calendar; charset=utf-8")
        text = reply.body.decode().replace("\r\n ", "").replace(
            "&#13;\n ", "")
        c.ok(reply.status == 200 and reply.has("C:schedule-response")
             and "2.0" in text, "asks at " + path, reply.status)
        c.ok("20261201T100000Z/" in text, "and hears of the hour", text)


def reported(c, depth="infinity"):
    """Evolution and python-caldav: a REPORT."""
    c.put("own-busy")
    reply = c.me.ask("REPORT", c.folder, xml(
        "C:free-busy-query", '<C:time-range start="20261201T000000Z" '
        'end="20261202T000000Z"/>'), Depth=depth)
    c.ok(reply.status == 200 and b"BEGIN:VFREEBUSY" in reply.body
         and b"20261201T100000Z" in reply.body, "a REPORT tells",
         reply.status)


def by_address(c):
    """Evolution looks for the person by his address, and asks there."""
    busy(c)
    reply = c.me.ask("REPORT", "/SOGo/dav/", xml(
        "D:principal-property-search", "<D:property-search>%s<D:match>%s"
        "</D:match></D:property-search>%s" % (
            props(["C:calendar-user-address-set"]), c.friend.address,
            props(["D:displayname", "C:calendar-home-set"]))), Depth="0")
    found = [i.href for i in reply.items]
    c.ok(found == ["/SOGo/dav/%s/" % c.friend.address],
         "the principal is found", found)
    reported(c)


def ifb(c):
    reply = c.me.ask("GET", c.principal + "freebusy.ifb")
    c.ok(reply.status == 200 and b"BEGIN:VFREEBUSY" in reply.body
         and reply.headers.get("Content-Type", "").startswith(
             "text/calendar"), "is one file", reply.status)


# --- S13 ---------------------------------------------------------------------

def looks(c, how):
    folder, alias = share(c, READER[c.kind], "look")
    path = alias + ("x.ics" if c.kind == "Calendar" else "x.vcf")
    target = c.me.find(alias, 0, "D:current-user-privilege-set")
    mine = target.items[0].privileges()
    c.ok("read" in mine and not mine & {"write", "write-content", "bind",
                                        "all"}, "may only read", mine)
    refused = c.put("x", path=path)
    c.ok(refused.status == 403 and refused.has("D:need-privileges"),
         "and writes nothing", refused.status)
    how(c, folder, alias)


def by_privileges(c, folder, alias):
    name = "x.ics" if c.kind == "Calendar" else "x.vcf"
    c.ok(c.put("x", who=c.friend, path=folder + name).status == 201,
         "the owner writes")
    found = c.me.find(alias, 1, "D:getetag")
    c.ok(found.by_href(alias + name) is not None, "which is seen")


def by_allow(c, _folder, alias):
    """Evolution reads Allow."""
    allow = c.me.ask("OPTIONS", alias).headers.get("Allow", "")
    c.ok("PUT" not in allow and "DELETE" not in allow
         and "REPORT" in allow, "Allow says so", allow)


def by_proxy(c, _folder, _alias):
    """Apple: the owner stands in calendar-proxy-read-for."""
    item = c.me.find(c.principal, 0, "CS:calendar-proxy-read-for").items[0]
    c.ok("/SOGo/dav/%s/" % c.friend.address in (
        item.text("CS:calendar-proxy-read-for") or ""),
        "the principal says so", item.text("CS:calendar-proxy-read-for"))


def published(c):
    """Anybody may have what is public, and nothing else."""
    reply = c.me.ask("POST", c.folder, xml("CS:publish-calendar"),
                     Content_Type="application/xml")
    c.ok(reply.status == 202, "published", reply.status)
    path = c.folder.replace("/SOGo/dav/", "/SOGo/dav/public/")[:-1] + ".ics"
    reply = c.me.ask("GET", path, auth=False)
    etag = reply.etag()
    c.ok(reply.status == 200 and reply.body.startswith(b"BEGIN:VCALENDAR"),
         "anybody reads", reply.status)
    c.ok(c.me.ask("GET", path, auth=False,
                  If_None_Match=etag or "").status == 304, "but once")
    c.ok(c.me.ask("PUT", path, c.body("x"), auth=False,
                  **c.type()).status in (401, 403, 405), "nobody writes")
    c.ok(c.me.ask("POST", c.folder, xml("CS:unpublish-calendar"),
                  Content_Type="application/xml").status in (200, 202, 204),
         "taken back")
    c.ok(c.me.ask("GET", path, auth=False).status in (401, 404), "gone")


# --- S14 to S18 --------------------------------------------------------------

def search(c, prop="C:calendar-user-address-set", text=None, more=""):
    """principal-property-search."""
    reply = c.me.ask("REPORT", "/SOGo/dav/", xml(
        "D:principal-property-search", "<D:property-search>%s<D:match>%s"
        "</D:match></D:property-search>%s" % (
            props([prop]), c.friend.address if text is None else text,
            props(["D:displayname", "CS:email-address-set", "D:principal-URL",
                   "C:calendar-user-type"])), more), Depth="0")
    c.ok(reply.status == 207, "a search for people", reply.status)
    hrefs = [i.href for i in reply.items]
    if text != "":
        c.ok("/SOGo/dav/%s/" % c.friend.address in hrefs, "finds", hrefs)


def apple_search(c):
    search(c, more='test="anyof"')
    search(c, "CS:email-address-set")


def empty_search(c):
    """python-caldav asks for anything."""
    search(c, "D:displayname", "")


def by_name(c):
    """A person by a part of the name, as attendees are looked for."""
    name = c.me.find("/SOGo/dav/%s/" % c.friend.address, 0,
                     "D:displayname").items[0].text("D:displayname")
    c.ok(name, "people have names")
    search(c, "D:displayname", name[:4])


def gateway(c):
    """Contacts looks for people at the directory."""
    where = c.me.find(c.principal, 0, "CR:directory-gateway").items[
        0].href_in("CR:directory-gateway")
    c.ok(where, "the principal names a directory")
    reply = c.me.ask("REPORT", where, xml(
        "CR:addressbook-query", props(["D:getetag", "CR:address-data"]) +
        '<CR:filter test="anyof"><CR:prop-filter name="EMAIL">'
        "<CR:text-match>%s</CR:text-match></CR:prop-filter></CR:filter>"
        % c.friend.address), Depth="1")
    c.ok(reply.status == 207 and any(
        c.friend.address in (i.text("CR:address-data") or "")
        for i in reply.items), "which finds", reply.status)
    c.ok(c.me.ask("PUT", where + "x.vcf", c.body("x"),
                  **c.type()).status == 403, "and is not written to")


def topic(c):
    """KDE reads the properties of push, and goes without."""
    item = c.me.find(c.folder, 0, "P:transports", "P:topic",
                     "P:supported-triggers", "D:displayname").items[0]
    c.ok(item.text("D:displayname"), "the others are told")


def big(c, prop):
    """Too big is refused before it is kept."""
    item = c.me.find(c.folder, 0, prop).items[0]
    limit = int(item.text(prop) or 0)
    c.ok(limit > 10000, "a bound is told", limit)
    c.cell += " (too big)"
    try:
        status = c.me.ask("PUT", c.path("big"), c.body(
            "big", "x" * (limit + 1)), **c.type()).status
    except OSError:
        # Refused by its length, while the body was still on its way.
        c.me.close()
        status = 413
    c.ok(status in (403, 413), "which holds", status)
    c.ok(c.me.ask("GET", c.path("big")).status == 404, "nothing is kept")


def names(c):
    """'@' as it is, escaped, escaped twice; names of any letters."""
    at = c.me.address
    for written in (at, at.replace("@", "%40"), at.replace("@", "%2540"),
                    at.upper().replace("@", "%40")):
        found = c.me.find(c.folder.replace(at, written), 0,
                          "D:resourcetype")
        c.ok(found.status == 207 and found.items[0].href == c.folder,
             written + " is one's own", found.status)
    suffix = ".ics" if c.kind == "Calendar" else ".vcf"
    for number, name in enumerate(("Größe ü", "日本", "a+b&c;d", "100%")):
        path = c.folder + urllib.parse.quote(name) + suffix
        c.ok(c.put("name%d" % number, path=path).status == 201, name)
        listed = [h for h in by_list(c)[0]
                  if urllib.parse.unquote(h) == c.folder + name + suffix]
        c.ok(len(listed) == 1 and fetch(c, listed).get(
            listed[0], (None, None))[1], name + " is listed and read")
        c.ok(c.me.ask("DELETE", listed[0]).status == 204,
             name + " is removed")


def component(uid, kind, more=""):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
            "BEGIN:%s\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
            "SUMMARY:A %s\r\n%sEND:%s\r\nEND:VCALENDAR\r\n" % (
                kind, uid, kind, more, kind)).encode()


def tasks(c, kinds=("VTODO",)):
    for kind in kinds:
        uid = kind.lower()
        c.ok(c.me.ask("PUT", c.path(uid), component(uid, kind),
                      **c.type()).status == 201, "a " + kind)
        reply = c.me.ask("REPORT", c.folder, xml(
            "C:calendar-query", props(["D:getetag", "C:calendar-data"]) +
            '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter '
            'name="%s"/></C:comp-filter></C:filter>' % kind), Depth="1")
        c.ok([i.href for i in reply.items] == [c.path(uid)],
             "is found by its kind", [i.href for i in reply.items])


def journals(c):
    tasks(c, ("VTODO", "VJOURNAL"))


def undone(c):
    """Home Assistant: what is not completed."""
    c.me.ask("PUT", c.path("open"), component("open", "VTODO"), **c.type())
    c.me.ask("PUT", c.path("shut"), component(
        "shut", "VTODO", "COMPLETED:20260101T000000Z\r\n"
        "STATUS:COMPLETED\r\n"), **c.type())
    reply = c.me.ask("REPORT", c.folder, xml(
        "C:calendar-query", props(["C:calendar-data"]) +
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter '
        'name="VTODO"><C:prop-filter name="COMPLETED"><C:is-not-defined/>'
        '</C:prop-filter><C:prop-filter name="STATUS"><C:text-match '
        'collation="i;octet" negate-condition="yes">COMPLETED'
        "</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter>"
        "</C:filter>"), Depth="1")
    hrefs = [i.href for i in reply.items]
    c.ok(reply.status == 207 and c.path("shut") not in hrefs,
         "what is done is left out", hrefs)


def reminders(c):
    """Apple's Reminders: a calendar of tasks alone."""
    path = c.home + "tasks/"
    c.ok(c.me.ask("MKCALENDAR", path, xml(
        "C:mkcalendar", "<D:set><D:prop><C:supported-calendar-component-set>"
        "<C:comp name='VTODO'/></C:supported-calendar-component-set>"
        "</D:prop></D:set>")).status == 201, "a calendar of tasks")
    c.ok(c.me.ask("PUT", path + "t.ics", component("t", "VTODO"),
                  **c.type()).status == 201, "takes a task")
    refused = c.put("e", path=path + "e.ics")
    c.ok(refused.status == 403
         and refused.has("C:supported-calendar-component"),
         "and no event", refused.status)


def lists(c):
    """Outlook's synchroniser: tasks, and SOGo's lists of addresses."""
    tasks(c)
    path = "/SOGo/dav/%s/Contacts/personal/group.vlf" % c.me.address
    reply = c.me.ask("PUT", path, (
        "BEGIN:VLIST\r\nUID:group.vlf\r\nVERSION:1.0\r\nFN:Group\r\n"
        "CARD;EMAIL=a@elsewhere.example;FN=A:a.vcf\r\nEND:VLIST\r\n"
    ).encode(), Content_Type="text/x-vlist")
    c.ok(reply.status in (201, 403), "a list is kept, or clearly refused",
         reply.status)
    if reply.status == 403:
        c.ok(reply.has("CR:supported-address-data"), "by its kind")


def register(c):
    """DAVx5 asks to be told."""
    item = c.me.find(c.folder, 0, "P:transports", "P:topic",
                     "P:supported-triggers").items[0]
    c.ok(tag("P:transports") in item.props
         and item.text("P:topic"), "a topic to be told of")
    refused = c.me.ask("POST", c.folder, xml(
        "P:push-register", "<P:subscription><P:web-push-subscription>"
        "<P:push-resource>http://127.0.0.1/x</P:push-resource>"
        "</P:web-push-subscription></P:subscription>"
        "<P:trigger><P:content-update><D:depth>1</D:depth>"
        "</P:content-update></P:trigger>"), Content_Type="application/xml")
    c.ok(refused.status == 403 and refused.has("P:invalid-subscription"),
         "an inner address is refused", refused.status)
