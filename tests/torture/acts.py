"""What clients did, when they were told that it was done, and so what may be
found after a cut.

Every thing (a message, an event, a mail on its way out, a mailbox) is touched
by one client, one act after the other.  An act knows the tail of the record
before it was sent, and after it was acknowledged.  After a cut the thing must
be as its last act acknowledged before left it, or as a later one that was
sent before the cut would.
"""
import contextlib
import http.client
import random
import re
import subprocess
import threading
import time

from harness import Named, event, message
from ledger import ID, LOST

BOXES = ("INBOX", "Archive")
AWAY = "x@elsewhere.example"


class Acts:
    def __init__(self, server, users, tail, seed):
        self.server, self.users, self.tail = server, users, tail
        self.seed = seed
        self.lock = threading.Lock()
        self.things = {}    # key -> [first state, [sent, acked, state]...]
        self.bytes = {}     # message id -> bytes
        self.seen = []      # position, user, box, validity, uid, id
        self.modseqs = []   # position, user, box, modseq
        self.refused = []
        self.running = True
        self.threads = []
        self.commands = set()   # processes of an operator

    # --- the book ---

    def begin(self, key, state, first=()):
        with self.lock:
            entry = [self.tail(), None, state]
            self.things.setdefault(key, [first]).append(entry)
        return entry

    def end(self, entry):
        entry[1] = self.tail()

    def possible(self, key, cut):
        """Every state that may be found."""
        first, *acts = self.things[key]
        acts = [act for act in acts if act[0] < cut]
        last = max((number for number, act in enumerate(acts)
                    if act[1] is not None and act[1] <= cut), default=None)
        if last is None:
            return [first] + [act[2] for act in acts]
        return [act[2] for act in acts[last:]]

    def saw(self, user, box, validity, uid, name):
        with self.lock:
            self.seen.append((self.tail(), user, box, validity, uid, name))

    def acknowledged(self):
        with self.lock:
            return sorted(act[1] for thing in self.things.values()
                          for act in thing[1:] if act[1] is not None)

    # --- clients ---

    def start(self):
        work = [(self.deliver, 1), (self.deliver, 2), (self.append, 1),
                (self.append, 3), (self.dav, 1), (self.dav, 2),
                (self.submit, 1), (self.people, 1), (self.watch, 1)]
        for number, (run, user) in enumerate(work):
            thread = threading.Thread(target=self.again, daemon=True,
                                      args=(run, user, number))
            thread.start()
            self.threads.append(thread)

    def again(self, run, user, number):
        dice = random.Random(self.seed + number)
        while self.running:
            try:
                run(user, number, dice)
            except LOST as error:
                if self.running:
                    with self.lock:
                        self.refused.append(repr(error))
                    time.sleep(0.02)

    def stop(self):
        """The machine has stopped, and every process with it."""
        self.running = False
        with self.lock:
            for process in self.commands:
                process.kill()
        for thread in self.threads:
            thread.join(60)
        return [thread for thread in self.threads if thread.is_alive()]

    def letter(self, number, dice):
        name = "m-%d-%x" % (number, time.monotonic_ns())
        lines = 2500 if dice.random() < 0.1 else dice.randint(1, 300)
        text = "".join("%s line %d of %d\r\n" % (name, line, lines)
                       for line in range(lines))
        data = message(name, text)
        with self.lock:
            self.bytes[name] = data
        return name, data

    def deliver(self, user, number, dice):
        with self.server.smtp() as client:
            while self.running:
                name, data = self.letter(number, dice)
                to = {user} | ({dice.randint(1, self.users)}
                               if dice.random() < 0.3 else set())
                entries = [self.begin(("mail", one, name), ("INBOX",))
                           for one in to]
                client.sendmail("a@elsewhere.example",
                                [self.server.login(one)[0] for one in to],
                                data)
                for entry in entries:
                    self.end(entry)
                time.sleep(dice.uniform(0, 0.02))

    def append(self, user, number, dice):
        client = self.server.imap(user)
        client.create("Archive")
        client.select("INBOX")
        try:
            while self.running:
                name, data = self.letter(number, dice)
                key = ("mail", user, name)
                entry = self.begin(key, ("INBOX",))
                kind, text = client.append("INBOX", None, None, data)
                found = re.search(rb"APPENDUID (\d+) (\d+)", text[0])
                if kind != "OK" or not found:
                    self.refused.append(repr(text))
                    return
                self.end(entry)
                self.saw(user, "INBOX", int(found[1]), int(found[2]), name)
                self.follow(client, key, found[2].decode(), dice)
                time.sleep(dice.uniform(0, 0.02))
        finally:
            with contextlib.suppress(*LOST):
                client.shutdown()

    def follow(self, client, key, uid, dice):
        """What else becomes of a message."""
        kind = dice.choice(("stay", "stay", "move", "copy", "expunge"))
        if kind == "stay":
            return
        if kind == "expunge":
            entry = self.begin(key, ())
            client.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)")
            answer = client.uid("EXPUNGE", uid)
        else:
            entry = self.begin(key, ("Archive",) if kind == "move" else
                               ("Archive", "INBOX"))
            answer = client.uid(kind.upper(), uid, "Archive")
            found = re.search(rb"COPYUID (\d+) \d+ (\d+)",
                              b" ".join(part or b"" for part in
                                        client.response("COPYUID")[1] +
                                        answer[1]))
            if found:
                self.saw(key[1], "Archive", int(found[1]), int(found[2]),
                         key[2])
        if answer[0] == "OK":
            self.end(entry)
        else:
            self.refused.append(repr(answer))

    def dav(self, user, number, dice):
        client = http.client.HTTPSConnection(
            self.server.ip, self.server.ports["https"], timeout=60,
            context=Named(self.server))
        headers = {**self.server.basic(user),
                   "Content-Type": "text/calendar"}
        home = self.server.home("Calendar", user)
        serial = 0
        try:
            while self.running:
                serial += 1
                uid = "d%d-%d" % (number, dice.randint(1, 30))
                path = home + uid + ".ics"
                data = None
                if dice.random() < 0.8:
                    long = "x" * (90000 if dice.random() < 0.1 else 10)
                    data = event(uid, "Version %d %s" % (serial, long))
                entry = self.begin(("dav", user, path), data, None)
                client.request("PUT" if data else "DELETE", path, data,
                               headers)
                answer = client.getresponse()
                answer.read()
                if answer.status in (201, 204) or (answer.status == 404 and
                                                   not data):
                    self.end(entry)
                else:
                    self.refused.append("DAV %d" % answer.status)
                time.sleep(dice.uniform(0, 0.02))
        finally:
            client.close()

    def submit(self, user, number, dice):
        with self.server.submission(user) as client:
            while self.running:
                name, data = self.letter(number, dice)
                entry = self.begin(("queue", name), 1, 0)
                client.sendmail(self.server.login(user)[0], [AWAY], data)
                self.end(entry)
                time.sleep(dice.uniform(0, 0.05))

    def people(self, user, number, dice):
        """An operator adds mailboxes and removes some again."""
        del user
        known = []
        while self.running:
            if known and dice.random() < 0.4:
                words = ["remove", known.pop(dice.randrange(len(known)))]
            else:
                words = ["add", "p%d-%x@posthaste.test" %
                         (number, time.monotonic_ns())]
                known.append(words[1])
            entry = self.begin(("person", words[1]),
                               int(words[0] == "add"), 0)
            command = [self.server.binary, "mailbox", *words, "--data",
                       self.server.data]
            if words[0] == "add":
                command.append("--stdin")
            code, text = self.command(command)
            if code == 0:
                self.end(entry)
            elif self.running:
                self.refused.append(repr(text))
            time.sleep(dice.uniform(0, 0.2))

    def command(self, words):
        """Exit code and what it said; stop() ends it, too."""
        with self.lock:
            if not self.running:
                return -1, b""
            process = subprocess.Popen(
                words, env=self.server.env, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.commands.add(process)
        text = process.communicate(b"A long enough passphrase 7\n")[0]
        with self.lock:
            self.commands.discard(process)
        return process.returncode, text

    def watch(self, user, number, dice):
        """A reader that remembers all that it was shown."""
        del number
        client = self.server.imap(user)
        first = dict.fromkeys(BOXES, 1)
        try:
            while self.running:
                for box in BOXES:
                    if client.select(box, readonly=True)[0] == "OK":
                        first[box] = self.look(client, user, box, first[box])
                time.sleep(dice.uniform(0, 0.02))
        finally:
            with contextlib.suppress(*LOST):
                client.shutdown()

    def look(self, client, user, box, first):
        validity = int(client.response("UIDVALIDITY")[1][0])
        modseq = client.response("HIGHESTMODSEQ")[1][0]
        with self.lock:
            self.modseqs.append((self.tail(), user, box, int(modseq)))
        _, parts = client.uid("FETCH", "%d:*" % first,
                              "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        for part in parts:
            if not isinstance(part, tuple):
                continue
            uid = int(re.search(rb"UID (\d+)", part[0] + b" ")[1])
            name = ID.search(part[1])
            if name:
                self.saw(user, box, validity, uid, name[1].decode())
            first = max(first, uid)
        return first
