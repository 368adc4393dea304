#!/usr/bin/python3
"""What an operator types beside a running server, and the page for people."""
import imaplib
import os
import re
import smtplib
import time

from harness import Server, done, message, note, ok, run, same, skip, \
    wait_for

SHA512 = ("{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/"
          "O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1")


class Operator:
    def __init__(self, server):
        self.server = server

    def call(self, *words, typed=None):
        """Exit code and all that was said."""
        command = [self.server.binary, *words, "--data", self.server.data]
        if typed is not None:
            command = ["sh", "-c", 'typed=$1; shift; printf "%s\\n" "$typed"'
                       ' | "$@"', "sh", typed, *command]
        return run(command, env=self.server.env)

    def works(self, *words, typed=None):
        code, text = self.call(*words, typed=typed)
        same(code, 0, " ".join(words[:3]))
        if code:
            note(text)
        return text

    def refused(self, wanted, hint, *words, typed=None):
        code, text = self.call(*words, typed=typed)
        same(code, wanted, "refused: " + " ".join(words[:4]))
        ok(hint in text, "it says: " + hint, text)

    def login(self, address, password):
        client = self.server.imap(login=False)
        try:
            client.login(address, password)
            client.select("INBOX")
            return True
        except imaplib.IMAP4.error:
            return False
        finally:
            client.logout()


def looking(op, server):
    text = op.works("check")
    ok("FAULT" not in text, "no faults", text)
    text = op.works("status")
    for role, pid in server.roles().items():
        ok(re.search(r"^%s +%d$" % (role, pid), text, re.M),
           "status names " + role, text)
    ok("posthaste.test: 4 mailboxes" in text, "and the domain", text)
    text = op.works("doctor", "demo@posthaste.test")
    ok("FAULT" not in text and text.count("\nok") >= 12, "all is well", text)
    op.refused(1, "mailbox add", "doctor", "none@posthaste.test")
    op.refused(1, "domain add", "doctor", "a@elsewhere.example")


def changing(op, server):
    op.works("domain", "add", "b\u00fccher.example", "--name",
             "B\u00fccher & <b>Co</b>")
    ok("xn--bcher-kva.example" in op.works("domain", "list"), "is listed")
    text = op.works("mailbox", "add", "fred@b\u00fccher.example")
    fred = "fred@xn--bcher-kva.example"
    password = re.findall(r"^[a-z2-9-]{23}$", text, re.M)
    same(len(password), 1, "a password is made")
    ok(op.login(fred, password[0]), "it lets Fred in at once")
    op.works("password", fred, "--password-stdin", typed="yellow and red")
    op.works("password", fred, "--stdin", typed="gr\u00fcn und blau")
    ok(not op.login(fred, password[0]), "the old password is over at once")
    op.works("password", fred, "--import", SHA512)
    ok(op.login(fred, "Hello world!"), "an imported hash lets him in")
    op.works("mailbox", "disable", fred)
    ok(not op.login(fred, "Hello world!"), "disabled: no login")
    op.works("mailbox", "enable", fred)
    ok(op.login(fred, "Hello world!"), "enabled: login")
    ok(fred in op.works("mailbox", "list", "--domain",
                        "b\u00fccher.example"), "is listed")
    status, _, body = server.http(
        "GET", "/mail/config-v1.1.xml?emailaddress=%66red%40B%C3%BCcher"
        ".example", host="posthaste.test")
    ok(status == 200 and b"<domain>xn--bcher-kva.example</domain>" in body,
       "his program finds his settings", body)
    page(server)
    op.refused(1, "remove them first", "domain", "remove",
               "b\u00fccher.example")
    op.works("mailbox", "remove", fred)
    ok(not op.login(fred, "Hello world!"), "removed: no login")
    op.works("domain", "remove", "b\u00fccher.example")


def quota(op, server):
    """How much somebody may hold: at once, wherever something comes in."""
    who = server.login(3)[0]
    op.refused(2, "like 500M or 10G", "quota", "set", who, "lots")
    op.refused(2, "like 500M or 10G", "quota", "set", who, "0")
    op.refused(1, "no mailbox", "quota", "set", "no@posthaste.test", "1M")
    op.refused(1, "no mailbox", "quota", "show", "no@posthaste.test")
    ok("quota  none" in op.works("quota", "show", who), "any at first")
    with server.imap(3) as client:
        same(client.append("INBOX", None, None, message("fits", to=who))[0],
             "OK", "a message fits")
        op.works("quota", "set", who, "1K")
        same(op.works("quota", "show", who).split(),
             ["used", "1", "KiB", "quota", "1", "KiB"], "it is told")
        large = message("large", "x" * 2000, to=who)
        kind, said = client.append("INBOX", None, None, large)
        ok(kind == "NO" and b"OVERQUOTA" in said[0], "no more fits", said)
        _, roots = client.getquotaroot("INBOX")
        ok(b"(STORAGE 1 1)" in roots[1][0], "IMAP tells the same", roots)
        ok(not accepted(server, who, large), "nor by mail")
        op.works("quota", "set", who, "1G")
        same(client.append("INBOX", None, None, large)[0], "OK",
             "with more room it fits")
        op.works("quota", "set", who, "none")
        ok("quota  none" in op.works("quota", "show", who), "any again")


def at_terminal(op, typed, *words):
    """The same with somebody who types."""
    leader, follower = os.openpty()
    os.write(leader, typed.encode())
    try:
        return run([op.server.binary, *words, "--data", op.server.data],
                   env=op.server.env, stdin=follower)
    finally:
        os.close(follower)
        os.close(leader)


def removing(op):
    who = "brief@posthaste.test"
    op.works("mailbox", "add", who)
    code, text = at_terminal(op, "y\n", "mailbox", "remove", who)
    ok(code == 1 and "nothing is removed" in text, "a slip is asked about",
       text)
    ok(who in op.works("mailbox", "list"), "it is there")
    code, text = at_terminal(op, who + "\n", "mailbox", "remove", who)
    ok(code == 0 and "Type the address again" in text, "what is meant", text)
    ok(who not in op.works("mailbox", "list"), "is done")
    op.works("mailbox", "add", who)
    op.works("mailbox", "remove", who)


def accepted(server, to, text):
    try:
        with server.smtp() as client:
            client.sendmail("a@elsewhere.example", [to], text)
        return True
    except smtplib.SMTPException:
        return False


def submitted(server, count):
    """The answer to one mail to so many people."""
    people = [server.login(n or None)[0] for n in range(count)]
    client = server.submission()
    try:
        client.sendmail(server.address, people, message("to many"))
        return 250
    except smtplib.SMTPDataError as error:
        return error.smtp_code
    finally:
        client.quit()


def sending(op, server):
    demo = server.address
    op.refused(1, "expected numbers", "sending", "set", demo, "many", "5")
    op.refused(1, "no mailbox", "sending", "show", "none@posthaste.test")
    if time.time() % 86400 > 86400 - 120:
        skip("a day's limit", "the day is about to end")
        return
    same(submitted(server, 2), 250, "any number, as configured")
    op.works("sending", "set", demo, "any", "3")
    text = op.works("sending", "show", demo)
    ok("day   2 of 3" in text and "of any number" in text,
       "what was sent before counts", text)
    same([submitted(server, n) for n in (2, 4, 1, 1)],
         [451, 550, 250, 451], "three in a day, and no more")
    op.works("sending", "set", demo, "0", "0")
    same(submitted(server, 1), 550, "none at all")
    op.works("sending", "remove", demo)
    same(submitted(server, 4), 250, "any number again")
    text = op.works("sending", "show", demo)
    ok(" of " not in text, "no limits of its own", text)


def capabilities(server):
    """What one is told who logs in."""
    with server.imap() as client:
        return set(client.xatom("CAPABILITY") and
                   client.untagged_responses["CAPABILITY"][-1].decode()
                   .split())


def without(op, server):
    demo = server.address
    known = capabilities(server)
    ok({"QRESYNC", "COMPRESS=DEFLATE", "MOVE"} <= known, "offered", known)
    for words in ("A\tB", "QRESYNC COMPRES"):
        op.refused(1, "no capability of IMAP", "imap", "without", demo, words)
    with server.imap() as before:
        op.works("imap", "without", demo, "QRESYNC COMPRESS=DEFLATE")
        same(known - capabilities(server), {"QRESYNC", "COMPRESS=DEFLATE"},
             "gone with the next login")
        same(before.noop()[0], "OK", "who is in stays in")
    text = op.works("imap", "show", demo)
    ok("QRESYNC COMPRESS=DEFLATE" in text, "is shown", text)
    op.works("imap", "without", demo, "none")
    same(capabilities(server), known, "all are back")
    for words in ("MOVE", None):
        server.configure({"imap-without": words})
        server.hup()
        wanted = known - {words}
        wait_for(lambda: capabilities(server) == wanted, 60)
        same(capabilities(server), wanted,
             "imap-without %s, read again" % words)


def misuse(op):
    op.refused(1, "taken already", "mailbox", "add", "demo@posthaste.test")
    op.refused(1, "not hosted", "mailbox", "add", "a@elsewhere.example")
    op.refused(1, "expected a hash", "password", "demo@posthaste.test",
               "--import", "{PLAIN}secret")
    op.refused(1, "found nothing",
               "password", "demo@posthaste.test", "--stdin", typed="")
    op.refused(2, "usage:", "mailbox", "paint", "demo@posthaste.test")
    op.refused(2, "usage:", "mailbox", "add")
    op.refused(2, "usage:", "status", "--fast")
    op.refused(2, 'found "nonsense"', "nonsense")
    op.refused(2, 'knows no "paint"', "mailbox", "paint")
    op.refused(1, "not hosted", "mailbox", "list", "--domain", "no.example")
    op.refused(2, "alias expire", "alias", "add", "x@posthaste.test",
               "demo@posthaste.test", "--expires", "0")
    op.refused(1, "no.pem: no such file", "cert", "install",
               "mail.posthaste.test", "no.pem", "no.key")
    op.refused(2, "mail: a domain is", "init", "--domain", "example.org",
               "--hostname", "mail")
    op.refused(1, "schedule", "share", "add", "demo@posthaste.test",
               "Calendar/personal", "anyone", "look")
    for words in (("init",), ("mailbox", "add"), ("doctor",), ("serve",)):
        code, text = run([op.server.binary, *words, "-h"],
                         env=op.server.env)
        ok(code == 0 and "--data DIR" in text,
           " ".join(words) + " explains itself", text)


def page(server):
    """For people: the settings of the domain by whose name they came."""
    # Its name is in no certificate.
    theirs = {"host": "xn--bcher-kva.example", "service": "proxy"}
    status, fields, body = server.http("GET", "/help", **theirs)
    same(status, 200, "the page")
    ok("B\u00fccher &amp; &lt;b&gt;Co&lt;/b&gt;".encode() in body,
       "names are escaped", body)
    ok(b"<b>Co" not in body and b"{{" not in body, "nothing slips through",
       body)
    for service in ("imaps", "pop3s", "submissions"):
        ok(b"</span> %d</td>" % server.ports[service] in body,
           "the port of " + service, body)
    ok("default-src 'none'" in fields.get("Content-Security-Policy", ""),
       "a strict policy", str(fields))
    same(body.count(b"<script"), body.count(b"<script type=\"module\" src="),
         "no script in the page itself")
    status, again, empty = server.http(
        "GET", "/help", headers={"If-None-Match": fields["ETag"]}, **theirs)
    same((status, empty), (304, b""), "unchanged: 304")
    status, again, empty = server.http("HEAD", "/help", **theirs)
    same((status, empty, again["Content-Length"]),
         (200, b"", fields["Content-Length"]), "HEAD")
    for path, kind in (("/style.css", "text/css"),
                       ("/icon.svg", "image/svg+xml")):
        status, fields, _ = server.http("GET", path)
        same((status, fields.get_content_type()), (200, kind), path)
    same(server.http("GET", "/favicon.ico")[0], 404, "no such file")
    same(server.http("GET", "/%2e%2e/posthaste.conf")[0] in (400, 404), True,
         "no way up")
    status, fields, _ = server.http("PUT", "/", b"x")
    same(status, 405, "PUT /")
    ok("GET" in fields.get("Allow", ""), "says what is allowed", str(fields))
    same(server.http("GET", "/", host=server.ip)[0], 200,
         "by address: the server's own domain")


def main():
    with Server(users=3) as server:
        op = Operator(server)
        looking(op, server)
        changing(op, server)
        sending(op, server)
        quota(op, server)
        removing(op)
        without(op, server)
        misuse(op)
        server.stop()
        code, text = op.call("status")
        same(code, 1, "status without a server")
        ok("not running" in text, "says so", text)
    done()


main()
