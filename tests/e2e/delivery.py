#!/usr/bin/python3
"""Where mail goes: alias domains, aliases of every kind, forwarding with
rewritten senders, loops, automatic replies, refusals."""
import os
import re
import smtplib
import sqlite3

from harness import Server, done, message, ok, run, same, wait_for
from sink import Names, Sink

SMTP = 10026
DNS = 10053
LMTP = 10024
TWO = "two.test"


class House:
    def __init__(self, server):
        self.server = server
        self.count = 0

    def cli(self, *words):
        code, text = run([self.server.binary, *words, "--data",
                          self.server.data], env=self.server.env)
        ok(code == 0, "posthaste " + " ".join(words[:3]), text)
        return text

    def send(self, to, subject, sender="s@far.example", head=""):
        """By a stranger; the answer when it is refused."""
        recipients = to if isinstance(to, list) else [to]
        text = message(subject, "Hello.\r\n", sender or "x@far.example",
                       recipients[0])
        if head:
            text = head + (text if isinstance(text, str) else
                           text.decode())
        with self.server.smtp() as client:
            try:
                client.sendmail(sender, recipients, text)
            except smtplib.SMTPRecipientsRefused as refused:
                code, why = list(refused.recipients.values())[0]
                return code, why.decode()
            except smtplib.SMTPResponseException as refused:
                return refused.smtp_code, refused.smtp_error.decode()
        return None

    def subjects(self, number, word, box="INBOX"):
        with self.server.imap(number) as client:
            client.select(box, readonly=True)
            _, found = client.search(None, "SUBJECT", '"%s"' % word)
            return len(found[0].split())

    def gets(self, number, word, count=1):
        """So many of them arrive."""
        return wait_for(lambda: self.subjects(number, word) >= count, 60,
                        0.2)


def alias_domains(house):
    house.cli("domain", "alias", "add", "short.test", "posthaste.test")
    same(house.send("user01@SHORT.test", "by alias domain"), None,
         "an alias domain takes mail")
    ok(house.gets(1, "by alias domain"), "for the same local part")
    same((house.send("nobody@short.test", "x") or (0,))[0], 550,
         "and refuses what leads nowhere")
    server = house.server
    login = server.info["users"][0]
    with server.submission(2) as client:
        client.sendmail("user02@short.test", ["user01@posthaste.test"],
                        message("as the alias domain", "x",
                                "user02@short.test", "x@x.example"))
    ok(house.gets(1, "as the alias domain"), "may send as it")
    before = login["address"]
    login["address"] = "user01@short.test"
    with server.imap(1) as client:
        ok(client.noop()[0] == "OK", "may log in by it")
    login["address"] = before
    ok("short.test" in house.cli("domain", "alias", "list"), "is listed")
    house.cli("domain", "alias", "remove", "short.test")
    same((house.send("user01@short.test", "x") or (0,))[0], 550,
         "and may end")


def lists(house):
    house.cli("alias", "add", "boss@posthaste.test", "user02@posthaste.test")
    house.cli("alias", "add", "team@posthaste.test",
              "user01@posthaste.test,boss@posthaste.test")
    same(house.send(["team@posthaste.test", "user01@posthaste.test"],
                    "to the team"), None, "a list takes mail")
    ok(house.gets(1, "to the team") and house.gets(2, "to the team"),
       "for all of it")
    same(house.subjects(1, "to the team"), 1, "once, however addressed")
    house.cli("alias", "add", "void@posthaste.test", "discard")
    same(house.send("void@posthaste.test", "into the void"), None,
         "what is discarded is taken")
    house.cli("alias", "add", "old@posthaste.test",
              "refuse:We have moved to new@far.example")
    code, why = house.send("old@posthaste.test", "x") or (0, "")
    ok(code == 550 and "We have moved to new@far.example" in why,
       "a refusal in the alias' own words", why)
    house.cli("alias", "add", "temp@posthaste.test", "user01@posthaste.test",
              "--expires", "1")
    same(house.send("temp@posthaste.test", "in time"), None,
         "a temporary address works")
    house.cli("alias", "expire", "temp@posthaste.test")
    code, why = house.send("temp@posthaste.test", "too late") or (0, "")
    ok(code == 550 and "5.1.6" in why, "until it expires", why)
    code, text = run([house.server.binary, "alias", "add",
                      "temp@posthaste.test", "user02@posthaste.test",
                      "--data", house.server.data], env=house.server.env)
    ok(code != 0, "and nobody else gets it", text)


def everyone(house):
    house.cli("alias", "add", "all@posthaste.test", "everyone")
    code, why = house.send("all@posthaste.test", "spam") or (0, "")
    same(code, 550, "a stranger may not write to everyone")
    with house.server.submission(1) as client:
        client.sendmail("user01@posthaste.test", ["all@posthaste.test"],
                        message("to everyone", "x", "user01@posthaste.test",
                                "all@posthaste.test"))
    ok(house.gets(None, "to everyone") and house.gets(2, "to everyone"),
       "one of us may")


def no_room(house, sink):
    """team@ is user01 and boss@, who is user02."""
    who, sender = "user02@posthaste.test", "patient@far.example"
    house.send(who, "fills it", head=("X: " + 600 * "x" + "\r\n") * 2)
    house.cli("quota", "set", who, "1K")
    same((house.send("boss@posthaste.test", "x") or (0,))[0], 452,
         "who has no room is tried again later")
    house.cli("alias", "add", "both@posthaste.test",
              "%s,boss@posthaste.test" % who)
    same((house.send("both@posthaste.test", "x") or (0,))[0], 452,
         "nor has a list of nobody else")
    same(house.send("team@posthaste.test", "with or without", sender), None,
         "but does not keep the mail from the others of a list")
    ok(house.gets(1, "with or without"), "who have it")
    same(house.subjects(2, "with or without"), 0, "and he has not")
    got = wait_for(lambda: sink.to(sender), 60)
    if ok(got, "the sender hears of it"):
        same(got[0][0], "", "by a bounce")
        ok(b"Status: 5.2.2" in got[0][2], "that says why", got[0][2])
        ok(b"rfc822; team@posthaste.test" in got[0][2]
           and who.encode() not in got[0][2],
           "and not where an alias leads", got[0][2])
    house.cli("quota", "set", who, "none")


def forwards(house, sink):
    house.cli("forward", "set", "user02@posthaste.test", "away@far.example")
    same(house.send("user02@posthaste.test", "sent on"), None, "taken")
    got = wait_for(lambda: sink.to("away@far.example"), 60)
    if ok(got, "sent on elsewhere"):
        sender = got[0][0]
        ok(re.fullmatch(r"SRS0=\w+=\w+=far\.example=s@posthaste\.test",
                        sender), "with a sender of ours", sender)
        ok(b"Delivered-To: user02@posthaste.test" in got[0][2],
           "marked with where it was")
        same(house.send(sender, "came back", sender=""), None,
             "a bounce to it is taken")
        ok(wait_for(lambda: sink.to("s@far.example"), 60),
           "and goes to the true sender")
        same((house.send(sender, "no bounce") or (0,))[0], 550,
             "but nothing else does")
        same((house.send(sender.replace("=s@", "=t@"), "forged", sender="")
              or (0,))[0], 550, "nor to others")
    ok(house.gets(2, "sent on"), "the mailbox keeps a copy")
    house.cli("forward", "set", "user02@posthaste.test", "only@far.example",
              "--only")
    same(house.send("user02@posthaste.test", "not kept"), None, "taken")
    ok(wait_for(lambda: sink.to("only@far.example"), 60), "sent on alone")
    same(house.subjects(2, "not kept"), 0, "without a copy")
    house.cli("forward", "remove", "user02@posthaste.test")


def change_key(house, value):
    """The rewriting of senders works with this one alone."""
    path = os.path.join(house.server.data, "house", "posthaste.db")
    db = sqlite3.connect(path, timeout=60)
    (before,) = db.execute("SELECT value FROM setting WHERE name ="
                           " 'srs-key'").fetchone()
    db.execute("UPDATE setting SET value = ? WHERE name = 'srs-key'",
               (value,))
    db.commit()
    db.close()
    return before


def trouble(house, sink):
    to = ["user01@posthaste.test", "user02@posthaste.test"]
    house.cli("forward", "set", to[1], "later@far.example", "--only")
    key = change_key(house, b"damaged")
    same((house.send(to[1], "to one in trouble") or (0,))[0], 451,
         "where nobody gets it the client tries again")
    same(house.send(to, "to one in trouble"), None,
         "trouble of one of two is not the other's")
    ok(house.gets(1, "to one in trouble"), "who has it")
    ok(to[1] in house.cli("queue", "list"), "and the queue what is left")
    change_key(house, key)
    ok(wait_for(lambda: run([house.server.binary, "queue", "retry", "all",
                             "--data", house.server.data],
                            env=house.server.env)
                and sink.to("later@far.example"), 60, 0.2),
       "until the trouble is over")
    same(house.subjects(1, "to one in trouble"), 1, "nobody has it twice")
    house.cli("forward", "remove", to[1])


def loop(house):
    house.cli("domain", "add", TWO)
    house.cli("mailbox", "add", "b@" + TWO)
    house.cli("forward", "set", "user01@posthaste.test", "b@" + TWO,
              "--only")
    house.cli("forward", "set", "b@" + TWO, "user01@posthaste.test",
              "--only")
    same(house.send("user01@posthaste.test", "round and round"), None,
         "a loop between two of our people")
    ok(house.gets(1, "round and round"), "ends in a mailbox")
    same(house.subjects(1, "round and round"), 1, "once")
    house.cli("forward", "remove", "user01@posthaste.test")
    house.cli("alias", "add", "ping@posthaste.test", "pong@far.example")
    code, _ = house.send("ping@posthaste.test", "back", head="Delivered-To:"
                         " ping@posthaste.test\r\n") or (0, "")
    same(code, 554, "an alias that sees its mail again refuses it")


def waits(house):
    """A bounce to somebody whose domain is switched off for now: it is kept,
    and the others of the list have the mail once."""
    who, sender = "user02@posthaste.test", "b@" + TWO

    def holds():
        return int(re.search(r"(\d+) KiB", house.cli(
            "mailbox", "list", "--domain", TWO)).group(1))

    house.cli("forward", "remove", sender)
    before = holds()
    house.cli("quota", "set", who, "1K")
    house.cli("domain", "disable", TWO)
    same(house.send("team@posthaste.test", "from a closed one", sender), None,
         "mail from a domain that is switched off")
    ok(house.gets(1, "from a closed one"), "arrives")
    ok(wait_for(lambda: sender in house.cli("queue", "list"), 60, 0.2),
       "its bounce waits")
    house.cli("domain", "enable", TWO)
    ok(wait_for(lambda: run([house.server.binary, "queue", "retry", "all",
                             "--data", house.server.data],
                            env=house.server.env)
                and holds() > before, 60, 0.2), "until it is on again")
    ok(sender not in house.cli("queue", "list"), "and no longer")
    house.cli("quota", "set", who, "none")


def replies(house, sink):
    house.cli("vacation", "set", "user01@posthaste.test",
              "Away. You wrote: $SUBJECT", "--subject", "Out of office")
    to = "user01@posthaste.test"
    house.send(to, "question one")
    got = wait_for(lambda: [m for m in sink.to("s@far.example")
                            if b"Out of office" in m[2]], 60)
    if ok(got, "an automatic reply"):
        same(got[0][0], "", "from nobody (RFC 3834 3.3)")
        ok(b"Auto-Submitted: auto-replied" in got[0][2], "which says so")
        ok(b"You wrote: question one" in got[0][2], "filled in", got[0][2])
        ok(b"In-Reply-To: <" in got[0][2], "to that mail")
    house.send(to, "question two")
    house.send(to, "from a list", sender="l@far.example",
               head="List-Id: <x.far.example>\r\n")
    house.send(to, "by a program", sender="p@far.example",
               head="Auto-Submitted: auto-generated\r\n")
    house.send(to, "ends the wait", sender="z@far.example")
    ok(wait_for(lambda: sink.to("z@far.example"), 60), "another sender too")
    same(len([m for m in sink.to("s@far.example")
              if b"Out of office" in m[2]]), 1, "each sender once")
    ok(not sink.to("l@far.example") and not sink.to("p@far.example"),
       "lists and programs never")
    house.cli("vacation", "remove", to)


def lmtp(house):
    to = "user02@posthaste.test"
    with smtplib.LMTP(house.server.ip, LMTP, timeout=60) as client:
        client.sendmail("s@far.example", [to],
                        message("by LMTP", "x", "s@far.example", to))
    ok(house.gets(2, "by LMTP"), "mail from a server in front")


def main():
    server = Server(users=2)
    sink = Sink(server.ip, SMTP)
    names = Names(server.ip, DNS, {
        ("far.example", "MX"): [(10, "mx.far.example")],
        ("mx.far.example", "A"): [server.ip],
    })
    server.settings = {"resolver": "%s@%d" % (server.ip, DNS),
                       "remote-smtp-port": str(SMTP),
                       "port.lmtp": str(LMTP)}
    with server:
        house = House(server)
        alias_domains(house)
        lists(house)
        everyone(house)
        no_room(house, sink)
        forwards(house, sink)
        trouble(house, sink)
        loop(house)
        waits(house)
        replies(house, sink)
        lmtp(house)
    sink.close()
    names.close()
    done()


main()
