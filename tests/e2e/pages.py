#!/usr/bin/python3
"""The pages for people: over HTTP as a browser without scripts sends it, then
in Chromium.  SHOTS=FOLDER makes pictures of every page instead."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
import urllib.parse

from harness import (TREE, Server, command, done, imaplib, note, ok, run,
                     same, skip)
from page_browser import Browser, Shape

NODE = os.path.join(TREE, "build", "browser")
BROWSER = os.path.join(TREE, "tests", "e2e", "browser")
GUARDS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; "
          "img-src 'self' data:; connect-src 'self'; form-action 'self'; "
          "base-uri 'none'; frame-ancestors 'none'; "
          "require-trusted-types-for 'script'; trusted-types 'none'")


def imap_takes(server, password):
    client = server.imap(login=False)
    try:
        client.login(server.address, password)
        return True
    except imaplib.IMAP4.error:
        return False
    finally:
        client.shutdown()


# --- what everybody sees ----------------------------------------------------

def everybody(server):
    anybody = Browser(server)
    for path in "/", "/help", "/nothing", "/style.css", "/icon.svg":
        _, head, _ = anybody.get(path)
        same({name: head.get(name) for name in GUARDS}, GUARDS,
             "guarded: " + path)
        same(head.get("Content-Security-Policy"), POLICY, "policy: " + path)
    for asked, tag in (("de-AT,de;q=0.9,en;q=0.5", "de"), ("nl", "nl"),
                       ("xx, fr;q=0.2, en;q=0.1", "fr"), ("xx", "en"),
                       ("de;q=0, fr;q=0.1", "fr"), ("fr;q=x,,;", "en")):
        page = anybody.get("/", **{"Accept-Language": asked})[2]
        ok('<html lang="%s">' % tag in page, "%s: %s" % (asked, tag))
    page = anybody.get("/help?lang=fr&device=mac",
                       **{"Accept-Language": "de"})[2]
    ok('<html lang="fr">' in page and "Ce qu’il faut faire" in page,
       "the language that was chosen")
    ok('href="/?lang=fr"' in page and 'href="?lang=de&amp;device=mac"' in page,
       "links keep it, and lead to the others", page)
    for agent, device in (
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)",
             "iphone"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "mac"),
            ("Mozilla/5.0 (Linux; Android 10; K)", "android"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "windows"),
            ("Mozilla/5.0 (X11; Linux x86_64)", "linux"),
            ("curl/8", "other")):
        page = anybody.get("/help", **{"User-Agent": agent})[2]
        ok('<option value="%s" selected>' % device in page,
           "what to do on: " + device, page)
    page = anybody.get("/help", **{"User-Agent": "x",
                                   "Sec-CH-UA-Platform": '"Android"'})[2]
    ok('<option value="android" selected>' in page, "by its client hint")
    page = anybody.get("/help?address=a@elsewhere.example")[2]
    ok("elsewhere.example is not handled here" in Shape(page).text(),
       "a domain that is not ours", page)


def no_enumeration(server):
    anybody = Browser(server)
    there, missing = server.address, "nemo@" + server.domain
    pages = [anybody.get("/help?address=" + a)[2].replace(a, "A").replace(
        urllib.parse.quote(a), "A") for a in (there, missing)]
    same(pages[0], pages[1], "/help: a mailbox or none, the same bytes")
    anybody.get("/")
    answers = []
    for address in there, missing:
        status, _, page = anybody.post("/sign-in", {
            "address": address, "password": "wrong"})
        answers.append((status, page.replace(address, "A")))
    same(answers[0], answers[1], "signing in: the same answer to both")
    same(answers[0][0], 403, "which is no")


def files(server):
    anybody = Browser(server)
    page = anybody.get("/")[2]
    total = 0
    for name in re.findall(r'(?:href|src)="(/[a-z]+\.[0-9a-f]{16}\.\w+)"',
                           page):
        status, head, body = server.http("GET", name)
        same((status, head["Cache-Control"]),
             (200, "public, max-age=31536000, immutable"), "lasts: " + name)
        total += len(body)
        same(server.http("GET", name, headers={
            "If-None-Match": head["ETag"]})[0], 304, "unchanged: " + name)
        plain = re.sub(r"\.[0-9a-f]{16}", "", name)
        same(server.http("GET", plain)[1]["Cache-Control"], "no-cache",
             "asked for again: " + plain)
        wrong = re.sub(r"\.[0-9a-f]{16}", "." + "0" * 16, name)
        same(server.http("GET", wrong)[0], 404, "another version: " + wrong)
    www = os.path.join(TREE, "www")
    whole = sum(os.path.getsize(os.path.join(folder, f))
                for folder, _, names in os.walk(www) for f in names)
    ok(0 < total < whole < 150000, "under 150 kB in all", whole)
    for path in "/top.html", "/text/en.txt", "/en.txt", "/embed.awk":
        same(server.http("GET", path)[0], 404, "not given out: " + path)
    same(server.http("GET", "/.well-known/security.txt")[0], 200,
         "whom to tell")
    _, _, body = server.http("GET", "/.well-known/security.txt")
    ok(re.match(rb"Contact: mailto:security@posthaste\.test\n"
                rb"Expires: \d{4}-\d\d-\d\dT00:00:00Z\n", body),
       "security.txt", body)


# --- signed in --------------------------------------------------------------

def forms(server):
    """A cookie alone changes nothing; a form of ours does."""
    person, other = Browser(server), Browser(server)
    same(Browser(server).get("/security")[0], 303, "signed out: to the start")
    same(person.sign_in()[0], 303, "signed in")
    same([line for line in person.lines if not re.match(
        r"__Host-[a-z-]+=[\w-]+; Path=/; Secure; HttpOnly; SameSite=Lax",
        line)], [], "cookies are guarded")
    same(len(person.lines), 2, "a guest's, and the session's")
    other.sign_in()
    for page in "/", "/app-passwords", "/security":
        status, head, _ = person.get(page)
        same((status, head["Cache-Control"]), (200, "no-store"),
             "kept by nobody: " + page)
    make = {"label": "x", "right": "imap", "expires": "never"}
    for name, token, headers in (
            ("no token", "", {}), ("a token of nobody", "A" * 43, {}),
            ("another session's", other.token, {}),
            ("from another site", None, {"Sec-Fetch-Site": "cross-site"}),
            ("from a sister", None, {"Sec-Fetch-Site": "same-site"}),
            ("of another origin", None, {"Origin": "https://evil.example"})):
        for path in ("/app-passwords", "/app-passwords/revoke", "/device",
                     "/security/password", "/security/end",
                     "/security/everywhere", "/sign-out"):
            same(person.post(path, make, token, **headers)[0], 403,
                 "%s: %s" % (path, name))
    ok("There is none yet." in person.get("/app-passwords")[2],
       "and nothing was changed")
    for path in ("/app-passwords/revoke?id=1", "/security/everywhere",
                 "/security/password", "/security/end?id=1", "/sign-out",
                 "/device"):
        same(person.get(path)[0], 303, "a GET leads back: " + path)
    for method in "PUT", "DELETE", "OPTIONS", "PROPFIND":
        for path in "/security", "/device", "/help", "/nothing":
            same(person.ask(method, path)[0], 405, method + " " + path)
    same(person.get("/")[0], 200, "still signed in")
    same(person.ask("POST", "/app-passwords", {"label": "x" * 20000})[0], 413,
         "a form that is too large")
    same(person.ask("POST", "/app-passwords",
                    [("a%d" % i, "") for i in range(40)])[0], 400,
         "too many fields")
    same(person.post("/app-passwords", {"label": b"\xff"})[0], 400,
         "not UTF-8")


def app_passwords(server):
    person = Browser(server)
    person.sign_in()
    for wrong in ({"label": ""}, {"label": "x", "right": []},
                  {"label": "x" * 101}, {"networks": "10.1.2.3/8"},
                  {"networks": "here"}, {"right": "root"}):
        fields = {"label": "Phone", "right": ["imap"], "expires": "never"}
        fields.update(wrong)
        status, _, page = person.post("/app-passwords", fields)
        same(status, 400, "refused: %s" % str(wrong)[:30])
        ok("Please give a name" in page and
           Shape(page).fields["label"] == fields["label"],
           "and says so, keeping what was typed", page)
    secrets = {}
    for label, networks in (("Zoë’s phone", "127.0.0.0/8, ::1"),
                            ("Far away", "192.0.2.0/24")):
        status, _, page = person.post("/app-passwords", {
            "label": label, "right": ["imap", "caldav"], "expires": "30",
            "networks": networks})
        secrets[label] = re.search(r'class="secret"><code>([^<]+)',
                                   page).group(1)
        same(status, 200, "made: " + label)
    same([imap_takes(server, s) for s in secrets.values()], [True, False],
         "only from its networks")
    page = Shape(person.get("/app-passwords")[2]).text()
    ok("IMAP, CalDAV · made" in page.replace("  ", " ") or
       re.search("IMAP, CalDAV made .* ends .* only from 127.0.0.0/8,::1",
                 page), "rights, end and networks in the list", page)
    numbers = re.findall(r'name="id" value="(\d+)"',
                         person.get("/app-passwords")[2])
    same(len(numbers), 2, "both are in it")
    same(person.post("/app-passwords/revoke", {"id": "999999"})[0], 303,
         "one that is not there is no fault")
    for number in numbers:
        same(person.post("/app-passwords/revoke", {"id": number})[1]
             ["Location"], "/app-passwords?done=revoked", "revoked")
    same(imap_takes(server, secrets["Zoë’s phone"]), False, "and over")


def devices(server):
    person = Browser(server)
    person.sign_in()
    for app in "iphone", "thunderbird-android", "davx5":
        for variant in "app", "typed", "mail-app", "full-typed":
            status, head, page = person.post("/device", {
                "app": app, "variant": variant, "as": "code"})
            ok(status == 200 and "data:image/svg+xml;base64," in page and
               head["Cache-Control"] == "no-store",
               "a code: %s, %s" % (app, variant), page)
            same('data-app="' in page, variant.endswith("app"),
                 "waits for its password: %s, %s" % (app, variant))
    same(person.post("/device", {"app": "fax"})[0], 400, "no such app")
    phone = Browser(server, **{"User-Agent": "Mozilla/5.0 (iPhone; CPU)"})
    phone.sign_in()
    status, head, page = phone.post("/device", {
        "app": "iphone", "variant": "mail-app", "as": "file"})
    same((status, head["Content-Type"], head["Cache-Control"]),
         (200, "application/x-apple-aspen-config", "no-store"),
         "a profile, on the phone itself")
    ok("<bdi>iPhone, iPad</bdi>" in phone.get("/app-passwords")[2],
       "its password is named after it")
    for number in re.findall(r'name="id" value="(\d+)"',
                             person.get("/app-passwords")[2]):
        person.post("/app-passwords/revoke", {"id": number})


def passwords_and_sessions(server):
    person, other = Browser(server), Browser(server)
    person.sign_in(1)
    other.sign_in(1)
    old = server.login(1)[1]
    fresh = "violet anchor tundra mosaic"
    for wrong, said in (({"old": "nope"}, "is not right"),
                        ({"again": "x"}, "are not the same"),
                        ({"fresh": "password", "again": "password"},
                         "too easy to guess")):
        fields = {"old": old, "fresh": fresh, "again": fresh}
        fields.update(wrong)
        page = person.post("/security/password", fields)[2]
        ok(said in page, "password: " + said, page)
    same(person.post("/security/password", {
        "old": old, "fresh": fresh, "again": fresh})[1]["Location"],
        "/security?done=password", "changed")
    same(other.get("/security")[0], 303, "the other browser is signed out")
    same(person.get("/security")[0], 200, "this one is not")
    same(Browser(server).sign_in(1)[0], 403, "the old one is over")
    same(other.sign_in(1, fresh)[0], 303, "the new one works")
    page = person.get("/security")[2]
    ids = re.findall(r'name="id" value="(\d+)"', page)
    same(len(ids), 1, "two sessions, of which one can be ended here")
    person.post("/security/end", {"id": ids[0]})
    same(other.get("/security")[0], 303, "ended")
    other.sign_in(1, fresh)
    same(person.post("/security/everywhere")[1]["Location"],
         "/?done=everywhere", "signed out everywhere")
    same([b.get("/security")[0] for b in (person, other)], [303, 303],
         "which is so")


# --- what strangers can leave ----------------------------------------------

def hostile():
    """300 strings that would become elements, attributes or scripts."""
    begins = ["", '"', "'", '">', "'>", "</title>", "</option></select>",
              "</bdi>", "-->", "]]>", "{{", "}}", "*", "`", "\u2028"]
    ends = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
            "<svg/onload=alert(1)>", "<iframe src=javascript:alert(1)>",
            " onfocus=alert(1) autofocus x=", "javascript:alert(1)",
            "<a href=//evil.example>x</a>", "<style>*{display:none}</style>",
            "<meta http-equiv=refresh content=0>", "<base href=//evil>",
            "{{form_token}}", "{{>top}}", "{{=skip}}", "&lt;b&gt;&#60;b>",
            "<!--", "<![CDATA[<b>", "%3Cb%3E<b>", "\uff1cscript\uff1e<b>",
            "<b\x0bonclick=x>", "\u202e<b>"]
    return [b + e for b in begins for e in ends]


def packed(strings, most):
    """The same in fewer, longer ones."""
    out = [""]
    for text in strings:
        if len((out[-1] + text).encode()) > most:
            out.append("")
        out[-1] += text
    return out


def stranger(server):
    strings = hostile()
    same(len(strings), 300, "300 strings")
    anybody = Browser(server)
    anybody.service = "proxy" # many requests; TLS would cost most of it

    def shape(path, **headers):
        return Shape(anybody.get(path, **headers)[2]).tags

    plain = shape("/help?address=x&device=x&lang=x&x=x")
    nothing = shape("/nothing?x=x&lang=x")
    bad = []
    for text in strings:
        clean = text.replace("\u2028", "").replace("\x0b", "")
        agent = clean.encode("utf-8").decode("latin-1")
        q = urllib.parse.quote(text, safe="")
        query = "?address=%s&device=%s&lang=%s&x=%s" % (q, q, q, q)
        if "\x0b" in text: # refused as a form; alone, then
            query = "?address=x&device=x&lang=x&x=x"
        if shape("/help" + query, **{
                "User-Agent": agent, "Accept-Language": agent}) != plain:
            bad.append(("help", text))
        status, _, page = anybody.get(
            "/n" + urllib.parse.quote(clean.replace("/", ""), safe="") +
            "?x=%s&lang=%s" % (q, q))
        if status != 404 or ("\x0b" not in text and
                             Shape(page).tags != nothing):
            bad.append(("nothing", text))
    same(bad, [], "no string changes an element of a public page")
    bad = []
    house = sqlite3.connect(os.path.join(server.data, "house",
                                         "posthaste.db"), timeout=60)
    for text in packed([s for s in strings if "\x0b" not in s], 60):
        with house:
            house.execute("UPDATE domain SET display_name = ?", [text])
        found = Shape(anybody.get("/help?address=x&device=x&lang=x&x=x")[2])
        shown = text.replace("\u202e", " ").strip() # turns nothing around
        if found.tags != plain or shown not in [
                word.strip() for word in found.words]:
            bad.append(text)
    with house:
        house.execute("UPDATE domain SET display_name = name")
    house.close()
    same(bad, [], "nor does what a domain is called")


def stranger_signed_in(server):
    """In the list of sessions (browser, address), of app passwords, and in
    what a failed sign-in shows again."""
    strings = [s for s in hostile() if "\x0b" not in s]
    person = Browser(server)
    person.service = "proxy"
    person.headers = {"X-Forwarded-Proto": "https"}
    labels = packed(strings, 90)
    for number, text in enumerate(labels):
        if number % 50 == 0: # so many changes a session has in a minute
            person.cookies.clear()
            person.sign_in()
        person.post("/app-passwords", {
            "label": text, "right": "imap", "expires": "never"})
    page = person.get("/app-passwords")[2]
    found = Shape(page)
    same(len(re.findall('data-row="', page)), len(labels),
         "each label has its row")
    same([text for text in labels
          if text.strip(" \t\r\n") not in found.words], [],
         "and stands there as it was typed")
    row = Shape(re.search(r'<li class="card".*?</li>', page, re.S).group(0))
    rows = [Shape(r).tags for r in re.findall(
        r'<li class="card" data-row=.*?</li>', page, re.S)]
    ok(all(r == row.tags for r in rows), "labels change no element", rows)
    for text in packed(strings, 200)[:40]:
        agent = text.encode().decode("latin-1")
        visitor = Browser(server, **{
            "X-Forwarded-Proto": "https", "User-Agent": agent,
            "X-Forwarded-For": agent[:60]})
        visitor.service = "proxy"
        visitor.sign_in()
    page = person.get("/security")[2]
    rows = [Shape(r).tags for r in re.findall(r"<li>\s*<div>.*?</li>", page,
                                              re.S)]
    shapes = {tuple(r) for r in rows}
    same((len(rows) > 5, len(shapes)), (True, 2),
         "neither browser nor address changes one: this session and others")
    visitor = Browser(server)
    visitor.get("/")
    for text in packed(strings, 300)[:8]:
        status, _, page = visitor.post("/sign-in", {
            "address": text, "password": "wrong"})
        same((status, Shape(page).fields.get("address")), (403, text),
             "shown again as it was typed")


def keep(server):
    """Somebody who administers two domains, and what is in one of them."""
    address, password = server.login(2)
    for words in (("domain", "add", "zoo.example"),
                  ("domain", "admin", "add", server.domain, address),
                  ("domain", "admin", "add", "zoo.example", address),
                  ("domain", "limit", "set", "zoo.example", "25", "50G")):
        command(server, *words)
    person = Browser(server)
    person.sign_in(2)
    found = dict((name, path) for path, name in re.findall(
        r'href="(/domains/\d+)"><bdi>([^<]+)', person.get("/domains")[2]))
    at = found["zoo.example"]
    for part, name, quota in (("heidi", "Heidi Keeper", "5G"),
                              ("noah", "Noah Ark", "2G"),
                              ("penguins", "", "500M")):
        person.post(at, {"part": part, "person": name, "quota": quota})
    for further, kind, target in (
            ("info", "to", "heidi@zoo.example, noah@zoo.example"),
            ("staff", "everyone", ""),
            ("jobs", "refuse", "We are complete for this year.")):
        person.post(at + "/alias", {
            "further": further, "kind": kind, "target": target})
    box = re.search(r'href="(/domains/mailbox/\d+)"><bdi>heidi@',
                    person.get(at)[2]).group(1)
    return {"address": address, "password": password, "path": at,
            "domain": "zoo.example", "mailbox": box}


def stranger_in_domain(server, keeper):
    """What people call themselves, and what an address is answered with."""
    person = Browser(server)
    person.service = "proxy"
    person.headers = {"X-Forwarded-Proto": "https"}
    person.sign_in(2)
    plain = {path: Shape(person.get(path)[2]).tags
             for path in (keeper["path"], keeper["mailbox"])}
    number = int(keeper["mailbox"].split("/")[-1])
    house = sqlite3.connect(os.path.join(server.data, "house",
                                         "posthaste.db"), timeout=60)
    bad = []
    for text in packed([s for s in hostile() if "\x0b" not in s], 200):
        with house:
            house.execute("UPDATE account SET name = ? WHERE id = ?",
                          [text, number])
            house.execute("UPDATE route SET text = ? WHERE address = ?",
                          [text, "jobs@zoo.example"])
        for path, tags in plain.items():
            found = Shape(person.get(path)[2])
            times = [word.strip() for word in found.words].count(
                text.strip())
            if found.tags != tags or times != (
                    2 if path == keeper["path"] else 1):
                bad.append((path, text, times))
    house.close()
    same(bad, [], "neither changes an element of a domain's pages")


def pictures():
    """docs/img has every page in every look."""
    with open(os.path.join(BROWSER, "shots.mjs"), encoding="utf-8") as file:
        pages = re.findall(r'shoot\(page, "(\w+)"', file.read())
    wanted = {"%s-%s-%s.png" % (page, scheme, size) for page in pages
              for scheme in ("light", "dark") for size in ("desktop", "phone")}
    found = {name for name in os.listdir(os.path.join(TREE, "docs", "img"))
             if name.endswith(".png")}
    ok(len(pages) >= 8 and wanted <= found, "a picture of every page",
       wanted - found)


# --- Chromium ---------------------------------------------------------------

def install():
    """The packages of the browser's tests; None, or why not."""
    for program in "node", "npm":
        if shutil.which(program) is None:
            return program + " is not installed"
    if not os.path.exists("/usr/bin/chromium"):
        return "chromium is not installed"
    os.makedirs(NODE, exist_ok=True)
    lock = os.path.join(NODE, "package-lock.json")
    wanted = os.path.join(BROWSER, "package-lock.json")
    with open(wanted, encoding="utf-8") as file:
        text = file.read()
    marker = os.path.join(NODE, "node_modules", ".installed")
    if os.path.exists(marker) and os.path.exists(lock):
        with open(lock, encoding="utf-8") as file:
            if file.read() == text:
                return None
    for name in "package.json", "package-lock.json":
        shutil.copy(os.path.join(BROWSER, name), NODE)
    try:
        code, said = run(["npm", "ci", "--ignore-scripts", "--no-audit",
                          "--no-fund", "--fetch-timeout=20000",
                          "--fetch-retries=1"], cwd=NODE, timeout=90)
    except subprocess.TimeoutExpired:
        code, said = 1, "it took too long"
    if code:
        return "npm cannot install: " + said.strip()[-200:]
    with open(marker, "w", encoding="utf-8"):
        pass
    return None


def browser(server, script, keeper):
    why = install()
    if why:
        skip("THE PAGES IN CHROMIUM ARE NOT TESTED", why)
        return
    began = time.monotonic()
    # What Chromium keeps for itself goes with the server's folder.
    env = dict(os.environ, HOME=server.folder, NODE_FOLDER=NODE, SITE=json.dumps({
        "address": server.address, "password": server.password,
        "host": server.host, "ip": server.ip, "ports": server.ports,
        "keeper": keeper}))
    process = subprocess.run(["node", os.path.join(BROWSER, script)],
                             env=env, stdout=subprocess.PIPE, timeout=280,
                             check=False)
    lines = process.stdout.decode().splitlines()
    for line in lines:
        found = re.match(r"(not )?ok \d+ - (.*)", line)
        if found:
            ok(not found.group(1), "Chromium: " + found.group(2))
    note("%.1f s in Chromium" % (time.monotonic() - began))
    ok(process.returncode == 0 and lines[-1:] and
       lines[-1].startswith("1.."), "Chromium: to the end", lines[-3:])


def main():
    with Server(users=2, settings={
            "security-contact": "mailto:security@posthaste.test"}) as server:
        if os.environ.get("SHOTS"):
            browser(server, "shots.mjs", keep(server))
        else:
            everybody(server)
            no_enumeration(server)
            files(server)
            pictures()
            forms(server)
            app_passwords(server)
            devices(server)
            passwords_and_sessions(server)
            stranger(server)
            stranger_signed_in(server)
            keeper = keep(server)
            browser(server, "pages.mjs", keeper)
            stranger_in_domain(server, keeper)
    done()


main()
