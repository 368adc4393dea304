"""Reads back all that a server keeps, by its protocols and from its files, and
says what is not as it may be."""
import collections
import contextlib
import glob
import hashlib
import http.client
import os
import re
import sqlite3

from harness import Named, message
from ledger import ID, LOST
from acts import BOXES


def reckon(server, acts, cut):
    """By the protocols, of a server that runs; what is wrong."""
    wrong = []
    try:
        for user in range(1, acts.users + 1):
            wrong += mail(server, acts, cut, user)
            wrong += dav(server, acts, cut, user)
            wrong += go_on(server, acts, cut, user)
    except LOST as error:
        wrong.append("no answer: %r" % error)
    return wrong


def read(server, user):
    """Box, validity, uid, id, bytes of every message."""
    client = server.imap(user)
    for box in BOXES:
        if client.select(box, readonly=True)[0] != "OK":
            continue
        validity = int(client.response("UIDVALIDITY")[1][0])
        _, parts = client.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
        for part in parts:
            name = isinstance(part, tuple) and ID.search(part[1])
            if name:
                uid = int(re.search(rb"UID (\d+)", part[0])[1])
                yield box, validity, uid, name[1].decode(), part[1]
    client.logout()


def mail(server, acts, cut, user):
    wrong = []
    found = collections.defaultdict(list)
    uids = {}
    for box, validity, uid, name, data in read(server, user):
        found[name].append(box)
        uids[box, validity, uid] = name
        if name not in acts.bytes or not data.endswith(acts.bytes[name]):
            wrong.append("damaged: %s of user %d" % (name, user))
    for key in acts.things:
        if key[0] != "mail" or key[1] != user:
            continue
        state = tuple(sorted(found.pop(key[2], ())))
        possible = acts.possible(key, cut)
        if state not in possible:
            wrong.append("%s is in %r and should be in one of %r" %
                         (key, state, possible))
    wrong += ["from nowhere: %s" % name for name in found]
    for at, whose, box, validity, uid, name in acts.seen:
        if at <= cut and whose == user and \
           uids.get((box, validity, uid), name) != name:
            wrong.append("uid %d of %s was %s and is %s" %
                         (uid, box, name, uids[box, validity, uid]))
    return wrong


def dav(server, acts, cut, user):
    wrong = []
    headers = server.basic(user)
    client = http.client.HTTPSConnection(
        server.ip, server.ports["https"], timeout=60, context=Named(server))
    there = set()
    for key in acts.things:
        if key[0] != "dav" or key[1] != user:
            continue
        client.request("GET", key[2], headers=headers)
        answer = client.getresponse()
        data = answer.read()
        state = data if answer.status == 200 else None
        if answer.status not in (200, 404) or \
           state not in acts.possible(key, cut):
            wrong.append("%s: %d %r, possible: %r" %
                         (key, answer.status, data[:300],
                          [one and one[:300] for one in
                           acts.possible(key, cut)]))
        if state is not None:
            there.add(key[2])
    client.request("PROPFIND", server.home("Calendar", user), None,
                   {**headers, "Depth": "1"})
    listed = re.findall(rb"<[^>]*href>([^<]*\.ics)<",
                        client.getresponse().read())
    client.close()
    listed = [path.decode().replace("%40", "@") for path in listed]
    if sorted(listed) != sorted(there):
        wrong.append("listed: %r, there: %r" % (
            sorted(set(listed) - there)[:5],
            sorted(there - set(listed))[:5]))
    return wrong


def go_on(server, acts, cut, user):
    """New mail gets numbers that nobody has seen, and is found."""
    wrong = []
    client = server.imap(user)
    name = "m-after-%x" % cut
    kind, text = client.append("INBOX", None, None, message(name))
    acts.bytes[name] = message(name)
    found = re.search(rb"APPENDUID (\d+) (\d+)", text[0])
    if kind != "OK" or not found:
        return ["APPEND: %s %r" % (kind, text)]
    validity, uid = int(found[1]), int(found[2])
    used = [one for one in acts.seen if one[0] <= cut and
            one[1:5] == (user, "INBOX", validity, uid)]
    if used:
        wrong.append("uid %d is given out again: %r" % (uid, used))
    client.select("INBOX")
    modseq = int(client.response("HIGHESTMODSEQ")[1][0])
    known = max((one[3] for one in acts.modseqs
                 if one[0] <= cut and one[1:3] == (user, "INBOX")),
                default=0)
    if modseq <= known:
        wrong.append("modseq %d after %d" % (modseq, known))
    answer = client.uid("SEARCH", "HEADER", "MESSAGE-ID", name)
    if answer != ("OK", [b"%d" % uid]):
        wrong.append("search finds %r and not %d" % (answer, uid))
    client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Deleted)")
    client.uid("EXPUNGE", str(uid))
    client.logout()
    return wrong


# --- the files of a server that is stopped ---

def sound(server, acts, cut):
    wrong = []
    for path in glob.glob(server.data + "/**/*.db", recursive=True):
        with contextlib.closing(sqlite3.connect(path)) as db:
            name = os.path.relpath(path, server.data)
            answer = db.execute("PRAGMA integrity_check").fetchall()
            if answer != [("ok",)]:
                wrong.append("%s: %r" % (name, answer[:3]))
            elif name.endswith("account.db") and is_whole(db):
                wrong += [name + ": " + text for text in
                          account(db, os.path.dirname(path))]
            elif name == "house/posthaste.db":
                wrong += house(db, server, acts, cut)
    left = [name for name in os.listdir(server.data + "/journal")
            if "-" in name]
    if left:
        wrong.append("the journal keeps %r" % left)
    return wrong


def is_whole(db):
    """Whether the database has been made whole; house() says whose it is."""
    return db.execute("SELECT COUNT(*) FROM sqlite_schema WHERE "
                      "name = 'state'").fetchone()[0]


SUMS = (
    ("used is the sum of sizes", "SELECT used FROM state",
     "SELECT COALESCE(SUM(size), 0) FROM item"),
    ("items, unseen and bytes of each collection",
     "SELECT id, items, unseen, bytes FROM collection ORDER BY id",
     "SELECT c.id, COUNT(i.uid), COALESCE(SUM(i.flags & 1 = 0), 0), "
     "COALESCE(SUM(i.size), 0) FROM collection c LEFT JOIN item i "
     "ON i.collection = c.id GROUP BY c.id ORDER BY c.id"),
    ("no item without a body", "SELECT COUNT(*) FROM item WHERE body NOT IN "
     "(SELECT id FROM body)", "SELECT 0"),
    ("no body without an item", "SELECT COUNT(*) FROM body WHERE id NOT IN "
     "(SELECT body FROM item UNION SELECT body FROM history)", "SELECT 0"),
    ("uids below the next one", "SELECT COUNT(*) FROM item i JOIN collection "
     "c ON c.id = i.collection WHERE i.uid >= c.uid_next", "SELECT 0"),
    ("changes below the last one", "SELECT MAX(modseq, (SELECT "
     "COALESCE(MAX(modseq), 0) FROM item)) FROM state",
     "SELECT modseq FROM state"),
    ("shared bodies are counted",
     "SELECT body, extra FROM body_share WHERE extra > 0 ORDER BY body",
     "SELECT body, COUNT(*) - 1 FROM (SELECT body FROM item UNION ALL "
     "SELECT body FROM history) GROUP BY body HAVING COUNT(*) > 1 "
     "ORDER BY body"),
)


def account(db, folder):
    wrong = []
    for what, one, other in SUMS:
        left, right = db.execute(one).fetchall(), db.execute(other).fetchall()
        if left != right:
            odd = [pair for pair in zip(left, right) if pair[0] != pair[1]]
            wrong.append("%s: %r" % (what, odd[:5] or (left, right)))
    named = set()
    for file, size, digest in db.execute(
            "SELECT file, size, hash FROM body WHERE file <> ''"):
        named.add(file)
        try:
            with open(os.path.join(folder, "bodies", file), "rb") as body:
                data = body.read()
        except OSError as error:
            wrong.append(str(error))
            continue
        if len(data) != size or hashlib.sha256(data).digest() != digest:
            wrong.append("body %s is damaged" % file)
    there = {os.path.relpath(path, folder + "/bodies") for path in
             glob.glob(folder + "/bodies/*/*")}
    if there != named:
        wrong.append("files that nothing names: %r" %
                     sorted(there - named)[:5])
    return wrong


def house(db, server, acts, cut):
    wrong = []
    waiting = collections.Counter()
    for file, data in db.execute("SELECT file, data FROM queue_message"):
        if file:
            with open(os.path.join(server.data, "queue", file), "rb") as one:
                data = one.read()
        name = ID.search(data)
        waiting[name[1].decode() if name else "?"] += 1
    people = {row[0] for row in db.execute("SELECT address FROM account")}
    owned = {"%s/accounts/%02x/%d" % (server.data, row[0] & 255, row[0])
             for row in db.execute("SELECT id FROM account")}
    folders = set(glob.glob(server.data + "/accounts/*/*"))
    for folder in owned ^ folders:
        wrong.append("%s: %s" % (folder, "is nobody's" if folder in folders
                                 else "is missing"))
    for key in acts.things:
        if key[0] == "queue":
            state = waiting.pop(key[1], 0)
        elif key[0] == "person":
            state = int(key[1] in people)
        else:
            continue
        if state not in acts.possible(key, cut):
            wrong.append("%s: %d, possible: %r" %
                         (key, state, acts.possible(key, cut)))
    wrong += ["in the queue from nowhere: %s" % name for name in waiting]
    return wrong
