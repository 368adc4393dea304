#!/usr/bin/python3
"""The DNS plan in real name servers, and the check of what they say."""
import json
import os
import queue
import re
import shutil
import socket
import tempfile
from concurrent import futures

from dns_house import (DOMAIN, IPS, PID, PORT, PROGRAMS, House, Lane,
                       NameServer, head, lines_of)
from harness import done, ok, run, same, skip

# Beside the zone itself, on the server that is asked as a resolver.
PARENT = """$ORIGIN test.
$TTL 3600
@ IN SOA ns hostmaster 1 3600 600 86400 300
@ IN NS ns
ns IN A %s
example IN NS ns1.example
example IN DS 1 8 2 %s
ns1.example IN A %s
"""
CORE = 11
LANES = 4


def checkers(zone, domain, what):
    """Every program that loads zones loads this one."""
    with tempfile.NamedTemporaryFile("w", suffix=".zone") as file:
        file.write(zone)
        file.flush()
        for program in (["named-checkzone", domain, file.name],
                        ["nsd-checkzone", domain, file.name],
                        ["kzonecheck", "-o", domain, file.name]):
            if shutil.which(program[0]) is None:
                skip("%s: %s" % (program[0], what), "not installed")
                continue
            code, text = run(program)
            ok(code == 0, "%s loads %s" % (program[0], what), text)


def form(house):
    zone = house.plan()
    lines = lines_of(zone)
    text = zone.splitlines()
    same(text[:2], ["$ORIGIN %s." % DOMAIN, "$TTL 3600"], "it begins so")
    core = lines_of(zone.split("; recommended")[0])
    same(len(core), CORE, "eleven core lines")
    ok(all(line == line.rstrip() and "(" not in line for line in text),
       "one record a line, nothing at its end", zone)
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', zone)
    ok(max(map(len, strings)) == 255, "long text is cut at 255 octets")
    same([line.split()[:3] for line in core],
         [["@", "IN", "MX"], ["autoconfig", "IN", "CNAME"],
          ["autodiscover", "IN", "CNAME"],
          ["_autodiscover._tcp", "IN", "SRV"], ["@", "IN", "TXT"],
          [core[5].split()[0], "IN", "TXT"], ["_dmarc", "IN", "TXT"],
          ["_caldavs._tcp", "IN", "SRV"], ["_caldavs._tcp", "IN", "TXT"],
          ["_carddavs._tcp", "IN", "SRV"],
          ["_carddavs._tcp", "IN", "TXT"]], "the core")
    ok(re.fullmatch(r"p\d{4}a\._domainkey", core[5].split()[0]),
       "the DKIM key's name", core[5])
    ok("_sieve._tcp         IN SRV   0 1 4190 mail" in zone,
       "filters are edited at their port", zone)
    ok("_jmap._tcp          IN SRV   0 0 0 ." in zone,
       "what is off is said", zone)
    ok(re.search(r'_ua-auto-config +IN TXT +"v=UAAC1; a=sha256; d=', zone),
       "the digest of PACC", zone)
    checkers(head() + zone, DOMAIN, "the plan")
    same(house.plan(), zone, "the same plan again")

    rows = json.loads(house.plan("--format", "json"))
    same(len(rows), len(lines), "JSON has them all")
    same(sum(row["core"] for row in rows), CORE, "and says which are core")
    csv = house.plan("--format", "csv").splitlines()
    same(csv[0], "name;type;ttl;priority;weight;port;value", "CSV's head")
    same(len(csv), len(lines) + 1, "CSV has them all")
    same(csv[1], DOMAIN + ';MX;3600;10;;;"mail.%s"' % DOMAIN, "CSV's MX")
    same(csv[4], '_autodiscover._tcp.%s;SRV;3600;0;1;443;"mail.%s"' %
         (DOMAIN, DOMAIN), "CSV's SRV")
    code, text = house.call("dns", "plan", DOMAIN, "--format", "odd")
    same(code, 2, "an unknown format is refused")
    code, text = house.call("dns", "plan", "strange.test")
    ok(code == 1 and "domain add" in text, "only hosted domains", text)
    key = [name for name in os.listdir(os.path.join(house.data, "keys"))
           if name.startswith(DOMAIN)][0]
    same(os.stat(os.path.join(house.data, "keys", key)).st_mode & 0o777,
         0o600, "nobody else reads the private key")
    return zone


def other_hosts(house, folder):
    """The server in another domain, and as the domain itself."""
    house.call("domain", "add", "customer.test")
    zone = house.plan(domain="customer.test")
    ok("autoconfig          IN CNAME mail.%s.\n" % DOMAIN in zone,
       "another domain's name in full", zone)
    checkers(head("customer.test") + zone, "customer.test",
             "a customer's plan")
    apex = House(os.path.join(folder, "apex"), DOMAIN)
    apex.turn_off("sieve")
    zone = apex.plan()
    ok("_sieve._tcp         IN SRV   0 0 0 ." in zone,
       "a service that is switched off", zone)
    ok("@                   IN MX    10 %s.\n" % DOMAIN in zone,
       "the domain itself is the server", zone)
    checkers(head() + "@ IN A 192.0.2.1\n" + zone, DOMAIN,
             "that server's plan")


# --- states -----------------------------------------------------------------

def spf(text):
    return '@ IN TXT "v=spf1 %s"' % text


SPF = r"^@ .*v=spf1.*\n"
DMARC = r"^_dmarc .*\n"
MX = r"^@ .*IN MX.*\n"
AUTOCONFIG = r"^autoconfig .*\n"
PATH = r"^_caldavs\._tcp .*path=.*\n"
CALDAVS = r"^_caldavs\._tcp .*IN SRV.*\n"
DKIM = r"^\S+_domainkey .*\n"
STS = r"^_mta-sts .*\n"
PACC = r"^_ua-auto-config .*\n"
SMALL = ("MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL8eJ5AKoIsjURpcEoGubZMxLD7+kT+TLr"
         "7UkvEtFrRhDDKMtuIIq19FrL4pUIMymPMSLBn3hJLe30Dw48GQM4UCAwEAAQ==")
# The state, the row (name, type), what goes, what comes instead.
STATES = [
    ("missing", "_dmarc", "TXT", DMARC, []),
    ("missing", "autoconfig", "CNAME", AUTOCONFIG, []),
    ("missing", "", "MX", MX, []),
    ("missing", "", "TXT", SPF, []),
    ("missing", "_caldavs._tcp", "SRV", CALDAVS, []),
    ("wrong", "", "MX", MX, ["@ IN MX 10 elsewhere"]),
    ("wrong", "", "MX", MX, ["@ IN MX 0 ."]),
    ("wrong", "autoconfig", "CNAME", AUTOCONFIG,
     ["autoconfig IN CNAME elsewhere"]),
    ("wrong", "autoconfig", "CNAME", AUTOCONFIG,
     ["autoconfig IN A 192.0.2.1"]),
    ("wrong", "_caldavs._tcp", "SRV", CALDAVS,
     ["_caldavs._tcp IN SRV 0 1 8443 mail"]),
    ("wrong", "_caldavs._tcp", "SRV", CALDAVS,
     ["_caldavs._tcp IN SRV 0 0 0 ."]),
    ("wrong", "_sieve._tcp", "SRV", r"^_sieve.*\n",
     ["_sieve._tcp IN SRV 0 0 0 ."]),
    ("wrong", "_jmap._tcp", "SRV", r"^_jmap.*\n",
     ["_jmap._tcp IN SRV 0 1 443 mail"]),
    ("wrong", "_caldavs._tcp", "TXT", PATH,
     ['_caldavs._tcp IN TXT "path=/other/"']),
    ("wrong", "", "TXT", SPF, [spf("ip4:198.51.100.1 -all")]),
    ("wrong", "_mta-sts", "TXT", STS, ['_mta-sts IN TXT "v=STSv1; id=1"']),
    ("wrong", "_ua-auto-config", "TXT", PACC,
     ['_ua-auto-config IN TXT "v=UAAC1; a=sha256; d=AAAA"']),
    ("duplicate", "", "TXT", None, [spf("-all")]),
    ("duplicate", "_dmarc", "TXT", None,
     ['_dmarc IN TXT "v=DMARC1; p=reject"']),
    ("duplicate", "_caldavs._tcp", "TXT", None,
     ['_caldavs._tcp IN TXT "path=/x/"']),
    ("duplicate", "_caldavs._tcp", "SRV", None,
     ["_caldavs._tcp IN SRV 0 1 443 elsewhere"]),
    ("conflicting", "", "MX", None, ["@ IN MX 20 elsewhere"]),
    ("conflicting", "autoconfig", "CNAME", AUTOCONFIG,
     ["* IN A 192.0.2.99"]),
    ("insecure", "", "TXT", SPF, [spf("mx +all")]),
    ("insecure", "", "TXT", SPF, [spf("mx ?all")]),
    ("insecure", "", "TXT", SPF, [spf("ip4:0.0.0.0/0 ip6::: -all")]),
    ("insecure", "_dmarc", "TXT", DMARC,
     ['_dmarc IN TXT "v=DMARC1; p=none"']),
    ("insecure", "DKIM", "TXT", DKIM, ['DKIM IN TXT "v=DKIM1; p="']),
    ("broken", "", "TXT", SPF,
     [spf(" ".join("a:a%d.%s" % (n, DOMAIN) for n in range(11)) + " -all")]),
    ("broken", "", "TXT", SPF, [spf("mx a:x1.%s a:x2.%s a:x3.%s -all" %
                                    (DOMAIN, DOMAIN, DOMAIN))]),
    ("broken", "", "TXT", SPF, [spf("mx ipv4:192.0.2.1 -all")]),
    ("broken", "", "TXT", SPF, [spf("include:ns1.%s -all" % DOMAIN)]),
    ("broken", "_dmarc", "TXT", DMARC, ['_dmarc IN TXT "v=DMARC1"']),
    ("broken", "DKIM", "TXT", DKIM,
     ['DKIM IN TXT "v=DKIM1; k=rsa; p=%s"' % SMALL]),
    ("broken", "DKIM", "TXT", DKIM, ['DKIM IN TXT "v=DKIM1"']),
    ("broken", "", "MX", r"^mail IN A.*\n(?:mail .*\n)?", []),
    ("also fine", "autoconfig", "CNAME", AUTOCONFIG,
     ["autoconfig IN A 192.0.2.1", "autoconfig IN AAAA 2001:db8::1"]),
    ("also fine", "autoconfig", "CNAME", AUTOCONFIG,
     ["autoconfig IN CNAME alias", "alias IN CNAME mail"]),
    ("also fine", "", "TXT", SPF, [spf("mx -all")]),
    ("also fine", "", "TXT", SPF,
     [spf("include:_spf.%s -all" % DOMAIN),
      '_spf IN TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"']),
    ("also fine", "", "TXT", SPF,
     [spf("redirect=_spf.%s" % DOMAIN),
      '_spf IN TXT "v=spf1 a:mail.%s ~all"' % DOMAIN]),
    ("also fine", "_dmarc", "TXT", DMARC,
     ['_dmarc IN TXT "v=DMARC1; p=reject"']),
    ("also fine", "", "MX", MX, ["@ IN MX 5 mail"]),
    ("also fine", "_caldavs._tcp", "TXT", PATH,
     ['_caldavs._tcp IN TXT "path=/SOGo/dav"']),
    ("ok", "_ua-auto-config", "TXT", None,
     ['_ua-auto-config IN TXT "v=UAAC1; a=sha256; d=AAAA"']),
]


def changed(zone, gone, new, selector):
    if gone is not None:
        zone, count = re.subn(gone, "", zone, flags=re.M)
        if count == 0:
            raise ValueError(gone)
    return zone + "".join(line.replace("DKIM IN", selector + " IN") + "\n"
                          for line in new)


def state_of(report, name, kind):
    """The row of a name, with what it says."""
    full = name + "." + DOMAIN if name else DOMAIN
    for row in report["records"]:
        if row["name"] == full and row["type"] == kind:
            return row
    return {"state": "no such row"}


def reach(lanes, zone):
    lane = lanes.get()
    try:
        return lane.check(zone)
    finally:
        lanes.put(lane)


def selector_of(zone):
    return re.search(r"^(\S+_domainkey) ", zone, re.M).group(1)


def reach_all(house, zone, folder, pool):
    """Each state, in lanes beside all else: what is found in them."""
    lanes, selector = queue.Queue(), selector_of(zone)
    for number in range(LANES):
        lanes.put(Lane(house, folder, number))
    return [pool.submit(reach, lanes, changed(zone, one[3], one[4], selector))
            for one in STATES]


def states(zone, results):
    selector = selector_of(zone)
    for (state, name, kind, _, new), result in zip(STATES, results):
        code, report = result.result()
        label = "%s: %s %s %s" % (state, name or "@", kind,
                                  new[0][:50] if new else "")
        row = state_of(report, selector if name == "DKIM" else name, kind)
        ok(row["state"] == state, label, json.dumps(row, indent=1))
        core = row.get("core", True)
        good = state in ("ok", "also fine") or not core
        ok((code == 0) == good and report["good"] == good,
           "its exit code", "%d %s" % (code, [
               r for r in report["records"]
               if r["state"] not in ("ok", "also fine")]))
        if state not in ("ok", "also fine"):
            ok(row["why"] and row["do"] and row["wanted"],
               "it says why and what to do", row)


def programs(house, zone, folder):
    """Every kind of server serves the plan, and the check is content.  BIND
    listens only at addresses that an interface has."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            skip("%s serves the plan" % program, "not installed")
            continue
        ips, port, asked, text = IPS, PORT, house, zone
        if program == "named":
            ips, port = ["127.0.0.1"], 5400 + PID % 20000
            asked = house.copy(folder, ips[0], port)
            for ip in IPS:
                text = text.replace(ip, ips[0])
        server = NameServer(ips, text, program=program, port=port)
        ok(server.up, "%s serves the plan" % program, server.log())
        code, report = asked.check()
        same((code, {row["state"] for row in report["records"]}),
             (0, {"ok"}), "through %s all is ok" % program)
        server.close()


def pacc_change(house, zone):
    """Both digests while PACC's document changes."""
    house.turn_off("pop3s")
    server = NameServer(IPS, zone)
    code, text = house.call("dns", "check", DOMAIN)
    server.close()
    ok("announce the new ones" in text, "a change is not announced", text)
    plan = house.plan()
    lines = [line for line in lines_of(plan)
             if line.startswith("_ua-auto-config")]
    same((len(lines), lines[0] in zone), (2, True), "two digests in the plan")
    server = NameServer(IPS, head() + plan.replace(lines[1] + "\n", ""))
    report = house.check()[1]
    same([row["state"] for row in report["records"]
          if row["name"].startswith("_ua-auto-config")], ["ok", "missing"],
         "the new one is missing")
    same(lines_of(house.plan("--missing")), lines[1:], "that alone")
    server.close()
    server = NameServer(IPS, head() + plan)
    same({row["state"] for row in house.check()[1]["records"]}, {"ok"},
         "both are there")
    server.close()
    code, text = house.call("dns", "switch", DOMAIN, "0")
    same(code, 0, "the change is made")
    same([line for line in lines_of(house.plan())
          if line.startswith("_ua-auto-config")], lines[::-1],
         "the new one comes first, and the old one stays a while")
    same(house.call("dns", "switch", DOMAIN, "x")[0], 2, "hours are a number")


def missing_lines(house, zone):
    gone = [line for line in lines_of(zone)
            if line.startswith(("autoconfig ", "_dmarc ", "_imaps.")) or
            "_caldavs._tcp" in line and "path=" in line]
    same(len(gone), 4, "four lines will lack")
    left = "".join(line + "\n" for line in zone.splitlines()
                   if line not in gone)
    server = NameServer(IPS, left)
    same(lines_of(house.plan("--missing")), gone,
         "--missing gives exactly those")
    server.close()
    server = NameServer(IPS, changed(zone, MX, ["@ IN MX 7 elsewhere"], ""))
    same(house.plan("--format", "bind-diff").splitlines(),
         ["del %s. 3600 IN MX 7 elsewhere.%s." % (DOMAIN, DOMAIN),
          "add %s. 3600 IN MX 10 mail.%s." % (DOMAIN, DOMAIN)],
         "bind-diff says what to change")
    server.close()


def differing(house, zone):
    """Servers that do not agree, or do not answer."""
    lack = changed(zone, DMARC, [], "")
    servers = [NameServer([IPS[0], IPS[2]], zone),
               NameServer([IPS[1]], lack)]
    code, report = house.check()
    row = state_of(report, "_dmarc", "TXT")
    ok(row["state"] == "spreading" and "1 of 2" in row["note"] and code == 1,
       "one server of two has it", row)
    servers.pop().close()
    code, report = house.check()
    row = state_of(report, "_dmarc", "TXT")
    ok(row["state"] == "no answer" and code == 1, "one server is down", row)
    servers.pop().close()

    servers = [NameServer(IPS[:2], zone), NameServer(IPS[2:], lack)]
    code, report = house.check()
    row = state_of(report, "_dmarc", "TXT")
    ok(row["state"] == "spreading" and "resolver" in row["note"]
       and "minutes" in row["note"], "the resolver is behind", row)
    for server in servers:
        server.close()


def mute(lane, zone):
    """One server swallows every question."""
    server = NameServer([lane.ips[0], lane.ips[2]], lane.text(zone))
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
            hole.bind((lane.ips[1], PORT))
            return lane.house.check()
    finally:
        server.close()


def waits(house, zone, folder, pool):
    """What has to wait for servers that are silent, beside all else."""
    lanes = [Lane(house, folder, LANES + number) for number in range(3)]
    return [pool.submit(lanes[0].house.check),
            pool.submit(lanes[1].house.call, "dns", "plan", DOMAIN,
                        "--missing"),
            pool.submit(mute, lanes[2], zone)]


def waited(results):
    """Nobody answers, or one swallows every question: that costs time, but
    not much, and nothing is called missing."""
    code, report = results[0].result()
    ok(code == 1 and report["records"] and
       {row["state"] for row in report["records"]} == {"no answer"},
       "nobody answers", report)
    code, text = results[1].result()
    ok(code == 1 and "no answer" in text, "and nothing is called missing",
       text)
    code, report = results[2].result()
    ok(code == 1 and {row["state"] for row in report["records"]} ==
       {"no answer"}, "one server swallows all", report)


def signed(house, zone):
    """TLSA is planned where the zone is signed, and not elsewhere."""
    ok(" TLSA " not in zone, "no TLSA without DNSSEC", zone)
    servers = [NameServer(IPS[:2], zone),
               NameServer(IPS[2:], zone, PARENT % (IPS[2], "ab" * 32,
                                                   IPS[0]))]
    plan = house.plan()
    line = [l for l in lines_of(plan) if " TLSA " in l]
    ok(len(line) == 1 and re.fullmatch(
        r"_25\._tcp\.mail +IN TLSA +3 1 1 [0-9a-f]{64}", line[0]),
       "TLSA with DNSSEC", plan)
    checkers(head() + plan, DOMAIN, "the plan with TLSA")
    same(lines_of(house.plan("--missing")), line, "that alone is missing")
    for server in servers:
        server.close()
    return line[0]


def tlsa(house, zone, line):
    for state, text in (("ok", line), ("wrong", line[:-64] + "00" * 32)):
        servers = [NameServer(IPS[:2], zone + text + "\n"),
                   NameServer(IPS[2:], zone + text + "\n", PARENT %
                              (IPS[2], "ab" * 32, IPS[0]))]
        code, report = house.check()
        row = state_of(report, "_25._tcp.mail", "TLSA")
        ok(row["state"] == state and code == 0, "TLSA: " + state, row)
        for server in servers:
            server.close()


def main():
    folder = tempfile.mkdtemp(prefix="posthaste-")
    house = House(folder, "mail." + DOMAIN)
    zone = form(house)
    other_hosts(house, folder)
    if shutil.which("nsd") is None:
        skip("the check", "nsd is not installed")
    else:
        zone = head() + zone
        server = NameServer(IPS, zone)
        ok(server.up, "nsd serves the plan")
        code, report = house.check()
        same({row["state"] for row in report["records"]}, {"ok"},
             "all is ok")
        same((code, report["core"], report["core_good"],
              report["name_servers"]), (0, CORE, CORE, 2), "all core")
        code, text = house.call("dns", "check", DOMAIN)
        ok(code == 0 and "11 of 11 core records are good." in text,
           "and for people", text)
        same(lines_of(house.plan("--missing")), [], "nothing lacks")
        server.close()
        programs(house, zone, folder)
        with futures.ThreadPoolExecutor(3 + LANES) as pool:
            silent = waits(house, zone, folder, pool)
            found = reach_all(house, zone, folder, pool)
            missing_lines(house, zone)
            differing(house, zone)
            tlsa(house, zone, signed(house, zone))
            pacc_change(house, zone)
            states(zone, found)
            waited(silent)
    shutil.rmtree(folder, ignore_errors=True)
    done()


main()
