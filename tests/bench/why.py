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
        "As in autoconfig.", "The same."),
    ("smtp-in", "1 sessions, p99"): (UNKNOWN, LATENCY),
    ("append", "1 sessions, p99"): (UNKNOWN, LATENCY),
    ("store", "1 session, p99"): (UNKNOWN, LATENCY),
    ("login", "1 sessions, p99"): (UNKNOWN, LATENCY),
    ("start", "until ready"): (
        "The peer has less to make ready: we are ready when four roles are in"
        " their sandboxes and the database has been opened and checked.",
        "Less between the signer's line role.ready in the log, which is the"
        " first, and those of the roles that open the database."),
    ("start", "memory when idle"): (
        "Ours is mail, calendars, pages and queue together; the peer does one"
        " of them.",
        "A role that has nothing to do could start with its first connection;"
        " each costs 2 to 4 MiB."),
    ("start", "size on disk"): (
        "The peer does one part of the work; the figure is one binary here,"
        " packages there.", "Nothing: it is no goal."),
    ("memory", "all processes"): (
        "All rows were asked of ours, of the peer only its own; pages of the"
        " database and statements that were used are kept for the next time.",
        "Shrinking the caches of the database after a time without work."),
}


def why(row, name):
    """The longest beginning that fits; None when nothing is said."""
    found = [key for key in WHY if key[0] == row and name.startswith(key[1])]
    return WHY[max(found, key=lambda key: len(key[1]))] if found else None
