#!/usr/bin/python3
"""Each client finds its settings with the requests that it really sends, and
whatever else is sent gets the right refusal."""
import base64
import hashlib
import re
import statistics
import time

from discovery_clients import (GENERIC, MOBILESYNC, Asker,
                               autoconfig, error_of, json_of, pox,
                               settings_of)
from discovery_hostile import hostile
from harness import Server, done, note, ok, run, same

PUBLIC = {"public-port.https": "443", "public-port.imaps": "993",
          "public-port.pop3s": "995", "public-port.submissions": "465"}
V1 = "/mail/config-v1.1.xml"
WELL = "/.well-known/autoconfig" + V1
POX = "/autodiscover/autodiscover.xml"
JSON = "/autodiscover/autodiscover.json"
PACC = "/.well-known/user-agent-configuration.json"
CANONICAL = "https://mail.posthaste.test" + POX
DAV = "https://mail.posthaste.test/SOGo/dav/"
PAIR = (("mail.posthaste.test", 993, "SSL"),
        ("mail.posthaste.test", 465, "SSL"))


def accepted(answer, name, domain="posthaste.test"):
    good = ok(answer.status == 200 and answer.kind() == "text/xml",
              name + ": 200 text/xml", answer)
    same(autoconfig(answer.body, domain) if good else None, PAIR,
         name + ": every reader takes the same")
    return answer


def autoconfig_rows(c):
    auto, query = "autoconfig.posthaste.test", "?emailaddress="
    first = accepted(c.get(auto, V1 + query + "demo%40posthaste.test",
                           "thunderbird"), "A01 Thunderbird 156")
    same(c.get(auto, V1 + query + "demo%40posthaste.test",
               "thunderbird").body, first.body, "A02 the same bytes")
    accepted(c.get("posthaste.test", WELL + query + "demo%40posthaste.test",
                   "thunderbird"), "A03 well-known")
    for row, host, path in (("A04", auto, V1),
                            ("A05", "posthaste.test", WELL)):
        same(c.get(host, path, "thunderbird", service="http").body,
             first.body, row + " by plain http: what https says")
    accepted(c.get(auto, V1 + query + "fred%40cust.test", "thunderbird"),
             "A06 a customer's domain, by MX", "cust.test")
    answer = c.get(auto, V1 + query + "fred%40elsewhere.test", "thunderbird")
    same((answer.status, answer.kind()), (404, "text/plain"),
         "A07 not hosted")
    eight = accepted(c.get(auto, V1, "okhttp"), "A08 K-9")
    accepted(c.get("posthaste.test", WELL, "okhttp"), "A09 K-9 well-known")
    md5 = "&emailmd5=" + "0123456789abcdef" * 2
    accepted(c.get(auto, V1 + query + "demo%40posthaste.test" + md5,
                   "evolution"), "A11 Evolution")
    accepted(c.get(auto, V1 + query + "EVOLUTIONUSER%40posthaste.test" + md5,
                   "evolution"), "A12 older Evolution")
    accepted(c.get("autoconfig.POSTHASTE.test", V1, "kmail", sni=auto),
             "A14 KMail")
    accepted(c.get(auto, "/.well-known/mail-v1.xml?emailaddress="
                   "demo@posthaste.test", "goa"), "A15 GOA")
    accepted(c.get(auto, V1 + query + "demo+tag@posthaste.test", "goa"),
             "A16 GOA, a raw plus")
    accepted(c.get(auto, V1, "geary"), "A17 Geary")
    accepted(c.get(auto, V1 + query + "demo+x@posthaste.test", "fairemail"),
             "A18 FairEmail")
    accepted(c.get(auto, V1 + query + "demo%40posthaste%2Etest",
                   "deltachat"), "A19 Delta Chat")
    accepted(c.get("posthaste.test", WELL, "deltachat"), "A19 well-known")
    head = c.ask("HEAD", auto, V1 + query + "demo%40posthaste.test")
    same((head.status, head.body, head.field("Content-Length"),
          head.field("ETag"), head.field("Content-Type")),
         (200, b"", str(len(first.body)), first.field("ETag"),
          first.field("Content-Type")), "A20 HEAD")
    for host in (auto + ":443", auto + "."):
        accepted(c.get(host, V1, sni=auto), "A21 Host: " + host)
    accepted(c.get(auto, "/Mail/Config-v1.1.xml"), "A22 in any case")
    tag = "If-None-Match: %s\r\n" % eight.field("ETag")
    same(c.get(auto, V1, extra=tag).status, 304, "A23 If-None-Match")
    same(eight.field("Cache-Control"), "public, max-age=300", "kept briefly")
    same(eight.field("Access-Control-Allow-Origin"), "*", "for web clients")
    text = first.body.decode()
    same(re.findall(r"</emailProvider><addressbook type=\"carddav\"><url>"
                    "(.*?)</url>.*<calendar type=\"caldav\"><url>(.*?)</url>",
                    text), [(DAV, DAV)], "A24 DAV beside the provider")


def forms(c):
    """Addresses and domains in other spellings."""
    auto = "autoconfig.posthaste.test"
    usual = c.get(auto, V1).body
    at = "%40posthaste.test"
    for name, address in (
            ("21 an empty address", ""),
            ("25 plus", "demo%2Btag" + at),
            ("25 a raw plus", "demo+tag" + at),
            ("26 quoted", "%22john%20doe%22" + at),
            ("26 quoted @", "%22a%40b%22" + at),
            ("27 in capitals", "DeMo%40PostHaste.TEST"),
            ("30 SMTPUTF8", "%E3%82%B8%E3%83%A7%E3%83%B3" + at),
            ("33 a dot at the end", "demo" + at + "."),
            ("24 twice", "demo" + at + "&emailaddress=a%40cust.test"),
            ("60 for a database", "%27OR1=1--" + at),
            ("48 a missing mailbox", "nobody" + at)):
        same(c.get(auto, V1 + "?emailaddress=" + address).body, usual, name)
    labels = [c.get(auto, V1 + "?emailaddress=fred%40" + name).body
              for name in ("m%C3%BCller.test", "xn--mller-kva.test",
                           "M%C3%9CLLER.test")]
    same(len(set(labels)), 1, "28 U-label and A-label are one domain")
    same(autoconfig(labels[0], "xn--mller-kva.test"), PAIR,
         "28 and only the A-label is in it")
    same(c.get("autoconfig.cust.test", V1 + "?emailaddress="
               "demo%40posthaste.test").body, usual,
         "35 the address decides, not the Host")
    accepted(c.get("autoconfig.cust.test", V1), "35 without one: the Host",
             "cust.test")


def pacc_rows(c):
    host, path = ("ua-auto-config.posthaste.test",
                  "/.well-known/user-agent-configuration.json")
    answer = c.get(host, path, "pacc")
    same((answer.status, answer.kind()), (200, "application/json"), "P01")
    value = json_of(answer) or {}
    mail = {"host": "mail.posthaste.test"}
    same(value.get("protocols"), {
        "imap": mail, "pop3": mail, "smtp": mail, "submit": mail,
        "caldav": {"url": DAV}, "carddav": {"url": DAV}}, "P01 protocols")
    same(value.get("authentication"), {"password": True}, "P01 password")
    again = c.get(host, path + "?emailaddress=a%40cust.test", "pacc",
                  extra="Accept-Encoding: gzip\r\n")
    same((again.body, again.field("Content-Encoding"), again.field("ETag")),
         (answer.body, "", answer.field("ETag")), "P03 always these bytes")
    same(c.get(host, path, extra="If-None-Match: %s\r\n" %
               answer.field("ETag")).status, 304, "P03 If-None-Match")
    same(c.ask("HEAD", host, path).field("Content-Length"),
         str(len(answer.body)), "P03 HEAD")
    other = json_of(c.get("ua-auto-config.cust.test", path)) or {}
    same(other.get("info", {}).get("provider", {}).get("name"),
         "Cust & <b>]]></b>", "P01 a customer's document")
    same(c.get("ua-auto-config.elsewhere.test", path).status, 404, "P04")
    ok(c.get(host, path, service="http").status in (301, 404), "P05")
    bodies = set()
    for _ in range(20):
        c.server.hup()
        bodies.add(c.get(host, path).body)
    same(bodies, {answer.body}, "59 the same through reloads")


def pox_rows(c):
    host, demo = "autodiscover.posthaste.test", "demo@posthaste.test"
    mail = "mail.posthaste.test"
    wanted = {"IMAP": (mail, "993", demo), "SMTP": (mail, "465", demo),
              "CalDAV": (DAV, None, demo), "CardDAV": (DAV, None, demo)}

    def settled(answer, name):
        same((answer.status, answer.kind()), (200, "text/xml"), name)
        same(settings_of(answer), wanted, name + ": the settings")
        return answer

    first = settled(c.post(host, pox(demo)), "D01, D09, D19")
    same(first.field("WWW-Authenticate"), "", "D01 no password asked")
    for path in ("/Autodiscover/Autodiscover.xml",
                 "/AutoDiscover/AutoDiscover.XML"):
        settled(c.post(host, pox(demo), target=path), "D02 " + path)
    for password in (c.server.password, "wrong"):
        basic = c.server.basic()["Authorization"] \
            if password != "wrong" else "Basic ZGVtbzp3cm9uZw=="
        same(c.post(host, pox(demo), "thunderbird", extra="Authorization: "
                    "%s\r\n" % basic).body, first.body, "D03 credentials")
    settled(c.post("posthaste.test", pox(demo)), "D04")
    for client, method in (("outlook", "GET"), ("thunderbird", "POST")):
        answer = c.ask(method, "autodiscover.cust.test", POX, client,
                       service="http", body=pox("fred@cust.test")
                       if method == "POST" else None)
        same((answer.status, answer.field("Location")), (302, CANONICAL),
             "D05, D06 %s by plain http" % method)
    same(c.get("autodiscover.elsewhere.test", POX,
               service="http").status, 404, "D05 only for hosted domains")
    for method in ("GET", "HEAD", "OPTIONS", "PUT"):
        answer = c.ask(method, host, POX, "deltachat")
        same((answer.status, answer.field("Allow")), (405, "POST"),
             "D06, D07 %s" % method)
    answer = c.post(mail, pox("fred@cust.test"), "thunderbird")
    same(settings_of(answer)["IMAP"], (mail, "993", "fred@cust.test"),
         "D06 the second POST, to our own name")
    for kind in ("application/x-www-form-urlencoded", None):
        settled(c.post(host, pox(demo), "fairemail", kind=kind),
                "D08 Content-Type %s" % kind)
    bare = pox("x").replace(b"EMailAddress>", b"LegacyDN>")
    same(error_of(c.post(host, bare)), (500, GENERIC), "D12 LegacyDN")
    for name, body in (
            ("a mark and CRLF", b"\xef\xbb\xbf\r\n" + pox(demo).replace(
                b"\n", b"\r\n")),
            ("a prefix", pox(demo).replace(b"<", b"<a:").replace(
                b"<a:/", b"</a:").replace(b"<a:?", b"<?").replace(
                    b"xmlns=", b"xmlns:a=")),
            ("UTF-16", pox(demo).decode().replace(
                'utf-8', 'utf-16').encode("utf-16")),
            ("further elements", pox(demo).replace(
                b"<Request>", b"<Request><LegacyDN>/o=x</LegacyDN><New/>"))):
        settled(c.post(host, body), "D13 " + name)
    settled(c.post(host, pox(demo).replace(b"http:", b"https:")), "D14")
    answer = c.post(host, pox("a&amp;b+x@M\u00fcller.test."))
    same(settings_of(answer)["IMAP"][2], "a&b+x@xn--mller-kva.test",
         "18 an escaped address, a U-label")
    answer = c.post(host, pox("demo+tag@posthaste.test"))
    login = settings_of(answer)["IMAP"][2]
    with c.server.imap(login=False) as imap:
        same((login, imap.login(login, c.server.password)[0]),
             ("demo+tag@posthaste.test", "OK"), "25 the login works")
    one, two = (c.post(host, pox(who)).body.replace(who.encode(), b"")
                for who in (demo, "nobody@posthaste.test"))
    same(one, two, "48 a missing mailbox looks like an existing one")
    for address in ("demo@elsewhere.test", "demo@[127.0.0.1]", "demo",
                    "a@b@c", "&lt;script&gt;@posthaste.test",
                    "a" * 65 + "@posthaste.test"):
        same(error_of(c.post(host, pox(address))), (500, GENERIC),
             "no settings for " + address[:40])


def other_rows(c):
    host, demo = "autodiscover.posthaste.test", "demo@posthaste.test"
    answer = c.post(host, pox(demo, MOBILESYNC), "")
    same((answer.status, error_of(answer)), (200, (601, MOBILESYNC[1])),
         "D11 phones")
    wanted = {"Protocol": "AutodiscoverV1", "Url": CANONICAL}
    for path in (JSON + "?Email=demo%40posthaste.test&Protocol="
                 "Autodiscoverv1&RedirectCount=1",
                 "/AutoDiscover/autodiscover.json?Email=demo@posthaste.test"
                 "&Protocol=AutoDiscoverV1&RedirectCount=99",
                 JSON + "/v1.0/demo@posthaste.test?Protocol=AutodiscoverV1",
                 JSON + "/v1.0/nobody@posthaste.test"
                 "?Protocol=AutodiscoverV1"):
        answer = c.get(host, path, "outlook")
        same((answer.status, answer.kind(), json_of(answer)),
             (200, "application/json", wanted), "D15 " + path[-60:])
    for protocol in ("ActiveSync", "EWS", "Rest", "Substrate"):
        answer = c.get(host, JSON + "/v1.0/demo@posthaste.test?Protocol=" +
                       protocol, "outlook")
        same((answer.status, (json_of(answer) or {}).get("ErrorCode")),
             (400, "InvalidProtocol"), "D16, D17 " + protocol)
    same(c.get(host, JSON + "?Email=a%40elsewhere.test&Protocol="
               "AutodiscoverV1").status, 404, "no URL for a foreign domain")
    begin = time.monotonic()
    same(c.post(host, b"<s:Envelope/>", target="/autodiscover/"
                "autodiscover.svc").status, 404, "D18 SOAP")
    ok(time.monotonic() - begin < 1, "D18 at once")
    for kind in ("caldav", "carddav"):
        for method in ("PROPFIND", "OPTIONS", "GET", "REPORT"):
            answer = c.ask(method, "posthaste.test", "/.well-known/" + kind,
                           extra="Authorization: Basic eDp5\r\n")
            ok(answer.status in (301, 307) and answer.field("Location") ==
               "https://posthaste.test/SOGo/dav/",
               "W01, W02, 54 %s %s" % (method, kind), answer)
    same(c.get("posthaste.test", "/.well-known/jmap").status, 404, "W03")
    answer = c.get("posthaste.test", "/.well-known/change-password")
    same((answer.status, answer.field("Location")),
         (302, "https://posthaste.test/security"), "change-password")
    for name in ("posthaste.test", "cust.test"):
        answer = c.get("mta-sts." + name, "/.well-known/mta-sts.txt")
        same((answer.status, answer.kind(), answer.body),
             (200, "text/plain", b"version: STSv1\r\nmode: testing\r\nmx: "
              b"mail.posthaste.test\r\nmax_age: 604800\r\n"),
             "RFC 8461 policy of " + name)
    for name in ("mta-sts.elsewhere.test", "posthaste.test"):
        same(c.get(name, "/.well-known/mta-sts.txt").status, 404,
             "no policy at " + name)


def aliases(c):
    """Addresses that lead to the demo mailbox by another domain or another
    name: each document takes the address as it is, and it logs in."""
    auto, mail = "autoconfig.posthaste.test", "mail.posthaste.test"
    accepted(c.get(auto, V1 + "?emailaddress=demo%40twin.test",
                   "thunderbird"), "an alias domain", "twin.test")
    accepted(c.get("autoconfig.twin.test", V1, "okhttp"),
             "an alias domain, by its Host", "twin.test")
    same(c.get(auto, V1 + "?emailaddress=nobody%40twin.test").body,
         c.get(auto, V1 + "?emailaddress=demo%40twin.test").body,
         "48 in an alias domain too")
    for address in ("demo@twin.test", "demo+tag@twin.test",
                    "sales@posthaste.test", "sales@twin.test"):
        login = settings_of(c.post(mail, pox(address)))["IMAP"][2]
        with c.server.imap(login=False) as imap:
            same((login, imap.login(login, c.server.password)[0]),
                 (address, "OK"), "Autodiscover's login works: " + address)
    address = "\u30b8\u30e7\u30f3@posthaste.test"
    same(settings_of(c.post(mail, pox(address)))["SMTP"][2], address,
         "30 SMTPUTF8 in Autodiscover")
    for address in ("demo%40twin.test", "sales%40posthaste.test",
                    "%E3%82%B8%40posthaste.test",
                    "demo%40m%C3%BCller.test"):
        same(json_of(c.get(mail, JSON + "?Email=" + address +
                           "&Protocol=AutodiscoverV1")),
             {"Protocol": "AutodiscoverV1", "Url": CANONICAL},
             "the JSON form: " + address)
    answer = c.get("ua-auto-config.twin.test", PACC)
    same((json_of(answer) or {}).get("protocols", {}).get("imap"),
         {"host": mail}, "PACC of an alias domain")
    same(c.get("mta-sts.twin.test", "/.well-known/mta-sts.txt").status, 200,
         "and its MTA-STS policy")
    same(c.get("autodiscover.twin.test", POX, service="http").status, 302,
         "and its way to the POX address")


def digests(server):
    """Those of PACC in the plan, in their order."""
    code, text = run([server.binary, "dns", "plan", "posthaste.test",
                      "--data", server.data], env=server.env)
    ok(code == 0, "a plan", text)
    return re.findall(r'_ua-auto-config .*d=([^"]*)"', text)


def digest_of(body):
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def pacc_change(c):
    """P02, P06: the bytes that the plan vouches for, through a change."""
    host = "ua-auto-config.posthaste.test"
    before = c.get(host, PACC).body
    same(digests(c.server), [digest_of(before)], "P02 the digest in the plan")
    c.server.stop()
    c.server.configure({"public-port.pop3s": "1995"})
    c.server.start()
    same(c.get(host, PACC).body, before, "P06 changed, and not announced")
    both = digests(c.server)
    same((len(both), both[0]), (2, digest_of(before)), "P06 two digests")
    same(c.get(host, PACC).body, before, "P06 announced, the old bytes")
    run([c.server.binary, "dns", "switch", "posthaste.test", "0", "--data",
         c.server.data], env=c.server.env)
    after = c.get(host, PACC)
    same((digest_of(after.body), b"pop3" in after.body), (both[1], False),
         "P06 the new bytes, which the plan knew before")


def proxied(c):
    """S02: what a reverse proxy on this machine says is believed."""
    said = ("X-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\n"
            "X-Forwarded-Host: ")
    answer = c.get("10.0.0.1", V1, service="proxy",
                   extra=said + "autoconfig.cust.test\r\n")
    same(autoconfig(answer.body, "cust.test"), PAIR, "S02 the Host")
    answer = c.get("10.0.0.1", JSON + "?Email=demo@posthaste.test&Protocol="
                   "AutodiscoverV1", service="proxy",
                   extra=said + "evil.test\r\n")
    same((json_of(answer) or {}).get("Url"), CANONICAL,
         "S02, 39 but the URL is ours")


def timing(c):
    """48: neither answer takes longer."""
    took = {"demo": [], "nobody": []}
    for _ in range(40):
        for who, list_of in took.items():
            begin = time.monotonic()
            c.get("autoconfig.posthaste.test", V1 + "?emailaddress=%s%%40"
                  "posthaste.test" % who, service="http")
            c.post("autodiscover.posthaste.test", pox(
                who + "@posthaste.test"), service="proxy")
            list_of.append(time.monotonic() - begin)
    one, two = (statistics.median(times) for times in took.values())
    ok(0.5 < one / two < 2, "48 the same time", (one, two))


def quiet(server):
    """Nothing of all that is worth a line, nor is anybody's address."""
    lines = [line for line in server.log().splitlines()
             if "sandbox.seccomp" not in line]
    bad = [line for line in lines
           if not re.match(r"[-0-9T:.]+Z (info|debug) ", line)]
    ok(not bad, "the log has no error, no warning and nothing strange",
       "\n".join(bad[:20]))
    told = [line for line in lines
            if re.search(r"(demo|nobody|fred)\S*@", line)]
    ok(not told, "nor an address", "\n".join(told[:20]))


def main():
    with Server(settings=PUBLIC) as server:
        for words in (["cust.test", "--name", "Cust & <b>]]></b>"],
                      ["m\u00fcller.test"]):
            code, text = run([server.binary, "domain", "add", *words,
                              "--data", server.data], env=server.env)
            if not same(code, 0, "domain add " + words[0]):
                note(text)
        for words in (["domain", "alias", "add", "twin.test"],
                      ["alias", "add", "sales@posthaste.test"]):
            code, text = run([server.binary, *words, "posthaste.test" if
                              words[0] == "domain" else server.address,
                              "--data", server.data], env=server.env)
            ok(code == 0, " ".join(words), text)
        client = Asker(server)
        for part in (autoconfig_rows, forms, pacc_rows, pox_rows, other_rows,
                     aliases, proxied, timing, hostile, pacc_change):
            part(client)
        quiet(server)
    done()


if __name__ == "__main__":
    main()
