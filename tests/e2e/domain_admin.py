#!/usr/bin/env python3
"""Somebody who administers a domain: made by the operator's commands, at work
by the API, within limits; and as a hostile customer of a hoster's."""
import re

from api_client import (PATIENCE, PREFIX, Browser, Document, Idle, basic,
                        by_imap, gets_in)
from harness import Server, command, done, message, ok, run, same, wait_for

GOOD = "correct horse battery stap1e"
MB = 1 << 20


class Script(Browser):
    """The API by Basic, each time anew."""

    def __init__(self, server, address, password):
        super().__init__(server)
        self.fields = basic(address, password)

    def call(self, method, path, body=None, headers=None, **options):
        return self.raw(method, path, body, dict(self.fields,
                                                 **(headers or {})),
                        **options)


def browser(s, address, password):
    b = Browser(s)
    found = b.raw("POST", "/session", {"address": address,
                                       "password": password})
    ok(found.status == 201, "signed in: " + address, found.body)
    b.cookie = found.fields["Set-Cookie"].split("=", 1)[1].split(";")[0]
    b.token = found.json()["form_token"]
    return b


def fails(s, code, *words):
    """A command that ends with that code, and says why in one line."""
    ended, said = run([s.binary, *words, "--data", s.data], env=s.env)
    ok(ended == code and said.startswith("posthaste: ")
       and "Sanitizer" not in said, "refused: " + " ".join(words), said)
    return said


# --- the operator's commands -------------------------------------------------

def test_commands(s):
    people = {}
    for domain in ("customer.test", "rival.test"):
        command(s, "domain", "add", domain)
        for name in ("boss", "mate"):
            address = name + "@" + domain
            said = command(s, "mailbox", "add", address)
            people[address] = re.search(r"^\w+(-\w+)+$", said, re.M)[0]
    add = ("domain", "admin", "add")
    same(command(s, *add, "customer.test", "boss@customer.test"),
         "boss@customer.test administers customer.test now\n", "appointed")
    command(s, *add, "CUSTOMER.test", "Boss@Customer.Test")
    command(s, *add, "rival.test", "boss@rival.test")
    command(s, *add, s.domain, s.address)
    same(command(s, "domain", "admin", "list", "customer.test"),
         "boss@customer.test\n", "once")
    command(s, *add, "customer.test", "boss@rival.test")
    same(command(s, "domain", "admin", "list", "customer.test"),
         "boss@customer.test\nboss@rival.test\n", "of another domain, too")
    remove = ("domain", "admin", "remove", "customer.test")
    same(command(s, *remove, "boss@rival.test"),
         "boss@rival.test does not administer customer.test any more\n",
         "no longer")
    fails(s, 1, *remove, "boss@rival.test")
    fails(s, 1, *remove, "nobody@customer.test")
    fails(s, 1, "domain", "admin", "list", "no.test")
    for words in (("no.test", "boss@customer.test"),
                  ("customer.test", "nobody@customer.test"),
                  ("customer.test", "boss"), ("customer", "boss@rival.test")):
        same(fails(s, 1, *add, *words).split(": ")[1], ", ".join(words),
             "of both")
    for words in ((), ("customer.test",), ("customer.test", "a@b.test", "c")):
        fails(s, 2, *add, *words)
    show = ("domain", "limit", "show", "customer.test")
    limit = ("domain", "limit", "set", "customer.test")
    same(command(s, *show), "mailboxes  2\nquotas     0\n", "no limits")
    for words in (("0", "1G"), ("-1", "1G"), ("x", "1G"), ("", "1G"),
                  ("2147483648", "1G"), ("5", "-1"), ("5", "1Q"), ("5", ""),
                  ("5", "99999999999999999999"), ("5",)):
        fails(s, 2, *limit, *words)
    fails(s, 1, "domain", "limit", "set", "no.test", "5", "1G")
    fails(s, 1, "domain", "limit", "show", "no.test")
    same(command(s, *show), "mailboxes  2\nquotas     0\n", "nor now")
    same(command(s, *limit, "4", "10M"),
         "the administrators of customer.test keep to that now\n", "limits")
    same(command(s, *show),
         "mailboxes  2 of 4\nquotas     0 of 10M\n", "which are told")
    return people


# --- a mailbox, from its beginning to its end --------------------------------

def reaches(s, address, password):
    """Each way in, one after the other."""
    status = s.http("PROPFIND", "/SOGo/dav/%s/Calendar/personal/" % address,
                    headers=dict(basic(address, password), Depth="0"))[0]
    return (gets_in(s, "imap", password, address),
            gets_in(s, "smtp", password, address), status == 207)


def test_life(s, boss, domain):
    mailboxes = "/domains/%d/mailboxes" % domain
    found = boss.call("POST", mailboxes, {
        "local_part": "New.Person", "name": "N. P\u00e9rson", "quota": MB})
    made = found.json()
    same((found.status, made["address"]), (201, "new.person@customer.test"),
         "made")
    address, password = made["address"], made["password"]
    one = "/domains/mailboxes/%d" % made["id"]
    same(boss.call("GET", one).json(), {
        "id": made["id"], "address": address, "name": "N. P\u00e9rson",
        "enabled": True, "withheld": False, "used": 0, "quota": MB},
         "as it was wanted")
    same(reaches(s, address, password), (True, True, True),
         "the made password gets in everywhere")
    client = by_imap(s, address, password)
    same(client.append("INBOX", None, None, message("x", "x" * 2 * MB))[0],
         "NO", "no more than the quota")
    same(client.append("INBOX", None, None, message("x"))[0], "OK", "less")
    ok(boss.call("GET", one).json()["used"] > 0, "what is in it")

    idle = Idle(s, address, password)
    there = browser(s, address, password)
    found = boss.call("POST", one + "/password", {"password": "12345678"})
    same((found.status, found.json().get("field")), (422, "password"),
         "no weak password")
    same(there.call("GET", "/me").status, 200, "nothing has ended")
    found = boss.call("POST", one + "/password", {"password": GOOD})
    same((found.status, sorted(found.json())), (200, ["address", "id"]),
         "a new one, which is not told again")
    ok(idle.ends(), "ends connections")
    same(there.call("GET", "/me").status, 401, "and sessions")
    same((reaches(s, address, password), reaches(s, address, GOOD)),
         ((False, False, False), (True, True, True)), "it alone gets in")
    found = boss.call("POST", one + "/password", {})
    password = found.json()["password"]
    ok(found.status == 200 and gets_in(s, "imap", password, address),
       "one that is made")

    idle = Idle(s, address, password)
    there = browser(s, address, password)
    same(boss.call("PUT", one, {"enabled": False, "quota": 11 * MB}).status,
         409, "more than the domain may have")
    same(there.call("GET", "/me").status, 200, "changes nothing else")
    same(boss.call("PUT", one, {"enabled": False, "quota": MB}).status, 204,
         "disabled")
    ok(idle.ends(), "ends connections")
    same(there.call("GET", "/me").status, 401, "and sessions")
    same(reaches(s, address, password), (False, False, False), "no way in")
    same(boss.call("PUT", one, {"enabled": True, "quota": 2 * MB}).status,
         204, "enabled, with more room")
    idle = Idle(s, address, password)
    same(boss.call("DELETE", one).status, 204, "removed")
    ok(idle.ends(), "ends connections")
    same(reaches(s, address, password), (False, False, False), "no way in")
    same(boss.call("GET", one).status, 404, "it is no more")
    found = boss.call("POST", mailboxes, {
        "local_part": "new.person", "quota": MB, "password": GOOD})
    again = found.json()
    ok(found.status == 201 and again["id"] != made["id"]
       and not gets_in(s, "imap", password, address),
       "the address again is another mailbox", found.body)
    same(by_imap(s, address, GOOD).select()[1], [b"0"], "and empty")
    same(boss.call("DELETE", "/domains/mailboxes/%d" % again["id"]).status,
         204, "removed")


def test_limits(s, boss, domain):
    """Of 4 mailboxes and 10 MiB; two are there."""
    mailboxes = "/domains/%d/mailboxes" % domain

    def add(name, quota):
        return boss.call("POST", mailboxes, {
            "local_part": name, "password": GOOD, "quota": quota})

    same(add("a", 0).status, 409, "no mailbox for any amount")
    same(add("a", 10 * MB + 1).status, 409, "nor for more than all")
    for quota in (-1, 2 ** 43 + 1, 2 ** 63, 1.5, "1", None, True):
        same(add("a", quota).status, 400, "nor for %s" % quota)
    first, second = add("a", 6 * MB), add("b", 4 * MB)
    same((first.status, second.status), (201, 201), "all that there is")
    found = add("c", 1)
    ok(found.status == 409 and "mailboxes" in found.json()["detail"],
       "no further mailbox", found.body)
    one = "/domains/mailboxes/%d" % first.json()["id"]
    same([boss.call("PUT", one, {"enabled": True, "quota": q}).status
          for q in (6 * MB + 1, 0, -1, 5 * MB, 6 * MB)],
         [409, 409, 400, 204, 204], "nor more quota")
    found = boss.call("GET", "/domains").json()["domains"]
    same(found, [{"id": domain, "name": "customer.test",
                  "display_name": "customer.test", "enabled": True,
                  "mailboxes": 4,
                  "mailbox_limit": 4, "quota": 10 * MB,
                  "quota_limit": 10 * MB}], "which is told")
    same(command(s, "domain", "limit", "show", "customer.test"),
         "mailboxes  4 of 4\nquotas     10M of 10M\n", "here too")
    command(s, "mailbox", "add", "c@customer.test")
    same([d["mailboxes"] for d in
          boss.call("GET", "/domains").json()["domains"]], [5],
         "the operator may")
    for name in ("a", "b", "c"):
        command(s, "mailbox", "remove", name + "@customer.test")


# --- further addresses -------------------------------------------------------

def arrives(s, client, to, subject):
    """Mail from outside comes to that mailbox."""
    with s.smtp() as smtp:
        smtp.sendmail("x@elsewhere.example", [to], message(subject, to=to))
    return found_in(client, subject)


def found_in(client, subject):
    def look():
        client.noop()
        return client.search(None, "SUBJECT", '"%s"' % subject)[1] != [b""]
    return wait_for(look, PATIENCE)


def refused(s, to):
    with s.smtp() as smtp:
        smtp.helo("elsewhere.example")
        smtp.mail("x@elsewhere.example")
        return smtp.rcpt(to)[0]


def test_aliases(s, boss, domain, people):
    path = "/domains/%d/aliases" % domain
    mate = by_imap(s, "mate@customer.test", people["mate@customer.test"])
    mate.select()

    def add(address, target):
        return boss.call("POST", path, {"address": address,
                                        "target": target}).status

    for address in ("x@rival.test", "@rival.test", "a@b@customer.test", "x",
                    "@", "x@customer.test,y@rival.test", "x@sub.customer.test",
                    "boss+x@customer.test"):
        same(add(address, "discard"), 400, "no alias: " + address)
    same(add("mate@customer.test", "discard"), 409, "nor a taken one")
    same(add("x@customer.test", "nobody@customer.test"), 404,
         "nor to nobody here")
    same(add("x@customer.test", ","), 400, "nor to nobody at all")
    same(add("x@customer.test", ""), 400, "nor to nothing")
    same(boss.call("GET", path).json(), {"aliases": []}, "there is none")
    same((add("Info@Customer.Test", "mate@customer.test"),
          add("@customer.test", "mate@customer.test,boss@customer.test"),
          add("away@customer.test", "refuse: gone for good"),
          add("none@customer.test", "discard"),
          add("staff@customer.test", "everyone"),
          add("sales@customer.test", "mate@rival.test"),
          add("guess@customer.test", "nobody@rival.test")),
         (204,) * 7, "of each kind")
    same({a["address"]: a["target"] for a in
          boss.call("GET", path).json()["aliases"]}, {
              "@customer.test": "mate@customer.test,boss@customer.test",
              "away@customer.test": "refuse:gone for good",
              "guess@customer.test": "nobody@rival.test",
              "info@customer.test": "mate@customer.test",
              "none@customer.test": "discard",
              "sales@customer.test": "mate@rival.test",
              "staff@customer.test": "everyone"}, "all are told")
    ok(arrives(s, mate, "info@customer.test", "by-alias"), "it comes there")
    ok(arrives(s, mate, "whoever@customer.test", "by-catch-all"),
       "what leads nowhere else, too")
    other = by_imap(s, "mate@rival.test", people["mate@rival.test"])
    other.select()
    ok(arrives(s, other, "sales@customer.test", "over-there"),
       "also in another domain")
    same([refused(s, "%s@customer.test" % name)
          for name in ("none", "away", "staff", "guess")],
         [250, 550, 550, 550], "and what is refused")
    for name in ("", "info", "away", "none", "staff", "guess"):
        same(boss.call("DELETE", "%s?address=%s@customer.test" % (
            path, name)).status, 204, "removed: " + name)
    for address in ("info@customer.test", "mate@customer.test"):
        same(boss.call("DELETE", path + "?address=" + address).status, 404,
             "nothing to remove: " + address)
    same(boss.call("DELETE", path + "?address=mate@rival.test").status, 400,
         "nor elsewhere")
    same(refused(s, "info@customer.test"), 550, "it leads nowhere")
    # Round in a circle.
    same((add("b@customer.test", "boss@customer.test,c@far.example"),
          add("a@customer.test", "b@customer.test"),
          boss.call("DELETE", path + "?address=b@customer.test").status,
          add("b@customer.test", "a@customer.test")), (204,) * 4, "a circle")
    same((refused(s, "a@customer.test"), refused(s, "b@customer.test")),
         (550, 550), "ends")


# --- a hostile customer ------------------------------------------------------

def test_hostile(s, boss, rival, ids, people):
    own, foreign = ids["customer.test"], ids["rival.test"]
    victims = {m["address"]: m["id"] for m in rival.call(
        "GET", "/domains/%d/mailboxes" % foreign).json()["mailboxes"]}
    through = []
    for number in victims.values():
        one = "/domains/mailboxes/%d" % number
        for method, path, body in (
                ("GET", one, None), ("DELETE", one, None),
                ("PUT", one, {"enabled": False, "quota": 0}),
                ("POST", one + "/password", {"password": GOOD})):
            found = boss.call(method, path, body)
            nothing = boss.call(method, path.replace(
                "/%d" % number, "/999999999"), body)
            if (found.status, found.body) != (404, nothing.body):
                through.append((method, path, found.status, found.body))
    for domain in (foreign, 0, 999999, 2 ** 63 - 1):
        for method, path, body in (
                ("GET", "/mailboxes", None), ("GET", "/aliases", None),
                ("GET", "/dns", None),
                ("POST", "/mailboxes", {"local_part": "x"}),
                ("POST", "/aliases", {"address": "x@rival.test",
                                      "target": "discard"}),
                ("DELETE", "/aliases?address=x@rival.test", None)):
            found = boss.call(method, "/domains/%d%s" % (domain, path), body)
            if found.status != 404:
                through.append((method, domain, path, found.status))
    same(through, [], "nothing of another domain, in words for nothing")
    found = boss.call("GET", "/domains/%d/dns" % own)
    ok(found.status == 200
       and {r["type"] for r in found.json()["records"]} > {"MX", "TXT"}
       and b"rival.test" not in found.body, "the records that one's own wants",
       found.body)
    ok(gets_in(s, "imap", people["mate@rival.test"], "mate@rival.test"),
       "whose passwords are as they were")
    for name in ("x@rival.test", "x@", "mate@rival.test\\", "a/../b", "x y",
                 "boss+tag", "\u0430dmin", "x\u0000", "@"):
        same(boss.call("POST", "/domains/%d/mailboxes" % own, {
            "local_part": name, "quota": MB, "password": GOOD}).status, 400,
             "no mailbox %r" % name)
    mine = {m["address"]: m["id"] for m in boss.call(
        "GET", "/domains/%d/mailboxes" % own).json()["mailboxes"]}
    same(sorted(mine), ["boss@customer.test", "mate@customer.test"],
         "none came")
    me = "/domains/mailboxes/%d" % mine["boss@customer.test"]
    same((boss.call("DELETE", me).status,
          boss.call("PUT", me, {"enabled": False, "quota": 0}).status,
          boss.call("POST", me + "/password", {"password": GOOD}).status),
         (403, 403, 403), "nor oneself")
    mate = "/domains/mailboxes/%d" % mine["mate@customer.test"]
    command(s, "domain", "admin", "add", "rival.test", "mate@customer.test")
    same((boss.call("DELETE", mate).status,
          boss.call("PUT", mate, {"enabled": False, "quota": 0}).status,
          boss.call("POST", mate + "/password", {"password": GOOD}).status,
          boss.call("PUT", mate, {"enabled": True, "quota": MB}).status),
         (403, 403, 403, 204), "nor one who administers more")
    command(s, "domain", "admin", "remove", "rival.test",
            "mate@customer.test")
    some = Script(s, "mate@customer.test", people["mate@customer.test"])
    same((some.call("GET", "/domains").json(),
          some.call("GET", "/domains/%d/mailboxes" % own).status),
         ({"domains": []}, 404), "who administers nothing")
    found = some.call("POST", "/app-passwords", {"label": "x"}).json()
    same(Browser(s).raw("GET", "/domains", headers=basic(
        "mate@customer.test", found["password"])).status, 401,
         "nor by an app password")


def test_removed(s, people):
    """The right ends with the next request."""
    address, password = "boss@customer.test", people["boss@customer.test"]
    script, b = Script(s, address, password), browser(s, address, password)
    listed = [x.call("GET", "/domains").json()["domains"] for x in (script,
                                                                  b)]
    same([len(x) for x in listed], [1, 1], "it is administered")
    path = "/domains/%d/mailboxes" % listed[0][0]["id"]
    same(b.call("POST", path, {"local_part": "x", "quota": MB},
                {"X-Form-Token": ""}).status, 403, "not by a cookie alone")
    command(s, "domain", "admin", "remove", "customer.test", address)
    same([(x.call("GET", path).status,
           x.call("POST", path, {"local_part": "x", "quota": MB}).status,
           x.call("GET", "/domains").json()) for x in (script, b)],
         [(404, 404, {"domains": []})] * 2, "and no longer")
    command(s, "domain", "admin", "add", "customer.test", address)
    same(b.call("GET", path).status, 200, "and again")
    command(s, "mailbox", "disable", address)
    same((script.call("GET", path).status, b.call("GET", path).status),
         (401, 401), "disabled")
    command(s, "mailbox", "enable", address)


def test_switched_off(s, people):
    """What the operator switches off, nobody else switches on."""
    boss = Script(s, "boss@customer.test", people["boss@customer.test"])
    mate, password = "mate@customer.test", people["mate@customer.test"]
    domain = boss.call("GET", "/domains").json()["domains"][0]
    path = "/domains/%d/mailboxes" % domain["id"]
    (one,) = [m for m in boss.call("GET", path).json()["mailboxes"]
              if m["address"] == mate]
    ok(domain["enabled"] and one["enabled"], "all is on")
    wanted = {"enabled": True, "quota": one["quota"]}
    command(s, "mailbox", "disable", mate)
    path = "/domains/mailboxes/%d" % one["id"]
    found = boss.call("GET", path).json()
    same((found["enabled"], found["withheld"]), (False, True), "off")
    found = boss.call("PUT", path, wanted)
    ok(found.status == 403 and b"operator" in found.body,
       "by the operator alone", found.body)
    command(s, "mailbox", "enable", mate)
    same(boss.call("PUT", path, wanted).status, 204, "on")
    idle = Idle(s, mate, password)
    same(reaches(s, mate, password), (True, True, True), "gets in")
    command(s, "domain", "disable", "customer.test")
    ok(re.search(r"^customer\.test +disabled ",
                 command(s, "domain", "list"), re.M), "the whole domain")
    ok("customer.test: 2 mailboxes, switched off" in run(
        [s.binary, "status", "--data", s.data], env=s.env)[1], "as status says")
    ok(idle.ends(), "connections end")
    same((reaches(s, mate, password), boss.call("GET", path).status),
         ((False, False, False), 401), "nobody gets in")
    same([refused(s, name + "@customer.test")
          for name in ("mate", "info", "nobody", "postmaster")], [450] * 4,
         "mail waits with its senders")
    same(refused(s, "mate@rival.test"), 250, "elsewhere it does not")
    ok(gets_in(s, "imap", people["mate@rival.test"], "mate@rival.test"),
       "and all get in")
    fails(s, 1, "doctor", mate)
    command(s, "alias", "add", "onward@rival.test", mate)
    command(s, "alias", "add", "onward2@rival.test", mate + ",boss@rival.test")
    same(refused(s, "onward@rival.test"), 450, "nor by an alias elsewhere")
    rival = by_imap_selected(s, "boss@rival.test", people["boss@rival.test"])
    ok(arrives(s, rival, "onward2@rival.test", "onward"),
       "which serves its others")
    command(s, "domain", "enable", "customer.test")
    command(s, "queue", "retry", "all")
    ok(found_in(by_imap_selected(s, mate, password), "onward"),
       "and him as soon as he is back")
    same(reaches(s, mate, password), (True, True, True), "as before")
    ok(arrives(s, by_imap_selected(s, mate, password), mate, "on-again"),
       "mail too")


def by_imap_selected(s, address, password):
    client = by_imap(s, address, password)
    client.select()
    return client


def test_pages(s):
    """101 mailboxes are two pages."""
    b = browser(s, *s.login())
    listed = b.call("GET", "/domains").json()["domains"]
    same([(d["name"], d["mailboxes"]) for d in listed],
         [("posthaste.test", 101)], "101 of them")
    path = "/domains/%d/mailboxes" % listed[0]["id"]
    first = b.call("GET", path).json()
    addresses = [m["address"] for m in first["mailboxes"]]
    same((len(addresses), first["more"]), (100, True), "a page")
    rest = b.call("GET", path + "?after=" + addresses[-1]).json()
    addresses += [m["address"] for m in rest["mailboxes"]]
    same((rest["more"], addresses), (False, sorted(set(addresses))),
         "and the rest of them")
    same(len(addresses), 101, "each once")
    same(b.call("GET", path + "?after=zzz").json(),
         {"mailboxes": [], "more": False}, "nothing behind the last")
    same([b.call("GET", path + query).status for query in (
        "?after=" + "x" * 400, "?before=a", "?after=%00", "?after=%ff")],
         [400, 400, 200, 200], "no such parameter")


def main():
    with Server(users=100) as s:
        Browser.document = Document(s.http("GET",
                                           PREFIX + "/openapi.json")[2])
        people = test_commands(s)
        boss = browser(s, "boss@customer.test", people["boss@customer.test"])
        rival = Script(s, "boss@rival.test", people["boss@rival.test"])
        ids = {d["name"]: d["id"] for x in (boss, rival)
               for d in x.call("GET", "/domains").json()["domains"]}
        same(sorted(ids), ["customer.test", "rival.test"], "one for each")
        test_life(s, boss, ids["customer.test"])
        test_limits(s, boss, ids["customer.test"])
        boss = browser(s, "boss@customer.test", people["boss@customer.test"])
        test_aliases(s, boss, ids["customer.test"], people)
        script = Script(s, "boss@customer.test",
                        people["boss@customer.test"])
        test_hostile(s, script, rival, ids, people)
        test_removed(s, people)
        test_switched_off(s, people)
        test_pages(s)
        same(Browser.wrong, [], "every answer is as it is described")
    done()


if __name__ == "__main__":
    main()
