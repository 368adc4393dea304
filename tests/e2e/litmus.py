#!/usr/bin/python3
"""litmus, the WebDAV conformance suite, over a person's files."""
import os
import re
import subprocess

from harness import Server, done, note, ok, same

SUITES = ("basic", "copymove", "props", "http")
LINE = re.compile(r"^ *\d+\. (\S+?)\.* (pass|FAIL|SKIPPED|WARNING)\b", re.M)
SUMMARY = re.compile(r"summary for `(\w+)': of (\d+) tests run: (\d+) passed,"
                     r" (\d+) failed")


def litmus(server):
    """All that the suites say.  They leave a debug.log where they run."""
    user, password = server.login()
    # As a proxy speaks to us: with TLS, litmus leaves a test out.
    url = "http://%s:%d/SOGo/dav/%s/Files/" % (
        server.ip, server.ports["proxy"], user)
    env = dict(os.environ, TESTS=" ".join(SUITES))
    result = subprocess.run(
        ["litmus", "-k", url, user, password], env=env, cwd=server.folder,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=300, check=False)
    # Progress is written over itself by carriage returns.
    return result.stdout.decode("utf-8", "replace").replace("\r", "\n")


def main():
    with Server() as server:
        text = litmus(server)
        note(text)
        verdicts = LINE.findall(text)
        for name, verdict in verdicts:
            if verdict not in ("pass", "WARNING"):
                ok(False, "%s: %s" % (name, verdict))
        ok(len(verdicts) > 0, "litmus says something")
        summaries = {name: (int(run), int(passed), int(failed))
                     for name, run, passed, failed in SUMMARY.findall(text)}
        same(sorted(summaries), sorted(SUITES), "every suite has run")
        for name, (run, passed, failed) in sorted(summaries.items()):
            ok(run > 0 and passed == run and failed == 0,
               "%s: %d of %d pass" % (name, passed, run))
        ok("skip" not in text.lower(), "none is skipped")
    done()


main()
