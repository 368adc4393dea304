#!/usr/bin/python3
"""What sets up one person's devices, with the requests of the devices and of
strangers: rows M01 to M09 and inputs 46, 49, 52, 53 and 57 of
docs/discovery.md."""
import base64
import concurrent.futures
import json
import os
import plistlib
import re
import subprocess
import urllib.parse

from harness import Server, done, ok, run, same, wait_for

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS"
         " X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
         " Mobile/15E148 Safari/604.1"}
ASPEN = "application/x-apple-aspen-config"
KEYS = {"PayloadContent", "PayloadDisplayName", "PayloadIdentifier",
        "PayloadType", "PayloadUUID", "PayloadVersion"}
SECRETS = ("IncomingPassword", "OutgoingPassword", "CalDAVPassword",
           "CardDAVPassword")
ODD = "Zoë & <b>Söhne</b>\n\u202eabc ]]>" + "x" * 2000
V1 = "/mail/config-v1.1.xml?emailaddress=demo%40posthaste.test"
STRANGER = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https",
            "Content-Type": "application/json"}


class Person:
    """Signed in by the API, as the pages are by the same functions."""

    def __init__(self, server, number=None):
        self.server = server
        self.address, password = server.login(number)
        status, head, body = self.ask("POST", "/session", {
            "address": self.address, "password": password})
        same(status, 201, "signed in")
        self.fields = dict(PHONE, **{
            "Cookie": head["Set-Cookie"].split(";")[0],
            "X-Form-Token": json.loads(body)["form_token"]})

    fields = PHONE

    def ask(self, method, path, body=None, service="https"):
        fields = dict(self.fields)
        if body is not None:
            fields["Content-Type"] = "application/json"
            body = json.dumps(body)
        return self.server.http(method, "/api/v1" + path, body, fields,
                                service=service)

    def profile(self, kind, password=False):
        if password:
            return self.ask("POST", "/profile", {"kind": kind})
        return self.ask("GET", "/profile?kind=" + kind)

    def device(self, app, **more):
        status, _, body = self.ask("POST", "/devices", dict(more, app=app))
        same(status, 201, "a code for " + app)
        return json.loads(body)["text"]


def payloads(document):
    profile = plistlib.loads(document)
    return [profile] + profile["PayloadContent"]


def secrets_of(document):
    return [p[key] for p in payloads(document) for key in SECRETS if key in p]


def names_of(document):
    return [(p["PayloadIdentifier"], p["PayloadUUID"])
            for p in payloads(document)]


def profiles(server, person):
    documents = {}
    for kind in "mail", "full":
        for password in False, True:
            status, head, body = person.profile(kind, password)
            name = "%s, password %s" % (kind, password)
            same((status, head["Content-Type"], head["Cache-Control"]),
                 (200, ASPEN, "no-store"), "M01, M07 " + name)
            ok(KEYS <= set(payloads(body)[0]), "M01 required keys: " + name)
            same(len(set(secrets_of(body))), int(password),
                 "M07 a password only where asked: " + name)
            documents[kind, password] = body
    same(len(set(documents.values())), 4, "M07 four documents")
    ok(all(re.fullmatch(r"net\.posthaste\.[a-z2-7]{26}(\.\w+)?", name) and
           re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", uuid)
           for name, uuid in names_of(documents["full", True])),
       "M01 identifiers", names_of(documents["full", True]))
    again = person.profile("full", True)[2]
    same(names_of(again), names_of(documents["full", True]),
         "M02 the same identifiers")
    ok(set(secrets_of(again)) != set(secrets_of(documents["full", True])),
       "M02 another app password, for it was asked for")
    same(person.profile("full")[2], documents["full", False],
         "M02 without one, the same bytes")
    return documents["full", True]


def by_link(server, person):
    url = person.device("iphone", kind="full")
    path = urllib.parse.urlsplit(url).path
    status, head, body = server.http("GET", path, headers=PHONE)
    same((status, head["Content-Type"]), (200, ASPEN), "M01 by its link")
    same(body, person.profile("full")[2],
         "M01 what it gives is what the page gives")
    same(server.http("GET", path, headers=PHONE)[0], 410, "M04 once")


def address_book(server, document):
    """macOS with nothing but host, port and login."""
    card = [p for p in payloads(document)
            if p["PayloadType"] == "com.apple.carddav.account"][0]
    ok(card["CardDAVUseSSL"] is True, "M05 encrypted")
    same((card["CardDAVHostName"], card["CardDAVPort"]),
         (server.host, server.ports["https"]), "M05 host and port")
    pair = (card["CardDAVUsername"], card["CardDAVPassword"])
    path, found = "/.well-known/carddav", b""
    for prop in ("current-user-principal", "addressbook-home-set"):
        space = "DAV:" if prop.startswith("c") else \
            "urn:ietf:params:xml:ns:carddav"
        body = ('<propfind xmlns="DAV:"><prop><x:%s xmlns:x="%s"/></prop>'
                "</propfind>" % (prop, space))
        for _ in range(3):
            status, head, found = server.http(
                "PROPFIND", path, body,
                dict({"Depth": "0", "Content-Type": "text/xml"},
                     **basic(*pair)))
            if status not in (301, 307, 308):
                break
            path = urllib.parse.urlsplit(head["Location"]).path
        match = re.search(rb"%s[^>]*>\s*<[^>]*href[^>]*>([^<]+)<" %
                          prop.encode(), found)
        ok(status == 207 and match, "M05 " + prop, (status, found))
        if not match:
            return
        path = match.group(1).decode()
    status, _, found = server.http("PROPFIND", path, headers=dict(
        {"Depth": "1"}, **basic(*pair)))
    ok(status == 207 and b"addressbook" in found,
       "M05 an address book by .well-known alone", found[:500])


def basic(address, password):
    pair = "%s:%s" % (address, password)
    return {"Authorization": "Basic " +
            base64.b64encode(pair.encode()).decode()}


def codes(server, person):
    text = person.device("thunderbird-android")
    value = json.loads(text)
    ok(len(text) <= 800 and "\n" not in text and value[0] == 1 and
       value[1] == [1, 1] and value[2][1] == server.host and
       value[2][3] == 3 and len(value[2]) == 7 and
       value[3][0][0][1] == server.host, "M08 Thunderbird's code", text)
    link = urllib.parse.urlsplit(person.device("davx5"))
    same((link.scheme, link.username, link.password),
         ("davx5", person.address.replace("@", "%40"), None),
         "M09 DAVx5's link, without a password")
    link = urllib.parse.urlsplit(person.device("davx5", app_password=True))
    ok(re.fullmatch("[a-z2-9-]+", link.password), "M09 with one if asked",
       link.password)


def plain(server):
    """46: the person's places over plain HTTP."""
    address, password = server.login()
    for path in ("/app-passwords", "/sign-in", "/security",
                 "/api/v1/profile", "/p/" + "a" * 22):
        status, head, _ = server.http("GET", path, service="http",
                                      headers=basic(address, password))
        ok(status == 301 and head["Location"] ==
           "https://%s:%d%s" % (server.host, server.ports["https"], path) and
           "Set-Cookie" not in head, "46 GET " + path, (status, head))
    form = urllib.parse.urlencode({"address": address, "password": password})
    for method, path in (("POST", "/sign-in"), ("POST", "/device"),
                         ("POST", "/app-passwords"), ("PUT", "/security"),
                         ("POST", "/API/v1/session"),
                         ("POST", "/api/v1/profile"),
                         ("DELETE", "/api/v1/sessions/1")):
        status, head, _ = server.http(method, path, form, {
            "Content-Type": "application/x-www-form-urlencoded"},
            service="http")
        ok(status == 403 and "Set-Cookie" not in head and
           "Location" not in head, "46 %s %s" % (method, path),
           (status, head))
    same(server.http("PROPFIND", "/SOGo/dav/", service="http")[0], 308,
         "46 other places are moved")


def guesses(server):
    """49: from one network, of many addresses; and what stays open."""
    def guess(number):
        status, head, _ = server.http(
            "POST", "/api/v1/session", json.dumps({
                "address": "person%d@posthaste.test" % number,
                "password": "wrong"}), STRANGER, service="proxy")
        return status, head["Retry-After"]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = []
        for first in range(0, 1600, 64):
            found += pool.map(guess, range(first, first + 64))
            if found[-1][0] == 429:
                break
    ok({status for status, _ in found} == {401, 429} and
       all((status == 429) == bool(after) for status, after in found),
       "49 too many guesses: 429 with Retry-After",
       sorted({(status, after) for status, after in found}, key=str))
    same(server.http("GET", V1, headers=dict(STRANGER, Host="autoconfig."
                                             "posthaste.test"),
                     service="proxy")[0], 200,
         "49 the settings are given to that network all the same")
    elsewhere = dict(STRANGER, **{"X-Forwarded-For": "198.51.100.7"})
    address, password = server.login()
    same(server.http("POST", "/api/v1/session", json.dumps({
        "address": address, "password": password}), elsewhere,
        service="proxy")[0], 201, "49 and other networks sign in")


def another(server, person):
    """52: who one is comes from the login."""
    other = server.login(1)[0]
    quoted = urllib.parse.quote(other)
    for method, path, body in (
            ("GET", "/profile?kind=mail&address=" + quoted, None),
            ("POST", "/profile", {"kind": "mail", "address": other}),
            ("POST", "/devices", {"app": "iphone", "address": other})):
        status, _, text = person.ask(method, path, body)
        ok(status in (400, 422) and other.encode() not in text.replace(
            quoted.encode(), b""), "52 %s %s" % (method, path),
           (status, text))
    status, _, body = server.http(
        "GET", "/api/v1/profile?kind=mail", headers=dict(
            person.fields, **{"X-Forwarded-User": other,
                              "From": other}))
    ok(status == 200 and person.address.encode() in body and
       other.encode() not in body, "52 one's own, whatever else is said")
    status, _, body = server.http("GET", "/api/v1/profile?kind=mail")
    same(status, 401, "52 nobody's")


def odd_name(server):
    """53, M06: a display name that is none."""
    address = "odd@posthaste.test"
    code, text = run([server.binary, "mailbox", "add", address, "--name",
                      ODD, "--data", server.data], env=server.env)
    if code:
        ok("name" in text, "53 such a name is refused, and it says so", text)
        name = ODD[:60].replace("\n", " ")
        code, text = run([server.binary, "mailbox", "add", address, "--name",
                          name, "--data", server.data], env=server.env)
    ok(code == 0, "53 a mailbox", text)
    document = subprocess.run(
        [server.binary, "profile", address, "--unsigned", "--data",
         server.data], env=server.env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60,
        check=False).stdout
    name = payloads(document)[1]["EmailAccountName"]
    ok(name.startswith("Zoë & <b>Söhne</b> ") and "\n" not in name,
       "53, M06 in one line, UTF-8, escaped", name[:100])


def certificate(server, name, days):
    """The server's certificate, made anew by its own CA with its chain."""
    folder, tls = server.folder, os.path.join(server.data, "tls")
    key, request = (os.path.join(folder, "new." + end)
                    for end in ("key", "csr"))
    ends = os.path.join(folder, "new.ext")
    with open(ends, "w", encoding="ascii") as file:
        file.write("subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\n" %
                   name)
    out = b""
    for command in (
            ["req", "-new", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
             request, "-subj", "/CN=" + name],
            ["x509", "-req", "-in", request, "-days", str(days), "-extfile",
             ends, "-CA", server.info["ca"], "-CAkey",
             os.path.join(server.data, "ca.key"), "-CAcreateserial",
             "-CAserial", os.path.join(folder, "new.srl")]):
        out = subprocess.run(["openssl"] + command, check=True,
                             stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL).stdout
    with open(key, "rb") as file:
        out += file.read()
    with open(server.info["ca"], "rb") as file:
        root = file.read()
    end = b"-----END CERTIFICATE-----\n"
    with open(os.path.join(tls, "default.pem"), "wb") as file:
        file.write(out.replace(end, end + root, 1))
    before = len(re.findall(r" signer reload\.done ", server.log()))
    server.hup()
    ok(wait_for(lambda: len(re.findall(r" signer reload\.done ",
                                       server.log())) > before, 60),
       "the signer reads it", server.log()[-2000:])


def signatures(server):
    """M03, 57: by a good certificate, and by others."""
    def fetched():
        code, text = run([server.binary, "profile", server.address, "--link",
                          "--data", server.data], env=server.env)
        ok(code == 0, "a link", text)
        # A proxy that speaks https; the certificate here may be a bad one.
        return server.http(
            "GET", urllib.parse.urlsplit(text.split()[-1]).path,
            headers={"X-Forwarded-Proto": "https"}, service="proxy")[2]

    typed = fetched()
    ok(typed.startswith(b"<?xml"), "M03 unsigned before its chain is whole")
    for name, days, good in ((server.host, 30, True),
                             (server.host, -1, False),
                             ("other.posthaste.test", 30, False)):
        certificate(server, name, days)
        warned = server.log().count(" profile.unsigned ")
        body = fetched()
        path = os.path.join(server.folder, "signed")
        with open(path, "wb") as file:
            file.write(body)
        what = "%s, %d days" % (name, days)
        if good:
            content = subprocess.run(
                ["openssl", "cms", "-verify", "-inform", "DER", "-in", path,
                 "-CAfile", server.info["ca"], "-purpose", "sslserver"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                check=False).stdout
            same(content, typed, "M03 verifies, and attaches the same bytes")
        else:
            same(body, typed, "57 unsigned: " + what)
            ok(server.log().count(" profile.unsigned ") > warned,
               "57 and a warning in the log", server.log()[-1000:])


def main():
    with Server(users=2) as server:
        person = Person(server)
        address_book(server, profiles(server, person))
        by_link(server, person)
        codes(server, person)
        plain(server)
        another(server, person)
        odd_name(server)
        guesses(server)
        signatures(server)
        same(server.reports(), "", "no report of the sanitizers")
        same(server.stop(), 0, "it stops well")
    done()


main()
