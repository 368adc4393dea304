"""Where a peer is ahead: why, and what it would take.

(row, beginning of a figure's name): (why, what it would take).  The figures
are printed with these; a figure in which a peer is ahead and of which nothing
is said here is printed as such.
"""

DISK = "Nothing of ours: an answer means that the message is on the disk."

WHY = {
    ("autoconfig", ""): (
        "nginx sends a file: no host is looked up and nothing of the question"
        " is read; our answer comes through the same front as every page.",
        "Answering a request whose very bytes were answered a moment ago"
        " without taking it apart again."),
    ("pacc", ""): (
        "As in autoconfig; and the database is asked each time whether"
        " anything has changed, as the DNS vouches for the very bytes.",
        "The same; and to hear of a change before whoever makes it is told"
        " that it is made."),
    ("smtp-in", "1 sessions, p99"): (
        "The disk: of the time that the slowest hundredth takes 87 % is in"
        " fdatasync, 7 % is work of our own, 6 % the hand-over to a worker."
        " On two busy cores it took 0.15 ms at p50 and 7.8 ms at p99; in a"
        " program that does nothing else (6,000 bytes, 400 times, same file"
        " system) 7.6 to 18.6 ms at p99.", DISK),
    ("append", "1 sessions, p99"): (
        "The disk and the processors: of the time that the slowest hundredth"
        " takes 43 % is in fdatasync, as in smtp-in; on two busy cores 32 %"
        " is work of our own, 22 % the hand-over to a worker.", DISK),
    ("store", "1 session, p99"): (
        "Waiting for a processor: on two busy cores a STORE takes 0.021 ms at"
        " p50 and 0.13 ms at p99, and its answer 0.019 and 0.062 ms; a worker"
        " stays with the client, so one wake-up is left.",
        "Not to write the flag before it is answered."),
    ("login", "1 sessions, p99"): (
        "Waiting for a processor, for the handshake: the commands take 0.2 ms"
        " at p99.", "Fewer of them that are full: clients can resume."),
    ("mail-growth", ""): (
        "A command of a tenth of a millisecond is handed from the thread that"
        " reads to one that answers, until a client has asked eight times at"
        " once; the peer has a process for each session, which does both.",
        "Answering what waits for no disk on the thread that reads."),
    ("start", "until ready"): (
        "Five processes of ours are started, so that each has an address"
        " space of its own: the dynamic loader takes 7 ms of CPU in each, for"
        " 34 libraries.",
        "Fewer libraries: ICU comes with libical and libxml2, GnuTLS with"
        " libmicrohttpd."),
    ("start", "memory when idle"): (
        "Ours is mail, calendars, pages and queue together; the peer does one"
        " of them.",
        "A role that has nothing to do could start with its first connection;"
        " each costs 2 to 4 MiB."),
    ("start", "size on disk"): (
        "The peer does one part of the work; the figure is one binary here,"
        " packages there.", "Nothing: it is no goal."),
    ("memory", "all processes"): (
        "All rows were asked of ours, of the peer only its own; a database"
        " that was used keeps its pages for ten seconds more, and stays open"
        " for ten minutes, with its statements: 120 KiB each.",
        "To wait for them, or statements that several databases share."),
}


def why(row, name):
    """The longest beginning that fits; None when nothing is said."""
    found = [key for key in WHY if key[0] == row and name.startswith(key[1])]
    return WHY[max(found, key=lambda key: len(key[1]))] if found else None
