#!/usr/bin/python3
"""Forwarding and the automatic reply on their page, by a browser without
scripts; what it sets is what comes true."""
import html
import re

from harness import Server, done, message, ok, run, same, wait_for
from page_browser import Browser, Shape

TEXT = "Away until Monday.\r\nBest & <b>bold</b>\r\n"


def said(page):
    return Shape(page).text()


def subjects(server, number):
    with server.imap(number) as client:
        client.select("INBOX", readonly=True)
        _, found = client.search(None, "ALL")
        if not found[0]:
            return []
        _, parts = client.fetch(",".join(found[0].decode().split()),
                                "(BODY[HEADER.FIELDS (SUBJECT)])")
    return [part[1].decode().split(":", 1)[1].strip()
            for part in parts if isinstance(part, tuple)]


def send(server, subject, sender, to):
    with server.smtp() as client:
        client.sendmail(sender, [to], message(subject, sender=sender, to=to))


def forwards(server, person, me, friend):
    for to, good in (("nonsense", False),
                     (", ".join("x%d@far.example" % n for n in range(5)),
                      False), (friend + " ,", True)):
        status, head, page = person.post("/mail/forward", {
            "to": to, "keep": "1"})
        if good:
            same((status, head["Location"]), (303, "/mail?done=forward"),
                 "taken")
        else:
            same(status, 400, "refused: %.20s" % to)
            ok("at most 4 e-mail addresses" in said(page) and
               'value="%s"' % to in page, "and is there to be mended", page)
    same(person.post("/mail/forward", {"to": "x@far.example"},
                     token="x")[0], 403, "not without the form's token")
    page = person.get("/mail?done=forward")[2]
    ok("Saved" in said(page) and 'value="%s"' % friend in page and
       'name="keep" value="1" checked' in page, "the page has it", page)
    send(server, "for both", "a@elsewhere.example", me)
    same(wait_for(lambda: subjects(server, 2)), ["for both"], "sent on")
    same(subjects(server, 1), ["for both"], "and kept")
    same(person.post("/mail/forward", {"to": friend})[0], 303, "kept no more")
    send(server, "away", "a@elsewhere.example", me)
    same(wait_for(lambda: len(subjects(server, 2)) == 2), True, "sent on")
    same(subjects(server, 1), ["for both"], "and not kept")
    same(person.post("/mail/forward", {"to": "", "keep": "1"})[0], 303,
         "ended")
    ok('id="to" name="to" value=""' in person.get("/mail")[2], "it is empty")


def replies(server, person, me, friend):
    good = {"subject": "Away", "text": TEXT, "since": "", "until": "",
            "every": "7"}
    for name, bad in (("every", "0"), ("every", "31"), ("every", "x"),
                      ("text", " \r\n"), ("since", "tomorrow"),
                      ("subject", "a\r\nb")):
        status, _, page = person.post("/mail/reply", dict(good,
                                                          **{name: bad}))
        same(status, 400, "refused: %s %r" % (name, bad))
        ok("1 to 30 days" in said(page), "and said so", page)
    most = int(re.search(r'name="subject"[^>]* maxlength="(\d+)"',
                         person.get("/mail")[2]).group(1))
    same(person.post("/mail/reply", dict(good, subject="\u6f22" * most))[0],
         303, "as long a subject as the page lets in, in any script")
    status, head, _ = person.post("/mail/reply", good)
    same((status, head["Location"]), (303, "/mail?done=reply"), "taken")
    page = person.get("/mail?done=reply")[2]
    typed = html.unescape(re.search(r"(?s)<textarea[^>]*>(.*)</textarea>",
                                    page).group(1))
    same(typed, TEXT.replace("\r", ""), "the text, as it was typed")
    ok("are answered now" in said(page) and 'value="7"' in page and
       "<b>bold" not in page, "the page has it", page)
    send(server, "are you there", friend, me)
    ok(wait_for(lambda: "Away" in subjects(server, 2)), "answered",
       subjects(server, 2))
    status, head, _ = person.post("/mail/reply", dict(good, end="1"))
    same((status, head["Location"]), (303, "/mail?done=quiet"), "ended")
    ok("are answered now" not in said(person.get("/mail")[2]),
       "no more on the page")
    same(run([server.binary, "vacation", "show", me, "--data", server.data],
             env=server.env), (0, ""), "nor by command")


def main():
    with Server(users=2, settings={"check-mail": "off"}) as server:
        stranger = Browser(server)
        for path in ("", "/forward", "/reply"):
            same(stranger.ask("GET", "/mail" + path)[1]["Location"], "/",
                 "signed in first: " + path)
        person = Browser(server)
        person.sign_in(1)
        me, friend = server.login(1)[0], server.login(2)[0]
        same(person.get("/mail")[0], 200, "the page")
        for path in ("/forward", "/reply"):
            same(person.get("/mail" + path)[1]["Location"], "/mail",
                 "nothing to see: " + path)
        forwards(server, person, me, friend)
        replies(server, person, me, friend)
        for tag, word in (("de", "weiterleiten"), ("fr", "transf\u00e9rer"),
                          ("nl", "doorsturen"), ("en", "forward to")):
            ok(word in said(person.get("/mail?lang=" + tag)[2]).lower(), tag)
    done()


main()
