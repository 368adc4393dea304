#!/usr/bin/python3
"""The queue, when there is much for one domain: a server that holds all it
gets does not hold up others, and one connection takes more than one mail."""
import threading

from harness import Server, done, message, ok, run, same, wait_for
from sink import Names, Sink

SMTP = 10026
DNS = 10053
MAILS = 24
THREADS = 4     # DOMAIN_THREADS of mailcore/smtp/runner.c
SHARED = 8      # HOP_THREADS there
DOMAINS = 5     # more than fit there, by their own share
HOSTS = 10      # HOSTS_TRIED of mailcore/smtp/route.c


class Tarpit(Sink):
    """Says nothing before it is told to."""

    def __init__(self, ip, port):
        self.go = threading.Event()
        self.waiting = self.most = 0
        super().__init__(ip, port)

    def serve(self, lines, out):
        with self.lock:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        self.go.wait(60)
        with self.lock:
            self.waiting -= 1
        super().serve(lines, out)


def submit(server, to, count=1):
    with server.submission() as client:
        for number in range(count):
            client.sendmail(server.address, [to], message(
                "mail %d" % number, "Hello.\r\n", server.address, to))


def tarpit(server, slow, sink):
    submit(server, "a@slow.example", MAILS)
    ok(wait_for(lambda: slow.waiting >= THREADS), "all its threads wait")
    submit(server, "a@far.example", MAILS)
    ok(wait_for(lambda: len(sink.to("a@far.example")) == MAILS),
       "others' mail goes on meanwhile", len(sink.taken))
    same(slow.most, THREADS, "no more threads wait for one domain")
    slow.go.set()
    ok(wait_for(lambda: len(slow.to("a@slow.example")) == MAILS),
       "then all of it comes", len(slow.taken))
    ok(slow.connections < MAILS, "over fewer connections than mails",
       slow.connections)
    subjects = {mail[2].partition(b"Subject: ")[2].split(b"\r\n")[0]
                for mail in slow.taken}
    same(len(subjects), MAILS, "each of them once")


def shared(server, slow, sink):
    """Domains of one server, by its name or by its address alone, have no
    more of the threads than its share."""
    slow.go.clear()
    before = len(sink.taken)
    slow.most, to = 0, ["a@s%d.example" % n for n in range(DOMAINS)]
    for address in to:
        submit(server, address, THREADS)
    ok(wait_for(lambda: slow.waiting >= SHARED), "all its threads wait")
    submit(server, "b@far.example", THREADS)
    ok(wait_for(lambda: len(sink.taken) == before + THREADS),
       "other servers' mail goes on meanwhile")
    same(slow.most, SHARED, "no more threads wait for one server")
    slow.go.set()
    ok(wait_for(lambda: all(len(slow.to(address)) == THREADS
                            for address in to), 60),
       "then all of it comes", len(slow.taken))
    ok(wait_for(lambda: ".example" not in run(
        [server.binary, "queue", "list", "--data", server.data],
        env=server.env)[1], 60), "and none of it is left")


def endless(server, names):
    """A zone may name any number of hosts; they are not all asked for."""
    submit(server, "a@many.example")

    def tried():
        _, text = run([server.binary, "queue", "list", "--data",
                       server.data], env=server.env)
        return "a@many.example" in text and "address" in text
    ok(wait_for(tried), "given up for now")
    asked = {name for name, _ in list(names.asked)
             if name.endswith(".many.example") and name.startswith("h")}
    same(len(asked), HOSTS, "not all names were asked for")


def main():
    server = Server()
    sink = Sink(server.ip, SMTP)
    slow_ip = "127.%d.%d.%d" % (254, *map(int, server.ip.split(".")[2:]))
    slow = Tarpit(slow_ip, SMTP)
    names = Names(server.ip, DNS, {
        **{("s%d.example" % n, "MX"): [(10, "mx.s%d.example" % n)]
           for n in range(DOMAINS)},
        **{("mx.s%d.example" % n, "A"): [slow_ip] for n in range(DOMAINS)},
        ("far.example", "A"): [server.ip],
        ("slow.example", "A"): [slow_ip],
        ("many.example", "MX"): [(10, "h%d.many.example" % n)
                                 for n in range(30)],
    })
    server.settings = {"resolver": "%s@%d" % (server.ip, DNS),
                       "remote-smtp-port": str(SMTP)}
    with server:
        tarpit(server, slow, sink)
        shared(server, slow, sink)
        endless(server, names)
    sink.close()
    slow.close()
    names.close()
    done()


main()
