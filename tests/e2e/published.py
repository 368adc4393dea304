#!/usr/bin/python3
"""What anybody may have of a person's calendars: the whole of a published one
as a file, when somebody is busy, and nothing else."""
from harness import Server, done, event, ok, same

PUBLISH = (b'<publish-calendar xmlns="http://calendarserver.org/ns/"/>')
UNPUBLISH = PUBLISH.replace(b"<publish", b"<unpublish")
XML = {"Content-Type": "text/xml"}
ICS = {"Content-Type": "text/calendar"}


def file_of(server, path, kind, name, **login):
    """GET, HEAD, conditions and ranges of a file that is made."""
    status, head, body = server.http("GET", path, **login)
    same((status, head["Content-Type"], head["X-Content-Type-Options"]),
         (200, kind + "; charset=utf-8", "nosniff"), "given: " + name)
    ok(head["Content-Disposition"].startswith(
        'attachment; filename="%s"' % name), "under its name",
       head["Content-Disposition"])
    for field in "If-None-Match", "Range":
        value = head["ETag"] if field == "If-None-Match" else "bytes=0-9"
        found, again, rest = server.http("GET", path,
                                         headers={field: value}, **login)
        same((found, rest, again["ETag"]),
             (304, b"", head["ETag"]) if field == "If-None-Match"
             else (200, body, head["ETag"]), field + ": " + name)
    found, again, rest = server.http("HEAD", path, **login)
    same((found, rest, again["ETag"], again["Content-Disposition"]),
         (200, b"", head["ETag"], head["Content-Disposition"]),
         "HEAD: " + name)
    same(server.http("HEAD", path, headers={"If-None-Match": head["ETag"]},
                     **login)[0], 304, "HEAD, once: " + name)
    return head["ETag"], body


def options(server, path):
    status, head, body = server.http("OPTIONS", path)
    same((status, head["Allow"], body), (200, "OPTIONS, GET, HEAD", b""),
         "what can be done: " + path)


def busy(server, path):
    status, head, body = server.http("GET", path)
    ok(status == 200 and head["Content-Type"] ==
       "text/calendar; charset=utf-8" and b"BEGIN:VFREEBUSY" in body and
       b"One" not in body, "when, and not what", body)
    same(server.http("HEAD", path)[0], 200, "HEAD of that")
    same(head["Content-Disposition"], 'attachment; filename="freebusy.ifb"',
         "under its name")
    query = "?start=20300101T000000Z&end=20300201T000000Z"
    tag = server.http("GET", path + query)[1]["ETag"]
    ok(tag.startswith('W/"'), "what is written anew has a weak tag", tag)
    status, head, body = server.http("GET", path + query,
                                     headers={"If-None-Match": tag})
    same((status, body, head["ETag"]), (304, b"", tag), "unchanged: " + path)
    same(server.http("GET", path + query.replace("0201", "0202"), headers={
        "If-None-Match": tag})[0], 200, "other times have another tag")
    options(server, path)
    for query, wanted in (("start=20260101T000000Z&end=99990101T000000Z",
                           403), ("start=%FF", 400), ("period=P-1D", 400),
                          ("end=x", 400)):
        same(server.http("GET", path + "?" + query)[0], wanted, query)


def main():
    with Server(users=1, settings={"publish": "on"}) as server:
        home, address = server.home("Calendar", 0), server.login(0)[0]
        mine = {"auth": True, "number": 0}
        public = "/SOGo/dav/public/%s/" % address
        path = public + "Calendar/personal.ics"
        secret = event("p", "Secret").replace(
            b"END:VEVENT", b"CLASS:PRIVATE\r\nEND:VEVENT")
        for name, text in ("a", event("a", "One")), ("p", secret):
            server.http("PUT", home + name + ".ics", text, ICS, **mine)
        same(server.http("GET", path)[0], 404, "not before it is published")
        same(server.http("GET", public + "freebusy.ifb")[0], 404,
             "nor when somebody is busy")
        same(server.http("POST", home, PUBLISH, XML, **mine)[0], 202,
             "published")
        etag, body = file_of(server, path, "text/calendar", "personal.ics")
        ok(b"SUMMARY:One" in body and b"Secret" not in body,
           "what is private is not told", body)
        ok(file_of(server, home, "text/calendar", "personal.ics",
                   **mine)[0] != etag, "its owner sees another one")
        server.http("PUT", home + "b.ics", event("b", "Two"), ICS, **mine)
        ok(server.http("GET", path)[1]["ETag"] != etag, "a change is one")
        for method in "PUT", "POST", "DELETE", "PROPPATCH", "MKCALENDAR":
            status = server.http(method, path, b"x")[0]
            ok(status in (403, 405), "nobody changes it: " + method, status)
        for other in ("Calendar/none.ics", "Contacts/personal.vcf", "Files/",
                      "Calendar/personal.ics/", "Calendar/personal.vcf",
                      "Calendar/personal.ics/a.ics"):
            same(server.http("GET", public + other)[0], 404,
                 "nothing else: " + other)
        same(server.http("GET", path.replace(address, "x@" + address.split(
            "@")[1]))[0], 404, "nor of nobody")
        busy(server, public + "freebusy.ifb")
        options(server, path)
        same(server.http("OPTIONS", public + "Calendar/none.ics")[0], 404,
             "what is not there")
        file_of(server, server.home("Contacts", 0), "text/vcard",
                "personal.vcf", **mine)
        server.http("MKCALENDAR", home[:-9] + "caf%C3%A9%20%22x/", **mine)
        head = server.http("GET", home[:-9] + "caf%C3%A9%20%22x/", **mine)[1]
        same(head["Content-Disposition"], 'attachment; filename="caf____x.ics"'
             "; filename*=UTF-8''caf%C3%A9%20%22x.ics", "any name")
        server.http("POST", home, UNPUBLISH, XML, **mine)
        same(server.http("GET", path)[0], 404, "taken back")
    done()


main()
