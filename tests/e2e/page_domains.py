#!/usr/bin/python3
"""Administering a domain on its pages, by a browser without scripts: each
form once as it should be, and once for each thing that can be wrong."""
import html
import os
import re
import shutil
import sqlite3

from harness import Server, command, done, imaplib, ok, same
from page_browser import Browser, Shape

GOOD = "violet anchor tundra mosaic"


def said(page):
    return Shape(page).text()


def logs_in(server, address, password):
    client = server.imap(login=False)
    try:
        client.login(address, password)
        return True
    except imaplib.IMAP4.error:
        return False
    finally:
        client.shutdown()


def made(page):
    return html.unescape(re.search(r'class="secret"><code>([^<]+)',
                                   page).group(1))


def mailboxes(page):
    """Number of each address in a domain's table."""
    return {html.unescape(address): int(number) for number, address in
            re.findall(r'href="/domains/mailbox/(\d+)"><bdi>([^<]+)', page)}


def refused(person, path, fields, words, kept=None):
    """The page again with what was typed, and why."""
    status, _, page = person.post(path, fields)
    same(status, 400, "refused: " + words)
    ok(words in said(page), "and said so", said(page))
    for name, value in (kept or {}).items():
        same(Shape(page).fields.get(name), value, "kept: " + name)
    ok(GOOD not in page, "no password comes back")


def taken(person, path, fields, back, word):
    status, head, page = person.post(path, fields)
    same((status, head["Location"]), (303, "%s?done=%s" % (back, word)),
         word)
    page = person.get(head["Location"])[2]
    ok('class="note good"' in page, "and said so: " + word, page)
    return page


def nobody(server):
    """Who administers nothing sees nothing of it."""
    stranger, person = Browser(server), Browser(server)
    person.sign_in(2)
    paths = ["/domains", "/domains/1", "/domains/1/alias", "/domains/x",
             "/domains/mailbox/1", "/domains/mailbox/1/remove",
             "/domains/1/dns", "/domains/1/dns/zone"]
    for path in paths:
        same(stranger.ask("GET", path)[1]["Location"], "/",
             "signed in first: " + path)
        for status, _, page in (person.get(path), person.post(path)):
            ok(status == 404 and "There is nothing here" in said(page),
               "nothing there: " + path, page)
    ok("/domains" not in person.get("/")[2], "no link leads there")
    same(server.http("POST", "/domains/1", "password=x", service="http")[0],
         403, "a password in the clear is not sent on")
    same(server.http("POST", "/domains/1", "x" * 16385)[0], 413,
         "a form that is too large")


def several(server, person):
    """A list of two, and straight to the one."""
    command(server, "domain", "add", "second.test")
    command(server, "domain", "admin", "add", "second.test",
            server.login(1)[0])
    page = person.get("/domains")[2]
    found = re.findall(r'href="/domains/(\d+)"><bdi>([^<]+)', page)
    same([name for _, name in found], ["posthaste.test", "second.test"],
         "both domains")
    ok("3 of 6" in said(page) and "0 of 10 GiB" in said(page) and
       "Your domains" in said(person.get("/domains/" + found[1][0])[2]),
       "with their numbers", said(page))
    command(server, "domain", "admin", "remove", "second.test",
            server.login(1)[0])
    same(person.get("/domains?lang=de")[1]["Location"],
         "/domains/%s?lang=de" % found[0][0], "straight to the only one")
    same(person.get("/domains/" + found[1][0])[0], 404, "the other is gone")
    return "/domains/" + found[0][0], "/domains/" + found[1][0]


def adds(server, person, at):
    typed = {"part": "Fred", "person": "Fred F. <b>", "quota": "5 GB",
             "password": ""}
    for wrong, words in (
            ({"part": server.login(2)[0].split("@")[0]},
             "is taken already"),
            ({"part": "fr ed"}, "the part before the @"),
            ({"part": ""}, "the part before the @"),
            ({"part": "a" * 65}, "the part before the @"),
            ({"part": "fred@second.test"}, "the part before the @"),
            ({"person": "x" * 201}, "a shorter name"),
            ({"person": "a\nb"}, "a shorter name"),
            ({"quota": "lots"}, "500M or 5G, or nothing"),
            ({"quota": "0"}, "500M or 5G, or nothing"),
            ({"quota": ""}, "no mailbox may hold any amount"),
            ({"quota": "11G"}, "more space than the domain has left"),
            ({"password": "fred1234"}, "too easy to guess"),
            ({"password": GOOD * 50}, "cannot be a password")):
        fields = dict(typed, **wrong)
        refused(person, at, fields, words, {
            name: fields[name] for name in ("part", "quota")})
    same(len(mailboxes(person.get(at)[2])), 3, "and none was added")
    status, head, page = person.post(at, typed)
    same((status, head["Cache-Control"]), (200, "no-store"), "added")
    ok(logs_in(server, "fred@posthaste.test", made(page)),
       "the password that was made logs in")
    ok(made(page) not in person.get(at)[2], "and is shown once")
    page = taken(person, at, dict(typed, part="anna@posthaste.test",
                                  quota="1,5g", password=GOOD), at, "mailbox")
    ok(logs_in(server, "anna@posthaste.test", GOOD), "one that was typed")
    ok("5 GiB" in said(page) and "1.5 GiB" in said(page) and
       "Fred F. <b>" in said(page), "the table has both", said(page))
    same(person.post(at, dict(typed, part="last", quota="1M"))[0], 200,
         "the last that fits")
    refused(person, at, dict(typed, part="more", quota="1M"),
            "as many mailboxes as it may have", {"part": "more"})
    return mailboxes(person.get(at)[2])


def keeps(server, person, at, numbers):
    fred = "fred@posthaste.test"
    box = "/domains/mailbox/%d" % numbers[fred]
    for path in ("/quota", "/enabled", "/password", "/remove"):
        same(person.get(box + path)[1]["Location"], box,
             "nothing to see: " + path)
    ok('name="quota" value="5G"' in person.get(box)[2], "its quota")
    refused(person, box + "/quota", {"quota": "1,000M"}, "500M or 5G",
            {"quota": "1,000M"})
    refused(person, box + "/quota", {"quota": ""}, "no mailbox may hold",
            {"quota": ""})
    refused(person, box + "/quota", {"quota": "9G"}, "more space than",
            {"quota": "9G"})
    ok('name="quota" value="1536M"' in taken(
        person, box + "/quota", {"quota": "1.5 GB"}, box, "quota"),
       "another quota")
    refused(person, box + "/password", {"password": "fred1234"},
            "too easy to guess")
    taken(person, box + "/password", {"password": GOOD}, box, "fresh")
    ok(logs_in(server, fred, GOOD), "another password")
    password = made(person.post(box + "/password")[2])
    same([logs_in(server, fred, p) for p in (GOOD, password)],
         [False, True], "and one that is made")
    page = taken(person, box + "/enabled", {}, box, "disabled")
    ok("Closed" in said(page) and not logs_in(server, fred, password),
       "closed", said(page))
    taken(person, box + "/enabled", {"enabled": "1"}, box, "enabled")
    ok(logs_in(server, fred, password), "open again")
    command(server, "mailbox", "disable", fred)
    page = person.get(box)[2]
    ok("Whoever runs the server has closed" in said(page)
       and box + "/enabled" not in page and box + "/remove" not in page,
       "closed by the operator", said(page))
    refused(person, box + "/remove", {"address": fred},
            "Whoever runs the server has closed")
    refused(person, box + "/enabled", {"enabled": "1"},
            "Whoever runs the server has closed")
    command(server, "mailbox", "enable", fred)
    refused(person, box + "/remove", {"address": "fred"},
            "Nothing was removed")
    page = taken(person, box + "/remove", {"address": " FRED@posthaste.test"},
                 at, "removed")
    ok(fred not in mailboxes(page) and not logs_in(server, fred, password),
       "removed", page)
    for path in "", "/quota", "/remove":
        same(person.post(box + path, {"address": fred})[0], 404,
             "there no more: " + path)


def limits(server, person, other, numbers):
    """Oneself, who is above, and what is of another domain."""
    me = "/domains/mailbox/%d" % numbers[server.login(1)[0]]
    above = "/domains/mailbox/%d" % numbers[server.login(2)[0]]
    command(server, "domain", "admin", "add", "second.test",
            server.login(2)[0])
    for box, words in ((me, "Your own mailbox"), (above, "that you do not")):
        for path, fields in (
                ("/password", {"password": GOOD}), ("/enabled", {}),
                ("/remove", {"address": server.login(
                    1 if box == me else 2)[0]})):
            refused(person, box + path, fields, words)
    ok(all(logs_in(server, *server.login(n)) for n in (1, 2)),
       "both are as they were")
    same(person.get(other)[0], 404, "another's domain")
    same(person.post(other, {"part": "x", "quota": "1M"})[0], 404, "no form")
    same(person.post(other + "/alias", {
        "further": "x", "kind": "discard"})[0], 404, "no address there")
    ok(command(server, "mailbox", "add", "eve@second.test"), "somebody in it")
    with_them = Browser(server)
    with_them.sign_in(2)
    eve = mailboxes(with_them.get(other)[2])["eve@second.test"]
    for path in "", "/quota", "/enabled", "/password", "/remove":
        box = "/domains/mailbox/%d%s" % (eve, path)
        same([person.get(box)[0], person.post(
            box, {"address": "eve@second.test", "quota": "1M"})[0]],
             [404, 404], "another's mailbox: " + path)
    same(with_them.get("/domains/mailbox/%d" % eve)[0], 200, "not theirs")


def aliases(server, person, at):
    me = server.login(1)[0]
    typed = {"further": "info", "kind": "to", "target": me}
    for wrong, words in (
            ({"further": me.split("@")[0]}, "is taken already"),
            ({"further": "in fo"}, "the part before the @"),
            ({"further": "info@second.test"}, "the part before the @"),
            ({"further": ""}, "tick the box"),
            ({"all": "1"}, "tick the box"),
            ({"target": "everyone"}, "with commas between"),
            ({"target": "refuse:a@b"}, "with commas between"),
            ({"target": ""}, "with commas between"),
            ({"kind": "refuse", "target": " "}, "a text of one line"),
            ({"kind": "refuse", "target": "a\nb"}, "a text of one line"),
            ({"kind": "root"}, "with commas between"),
            ({"target": "no@posthaste.test"}, "there is no such mailbox"),
            ({"target": ",".join(["a@b.co"] * 1001)},
             "more than there may be")):
        fields = dict(typed, **wrong)
        refused(person, at + "/alias", fields, words,
                {"further": fields["further"]})
    ok("There is none yet." in said(person.get(at)[2]), "none was added")
    for fields, words in (
            ({}, "info@posthaste.test " + me),
            ({"further": "all", "kind": "everyone", "target": ""},
             "all@posthaste.test It goes to everyone"),
            ({"further": "old", "kind": "refuse", "target": "Gone <b>away"},
             "old@posthaste.test It is refused: Gone <b>away"),
            ({"further": "", "all": "1", "kind": "discard"},
             "@posthaste.test It is thrown away"),
            ({"further": "two@posthaste.test",
              "target": "%s,  b@far.example" % me},
             "two@posthaste.test %s, b@far.example" % me)):
        page = taken(person, at + "/alias", dict(typed, **fields), at,
                     "alias")
        ok(words in said(page), words, said(page))
    for address in "info@posthaste.test", "@posthaste.test":
        page = taken(person, at + "/alias/remove", {"address": address}, at,
                     "unalias")
        ok('value="%s"' % address not in page, "gone: " + address, page)
        taken(person, at + "/alias/remove", {"address": address}, at,
              "unalias")
    same(person.post(at + "/alias/remove", {"address": "x@second.test"})[0],
         404, "not of this domain")


def crowd(server, count):
    """So many mailboxes more, by hand: adding each would take its time."""
    names = ["crowd%03d@posthaste.test" % n for n in range(count)]
    folder = os.path.join(server.data, "accounts")
    house = sqlite3.connect(os.path.join(server.data, "house",
                                         "posthaste.db"), timeout=60)
    with house:
        (model,) = house.execute("SELECT max(id) FROM account").fetchone()
        for number, name in enumerate(names, 1000):
            house.execute(
                "INSERT INTO account (id, domain, address, name, password)"
                " SELECT ?, 1, ?, '', password FROM account WHERE id = ?",
                [number, name, model])
            to = os.path.join(folder, "%02x" % (number & 255), str(number))
            shutil.copytree(os.path.join(folder, "%02x" % (model & 255),
                                         str(model)), to)
    house.close()
    return names


def turn(person, at, field, pattern):
    """What is on the first page, and on the one that it leads to."""
    first = person.get(at + "?lang=en")[2]
    link = html.unescape(re.search(r'href="([^"]*[?]%s=[^"]*)"' % field,
                                   first).group(1))
    ok(link.startswith(at) and link.endswith("&lang=en"), "the next", link)
    second = person.get(link)[2]
    ok("?%s=" % field not in second, "it ends there", second)
    return [re.findall(pattern, page) for page in (first, second)]


def pages(server, person, at):
    """A hundred at a time."""
    ok(' rel="next"' not in person.get(at)[2], "one page is enough")
    added = ["far%03d@posthaste.test" % n for n in range(101)]
    for number, address in enumerate(added):
        if number % 50 == 0: # so many changes a session has in a minute
            person.cookies.clear()
            person.sign_in(1)
        person.post(at + "/alias", {"further": address, "kind": "discard"})
    shown = turn(person, at, "behind", r'name="address" value="([^"]+)"')
    same((len(shown[0]), [a for a in sum(shown, []) if a[:3] == "far"]),
         (100, added), "all further addresses, once")
    names = crowd(server, 101)
    shown = turn(person, at, "after", r'mailbox/\d+[^"]*"><bdi>([^<]+)')
    same((len(shown[0]), [a for a in sum(shown, []) if a[:5] == "crowd"]),
         (100, names), "all mailboxes, once")


def records(server, person, at, elsewhere):
    """What the domain's zone is to have: read, copied, or taken as a file."""
    ok('href="%s/dns"' % at in person.get(at)[2], "a link to the records")
    status, _, page = person.get(at + "/dns")
    plan = command(server, "dns", "plan", "posthaste.test")
    ok(status == 200 and all(word in said(page) for word in (
        "v=spf1 mx ~all", "v=DKIM1", "autoconfig.posthaste.test",
        "10 mail.posthaste.test")), "all of them", said(page))
    status, head, zone = person.get(at + "/dns/zone")
    same((status, head["Content-Type"], head["Content-Disposition"]),
         (200, "text/plain; charset=utf-8",
          'attachment; filename="posthaste.test.zone"'), "a zone file")
    same(zone, plan, "as the operator has it")
    same(person.get(elsewhere + "/dns")[0], 404, "of that domain alone")


def main():
    with Server(users=2, settings={"password-strength": "3"}) as server:
        nobody(server)
        command(server, "domain", "admin", "add", "posthaste.test",
                server.login(1)[0])
        command(server, "domain", "limit", "set", "posthaste.test", "6",
                "10G")
        person, other = Browser(server), Browser(server)
        person.sign_in(1)
        other.sign_in(2)
        ok('href="/domains"' in person.get("/mail")[2], "a link leads there")
        at, elsewhere = several(server, person)
        same(person.post(at, {"part": "x", "quota": "1M"},
                         token=other.token)[0], 403, "a stranger's form")
        numbers = adds(server, person, at)
        same(person.post("/domains/mailbox/%d/remove" %
                         numbers["anna@posthaste.test"],
                         {"address": "anna@posthaste.test"},
                         token="x")[0], 403, "no form of ours")
        keeps(server, person, at, numbers)
        person.cookies.clear()
        person.sign_in(1)
        limits(server, person, elsewhere, numbers)
        aliases(server, person, at)
        pages(server, person, at)
        records(server, person, at, elsewhere)
        for tag, word in (("de", "Postf\u00e4cher"), ("fr", "Bo\u00eetes"),
                          ("nl", "Postvakken"), ("en", "Mailboxes")):
            ok(word in said(person.get("%s?lang=%s" % (at, tag))[2]), tag)
    done()


main()
