#!/usr/bin/python3
"""The queue: by MX and by a relay, retried after 4xx, bounced after 5xx, and
kept over a power cut."""
import re
import threading

from harness import Server, done, message, ok, run, same, wait_for
from sink import Names, Sink

SMTP = 10026
DNS = 10053


def submit(server, to, subject, body="Hello.\r\n"):
    with server.submission() as client:
        return client.sendmail(
            server.address, to if isinstance(to, list) else [to],
            message(subject, body, server.address, "x@far.example"))


def bounces(server, word):
    """Messages in INBOX from <> that speak of `word`."""
    def look():
        with server.imap() as client:
            client.select("INBOX", readonly=True)
            _, found = client.search(None, "HEADER", "Content-Type",
                                     "delivery-status")
            out = []
            for number in found[0].split():
                _, parts = client.fetch(number, "(BODY.PEEK[])")
                if word.encode() in parts[0][1]:
                    out.append(parts[0][1])
            return out
    return wait_for(look, every=0.3)


def by_mx(server, sink, names):
    submit(server, "a@far.example", "by MX", ".dot\r\n..\r\näöü\r\n")
    got = wait_for(lambda: sink.to("a@far.example"))
    if not ok(got, "delivered to the MX", names.asked):
        return
    same(got[0][0], server.address, "from the sender")
    ok(b".dot\r\n..\r\n" in got[0][2], "dots are as they were")
    ok(got[0][2].count(b"Received:") >= 1, "traced")
    ok(("far.example", "MX") in names.asked, "MX was asked")
    submit(server, "a@bare.example", "no MX")
    ok(wait_for(lambda: sink.to("a@bare.example")),
       "without MX: to the address (RFC 5321 5.1)", names.asked)
    submit(server, ["b@far.example", "c@far.example"], "two at once")
    ok(wait_for(lambda: sink.to("c@far.example") and
                sink.to("b@far.example")), "two recipients")


def refused(server, sink):
    sink.script["gone@far.example"] = ["550 5.1.1 no such person"]
    submit(server, ["gone@far.example", "d@far.example"], "half refused")
    ok(wait_for(lambda: sink.to("d@far.example")), "the other gets it")
    found = bounces(server, "gone@far.example")
    if ok(found, "a bounce comes back"):
        ok(b"5.1.1" in found[0] and b"no such person" in found[0],
           "with what was said", found[0])
        ok(b"multipart/report" in found[0].lower(), "as RFC 3464 asks")
        ok(b"Final-Recipient: rfc822; gone@far.example" in found[0] or
           b"Final-Recipient: rfc822;gone@far.example" in found[0],
           "naming who", found[0])
        ok(b"\nReturn-Path: <>" in b"\n" + found[0], "from nobody")
    submit(server, "x@nowhere.example", "no such domain")
    ok(bounces(server, "x@nowhere.example"), "an unknown domain bounces")
    submit(server, "x@null.example", "null MX")
    ok(bounces(server, "x@null.example"), "a null MX bounces (RFC 7505)")


def deferred(server, sink):
    sink.script["slow@far.example"] = ["450 4.2.1 later"] * 2
    submit(server, "slow@far.example", "later")
    ok(wait_for(lambda: len(sink.script["slow@far.example"]) < 2),
       "a first try is put off")
    ok(not sink.to("slow@far.example"), "and not taken")
    ok(not bounces_now(server, "slow@far.example"), "without a bounce")


def bounces_now(server, word):
    with server.imap() as client:
        client.select("INBOX", readonly=True)
        _, found = client.search(None, "TEXT", '"%s"' % word, "FROM",
                                 "mailer-daemon")
        return found[0].split()


def waiting(server):
    """How many recipients the queue still has, as `status` counts them."""
    _, text = run([server.binary, "status", "--data", server.data],
                  env=server.env)
    found = re.search(r"(\d+) recipients", text)
    return int(found[1]) if found else text


def survives(server, sink):
    """What was accepted and not yet sent is there after a power cut."""
    sink.script["later@far.example"] = ["450 4.2.1 later"]
    submit(server, "later@far.example", "before the cut")
    wait_for(lambda: not sink.script["later@far.example"])
    before = waiting(server)
    server.kill()
    server.start()
    same(waiting(server), before, "the queue is kept over a power cut")
    submit(server, "after@far.example", "after the cut")
    ok(wait_for(lambda: sink.to("after@far.example"), 30),
       "and goes on afterwards")


class Held(Names):
    """Says nothing of held.example until it may."""

    def __init__(self, *words):
        self.waits, self.may = threading.Event(), threading.Event()
        super().__init__(*words)

    def answer(self, query):
        if b"\4held" in query:
            self.waits.set()
            self.may.wait(120)
        return super().answer(query)


def taken_back(server, sink, names):
    """A setting that was taken back while mail was still under way by those
    before it."""
    relay = Sink(server.ip, SMTP + 1)
    submit(server, "a@held.example", "waits for a name server")
    ok(names.waits.wait(60), "a name is asked for")
    done_before = server.log().count(" queue reload.done ")
    for number, to in ((1, "%s:%d" % (server.ip, SMTP + 1)), (2, None)):
        server.configure({"relay": to})
        server.hup()
        ok(wait_for(lambda wanted=done_before + number: server.log().count(
            " queue reload.done ") >= wanted, 60), "reload %d" % number)
    names.may.set()
    submit(server, "e@far.example", "after both")
    ok(wait_for(lambda: sink.to("e@far.example") or
                relay.to("e@far.example"), 60), "mail goes on")
    # What waited may have gone by the relay, while that was the setting.
    same(relay.to("e@far.example"), [],
         "and no other way than the newest settings say")
    relay.close()


def by_relay(server):
    relay = Sink(server.ip, SMTP + 1)
    server.configure({"relay": "%s:%d" % (server.ip, SMTP + 1)})
    server.start()
    submit(server, "a@anywhere.example", "by relay")
    got = wait_for(lambda: relay.to("a@anywhere.example"))
    ok(got, "everything goes to the relay")
    relay.data = ["554 5.7.1 we do not like it"]
    submit(server, "b@anywhere.example", "relay refuses the data")
    ok(bounces(server, "b@anywhere.example"), "its refusal bounces")
    relay.close()


def main():
    server = Server()
    sink = Sink(server.ip, SMTP)
    names = Held(server.ip, DNS, {
        ("far.example", "MX"): [(20, "second.example"),
                                (10, "mx.far.example")],
        ("mx.far.example", "A"): [server.ip],
        ("second.example", "A"): ["127.255.255.254"],
        ("bare.example", "A"): [server.ip],
        ("null.example", "MX"): [(0, "")],
    })
    server.settings = {"resolver": "%s@%d" % (server.ip, DNS),
                       "remote-smtp-port": str(SMTP)}
    with server:
        by_mx(server, sink, names)
        refused(server, sink)
        deferred(server, sink)
        survives(server, sink)
        taken_back(server, sink, names)
        server.stop()
        by_relay(server)
    sink.close()
    names.close()
    done()


main()
