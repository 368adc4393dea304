"""The figures as a table: for people, for machines, for the documentation."""
import json

COLUMNS = ("row", "figure", "ours", "spread", "peer", "ratio", "CPU ms/op",
           "peer's CPU")


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


def spread(result):
    if len(result["runs"]) < 2:
        return ""
    return "%s – %s" % (number(result["least"]), number(result["most"]))


def cells(result):
    peer = ""
    if result["peer"] is not None:
        peer = "%s (%s)" % (number(result["peer"], result["unit"]),
                            result["peer_name"])
    ratio = "" if result["ratio"] is None else "%.2f" % result["ratio"]
    return (result["row"], result["figure"],
            number(result["ours"], result["unit"]), spread(result), peer,
            ratio, number(result["cpu_ms"]), number(result["peer_cpu_ms"]))


def lines_of(results, rows):
    lines = [cells(result) for result in results]
    lines += [(one.name, "FAILED", one.error[:60], "", "", "", "", "")
              for one in rows if one.error]
    return lines


def text(results, rows):
    lines = [COLUMNS] + lines_of(results, rows)
    # A column without content is left out.
    used = [i for i in range(len(COLUMNS))
            if any(line[i] for line in lines[1:])]
    wide = {i: max(len(line[i]) for line in lines) for i in used}
    return "\n".join("  ".join(
        line[i].ljust(wide[i]) if i < 2 else line[i].rjust(wide[i])
        for i in used).rstrip() for line in lines)


def write_json(path, facts, results, rows):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"facts": facts, "results": results,
                   "failed": {one.name: one.error for one in rows
                              if one.error}}, file, indent=1)
        file.write("\n")


def write_markdown(path, facts, results, rows, runs):
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "# Figures\n\n"
            "Written by `./build.sh bench --markdown docs/figures.md`; do"
            " not edit.\n\n"
            "Medians of %d interleaved runs, the load generator on the same"
            " machine; spread is\nthe least and the most. CPU is that of all"
            " processes of the server, per operation.\nRatio is ours to the"
            " peer's in the same run. Machines differ and are noisy:"
            " compare\nratios and CPU, not bare rates.\n\n" % runs)
        file.write("| | |\n|---|---|\n")
        for name, value in facts.items():
            file.write("| %s | %s |\n" % (name.replace("_", " "), value))
        file.write("\n| %s |\n|%s\n" % (" | ".join(COLUMNS),
                                       "---|---|" + "---:|" * 6))
        for line in lines_of(results, rows):
            file.write("| %s |\n" % " | ".join(line))
        file.write("\n## What the rows are\n\n")
        for one in rows:
            file.write("- **%s**: %s\n" % (one.name, one.about))
