#!/usr/bin/env python3
"""The JSON API: who may, what goes in and out, and how a login ends."""
import re

from api_client import (PATIENCE, PREFIX, Browser, Document, Idle,
                        Stream, basic, by_pop3, by_smtp, closes, cookie_of,
                        gets_in)
from harness import Server, done, ok, run, same, wait_for

RIGHTS = ("imap", "pop3", "smtp", "caldav", "carddav")


# --- the document and the sign-in --------------------------------------------

def test_document(s):
    status, fields, text = s.http("GET", PREFIX + "/openapi.json")
    same(status, 200, "the description is there")
    Browser.document = Document(text)
    same(list(Browser.document.faults()), [], "and is one of OpenAPI 3.1")
    status, _, _ = s.http("GET", PREFIX + "/openapi.json",
                          headers={"If-None-Match": fields["ETag"]})
    same(status, 304, "and need not be read twice")


def test_sign_in(s):
    b = Browser(s)
    address, password = s.login()
    good = {"address": address, "password": password}
    cases = (
        ("a wrong password", dict(good, password="wrong"), {}, 401),
        ("nobody", dict(good, address="nobody@posthaste.test"), {}, 401),
        ("no password", {"address": address}, {}, 400),
        ("one field too many", dict(good, admin=True), {}, 400),
        ("a number", dict(good, password=1), {}, 400),
        ("an array", [good], {}, 400),
        ("half an object", b'{"address":"a"', {}, 400),
        ("a name twice", b'{"address":"a","address":"b","password":"c"}',
         {}, 400),
        ("depth", b"[" * 9000, {}, 400),
        ("two objects", b'{"address":"a","password":"b"}{}', {}, 400),
        ("a byte order mark", b'\xef\xbb\xbf{"address":"a","password":"b"}',
         {}, 400),
        ("half a pair", b'{"address":"\\ud800","password":"b"}', {}, 400),
        ("a NUL", b'{"address":"demo@posthaste.test\\u0000","password":"b"}',
         {}, 400),
        ("no UTF-8", b'{"address":"\xff","password":"b"}', {}, 400),
        ("a form", b"address=a&password=b",
         {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ("packed", good, {"Content-Encoding": "gzip"}, 415),
        ("too much", b" " * 140000, {}, 413),
        ("from elsewhere", good, {"Origin": "https://evil.example"}, 403),
        ("from a frame without origin", good, {"Origin": "null"}, 403),
        ("from elsewhere, newer", good,
         {"Sec-Fetch-Site": "cross-site"}, 403),
        ("from beside", good, {"Sec-Fetch-Site": "same-site"}, 403),
    )
    for name, body, headers, wanted in cases:
        headers = dict({"Content-Type": "application/json"}, **headers)
        found = b.raw("POST", "/session", body, headers)
        ok(found.status == wanted and cookie_of(found) is None
           and found.json()["status"] == wanted,
           "no sign-in: " + name, (found.status, found.body))
    found = b.raw("POST", "/session", {"address": address})
    same(found.json().get("field"), "password", "it says what is missing")
    found = b.raw("POST", "/session", good, service="proxy")
    same(found.status, 400, "no sign-in over plain http")
    found = b.raw("POST", "/session", good,
                  {"X-Forwarded-Proto": "https"}, service="proxy")
    same(found.status, 201, "but behind a proxy that speaks https")
    found = b.sign_in()
    same(found.status, 201, "signed in")
    attributes = [a.strip() for a in
                  found.fields["Set-Cookie"].split(";")[1:]]
    ok({"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
       and not any(a.startswith("Domain") for a in attributes),
       "by a cookie that stays here", attributes)
    same(found.fields["Cache-Control"], "no-store", "which nobody keeps")
    first = Browser(s)
    first.cookie, first.token = b.cookie, b.token
    same((b.sign_in().status, b.cookie != first.cookie,
          first.call("GET", "/me").status), (201, True, 401),
         "signing in again: another cookie, and the first is over")
    for name, value, wanted in (
            ("twice", "%s; __Host-posthaste=x" % b.cookie, 401),
            ("in quotes", '"%s"' % b.cookie, 401),
            ("cut short", b.cookie[:-1], 401),
            ("large", b.cookie + "; x=" + "x" * 100000, 431)):
        same(s.http("GET", PREFIX + "/me", headers={
            "Cookie": "__Host-posthaste=" + value})[0], wanted,
             "a cookie that is " + name)
    return b


def test_ways(s, b):
    """Methods, paths, parameters, and Basic for scripts."""
    found = b.call("POST", "/me", {})
    same((found.status, found.fields["Allow"]), (405, "GET, HEAD"),
         "a method that is not for this")
    same(b.call("GET", "/nothing").status, 404, "nothing there")
    same(b.call("GET", "/me/").status, 404, "one name for each thing")
    same(b.call("GET", "/me?x=1").status, 400, "an unknown parameter")
    same(b.call("GET", "/profile?kind=half").status, 400, "an unknown kind")
    same(b.call("HEAD", "/me").status, 200, "HEAD")
    found = b.raw("GET", "/me")
    same((found.status, "Basic" in found.fields["WWW-Authenticate"]),
         (401, True), "nobody is asked for a password")
    found = b.raw("GET", "/me", headers={"Sec-Fetch-Mode": "cors"})
    same((found.status, "Basic" in found.fields["WWW-Authenticate"]),
         (401, False), "but a browser is not")
    script = basic(*s.login())
    found = b.raw("GET", "/me", headers=script)
    same((found.status, found.json()["address"]), (200, s.address),
         "a script by Basic")
    same(b.raw("GET", "/session", headers=script).status, 403,
         "which has no session")
    same(b.raw("GET", "/me", headers=dict(
        script, Origin="https://evil.example")).status, 403,
         "not when another site makes a browser send it")
    same(b.raw("POST", "/password/score", {"password": "x"}, dict(
        script, **{"Sec-Fetch-Site": "cross-site"})).status, 403,
         "nor then")
    found = b.raw("POST", "/password/score", {"password": "x"}, script)
    same(found.json(), {"score": 0, "least": 3, "good": False},
         "without a form token")
    same(b.raw("GET", "/me", headers=script, service="proxy").status, 400,
         "no password over plain http")


# --- a stolen cookie ---------------------------------------------------------

BODIES = {
    "makeAppPassword": {"label": "stolen"},
    "changePassword": {"old": "demo", "new": "correct horse battery stap1e"},
    "scorePassword": {"password": "x"},
    "makeProfile": {"kind": "mail"},
    "setForwarding": {"targets": ["thief@elsewhere.example"]},
    "setReply": {"text": "gone"},
    "setUpDevice": {"app": "davx5", "app_password": True},
    "signIn": {"address": "demo@posthaste.test", "password": "demo"},
}


def state(b):
    return (b.call("GET", "/app-passwords").json(),
            [r["id"] for r in b.call("GET", "/sessions").json()["sessions"]])


def test_forgery(b):
    kept = b.call("POST", "/app-passwords", {"label": "Phone"}).json()
    own = b.call("GET", "/session").json()["id"]
    before = state(b)
    tries = 0
    through = []
    forged = (
        ("no token", {"X-Form-Token": ""}),
        ("another token", {"X-Form-Token": "A" * 43}),
        ("another origin", {"Origin": "https://posthaste.test.evil.example"}),
        ("another site", {"Sec-Fetch-Site": "cross-site"}),
    )
    for method, path, operation in b.document.operations():
        if method == "GET" or operation["operationId"] == "signIn":
            continue
        number = own if "sessions" in path else kept["id"]
        for name, headers in forged:
            tries += 1
            found = b.call(method, path.replace("{id}", str(number)),
                           BODIES.get(operation["operationId"]), headers)
            if found.status != 403:
                through.append((method, path, name, found.status))
    same(through, [], "a cookie alone changes nothing (%d tries)" % tries)
    ok(tries >= 36, "of every operation", tries)
    same(state(b), before, "all is as before")
    same(b.call("DELETE", "/app-passwords/%d" % kept["id"]).status, 204,
         "with the token it does")
    same(b.call("DELETE", "/app-passwords/%d" % kept["id"]).status, 404,
         "once")


# --- app passwords -----------------------------------------------------------

def make(b, **wanted):
    found = b.call("POST", "/app-passwords", wanted)
    ok(found.status == 201, "made %s" % wanted, found.body)
    return found.json()


def test_rights(s, b):
    wrong = []
    for right in RIGHTS:
        app = make(b, rights=[right])
        for way in RIGHTS:
            if gets_in(s, way, app["password"]) != (way == right):
                wrong.append((right, way))
    same(wrong, [], "an app password is good for its rights alone")
    known = {(l["protocol"], l.get("app_password"))
             for l in b.call("GET", "/logins").json()["logins"]}
    same(len([k for k in known if k[1]]), len(RIGHTS),
         "each login is remembered")
    app = make(b)
    same(sorted(app["rights"]), sorted(RIGHTS), "by default all of them")
    for networks, wanted in ((["192.0.2.0/24"], False),
                             (["192.0.2.0/24", "127.0.0.0/8"], True)):
        app = make(b, networks=networks, rights=["imap"])
        same(app["networks"], networks, "networks")
        same(gets_in(s, "imap", app["password"]), wanted,
             "and from its networks alone")
    same(Browser(s).raw("GET", "/me", headers=basic(
        s.address, make(b)["password"])).status, 401,
         "an app password is not for the API")
    for body, field in (({"rights": ["ftp"]}, "rights"),
                        ({"rights": []}, "rights"),
                        ({"rights": ["imap", "imap"]}, "rights"),
                        ({"networks": ["here"]}, "networks"),
                        ({"networks": ["10.0.0.0/8,::/0"]}, "networks"),
                        ({"label": "x" * 101}, "label"),
                        ({"expires_days": 0}, "expires_days"),
                        ({"expires_days": 3651}, "expires_days"),
                        ({"id": 1}, "id")):
        found = b.call("POST", "/app-passwords", body)
        ok(found.status == 400 and found.json().get("field") == field,
           "refused: %s" % body, found.body)


def test_other_side(s, b):
    """Of calendars alone: nothing leads to the contacts, nor back."""
    wrong = []
    for right, own, other, kind, data in (
            ("caldav", "Calendar", "Contacts", "addressbook", "address"),
            ("carddav", "Contacts", "Calendar", "calendar", "calendar")):
        headers = basic(s.address, make(b, rights=[right])["password"])
        near, far = s.home(own), s.home(other)
        status, _, text = s.http("PROPFIND", far, headers=dict(
            basic(*s.login()), Depth="1"))
        items = re.findall(r"href>(%s[^<]+)<" % re.escape(far),
                           text.decode())
        ok(status == 207 and items, "there is something: " + other, text)
        multiget = (
            '<c:%s-multiget xmlns:c="urn:ietf:params:xml:ns:%s" '
            'xmlns="DAV:"><prop><getetag/><c:%s-data/></prop>'
            '<href>%s</href></c:%s-multiget>' % (
                kind, {"caldav": "carddav", "carddav": "caldav"}[right],
                data, items[0], kind))
        ways = [("REPORT", at, multiget, {"Depth": "1"}) for at in (
            "/", "/SOGo/dav/", "/SOGo/dav/%s/" % s.address, near, far)]
        ways += [(method, far, None, {}) for method in (
            "PROPFIND", "PROPPATCH", "ACL", "DELETE", "POST", "OPTIONS")]
        ways += [(method, items[0], None, {
            "Destination": "https://%s%sx" % (s.host, near)})
            for method in ("GET", "DELETE", "COPY", "MOVE")]
        for method, path, body, more in ways:
            found = s.http(method, path, body, dict(headers, **more))
            if found[0] < 400 and (b"BEGIN:" in found[2] or
                                   items[0].encode() in found[2] or
                                   method in ("COPY", "MOVE", "DELETE")):
                wrong.append((right, method, path, found[0]))
        same(s.http("GET", items[0], headers=basic(*s.login()))[0], 200,
             "it is still there: " + other)
    same(wrong, [], "one side of DAV shows nothing of the other")


# --- how a login ends --------------------------------------------------------

def test_revoke(s, b):
    app = make(b, label="Phone", rights=list(RIGHTS))
    other = make(b, rights=["imap"])
    stream = Stream(b)
    ok(wait_for(lambda: stream.begun, PATIENCE), "a stream of events")
    idle = Idle(s, s.address, app["password"])
    stays = Idle(s, s.address, other["password"])
    event = stream.wait("login", app_password=app["id"], protocol="imap")
    ok(event and event["peer"].startswith("127."), "a login is told", event)
    still = Idle(s, s.address, app["password"], idle=False)
    pop3 = by_pop3(s, s.address, app["password"])
    smtp = by_smtp(s, s.address, app["password"])
    ok(gets_in(s, "caldav", app["password"]), "DAV")
    ok(stream.wait("login", app_password=app["id"], protocol="caldav")
       is not None,
       "that one too")
    same(b.call("DELETE", "/app-passwords/%d" % app["id"]).status, 204,
         "revoked")
    ok(not gets_in(s, "caldav", app["password"]), "no DAV at once")
    ok(not gets_in(s, "imap", app["password"]), "no login")
    ok(idle.ends(), "the idle connection is cut off")
    ok(still.ends(), "and the one that only waits")
    ok(wait_for(lambda: closes(pop3), PATIENCE), "POP3")
    ok(wait_for(lambda: closes(smtp), PATIENCE), "SMTP")
    ok(not stays.closed, "others stay")
    code, text = run([s.binary, "app-password", "revoke", "--data", s.data,
                      s.address, str(other["id"])], env=s.env)
    ok(code == 0 and stays.ends(), "revoked by the command line", text)
    return stream


def test_everywhere(s, b, stream):
    other = Browser(s)
    other.sign_in()
    idle = Idle(s, *s.login())
    one = other.call("GET", "/session").json()["id"]
    same(b.call("DELETE", "/sessions/%d" % one).status, 204,
         "another session is ended")
    same(other.call("GET", "/me").status, 401, "and is no more")
    other.sign_in()
    same(b.call("POST", "/sign-out-everywhere").status, 204,
         "sign out everywhere")
    same((b.call("GET", "/me").status, other.call("GET", "/me").status),
         (401, 401), "nobody is signed in")
    ok(stream.wait("session-ended") is not None, "the stream is told")
    ok(wait_for(lambda: stream.ended, PATIENCE), "and ends")
    ok(idle.ends(), "mail programs too")
    same(b.sign_in().status, 201, "and back")


def test_password(s, b):
    old = s.login(1)[1]
    fresh = "correct horse battery stap1e"
    here, there = Browser(s), Browser(s)
    here.sign_in(1)
    there.sign_in(1)
    idle = Idle(s, *s.login(1))
    app = make(here, rights=["imap"])
    stays = Idle(s, s.login(1)[0], app["password"])
    found = here.call("PUT", "/password", {"old": "no", "new": fresh})
    same((found.status, found.json()["field"]), (403, "old"),
         "not without the old one")
    found = here.call("PUT", "/password", {"old": old, "new": "user01user"})
    same((found.status, found.json()["field"]), (422, "new"),
         "not by a weak one")
    same(here.call("PUT", "/password", {"old": old, "new": fresh}).status,
         204, "changed")
    same(here.call("GET", "/me").status, 200, "this session goes on")
    same(there.call("GET", "/me").status, 401, "the other does not")
    ok(idle.ends(), "what logged in by the old one is cut off")
    ok(not stays.closed, "an app password stays")
    same(there.sign_in(1).status, 401, "the old one is wrong")
    same(there.sign_in(1, fresh).status, 201, "the new one is right")
    del b


def test_operator(s):
    """What the command line does ends logins as well."""
    address, password = s.login(2)

    def command(*words):
        return run([s.binary, *words[:2], "--data", s.data, address],
                   env=s.env)

    idle = Idle(s, address, password)
    code, text = command("mailbox", "logins")
    ok(code == 0 and "imap" in text and " 127." in text,
       "the last login", text)
    b = Browser(s)
    b.cookie = cookie_of(b.raw("POST", "/session", {
        "address": address, "password": password},
        {"User-Agent": "Firefox\t1"}))
    code, text = command("mailbox", "sessions")
    found = re.findall(r"^(\d+) +\S+Z  127\.\S+  Firefox 1$", text, re.M)
    ok(code == 0 and len(found) == 1,
       "the browser that is signed in", text)
    code, text = run([s.binary, "mailbox", "end-session", "--data", s.data,
                      address, found[0]], env=s.env)
    same((code, b.call("GET", "/me").status), (0, 401), "is signed out")
    code, text = run([s.binary, "mailbox", "end-session", "--data", s.data,
                      address, found[0]], env=s.env)
    same(code, 1, "once")
    same(command("mailbox", "sessions")[1], "", "and is no more")
    code, text = command("mailbox", "sign-out")
    ok(code == 0 and idle.ends(), "signed out", text)
    idle = Idle(s, address, password)
    code, text = command("mailbox", "disable")
    ok(code == 0 and idle.ends(), "disabled", text)
    ok(not gets_in(s, "imap", password, address), "no login")
    code, text = command("mailbox", "enable")
    ok(code == 0 and gets_in(s, "imap", password, address), "enabled", text)


def test_mail(s, b):
    """Forwarding and automatic replies, as the commands know them."""
    def told(*words):
        return run([s.binary, *words, s.address, "--data", s.data],
                   env=s.env)[1].split("\n")

    none = {"targets": [], "keep": True}
    same(b.call("GET", "/forwarding").json(), none, "nothing is sent on")
    wanted = {"targets": ["x@far.example", "y@far.example"], "keep": False}
    same(b.call("PUT", "/forwarding", wanted).status, 204, "now it is")
    same(b.call("GET", "/forwarding").json(), wanted, "where to")
    same(told("forward", "show"), wanted["targets"] + [""], "and by command")
    for targets in (["nonsense"], ["a@far.example,b@far.example"],
                    ["x%d@far.example" % n for n in range(5)]):
        found = b.call("PUT", "/forwarding", {"targets": targets})
        same((found.status, found.json().get("field")), (400, "targets"),
             "refused: %s" % targets[0])
    same(b.call("GET", "/forwarding").json(), wanted, "it stays")
    same(b.call("PUT", "/forwarding", {"targets": []}).status, 204, "ended")
    same(b.call("GET", "/forwarding").json(), none, "no more")
    same(b.call("GET", "/automatic-reply").json(), {"active": False},
         "nothing is answered")
    wanted = {"text": "Away.\nF\u00fcr lange.", "subject": "Away",
              "since": "2026-12-24", "until": "2026-12-31", "every": 3}
    same(b.call("PUT", "/automatic-reply", wanted).status, 204, "now it is")
    same(b.call("GET", "/automatic-reply").json(),
         dict(wanted, active=True), "what")
    same(told("vacation", "show")[:4], ["since 2026-12-24",
                                        "until 2026-12-31", "every 3",
                                        "subject Away"], "and by command")
    longest = dict(wanted, text="\U0001f334" * 8000)
    same(b.call("PUT", "/automatic-reply", longest).status, 204,
         "as long as may be, each character escaped")
    same(b.call("GET", "/automatic-reply").json(),
         dict(longest, active=True), "all of it is there")
    same(b.call("PUT", "/automatic-reply", wanted).status, 204, "shorter")
    for field, bad in (("since", "2026-02-30"), ("until", "2026-12-23"),
                       ("every", 31), ("text", ""), ("text", "x" * 8001),
                       ("subject", "a\nb"), ("subject", "a\rb")):
        same(b.call("PUT", "/automatic-reply",
                    dict(wanted, **{field: bad})).status, 400,
             "refused: %s %.10s" % (field, bad))
    same(b.call("DELETE", "/automatic-reply").status, 204, "ended")
    same(b.call("GET", "/automatic-reply").json(), {"active": False},
         "no more")


def test_device(b):
    found = b.call("POST", "/devices", {"app": "iphone", "kind": "full",
                                        "app_password": True})
    text = found.json()["text"]
    ok(found.status == 201 and "/p/" in text
       and found.json()["qr_svg"].startswith("<svg")
       or "<svg" in found.json()["qr_svg"][:200], "a code", found.body[:200])
    path = "/p/" + text.rsplit("/p/", 1)[1]
    same([b.server.http("GET", path)[0] for _ in range(2)], [200, 410],
         "its link works once")
    found = b.call("GET", "/profile?kind=mail&language=de")
    ok(found.status == 200 and b"PayloadContent" in found.body,
       "a profile", found.body[:200])
    found = b.call("POST", "/profile", {"kind": "mail", "label": "Pad"})
    labels = [a["label"] for a in
              b.call("GET", "/app-passwords").json()["app_passwords"]]
    ok(found.status == 200 and "Pad" in labels, "with an app password",
       labels)


def test_rate(s):
    b = Browser(s)
    b.sign_in(2)
    for count in range(200):
        found = b.call("POST", "/password/score", {"password": "x"})
        if found.status != 200:
            break
    ok(found.status == 429 and int(found.fields["Retry-After"]) >= 0,
       "too many changes are refused", (count, found.status))
    ok(count >= 60, "not too few", count)
    same(b.call("GET", "/me").status, 200, "reading goes on")
    other = Browser(s)
    other.sign_in(2)
    same(other.call("POST", "/password/score", {"password": "x"}).status,
         200, "and so does another session")


def test_streams(s, b):
    """One more than there may be: the oldest gives way."""
    streams = [Stream(b) for _ in range(9)]
    ok(all(wait_for(lambda x=x: x.begun, PATIENCE) for x in streams),
       "nine streams begin")
    ok(wait_for(lambda: any(x.ended for x in streams), PATIENCE),
       "one gives way")
    found = b.call("GET", "/logins").json()["logins"][-1]
    last = Stream(b, "/events?after=%d" % (found["number"] - 1))
    ok(last.wait("login", protocol=found["protocol"]) is not None,
       "what came meanwhile is told")


def main():
    with Server(users=2) as s:
        test_document(s)
        b = test_sign_in(s)
        test_ways(s, b)
        test_forgery(b)
        b = Browser(s)  # that one has asked for much
        b.sign_in()
        test_rights(s, b)
        test_other_side(s, b)
        b = Browser(s)
        b.sign_in()
        test_mail(s, b)
        stream = test_revoke(s, b)
        test_everywhere(s, b, stream)
        test_password(s, b)
        test_device(b)
        test_operator(s)
        test_rate(s)
        test_streams(s, b)
        same(Browser.wrong, [], "every answer is as it is described")
    done()


if __name__ == "__main__":
    main()
