"""The figures as a picture: how many times better than the peer, by bars on a
logarithmic scale."""
import math
from xml.sax.saxutils import escape

from table import better, growth

WIDTH, LEFT, RIGHT, LINE, TOP = 960, 400, 90, 18, 54
COLORS = {"nginx": "#4e79a7", "dovecot": "#59a14f", "postfix": "#e15759",
          "cyrus": "#f28e2b", "sogo": "#b07aa1", "radicale": "#9c755f",
          "xandikos": "#76b7b2"}
OTHER = "#888888"


class Picture:
    """Lines of SVG, from top to bottom."""

    def __init__(self):
        self.lines = []
        self.y = TOP

    def text(self, x, words, anchor="start", size=12, y=None):
        self.lines.append(
            '<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s">%s'
            "</text>" % (x, (self.y if y is None else y) + LINE - 5, size,
                         anchor, escape(words)))

    def title(self, words):
        self.y += LINE // 2
        self.text(10, words, size=14)
        self.y += LINE + 6

    def bar(self, x, wide, color):
        self.lines.append(
            '<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>' % (
                x, self.y + 2, max(wide, 1), LINE - 4, color))

    def rule(self, x, top, words):
        self.lines.append(
            '<path d="M%.1f %.1fV%.1f" stroke="#cccccc"/>' % (x, top, self.y))
        self.text(x, words, "middle", 11, top - LINE)

    def bars(self, words, values):
        """values: label, colour, number; lengths are logarithms."""
        if not values:
            return
        self.title(words)
        self.y += LINE
        top = self.y
        least = min(1, min(value for _, _, value in values))
        most = max(10, max(value for _, _, value in values))
        low, high = math.log10(least), math.log10(most)

        def at(value):
            return LEFT + (WIDTH - LEFT - RIGHT) * \
                (math.log10(value) - low) / (high - low)

        marks = self.lines
        self.lines = []
        for label, color, value in values:
            self.text(LEFT - 8, label, "end")
            begin, end = sorted((at(1), at(value)))
            self.bar(begin, end - begin, color)
            self.text(max(begin, end) + 4, times(value), size=11)
            self.y += LINE
        bars, self.lines = self.lines, marks
        for power in range(math.ceil(low), math.floor(high) + 1):
            self.rule(at(10.0 ** power), top, "%g×" % 10.0 ** power)
        self.lines += bars
        self.y += LINE

    def svg(self, heading):
        return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d"'
                ' height="%d" viewBox="0 0 %d %d" font-family="sans-serif">\n'
                '<rect width="100%%" height="100%%" fill="#ffffff"/>\n'
                '<text x="10" y="26" font-size="18">%s</text>\n%s\n</svg>\n'
                % (WIDTH, self.y + 10, WIDTH, self.y + 10, escape(heading),
                   "\n".join(self.lines)))


def times(value):
    return ("%.0f×" if value >= 10 else "%.2f×") % value


def draw(facts, results):
    picture = Picture()
    # A wrong answer is no measure, and a p99 of few runs is a chance.
    shown = [one for one in results if better(one) and not one["note"]
             and "p99" not in one["figure"]]
    for unit, words in ((True, "Times as many in the same time"),
                        (False, "Times as quick, or as small")):
        picture.bars(words, [
            ("%s: %s, %s" % (one["row"], one["figure"], one["peer_name"]),
             COLORS.get(one["peer_name"], OTHER), better(one))
            for one in shown if one["unit"].endswith("/s") == unit])
    picture.bars("Cost of the largest, of that of the smallest", [
        ("%s: %s, %s to %s" % (row, name, first, last), OTHER, factor)
        for row, name, first, last, factor in growth(results)])
    return picture.svg("Posthaste, %s, %s" % (facts.get("commit", ""),
                                              facts.get("date", "")))


def write(path, facts, results):
    with open(path, "w", encoding="utf-8") as file:
        file.write(draw(facts, results))
