#!/usr/bin/python3
"""Invitations between two people here and one elsewhere, by the server as it
runs: CalDAV on one side, mail on the other, and a power cut between."""
import contextlib
import email
import http.client
import re
import threading

from harness import Server, done, ok, run, same, wait_for
from sink import Sink

SMTP = 10026
FAR = "cat@far.example"


def event(uid, organizer, attendees, extra="", start="20300301T090000Z"):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN",
             "BEGIN:VEVENT", "UID:" + uid, "DTSTAMP:20260101T000000Z",
             "DTSTART:" + start, "DURATION:PT1H", "SUMMARY:Tea & talk",
             "ORGANIZER:mailto:" + organizer]
    lines += ["ATTENDEE;PARTSTAT=%s:mailto:%s" % pair[::-1]
              for pair in attendees]
    lines += [extra] if extra else []
    lines += ["END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def put(server, name, body, number=None):
    path = name if name.startswith("/") else (
        server.home("Calendar", number) + name)
    return server.http("PUT", path, body, {"Content-Type": "text/calendar"},
                       number=number, auth=True)[0]


def objects(server, number, collection="personal"):
    """Path and text of all that is in a calendar."""
    path = server.home("Calendar", number).replace("personal", collection)
    status, _, body = server.http(
        "PROPFIND", path, b"<propfind xmlns='DAV:'"
        b" xmlns:C='urn:ietf:params:xml:ns:caldav'><prop><C:calendar-data/>"
        b"</prop></propfind>", {"Depth": "1", "Prefer": "depth-noroot"},
        number=number, auth=True)
    same(status, 207, "PROPFIND")
    found = re.findall(r"<D:response><D:href>([^<]*)</D:href>.*?"
                       r"<C:calendar-data>(.*?)</C:calendar-data>",
                       body.decode(), re.S)
    return [(href, text.replace("\r\n ", "").replace("&#13;\n ", ""))
            for href, text in found]


def one(server, number, uid):
    found = [pair for pair in objects(server, number)
             if "UID:%s\r" % uid in pair[1].replace("&#13;", "\r")]
    return found[0] if len(found) == 1 else ("", "%d found" % len(found))


def mails(sink, method):
    """What has come for the one elsewhere, as iCalendar."""
    out = []
    for _, _, text in sink.to(FAR):
        message = email.message_from_bytes(text)
        for part in message.walk():
            if (part.get_content_type() == "text/calendar"
                    and part.get_param("method") == method):
                out.append((message, part.get_payload(decode=True).decode()))
    return out


def invite(server, sink, ann, bob):
    same(put(server, "tea.ics", event(
        "tea", ann, [(ann, "ACCEPTED"), (bob, "NEEDS-ACTION"),
                     (FAR, "NEEDS-ACTION")]), 1), 201, "an invitation")
    href, text = one(server, 2, "tea")
    ok(href and "NEEDS-ACTION" in text, "is in the calendar of one here", text)
    same(len(objects(server, 2, "inbox")), 1, "and in the inbox")
    got = wait_for(lambda: mails(sink, "REQUEST"), 60)
    if ok(got, "and goes to the other by mail"):
        message, calendar = got[0]
        ok(ann in message["From"] and FAR in message["To"], "from and to",
           message.as_string())
        ok("Tea & talk" in message["Subject"], "with its title")
        ok("SUMMARY:Tea & talk" in calendar and "METHOD:REQUEST" in calendar,
           "whole", calendar)
    return href


def answer(server, sink, ann, bob, href):
    people = [(ann, "ACCEPTED"), (bob, "ACCEPTED"), (FAR, "NEEDS-ACTION")]
    same(put(server, href, event("tea", ann, people), 2), 204, "accepted")
    ok(re.search("PARTSTAT=ACCEPTED[^\r\n]*" + re.escape(bob),
                 one(server, 1, "tea")[1]), "the organizer sees it",
       one(server, 1, "tea")[1])
    same(put(server, href, event("tea", ann, people,
                                 start="20300301T120000Z"), 2), 403,
         "a guest moves nothing")
    same(put(server, "tea.ics", event(
        "tea", ann, people, start="20300301T110000Z"), 1), 204, "moved")
    text = one(server, 2, "tea")[1]
    ok("T110000Z" in text and re.search(
        "NEEDS-ACTION[^\r\n]*" + re.escape(bob), text),
       "who had accepted is asked again", text)
    ok(wait_for(lambda: len(mails(sink, "REQUEST")) == 2, 60),
       "and the other hears of it")


def call_off(server, sink):
    status, _, _ = server.http(
        "DELETE", server.home("Calendar", 1) + "tea.ics", number=1, auth=True)
    same(status, 204, "called off")
    same(one(server, 2, "tea")[1], "0 found", "it is gone here")
    got = wait_for(lambda: mails(sink, "CANCEL"), 60)
    ok(got and "STATUS:CANCELLED" in got[0][1], "and cancelled there", got)


def by_mail(server, ann):
    """A stranger's mail changes nothing: nobody has proved who sent it."""
    text = event("forged", FAR, [(ann, "NEEDS-ACTION")]).replace(
        b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:REQUEST")
    message = (b"From: <" + FAR.encode() + b">\r\nTo: <" + ann.encode() +
               b">\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
               b"Content-Type: text/calendar; method=REQUEST\r\n\r\n" + text)
    with server.smtp() as client:
        client.sendmail(FAR, [ann], message)

    def arrived():
        with server.imap(1) as client:
            client.select("INBOX", readonly=True)
            return client.search(None, "SUBJECT", "x")[1][0].split()
    ok(wait_for(arrived, 60), "a mail from a stranger comes")
    same(one(server, 1, "forged")[1], "0 found", "and stays a mail")


def itip(method, uid, ann, bob, partstat, claims=None):
    """A mail with a message of iTIP, as a client without CalDAV writes it."""
    text = event(uid, ann, [(bob, partstat)]).replace(
        b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:" + method.encode())
    author, to = (ann, bob) if method != "REPLY" else (bob, ann)
    return author, to, (
        "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/calendar; charset=utf-8; method=%s\r\n\r\n"
        % (claims or author, to, uid, method)).encode() + text


def submitted(server, ann, bob):
    """Who has logged in to send it is believed, for himself alone."""
    def send(number, mail):
        with server.submission(number) as client:
            client.sendmail(*mail)

    send(1, itip("REQUEST", "walk", ann, bob, "NEEDS-ACTION"))
    ok("NEEDS-ACTION" in one(server, 2, "walk")[1],
       "an invitation that is submitted is in the calendar",
       one(server, 2, "walk")[1])
    author, to, text = itip("REQUEST", "fake", bob, ann, "NEEDS-ACTION",
                            claims=bob)
    send(1, (ann, to, text))
    same(one(server, 1, "fake")[1], "0 found", "not in another's name")
    same(put(server, "swim.ics", event(
        "swim", ann, [(ann, "ACCEPTED"), (bob, "NEEDS-ACTION")]), 1), 201,
         "an invitation by CalDAV")
    send(1, (ann, ann, itip("REPLY", "swim", ann, bob, "DECLINED")[2]))
    ok("DECLINED" not in one(server, 1, "swim")[1],
       "nobody answers for another", one(server, 1, "swim")[1])
    send(2, itip("REPLY", "swim", ann, bob, "ACCEPTED"))
    ok(re.search("PARTSTAT=ACCEPTED[^\r\n]*" + re.escape(bob),
                 one(server, 1, "swim")[1]),
       "an answer that is submitted is applied", one(server, 1, "swim")[1])
    send(1, itip("CANCEL", "walk", ann, bob, "NEEDS-ACTION"))
    text = one(server, 2, "walk")[1]
    ok("STATUS:CANCELLED" in text or text == "0 found", "called off", text)
    server.http("DELETE", server.home("Calendar", 1) + "swim.ics", number=1,
                auth=True)


def attached(server, ann, bob):
    """A file of an event, for those whom it concerns (RFC 8607)."""
    same(put(server, "file.ics", event(
        "file", ann, [(bob, "NEEDS-ACTION")]), 1), 201, "an invitation")
    status, _, _ = server.http(
        "POST", server.home("Calendar", 1) + "file.ics?action=attachment-add",
        b"\0" * 100000, {"Content-Type": "application/pdf",
                         "Content-Disposition": "attachment;filename=a.pdf"},
        number=1, auth=True)
    same(status, 201, "with a file")
    text = one(server, 2, "file")[1]
    url = re.search("MANAGED-ID=[^\r\n]*:https?://[^/]*(/[^\r\n&]*)", text)
    ok(url and "SIZE=100000" in text, "of which the guest is told", text)
    found = [server.http("GET", url.group(1), number=number, auth=True)
             for number in (1, 2, 3)] if url else []
    same([status for status, _, _ in found], [200, 200, 404],
         "and who reads it")
    same([len(body) for _, _, body in found[:2]], [100000, 100000], "whole")
    same(server.http("DELETE", server.home("Calendar", 1) + "file.ics",
                     number=1, auth=True)[0], 204, "called off")
    same(server.http("GET", url.group(1), number=1, auth=True)[0]
         if url else 0, 404, "with its file")


def room(server, ann):
    """A room comes when it is free, and says so by itself."""
    address = server.login(3)[0]
    for kind, good in (("hall", False), ("room", True)):
        found, _ = run([server.binary, "mailbox", "kind", address, kind,
                        "--data", server.data], env=server.env)
        same(found == 0, good, "mailbox kind " + kind)
    for name, wanted in (("first", "ACCEPTED"), ("second", "DECLINED")):
        same(put(server, name + ".ics", event(
            name, ann, [(address, "NEEDS-ACTION")]), 1), 201, "asked")
        text = one(server, 1, name)[1]
        ok(re.search("PARTSTAT=" + wanted + "[^\r\n]*" + re.escape(address),
                     text), "the room has " + wanted, text)


def try_put(server, name, body, answers):
    with contextlib.suppress(OSError, http.client.HTTPException):
        answers[name] = put(server, name, body, 1)


def power_cut(server, sink, ann, bob):
    """At any moment of a change: what was answered for is there, and what is
    there is delivered, once."""
    answers = {}
    for i in range(5):
        name = "cut%d.ics" % i
        thread = threading.Thread(target=try_put, args=(
            server, name, event("cut%d" % i, ann, [(bob, "NEEDS-ACTION"),
                                                   (FAR, "NEEDS-ACTION")]),
            answers))
        thread.start()
        if i > 0:
            thread.join(0.03 * i)
        server.kill()
        thread.join()
        server.start()
    kept = [i for i in range(5) if one(server, 1, "cut%d" % i)[0]]
    ok(all(answers.get("cut%d.ics" % i) in (None, 201) for i in range(5))
       and all(i in kept for i in range(5) if "cut%d.ics" % i in answers),
       "what was answered for is there", (answers, kept))
    ok(wait_for(lambda: all(one(server, 2, "cut%d" % i)[0] for i in kept),
                60, 0.3), "and has arrived here, once", objects(server, 2))
    same(len(objects(server, 2)), len(kept), "and nothing else has")

    def told():
        return {(re.search(r"UID:(\w+)", text).group(1), mail["Message-ID"])
                for mail, text in mails(sink, "REQUEST")
                if "UID:cut" in text}
    ok(wait_for(lambda: len(told()) >= len(kept), 60, 0.3)
       and sorted(uid for uid, _ in told()) == ["cut%d" % i for i in kept],
       "and was sent, once", (told(), kept))


def main():
    server = Server(users=3)
    sink = None
    server.init()
    server.configure({"relay": "%s:%d" % (server.ip, SMTP)})
    sink = Sink(server.ip, SMTP)
    try:
        server.start()
        ann, bob = server.login(1)[0], server.login(2)[0]
        href = invite(server, sink, ann, bob)
        answer(server, sink, ann, bob, href)
        call_off(server, sink)
        by_mail(server, ann)
        submitted(server, ann, bob)
        attached(server, ann, bob)
        room(server, ann)
        power_cut(server, sink, ann, bob)
    finally:
        server.close()
        sink.close()
    done()


if __name__ == "__main__":
    main()
