"""Where a peer is ahead: why, and what it would take.

(row, beginning of a figure's name): (why, what it would take).  The figures
are printed with these; a figure in which a peer is ahead and of which nothing
is said here is printed as such.
"""

WHY = {
    ("autoconfig", ""): (
        "nginx sends a file: no host is looked up and nothing of the question"
        " is read; our answer comes through the same front as every page.",
        "Knowing whole requests by their bytes on kept connections, as the"
        " front knows whole answers already."),
    ("pacc", ""): (
        "As in autoconfig.", "The same."),
    ("start", "until ready"): (
        "The peer has less to make ready: no roles in sandboxes, no database"
        " whose schema is checked before the first answer.",
        "Starting the roles at once instead of one after the other."),
    ("start", "memory when idle"): (
        "Ours is mail, calendars, pages and queue together; the peer does one"
        " of them.",
        "Fewer roles would share less; a role that has nothing to do could"
        " start with its first connection."),
    ("start", "size on disk"): (
        "The peer does one part of the work; the figure is one binary here,"
        " packages there.", "Nothing: it is no goal."),
    ("memory", "all processes"): (
        "Caches of prepared statements and pages of the database are kept for"
        " all that has been asked in these rows; the peer was asked for its"
        " part only.",
        "Giving back the page cache of connections that have been idle."),
}


def why(row, name):
    """The longest beginning that fits; None when nothing is said."""
    found = [key for key in WHY if key[0] == row and name.startswith(key[1])]
    return WHY[max(found, key=lambda key: len(key[1]))] if found else None
