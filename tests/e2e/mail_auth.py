#!/usr/bin/python3
"""Mail from strangers: SPF, DKIM, DMARC, lists, scores, rspamd, greylisting;
and our own signatures, read by another program."""
import base64
import http.server
import json
import re
import smtplib
import subprocess
import sys
import threading

# It looks for a module "dns", and must not find our test of that name.
HERE = sys.path.pop(0)
import dkim
sys.path.insert(0, HERE)

from harness import Server, done, message, ok, run, same, wait_for
from sink import Names, Sink

DNS, SMTP, RSPAMD = 10053, 10026, 10333
NEAR = "v=spf1 ip4:127.0.0.0/8 -all"
AWAY = "v=spf1 ip4:192.0.2.0/24 -all"


def make_key():
    """A private key in PEM, and the p= of its record."""
    pem = subprocess.run(["openssl", "genrsa", "-traditional", "2048"],
                         check=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL).stdout
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                         input=pem, check=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL).stdout
    return pem, base64.b64encode(der).decode()


class Zone(Names):
    """Names with TXT records; some names get no answer at all."""

    TYPES = {**Names.TYPES, 16: "TXT"}
    silent = ".silent.test"

    def answer(self, query):
        answer = super().answer(query)
        if self.asked[-1][0].endswith(self.silent):
            return b""
        return answer

    @staticmethod
    def encode(word, data):
        if word != "TXT":
            return Names.encode(word, data)
        data = data.encode()
        return b"".join(bytes([len(data[at:at + 255])]) + data[at:at + 255]
                        for at in range(0, len(data), 255))


def zone(p):
    key = "v=DKIM1; k=rsa; p=" + p
    return {
        ("good.test", "TXT"): [NEAR],
        ("good.test", "A"): ["127.0.0.1"],
        ("k._domainkey.good.test", "TXT"): [key],
        ("_dmarc.good.test", "TXT"): ["v=DMARC1; p=reject"],
        ("strict.test", "TXT"): [AWAY],
        ("_dmarc.strict.test", "TXT"): ["v=DMARC1; p=reject"],
        ("soft.test", "TXT"): [AWAY],
        ("_dmarc.soft.test", "TXT"): ["v=DMARC1; p=quarantine"],
        ("k._domainkey.plain.test", "TXT"): [key],
        ("plain.test", "A"): ["127.0.0.1"],
    }


class Rspamd:
    """Answers as it is told; without words it hangs up."""

    def __init__(self, ip):
        self.words = None
        self.seen = []
        rspamd = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                rspamd.seen.append((self.path, dict(self.headers), body))
                if rspamd.words is None:
                    return
                text = json.dumps(rspamd.words).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer((ip, RSPAMD), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def letter(subject, sender, body="Hello.\r\n", extra=""):
    return extra.encode() + message(subject, body, sender)


def send(server, sender, text, to=None, hello="mx.good.test"):
    """The code and text that the server gives to RCPT or to the message."""
    with server.smtp() as client:
        client.ehlo(hello)
        client.mail(sender)
        code, words = client.rcpt(to or server.address)
        if code == 250:
            code, words = client.data(text)
    return code, words.decode()


def find(server, subject, mailbox="INBOX"):
    """What was acknowledged is there."""
    client = server.reader
    client.select(mailbox, readonly=True)
    _, found = client.search(None, "HEADER", "Subject", subject)
    if not found[0]:
        return None
    _, parts = client.fetch(found[0].split()[-1], "(BODY.PEEK[])")
    return parts[0][1]


def field(text, name):
    """A field's value on one line."""
    found = re.search(rb"(?ims)^%s:(.*?)\r\n(?![ \t])" % name.encode(), text)
    return re.sub(r"\s+", " ", found.group(1).decode()) if found else ""


def spam(server, *words):
    code, text = run([server.binary, "spam", *words, "--data", server.data],
                     env=server.env)
    return ok(code == 0, "spam " + " ".join(words), text) and text


def proven(server, pem):
    text = letter("proven", "joe@good.test")
    text = dkim.sign(text, b"k", b"good.test", pem) + text
    same(send(server, "joe@good.test", text)[0], 250, "good mail is taken")
    got = find(server, "proven") or b""
    results = field(got, "Authentication-Results")
    for word in (server.host + ";", "spf=pass smtp.mailfrom=joe@good.test",
                 "dkim=pass header.d=good.test header.s=k",
                 "dmarc=pass (policy reject) header.from=good.test"):
        ok(word in results, "its results: " + word, results)
    ok(field(got, "X-Spam-Status").startswith(" No, score="),
       "its score", field(got, "X-Spam-Status"))
    ok(got.index(b"Authentication-Results:") < got.index(b"Received:"),
       "our field stands in front")


def signed_alone(server, pem):
    """No SPF, no policy; then a body that was changed on the way."""
    text = letter("signed", "joe@plain.test")
    signature = dkim.sign(text, b"k", b"plain.test", pem)
    send(server, "x@other.test", signature + text)
    results = field(find(server, "signed") or b"", "Authentication-Results")
    ok("dkim=pass" in results and "spf=none" in results
       and "dmarc=none" in results, "a signature alone", results)
    text = text.replace(b"signed", b"broken")
    send(server, "x@other.test", signature + text)
    results = field(find(server, "broken") or b"", "Authentication-Results")
    ok("dkim=fail reason=" in results, "a broken one", results)


def policies(server):
    code, words = send(server, "x@strict.test",
                       letter("never", "joe@strict.test"))
    ok(code == 550 and "5.7.26" in words, "p=reject", words)
    code, words = send(server, "x@good.test",
                       letter("never", "joe@strict.test"))
    ok(code == 550 and "5.7.26" in words, "SPF of another domain", words)
    same(send(server, "x@soft.test",
              letter("quarantined", "joe@soft.test"))[0], 250,
         "p=quarantine is taken")
    got = find(server, "quarantined", "Junk") or b""
    same(field(got, "X-Spam-Flag"), " YES", "and lies in Junk")


def forged(server):
    extra = ("Authentication-Results: %s; dkim=pass header.d=bank.test\r\n"
             "Authentication-Results: (x) \"%s\" 1;\r\n\tspf=pass\r\n"
             "Authentication-Results: elsewhere.test; spf=pass\r\n"
             "X-Spam-Flag: NO\r\n" % (server.host, server.host.upper()))
    send(server, "joe@good.test",
         letter("forged", "joe@good.test", extra=extra))
    got = find(server, "forged") or b""
    same(len(re.findall(rb"(?m)^Authentication-Results:", got)), 2,
         "ours and the stranger's")
    ok(b"bank.test" not in got and b"elsewhere.test" in got
       and b"X-Spam-Flag" not in got, "forged fields are gone", got)


GTUBE = ("XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL"
         "*C.34X\r\n")


def lists(server):
    code, words = send(server, "joe@good.test",
                       letter("rubbish", "joe@good.test", GTUBE))
    ok(code == 550 and "5.7.1" in words, "spam is refused", words)
    spam(server, "allow", server.address, "joe@good.test")
    same(send(server, "joe@good.test",
              letter("allowed", "joe@good.test", GTUBE))[0], 250,
         "who is allowed may")
    ok("list=allow by=mailbox" in field(find(server, "allowed") or b"",
                                        "X-Spam-Status"), "by that list")
    spam(server, "allow", server.address, "@strict.test")
    spam(server, "allow", server.address, "@plain.test")
    same(send(server, "joe@plain.test",
              letter("posing", "joe@plain.test", GTUBE))[0], 550,
         "who only says so may not")
    spam(server, "deny", "posthaste.test", "*.good.test")
    spam(server, "deny", "posthaste.test", "@good.test")
    code, words = send(server, "joe@good.test",
                       letter("denied", "joe@good.test"))
    ok(code == 550, "the domain's list comes before the mailbox'", words)
    spam(server, "allow", "server", "joe@good.test")
    same(send(server, "joe@good.test",
              letter("above", "joe@good.test"))[0], 250,
         "and the server's before both")
    for who, sender in ((server.address, "joe@good.test"),
                        ("posthaste.test", "@good.test"),
                        ("posthaste.test", ".good.test"),
                        ("server", "joe@good.test")):
        spam(server, "forget", who, sender)


def thresholds(server):
    spam(server, "set", server.address, "--mark", "-20", "--reject", "200")
    same(send(server, "joe@good.test",
              letter("lowmark", "joe@good.test"))[0], 250, "taken")
    ok(find(server, "lowmark", "Junk"), "a low mark files it as junk")
    spam(server, "reset", server.address)
    ok("mark     8.0" in spam(server, "show", server.address), "as before")


def rated(server, rspamd):
    rspamd.words = {"is_skipped": False, "symbols": {"A": {"score": 9.5}},
                    "score": 9.26, "action": "add header"}
    same(send(server, "joe@good.test",
              letter("rated", "joe@good.test"))[0], 250, "rated and taken")
    got = field(find(server, "rated", "Junk") or b"", "X-Spam-Status")
    ok("score=9.3" in got and "by=rspamd" in got, "rspamd's score", got)
    path, headers, body = next(
        one for one in rspamd.seen if b"Subject: rated" in one[2])
    ok(path == "/checkv2" and headers["From"] == "joe@good.test"
       and headers["Helo"] == "mx.good.test"
       and headers["Rcpt"] == server.address
       and b"Subject: rated" in body and not body.startswith(b"Received"),
       "it sees the message as it came", headers)
    rspamd.words = {"score": 20.0, "action": "reject"}
    same(send(server, "joe@good.test",
              letter("rejected", "joe@good.test"))[0], 550, "too much")
    rspamd.words = {"score": 1, "action": "soft reject"}
    same(send(server, "joe@good.test",
              letter("later", "joe@good.test"))[0], 451, "not now")
    rspamd.words = None


def greylisted(server):
    user = server.login(1)[0]
    spam(server, "set", user, "--greylist", "on")
    text = letter("grey", "joe@good.test")
    for attempt in ("the first", "the second, too early,"):
        code, words = send(server, "joe1@good.test", text, user)
        ok(code == 451 and "4.7.1" in words, attempt + " attempt", words)
    ok("joe#@good.test 127.0.0.0/24" in spam(server, "waiting"),
       "it is seen waiting")
    same(send(server, "joe1@good.test", text)[0], 250,
         "others are not concerned")
    spam(server, "release", user)
    same(send(server, "joe1@good.test", text, user)[0], 250, "released")
    same(send(server, "joe2@good.test", text, user)[0], 250,
         "known from now on")
    same(send(server, "ann@good.test", text, user)[0], 451,
         "another one waits")


def slow(server):
    """One whose name servers are silent, in a thread of its own."""
    out = []

    def talk():
        out.append(send(server, "x@a.silent.test",
                        letter("slow", "x@a.silent.test")))

    thread = threading.Thread(target=talk)
    thread.start()
    return thread, out


def slow_ends(server, thread, out):
    thread.join(60)
    ok(out and out[0][0] == 250, "what nobody answers for is taken", out)
    results = field(find(server, "slow") or b"", "Authentication-Results")
    ok("spf=temperror" in results, "as unknown", results)


def hangs_up(server):
    """Gone before the answer; the server must not mind."""
    client = smtplib.SMTP(server.ip, server.ports["smtp"], timeout=60)
    client.ehlo("mx.good.test")
    client.mail("x@b.silent.test")
    client.rcpt(server.address)
    client.docmd("DATA")
    client.send(letter("gone", "x@b.silent.test") + b".\r\n")
    client.close()


def keys_of(server):
    """The TXT records of our signatures."""
    code, text = run([server.binary, "dns", "plan", server.domain,
                      "--data", server.data, "--format", "json"],
                     env=server.env)
    ok(code == 0, "the plan has a key", text)
    found = re.search(r"([\w-]+)\._domainkey", text)
    key = re.search(r"v=DKIM1[^\"]*", text.replace('" "', ""))
    records = {("%s._domainkey.%s." % (found.group(1), server.domain)):
               key.group(0).encode()}
    code, text = run([server.binary, "dkim", "ed25519", server.domain, "on",
                      "--data", server.data], env=server.env)
    ok(code == 0, "a second key", text)
    name, _, rest = text.partition(" TXT ")
    records[name] = rest.strip().strip('"').encode()
    return records


def chain_of(text, records):
    """What dkimpy says of a chain, and how many sets it has."""
    def ask(name, timeout=5):
        del timeout
        return records.get(name.decode() if isinstance(name, bytes)
                           else name)

    said, results, why = dkim.ARC(text).verify(dnsfunc=ask)
    return said, len(results), why


def sealed(server, sink, names, records, pem):
    """RFC 8617: what is sent on carries a chain that others can follow,
    also when it comes by a second time."""
    user, to = "user01@posthaste.test", "away@sink.example"
    for name, text in records.items():
        names.records[(name.rstrip("."), "TXT")] = [text.decode()]
    records = {name + ".": values[0].encode()
               for (name, kind), values in names.records.items()
               if kind == "TXT"}
    code, text = run([server.binary, "forward", "set", user, to, "--data",
                      server.data], env=server.env)
    ok(code == 0, "forward set", text)
    text = letter("sealed", "joe@good.test")
    text = dkim.sign(text, b"k", b"good.test", pem) + text
    for count, found in ((1, "cv=none"), (2, "cv=pass")):
        # It was not here before, as far as it says.
        text = re.sub(rb"(?m)^Delivered-To:.*\n", b"", text)
        same(send(server, "joe@good.test", text, user)[0], 250, "taken")
        got = wait_for(lambda: len(sink.to(to)) == count and sink.to(to), 60)
        text = got[-1][2] if got else b""
        seal = field(text, "ARC-Seal")
        ok("i=%d;" % count in seal and found in seal,
           "a seal that says what was found", seal)
        same(chain_of(text, records)[:2], (b"pass", count),
             "dkimpy follows %d of them" % count)
        same(chain_of(text.replace(b"Hello.", b"Hallo."), records)[0],
             b"fail", "and sees a change")


def ours(server, sink, records):
    with server.submission() as client:
        client.sendmail(server.address, ["far@sink.example"], letter(
            "ours", server.address, "One\r\n..two\r\n\r\n\r\n"))
        client.sendmail(server.address, ["else@sink.example"], letter(
            "posing", "user01@posthaste.test"))
    got = wait_for(lambda: sink.to("far@sink.example"), 60)
    text = got[0][2] if got else b""

    def ask(name, timeout=5):
        del timeout
        return records.get(name.decode() if isinstance(name, bytes)
                           else name)

    for number, name in enumerate(("RSA", "Ed25519")):
        ok(dkim.DKIM(text).verify(number, dnsfunc=ask),
           "dkimpy reads our signature by " + name, text)
        changed = text.replace(b"Subject: ours", b"Subject: x")
        ok(not dkim.DKIM(changed).verify(number, dnsfunc=ask),
           "and sees a change")
    got = wait_for(lambda: sink.to("else@sink.example"), 60)
    ok(got and dkim.verify(got[0][2], dnsfunc=ask),
       "somebody else's From gets the sender's domain's")


def main():
    pem, public = make_key()
    server = Server(users=1)
    server.settings = {
        "resolver": "%s@%d" % (server.ip, DNS), "check-mail": "all",
        "rspamd": "%s:%d" % (server.ip, RSPAMD),
        "relay": "%s:%d" % (server.ip, SMTP)}
    names = Zone(server.ip, DNS, zone(public))
    sink, rspamd = Sink(server.ip, SMTP), Rspamd(server.ip)
    with server:
        server.reader = server.imap()
        thread, out = slow(server)
        hangs_up(server)
        proven(server, pem)
        signed_alone(server, pem)
        records = keys_of(server)
        sealed(server, sink, names, records, pem)
        policies(server)
        forged(server)
        lists(server)
        thresholds(server)
        # What rspamd says from now on is of other mail.
        slow_ends(server, thread, out)
        rated(server, rspamd)
        greylisted(server)
        ours(server, sink, records)
        server.reader.logout()
    for one in (names, sink, rspamd):
        one.close()
    done()


main()
