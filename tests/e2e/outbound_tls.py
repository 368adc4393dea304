#!/usr/bin/python3
"""The way to other servers made safe: DANE (RFC 7672), MTA-STS (RFC 8461),
REQUIRETLS (RFC 8689)."""
import contextlib
import email
import json
import os
import shutil
import sqlite3

from harness import Server, done, message, ok, run, same, skip, wait_for
from mx import (DNS, HTTPS, SMTP, Authority, Peer, Policies, Zones, address,
                can_sign)

GOOD, CLEAR, WEB, NAMES = (address(n) for n in range(4))
STS = "version: STSv1\r\nmode: %s\r\nmx: %s\r\nmax_age: 86400\r\n"


def signed_zone(ca):
    """Domain and server by what is wrong with them."""
    wrong = "3 1 1 " + "00" * 32
    rows = (("ok", GOOD, ca.tlsa("self")),
            ("ta", GOOD, ca.tlsa("ca", 2, 0)),
            ("tabad", GOOD, ca.tlsa("ca", 2, 0)),
            ("bad", GOOD, wrong),
            ("two", GOOD, wrong + "\n_%d._tcp.mx-two IN TLSA %s" %
             (SMTP, ca.tlsa("self"))),
            ("strip", CLEAR, ca.tlsa("self")),
            ("unusable", GOOD, "1 1 1 " + "00" * 32),
            ("unclear", CLEAR, "0 0 1 " + "00" * 32))
    text = ""
    for name, ip, data in rows:
        text += ("%s IN MX 10 mx-%s\nmx-%s IN A %s\n_%d._tcp.mx-%s IN TLSA "
                 "%s\n" % (name, name, name, ip, SMTP, name, data))
    # Without records of its own a signed domain is as any other.
    text += "none IN MX 10 mx-none\nmx-none IN A %s\n" % CLEAR
    return text + ("back IN MX 10 mx-bad\nback IN MX 20 mx-ok\n"
                   "alias IN MX 10 mx-alias\nmx-alias IN CNAME mx-ok\n")


def open_zone():
    text = "elsewhere IN A 192.0.2.1\n"
    for name, host, ip in (("sts", "mx.sts", GOOD),
                           ("cert", "mx.cert", GOOD),
                           ("other", "mx.elsewhere", GOOD),
                           ("strip", "mx.strip", CLEAR),
                           ("testing", "mx.testing", GOOD),
                           ("gone", "mx.gone", GOOD)):
        text += ("%s IN MX 10 %s\n%s IN A %s\nmta-sts.%s IN A %s\n"
                 "_mta-sts.%s IN TXT \"v=STSv1; id=1;\"\n" %
                 (name, host, host, ip, name, WEB, name))
    return text + ("_smtp._tls.sts IN TXT \"v=TLSRPTv1;"
                   "rua=mailto:reports@none.signed.example\"\n")


def policies(domain):
    named = {"sts": ("enforce", "*.sts." + domain),
             "cert": ("enforce", "mx.cert." + domain),
             "other": ("enforce", "mx.other." + domain),
             "strip": ("enforce", "mx.strip." + domain),
             "testing": ("testing", "mx.testing." + domain)}
    return {"mta-sts.%s.%s" % (name, domain): STS % value
            for name, value in named.items()}


class World:
    def __init__(self, folder):
        ca = Authority(folder)
        hosts = ["mta-sts.%s.sts.example" % name for name in
                 ("sts", "cert", "other", "strip", "testing", "gone")]
        self.ca = ca
        self_signed = ca.certificate("self", "whatever.example", signed=False)
        named = {"": self_signed}
        for name in ("sts", "other"):
            host = {"sts": "mx.sts", "other": "mx.elsewhere"}[name]
            named[host + ".sts.example"] = ca.certificate(
                name, host + ".sts.example")
        named["mx-ta.signed.example"] = ca.certificate(
            "ta", "mx-ta.signed.example")
        named["mx-tabad.signed.example"] = ca.certificate(
            "tabad", "another.example")
        self.good = Peer(GOOD, named)
        self.clear = Peer(CLEAR)
        self.web = Policies(WEB, ca.certificate("web", *hosts),
                            policies("sts.example"))
        self.zones = Zones(NAMES, {"signed.example": signed_zone(ca),
                                   "sts.example": open_zone()},
                           signed=("signed.example",))

    def close(self):
        for one in (self.good, self.clear, self.web, self.zones):
            one.close()

    def to(self, recipient):
        return self.good.to(recipient) + self.clear.to(recipient)


def submit(server, *to, options=()):
    with server.submission() as client:
        client.sendmail(server.address, list(to),
                        message("safe", sender=server.address, to=to[0]),
                        mail_options=list(options))


def why(server, recipient):
    """What the queue says of somebody, after an attempt."""
    def look():
        _, text = run([server.binary, "queue", "list", "--data",
                       server.data], env=server.env)
        for line in text.splitlines():
            if recipient in line and "last: " in line:
                return line
        return None
    return wait_for(look, 60, 0.3)


def taken(world, recipient, tls, name):
    got = wait_for(lambda: world.to(recipient), 60)
    if ok(got, name):
        same(got[0][2], tls, name + (": by TLS" if tls else ": in clear"))


def refused(server, world, recipient, words, name):
    line = why(server, recipient)
    ok(line and words in line, name, line)
    ok(not world.to(recipient), name + ": and not sent")


def dane(server, world):
    names = ("ok", "ta", "two", "unusable", "back", "alias", "none", "bad",
             "tabad", "strip", "unclear")
    for name in names:
        submit(server, "a@%s.signed.example" % name)
    for name, tls, text in (
            ("ok", True, "a key that TLSA names"),
            ("ta", True, "an authority that TLSA names"),
            ("two", True, "one TLSA of two fits"),
            ("unusable", True, "a TLSA that nobody can use asks for TLS"),
            ("back", True, "the next MX, when the first has a bad TLSA"),
            ("alias", True, "a server by CNAME: records of its real name"),
            ("none", False, "a signed domain without TLSA")):
        taken(world, "a@%s.signed.example" % name, tls, "DANE: " + text)
    for name, words in (("bad", "no TLSA record names its certificate"),
                        ("tabad", "its certificate is for another name"),
                        ("strip", "does not offer STARTTLS"),
                        ("unclear", "does not offer STARTTLS")):
        refused(server, world, "a@%s.signed.example" % name, words,
                "DANE, %s: put off" % name)


def sts(server, world):
    for name in ("sts", "testing", "gone", "cert", "other", "strip"):
        submit(server, "a@%s.sts.example" % name)
    taken(world, "a@sts.sts.example", True, "MTA-STS: a good certificate")
    taken(world, "a@testing.sts.example", True,
          "MTA-STS testing: a bad certificate")
    taken(world, "a@gone.sts.example", True, "MTA-STS: no policy there")
    for name, words in (("cert", "its certificate is self-signed"),
                        ("other", "does not name this server"),
                        ("strip", "does not offer STARTTLS")):
        refused(server, world, "a@%s.sts.example" % name, words,
                "MTA-STS, %s: put off" % name)
    asked = world.web.asked.count("mta-sts.sts.sts.example")
    submit(server, "b@sts.sts.example")
    taken(world, "b@sts.sts.example", True, "MTA-STS: a second mail")
    same(world.web.asked.count("mta-sts.sts.sts.example"), asked,
         "the policy is remembered")


def remembered(server, world):
    """After a restart, and without the domain's web server."""
    server.stop()
    world.web.close()
    seen = sessions(server)
    ok(("sts.sts.example", "sts", "successful", 2) in seen and
       ("cert.sts.example", "sts", "certificate-not-trusted", 1) in seen and
       ("bad.signed.example", "tlsa", "validation-failure", 1) in seen and
       ("strip.sts.example", "sts", "starttls-not-supported", 1) in seen,
       "what was seen is counted", seen)
    server.start()
    submit(server, "c@cert.sts.example", "c@sts.sts.example")
    taken(world, "c@sts.sts.example", True, "the policy is kept on disk")
    refused(server, world, "c@cert.sts.example",
            "its certificate is self-signed", "and still enforced")


def sessions(server):
    """What was counted (RFC 8460); and then it is three days ago."""
    with contextlib.closing(sqlite3.connect(os.path.join(
            server.data, "house", "posthaste.db"))) as house:
        rows = house.execute("SELECT domain, policy, outcome, count"
                             " FROM tls_session").fetchall()
        house.execute("UPDATE tls_session SET day = day - 3")
        house.commit()
    return rows


def reported(world):
    """To who asks for it, and nobody else."""
    got = wait_for(lambda: world.to("reports@none.signed.example"), 60)
    if not ok(got, "a report is sent"):
        return
    parts = [part for part in email.message_from_bytes(got[0][3]).walk()
             if part.get_content_type() == "application/tlsrpt+json"]
    report = json.loads(parts[0].get_payload())
    policy = report["policies"][0]
    same((len(got), policy["policy"]["policy-domain"],
          policy["policy"]["policy-type"],
          policy["summary"]["total-successful-session-count"]),
         (1, "sts.sts.example", "sts", 2), "with what was counted")


def main():
    if not can_sign():
        skip("safe ways", "nsd and dnssec-signzone are not installed")
        done()
    server = Server()
    server.init()
    world = World(server.folder)
    # The roles may read there.
    anchor = os.path.join(server.data, "run", "ca.pem")
    os.makedirs(os.path.dirname(anchor), exist_ok=True)
    shutil.copy(world.ca.ca, anchor)
    os.chmod(anchor, 0o644)
    server.env["SSL_CERT_FILE"] = anchor
    server.configure({
        "resolver": "%s@%d" % (NAMES, DNS), "remote-smtp-port": str(SMTP),
        "remote-https-port": str(HTTPS),
        "trust-anchor": '"%s"' % world.zones.anchors["signed.example"]})
    try:
        server.start()
        dane(server, world)
        sts(server, world)
        remembered(server, world)
        reported(world)
    finally:
        server.close()
        world.close()
    done()


main()
