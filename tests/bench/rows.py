"""What a row is, and how rows are run: all of them once, then all again, so
that a machine that changes its mind disturbs every row alike."""
import statistics

from machine import Failed, log

ROWS = []


class Row:
    """A function that returns figures.  `prepare` runs once before it."""

    def __init__(self, name, about, once, prepare=None, runs=None):
        self.name = name
        self.about = about
        self.once = once
        self.prepare = prepare
        self.runs = runs
        self.prepared = False
        self.error = None


def row(name, about, prepare=None, runs=None):
    def keep(function):
        ROWS.append(Row(name, about, function, prepare, runs))
        return function
    return keep


def figure(name, unit, ours, peer=None, peer_name=None, cpu=None,
           peer_cpu=None):
    """One number of one run.  cpu: the server's, in ms an operation."""
    return {"name": name, "unit": unit, "ours": ours, "peer": peer,
            "peer_name": peer_name, "cpu": cpu, "peer_cpu": peer_cpu}


def compare(name, unit, sides, value, per=1):
    """A figure from what Bench.sides found; each operation did `per`
    things, of which each has its share of CPU."""
    ours, peer = sides[0], sides[1] if len(sides) > 1 else None
    return figure(
        name, unit, value(ours), value(peer) if peer else None,
        peer["target"] if peer else None, 1e3 * ours["cpu"] / per
        / ours["count"],
        1e3 * peer["cpu"] / per / peer["count"] if peer else None)


def rate(per=1):
    return lambda found: found["rate"] * per


def part(name):
    return lambda found: found[name]


def chosen(words):
    """The rows that the command line names, whole or by their beginning."""
    if not words:
        return list(ROWS)
    unknown = [word for word in words
               if not any(row.name.startswith(word) for row in ROWS)]
    if unknown:
        raise SystemExit("bench: no row %s; see --list" % ", ".join(unknown))
    return [row for row in ROWS
            if any(row.name.startswith(word) for word in words)]


def run_one(bench, one, results):
    try:
        if one.prepare and not one.prepared:
            one.prepare(bench)
            one.prepared = True
        for found in one.once(bench):
            results.setdefault((one.name, found["name"]), []).append(found)
    except Failed as error:
        one.error = str(error)
        log("%s: FAILED: %s" % (one.name, one.error))
        if not bench.server.alive():
            log("the server is gone: " + bench.server.last_words())
            bench.restart()


def run_rows(bench, rows, runs):
    results = {}
    for number in range(runs):
        for one in rows:
            if one.error is None and number < (one.runs or runs):
                log("run %d: %s" % (number + 1, one.name))
                run_one(bench, one, results)
    return [summary(key, found) for key, found in results.items()]


def middle(found, key):
    values = [one[key] for one in found if one[key] is not None]
    return statistics.median(values) if values else None


def summary(key, found):
    ours = [one["ours"] for one in found]
    peer = [one["peer"] for one in found if one["peer"] is not None]
    ratio = None
    if peer:
        ratio = statistics.median(
            one["ours"] / one["peer"] for one in found if one["peer"])
    return {"row": key[0], "figure": key[1], "unit": found[0]["unit"],
            "ours": middle(found, "ours"), "least": min(ours),
            "most": max(ours), "runs": ours, "peer": middle(found, "peer"),
            "peer_runs": peer, "peer_name": found[0]["peer_name"],
            "ratio": ratio, "cpu_ms": middle(found, "cpu"),
            "peer_cpu_ms": middle(found, "peer_cpu")}
