#!/usr/bin/env python3
"""Profiles, app passwords, links that work once and QR codes, from the
command line and over the network, with the eyes of plistlib, openssl and
zbarimg."""
import base64
import concurrent.futures
import imaplib
import json
import os
import plistlib
import re
import smtplib
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import (TREE, Named, Server, done, note, ok, same, skip,
                     wait_for)  # noqa: E402

PASSWORD = re.compile(r"[a-z2-9]{4}(-[a-z2-9]{4}){6}$")
TYPES = {"string": str, "integer": int, "boolean": bool, "dict": dict,
         "array": list}


def command(server, *words, data=True, **environment):
    """posthaste WORDS: exit code, standard output, what it said."""
    env = dict(server.env)
    env.update(environment)
    process = subprocess.run(
        [server.binary, *words] + (["--data", server.data] if data else []),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
        stdin=subprocess.DEVNULL, timeout=120, check=False)
    said = process.stderr.decode("utf-8", "replace")
    if "Sanitizer" in said or "runtime error" in said:
        ok(False, "no report: " + " ".join(words), said)
    return process.returncode, process.stdout, said


def must(server, *words, **environment):
    code, out, said = command(server, *words, **environment)
    if code:
        ok(False, " ".join(words), said)
    return out


# --- the schema -------------------------------------------------------------

def read_schema():
    rules = {}
    path = os.path.join(TREE, "tests", "data", "apple", "schema.tsv")
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                payload, key, kind, presence, allowed = \
                    line.rstrip("\n").split("\t")
                rules[payload, key] = (kind, presence, allowed)
    return rules


def faults(payload, rules):
    """What Apple's schema says against it."""
    kind = payload.get("PayloadType")
    out = []
    for key, value in payload.items():
        rule = rules.get((kind, key)) or rules.get(("*", key))
        if rule is None:
            out.append("no key " + key)
        elif type(value) is not TYPES.get(rule[0]):
            out.append("%s is no %s" % (key, rule[0]))
        elif rule[2] and str(value) not in rule[2].split("|"):
            out.append("%s may not be %r" % (key, value))
    out += ["lacks " + key for (owner, key), rule in rules.items()
            if owner in ("*", kind) and rule[1] == "required"
            and key not in payload]
    return out


def check_profile(document, rules, name, full, password):
    profile = plistlib.loads(document)
    payloads = [profile] + profile["PayloadContent"]
    found = [fault for payload in payloads
             for fault in faults(payload, rules)]
    same(found, [], name + ": as the schema has it")
    same([p["PayloadType"] for p in payloads[1:]],
         ["com.apple.mail.managed"] +
         (["com.apple.caldav.account", "com.apple.carddav.account"]
          if full else []), name + ": payloads")
    same(len({p["PayloadUUID"] for p in payloads}), len(payloads),
         name + ": UUIDs differ")
    secrets = [p[key] for p in payloads for key in
               ("IncomingPassword", "OutgoingPassword", "CalDAVPassword",
                "CardDAVPassword") if key in p]
    if password:
        same(len(secrets), 4 if full else 2, name + ": passwords")
        ok(len(set(secrets)) == 1 and PASSWORD.match(secrets[0]),
           name + ": one app password", secrets)
    else:
        same(secrets, [], name + ": no password")
    return profile, secrets[0] if secrets else None


def names_of(profile):
    return [(p["PayloadIdentifier"], p["PayloadUUID"])
            for p in [profile] + profile["PayloadContent"]]


def verify(server, document):
    """openssl cms -verify: the content, or None."""
    path = os.path.join(server.folder, "signed")
    with open(path, "wb") as file:
        file.write(document)
    process = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-in", path,
         "-CAfile", server.info["ca"], "-purpose", "sslserver"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if process.returncode:
        note(process.stderr.decode())
    return None if process.returncode else process.stdout


def test_kinds(server, rules):
    trusted = {"SSL_CERT_FILE": server.info["ca"]}
    seen = {}
    for kind in "mail", "full":
        for extra in (), ("--app-password",):
            name = " ".join((kind,) + extra)
            words = ("profile", server.address, "--kind", kind) + extra
            plain = must(server, *words, "--unsigned")
            profile, secret = check_profile(plain, rules, name,
                                            kind == "full", extra)
            signed = must(server, *words, **trusted)
            content = verify(server, signed)
            ok(content is not None, name + ": its signature verifies")
            again, other = check_profile(content, rules, name + ", signed",
                                         kind == "full", extra)
            same(names_of(again), names_of(profile),
                 name + ": the same names again")
            if extra:
                ok(secret != other, name + ": each has its own password")
            else:
                same(content, plain, name + ": what was signed")
            seen[name] = (profile, secret)
    same(names_of(seen["full"][0])[:2], names_of(seen["mail"][0]),
         "one replaces the other")
    code, out, said = command(server, "profile", server.address)
    ok(code == 0 and out.startswith(b"<?xml") and
       "profile.unsigned" in said and "would not verify" in said,
       "unsigned, and says so, when nobody trusts the certificate", said)
    chain = subprocess.run(
        ["openssl", "pkcs7", "-inform", "DER", "-print_certs", "-noout"],
        input=must(server, "profile", server.address, **trusted),
        stdout=subprocess.PIPE, check=False).stdout
    ok(chain.count(b"subject=") >= 1, "the certificate is inside")
    german = plistlib.loads(must(server, "profile", server.address,
                                 "--language", "de", "--unsigned"))
    same(german["PayloadDescription"],
         "Richtet das E-Mail-Konto auf diesem Gerät ein.", "in German")
    same(set(german["ConsentText"]), {"default", "en", "fr", "nl", "de"},
         "consent in every language")
    return seen["full --app-password"][1]


def test_odd_people(server, rules):
    """Addresses that others take for one; names that hurt."""
    names = {}
    people = (("a.b", "Zoë & <b>Söhne</b> \"'"),
              ("a", "\u05e9\u05dc\u05d5\u05dd \u202eabc"),
              ("o'neil=x", "]]>"),
              ("long", "\u00fc" * 100))
    must(server, "domain", "add", "b.posthaste.test")
    for local, name in people:
        for domain in "posthaste.test", "b.posthaste.test":
            address = "%s@%s" % (local, domain)
            code, _, said = command(server, "mailbox", "add", address,
                                    "--name", name)
            if code:
                note(said)
                continue
            profile = plistlib.loads(
                must(server, "profile", address, "--unsigned"))
            mail = profile["PayloadContent"][0]
            same(mail["EmailAccountName"], name, "a name: " + name)
            same(mail["EmailAddress"], address, "an address")
            names[address] = names_of(profile)
            content = verify(server, must(
                server, "profile", address, "--kind", "full",
                SSL_CERT_FILE=server.info["ca"]))
            again = content and check_profile(content, rules, address, True,
                                              False)[0]
            ok(again and again["PayloadContent"][0] == mail,
               "signed, the same: " + address, content)
    flat = [pair for pairs in names.values() for pair in pairs]
    ok(len(names) == 8 and len(set(flat)) == len(flat),
       "no two addresses share a name", names)
    code, out, said = command(server, "profile", "nobody@posthaste.test")
    ok(code == 1 and not out and "Traceback" not in said, "nobody's profile")
    code, out, said = command(server, "profile", server.address, "--kind",
                              "more")
    same((code, out), (2, b""), "a kind that is none")


# --- app passwords ----------------------------------------------------------

def imap_login(server, password):
    client = imaplib.IMAP4_SSL(server.ip, server.ports["imaps"],
                               ssl_context=Named(server), timeout=60)
    try:
        client.login(server.address, password)
        client.logout()
        return True
    except imaplib.IMAP4.error:
        return False


def smtp_login(server, password):
    client = smtplib.SMTP_SSL(server.ip, server.ports["submissions"],
                              context=Named(server), timeout=60)
    try:
        client.login(server.address, password)
        return True
    except smtplib.SMTPAuthenticationError:
        return False
    finally:
        client.close()


def dav_login(server, password):
    pair = "%s:%s" % (server.address, password)
    status = server.http("PROPFIND", "/SOGo/dav/", headers={
        "Depth": "0", "Authorization":
        "Basic " + base64.b64encode(pair.encode()).decode()})[0]
    return {207: True, 401: False}.get(status, status)


def logins(server, password):
    return (imap_login(server, password), smtp_login(server, password),
            dav_login(server, password))


def add(server, *options):
    code, out, said = command(server, "app-password", server.address, "add",
                              "--label", "Zoë's phone", *options)
    ok(code == 0 and PASSWORD.match(out.decode().strip()),
       "an app password " + " ".join(options), said)
    return re.search(r"password (\d+) ", said).group(1), \
        out.decode().strip()


def listed(server, number):
    lines = must(server, "app-password", server.address,
                 "list").decode().splitlines()
    return next((line for line in lines
                 if line.split(" ")[0] == number), None)


def test_app_passwords(server, embedded):
    same(logins(server, embedded), (True, True, True),
         "the one in a full profile serves all")
    same(logins(server, server.password), (True, True, True),
         "and so does the person's own")
    number, password = add(server, "--rights", "imap,dav")
    ok("never" in listed(server, number).split("used")[1],
       "not used yet", listed(server, number))
    same(logins(server, password), (True, False, True), "only its rights")
    line = wait_for(lambda: re.search(
        r"used \S+Z by (imap|dav) from %s" % re.escape(server.ip.rsplit(".", 3)[0]),
        listed(server, number)))
    ok(line, "its use is noted", listed(server, number))
    ok("Zoë's phone" in listed(server, number), "its label")
    same(logins(server, password.upper().replace("-", " ")),
         (True, False, True), "as people type it")
    must(server, "app-password", "revoke", server.address, number)
    same(logins(server, password), (False, False, False),
         "revoked, it ends at once")
    same(listed(server, number), None, "and is gone")
    same(command(server, "app-password", server.address, "revoke",
                 number)[0], 1, "revoked twice")
    near = add(server, "--networks", "127.0.0.0/8")[1]
    far = add(server, "--networks", "192.0.2.0/24,2001:db8::/32")[1]
    same((imap_login(server, near), imap_login(server, far)), (True, False),
         "only its networks")
    over = add(server, "--expires", "0")[1]
    same(imap_login(server, over), False, "not after its end")
    for option, value in (("--rights", "imap,root"), ("--networks", "here"),
                          ("--networks", "10.1.2.3/8"), ("--expires", "x")):
        same(command(server, "app-password", server.address, "add",
                     "--label", "l", option, value)[0], 2,
             "refused: %s %s" % (option, value))
    same(command(server, "app-password", server.address, "add")[0], 2,
         "no label")
    with open(house_db(server), "rb") as file:
        database = file.read()
    ok(password.encode() not in database and near.encode() not in database,
       "none of them is in the database")


# --- links ------------------------------------------------------------------

def house_db(server):
    return os.path.join(server.data, "house", "posthaste.db")


def fetch(server, url, method="GET"):
    return server.http(method, urllib.parse.urlsplit(url).path)


def complete_chain(server):
    """The private CA behind the certificate, so that the chain has an end;
    the signer takes it at a reload."""
    path = os.path.join(server.data, "tls", "default.pem")
    with open(server.info["ca"], encoding="ascii") as file:
        root = file.read()
    with open(path, encoding="ascii") as file:
        key, chain = sorted(re.findall(
            r"-----BEGIN.*?-----END[^\n]*\n", file.read(), re.DOTALL),
            key=lambda part: "CERTIFICATE" in part)
    with open(path, "w", encoding="ascii") as file:
        file.write(chain + root + key)
    server.hup()
    ok(wait_for(lambda: re.search(r" signer reload\.done ", server.log()),
                60), "the signer reads the new chain", server.log()[-2000:])


def test_links(server, rules):
    url = must(server, "profile", server.address, "--link").decode().strip()
    body = fetch(server, url)[2]
    ok(body.startswith(b"<?xml") and
       re.search(r" web profile\.unsigned ", server.log()),
       "unsigned, and the log says so, while the chain has no end")
    complete_chain(server)
    url = must(server, "profile", server.address, "--kind", "full",
               "--app-password", "--link").decode().strip()
    ok(re.match(r"https://mail\.posthaste\.test:\d+/p/[\w-]{22}$", url),
       "a link", url)
    status, head, _ = fetch(server, url, "HEAD")
    same(status, 405, "who only looks does not use it up")
    status, head, body = fetch(server, url)
    same(status, 200, "the first fetch")
    same(head["Content-Type"], "application/x-apple-aspen-config", "a profile")
    ok("no-store" in head["Cache-Control"] and
       head["Referrer-Policy"] == "no-referrer", "kept and told nowhere")
    same(head["Content-Disposition"],
         'attachment; filename="%s-full.mobileconfig"' % server.address,
         "its file name")
    content = verify(server, body)
    ok(content is not None, "signed as it is fetched")
    secret = check_profile(content, rules, "by link", True, True)[1]
    ok(imap_login(server, secret), "its password works")
    status, head, body = fetch(server, url)
    same((status, secret.encode() in body, head["Cache-Control"]),
         (410, False, "no-store"), "the second fetch")
    wrong = url[:-1] + ("A" if url[-1] != "A" else "B")
    same(fetch(server, wrong)[0], 404, "another token")
    for path in "/p/", "/p/x", "/p/" + "a" * 5000, "/p/a/b":
        same(server.http("GET", path)[0], 404, "no link: " + path[:10])
    url = must(server, "profile", server.address, "--link").decode().strip()
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        found = sorted(pool.map(lambda _: fetch(server, url)[0], range(12)))
    same(found, [200] + [410] * 11, "twelve at once: one gets it")
    other = must(server, "profile", server.address, "--link").decode().strip()
    with open(house_db(server), "rb") as file:
        database = file.read()
    with open(house_db(server) + "-wal", "rb") as file:
        database += file.read()
    ok(other.rsplit("/", 1)[1].encode() not in database and
       secret.encode() not in database and
       b"com.apple.mail.managed" not in database,
       "neither token nor document is in the database")
    server.stop()
    server.start()
    same(fetch(server, other)[0], 200, "a link outlives a restart")
    same(command(server, "profile", server.address, "--link",
                 "--unsigned")[0], 2, "a link is signed by the server")
    same(fetch(server, other)[0], 410, "but not its use")


# --- QR codes ---------------------------------------------------------------

def svg_pixels(svg):
    """Modules of our own SVG: one path of M x y h n v1 h-n z."""
    size = int(re.search(r'viewBox="0 0 (\d+) ', svg).group(1))
    rows = [[0] * size for _ in range(size)]
    for x, y, n in re.findall(r"M(\d+) (\d+)h(\d+)v1h-", svg):
        for i in range(int(n)):
            rows[int(y)][int(x) + i] = 1
    return rows


def text_pixels(text):
    upper = {"█": (0, 0), "▄": (1, 0), "▀": (0, 1), " ": (1, 1)}
    rows = []
    for line in text.splitlines():
        rows += [[upper[c][half] for c in line] for half in (0, 1)]
    return rows


def decode(server, path):
    process = subprocess.run(
        ["zbarimg", "-q", "--raw", "-Sbinary", path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return process.stdout.decode("utf-8", "replace")


def decode_pixels(server, rows):
    path = os.path.join(server.folder, "code.pbm")
    with open(path, "w", encoding="ascii") as file:
        file.write("P1\n%d %d\n" % (8 * len(rows[0]), 8 * len(rows)))
        for row in rows:
            line = " ".join(" ".join(str(bit) * 8) for bit in row) + "\n"
            file.write(line * 8)
    return decode(server, path)


def codes(server, *words):
    """The text of one QR code in each form."""
    path = os.path.join(server.folder, "code.png")
    with open(path, "wb") as file:
        file.write(must(server, "qr", *words, "--image", "png"))
    svg = must(server, "qr", *words, "--image", "svg").decode()
    text = must(server, "qr", *words, "--image", "text").decode()
    return (decode(server, path), decode_pixels(server, svg_pixels(svg)),
            decode_pixels(server, text_pixels(text)))


def test_codes(server):
    port = server.ports
    found = codes(server, server.address, "--for", "thunderbird-android")
    same(len(set(found)), 1, "the same text in every form")
    wanted = [1, [1, 1],
              [0, server.host, port["imaps"], 3, 1, server.address,
               server.domain],
              [[[0, server.host, port["submissions"], 3, 1, server.address],
                [server.address, "Demo"]]]]
    same(json.loads(found[0]), wanted, "what Thunderbird for Android reads")
    ok(len(found[0]) <= 800 and "\n" not in found[0].strip("\n"),
       "short, and in one line")
    with_password = json.loads(
        codes(server, server.address, "--for", "thunderbird-android",
              "--app-password")[0])
    secret = with_password[2][7]
    ok(PASSWORD.match(secret) and with_password[3][0][0][6] == secret,
       "with a password where it belongs", with_password)
    same(logins(server, secret), (True, True, False), "for mail alone")
    found = codes(server, server.address, "--for", "davx5")
    same(len(set(found)), 1, "the same link in every form")
    link = urllib.parse.urlsplit(found[0])
    same((link.scheme, link.hostname, link.port, link.path,
          urllib.parse.unquote(link.username), link.password),
         ("davx5", server.host, port["https"], "/SOGo/dav/", server.address,
          None), "what DAVx5 opens")
    link = urllib.parse.urlsplit(codes(server, server.address, "--for",
                                       "davx5", "--app-password")[0])
    same(logins(server, link.password), (False, False, True), "for DAV alone")
    found = codes(server, server.address, "--for", "iphone")
    same(len(set(found)), 3, "each code has a link of its own")
    for url in found:
        same([fetch(server, url)[0] for _ in (1, 2)], [200, 410],
             "it works once")
    same(command(server, "qr", server.address, "--for", "fax")[0], 2,
         "no such app")


def main():
    rules = read_schema()
    with Server() as server:
        secret = test_kinds(server, rules)
        test_odd_people(server, rules)
        test_app_passwords(server, secret)
        test_links(server, rules)
        if subprocess.run(["which", "zbarimg"], stdout=subprocess.DEVNULL,
                          check=False).returncode:
            skip("QR codes decode", "zbarimg is not installed")
        else:
            test_codes(server)
        same(server.reports(), "", "no report of the sanitizers")
        same(server.stop(), 0, "it stops well")
    done()


main()
