"""What a server acknowledged, and whether it kept its word.

Writers send through every protocol while the server is hurt; each write that
was acknowledged goes into the ledger.  verify() reads everything back: all
of it is there, byte for byte, nothing twice, and no UID ever named two
messages.
"""
import contextlib
import glob
import http.client
import imaplib
import os
import re
import smtplib
import sqlite3
import ssl
import threading
import time
from collections import Counter

from harness import Named, card, event, message, note, ok, same

# Between two writes of a client: many kills hurt more than much mail.
PAUSE = 0.02
ID = re.compile(rb"Message-ID: <(m-[0-9a-z-]+)@")
LOST = (OSError, EOFError, ssl.SSLError, smtplib.SMTPException,
        imaplib.IMAP4.error, http.client.HTTPException)


class Ledger:
    def __init__(self, server, users):
        self.server = server
        self.users = users
        self.lock = threading.Lock()
        self.mail = {}      # (user, id) -> bytes acknowledged
        self.tried = set()  # (user, id) sent, answer unknown
        self.uids = {}      # (user, uidvalidity, uid) -> id
        self.reused = []
        self.dav = {}       # (user, path) -> bytes that may be there
        self.refused = Counter()
        self.running = True
        self.pause = PAUSE
        self.threads = []

    def saw(self, user, validity, uid, name):
        with self.lock:
            known = self.uids.setdefault((user, validity, uid), name)
            if known != name:
                self.reused.append((user, validity, uid, known, name))

    def counts(self):
        with self.lock:
            return {"mail": len(self.mail),
                    "dav": sum(bool(entry[0]) for entry in
                               self.dav.values()),
                    "uids": len(self.uids), "refused": dict(self.refused)}

    # --- writers ---

    def begin(self, smtp=3, append=2, dav=2, watch=1):
        for count, work in ((smtp, self.deliver), (append, self.append),
                            (dav, self.put), (watch, self.watch)):
            for number in range(count):
                thread = threading.Thread(target=self.again, daemon=True,
                                          args=(work, number))
                thread.start()
                self.threads.append(thread)

    def again(self, work, number):
        """A client that comes back whenever its connection is lost."""
        serial = [0]
        while self.running:
            try:
                work(number, serial)
            except LOST as error:
                with self.lock:
                    self.refused[type(error).__name__] += 1
                time.sleep(0.02)

    def end(self):
        self.running = False
        for thread in self.threads:
            thread.join(90)
        same([thread for thread in self.threads if thread.is_alive()], [],
             "every client ends")

    def letter(self, kind, number, serial):
        serial[0] += 1
        name = "m-%s%d-%d-%x" % (kind, number, serial[0],
                                 time.monotonic_ns())
        body = "".join("%s line %d\r\n" % (name, line)
                       for line in range(1 + serial[0] * 37 % 400))
        return name, message(name, body)

    def deliver(self, number, serial):
        user = 1 + number % self.users
        address = self.server.login(user)[0]
        with self.server.smtp() as client:
            while self.running:
                name, data = self.letter("s", number, serial)
                with self.lock:
                    self.tried.add((user, name))
                client.sendmail("a@elsewhere.example", [address], data)
                with self.lock:
                    self.mail[user, name] = data
                time.sleep(self.pause)

    def append(self, number, serial):
        user = 1 + number % self.users
        client = self.server.imap(user)
        try:
            while self.running:
                name, data = self.letter("a", number, serial)
                with self.lock:
                    self.tried.add((user, name))
                kind, text = client.append("INBOX", None, None, data)
                if kind != "OK":
                    with self.lock:
                        self.refused["APPEND " + kind] += 1
                    time.sleep(0.05)
                    continue
                with self.lock:
                    self.mail[user, name] = data
                found = re.search(rb"APPENDUID (\d+) (\d+)", text[0])
                if found:
                    self.saw(user, int(found[1]), int(found[2]),
                             name.encode())
                time.sleep(self.pause)
        finally:
            with contextlib.suppress(*LOST):
                client.shutdown()

    def put(self, number, serial):
        user = 1 + number % self.users
        kind, make, suffix = (("Calendar", event, "ics"),
                              ("Contacts", card, "vcf"))[number % 2]
        home = self.server.home(kind, user)
        client = http.client.HTTPSConnection(
            self.server.ip, self.server.ports["https"], timeout=60,
            context=Named(self.server))
        headers = dict(self.server.basic(user))
        headers["Content-Type"] = ("text/calendar" if kind == "Calendar"
                                   else "text/vcard")
        try:
            while self.running:
                serial[0] += 1
                uid = "d%d-%d" % (number, serial[0] - serial[0] % 3)
                path = "%s%s.%s" % (home, uid, suffix)
                data = make(uid, "Version %d" % serial[0])
                self.may_be(user, path, data)
                client.request("PUT", path, data, headers)
                answer = client.getresponse()
                answer.read()
                if answer.status in (201, 204):
                    self.must_be(user, path, data)
                    time.sleep(self.pause)
                else:
                    with self.lock:
                        self.refused["PUT %d" % answer.status] += 1
                    time.sleep(0.05)
        finally:
            client.close()

    def may_be(self, user, path, data):
        with self.lock:
            self.dav.setdefault((user, path), [None, set()])[1].add(data)

    def must_be(self, user, path, data):
        with self.lock:
            self.dav[user, path] = [data, {data}]

    def watch(self, number, serial):
        """A reader that remembers every UID it was shown."""
        del serial
        user = 1 + number % self.users
        client = self.server.imap(user)
        first = 1
        try:
            while self.running:
                client.select("INBOX", readonly=True)
                first = self.look(client, user, first)
                time.sleep(0.05)
        finally:
            with contextlib.suppress(*LOST):
                client.shutdown()

    def look(self, client, user, first):
        validity = int(client.response("UIDVALIDITY")[1][0])
        _, parts = client.uid("FETCH", "%d:*" % first,
                              "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        for part in parts:
            if not isinstance(part, tuple):
                continue
            uid = int(re.search(rb"UID (\d+)", part[0] + b" ")[1])
            name = ID.search(part[1])
            if name:
                self.saw(user, validity, uid, name[1])
            first = max(first, uid)
        return first

    # --- the reckoning ---

    def verify(self, when):
        lost, damaged, twice, unknown = [], [], [], []
        for user in range(1, self.users + 1):
            stored = Counter()
            for name, data in self.read(user):
                stored[name] += 1
                wanted = self.mail.get((user, name))
                if wanted is not None and not data.endswith(wanted):
                    damaged.append((user, name))
                if (user, name) not in self.tried:
                    unknown.append((user, name))
            twice += [(user, name) for name, count in stored.items()
                      if count > 1]
            lost += [key for key in self.mail
                     if key[0] == user and key[1] not in stored]
        same(lost[:10], [], "%s: of %d acknowledged messages none is lost" %
             (when, len(self.mail)))
        same(damaged[:10], [], when + ": each is byte for byte as sent")
        same(twice[:10], [], when + ": none is there twice")
        same(unknown[:10], [], when + ": none came from nowhere")
        same(self.reused[:10], [], "%s: of %d UIDs none named two messages" %
             (when, len(self.uids)))
        self.verify_dav(when)

    def read(self, user):
        client = self.server.imap(user)
        client.select("INBOX", readonly=True)
        validity = int(client.response("UIDVALIDITY")[1][0])
        _, parts = client.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
        for part in parts:
            name = isinstance(part, tuple) and ID.search(part[1])
            if name:
                uid = int(re.search(rb"UID (\d+)", part[0])[1])
                self.saw(user, validity, uid, name[1])
                yield name[1].decode(), part[1]
        client.logout()

    def verify_dav(self, when):
        wrong = []
        for (user, path), (kept, possible) in self.dav.items():
            status, _, data = self.server.http("GET", path, auth=True,
                                               number=user)
            if kept is None and status == 404:
                continue
            if status != 200 or data not in possible:
                wrong.append((path, status, data[:60]))
        acknowledged = sum(entry[0] is not None
                           for entry in self.dav.values())
        same(wrong[:10], [], "%s: %d DAV objects are as acknowledged" %
             (when, acknowledged))


def check_databases(server):
    """Of a server that is stopped."""
    bad = []
    paths = glob.glob(server.data + "/**/*.db", recursive=True)
    for path in paths:
        with contextlib.closing(sqlite3.connect(path)) as db:
            answer = db.execute("PRAGMA integrity_check").fetchall()
            if answer != [("ok",)]:
                bad.append((os.path.relpath(path, server.data), answer[:3]))
    ok(paths and not bad, "%d databases are sound" % len(paths), bad)


def say(counts):
    note(" ".join("%s=%s" % pair for pair in counts.items()))
