"""SMTP, IMAP and POP3."""
from machine import Failed
from rows import figure, row

# Which users a row has to itself.
SMTP_FIRST, SMTP_USERS = 0, 100
APPEND_FIRST = 100
BIG = 110               # user with BIG_MESSAGES in INBOX
BIG_MESSAGES = 10000
POP3_USER, POP3_MESSAGES, POP3_SIZE = 111, 500, 16384
LOGIN_FIRST, LOGIN_USERS = 140, 10
SIZE = 4096


def loaded(bench, name, job, **options):
    """A rate and what an operation costs the server."""
    begin = bench.server.cpu()
    found = bench.load(job, **options)
    cpu = bench.server.cpu() - begin
    batch = options.get("batch", 1)
    return found, [
        figure(name, "/s", found["rate"] * batch,
               cpu=1e3 * cpu / (found["count"] * batch)),
        figure(name + ", p99", "ms", found["p99"])]


def smtp_in(bench):
    for sessions, count in ((1, 600), (10, 4000), (50, 4000)):
        yield from loaded(
            bench, "%d sessions" % sessions, "smtp", sessions=sessions,
            port=bench.server.ports["smtp"], count=bench.less(count),
            first=SMTP_FIRST, spread=SMTP_USERS, size=SIZE, seconds=20)[1]


row("smtp-in", "messages of 4 KiB received on port 25 for 100 mailboxes,"
    " acknowledged when durable")(smtp_in)


def append(bench):
    for sessions, count in ((1, 600), (10, 4000)):
        yield from loaded(
            bench, "%d sessions" % sessions, "append", sessions=sessions,
            port=bench.server.ports["imaps"], tls=1, mailbox="INBOX",
            count=bench.less(count), first=APPEND_FIRST, spread=10,
            size=SIZE, seconds=20)[1]


row("append", "IMAP APPEND of 4 KiB over TLS, each session to a mailbox of"
    " its own")(append)


def fill_big(bench):
    """The mailbox of 10,000, in which several rows read."""
    if bench.done("big"):
        return
    count = bench.less(BIG_MESSAGES)
    bench.load("append", sessions=1, batch=20, count=count // 20, tls=1,
               port=bench.server.ports["imaps"], mailbox="INBOX", first=BIG,
               spread=1, size=2048, seconds=300)


def store(bench):
    return loaded(
        bench, "1 session", "store", port=bench.server.ports["imaps"],
        tls=1, first=BIG, spread=1, objects=bench.less(BIG_MESSAGES),
        count=bench.less(3000), seconds=20)[1]


row("store", "STORE of one flag of one message in a mailbox of 10,000",
    prepare=fill_big)(store)


def command(bench, words, least, count=7):
    begin = bench.server.cpu()
    found = bench.load("command", port=bench.server.ports["imaps"], tls=1,
                       first=BIG, spread=1, command=words,
                       count=bench.less(count), seconds=60)
    if found["elements"] < least:
        raise Failed("%s: %d responses, not %d" % (
            words.split(" ")[0], found["elements"], least))
    cpu = bench.server.cpu() - begin
    yield figure("first", "ms", found["first"])
    yield figure("median", "ms", found["p50"],
                 cpu=1e3 * cpu / found["count"])


def fetch_flags(bench):
    return command(bench, "FETCH 1:* (FLAGS)", bench.less(BIG_MESSAGES), 15)


def fetch_envelope(bench):
    return command(
        bench, "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)",
        bench.less(BIG_MESSAGES))


def fetch_header(bench):
    return command(
        bench, "UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS"
        " (From To Cc Bcc Subject Date Message-ID Priority X-Priority"
        " References Newsgroups In-Reply-To Content-Type Reply-To)])",
        bench.less(BIG_MESSAGES))


def search_subject(bench):
    return command(bench, "UID SEARCH SUBJECT topic77", 1)


def select(bench):
    return command(bench, "SELECT INBOX", 3, 30)


row("fetch-flags", "FETCH 1:* (FLAGS) of 10,000 messages",
    prepare=fill_big)(fetch_flags)
row("fetch-envelope", "FETCH 1:* with ENVELOPE of 10,000 messages",
    prepare=fill_big)(fetch_envelope)
row("fetch-header", "what Thunderbird asks for, of 10,000 messages",
    prepare=fill_big)(fetch_header)
row("search-subject", "UID SEARCH SUBJECT in 10,000 messages",
    prepare=fill_big)(search_subject)
row("select", "SELECT of a mailbox of 10,000 messages",
    prepare=fill_big)(select)


def login(bench):
    for sessions in (1, 8):
        yield from loaded(
            bench, "%d sessions" % sessions, "login", sessions=sessions,
            port=bench.server.ports["imaps"], tls=1, first=LOGIN_FIRST,
            spread=LOGIN_USERS, count=bench.less(500), seconds=20)[1]


row("login", "IMAP visits: TLS handshake without resumption, LOGIN with a"
    " password seen before, LOGOUT")(login)


def fill_pop3(bench):
    bench.load("append", sessions=1, batch=10, count=POP3_MESSAGES // 10,
               port=bench.server.ports["imaps"], tls=1, mailbox="INBOX",
               first=POP3_USER, spread=1, size=POP3_SIZE, seconds=120)


def pop3(bench):
    for batch in (1, 16):
        begin = bench.server.cpu()
        found = bench.load(
            "pop3", port=bench.server.ports["pop3s"], tls=1,
            first=POP3_USER, spread=1, batch=batch,
            count=bench.less(4000) // batch, seconds=20)
        cpu = bench.server.cpu() - begin
        yield figure("%d in flight" % batch, "MB/s",
                     found["bytes"] / found["seconds"] / 1e6,
                     cpu=1e3 * cpu / (found["count"] * batch))


row("pop3", "RETR of messages of 16 KiB over TLS, one session",
    prepare=fill_pop3)(pop3)
