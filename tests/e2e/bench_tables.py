#!/usr/bin/env python3
"""What the benchmark makes of its figures: medians, ratios, growth, reasons,
the text, the Markdown and the picture.  Nothing is measured here."""
import argparse
import contextlib
import importlib.machinery
import importlib.util
import io
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

rows.log = machine.log = lambda text: None
FACTS = {"date": "today", "commit": "0123456", "memory_gib": 8}


def program():
    """tests/bench/run, that is not called as a module is."""
    path = os.path.join(os.path.dirname(rows.__file__), "run")
    loader = importlib.machinery.SourceFileLoader("bench_run", path)
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("bench_run", loader))
    loader.exec_module(module)
    return module


def side(rate, cpu=0.5, count=100, **more):
    return dict({"target": "peer", "rate": rate, "p50": 1e3 / rate,
                 "cpu": cpu, "count": count}, **more)


class Server:
    @staticmethod
    def alive():
        return True


class Bench:
    server = Server
    interrupted = False
    short = {}


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
    results = rows.run_rows(Bench, [one], 3)
    same((one.error, len(results), results[0]["runs"]), ("no reason", 1, [1]),
         "what failed once is not tried again")
    def faulty(_):
        raise KeyError("target")

    both = [rows.Row("bad", "about", faulty),
            rows.Row("good", "about", lambda _: [rows.figure("x", "ms", 1)])]
    with contextlib.redirect_stderr(io.StringIO()) as heard:
        found = rows.run_rows(Bench, both, 1)
    same((both[0].error, [one["row"] for one in found]),
         ("KeyError: 'target'", ["good"]), "a fault costs no other row")
    ok("Traceback" in heard.getvalue(), "and says where it is")
    ok("FAILED" in table.text(results, [one]) and "no reason" in
       table.text(results, [one]), "and is said")


def test_budget():
    one = rows.Row("row", "about", lambda _: [rows.figure("x", "ms", 1)])
    found = [len(rows.run_rows(Bench, [one], 3, seconds)[0]["runs"])
             for seconds in (0, 60)]
    same(found, [1, 3], "no run begins that has no time")


def test_interrupt():
    left = [rows.figure("x", "ms", 1)]

    def once(_):
        if not left:
            raise KeyboardInterrupt
        return [left.pop()]

    bench = type("Interrupted", (Bench,), {})
    found = rows.run_rows(bench, [rows.Row("row", "about", once)], 3)
    same(([one["runs"] for one in found], bench.interrupted), ([[1]], True),
         "who interrupts has what was found")


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
    beside = [rows.figure("GET, %d" % count, "ms", 1, value, name,
                          note="wrong" if name == "bad" else None)
              for count, value in ((100, 2), (10000, 6))
              for name in ("good", "bad")]
    same(list(table.growth(summaries(beside, name="y-growth")[0])),
         [("y-growth", "GET", "100", "10,000", 1),
          ("y-growth", "GET (good)", "100", "10,000", 3)],
         "growth of a peer, unless its answers are wrong")
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
        short = {"lacks": "took 9 of 50"}

    answers = {"ours": 47, "right": 47, "wrong": 28, "lacks": 47, "ill": 0}
    found = rows_dav.among(Beside, answers, lambda name: dict(
        side(10, elements=answers[name]), target=name) if answers[name]
        else {"target": name, "note": "500"})
    same([one.get("note") for one in found],
         [None, None, "wrong, finds 28 and not 47", "took 9 of 50", "500"],
         "a wrong answer is said")
    results, one = summaries(rows.compare("x", "ms", found, rows.part("p50")))
    same([table.cells(one)[6] for one in results], ["1", "", "", ""],
         "and has no ratio")
    few = dict(side(10), few=3)
    results, one = summaries(rows.compare("x", "ms", [side(10), few],
                                          rows.part("p50")))
    same(table.cells(results[0])[4], "100 ms (peer: 3 times)",
         "who is slow is asked less often, and it is said")


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


def test_wanted():
    run = program()
    for kind in run.KINDS.values():
        kind.absent = classmethod(lambda cls: None)
    same(sorted(run.wanted(argparse.Namespace(peers="postfix"))),
         ["dovecot", "postfix"], "Postfix brings what it gives to")
    same(run.wanted(argparse.Namespace(peers="none")), {}, "none")
    for kind in run.KINDS.values():
        del kind.absent
    gone = type("Gone", (), {"name": "gone", "alive": lambda self: False})

    def refuse(_):
        raise machine.Failed("refused")

    same(run.Bench.at_peer(gone(), refuse),
         {"target": "gone", "note": "it has ended"}, "a peer that is gone")


def test_sizes():
    same([table.number(value, "ms") for value in
          (None, 0, 0.01234, 1.5, 12.34, 1234.5)],
         ["", "0 ms", "0.0123 ms", "1.5 ms", "12.3 ms", "1,234 ms"],
         "numbers")


for test in (test_compare, test_summary, test_failure, test_budget,
             test_interrupt, test_growth, test_reasons, test_outputs,
             test_notes, test_names, test_peers, test_wanted, test_sizes):
    test()
done()
