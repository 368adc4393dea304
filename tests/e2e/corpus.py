#!/usr/bin/env python3
"""Messages of our own making, good and bad: what IMAP says of them fits
together, and puts them together again byte for byte.

A good message is made from a tree, which says what BODYSTRUCTURE must find.
Of a bad one it is only asked that all answers agree with each other.
"""
import random
import re

from harness import Server, done, ok, same

SEED = 20261122
GENERATED = 120
HEAD = (b"From: A <a@elsewhere.example>\r\nTo: b@posthaste.test\r\n"
        b"Subject: %s\r\nMIME-Version: 1.0\r\n")


# --- good messages: trees ----------------------------------------------------

class Leaf:
    def __init__(self, kind, body, more=b""):
        self.kind, self.body, self.more = kind, body, more
        self.parts = []

    def mime(self):
        return b"Content-Type: %s\r\n%s\r\n" % (self.kind, self.more)

    def bytes(self):
        return self.body


class Multi(Leaf):
    """kind is the subtype."""

    def __init__(self, kind, parts, boundary, preamble=b"", epilogue=b""):
        super().__init__(kind, b"")
        self.parts, self.boundary = parts, boundary
        self.preamble, self.epilogue = preamble, epilogue

    def mime(self):
        return (b'Content-Type: multipart/%s;\r\n boundary="%s"\r\n\r\n'
                % (self.kind, self.boundary))

    def bytes(self):
        text = self.preamble
        for part in self.parts:
            text += b"--%s\r\n%s%s\r\n" % (self.boundary, part.mime(),
                                           part.bytes())
        return text + b"--%s--\r\n%s" % (self.boundary, self.epilogue)


class Inner(Leaf):
    """message/rfc822."""

    def __init__(self, root, subject):
        super().__init__(b"message/rfc822", b"")
        self.root, self.subject = root, subject

    def bytes(self):
        return HEAD % self.subject + self.root.mime() + self.root.bytes()


WORDS = (b"Hello.", b"", b"-- ", b"--a", b"From here", b".", b"..", b"=20",
         b"Gr\xc3\xbc\xc3\x9fe", b"\xe4\xf6\xfc", b"a" * 200, b"\t", b" ")


def text_of(r):
    return b"\r\n".join(r.choice(WORDS) for _ in range(r.randrange(6)))


def tree(r, depth, name):
    choice = r.random()
    if depth == 0 or choice < 0.4:
        kind = r.choice((b"text/plain; charset=utf-8", b"text/html",
                         b"application/octet-stream", b"image/png",
                         b"text/calendar; method=REQUEST"))
        more = r.choice((b"", b"Content-Transfer-Encoding: 8bit\r\n",
                         b"Content-Disposition: attachment;\r\n"
                         b" filename=\"x y.bin\"\r\n",
                         b"Content-ID: <c@d>\r\nX-Long: " + b"y" * 300
                         + b"\r\n"))
        return Leaf(kind, text_of(r), more)
    if choice < 0.5:
        return Inner(tree(r, depth - 1, name + b"i"), b"inner")
    parts = [tree(r, depth - 1, name + b"%d" % n)
             for n in range(r.randrange(1, 4))]
    # The outer boundary is the beginning of each inner one.
    return Multi(r.choice((b"mixed", b"alternative", b"related")), parts,
                 b"b" + name, r.choice((b"", b"A preamble.\r\n")),
                 r.choice((b"", b"An epilogue.\r\n")))


def numbered(node, at=""):
    """Parts as IMAP numbers them: (number, leaf)."""
    if not node.parts:
        node, number = node, at or "1"
        yield number, node
        if isinstance(node, Inner):
            yield from numbered_inside(node.root, number)
        return
    for index, part in enumerate(node.parts, 1):
        number = "%s%d" % (at and at + ".", index)
        if part.parts:
            yield from numbered(part, number)
        else:
            yield from numbered(part, number)


def numbered_inside(root, number):
    if root.parts:
        yield from numbered(root, number)
    else:
        yield from numbered(root, number + ".1")


# --- bad messages ------------------------------------------------------------

M = HEAD % b"bad"
B = M + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
P = b"Content-Type: text/plain\r\n\r\n"
BAD = {
    "nothing but a line": b"x\r\n",
    "no header": b"\r\nbody\r\n",
    "no body": M,
    "a header without its end": M.rstrip(b"\r\n"),
    "no end of line": M + b"\r\nbody",
    "no colon": b"Subject x\r\n\r\nbody\r\n",
    "a body at once": b"Subject: x\r\nThis is no field\r\n\r\nb\r\n",
    "folded first": b" folded: x\r\n" + M + b"\r\nbody\r\n",
    "two types": M + b"Content-Type: text/plain\r\nContent-Type: "
    b"text/html\r\n\r\nx\r\n",
    "no subtype": M + b"Content-Type: text\r\n\r\nx\r\n",
    "a type of nothing": M + b"Content-Type:\r\n\r\nx\r\n",
    "a type of signs": M + b"Content-Type: ;;;/=\"\r\n\r\nx\r\n",
    "an open quote": M + b'Content-Type: text/plain; charset="utf\r\n\r\nx',
    "a comment": M + b"Content-Type: text/(a)plain(b); charset(c)=utf-8"
    b"\r\n\r\nx\r\n",
    "parameter of RFC 2231": M + b"Content-Type: application/pdf;\r\n "
    b"name*0*=utf-8''a%20;\r\n name*1=b.pdf\r\n\r\nx\r\n",
    "8 bits in the header": b"From: J\xf6rg <a@b.example>\r\nSubject: \xff"
    b"\r\n\r\nx\r\n",
    "bad addresses": b"From: <<<>>>,,;:@\r\nTo: a@b@c, \"x\r\n\r\nx\r\n",
    "a group": b"To: People: a@b.example, <c@d.example>;, e@f.example\r\n"
    b"From: undisclosed:;\r\n\r\nx\r\n",
    "dates of all kinds": b"Date: yesterday\r\nDate: Thu, 99 Foo\r\n\r\nx",
    "no boundary": M + b"Content-Type: multipart/mixed\r\n\r\n--b\r\n" + P
    + b"x\r\n--b--\r\n",
    "an empty boundary": M + b'Content-Type: multipart/mixed; boundary=""'
    b"\r\n\r\n--\r\n" + P + b"x\r\n----\r\n",
    "a boundary that never comes": B + b"x\r\n",
    "no last boundary": B + b"--b\r\n" + P + b"x\r\n",
    "no part": B + b"--b--\r\n",
    "an empty part": B + b"--b\r\n--b\r\n\r\n--b--\r\n",
    "a part without a header": B + b"--b\r\n\r\nx\r\n--b--\r\n",
    "a part that is a header": B + b"--b\r\nContent-Type: text/plain\r\n"
    b"--b--\r\n",
    "spaces after the boundary": B + b"--b  \t\r\n" + P
    + b"x\r\n--b--  \r\n",
    "a longer line that begins so": B + b"--b\r\n" + P
    + b"x\r\n--bc\r\ny\r\n--b--\r\n",
    "text after the last one": B + b"--b\r\n" + P + b"x\r\n--b--\r\n--b\r\n"
    + P + b"y\r\n--b--\r\n",
    "the inner one is the outer": B + b"--b\r\nContent-Type: multipart/mixed"
    b'; boundary="b"\r\n\r\n--b\r\n' + P + b"x\r\n--b--\r\n--b--\r\n",
    "an inner one that is not closed": B + b"--b\r\nContent-Type: multipart/"
    b"mixed; boundary=c\r\n\r\n--c\r\n" + P + b"x\r\n--b\r\n" + P
    + b"y\r\n--b--\r\n",
    "a message that is empty": M + b"Content-Type: message/rfc822\r\n\r\n",
    "a message in base64": M + b"Content-Type: message/rfc822\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nRnJvbTogYQ0KDQp4\r\n",
    "a message in a digest": M + b"Content-Type: multipart/digest; "
    b"boundary=b\r\n\r\n--b\r\n\r\nSubject: x\r\n\r\ny\r\n--b--\r\n",
    "fifty deep": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
        % (n, n) for n in range(50)) + P + b"x\r\n",
    "messages in messages": b"Content-Type: message/rfc822\r\n\r\n" * 40
    + b"Subject: x\r\n\r\nx\r\n",
    "a thousand parts": B + (b"--b\r\n" + P + b"x\r\n") * 1000
    + b"--b--\r\n",
    "lone CR": M + b"\r\na\rb\r\r\nc\r\n",
    "lone LF": M + b"\r\na\nb\r\n",
    "a header of lone LF": b"Subject: x\nFrom: a@b.example\n\nbody\n",
    "a long field": b"X-Long: " + b"x" * 60000 + b"\r\n\r\nx\r\n",
    "many fields": b"".join(b"X-%d: y\r\n" % n for n in range(3000))
    + b"\r\nx\r\n",
    "an encoding of signs": M + b"Content-Transfer-Encoding: \"(;\r\n\r\nx",
    "a language of nothing": M + b"Content-Language: ,,\r\nContent-Location:"
    b"\r\nContent-MD5: \r\nContent-ID: \r\n\r\nx\r\n",
}


# --- IMAP --------------------------------------------------------------------

class Imap:
    """Answers as lists, bytes, numbers and None."""

    def __init__(self, server):
        self.sock = server.raw("imaps", tls=True)
        self.data = b""
        self.line()
        address, password = server.login()
        self.ask(b'LOGIN "%s" "%s"' % (address.encode(), password.encode()))
        self.ask(b"SELECT INBOX")

    def fill(self):
        more = self.sock.recv(1 << 16)
        if not more:
            raise EOFError("the server hung up")
        self.data += more

    def line(self):
        while b"\r\n" not in self.data:
            self.fill()
        line, self.data = self.data.split(b"\r\n", 1)
        return line

    def whole(self):
        """One answer; literals are left in it."""
        text = self.line()
        while True:
            found = re.search(rb"\{(\d+)\}$", text)
            if not found:
                return text
            size = int(found.group(1))
            while len(self.data) < size:
                self.fill()
            text += b"\r\n" + self.data[:size]
            self.data = self.data[size:]
            text += self.line()

    def ask(self, command):
        self.sock.sendall(b"t " + command + b"\r\n")
        lines = []
        while True:
            line = self.whole()
            if line.startswith(b"t "):
                if not line.startswith(b"t OK"):
                    raise ValueError("%r: %r" % (command, line))
                return lines
            lines.append(line)

    def append(self, message):
        self.sock.sendall(b"t APPEND INBOX {%d}\r\n" % len(message))
        self.line()
        self.sock.sendall(message + b"\r\n")
        while True:
            line = self.whole()
            if line.startswith(b"t "):
                return line.startswith(b"t OK")

    def fetch(self, number, *items):
        """By the name of the item."""
        lines = self.ask(b"FETCH %d (%s)" % (
            number, " ".join(items).encode()))
        for line in lines:
            found = re.match(rb"\* %d FETCH " % number, line)
            if found:
                flat, _ = parse(line, found.end())
                return dict(zip([f.decode().upper() for f in flat[::2]],
                                flat[1::2]))
        raise ValueError("no answer: %r" % lines)


def parse(text, at):
    """The value at `at`, and where it ends."""
    c = text[at:at + 1]
    if c == b"(":
        found, at = [], at + 1
        while text[at:at + 1] != b")":
            if text[at:at + 1] == b" ":
                at += 1
            value, at = parse(text, at)
            found.append(value)
        return found, at + 1
    if c == b'"':
        end = at + 1
        while text[end:end + 1] != b'"':
            end += 2 if text[end:end + 1] == b"\\" else 1
        return re.sub(rb"\\(.)", rb"\1", text[at + 1:end]), end + 1
    if c == b"{":
        end = text.index(b"}", at)
        size, begin = int(text[at + 1:end]), end + 3
        return text[begin:begin + size], begin + size
    found = re.compile(rb"[^ ()\"{\[]+(\[[^\]]*\](<\d+>)?)?").match(text, at)
    word = found.group()
    if word.upper() == b"NIL":
        return None, found.end()
    return int(word) if word.isdigit() else word, found.end()


# --- what must agree ---------------------------------------------------------

def leaves(structure, at=""):
    """Numbers and structures of the parts that are no multipart."""
    if isinstance(structure[0], list):
        for index, part in enumerate(structure, 1):
            if not isinstance(part, list):
                break
            yield from leaves(part, "%s%d" % (at and at + ".", index))
        return
    number = at or "1"
    yield number, structure
    if is_message(structure):
        inner = structure[8]
        # A message's only part is .1 of it.
        yield from leaves(inner, number if isinstance(inner[0], list)
                          else number + ".1")


def is_message(structure):
    return (structure[0].upper(), structure[1].upper()) == (
        b"MESSAGE", b"RFC822") and len(structure) > 9


def on_wire(message):
    """No client is shown a line end of another kind."""
    return re.sub(rb"\r\n|\r|\n", b"\r\n", message)


def whole_fault(imap, number, message, r):
    """How the answers about the whole message disagree, or None."""
    got = imap.fetch(number, "RFC822.SIZE", "BODY.PEEK[]",
                     "BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]", "ENVELOPE")
    if got["BODY[]"] != message or got["RFC822.SIZE"] != len(message):
        return "BODY[]"
    if got["BODY[HEADER]"] + got["BODY[TEXT]"] != message:
        return "HEADER and TEXT"
    if len(got["ENVELOPE"]) != 10:
        return "ENVELOPE %r" % got["ENVELOPE"]
    step = r.choice((7, 100, 4096)) if len(message) < 5000 else 8192
    pieces = b""
    for at in range(0, len(message) + step, step):
        pieces += imap.fetch(number, "BODY.PEEK[]<%d.%d>" % (at, step))[
            "BODY[]<%d>" % at]
    return None if pieces == message else "pieces"


def part_fault(imap, number, part, structure, message, after):
    """The same of a part; where it begins."""
    names = ["BODY.PEEK[%s]" % part, "BODY.PEEK[%s.MIME]" % part]
    if is_message(structure):
        names += ["BODY.PEEK[%s.HEADER]" % part, "BODY.PEEK[%s.TEXT]" % part]
    got = imap.fetch(number, *names)
    body = got["BODY[%s]" % part] or b""
    if structure[6] != len(body):
        return "size of %s: %r, %d" % (part, structure[6], len(body)), after
    lines = body.count(b"\n")
    told = structure[9] if is_message(structure) else (
        structure[7] if structure[0].upper() == b"TEXT" else None)
    # A last line without an end may count.
    if told is not None and told - lines not in (0, 1):
        return "lines of %s: %r, %d" % (part, told, lines), after
    if is_message(structure) and (
            got["BODY[%s.HEADER]" % part] + got["BODY[%s.TEXT]" % part]
            != body):
        return "HEADER and TEXT of " + part, after
    at = message.find((got["BODY[%s.MIME]" % part] or b"") + body, after)
    return (None, at) if at >= 0 else ("place of " + part, after)


def fault(imap, number, message, r):
    found = whole_fault(imap, number, message, r)
    if found:
        return found
    structure = imap.fetch(number, "BODYSTRUCTURE")["BODYSTRUCTURE"]
    after = 0
    # Of a thousand parts, some.
    for count, (part, one) in enumerate(leaves(structure)):
        if count < 60:
            found, after = part_fault(imap, number, part, one, message,
                                      after)
            if found:
                return found
    return None


def tree_fault(imap, number, root):
    """How BODYSTRUCTURE differs from what the message was made of."""
    structure = imap.fetch(number, "BODYSTRUCTURE")["BODYSTRUCTURE"]
    told = [(part, (one[0] + b"/" + one[1]).lower(), one[6])
            for part, one in leaves(structure)]
    made = [(part, leaf.kind.split(b";")[0], len(leaf.bytes()))
            for part, leaf in numbered(root)]
    if told != made:
        return "%r, not %r" % (told, made)
    for part, leaf in numbered(root):
        name = "BODY[%s]" % part
        if imap.fetch(number, "BODY.PEEK[%s]" % part)[name] != leaf.bytes():
            return "bytes of " + part
    return None


def main():
    r = random.Random(SEED)
    with Server() as server:
        imap = Imap(server)
        first = len(imap.ask(b"UID SEARCH ALL")[0].split()) - 2
        number = first
        for name, message in BAD.items():
            number += 1
            ok(imap.append(message), name + " is kept")
            same(fault(imap, number, on_wire(message), r), None,
                 name + " is of one piece")
        wrong = []
        for _ in range(GENERATED):
            number += 1
            root = tree(r, 4, b"")
            message = HEAD % b"made" + root.mime() + root.bytes()
            if not imap.append(message):
                wrong.append("refused")
            found = fault(imap, number, message, r) or tree_fault(
                imap, number, root)
            if found:
                wrong.append((found, message))
        same(wrong[:2], [], "%d messages are what they were made of"
             % GENERATED)
        imap.sock.close()
    done()


main()
