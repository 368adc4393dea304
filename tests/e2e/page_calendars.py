#!/usr/bin/python3
"""Calendars and contacts on their page, by a browser without scripts: out as
files, in with a result for each thing, and changes undone."""
import re

from harness import Server, card, done, event, ok, same
from page_browser import Browser, Shape

OURS = "----posthaste"
LIST = (b"BEGIN:VLIST\r\nUID:club.vlf\r\nVERSION:1.0\r\nFN:The club\r\n"
        b"CARD;EMAIL=a@example.org;FN=Ann:a.vcf\r\nEND:VLIST\r\n")


def upload(person, file, name="x.ics", fields=None, token=None, mark=OURS):
    parts = dict({"form-token": person.token if token is None else token,
                  "into": "new"}, **(fields or {}))
    body = b"".join(
        ('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
         % (mark, key, value)).encode() for key, value in parts.items())
    body += ('--%s\r\nContent-Disposition: form-data; name="file"; '
             'filename="%s"\r\nContent-Type: text/calendar\r\n\r\n'
             % (mark, name)).encode() + file + \
        ("\r\n--%s--\r\n" % mark).encode()
    return person.ask("POST", "/calendars/import", body, **{
        "Content-Type": "multipart/form-data; boundary=" + mark})


def calendar(*uids):
    parts = [event(uid, "About " + uid).decode() for uid in uids]
    inner = "".join(re.search(r"(?s)BEGIN:VEVENT.*END:VEVENT\r\n",
                              part).group(0) for part in parts)
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//other//EN\r\n" +
            inner + "END:VCALENDAR\r\n").encode()


def places(person):
    """label to number, of the form."""
    page = person.get("/calendars")[2]
    return {label: number for number, label in re.findall(
        r'<option value="(\d+)"[^>]*>([^<]*) \(', page)}


def said(page):
    return Shape(page).text()


def imports(server, person):
    everything = places(person)
    ok(len(everything) >= 2, "a calendar and an address book", everything)
    bad = b"BEGIN:VEVENT\r\nUID:bad\r\nDTSTART:never\r\nEND:VEVENT\r\n"
    file = calendar("a", "b").replace(b"END:VCALENDAR",
                                      bad + b"END:VCALENDAR")
    status, head, page = upload(person, file, fields={
        "name": "F\u00eate & <b>2026</b>"})
    same((status, head["Cache-Control"]), (200, "no-store"), "imported")
    ok("F\u00eate &amp; &lt;b&gt;2026&lt;/b&gt;: <b>2</b> added" in page and
       "<b>1</b> refused" in page and "Refused" in page and
       "bad" in said(page), "with a result for each", page)
    name = "F\u00eate &amp; &lt;b&gt;2026&lt;/b&gt;"
    number = places(person)[name]
    status, _, page = upload(person, file, fields={"into": number})
    ok(status == 200 and "<b>0</b> added, <b>2</b> there already" in page,
       "once more: there already", page)
    status, head, body = person.ask("GET", "/calendars/download?id=" + number)
    ok(status == 200 and head["Content-Type"] ==
       "text/calendar; charset=utf-8" and "attachment" in
       head["Content-Disposition"] and head["Cache-Control"] == "no-store",
       "a file to keep", head)
    same((body.count("BEGIN:VEVENT"), body.count("UID:a\r\n")), (2, 1),
         "with all in it")
    status, _, page = upload(person, body.encode(), fields={"into": number})
    ok("<b>0</b> added, <b>2</b> there already" in page,
       "what was exported is known again", page)
    status, _, page = upload(person, calendar("z"), fields={
        "name": "F\u00eate & <b>2026</b>"})
    ok(status == 200 and "<b>1</b> added" in page, "a second one", page)
    same(person.get("/calendars")[2].count("<option value=\"") - 1,
         len(everything) + 2, "of the same name")
    other = Browser(server)
    other.sign_in(1)
    for path in number, "0", "x", "", "99999999999999999999":
        status, head, _ = other.ask("GET", "/calendars/download?id=" + path)
        same(status, 404, "not for others: " + path[:9])


def contacts(person):
    book = places(person)
    number = next(n for n in book.values() if is_book(person, n))
    status, _, page = upload(person, b"\xef\xbb\xbf" + card("c1", "Ann"),
                             "x.vcf", {"into": number})
    ok(status == 200 and "<b>1</b> added" in page, "a contact", page)
    status, head, body = person.ask("GET", "/calendars/download?id=" + number)
    ok(status == 200 and head["Content-Type"] == "text/vcard; charset=utf-8"
       and "BEGIN:VCARD" in body, "and out", body)
    status, _, page = upload(person, LIST, "club.vlf", {"into": number})
    body = person.ask("GET", "/calendars/download?id=" + number)[2]
    ok(status == 200 and "<b>1</b> added" in page and
       "X-ADDRESSBOOKSERVER-KIND:group" in body and "VLIST" not in body,
       "a list of SOGo's is a group", body)
    status, _, page = upload(person, calendar("k"), fields={"into": number})
    ok(status == 400 and "Events go into a calendar" in said(page),
       "no events in an address book", page)


def is_book(person, number):
    page = person.get("/calendars")[2]
    return re.search(r'<option value="%s"[^>]*>[^<]*\(address book\)'
                     % number, page) is not None


def refused(person):
    for file, fields, words, status in (
            (b"", {"name": "x"}, "Please choose a file", 400),
            (b"\r\n ", {"name": "x"}, "Please choose a file", 400),
            (b"hello", {"name": "x"}, "neither events nor contacts", 400),
            (b"\0" * 99, {"name": "x"}, "neither events nor contacts", 400),
            (calendar("q"), {}, "Please give the new one a name", 400),
            (calendar("q"), {"name": "a\r\nb"}, "Please give", 400),
            (calendar("q"), {"into": "999999"}, "Events go into", 400)):
        before = places(person)
        found, _, page = upload(person, file, fields=fields)
        ok(found == status and words in said(page), "refused: " + words,
           page)
        same(places(person), before, "and nothing was made")
    same(upload(person, calendar("q"), token="x")[0], 403,
         "not without the form's token")
    same(person.ask("POST", "/calendars/import", b"x", **{
        "Content-Type": "multipart/form-data"})[0], 400, "no boundary")
    for body in b"", b"--m", b"--m\r\n", b"--m\r\n\r\n\r\n--m--", \
            b'--m\r\nContent-Disposition: form-data; name="a"\r\n\r\nx':
        same(person.ask("POST", "/calendars/import", body, **{
            "Content-Type": "multipart/form-data; boundary=m"})[0], 400,
             "cut off: %r" % body[:20])
    large = calendar("q").replace(b"END:VEVENT", b"X-A:" + b"x" * (10 << 20) +
                                  b"\r\nEND:VEVENT")
    try:
        found = upload(person, large, fields={"name": "x"})[0]
    except OSError:  # it need not read all of that
        found = 413
    same(found, 413, "10 MiB and more")
    same(person.ask("POST", "/calendars/undo", {"x": "y" * 20000})[0], 413,
         "other forms are small")


def undoes(server, person):
    path = server.home("Calendar") + "u.ics"
    for text in event("u", "One"), event("u", "Two"):
        server.http("PUT", path, text, {"Content-Type": "text/calendar"},
                    auth=True)
    page = person.get("/calendars")[2]
    number = re.search(r'(?s)<b>Changed</b> <span><bdi>One</bdi>, <bdi>Pers'
                       r'onal Calendar<.*?name="id" value="(\d+)"',
                       page).group(1)
    same(person.post("/calendars/undo", {"id": number}, token="x")[0], 403,
         "not without the form's token")
    status, head, _ = person.post("/calendars/undo", {"id": number})
    same((status, head["Location"]), (303, "/calendars?done=undone"),
         "undone")
    same(server.http("GET", path, auth=True)[2], event("u", "One"),
         "as it was")
    ok("That is undone" in said(person.get("/calendars?done=undone")[2]),
       "which it says")
    for bad in "999999", "x", "":
        status, _, page = person.post("/calendars/undo", {"id": bad})
        ok(status == 409 and "cannot be undone" in said(page),
           "no such change: " + bad, page)


def archive(person):
    page = person.get("/calendars")[2]
    ok('href="/api/v1/archive"' in page, "everything at once is offered",
       page)
    status, head, body = person.ask("GET", "/api/v1/archive",
                                    **{"Sec-Fetch-Site": "same-origin"})
    ok(status == 200 and head["Content-Type"] == "application/x-tar" and
       "attachment" in head["Content-Disposition"] and
       "mail/cur/" in body and "calendars/" in body, "and comes", str(head))


def languages(person):
    for tag, word in (("de", "Kalender und Kontakte"),
                      ("fr", "Agendas et contacts"),
                      ("nl", "en contacten"), ("en", "address book")):
        ok(word in said(person.get("/calendars?lang=" + tag)[2]), tag)


def main():
    with Server(users=2) as server:
        stranger = Browser(server)
        for path in ("", "/import", "/download?id=1", "/undo"):
            same(stranger.ask("GET", "/calendars" + path)[1]["Location"], "/",
                 "signed in first: " + path)
        person = Browser(server)
        person.sign_in()
        imports(server, person)
        contacts(person)
        undoes(server, person)
        archive(person)
        refused(person)
        languages(person)
    done()


main()
