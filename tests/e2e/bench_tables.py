#!/usr/bin/env python3
"""What the benchmark makes of its figures: medians, ratios, growth, reasons,
the text, the Markdown and the picture.  Nothing is measured here."""
import json
import os
import sys
import tempfile
import xml.dom.minidom

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "bench")]
sys.dont_write_bytecode = True
from harness import done, ok, same  # noqa: E402
import chart  # noqa: E402
import install  # noqa: E402
import machine  # noqa: E402
import peers  # noqa: E402
import peers_dav  # noqa: E402
import peers_mail  # noqa: E402
import rows  # noqa: E402
import rows_dav  # noqa: E402
import rows_end  # noqa: E402,F401
import rows_growth  # noqa: E402,F401
import rows_mail  # noqa: E402,F401
import rows_process  # noqa: E402,F401
import rows_web  # noqa: E402,F401
import table  # noqa: E402
import why  # noqa: E402

FACTS = {"date": "today", "commit": "0123456", "memory_gib": 8}


def side(rate, cpu=0.5, count=100, **more):
    return dict({"target": "peer", "rate": rate, "p50": 1e3 / rate,
                 "cpu": cpu, "count": count}, **more)


class Server:
    @staticmethod
    def alive():
        return True


class Bench:
    server = Server


def summaries(*rounds, name="row", runs=None):
    """What rows.run_rows makes of rows that yield these, run after run."""
    left = list(rounds)
    one = rows.Row(name, "about", lambda bench: left.pop(0), runs=runs)
    return rows.run_rows(Bench, [one], len(rounds)), one


def test_compare():
    alone = rows.compare("x", "/s", [side(50)], rows.rate())
    same([(f["ours"], f["peer"], f["peer_name"], f["cpu"]) for f in alone],
         [(50, None, None, 5)], "alone")
    found = rows.compare("x", "MB/s", [
        side(50), side(10, cpu=1), {"target": "other", "note": "refuses"}],
        rows.rate(2), 2)
    same([(f["ours"], f["peer"], f["peer_name"], f["cpu"], f["peer_cpu"],
           f["note"]) for f in found],
         [(100, 20, "peer", 2.5, 5, None),
          (100, None, "other", 2.5, None, "refuses")], "beside two")


def test_summary():
    def once(ours, peer):
        return [rows.compare("x", "/s", [side(ours), side(peer)],
                             rows.rate())]

    results, _ = summaries(once(10, 5), once(30, 10), once(20, 2))
    same(len(results), 1, "a figure is one, however often it is measured")
    found = results[0]
    same((found["ours"], found["least"], found["most"], found["peer"]),
         (20, 10, 30, 5), "medians and spread")
    same(found["ratio"], 3, "the ratio is the median of those of each run")
    same(table.better(found), 3, "more in a second is better")
    same(table.better(dict(found, unit="ms")), 1 / 3, "less time is better")
    same(table.better(dict(found, ratio=None)), None, "without a peer")


def test_failure():
    def broken(_):
        yield rows.figure("x", "ms", 1)
        raise machine.Failed("no reason")

    one = rows.Row("row", "about", broken)
    log, machine.log, rows.log = machine.log, None, lambda text: None
    results = rows.run_rows(Bench, [one], 3)
    machine.log = log
    same((one.error, len(results), results[0]["runs"]), ("no reason", 1, [1]),
         "what failed once is not tried again")
    ok("FAILED" in table.text(results, [one]) and "no reason" in
       table.text(results, [one]), "and is said")


def test_budget():
    log, rows.log = rows.log, lambda text: None
    one = rows.Row("row", "about", lambda _: [rows.figure("x", "ms", 1)])
    found = [len(rows.run_rows(Bench, [one], 3, seconds)[0]["runs"])
             for seconds in (0, 60)]
    rows.log = log
    same(found, [1, 3], "no run begins that has no time")


def grown():
    def once(_):
        for count, value in ((100, 2.0), (10000, 2.5), (100000, 3.0)):
            yield rows.figure("PUT, %d" % count, "ms", value)
            yield rows.figure("a month of %d (%d events)" % (count, count),
                              "ms", value * count)
        yield rows.figure("PUT, p99", "ms", 1)

    one = rows.Row("x-growth", "about", once)
    return rows.run_rows(Bench, [one], 1)


def test_growth():
    same(list(table.growth(grown())),
         [("x-growth", "PUT", "100", "100,000", 1.5),
          ("x-growth", "a month", "100", "100,000", 1500.0)],
         "growth from the least to the most")
    same(list(table.growth(summaries([rows.figure("PUT, 5", "ms", 1)])[0])),
         [], "one size does not grow")


def test_reasons():
    ahead = {"row": "autoconfig", "figure": "1 connections", "unit": "/s",
             "ratio": 0.5, "note": None, "peer_name": "nginx"}
    said = table.reasons([ahead])
    ok(len(said) == 1 and "nginx (2×)" in said[0] and
       why.WHY["autoconfig", ""][0] in said[0], "a peer that is ahead", said)
    same(table.reasons([dict(ahead, ratio=2.0)]), [], "one that is not")
    same(table.reasons([dict(ahead, note="answers 1 of 2")]), [],
         "one that is quick with a wrong answer")
    said = table.reasons([dict(ahead, row="nothing"),
                          dict(ahead, row="nothing", peer_name="other")])
    ok(len(said) == 1 and "Nobody has said why" in said[0] and
       "nginx (2×), other (2×)" in said[0], "nothing said, of two", said)
    names = [one.name for one in rows.ROWS]
    same([key for key in why.WHY if key[0] not in names], [],
         "every reason is of a row")
    ok(all(len(pair) == 2 and all(pair) for pair in why.WHY.values()),
       "every reason says what it would take")


def mixed():
    found = [side(50), side(10), {"target": "a<b", "note": "says & | \"no\""}]
    return summaries([rows.compare("x", "/s", found, rows.rate()),
                      rows.compare("y", "ms", found, rows.part("p50"))])


def test_outputs():
    results, one = mixed()
    results += grown()
    text = table.text(results, [one])
    same(text.count("50.0 /s"), 1, "ours is said once beside two peers")
    ok("– (a<b: says & | \"no\")" in text, "a peer that failed", text)
    page = table.markdown(FACTS, results, [one])
    ok("| x-growth | PUT | 100 – 100,000 | 1.5 |" in page, "growth", page)
    ok("| memory gib | 8 |" in page and "- **row**: about" in page,
       "facts and rows")
    same({line.replace("\\|", "").count("|") for line in page.split("\n")
          if line.startswith("| row | ") and "| x |" in line
          or line.startswith("| row | figure | ours")},
         {len(table.COLUMNS) + 1}, "as many cells in every line")
    picture = chart.draw(FACTS, results)
    seen = xml.dom.minidom.parseString(picture)
    same(len(seen.getElementsByTagName("rect")), 1 + 2 + 2,
         "a bar for each ratio and each growth, before a ground")
    ok("5.00×" in picture, "how many times", picture)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "json")
        table.write_json(path, FACTS, results, [one])
        with open(path, encoding="utf-8") as file:
            read = json.load(file)
    same((read["facts"], len(read["results"]), read["growth"][0]["times"]),
         (FACTS, len(results), 1.5), "JSON")
    same(chart.draw({}, [])[:4], "<svg", "a picture of nothing")


def test_notes():
    class Beside(Bench):
        at_peer = staticmethod(lambda side, call: call(side))

    answers = {"ours": 47, "right": 47, "wrong": 28}
    kept, rows_dav.sides = rows_dav.sides, lambda *_: list(answers)
    found = rows_dav.beside(Beside, lambda name: side(
        10, elements=answers[name]))
    rows_dav.sides = kept
    same([one.get("note") for one in found],
         [None, None, "answers 28 of 47"], "a wrong answer is said")


def test_names():
    names = [one.name for one in rows.ROWS]
    same(len(names), len(set(names)), "no row twice")
    same(sorted(one.name for one in rows.chosen(["smtp-in", "cal-p"])),
         ["cal-poll", "cal-put", "smtp-in"], "rows by their beginning")
    same(len(rows.chosen([])), len(names), "all rows")
    try:
        rows.chosen(["nothing"])
        ok(False, "a row that is none")
    except SystemExit as error:
        ok("nothing" in str(error), "a row that is none")


def test_peers():
    kinds = (peers.Nginx, peers_mail.Dovecot,
             peers_mail.Postfix) + peers_dav.ALL
    same(len({kind.number for kind in kinds}), len(kinds),
         "an address for each")
    wanted = {name for line in install.WANTED for name in line}
    same([kind.name for kind in kinds
          if not set(kind.packages) & wanted], [],
         "what can be installed is every peer")
    kept, install.ROOT = install.ROOT, "/nonexistent"
    kind = type("Nobody", (peers.Peer,), {"programs": ("/no/such",)})
    same((kind.place(), kind.absent()), (None, "not installed"), "absent")
    install.ROOT = kept


def test_sizes():
    same([table.number(value, "ms") for value in
          (None, 0, 0.01234, 1.5, 12.34, 1234.5)],
         ["", "0 ms", "0.0123 ms", "1.5 ms", "12.3 ms", "1,234 ms"],
         "numbers")


for test in (test_compare, test_summary, test_failure, test_budget,
             test_growth, test_reasons, test_outputs, test_notes, test_names,
             test_peers, test_sizes):
    test()
done()
