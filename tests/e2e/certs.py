#!/usr/bin/python3
"""Certificates: which names lack one, ACME challenges, and a renewal by the
hook with a stand-in for uacme that calls it as uacme(1) says."""
import hashlib
import json
import os
import ssl
import stat
import subprocess
import sys

from harness import TREE, Server, done, ok, run, same, wait_for

ACME = os.path.join(TREE, "davd", "package", "posthaste-acme")
# PACC has no words for the ports of a test server: no ua-auto-config.
DUE = ["autoconfig", "autodiscover", "mta-sts"]

# Its first argument is the hook's trick: what it would do with an authority.
UACME = r'''#!%(python)s
import http.client, os, subprocess, sys
assert sys.argv[1] == "-c" and sys.argv[3] == "-h", sys.argv
confdir, hook, words = sys.argv[2], sys.argv[4], sys.argv[5:]
assert words[0] == "issue", words
names = words[1:]
for number, name in enumerate(names):
    token, auth = "tok-en_%%d" %% number, "tok-en_%%d.thumb" %% number
    assert subprocess.call([hook, "begin", "dns-01", name, token, "x"]) == 1
    assert subprocess.call([hook, "begin", "http-01", name, token, auth]) == 0
    line = http.client.HTTPConnection("%(ip)s", %(port)d, timeout=60)
    line.request("GET", "/.well-known/acme-challenge/" + token,
                 headers={"Host": name})
    answer = line.getresponse()
    assert (answer.status, answer.read()) == (200, auth.encode()), name
    line.close()
    assert subprocess.call([hook, "done", "http-01", name, token, auth]) == 0
sys.exit(subprocess.call(
    [sys.executable, "%(maker)s", "make", "%(ca)s", confdir] + names))
'''


def make(ca, confdir, names, days=90):
    """What an authority would give, laid down as uacme does."""
    folder = os.path.join(confdir, names[0])
    private = os.path.join(confdir, "private", names[0])
    for path in folder, private:
        os.makedirs(path, exist_ok=True)
    key = os.path.join(private, "key.pem")
    chain = os.path.join(folder, "cert.pem")
    extension = os.path.join(folder, "extension")
    with open(extension, "w", encoding="ascii") as file:
        file.write("subjectAltName=" +
                   ",".join("DNS:" + name for name in names) +
                   "\nextendedKeyUsage=serverAuth\n")
    for words in (
            ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", key, "-out", chain + ".csr", "-subj",
             "/CN=" + names[0]],
            ["x509", "-req", "-in", chain + ".csr", "-CA", ca, "-CAkey",
             os.path.join(os.path.dirname(ca), "ca.key"), "-out", chain,
             "-days", str(days), "-extfile", extension,
             "-set_serial", str(int.from_bytes(os.urandom(8), "big"))]):
        subprocess.run(["openssl"] + words, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return chain, key


class Site:
    """The server, and the commands about its certificates."""

    def __init__(self, server):
        self.server = server
        self.env = dict(server.env, SSL_CERT_FILE=server.info["ca"],
                        POSTHASTE=server.binary,
                        POSTHASTE_DATA=server.data)

    def posthaste(self, *words):
        process = subprocess.run(
            [self.server.binary, *words, "--data", self.server.data],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            env=self.env, timeout=120)
        said = process.stderr.decode()
        ok("Sanitizer" not in said, " ".join(words), said)
        return process.returncode, process.stdout.decode()

    def states(self):
        """The state of each name, and whether all was well."""
        code, text = self.posthaste("cert", "status", "--json")
        return code, {row["name"]: row["state"]
                      for row in json.loads(text)["names"]}

    def shown(self, name):
        """What the server shows for a name, in DER."""
        context = self.server.trust()
        context.check_hostname = False
        with context.wrap_socket(self.server.raw("https"),
                                 server_hostname=name) as sock:
            return sock.getpeercert(True)


def challenges(server):
    """What is in <data>/acme, by plain HTTP and by all other ways in."""
    folder = os.path.join(server.data, "acme")
    prefix = "/.well-known/acme-challenge/"
    long = "a" * 128
    for name, text in (("Tok-en_1", b"Tok-en_1.thumb"), (long, b"x"),
                       (long + "a", b"no"), ("large", b"x" * 1025),
                       ("full", b"x" * 1024), (".hidden", b"no")):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(text)
    for service in "http", "https", "proxy":
        status, head, body = server.http("GET", prefix + "Tok-en_1",
                                         service=service)
        same((status, body), (200, b"Tok-en_1.thumb"), "over " + service)
        same(head["Cache-Control"], "no-store", "not kept")
    status, _, body = server.http("HEAD", prefix + "Tok-en_1", service="http")
    same((status, body), (200, b""), "HEAD")
    same(server.http("POST", prefix + "Tok-en_1", service="http")[0], 405,
         "POST")
    same(server.http("GET", prefix + long, service="http")[0], 200,
         "the longest token")
    same(server.http("GET", prefix + "full", service="http")[0], 200,
         "the longest answer")
    nothing = server.http("GET", prefix + "unknown", service="http")
    same(nothing[0], 404, "another token")
    for path in ("", ".", "..", ".hidden", "large", long + "a",
                 "../posthaste.conf", "..%2Fposthaste.conf",
                 "%2e%2e/posthaste.conf", "Tok-en_1/", "Tok-en_1%00",
                 "Tok-en_1.", "%2Fetc%2Fpasswd", "a%0ab"):
        status, _, body = server.http("GET", prefix + path, service="http")
        ok(status in (400, 404) and body in (nothing[2], body)
           and b"hostname" not in body and b"root:" not in body,
           "nothing at " + path[:30], (status, body))


def hook(site):
    """By hand, as uacme would."""
    server = site.server
    path = "/.well-known/acme-challenge/hand"

    def call(*words):
        return run([ACME, *words], env=site.env)[0]

    same(call("begin", "http-01", "a.test", "hand", "hand.thumb"), 0, "begin")
    same(server.http("GET", path, service="http")[2], b"hand.thumb",
         "is answered")
    same(call("done", "http-01", "a.test", "hand", "hand.thumb"), 0, "done")
    same(server.http("GET", path, service="http")[0], 404, "is over")
    same(call("failed", "http-01", "a.test", "hand", "hand.thumb"), 0,
         "failed")
    same(call("begin", "dns-01", "a.test", "hand", "x"), 1, "not by DNS")
    for token in "../x", "a/b", "", ".x", "a b":
        same(call("begin", "http-01", "a.test", token, "x"), 2,
             "no token: " + token)
    same(call("begin", "http-01"), 2, "too few words")
    same(call("help"), 2, "another word")


def coverage(site):
    code, states = site.states()
    same(code, 0, "all names have a certificate")
    same(states.get("mail.posthaste.test"), "ok", "the mail host")
    same(site.posthaste("domain", "add", "second.test")[0], 0, "one more")
    code, states = site.states()
    same(code, 1, "not all any more")
    same(sorted(name for name, state in states.items() if state == "missing"),
         sorted(name + ".second.test" for name in DUE) + ["second.test"],
         "those of the new domain")
    text = site.posthaste("check")[1]
    ok("autoconfig.second.test" in text, "check warns of them", text)
    same(site.posthaste("cert", "names", "--due")[1].splitlines(),
         ["autoconfig.second.test autodiscover.second.test "
          "mta-sts.second.test", "second.test"],
         "what to ask for")
    same(site.posthaste("cert", "names", "--due", "--reachable", "--resolve",
                        "127.0.0.2")[1], "", "nothing leads here")
    same(len(site.posthaste("cert", "names", "--due", "--reachable",
                            "--resolve", site.server.ip)[1].splitlines()), 2,
         "now it does")


def renew(site, confdir):
    server = site.server
    stand_in = os.path.join(server.folder, "uacme")
    with open(stand_in, "w", encoding="utf-8") as file:
        file.write(UACME % {
            "python": sys.executable, "ip": server.ip,
            "port": server.ports["http"], "maker": os.path.abspath(__file__),
            "ca": server.info["ca"]})
    os.chmod(stand_in, 0o755)
    site.env.update(UACME=stand_in, UACME_CONFDIR=confdir)
    before = site.shown("second.test")
    code, text = run([ACME, "renew", "--resolve", server.ip], env=site.env)
    same(code, 0, "renewed" + text)
    ok(wait_for(lambda: site.shown("second.test") != before, 60),
       "the server shows the new one")
    same(ssl.PEM_cert_to_DER_cert(
        open(os.path.join(confdir, "autoconfig.second.test", "cert.pem"),
             encoding="ascii").read()), site.shown("mta-sts.second.test"),
        "for its other names too")
    path = os.path.join(server.data, "tls", "second.test.pem")
    same(stat.S_IMODE(os.stat(path).st_mode), 0o600, "for its owner alone")
    code, states = site.states()
    same((code, set(states.values())), (0, {"ok"}), "nothing is missing")
    code, text = run([ACME, "renew", "--resolve", server.ip],
                     env=dict(site.env, UACME="/nonexistent"))
    same((code, text), (0, ""), "nothing is due")
    same([name for name in os.listdir(os.path.join(server.data, "acme"))
          if name.startswith(("tok", "."))], [".hidden"], "no token is left")


def refusals(site, confdir):
    server = site.server
    folder = os.path.join(server.data, "tls")
    chain, key = make(server.info["ca"], confdir, ["other.test"])
    wrong = make(server.info["ca"], confdir, ["wrong.test"])[1]
    ended, ended_key = make(server.info["ca"], confdir, ["ended.test"], -1)
    files = sorted(os.listdir(folder))
    digest = hashlib.sha256(open(os.path.join(folder, "second.test.pem"),
                                 "rb").read()).digest()
    for name, one, other, what in (
            ("other.test", chain, wrong, "the key of another"),
            ("second.test", chain, key, "another name"),
            ("ended.test", ended, ended_key, "one that has ended"),
            ("other.test", key, key, "a key alone"),
            ("other.test", chain, chain, "no key"),
            ("other.test", "/nonexistent", key, "no file"),
            ("../other.test", chain, key, "a path")):
        same(site.posthaste("cert", "install", name, one, other)[0], 1,
             "refused: " + what)
    same(sorted(os.listdir(folder)), files, "nothing is left behind")
    same(hashlib.sha256(open(os.path.join(folder, "second.test.pem"),
                             "rb").read()).digest(), digest, "the old stays")
    with open(os.path.join(folder, "broken.pem"), "w",
              encoding="ascii") as file:
        file.write("-----BEGIN CERTIFICATE-----\n")
    code, text = site.posthaste("cert", "status", "--json")
    same([row["file"] for row in json.loads(text)["unusable"]],
         ["broken.pem"], "a file that nobody can use")


def main():
    if sys.argv[1:2] == ["make"]:
        make(sys.argv[2], sys.argv[3], sys.argv[4:])
        return
    with Server() as server:
        site = Site(server)
        confdir = os.path.join(server.folder, "uacme.d")
        challenges(server)
        hook(site)
        coverage(site)
        renew(site, confdir)
        refusals(site, confdir)
    done()


if __name__ == "__main__":
    main()
