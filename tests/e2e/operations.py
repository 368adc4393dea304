#!/usr/bin/python3
"""What an operator does in everyday life: looks after the queue, gives
mailboxes further addresses, and carries all that a person has elsewhere."""
import contextlib
import glob
import json
import mailbox
import os
import re
import shutil
import smtplib
import sqlite3
import subprocess

from harness import (Server, card, done, event, message, note, ok, run, same,
                     wait_for)
from sink import Names, Sink

SMTP = 10026
DNS = 10053


class Operator:
    def __init__(self, server):
        self.server = server

    def call(self, *words):
        return run([self.server.binary, *words, "--data", self.server.data],
                   env=self.server.env)

    def works(self, *words):
        code, text = self.call(*words)
        same(code, 0, " ".join(words[:3]))
        if code:
            note(text)
        return text

    def refused(self, hint, *words):
        code, text = self.call(*words)
        same(code, 1, "refused: " + " ".join(words[:3]))
        ok(hint in text, "it says: " + hint, text)

    def queue(self):
        code, text = self.call("queue", "list", "--json")
        return json.loads(text) if code == 0 else text


def submit(server, to):
    with server.submission() as client:
        client.sendmail(server.address, to,
                        message("of " + to[0], "Hello.\r\n", server.address,
                                to[0]))


def wait_settled(op, to):
    """The message to `to`, once its first attempt has ended."""
    def look():
        for m in op.queue():
            for r in m["recipients"]:
                if r["address"] == to and r["attempts"]:
                    return m
        return None
    return wait_for(look)


def queue(op, server, sink):
    same(op.queue(), [], "an empty queue")
    for name in ("one", "two", "three"):
        sink.script[name + "@far.example"] = ["450 4.2.1 later"]
        submit(server, [name + "@far.example"])
    ids = {}
    for name in ("one", "two", "three"):
        waiting = wait_settled(op, name + "@far.example")
        ok(waiting and waiting["sender"] == server.address,
           name + " waits", str(waiting))
        ids[name] = str(waiting["id"])
    text = op.works("queue", "list")
    ok("one@far.example" in text and "4.2.1" in text,
       "people see whom, and why", text)
    text = op.works("queue", "show", ids["one"])
    ok("Subject: of one@far.example" in text and "Hello" not in text,
       "the header is shown", text)
    op.works("queue", "hold", ids["two"])
    ok("held" in op.works("queue", "list"), "one is held")
    op.works("queue", "retry", ids["one"])
    ok(wait_for(lambda: sink.to("one@far.example")), "retried at once")
    op.works("queue", "retry", "all")
    ok(wait_for(lambda: sink.to("three@far.example")), "all are retried")
    same(len(sink.to("two@far.example")), 0, "but not what is held")
    server.stop()
    server.start()
    same([r["held"] for m in op.queue() for r in m["recipients"]], [True],
         "held over a restart")
    op.works("queue", "release", ids["two"])
    ok(wait_for(lambda: sink.to("two@far.example")), "released: sent")
    sink.script["four@far.example"] = ["450 4.2.1 later"]
    submit(server, ["four@far.example"])
    four = str(wait_settled(op, "four@far.example")["id"])
    op.works("queue", "delete", four)
    same(wait_for(lambda: op.queue() == []), True, "deleted")
    op.refused("no such message", "queue", "delete", four)
    op.refused("expected the number", "queue", "hold", "four")


def accepted(server, to):
    with contextlib.suppress(smtplib.SMTPRecipientsRefused):
        with server.smtp() as client:
            client.sendmail("a@elsewhere.example", [to],
                            message("to " + to, to=to))
        return True
    return False


def inbox(server, number, to):
    def look():
        with server.imap(number) as client:
            client.select("INBOX", readonly=True)
            _, found = client.search(None, "HEADER", "Delivered-To", to)
            return len(found[0].split())
    return wait_for(look, every=0.2)


def alias(op, server):
    op.works("alias", "add", "info@posthaste.test", server.address)
    ok(accepted(server, "info@posthaste.test"), "an alias is accepted")
    same(inbox(server, None, "info@posthaste.test"), 1, "and delivered")
    ok(accepted(server, "Info+tag@posthaste.test"), "with detail")
    ok(not accepted(server, "nobody@posthaste.test"), "no catch-all yet")
    op.works("alias", "add", "@posthaste.test", "user05@posthaste.test")
    ok(accepted(server, "nobody@posthaste.test"), "a catch-all")
    same(inbox(server, 5, "nobody@posthaste.test"), 1, "gets the rest")
    ok(accepted(server, "info+b@posthaste.test"), "an alias goes before it")
    same(inbox(server, None, "info+b@posthaste.test"), 1, "to its target")
    text = op.works("alias", "list", "posthaste.test")
    same([line.split() for line in text.splitlines()],
         [["@posthaste.test", "user05@posthaste.test"],
          ["info@posthaste.test", server.address]], "all are listed")
    op.refused("taken already", "alias", "add", server.address,
               "user05@posthaste.test")
    op.refused("not hosted", "alias", "add", "b@elsewhere.example",
               server.address)
    op.refused("no alias", "alias", "remove", server.address)
    op.works("domain", "add", "brief.test")
    op.refused("expected a mailbox", "alias", "add", "b@posthaste.test",
               "c@brief.test")
    op.works("alias", "add", "a@brief.test", server.address)
    ok(accepted(server, "a@brief.test"), "in a domain of its own")
    op.works("domain", "remove", "brief.test")
    op.works("domain", "add", "brief.test")
    ok(not accepted(server, "a@brief.test"), "it went with the domain")
    op.works("alias", "remove", "@posthaste.test")
    ok(not accepted(server, "nobody@posthaste.test"), "removed")
    op.works("alias", "remove", "info@posthaste.test")
    ok(not accepted(server, "info@posthaste.test"), "removed too")


# --- export and import ------------------------------------------------------

DATE = '"21-Nov-1997 09:55:06 +0000"'
FROM = "From here\r\n>From there\r\n>>From\r\nFrom \r\n\r\nFrom x\r\n\r\n"


def fill(server):
    """Mailboxes with every kind of name, flags and text; DAV objects."""
    with server.imap(1) as client:
        for name in ("Work", "Work/2024 &- &AOkA4Q-", '"a.b/..x"', "Empty"):
            same(client.create('"%s"' % name.strip('"'))[0], "OK", name)
        for where, flags, text in (
                ("INBOX", r"(\Seen \Flagged $Label1)", message("one", FROM)),
                ("INBOX", r"()", message("two", "same\r\n")),
                ("INBOX", r"()", message("two", "same\r\n")),
                ("INBOX", r"(zeta Alpha \Deleted)", message("big",
                                                            "x" * 70 +
                                                            "\r\n")),
                ("Work", r"(\Answered \Draft)", message("n", "\r\n\r\n")),
                ("Work/2024 &- &AOkA4Q-", r"(Alpha)",
                 message("large", ("y" * 70 + "\r\n") * 2000)),
                ("a.b/..x", "()", message("dots", "h\u00e9\r\n")
                 .replace(b"\xc3\xa9", b"\xe9"))):
            same(client.append('"%s"' % where, flags, DATE, text)[0], "OK",
                 "append to " + where)
    for kind, name, body in (
            ("Calendar", "a%20b.ics", event("u1")),
            ("Calendar", "c.ics", event("u2", "caf\u00e9")
             .decode("latin-1").encode("latin-1")),
            ("Contacts", "..vcf", card("v1"))):
        status, _, _ = server.http("PUT", server.home(kind, 1) + name, body,
                                   number=1, auth=True)
        same(status, 201, "PUT " + name)


def tree(folder):
    """Every file's bytes and date, every folder."""
    out = {}
    for at, _, files in os.walk(folder):
        short = os.path.relpath(at, folder)
        out[short + "/"] = None
        for name in files:
            path = os.path.join(at, name)
            with open(path, "rb") as file:
                out[short + "/" + name] = (file.read(), int(
                    os.stat(path).st_mtime) if "/cur" in at else 0)
    return out


def carry(op, server, form, number):
    """Export, import elsewhere, export again: the same.  Then once more."""
    base = os.path.join(server.folder, form)
    one, two = "user01@posthaste.test", "user%02d@posthaste.test" % number
    op.works("export", one, "--to", base + "1", "--format", form)
    where = base + "1"
    if form == "archive":
        where += "/" + one + ".tar"
    text = op.works("import", two, "--from", where, "--format", form)
    ok(" 0 there already, 0 refused" in text, "all is new", text)
    text = op.works("import", two, "--from", where, "--format", form)
    ok(": 0 added" in text and " 0 refused" in text, "then nothing is", text)
    op.works("export", two, "--to", base + "2", "--format", form)
    before, after = tree(base + "1"), tree(base + "2")
    if form == "archive":
        os.rename(base + "2/" + two + ".tar", base + "2/" + one + ".tar")
        before, after = tree(base + "1"), tree(base + "2")
    same(sorted(before), sorted(after), form + ": the same names")
    ok(before == after, form + ": the same bytes and dates",
       [name for name in before if before[name] != after.get(name)])
    return base + "1"


def readable(folder, boxes):
    """Others can read it, too."""
    found = mailbox.Maildir(folder, create=False)
    same(len(found), 4, "a Maildir of four messages")
    same(sorted("".join(sorted(m.get_flags())) for m in found),
         ["", "", "FSa", "Tbc"], "with their flags")
    with open(folder + "/dovecot-keywords", encoding="ascii") as file:
        same(file.read(), "0 $Label1\n1 Alpha\n2 zeta\n", "and keywords")
    same(sorted(found.list_folders())[:1], ["Archive"], "and folders")
    ok(os.path.isdir(folder + "/.Work.2024 &- &AOkA4Q-/cur"),
       "named as Dovecot names them", str(os.listdir(folder)))
    ok(os.path.isdir(folder + "/.a&AC4-b.&AC4-&AC4-x/cur"), "dots are safe")
    found = mailbox.mbox(boxes + "/INBOX.mbox", create=False)
    same(len(found), 4, "an mbox of four messages")
    same(found.get_bytes(0).count(b">From "), 4,
         "its lines are quoted")
    with open(boxes + "/INBOX.mbox", "rb") as file:
        ok(file.readline() ==
           b"From MAILER-DAEMON Fri Nov 21 09:55:06 1997\n", "its date")


ZONE = ("BEGIN:VTIMEZONE\nTZID:Europe/Brussels\nBEGIN:STANDARD\n"
        "DTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
        "END:STANDARD\nEND:VTIMEZONE\n")
EVENT = ("BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n"
         "DTSTART;TZID=Europe/Brussels:20261201T100000\n%sSUMMARY:x\n"
         "END:VEVENT\n")
MOVED = "RECURRENCE-ID;TZID=Europe/Brussels:20261202T100000\n"


def whole_files(op, server):
    path = os.path.join(server.folder, "all.ics")
    with open(path, "w", encoding="utf-8") as file:
        file.write("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n"
                   "METHOD:PUBLISH\nX-WR-CALNAME:mine\n" + ZONE +
                   EVENT % ("r1", "RRULE:FREQ=DAILY;COUNT=3\n") +
                   EVENT % ("r2", "") + EVENT % ("r1", MOVED) +
                   EVENT.replace("UID", "X-UID") % ("r3", "") +
                   "END:VCALENDAR\n")
    words = ("import", "user02@posthaste.test", "--from", path, "--format",
             "ics", "--collection", "imported")
    code, text = op.call(*words)
    same(code, 1, "one of three is refused")
    ok("r1: added\n" in text and "r2: added\n" in text and
       "2 added, 0 there already, 1 refused" in text, "the others are not",
       text)
    ok(" 2 there already, 1 refused" in op.call(*words)[1], "only once")
    place = server.home("Calendar", 2).replace("personal", "imported")
    status, _, body = server.http(
        "REPORT", place, b'<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf'
        b':params:xml:ns:caldav"><D:prop><C:calendar-data/></D:prop><C:filter'
        b'><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>',
        {"Depth": "1", "Content-Type": "text/xml"}, number=2, auth=True)
    same((status, body.count(b"BEGIN:VEVENT"), body.count(b"BEGIN:VTIMEZONE"),
          body.count(b"METHOD")), (207, 3, 2, 0),
         "each has its parts and its time zone")
    path = os.path.join(server.folder, "all.vcf")
    with open(path, "wb") as file:
        file.write(card("p1") + card("p2") + b"BEGIN:VCARD\r\nVERSION:3.0\r\n"
                   b"FN:No UID\r\nN:UID;;;;\r\nEND:VCARD\r\n")
    words = ("import", "user02@posthaste.test", "--from", path, "--format",
             "vcf")
    ok("3 added, 0 there already, 0 refused" in op.works(*words), "contacts")
    ok("0 added, 3 there already" in op.works(*words), "only once")


def moved_in(op, server):
    """A table's passwords are written at once, or said to be lost."""
    table = "address,name\nnew1@posthaste.test,A\nuser01@posthaste.test,B\n"
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [server.binary, "mailbox", "import", "--data", server.data],
            input=table.encode(), stdout=full, stderr=subprocess.PIPE,
            env=server.env, timeout=120, check=False)
    said = done.stderr.decode("utf-8", "replace")
    same(done.returncode, 1, "a password that could not be written")
    ok("new1@posthaste.test: added, but its password" in said and
       "0 added, 1 there already, 1 refused" in said, "says so", said)
    op.works("mailbox", "remove", "new1@posthaste.test")


def interrupted(op, server):
    """An import that is killed and begun again adds nothing twice."""
    path = os.path.join(server.folder, "many.mbox")
    with open(path, "w", encoding="ascii") as file:
        for number in range(3000):
            file.write("From a Fri Nov 21 09:55:06 1997\n"
                       "Subject: number %d\n\nHello.\n\n" % number)
    words = ("import", "user05@posthaste.test", "--from", path, "--format",
             "mbox", "--mailbox", "Many")
    with subprocess.Popen([server.binary, *words, "--data", server.data],
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          env=server.env) as first:
        same(first.stderr.readline(), b"1000 ...\n", "it tells how far it is")
        first.kill()
    text = op.works(*words)
    found = re.search(r"(\d+) added, (\d+) there already, 0 refused", text)
    ok(found and int(found[2]) >= 1000 and
       int(found[1]) + int(found[2]) == 3000, "the rest is added", text)
    with server.imap(5) as client:
        same(client.select("Many")[1], [b"3000"], "each is there once")


def transfer(op, server):
    fill(server)
    folder = carry(op, server, "maildir", 2)
    boxes = carry(op, server, "mbox", 3)
    readable(folder, boxes)
    archive = carry(op, server, "archive", 4)
    code, text = run(["tar", "-tf", archive + "/user01@posthaste.test.tar"])
    ok(code == 0 and "calendars/personal/a%20b.ics\n" in text and
       "contacts/personal/%2E.vcf\n" in text and "mail/.Work/cur/\n" in text,
       "tar reads it", text)
    whole_files(op, server)
    interrupted(op, server)
    moved_in(op, server)
    one = "user01@posthaste.test"
    op.refused("found none", "import", one, "--from", server.folder,
               "--format", "maildir")
    op.refused("not a tar file", "import", one, "--from",
               boxes + "/INBOX.mbox", "--format", "archive")
    op.refused("no mailbox", "export", "x@posthaste.test", "--to", "/tmp/x",
               "--format", "mbox")
    with open(archive + "/user01@posthaste.test.tar", "r+b") as file:
        file.truncate(os.path.getsize(file.name) // 2)
    op.refused("cut off", "import", one, "--from", file.name, "--format",
               "archive")
    code, text = op.call("export", one, "--format", "mbox")
    ok(code == 2 and "--to" in text, "no folder: usage", text)


def add_one(folder):
    """Spoil the books of the first account there."""
    found = glob.glob(folder + "/accounts/*/*/account.db")
    with contextlib.closing(sqlite3.connect(sorted(found)[0])) as db:
        db.execute("UPDATE state SET used = used + 1")
        db.commit()


def unreadable(server, folder):
    """Root reads as the owner of the folder, who may not read everything."""
    private = server.folder + "/private"
    os.makedirs(private + "/cur", 0o700)
    if os.geteuid() == 0:
        run(["chown", "-R", "nobody", folder])
        os.chmod(private, 0o700)
    else:
        os.chmod(private, 0)
    code, text = run([server.binary, "import", server.address, "--from",
                      private, "--format", "maildir", "--data", folder],
                     env=server.env)
    ok(code == 1 and "may not read it" in text, "import says who reads",
       text)


def copied(op, server):
    """Who names a copy of the folder means the copy, although its
    configuration still names the original."""
    folder = server.folder + "/copy"
    server.stop()
    same(run(["cp", "-a", server.data, folder])[0], 0, "a copy is made")
    add_one(folder)
    server.start()
    shutil.copy(server.data + "/run/ready", folder + "/run/ready")
    there = [server.binary, "verify", "--data", folder]
    code, text = run(there, env=server.env)
    ok(code == 1 and "sum of sizes" in text, "verify reads the copy", text)
    ok("0 faults" in op.works("verify"), "the original is as it was")
    code, text = run([server.binary, "status", "--data", folder],
                     env=server.env)
    ok(code == 1 and "not running" in text, "nothing serves the copy", text)
    op.works("status")
    gone = "user03@posthaste.test"
    code, text = run([server.binary, "mailbox", "remove", gone, "--data",
                      folder], env=server.env)
    same(code, 0, "a mailbox of the copy is removed")
    ok(gone in op.works("mailbox", "list"), "that of the original is not")
    code, text = run([server.binary, "serve", "--data", folder],
                     env=server.env)
    ok(code == 1 and "data.elsewhere" in text,
       "a copy is not served as the original", text)
    unreadable(server, folder)
    os.rename(server.data, server.data + ".moved")
    code, text = run([server.binary, "serve", "--data",
                      server.data + ".moved"], env=server.env)
    ok(code == 1 and not os.path.exists(server.data),
       "no empty server in the place of one that was moved", text)
    os.rename(server.data + ".moved", server.data)


def verify(op, server):
    text = op.works("verify", "--bodies")
    ok("6 mailboxes, 0 faults" in text, "the books are right", text)
    server.stop()
    add_one(server.data)
    op.refused("sum of sizes", "verify", "--domain", server.domain)


def main():
    server = Server(users=5)
    sink = Sink(server.ip, SMTP)
    names = Names(server.ip, DNS, {("far.example", "MX"):
                                   [(10, "mx.far.example")],
                                   ("mx.far.example", "A"): [server.ip]})
    server.settings = {"resolver": "%s@%d" % (server.ip, DNS),
                       "remote-smtp-port": str(SMTP)}
    with server:
        op = Operator(server)
        queue(op, server, sink)
        alias(op, server)
        transfer(op, server)
        copied(op, server)
        verify(op, server)
    sink.close()
    names.close()
    done()


main()
