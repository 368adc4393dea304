"""SMTP, IMAP and POP3."""
import time

from machine import Failed
from rows import compare, part, rate, row

# Which users a row has to itself.
SMTP_FIRST, SMTP_USERS = 0, 100
APPEND_FIRST = 100
BIG = 110               # user with BIG_MESSAGES in INBOX
BIG_MESSAGES = 10000
POP3_USER, POP3_MESSAGES, POP3_SIZE = 111, 500, 16384
LOGIN_FIRST, LOGIN_USERS = 140, 10
# User and messages in INBOX; a peer has the same.
GROWTH = ((112, 100), (113, 10000), (114, 100000))
QUICK_MOST = 2000       # with --quick, as peers are slow to fill
# The searcher is waited for so long; a scan of all takes longer than that.
INDEX_SECONDS, INDEX_MS = 60, 20
SIZE = 4096
SMTP_PEERS = ("postfix", "dovecot")
THUNDERBIRD = (
    "UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To"
    " Cc Bcc Subject Date Message-ID Priority X-Priority References"
    " Newsgroups In-Reply-To Content-Type Reply-To)])")


def rates(bench, name, job, service, **options):
    sides = bench.sides(job, service, seconds=10, **options)
    yield compare(name, "/s", sides, rate())
    yield compare(name + ", p99", "ms", sides, part("p99"))


def deliver_to_all(bench):
    """Every mailbox has been opened once; each by one delivery alone, as two
    that make the same one may wait for each other's locks in Dovecot."""
    bench.sides("smtp", "smtp", sessions=1, count=SMTP_USERS,
                first=SMTP_FIRST, spread=SMTP_USERS, size=SIZE)
    bench.sides("smtp", "smtp", SMTP_PEERS, sessions=8, count=2 * SMTP_USERS,
                first=SMTP_FIRST, spread=SMTP_USERS, size=SIZE)


@row("smtp-in", "messages of 4 KiB received on port 25 and delivered to 100"
     " mailboxes, until the last is there: ours is when acknowledged;"
     " Postfix gives to Dovecot by LMTP; Dovecot by itself is given the same"
     " by LMTP", deliver_to_all)
def smtp_in(bench):
    for sessions, count in ((1, 400), (10, 2000), (50, 2000)):
        yield from rates(
            bench, "%d sessions" % sessions, "smtp", "smtp",
            names=SMTP_PEERS, sessions=sessions, count=bench.less(count),
            first=SMTP_FIRST, spread=SMTP_USERS, size=SIZE)


@row("append", "IMAP APPEND of 4 KiB over TLS, each session to a mailbox of"
     " its own")
def append(bench):
    for sessions, count in ((1, 600), (10, 4000)):
        yield from rates(
            bench, "%d sessions" % sessions, "append", "imaps",
            sessions=sessions, count=bench.less(count), first=APPEND_FIRST,
            spread=10, size=SIZE)


def fill_big(bench):
    """The mailbox of 10,000, in which several rows read."""
    if not bench.done("big"):
        bench.sides("append", "imaps", batch=20, first=BIG, spread=1,
                    count=bench.less(BIG_MESSAGES) // 20, size=2048,
                    seconds=300)


@row("store", "STORE of one flag of one message in a mailbox of 10,000",
     fill_big)
def store(bench):
    return rates(bench, "1 session", "store", "imaps", first=BIG, spread=1,
                 objects=bench.less(BIG_MESSAGES), count=bench.less(3000))


def indexed(bench):
    """The mailbox of 10,000, once its lists and the index have come up with it,
    which begins when it was quiet for a second."""
    fill_big(bench)
    if bench.done("indexed"):
        return
    end = time.monotonic() + INDEX_SECONDS
    while time.monotonic() < end:
        found = bench.load("command", "imaps", first=BIG, spread=1, count=1,
                           command="UID SEARCH TEXT nowhere-at-all",
                           seconds=60)
        if found["p50"] < INDEX_MS:
            return
        time.sleep(1)
    raise Failed("no index after %d s" % INDEX_SECONDS)


def command(bench, words, least, count=7):
    sides = bench.sides("command", "imaps", first=BIG, spread=1,
                        command=words, count=count, seconds=60)
    for found in sides:
        if found.get("elements", least) < least:
            raise Failed("%s: %d responses, not %d" % (
                found["target"], found["elements"], least))
    yield compare("first", "ms", sides, part("first"))
    yield compare("median", "ms", sides, part("p50"))


@row("fetch-flags", "FETCH 1:* (FLAGS) of 10,000 messages", fill_big)
def fetch_flags(bench):
    return command(bench, "FETCH 1:* (FLAGS)", bench.less(BIG_MESSAGES), 15)


@row("fetch-envelope", "FETCH 1:* with ENVELOPE of 10,000 messages,"
     " once lists of them were made", indexed)
def fetch_envelope(bench):
    return command(
        bench, "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)",
        bench.less(BIG_MESSAGES))


@row("fetch-header", "what Thunderbird asks for, of 10,000 messages,"
     " once lists of them were made", indexed)
def fetch_header(bench):
    return command(bench, THUNDERBIRD, bench.less(BIG_MESSAGES))


@row("search-subject", "UID SEARCH SUBJECT in 10,000 messages", fill_big)
def search_subject(bench):
    return command(bench, "UID SEARCH SUBJECT topic77", 1)


@row("search-text", "UID SEARCH TEXT of a word in 10,000 messages", indexed)
def search_text(bench):
    return command(bench, "UID SEARCH TEXT topic77", 1)


def growth(bench):
    """User, messages, peers that have as many."""
    for user, count in GROWTH:
        count = max(100, bench.less(count))
        yield user, count, () if bench.quick and count > QUICK_MOST else (
            "dovecot",)


def fill_growth(bench):
    for user, count, names in growth(bench):
        bench.sides("append", "imaps", names, batch=100, first=user,
                    spread=1, size=1024, seconds=600, count=count // 100)


@row("mail-growth", "in mailboxes of 100, 10,000 and 100,000 messages, by"
     " the median: SELECT; STORE of one flag; APPEND; a visit from handshake"
     " to LOGOUT", fill_growth)
def mail_growth(bench):
    for user, count, names in growth(bench):
        for name, job, options in (
                ("SELECT", "command", dict(command="SELECT INBOX",
                                           count=200)),
                ("STORE", "store", dict(objects=count,
                                        count=bench.less(2000))),
                ("APPEND", "append", dict(size=SIZE,
                                          count=bench.less(200))),
                ("visit", "visit", dict(count=bench.less(100)))):
            sides = bench.sides(job, "imaps", names, first=user, spread=1,
                                seconds=20, **options)
            yield compare("%s, %d" % (name, count), "ms", sides,
                          part("p50"))


@row("visit", "handshake, LOGIN, SELECT of a mailbox of 10,000 messages,"
     " LOGOUT", fill_big)
def visit(bench):
    return rates(bench, "1 session", "visit", "imaps", first=BIG, spread=1,
                 count=bench.less(300))


def log_in_once(bench):
    """The first login in five minutes costs a password hash, some 8 ms: of
    500 logins of ten people they would be the slowest of a hundred."""
    bench.sides("login", "imaps", first=LOGIN_FIRST, spread=LOGIN_USERS,
                sessions=1, count=LOGIN_USERS, seconds=10)


@row("login", "IMAP visits: TLS handshake without resumption, LOGIN with a"
     " password seen before, LOGOUT")
def login(bench):
    log_in_once(bench)
    for sessions in (1, 8):
        yield from rates(
            bench, "%d sessions" % sessions, "login", "imaps",
            sessions=sessions, first=LOGIN_FIRST, spread=LOGIN_USERS,
            count=bench.less(500))


def fill_pop3(bench):
    bench.sides("append", "imaps", batch=10, count=POP3_MESSAGES // 10,
                first=POP3_USER, spread=1, size=POP3_SIZE, seconds=120)


def megabytes(found):
    return found["bytes"] / found["seconds"] / 1e6


@row("pop3", "RETR of messages of 16 KiB over TLS, one session", fill_pop3)
def pop3(bench):
    for batch in (1, 16):
        sides = bench.sides("pop3", "pop3s", first=POP3_USER, spread=1,
                            batch=batch, count=bench.less(4000) // batch,
                            seconds=20)
        yield compare("%d in flight" % batch, "MB/s", sides, megabytes,
                      batch)
