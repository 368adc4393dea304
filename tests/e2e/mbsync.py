#!/usr/bin/python3
"""mbsync pulls 1,000 messages, pushes 1,000, and carries flags and removals
both ways."""
import glob
import hashlib
import os
import shutil
import ssl

from harness import Server, done, message, ok, run, same, skip

COUNT = 1000
CONFIG = """FSync no

IMAPAccount server
Host {ip}
Port {port}
User {user}
PassCmd "cat {base}/secret"
SSLType IMAPS
CertificateFile {base}/certificate
AuthMechs PLAIN
PipelineDepth 50

IMAPStore far
Account server

MaildirStore near
Path {base}/mail/
Inbox {base}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX Pull Push
Create Both
Expunge Both
SyncState *
"""


class Mbsync:
    def __init__(self, server, name):
        self.base = os.path.join(server.folder, name)
        os.makedirs(self.base + "/mail")
        user, password = server.login()
        with open(self.base + "/secret", "w", encoding="utf-8") as file:
            file.write(password + "\n")
        with open(self.base + "/config", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(ip=server.ip, base=self.base, user=user,
                                     port=server.ports["imaps"]))
        # mbsync checks names and never addresses, except for a certificate
        # that it was given itself.
        with open(self.base + "/certificate", "w", encoding="ascii") as file:
            file.write(ssl.get_server_certificate(
                (server.ip, server.ports["imaps"])))

    def sync(self, what):
        code, text = run(["mbsync", "-c", self.base + "/config", "-a"],
                         timeout=240)
        return ok(code == 0, what, text[-2000:])

    def folder(self, box):
        path = os.path.join(self.base, "mail", box)
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(path, part), exist_ok=True)
        return path

    def files(self, box):
        path = os.path.join(self.base, "mail", box)
        return glob.glob(path + "/cur/*") + glob.glob(path + "/new/*")

    def digests(self, box):
        """Of all messages, without what mbsync adds."""
        found = set()
        for path in self.files(box):
            with open(path, "rb") as file:
                found.add(digest(file.read()))
        return found


def digest(data):
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    kept = [line for line in lines if not line.startswith(b"X-TUID:")]
    return hashlib.sha256(b"\n".join(kept)).hexdigest()


def letters(word):
    return [message("%s %d" % (word, number),
                    "Line\r\n" * (1 + number * 7 % 200))
            for number in range(COUNT)]


def fill(server, box, messages):
    """By IMAP APPEND, as another program would."""
    with server.imap() as client:
        client.create(box)
        for data in messages:
            kind, text = client.append(box, None, None, data)
            if kind != "OK":
                return ok(False, "APPEND", text)
    return ok(True, "%d messages on the server" % len(messages))


def flags(server, box):
    """(seen, flagged, all) as the server counts them."""
    with server.imap() as client:
        client.select(box, readonly=True)
        return tuple(len(client.search(None, key)[1][0].split())
                     for key in ("SEEN", "FLAGGED", "ALL"))


def with_flags(path, letter):
    name = os.path.basename(path).split(":2,")
    name = name[0] + ":2," + "".join(
        sorted(set((name[1] if len(name) > 1 else "") + letter)))
    target = os.path.join(os.path.dirname(os.path.dirname(path)), "cur", name)
    os.rename(path, target)


def pull(server, near):
    sent = letters("pull")
    fill(server, "Pull", sent)
    near.sync("pull")
    same(near.digests("Pull"), {digest(data) for data in sent},
         "%d came, byte for byte" % COUNT)


def push(server, near):
    folder = near.folder("Push")
    sent = letters("push")
    for number, data in enumerate(sent):
        with open("%s/new/%d.test.host" % (folder, number), "wb") as file:
            file.write(data.replace(b"\r\n", b"\n"))
    near.sync("push")
    same(flags(server, "Push")[2], COUNT, "%d are on the server" % COUNT)
    other = Mbsync(server, "other")
    other.sync("a second computer pulls them")
    same(other.digests("Push"), {digest(data) for data in sent},
         "byte for byte")
    near.sync("nothing is left to do")
    same(len(near.files("Push")), COUNT, "and nothing doubles")


def change(server, near):
    files = sorted(near.files("Push"))
    for path in files[:100]:
        with_flags(path, "S")
    for path in files[100:150]:
        with_flags(path, "F")
    for path in files[150:200]:
        with_flags(path, "T")
    near.sync("flags and removals go up")
    same(flags(server, "Push"), (100, 50, COUNT - 50),
         "100 seen, 50 flagged, 50 gone")
    with server.imap() as client:
        client.select("Push")
        client.store("1:300", "+FLAGS", "\\Answered")
        client.store("301:310", "+FLAGS", "\\Deleted")
        client.expunge()
    near.sync("flags and removals come down")
    files = near.files("Push")
    same(len(files), COUNT - 60, "10 more are gone")
    same(sum("R" in os.path.basename(path).split(":2,")[-1]
             for path in files if ":2," in path), 300, "300 answered")


def main():
    if shutil.which("mbsync") is None:
        skip("mbsync", "not installed")
        done()
    with Server() as server:
        near = Mbsync(server, "near")
        pull(server, near)
        push(server, near)
        change(server, near)
    done()


main()
