#!/usr/bin/python3
"""Scripts by ManageSieve, with sieve-connect, and what they do to mail."""
import os
import smtplib
import subprocess

from harness import Server, done, message, note, ok, same, wait_for

SCRIPT = """require ["fileinto", "mailbox", "imap4flags", "variables",
    "reject", "copy", "subaddress", "envelope"];
if header :contains "subject" "refuse" {
    reject "Not today, thank you.";
    stop;
}
if envelope :detail "to" "lists" {
    fileinto :create "Lists/all";
} elsif header :matches "subject" "[*] *" {
    addflag "$sorted \\\\Flagged";
    fileinto :create "${1}";
} elsif header :is "subject" "both" {
    fileinto :copy "Archive";
} elsif header :is "subject" "away" {
    discard;
}
"""


class Client:
    def __init__(self, server):
        self.server = server

    def run(self, *words):
        """sieve-connect; exit code and what it said."""
        server = self.server
        user, password = server.login(1)
        reader, writer = os.pipe()
        os.write(writer, password.encode() + b"\n")
        os.close(writer)
        try:
            made = subprocess.run(
                ["sieve-connect", "--server", server.ip, "--4", "--port",
                 str(server.ports["sieve"]), "--user", user, "--authmech",
                 "PLAIN", "--tlscafile", server.info["ca"],
                 "--tlshostname", server.host, "--passwordfd", str(reader),
                 *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, pass_fds=[reader], timeout=60,
                check=False)
        finally:
            os.close(reader)
        return made.returncode, made.stdout.decode("utf-8", "replace")


def keeps(server):
    """A real client keeps a script and makes it active."""
    client = Client(server)
    path = os.path.join(server.folder, "sort.sieve")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SCRIPT)
    code, text = client.run("--localsieve", path, "--remotesieve", "sort",
                            "--upload")
    if not ok(code == 0, "sieve-connect uploads a script", text):
        note(server.log()[-2000:])
    code, text = client.run("--remotesieve", "sort", "--activate")
    ok(code == 0, "makes it active", text)
    code, text = client.run("--list")
    ok(code == 0 and "sort" in text and "ACTIVE" in text, "lists it", text)
    back = os.path.join(server.folder, "back.sieve")
    code, text = client.run("--remotesieve", "sort", "--localsieve", back,
                            "--download")
    ok(code == 0, "downloads it", text)
    with open(back, encoding="utf-8", newline="") as file:
        same(file.read().replace("\r\n", "\n"), SCRIPT, "as it was")
    with open(path, "w", encoding="utf-8") as file:
        file.write("keep;\nfileit \"x\";\n")
    code, text = client.run("--localsieve", path, "--remotesieve", "bad",
                            "--upload")
    ok("line 2" in text and "fileit" in text, "a fault is told by its line",
       text)


def send(server, subject, to="user01@posthaste.test"):
    with server.smtp() as client:
        try:
            client.sendmail("s@far.example", [to],
                            message(subject, "Hello.\r\n", "s@far.example",
                                    to))
        except smtplib.SMTPResponseException as refused:
            return refused.smtp_code, refused.smtp_error.decode()
    return None


def holds(server, box, subject):
    """The flags of the messages of that subject in a mailbox."""
    with server.imap(1) as client:
        code, _ = client.select('"%s"' % box, readonly=True)
        if code != "OK":
            return []
        _, found = client.search(None, "SUBJECT", '"%s"' % subject)
        flags = []
        for number in found[0].split():
            _, parts = client.fetch(number, "(FLAGS)")
            flags.append(parts[0].decode())
        return flags


def sorts(server):
    same(send(server, "plain"), None, "mail is taken")
    ok(wait_for(lambda: holds(server, "INBOX", "plain"), 60),
       "the implicit keep")
    send(server, "[work] a plan")
    found = wait_for(lambda: holds(server, "work", "a plan"), 60)
    if ok(found, "filed where the subject says, in a new mailbox"):
        ok("$sorted" in found[0] and "\\Flagged" in found[0], "with flags",
           found)
    same(holds(server, "INBOX", "a plan"), [], "and not in INBOX")
    send(server, "to a list", "user01+lists@posthaste.test")
    ok(wait_for(lambda: holds(server, "Lists/all", "to a list"), 60),
       "by its detail")
    send(server, "both")
    ok(wait_for(lambda: holds(server, "Archive", "both") and
                holds(server, "INBOX", "both"), 60), "a copy")
    send(server, "away")
    code, why = send(server, "refuse me") or (0, "")
    ok(code == 550 and "Not today, thank you." in why,
       "refused before it was taken", why)
    for box in ("INBOX", "Archive", "work"):
        same(holds(server, box, "away"), [], "nothing discarded in " + box)


def main():
    server = Server(users=1)
    with server:
        keeps(server)
        sorts(server)
    done()


main()
