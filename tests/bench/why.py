"""Where a peer is ahead: why, and what it would take.

(row, beginning of a figure's name): (why, what it would take).  The figures
are printed with these; a figure in which a peer is ahead and of which nothing
is said here is printed as such.
"""

UNKNOWN = "Not known: the slowest of a hundred of one session alone."
LATENCY = ("A histogram of each step of one such command, with the flush and"
           " the wake-up of the worker apart.")

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
    ("smtp-in", "1 sessions, p99"): (UNKNOWN, LATENCY),
    ("append", "1 sessions, p99"): (UNKNOWN, LATENCY),
    ("store", "1 session, p99"): (UNKNOWN, LATENCY),
    ("login", "1 sessions, p99"): (UNKNOWN, LATENCY),
    ("mail-growth", ""): (
        "A command of a tenth of a millisecond is handed from the thread that"
        " reads to one that answers; the peer has a process for each session,"
        " which does both.",
        "Answering what waits for no disk on the thread that reads."),
    ("start", "until ready"): (
        "Five processes of ours are started, so that each has an address"
        " space of its own: the dynamic loader takes 9 ms of CPU in each, for"
        " 50 libraries; it is half of all.",
        "Fewer libraries: a third of them come with libcurl, which only the"
        " doctor uses, and ICU with libical and libxml2."),
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
        " for a minute.",
        "To wait: then a mail role with which 1,000 sessions were has 20 MiB."),
}


def why(row, name):
    """The longest beginning that fits; None when nothing is said."""
    found = [key for key in WHY if key[0] == row and name.startswith(key[1])]
    return WHY[max(found, key=lambda key: len(key[1]))] if found else None
