#!/usr/bin/python3
"""64 clients write to one calendar at once, and the process that serves them
is killed in between: no update is lost, no UID is there twice, and who
follows the changes by sync tokens sees each of them once."""
import http.client
import os
import random
import re
import signal
import threading

from harness import Server, checked, done, event, ok, same, wait_for

CLIENTS = 64
SHARED = 16         # events that several clients count up
ROUNDS = 2 if checked() else 6
KILLS = 1 if checked() else 2
XML = {"Content-Type": "application/xml"}
CALENDAR = {"Content-Type": "text/calendar"}
SYNC = ("<sync-collection xmlns='DAV:'><sync-token>%s</sync-token>"
        "<sync-level>1</sync-level>%s<prop><getetag/></prop>"
        "</sync-collection>")
LIST = "<propfind xmlns='DAV:'><prop><getetag/></prop></propfind>"
RESPONSE = re.compile(r"<D:response>(.*?)</D:response>", re.S)
HREF = re.compile(r"<D:href>([^<]*)</D:href>")
ETAG = re.compile(r"<D:getetag>([^<]*)</D:getetag>")


class Faults:
    """What went wrong, from any thread; the first few are enough."""

    def __init__(self):
        self.list = []

    def add(self, *words):
        if len(self.list) < 10:
            self.list.append(" ".join(str(word) for word in words))


class Calendar:
    """The server's calendar, and whether it may be asked just now."""

    def __init__(self, server):
        self.server = server
        self.home = server.home("Calendar")
        self.open = threading.Event()
        self.open.set()
        self.faults = Faults()


class Talk:
    """One client's connection."""

    def __init__(self, calendar):
        self.calendar = calendar
        self.client = None

    def ask(self, method, path, body=None, headers=None):
        """Status, ETag, text; None when the server died on it."""
        server = self.calendar.server
        self.calendar.open.wait()
        fields = {"Host": server.host}
        fields.update(server.basic())
        fields.update(headers or {})
        try:
            if self.client is None:
                self.client = http.client.HTTPConnection(
                    server.ip, server.ports["proxy"], timeout=60)
            self.client.request(method, path, body, fields)
            answer = self.client.getresponse()
            return (answer.status, answer.getheader("ETag"),
                    answer.read().decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException):
            self.close()
            return None

    def close(self):
        if self.client:
            self.client.close()
        self.client = None

    def surely(self, *words):
        """The same, as often as it takes: of what changes nothing."""
        return wait_for(lambda: self.ask(*words), 60) or (0, None, "")


# --- who writes -------------------------------------------------------------

class Writer(threading.Thread):
    """Counts shared events up, each time from what it has just read; fights
    with the others for UIDs; makes and removes events of its own."""

    def __init__(self, calendar, number):
        super().__init__(daemon=True)
        self.calendar = calendar
        self.number = number
        self.dice = random.Random(number)
        self.talk = Talk(calendar)
        self.acked = []     # (event, count) that the server took
        self.perhaps = []   # (event, count) that it may have taken
        self.won = []       # numbers of UIDs
        self.own = {}       # name: there, not there, None when unknown

    def run(self):
        try:
            for turn in range(ROUNDS):
                self.count_up(self.dice.randrange(SHARED))
                self.fight(turn * 4 + self.number % 4)
                self.come_and_go(turn)
        except Exception as error:  # told where it is looked at
            self.calendar.faults.add("writer", self.number, repr(error))
            raise
        finally:
            self.talk.close()

    def count_up(self, which):
        path = "%sshared-%d.ics" % (self.calendar.home, which)
        for _ in range(1000):
            status, etag, text = self.talk.surely("GET", path)
            found = re.search(r"SUMMARY:count (\d+)", text)
            if status != 200 or not found:
                self.calendar.faults.add("GET", path, status)
                return
            count = int(found.group(1)) + 1
            answer = self.talk.ask(
                "PUT", path, event("shared-%d" % which, "count %d" % count),
                dict(CALENDAR, **{"If-Match": etag}))
            if answer is None:
                self.perhaps.append((which, count))
            elif answer[0] == 204:
                self.acked.append((which, count))
                return
            elif answer[0] != 412:
                self.calendar.faults.add("PUT", path, answer[0])
                return
        self.calendar.faults.add("no turn", path)

    def fight(self, uid):
        """Many names, one UID."""
        answer = self.talk.ask(
            "PUT", "%sfight-%d-%d.ics" % (self.calendar.home, uid,
                                          self.number),
            event("fight-%d" % uid), dict(CALENDAR, **{"If-None-Match": "*"}))
        if answer is None:
            return
        if answer[0] == 201:
            self.won.append(uid)
        elif answer[0] != 403 or "no-uid-conflict" not in answer[2]:
            self.calendar.faults.add("fight", uid, answer[0])

    def come_and_go(self, turn):
        name = "own-%d-%d.ics" % (self.number, turn % 2)
        there = self.own.get(name, False)
        if there:
            answer = self.talk.ask("DELETE", self.calendar.home + name)
            wanted = (204,)
        else:
            answer = self.talk.ask("PUT", self.calendar.home + name,
                                   event(name[:-4], "turn %d" % turn),
                                   CALENDAR)
            wanted = (201,) if there is False else (201, 204)
        if answer is None:
            self.own[name] = None
        elif answer[0] in wanted:
            self.own[name] = not there
        else:
            self.calendar.faults.add(name, there, answer[0])


# --- who follows ------------------------------------------------------------

def apply(state, text, faults, since):
    """The changes of one answer."""
    seen = set()
    for response in RESPONSE.findall(text):
        href = HREF.search(response).group(1)
        if href.endswith("/"):
            continue            # 507: there is more
        if href in seen:
            faults.add("twice in one answer:", href)
        seen.add(href)
        etag = ETAG.search(response)
        if etag and state.get(href) == etag.group(1):
            faults.add("told again:", href, "since", since)
        if etag:
            state[href] = etag.group(1)
        elif "404" in response:
            # Made and removed between two questions: nothing to take away.
            state.pop(href, None)
        else:
            faults.add("neither there nor gone:", response)
    return len(seen)


def order(token):
    """The number of the change that a token names."""
    return int(re.search(r"-(\d+)", token).group(1))


def follow(talk, state, token, limit=""):
    """Apply what changed since the token: the next one, and whether there
    was more."""
    faults = talk.calendar.faults
    status, _, text = talk.surely(
        "REPORT", talk.calendar.home, SYNC % (token, limit), XML)
    found = re.search(r"<D:sync-token>([^<]*)", text)
    if status != 207 or not found:
        faults.add("sync", status, text[:200])
        return token, 0
    after = found.group(1)
    if token and order(after) < order(token):
        faults.add("backwards:", token, after)
    changes = apply(state, text, faults, token)
    if changes and after == token:
        faults.add("changes without a new token", token)
    return after, changes


class Watcher(threading.Thread):
    """Keeps a copy of the calendar while others write, and remembers what
    it knew at each token."""

    def __init__(self, calendar):
        super().__init__(daemon=True)
        self.talk = Talk(calendar)
        self.state = {}
        self.known = []
        self.over = threading.Event()

    def run(self):
        token = ""
        try:
            while True:
                last = self.over.is_set()
                token, changes = follow(self.talk, self.state, token)
                if changes:
                    self.known.append((token, dict(self.state)))
                if last:
                    return
        except Exception as error:  # told where it is looked at
            self.talk.calendar.faults.add("watcher", repr(error))
            raise
        finally:
            self.talk.close()


# --- the test ---------------------------------------------------------------

def kill_web(server, calendar):
    """As a crash: what was asked just then has no answer."""
    calendar.open.clear()
    old = server.roles().get("web")
    os.kill(old, signal.SIGKILL)
    probe = Talk(calendar)
    back = wait_for(lambda: server.roles().get("web") not in (None, old), 60)
    calendar.open.set()     # for the probe; passwords are hashed once here
    answer = wait_for(
        lambda: (probe.ask("PROPFIND", calendar.home, LIST,
                           dict(XML, Depth="0")) or [0])[0] == 207, 60)
    probe.close()
    ok(back and answer, "the next process serves the calendar")


def work(server, calendar):
    """All at once, with deaths in between."""
    writers = [Writer(calendar, number) for number in range(CLIENTS)]
    watchers = [Watcher(calendar) for _ in range(2)]
    for thread in watchers + writers:
        thread.start()
    total = CLIENTS * ROUNDS
    for number in range(KILLS):
        goal = total * (number + 1) // (KILLS + 2)
        wait_for(lambda goal=goal: sum(
            len(one.acked) for one in writers) >= goal
            or not any(one.is_alive() for one in writers), 120)
        kill_web(server, calendar)
    for thread in writers:
        thread.join(120)
    ok(not any(one.is_alive() for one in writers), "every client is done")
    for thread in watchers:
        thread.over.set()
        thread.join(60)
    ok(not any(one.is_alive() for one in watchers), "and who looks on")
    return writers, watchers


def check_counts(talk, writers):
    acked = [pair for one in writers for pair in one.acked]
    perhaps = {pair for one in writers for pair in one.perhaps}
    same(len(acked), CLIENTS * ROUNDS, "each update was taken at last")
    same(len(set(acked)), len(acked), "none was taken from the same state")
    wrong = []
    for which in range(SHARED):
        _, _, text = talk.surely(
            "GET", "%sshared-%d.ics" % (talk.calendar.home, which))
        last = int(re.search(r"SUMMARY:count (\d+)", text).group(1))
        counts = {count for event_, count in acked if event_ == which}
        unsure = {count for event_, count in perhaps if event_ == which}
        if not counts <= set(range(1, last + 1)) or \
                not set(range(1, last + 1)) <= counts | unsure:
            wrong.append((which, last, sorted(counts), sorted(unsure)))
    ok(not wrong, "and none is lost", wrong)


def check_uids(talk, writers, names):
    won = [uid for one in writers for uid in one.won]
    same(len(set(won)), len(won), "of one UID one client is told")
    _, _, text = talk.surely("GET", talk.calendar.home)
    uids = re.findall(r"^UID:(.*?)\r?$", text, re.M)
    same(len(uids), len(names), "each event has its UID")
    same(len(set(uids)), len(uids), "and none has another's")
    ok({"fight-%d" % uid for uid in won} <= set(uids), "who won is there")
    wrong = [name for one in writers for name, there in one.own.items()
             if there is not None
             and there != (talk.calendar.home + name in names)]
    ok(not wrong, "what was made and removed is as was said", wrong)


def check_tokens(talk, watchers, truth):
    for number, one in enumerate(watchers):
        same(one.state, truth, "watcher %d has the calendar" % number)
    # From any token on, all that is missing, and nothing else.
    known = watchers[0].known
    for token, state in known[::max(1, len(known) // 12)]:
        state = dict(state)
        follow(talk, state, token)
        if state != truth:
            ok(False, "from token %s on" % token)
            return
    ok(True, "each token leads to the same state")
    state, token, pages, changes = {}, "", 0, 1
    while changes and pages < 1000:
        token, changes = follow(
            talk, state, token, "<limit><nresults>7</nresults></limit>")
        pages += 1
    same(state, truth, "so do pages of seven")
    ok(pages > 3, "%d of them" % pages)


def main():
    with Server() as server:
        calendar = Calendar(server)
        talk = Talk(calendar)
        for which in range(SHARED):
            answer = talk.ask(
                "PUT", "%sshared-%d.ics" % (calendar.home, which),
                event("shared-%d" % which, "count 0"), CALENDAR)
            if answer is None or answer[0] != 201:
                calendar.faults.add("to begin with:", answer)
        writers, watchers = work(server, calendar)
        check_counts(talk, writers)
        status, _, text = talk.surely(
            "PROPFIND", calendar.home, LIST, dict(XML, Depth="1"))
        truth = {}
        apply(truth, text, calendar.faults, "nothing")
        same(status, 207, "%d events" % len(truth))
        check_uids(talk, writers, truth)
        check_tokens(talk, watchers, truth)
        same(calendar.faults.list, [], "nothing was out of order")
        talk.close()


main()
done()
