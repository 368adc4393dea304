"""The figures as a table: for people, for machines, for the documentation."""
import json
import re

from why import why

COLUMNS = ("row", "figure", "ours", "spread", "peer", "its spread", "ratio",
           "CPU ms/op", "peer's CPU")
SIZED = re.compile(r"(.*?)(?:,| of) ([0-9]+)(?: \(.*\))?$")


def number(value, unit=""):
    if value is None:
        return ""
    if abs(value) >= 100:
        text = "{:,.0f}".format(value)
    elif abs(value) >= 10:
        text = "%.1f" % value
    else:
        text = "%.3g" % value
    return (text + " " + unit).strip()


def spread(values):
    if len(values) < 2:
        return ""
    return "%s – %s" % (number(min(values)), number(max(values)))


def better(result):
    """How many times better ours is than the peer's: more of what is done
    in a second, less of anything else.  None without a peer."""
    if not result["ratio"]:
        return None
    if result["unit"].endswith("/s"):
        return result["ratio"]
    return 1 / result["ratio"]


def growth(results):
    """Figures named by a number of things, of the least and of the most of
    them, ours and those of peers that answer rightly: row, name, both
    numbers, times as much."""
    families = {}
    for result in results:
        found = SIZED.match(result["figure"])
        if not found or not result["row"].endswith("-growth"):
            continue
        name, size = found.group(1), int(found.group(2))
        for name, value in (
                (name, result["ours"]),
                ("%s (%s)" % (name, result["peer_name"]),
                 None if result["note"] else result["peer"])):
            if value:
                families.setdefault((result["row"], name), []).append(
                    (size, value))
    for (row, name), sizes in families.items():
        first, last = min(sizes), max(sizes)
        if first[0] != last[0]:
            yield (row, name, number(first[0]), number(last[0]),
                   last[1] / first[1])


def cells(result, again=False):
    peer = ""
    if result["peer_name"]:
        words = [result["peer_name"]]
        if result["note"]:
            words.append(result["note"])
        elif result["few"]:
            words.append("{:,d} times".format(result["few"]))
        peer = "%s (%s)" % (number(result["peer"], result["unit"]) or "–",
                            ": ".join(words))
    # How soon a wrong answer comes is no measure.
    ratio = "" if result["note"] else number(result["ratio"])
    return (result["row"], result["figure"],
            "" if again else number(result["ours"], result["unit"]),
            "" if again else spread(result["runs"]), peer,
            spread(result["peer_runs"]), ratio,
            "" if again else number(result["cpu_ms"]),
            number(result["peer_cpu_ms"]))


def lines_of(results, rows):
    """What is ours is said once, before the first peer."""
    lines, last = [], None
    for result in results:
        key = (result["row"], result["figure"])
        lines.append(cells(result, key == last))
        last = key
    lines += [(one.name, "FAILED", one.error[:60]) + ("",) * 6
              for one in rows if one.error]
    return lines


def text(results, rows):
    lines = [COLUMNS] + lines_of(results, rows)
    # A column without content is left out.
    used = [i for i in range(len(COLUMNS))
            if any(line[i] for line in lines[1:])]
    wide = {i: max(len(line[i]) for line in lines) for i in used}
    return "\n".join(["  ".join(
        line[i].ljust(wide[i]) if i < 2 else line[i].rjust(wide[i])
        for i in used).rstrip() for line in lines] + [""] + reasons(results))


def reasons(results):
    """A sentence for every figure in which a peer is ahead with the right
    answer."""
    ahead = {}
    for result in results:
        if not result["note"] and (better(result) or 1) < 1:
            ahead.setdefault((result["row"], result["figure"]), []).append(
                "%s (%s×)" % (result["peer_name"],
                              number(1 / better(result))))
    lines = []
    for (row, name), peers in ahead.items():
        said = why(row, name)
        lines.append("- **%s**, %s: ahead: %s. %s" % (
            row, name, ", ".join(peers),
            "%s What it would take: %s" % said if said else
            "Nobody has said why."))
    return lines


def write_json(path, facts, results, rows):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"facts": facts, "results": results,
                   "growth": [dict(zip(("row", "figure", "from", "to",
                                        "times"), line))
                              for line in growth(results)],
                   "failed": {one.name: one.error for one in rows
                              if one.error}}, file, indent=1)
        file.write("\n")


HEAD = """# Figures

Written by `./build.sh bench --markdown docs/figures.md`; do not edit.

Medians of %d interleaved runs (ours, peer, ours, peer, …), the load generator
on the same machine; spread is the least and the most. CPU is that of all
processes of the server, per operation. Ratio is ours to the peer's in the same
run. Machines differ and are noisy: compare ratios and CPU, not bare rates.

"""


def markdown(facts, results, rows):
    runs = max([len(result["runs"]) for result in results], default=0)
    lines = ["| | |", "|---|---|"]
    lines += ["| %s | %s |" % (name.replace("_", " "), value)
              for name, value in facts.items()]
    lines += ["", "| %s |" % " | ".join(COLUMNS),
              "|---|---|" + "---:|" * (len(COLUMNS) - 2)]
    lines += ["| %s |" % " | ".join(cell.replace("|", "\\|")
                                    for cell in line)
              for line in lines_of(results, rows)]
    grown = ["| %s | %s | %s – %s | %s |" % (row, name, first, last,
                                             number(factor))
             for row, name, first, last, factor in growth(results)]
    if grown:
        lines += ["", "## How it grows", "",
                  "| row | figure | things | times as much |",
                  "|---|---|---:|---:|"] + grown
    lines += ["", "## Where a peer is ahead", ""]
    lines += reasons(results) or ["Nowhere."]
    lines += ["", "## What the rows are", ""]
    lines += ["- **%s**: %s" % (one.name, one.about) for one in rows]
    return HEAD % runs + "\n".join(lines) + "\n"


def write_markdown(path, facts, results, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write(markdown(facts, results, rows))
