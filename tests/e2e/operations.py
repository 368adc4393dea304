#!/usr/bin/python3
"""What an operator does in everyday life: looks after the queue, and gives
mailboxes further addresses."""
import contextlib
import json
import smtplib

from harness import Server, done, message, note, ok, run, same, wait_for
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
    op.works("alias", "add", "@posthaste.test", "user01@posthaste.test")
    ok(accepted(server, "nobody@posthaste.test"), "a catch-all")
    same(inbox(server, 1, "nobody@posthaste.test"), 1, "gets the rest")
    ok(accepted(server, "info+b@posthaste.test"), "an alias goes before it")
    same(inbox(server, None, "info+b@posthaste.test"), 1, "to its target")
    text = op.works("alias", "list", "posthaste.test")
    same([line.split() for line in text.splitlines()],
         [["@posthaste.test", "user01@posthaste.test"],
          ["info@posthaste.test", server.address]], "all are listed")
    op.refused("taken already", "alias", "add", server.address,
               "user01@posthaste.test")
    op.refused("expected a mailbox", "alias", "add", "b@posthaste.test",
               "c@elsewhere.example")
    op.refused("not hosted", "alias", "add", "b@elsewhere.example",
               server.address)
    op.refused("no alias", "alias", "remove", server.address)
    op.works("alias", "remove", "@posthaste.test")
    ok(not accepted(server, "nobody@posthaste.test"), "removed")
    op.works("alias", "remove", "info@posthaste.test")
    ok(not accepted(server, "info@posthaste.test"), "removed too")


def main():
    server = Server(users=2)
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
        server.stop()
    sink.close()
    names.close()
    done()


main()
