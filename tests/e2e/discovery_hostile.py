"""Requests that no client sends, and the answer that each deserves."""
import json
import os
import re
import time

from discovery_clients import GENERIC, OUTLOOK, error_of, json_of, pox
from harness import checked, ok, same, skip

AUTO = "autoconfig.posthaste.test"
DISCOVER = "autodiscover.posthaste.test"
V1 = "/mail/config-v1.1.xml"
JSON = "/autodiscover/autodiscover.json"
DEMO = "demo@posthaste.test"
PACC = "/.well-known/user-agent-configuration.json"


def memory(server):
    """Resident kilobytes of the web role."""
    with open("/proc/%d/status" % server.roles()["web"],
              encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s*(\d+)", file.read()).group(1))


def bodies(c):
    """1 to 20: what may be POSTed."""
    entity = pox("&x;").replace(b"?>\n", b'?><!DOCTYPE a [<!ENTITY x SYSTEM '
                                b'"file:///etc/passwd">]>')
    bomb = b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10)
                    for i in range(1, 10))
    bomb = pox("&l9;").replace(b"?>\n", b'?><!DOCTYPE a [<!ENTITY l0 "lol">' +
                               bomb + b"]>")
    whole = pox(DEMO)
    open_tag = b'<Autodiscover xmlns="%s">' % OUTLOOK[0].encode()
    for name, body in (
            ("1 XXE", entity), ("2 entities", bomb), ("7 empty", b""),
            ("9 JSON", b'{"EMailAddress":"demo@posthaste.test"}'),
            ("9 a form", b"EMailAddress=demo%40posthaste.test"),
            ("10 truncated", whole[:-20]),
            ("10 mismatched", whole.replace(b"</Request>", b"</Reqest>")),
            ("10 NUL", whole + b"\0"),
            ("10 NUL inside", whole.replace(b"demo", b"de\0mo")),
            ("10 not UTF-8", whole.replace(b"demo", b"d\xc3\x28mo")),
            ("11 half of UTF-16", whole.decode().encode("utf-16")[:-1]),
            ("11 half a pair of UTF-16", whole.decode().replace(
                "demo", "d\ud800mo").encode("utf-16", "surrogatepass")),
            ("10 an unknown encoding", whole.replace(b"utf-8", b"utf-99")),
            ("12 deep", open_tag + b"<a>" * 5000 + b"</a>" * 5000 +
             b"</Autodiscover>"),
            ("12 attributes", open_tag[:-1] + b"".join(
                b' a%d="1"' % i for i in range(5000)) + b"/>"),
            ("13 two addresses", whole.replace(
                b"<AcceptableResponseSchema>", b"<EMailAddress>a@cust.test"
                b"</EMailAddress><AcceptableResponseSchema>")),
            ("13 nested", pox("demo<b>@posthaste.test</b>")),
            ("14 no address", whole.replace(b"EMailAddress", b"Nothing")),
            ("14 an empty one", pox(" ")),
            ("17 another root", whole.replace(b"Autodiscover", b"Discover")),
            ("17 another namespace", whole.replace(b"/outlook/", b"/x/")),
            ("17 no namespace", whole.replace(b" xmlns=", b" x=")),
            ("18 unescaped", pox("a&b@posthaste.test"))):
        answer = c.post(DISCOVER, body)
        same((answer.status, error_of(answer)), (200, (600, GENERIC)), name)
        ok(b"root:" not in answer.body, name + ": no file is read")
    same(c.post(DISCOVER, whole, kind=None).status, 200, "8 no Content-Type")
    same(error_of(c.post(DISCOVER, re.sub(
        rb"<Acceptable.*Schema>", b"", whole))), None,
         "15 no schema named: that of the question")
    same(error_of(c.post(DISCOVER, whole.replace(b"schema/2006a",
                                                 b"schema/2099"))),
         (601, GENERIC), "16 a schema of another year")
    answer = c.post(DISCOVER, pox("&quot;&gt;&lt;x@posthaste.test"))
    ok(error_of(answer) == (500, GENERIC) and answer.kind() == "text/xml",
       "19 markup in an address", answer)


def framing(c):
    """3 to 6: bodies that are too long, or not as long as they say."""
    head = ("POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: %s\r\n" %
            DISCOVER).encode()
    whole = pox(DEMO)
    for name, size, wanted in (("65536", 65536, 200), ("65537", 65537, 413)):
        body = whole + b" " * (size - len(whole))
        same(c.post(DISCOVER, body).status, wanted, "3 %s bytes" % name)
    for size in (b"65537", b"99999999999"):
        same(c.send(DISCOVER, head + b"Content-Length: " + size +
                    b"\r\n\r\n", method="POST", timeout=10).status, 413,
             "3 refused before it is sent")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    same(c.send(DISCOVER, head + b"Transfer-Encoding: chunked\r\n\r\n" +
                chunk * 9 + b"0\r\n\r\n", method="POST").status, 413,
         "4 chunks without an end")
    size = b"Content-Length: %d\r\n"
    for name, fields in (
            ("negative", b"Content-Length: -1\r\n"),
            ("no number", b"Content-Length: 1x\r\n"),
            ("two", size % len(whole) + size % 5),
            ("with chunks", size % len(whole) +
             b"Transfer-Encoding: chunked\r\n")):
        answer = c.send(DISCOVER, head + fields + b"\r\n" + whole,
                        method="POST")
        ok(answer.status in (0, 400), "5 Content-Length " + name, answer)
    answer = c.send(DISCOVER, head + size % 100 + b"Connection: close\r\n"
                    b"\r\n" + whole, method="POST")
    same(error_of(answer), (600, GENERIC), "5 shorter than the body")
    slow = [c.connect(DISCOVER) for _ in range(20)]
    for sock in slow:
        sock.sendall(head + size % 1000)
    begin = time.monotonic()
    same(c.post(DISCOVER, whole).status, 200, "6 slow ones hold up nobody")
    ok(time.monotonic() - begin < 5, "6 for long")
    for sock in slow:
        sock.close()


def targets(c):
    """19 to 45: what may stand in a request's head."""
    query = V1 + "?emailaddress="
    tail = "%40posthaste.test"
    for name, host, target, wanted in (
            ("19 markup", AUTO, query + "%3Cscript%3E" + tail, (400,)),
            ("20 a header", AUTO, query + "a%0d%0aSet-Cookie:x" + tail,
             (400,)),
            ("20 in the path", AUTO, "/mail/%0d%0aSet-Cookie:x", (400,)),
            ("60 for a directory", AUTO, query + "*)(uid=*" + tail, (400,)),
            ("22 an unknown Host", "autoconfig.elsewhere.test", V1, (404,)),
            ("23 no @", AUTO, query + "fred", (400,)),
            ("23 no local part", AUTO, query + tail, (400,)),
            ("23 no domain", AUTO, query + "fred%40", (400,)),
            ("23 two @", AUTO, query + "a%40b%40c", (400,)),
            ("29 bad punycode", AUTO, query + "a%40xn--a.test", (400, 404)),
            ("29 emoji", AUTO, query + "a%40%F0%9F%92%A9.test", (400, 404)),
            ("31 local part", AUTO, query + "a" * 65 + tail, (400,)),
            ("31 label", AUTO, query + "a%40" + "b" * 64 + ".test", (400,)),
            ("31 domain", AUTO, query + "a%40" + "b." * 128 + "test",
             (400,)),
            ("31 10 kB", AUTO, query + "a" * 7000 + tail, (400,)),
            ("32 a literal", AUTO, query + "fred%40%5B127.0.0.1%5D", (404,)),
            ("32 IPv6", AUTO, query + "fred%40%5BIPv6:::1%5D", (404,)),
            ("34 another's domain", AUTO, query + "a%40elsewhere.test",
             (404,)),
            ("36", "evil.autoconfig.posthaste.test", V1, (404,)),
            ("36", "autoconfig.autoconfig.posthaste.test", V1, (404,)),
            ("37 an IP", "127.0.0.1", V1, (404,)),
            ("37 user-info", "a@autoconfig.posthaste.test", V1, (400,)),
            ("37 a path", "autoconfig.posthaste.test/x", V1, (400,)),
            ("40 dots", AUTO, "/mail/../mail/config-v1.1.xml", (400, 404)),
            ("40 coded", AUTO, "/mail/%2e%2e/mail/config-v1.1.xml",
             (400, 404)),
            ("40 slashes", AUTO, "//mail//config-v1.1.xml", (404,)),
            ("40 NUL", AUTO, V1 + "%00", (400, 404)),
            ("41 %zz", AUTO, query + "%zz", (400,)),
            ("41 %4", AUTO, query + "a%4", (400,)),
            ("41 in the path", AUTO, "/mail/%zz", (400,)),
            ("41 overlong", AUTO, query + "a%C0%AF" + tail, (400,)),
            ("42 a megabyte", AUTO, V1 + "?x=" + "a" * 1000000,
             (0, 400, 414, 431)),
            ("42 parameters", AUTO, V1 + "?" + "&".join(
                "p%d=%d" % (i, i) for i in range(10000)), (414,))):
        answer = c.get(host, target, sni=AUTO)
        ok(answer.status in wanted and answer.field("Set-Cookie") == ""
           and answer.kind() in ("", "text/plain", "text/html"),
           "%s: %s" % (name, wanted), answer)


def heads(c):
    for method, wanted in (("PUT", (405,)), ("DELETE", (405,)),
                           ("PATCH", (405,)), ("TRACE", (405, 501)),
                           ("BREW", (405, 501))):
        for host, path in ((AUTO, V1),
                           ("ua-auto-config.posthaste.test", PACC)):
            answer = c.ask(method, host, path, extra="X-Secret: 7x7\r\n")
            ok(answer.status in wanted and answer.field("Allow") and
               b"7x7" not in answer.body, "43 %s %s" % (method, path), answer)
    answer = c.send(AUTO, b"CONNECT mail.posthaste.test:25 HTTP/1.1\r\n"
                    b"Host: mail.posthaste.test:25\r\n\r\n")
    ok(answer.status in (0, 400, 405, 501), "43 CONNECT", answer)
    for host, path in ((AUTO, V1), ("ua-auto-config.posthaste.test", PACC)):
        answer = c.ask("OPTIONS", host, path, extra="Origin: https://a.test"
                       "\r\nAccess-Control-Request-Method: GET\r\n")
        same((answer.status, answer.field("Access-Control-Allow-Methods"),
              answer.field("Access-Control-Allow-Origin")),
             (204, "GET, HEAD, OPTIONS", "*"), "44 preflight of " + path)
    line = b"GET " + V1.encode()
    good = b"Host: %s\r\n" % AUTO.encode()
    same(c.send(AUTO, line + b" HTTP/1.0\r\n" + good + b"\r\n").status, 200,
         "45 HTTP/1.0")
    for name, raw, wanted in (
            ("37 no Host", line + b" HTTP/1.1\r\n\r\n", (400,)),
            ("37 two Hosts", line + b" HTTP/1.1\r\n" + good + good + b"\r\n",
             (400,)),
            ("38 another's target", b"GET https://elsewhere.test" +
             V1.encode() + b" HTTP/1.1\r\n" + good + b"\r\n", (404,)),
            ("38 our target", b"GET https://" + AUTO.encode() + V1.encode() +
             b" HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n", (200,)),
            ("38 a bad target", b"GET https://a@" + AUTO.encode() +
             V1.encode() + b" HTTP/1.1\r\n" + good + b"\r\n", (400,)),
            ("45 HTTP/0.9", line + b"\r\n\r\n", (0, 400, 505)),
            ("45 HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
             (0, 400, 405, 505)),
            ("20 in Host", line + b" HTTP/1.1\r\nHost: a%0d%0ab\r\n\r\n",
             (400,))):
        answer = c.send(AUTO, raw)
        ok(answer.status in wanted, name, answer)
    hello = bytes([22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]) + os.urandom(194)
    answer = c.send(AUTO, hello + b"\r\n\r\n", service="http")
    ok(answer.status in (0, 400), "45 TLS on the plain port", answer)
    answer = c.get(DISCOVER, JSON + "?Email=%s&Protocol=AutodiscoverV1" %
                   DEMO, extra="X-Forwarded-Host: evil.test\r\nForwarded: "
                   "host=evil.test\r\n")
    ok(answer.status == 200 and b"evil" not in answer.body,
       "39 X-Forwarded-Host of a stranger", answer)
    answer = c.get(AUTO, V1, extra="Authorization: Basic eDp5\r\n")
    same(answer.status, 200, "47 credentials are not looked at")
    for query in ("", "?Email=" + DEMO, "?Protocol=AutodiscoverV1",
                  "?Email=%s&Protocol[]=x" % DEMO, "?Email=fred&Protocol=x",
                  "?Email=%s&Protocol=%%22%%3E%%3Cx" % DEMO,
                  "?Email=%s&Protocol=%%zz" % DEMO):
        answer = c.get(DISCOVER, JSON + query)
        value = json_of(answer) or {}
        ok(answer.status == 400 and b"<" not in answer.body and
           (answer.kind() == "text/plain" or "ErrorCode" in value),
           "50 " + query, answer)


def growth(c):
    """Bad bodies leave nothing behind."""
    count = int(os.environ.get("HOSTILE_BODIES", "10000"))
    bad = [b"<" * 3000, pox("&x;"), pox("a@b@c"), pox(DEMO)[:-9],
           b"<a>" * 300, json.dumps({"a": 1}).encode()]

    def some(count):
        for i in range(count):
            raw = bad[i % len(bad)]
            sock.sendall(b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\n"
                         b"Host: %s\r\nContent-Length: %d\r\n\r\n%s" %
                         (DISCOVER.encode(), len(raw), raw))
            text = b""
            while not text.endswith(b"</Autodiscover>"):
                piece = sock.recv(65536)
                if not piece:
                    return False
                text += piece
        return True

    with c.connect(DISCOVER, "proxy") as sock:
        some(2000)
        before = memory(c.server)
        good = some(count)
        grown = memory(c.server) - before
    ok(good, "each of %d bad bodies is answered" % count)
    if checked():
        skip("the server does not grow", "sanitizers keep freed memory")
    else:
        ok(grown < 2000, "the server does not grow", "%d kB" % grown)


def hostile(c):
    for part in (bodies, framing, targets, heads, growth):
        part(c)
