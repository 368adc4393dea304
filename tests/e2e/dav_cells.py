"""What clients do, by the sequences that they have in common; dav_matrix.py
says which client does which, and how."""
import re
import urllib.parse

from dav_session import Session, basic_realm, origin, props, tag, xml
from harness import card, event, ok

COUNT = 12
WEEK = '<C:time-range start="20261128T000000Z" end="20261205T000000Z"/>'


class Client:
    """One row: who asks, for what, and what he has seen."""

    def __init__(self, server, number, name, agent, kind="Calendar",
                 depth="0", page=50, **extra):
        self.name, self.kind, self.page, self.depth = name, kind, page, depth
        self.server = server
        self.me = Session(server, number, agent, extra)
        self.brief = "Brief" in extra
        self.friend = Session(server, number + 1, "a friend")
        self.principal = "/SOGo/dav/%s/" % self.me.address
        self.home = self.principal + kind + "/"
        self.folder = self.home + "personal/"
        self.feature = ("calendar-access" if kind == "Calendar"
                        else "addressbook")
        self.home_set = ("C:calendar-home-set" if kind == "Calendar"
                         else "CR:addressbook-home-set")
        self.body_type = ("C:calendar" if kind == "Calendar"
                          else "CR:addressbook")
        self.data = ("C:calendar-data" if kind == "Calendar"
                     else "CR:address-data")
        self.token = self.ctag = None
        self.known = {}
        self.cell = ""

    def ok(self, good, what, detail=None):
        ok(good, "%s: %s %s" % (self.name, self.cell, what), detail)

    def close(self):
        self.me.close()
        self.friend.close()

    def body(self, uid, text="One"):
        return (event if self.kind == "Calendar" else card)(uid, text)

    def path(self, uid):
        return self.folder + uid + (".ics" if self.kind == "Calendar"
                                    else ".vcf")

    def type(self):
        return {"Content_Type": "text/calendar; charset=utf-8"
                if self.kind == "Calendar" else "text/vcard; charset=utf-8"}

    def put(self, uid, text="One", who=None, path=None, **headers):
        return (who or self.me).ask("PUT", path or self.path(uid),
                                    self.body(uid, text),
                                    **{**self.type(), **headers})


# --- S1 to S4: finding things ------------------------------------------------

def wanderer(c, method="PROPFIND", features=True):
    """From the bare host by the well-known URL."""
    wk = "/.well-known/" + ("caldav" if c.kind == "Calendar" else "carddav")
    body = xml("D:propfind", props(["D:current-user-principal"]))
    reply = c.me.ask(method, wk, body if method == "PROPFIND" else None,
                     auth=False, Depth="0")
    c.ok(reply.status in (301, 307), "well-known redirects", reply.status)
    base, path = origin(reply.headers.get("Location") or "")
    c.ok(base == "https://%s:%d" % (c.server.host, c.server.ports["https"]),
         "to the same origin", base)
    reply = c.me.ask("PROPFIND", path, body, auth=False, Depth="0")
    c.ok(reply.status == 401 and basic_realm(reply), "then asks who it is",
         reply.status)
    from_root(c, path, features)


def from_root(c, path="/", features=True):
    """A path where nobody's name stands, then principal, home, folders."""
    found = c.me.find(path, 0, "D:current-user-principal", "D:principal-URL",
                      "D:resourcetype")
    principal = found.items and found.items[0].href_in(
        "D:current-user-principal")
    c.ok(principal == c.principal, path + " knows the principal", principal)
    if features:
        options = c.me.ask("OPTIONS", c.principal)
        c.ok(options.status == 200
             and c.feature in options.headers.get("DAV", ""),
             "whose DAV field has " + c.feature)
    found = c.me.find(c.principal, 0, c.home_set, "D:displayname")
    home = found.items[0].href_in(c.home_set)
    c.ok(home == c.home, "and whose home is told", home)
    has_folder(c)


def has_folder(c):
    found = c.me.find(c.home, 1, "D:resourcetype", "D:displayname",
                      "D:current-user-privilege-set")
    personal = found.by_href(c.folder)
    c.ok(personal and personal.kinds() == {tag("D:collection"),
                                           tag(c.body_type)},
         "where the folder is just that", personal and personal.kinds())


def apple_wanderer(c):
    wanderer(c)
    for path in ("/", "/principals/", "/SOGo/dav/"):
        from_root(c, path, features=False)


def principal(c, *names):
    """From the principal's URL, with all that the client asks for."""
    found = c.me.find(c.principal, 0, c.home_set, *names)
    item = found.by_href(c.principal)
    c.ok(item is not None, "the principal answers", found.status)
    c.ok(item.first == "HTTP/1.1 200 OK", "first of all 200 OK", item.first)
    c.ok(item.href_in(c.home_set) == c.home, "with the home")
    for name in names:
        c.ok(c.brief or tag(name) in item.props or tag(name) in item.refused,
             name + " is told or called missing")
    if "C:calendar-user-address-set" in names:
        c.ok("mailto:" + c.me.address in item.text(
            "C:calendar-user-address-set"), "and the mail address")
    if "D:group-membership" in names:
        c.ok(tag("D:group-membership") in item.props, "and the groups")


def straight(c, *names):
    """From the folder's URL."""
    found = c.me.find(c.folder, 0, "D:resourcetype", "D:displayname",
                      "D:current-user-principal",
                      "D:current-user-privilege-set", *names)
    item = found.by_href(c.folder)
    c.ok(item is not None and tag(c.body_type) in item.kinds(),
         "the folder says what it is", found.status)
    c.ok(item.href_in("D:current-user-principal") == c.principal,
         "and who asks")
    c.ok(item.privileges() & {"write", "write-content", "bind", "all"},
         "who may write", item.privileges())
    c.ok(found.headers.get("Location") is None, "without a redirect")


def refreshing(c):
    """What Thunderbird asks each time; any 4xx ends the calendar."""
    straight(c, "D:supported-report-set", "CS:getctag",
             "C:supported-calendar-component-set")
    options = c.me.ask("OPTIONS", c.home)
    c.ok("calendar-auto-schedule" in options.headers.get("DAV", ""),
         "the server schedules")


def export_of(c):
    """A calendar as one file."""
    reply = c.me.ask("GET", c.folder[:-1] + ".ics")
    c.ok(reply.status == 200 and reply.headers.get(
        "Content-Type", "").startswith("text/calendar")
        and reply.body.startswith(b"BEGIN:VCALENDAR"), "is one file",
        reply.status)


def share(c, roles, name="team"):
    """A folder of the friend's, with what the reader may do."""
    folder = "/SOGo/dav/%s/%s/%s/" % (c.friend.address, c.kind, name)
    made = c.friend.ask("MKCOL", folder)
    given = c.friend.ask(
        "POST", folder, xml("I:acl-query", '<I:set-roles user="%s">%s'
                            "</I:set-roles>" % (c.me.address, "".join(
                                "<I:%s/>" % role for role in roles))),
        Content_Type="application/xml")
    taken = c.me.ask("POST", folder, xml("I:subscribe"),
                     Content_Type="application/xml")
    c.ok((made.status, given.status, taken.status) in (
        (201, 204, 200), (405, 204, 200)), "somebody shares",
        (made.status, given.status, taken.status))
    return folder, c.home + re.sub(
        "[@.]", lambda m: {"@": "_A_", ".": "_D_"}[m.group()],
        c.friend.address) + "_" + name + "/"


WRITER = {"Calendar": ("PublicModifier", "ObjectCreator", "ObjectEraser"),
          "Contacts": ("ObjectViewer", "ObjectEditor", "ObjectCreator",
                       "ObjectEraser")}
READER = {"Calendar": ("PublicViewer",), "Contacts": ("ObjectViewer",)}


def listing(c, *names):
    """Shares are folders of one's own home."""
    _, alias = share(c, WRITER[c.kind])
    found = c.me.find(c.home, 1, "D:resourcetype", "D:displayname",
                      "D:current-user-privilege-set", "D:owner", *names)
    item = found.by_href(alias)
    c.ok(item is not None and tag(c.body_type) in item.kinds(),
         "what is shared is listed", [i.href for i in found.items])
    c.ok(c.friend.address in (item.href_in("D:owner") or ""), "as another's")
    c.ok("write-content" in item.privileges()
         or "write" in item.privileges(), "to be written")
    c.ok(all(i.first == "HTTP/1.1 200 OK" for i in found.items),
         "200 OK comes first everywhere")


def first_book(c):
    """macOS takes the first book that is listed."""
    found = c.me.find(c.home, 1, "D:resourcetype", "CS:getctag",
                      "D:displayname")
    books = [i.href for i in found.items if tag(c.body_type) in i.kinds()]
    c.ok(books and books[0] == c.folder, "the first book is one's own",
         books)
    c.ok(found.by_href(c.folder).text("CS:getctag"), "which has a ctag")
    c.ok(not any("/public/" in book for book in books),
         "the directory is not among them")


def proxies(c):
    """Apple's clients and DAVx5 go to the owner's home."""
    folder, alias = share(c, WRITER[c.kind])
    found = c.me.find(c.home, 1, "D:resourcetype")
    c.ok(found.by_href(alias) is None, "a share is not listed twice")
    theirs = "/SOGo/dav/%s/" % c.friend.address
    found = c.me.find(c.principal, 0, "CS:calendar-proxy-write-for",
                      "CS:calendar-proxy-read-for", "D:group-membership")
    item = found.items[0]
    c.ok(theirs in (item.text("CS:calendar-proxy-write-for") or "")
         and theirs in (item.text("D:group-membership") or ""),
         "the principal names whose calendars one keeps",
         item.text("CS:calendar-proxy-write-for"))
    found = c.me.find(theirs + "Calendar/", 1, "D:resourcetype",
                      "D:current-user-privilege-set")
    c.ok(found.by_href(folder) is not None
         and found.by_href(theirs + "Calendar/personal/") is None,
         "where what is shared is, and nothing else",
         [i.href for i in found.items])


# --- S5 to S8: keeping in step -----------------------------------------------

def by_sync(c):
    """All changes since the last time: what is there, what is gone."""
    reply = c.me.sync(c.folder, c.token or "", (
        "D:getcontenttype", "D:getetag"), c.depth)
    c.ok(reply.status == 207 and reply.token, "sync-collection",
         reply.status)
    c.token = reply.token
    there = {i.href: i.text("D:getetag") for i in reply.items
             if i.status is None}
    gone = {i.href for i in reply.items if i.status
            and i.status.endswith("404 Not Found")}
    c.ok(len(there) + len(gone) == len(reply.items),
         "nothing but what is there and what is gone")
    return {**c.known, **there}, gone, set(there)


def whole(c, found):
    """A full list beside the last one."""
    now = {i.href: i.text("D:getetag") for i in found
           if i.href != c.folder}
    return (now, set(c.known) - set(now),
            {h for h, etag in now.items() if c.known.get(h) != etag})


def by_list(c):
    found = c.me.find(c.folder, 1, "D:getetag", "D:getcontenttype",
                      "D:resourcetype")
    return whole(c, [i for i in found.items
                     if tag("D:collection") not in i.kinds()])


def by_query(c, kinds=("VEVENT", "VTODO", "VJOURNAL"), inside=""):
    """A question for each component; one that is not kept is no error."""
    found = []
    for kind in kinds:
        reply = c.me.ask("REPORT", c.folder, xml(
            "C:calendar-query", props(["D:getetag", "D:getcontenttype"]) +
            '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter '
            'name="%s">%s</C:comp-filter></C:comp-filter></C:filter>' % (
                kind, inside)), Depth="1")
        c.ok(reply.status == 207, "a query for " + kind, reply.status)
        found += reply.items
    return whole(c, found)


def by_ctag(c):
    """Lists only when the ctag is another."""
    item = c.me.find(c.folder, 0, "CS:getctag", "D:sync-token").items[0]
    ctag = item.text("CS:getctag")
    c.ok(ctag, "a ctag")
    if ctag == c.ctag:
        return dict(c.known), set(), set()
    c.ctag = ctag
    return by_list(c)


def fetch(c, hrefs):
    """Multiget, so many at a time."""
    name = ("C:calendar-multiget" if c.kind == "Calendar"
            else "CR:addressbook-multiget")
    hrefs = sorted(hrefs)
    got = {}
    for at in range(0, len(hrefs), c.page):
        reply = c.me.ask("REPORT", c.folder, xml(
            name, props(["D:getetag", c.data]) + "".join(
                "<D:href>%s</D:href>" % h for h in hrefs[at:at + c.page])),
            Depth="1")
        for item in reply.items:
            got[item.href] = (item.text("D:getetag"), item.text(c.data))
    return got


def renew(c, style):
    """One look: what is new, and gone.  Fetches what is new."""
    now, gone, new = style(c)
    got = fetch(c, new)
    c.ok(set(got) == new and all(
        data and now[href] == etag for href, (etag, data) in got.items()),
        "what was listed is there, by the same ETag")
    for href in gone:
        now.pop(href, None)
    c.known = now
    return {h.rsplit("/", 1)[1].split(".")[0] for h in new}, {
        h.rsplit("/", 1)[1].split(".")[0] for h in gone}


def initial(c, style):
    for number in range(COUNT):
        c.ok(c.put("o%d" % number).status == 201, "one more")
    new, gone = renew(c, style)
    c.ok(new >= {"o%d" % n for n in range(COUNT)} and not gone,
         "all at first", sorted(new))
    c.style = style


def inline(c):
    """Thunderbird's books: the data comes with the changes."""
    reply = c.me.sync(c.folder, "", ("D:getetag", "CR:address-data"), "1")
    c.ok(len(reply.items) >= COUNT and all(
        i.text("CR:address-data") for i in reply.items),
        "the cards come with their changes")


def initial_inline(c):
    initial(c, by_sync)
    inline(c)


def delta(c):
    """Add, change, remove and change again within a second."""
    c.ok(c.put("new").status == 201, "added")
    c.ok(c.put("o1", "Two").status == 204, "changed")
    c.ok(c.me.ask("DELETE", c.path("o2")).status == 204, "removed")
    new, gone = renew(c, c.style)
    c.ok((new, gone) == ({"new", "o1"}, {"o2"}), "just these", (new, gone))
    c.ok(c.put("o1", "Three").status == 204, "once more")
    new, gone = renew(c, c.style)
    c.ok((new, gone) == ({"o1"}, set()), "in the same second", (new, gone))
    new, gone = renew(c, c.style)
    c.ok(not new and not gone, "then nothing", (new, gone))


def bad_token(c, status=403):
    """A token that SOGo gave, and one of another server."""
    for token in ("1700000000", "http://elsewhere.example/sync/1-1"):
        reply = c.me.sync(c.folder, token, ("D:getetag",), c.depth)
        c.ok(reply.status == status and reply.has("D:valid-sync-token"),
             "a token from before is refused", reply.status)
    c.token, c.known = None, {}
    new, _ = renew(c, by_sync)
    c.ok(len(new) >= COUNT, "and all comes again")


def truncated(c):
    """507 for the collection itself: there is more."""
    token, seen = "", []
    for _ in range(COUNT + 10):
        reply = c.me.sync(c.folder, token, ("D:getetag",), c.depth, limit=5)
        more = reply.by_href(c.folder)
        seen += [i.href for i in reply.items if i.status is None]
        token = reply.token
        if more is None:
            break
        c.ok(more.status.startswith("HTTP/1.1 507 "), "more to come",
             more.status)
    wanted = by_list(c)[0]
    c.ok(sorted(seen) == sorted(wanted), "each comes once", len(seen))


# --- S9, S10: writing --------------------------------------------------------

def conditions(c, tagged=False):
    """Nobody's change is lost."""
    made = c.put("w", If_None_Match="*")
    c.ok(made.status == 201, "made", made.status)
    c.ok(c.put("w", If_None_Match="*").status == 412, "but once")
    etag = made.etag() or c.me.find(
        c.path("w"), 0, "D:getetag").items[0].text("D:getetag")
    c.ok(etag and etag.startswith('"'), "a strong ETag", etag)
    by = {"If_Match": etag}
    if tagged:
        c.ok(made.headers.get("Schedule-Tag") is None,
             "nobody is invited: no Schedule-Tag")
    changed = c.put("w", "Two", **by)
    c.ok(changed.status == 204, "changed", changed.status)
    late = c.put("w", "Three", **by)
    c.ok(late.status == 412, "but not by who has not seen it", late.status)
    c.ok(b"Two" in c.me.ask("GET", c.path("w")).body, "so it stays")
    c.ok(c.me.ask("DELETE", c.path("w"), **by).status == 412,
         "nor is it removed")
    c.ok(c.me.ask("DELETE", c.path("w"),
                  If_Match=changed.etag()).status == 204, "but by who has")
    c.ok(c.me.ask("GET", c.path("w")).status == 404, "gone")


def unconditional(c):
    """Thunderbird's books: PUT, then a look at the same href."""
    c.ok(c.put("w").status == 201, "made")
    c.ok(c.put("w", "Two").status == 204, "changed")
    got = fetch(c, {c.path("w")})
    c.ok("Two" in got[c.path("w")][1], "and read by the same href")
    c.ok(c.me.ask("DELETE", c.path("w")).status == 204, "removed")


def chunked(c):
    """Evolution does not say how long it is."""
    made = c.me.ask("PUT", c.path("chunk"), iter([
        c.body("chunk")[:20], c.body("chunk")[20:]]), chunked=True,
        If_None_Match="*", **c.type())
    c.ok(made.status == 201 and made.etag(), "made in pieces", made.status)
    c.ok(c.me.ask("GET", c.path("chunk")).body == c.body("chunk"),
         "and whole")
    conditions(c)


def located(c):
    """KDE reads Location, when there is one."""
    made = c.put("loc", If_None_Match="*")
    where = made.headers.get("Location")
    c.ok(made.status == 201 and (where is None or urllib.parse.unquote(
        where).endswith(c.path("loc"))), "it stays where it was put", where)
    conditions(c)


def strict(c):
    """Outlook's synchroniser: an update of what is not there."""
    c.ok(c.put("none", If_Match='"1"').status == 412, "makes nothing")
    c.ok(c.me.ask("GET", c.path("none")).status == 404, "at all")
    conditions(c)


def override_first(c):
    """Fantastical: an override before the first instance."""
    text = event("split", "Series").decode().replace(
        "SUMMARY:Series\r\n", "SUMMARY:Series\r\nRRULE:FREQ=DAILY;COUNT=5"
        "\r\n")
    early = event("split", "Early", "20261120").decode().split(
        "BEGIN:VEVENT\r\n")[1].split("END:VCALENDAR")[0]
    body = text.replace("END:VCALENDAR", "BEGIN:VEVENT\r\nRECURRENCE-ID:"
                        "20261120T100000Z\r\n" + early + "END:VCALENDAR")
    made = c.me.ask("PUT", c.path("split"), body.encode(), **c.type())
    c.ok(made.status == 201, "a series with an early override is kept",
         made.status)
    got = fetch(c, {c.path("split")})
    c.ok("Series" in got[c.path("split")][1], "and given back")
    conditions(c)


COLOR = "<A:calendar-color symbolic-color='red'>#FF2968FF</A:calendar-color>"


def folders(c, method="MKCALENDAR", component="VEVENT", settings=()):
    """Make, name, colour, remove."""
    path = c.home + "made/"
    inside = "<D:displayname>Made</D:displayname>"
    if c.kind == "Calendar" and component:
        inside += ("<C:supported-calendar-component-set><C:comp name='%s'/>"
                   "</C:supported-calendar-component-set>" % component)
    if method == "MKCOL":
        inside += ("<D:resourcetype><D:collection/><%s/></D:resourcetype>"
                   % c.body_type)
    body = xml("C:mkcalendar" if method == "MKCALENDAR" else "D:mkcol",
               "<D:set><D:prop>%s</D:prop></D:set>" % inside)
    c.ok(c.me.ask(method, path, body).status == 201, method)
    c.ok(c.me.ask(method, path, body).status == 405, "but once")
    for one in settings or ("<D:displayname>Other</D:displayname>",):
        reply = c.me.patch(path, one)
        c.ok(reply.status == 200 and c.brief or reply.status == 207
             and not reply.items[0].refused, one[:24], reply.body)
    item = c.me.find(path, 0, "D:resourcetype", "D:displayname",
                     "A:calendar-color",
                     "C:supported-calendar-component-set").by_href(path)
    c.ok(tag(c.body_type) in item.kinds(), "it is one")
    c.ok(item.text("D:displayname") == "Other", "by its new name")
    if c.kind == "Calendar" and component:
        inner = item.props[tag("C:supported-calendar-component-set")]
        c.ok([one.get("name") for one in inner] == [component],
             "of one component")
    if COLOR in settings:
        c.ok(item.text("A:calendar-color") == "#FF2968FF", "in its colour")
    c.ok(c.me.ask("DELETE", path).status == 204, "removed")
    c.ok(c.me.find(path, 0, "D:displayname").status == 404, "gone")
    c.ok(c.me.ask("DELETE", c.folder).status == 403,
         "the first one stays")


FIVE = ("<A:calendar-order>2</A:calendar-order>",
        "<D:displayname>Other</D:displayname>", COLOR,
        "<C:calendar-description>Of use</C:calendar-description>",
        "<C:schedule-calendar-transp><C:transparent/>"
        "</C:schedule-calendar-transp>")
