"""What a row is, and how rows are run: all of them once, then all again, so
that a machine that changes its mind disturbs every row alike."""
import math
import statistics
import time
import traceback

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
        self.prepared = None    # seconds that it took
        self.error = None


def row(name, about, prepare=None, runs=None):
    def keep(function):
        ROWS.append(Row(name, about, function, prepare, runs))
        return function
    return keep


def figure(name, unit, ours, peer=None, peer_name=None, cpu=None,
           peer_cpu=None, note=None, few=None):
    """One number of one run, beside that of one peer.  cpu: the server's, in
    ms an operation; note: what is wrong with the peer's answer; few: how
    often a peer did it that had no time for all that was asked."""
    return {"name": name, "unit": unit, "ours": ours, "peer": peer,
            "peer_name": peer_name, "cpu": cpu, "peer_cpu": peer_cpu,
            "note": note, "few": few}


def compare(name, unit, sides, value, per=1):
    """Figures from what Bench.sides found, one for each peer; each operation
    did `per` things, of which each has its share of CPU.  A peer that failed
    has no value, but a note."""
    def cpu(found):
        return 1e3 * found["cpu"] / per / found["count"]

    ours = sides[0]
    if len(sides) == 1:
        return [figure(name, unit, value(ours), cpu=cpu(ours))]
    return [figure(
        name, unit, value(ours), value(peer) if "cpu" in peer else None,
        peer["target"], cpu(ours), cpu(peer) if "cpu" in peer else None,
        peer.get("note"), peer.get("few")) for peer in sides[1:]]


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
        if one.prepare and one.prepared is None:
            begin = time.monotonic()
            one.prepare(bench)
            one.prepared = time.monotonic() - begin
        for found in one.once(bench):
            for each in found if isinstance(found, list) else [found]:
                results.setdefault((one.name, each["name"],
                                    each["peer_name"]), []).append(each)
    except Exception as error:  # noqa: BLE001: no row costs another its own
        one.error = str(error)
        if not isinstance(error, Failed):
            one.error = "%s: %s" % (type(error).__name__, error)
            traceback.print_exc()
        log("%s: FAILED: %s" % (one.name, one.error))
        if not bench.server.alive():
            log("the server is gone: " + bench.server.last_words())
            bench.restart()


def run_round(bench, rows, number, runs, results):
    for one in rows:
        if one.error is None and number < (one.runs or runs):
            begin = time.monotonic()
            run_one(bench, one, results)
            log("run %d: %s: %d s" % (number + 1, one.name,
                                      time.monotonic() - begin))


def run_rows(bench, rows, runs, seconds=math.inf):
    """What was found, row by row.  Another round begins only when it would
    end, taking as long as the last, within so many seconds; only the first
    prepares.  Who interrupts has what was found until then."""
    results = {}
    begin = time.monotonic()
    try:
        for number in range(runs):
            last = time.monotonic()
            run_round(bench, rows, number, runs, results)
            now = time.monotonic()
            if number == 0:
                last += sum(one.prepared or 0 for one in rows)
            if number + 1 < runs and now - begin + now - last > seconds:
                log("no time for more than %d of %d runs" % (
                    number + 1, runs))
                break
    except KeyboardInterrupt:
        bench.interrupted = True
        log("interrupted")
    places = {one.name: place for place, one in enumerate(rows)}
    return [summary(key, results[key]) for key in sorted(
        results, key=lambda key: places[key[0]])]


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
            "peer_runs": peer, "peer_name": key[2],
            "note": next((one["note"] for one in found if one["note"]),
                         None),
            "few": min((one["few"] for one in found if one["few"]),
                       default=None),
            "ratio": ratio, "cpu_ms": middle(found, "cpu"),
            "peer_cpu_ms": middle(found, "peer_cpu")}
