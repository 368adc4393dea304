#!/usr/bin/python3
"""posthaste doctor against a domain with one fault at a time: each is told,
by the client that it hits; the good domain passes in silence."""
import json
import queue
import subprocess
from concurrent import futures

from doctor_site import (ADDRESS, BASE, DOMAIN, NAMES, PACC, PASSWORD, Site,
                         config, discovery, incoming, outgoing, protocol)
from harness import BINARY, done, environment, note, ok, same


SITES = 4


def doctor(site, *words, password=PASSWORD, json_wanted=True):
    """Exit code, and the report (or the text)."""
    command = [BINARY, "doctor", ADDRESS, "--base-port", str(BASE), "--ca",
               site.ca, "--resolver", "%s@%d" % (site.ip, BASE + 53), *words]
    if "--resolve" not in words:
        command += ["--resolve", site.ip]
    if json_wanted:
        command.append("--json")
    if password:
        command.append("--stdin")
    result = subprocess.run(
        command, input=(password or "").encode() + b"\n", check=False,
        timeout=120, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment())
    errors = result.stderr.decode("utf-8", "replace")
    if "Sanitizer" in errors or "runtime error" in errors:
        ok(False, "the sanitizers are silent", errors)
    if not json_wanted:
        return result.returncode, result.stdout.decode()
    try:
        return result.returncode, json.loads(result.stdout)
    except ValueError:
        note(errors)
        return result.returncode, {"clients": [], "servers": []}


def rules_of(report, who):
    """What is said about a client, or about a server "imap 993"."""
    found = [row.get("rule", "") for row in report["clients"]
             if row["client"] == who]
    return found + [row.get("rule", "") for row in report["servers"]
                    if "%s %d" % (row["protocol"], row["port"]) == who]


def offers_of(report, who):
    return {offer["protocol"] for row in report["clients"]
            if row["client"] == who for offer in row["configures"]}


def move_to_host(site, path):
    """A page of all names becomes the mail host's alone."""
    site.pages["https", "PROPFIND", "mail." + DOMAIN, path] = \
        site.pages.pop(("https", "PROPFIND", "*", path))


def config_of(*servers, **more):
    return lambda site: site.put_config(config(*servers), **more)


def page(method, host, path, status, fields=None, body="", scheme="https"):
    def change(site):
        site.pages[scheme, method, host, path] = (status, fields or {}, body)
    return change


def record(name, kind, *values):
    def change(site):
        site.records[name + "." + DOMAIN, kind] = list(values)
    return change


def mail(**values):
    def change(site):
        for name, value in values.items():
            getattr(site, name).update(value)
    return change


def both(*changes):
    def change(site):
        for one in changes:
            one(site)
    return change


def certificate(made, *only):
    """One certificate for all, or for single names."""
    def change(site):
        path = made(site)
        if only:
            site.use(site.good, **{name: path for name in only})
        else:
            site.use(path)
    return change


ALL = [x + DOMAIN for x in NAMES]


def expired(site):
    return site.certificates.make("expired", ALL, days=-1)


def ending(site):
    return site.certificates.make("ending", ALL, days=5)


def foreign(site):
    return site.certificates.make("foreign", ["elsewhere.test"])


def self_signed(site):
    return site.certificates.make("own", ALL, own=True)


def no_srv(site):
    site.drop("_caldavs", "_carddavs")


STARTTLS = config_of(incoming(port=143, sort="STARTTLS"),
                     outgoing(587, "STARTTLS"))
HTML = {"Content-Type": "text/html"}
WELL_KNOWN = "/.well-known/caldav"

FAULTS = [
    # The document.
    ("HTML in place of the document", "Evolution", "web page",
     config_of(kind="text/html") and (lambda s: s.put_config(
         "<html><body>Welcome</body></html>", kind="text/html"))),
    ("the wrong type", "Thunderbird 153", "typed as XML",
     config_of(kind="text/plain")),
    ("a DOCTYPE", "Thunderbird 153", "DOCTYPE",
     lambda s: s.put_config("<!DOCTYPE clientConfig>\n<clientConfig/>")),
    ("broken XML", "KMail", "well-formed",
     lambda s: s.put_config("<clientConfig><emailProvider>")),
    ("an empty success", "Thunderbird 153", "empty",
     lambda s: s.put_config("", status=204)),
    ("an error of the server", "Geary", "5xx",
     lambda s: s.put_config("", status=503)),
    ("a password asked for", "GNOME Accounts", "password",
     lambda s: s.put_config("", status=401)),
    ("a relative host", "Thunderbird 153", "full host name",
     lambda s: s.put_config(config().replace("mail.example.test", "mail"))),
    ("two IMAP servers in the wrong order", "Evolution", "last server",
     config_of(incoming(), incoming(port=143, sort="STARTTLS"),
               outgoing())),
    ("POP3 first", "Geary", "first incomingServer",
     config_of(incoming("pop3", 995), incoming(), outgoing())),
    ("a plain server", "Thunderbird Android", "neither SSL nor STARTTLS",
     config_of(incoming(), incoming(port=143, sort="plain"), outgoing())),
    ("no SMTP server", "Thunderbird 153", "outgoingServer",
     config_of(incoming())),
    ("a bad id", "Thunderbird Android", "id is no host",
     lambda s: s.put_config(config().replace('id="example.test"',
                                             'id="our mail"'))),
    ("no domain", "Thunderbird 153", "<domain>",
     lambda s: s.put_config(config().replace("<domain>", "<name>").replace(
         "</domain>", "</name>"))),
    ("a login of digits", "Thunderbird 153", "number",
     lambda s: s.put_config(config().replace("%EMAILADDRESS%", "007"))),
    ("a literal login", "GNOME Accounts", "placeholders",
     lambda s: s.put_config(config().replace("%EMAILADDRESS%", ADDRESS))),
    ("OAuth2 alone", "Thunderbird 153", "<authentication>",
     lambda s: s.put_config(config().replace("password-cleartext",
                                             "OAuth2"))),
    ("an attribute too many", "Evolution", "attribute",
     lambda s: s.put_config(config().replace('type="imap"',
                                             'type="imap" id="1"'))),
    ("only at the autoconfig host with the address", "KMail", "finds nothing",
     lambda s: (s.drop("config-v1.1.xml"))),
    ("settings in clear only", "Evolution", "unencrypted",
     lambda s: (s.drop("config-v1.1.xml"), s.put(
         "GET", "autoconfig.example.test", "/mail/config-v1.1.xml",
         config(), scheme="http"))),
    # Certificates.
    ("an expired certificate", "imap 993", "expired", certificate(expired)),
    ("an expired certificate of autoconfig.", "Evolution", "expired",
     certificate(expired, "autoconfig")),
    ("a certificate of other names", "smtp 465", "other names",
     certificate(foreign)),
    ("autodiscover. lacks its certificate", "Thunderbird 153", "other names",
     both(certificate(foreign, "autodiscover"),
          lambda s: s.drop("config-v1.1.xml"))),
    ("a self-signed certificate", "imap 993", "self-signed",
     certificate(self_signed)),
    ("a certificate that ends soon", "imap 993", "two weeks",
     certificate(ending)),
    # Autodiscover.
    ("TLS where SSL is meant", "Outlook", "Encryption TLS",
     lambda s: s.put_discovery(discovery(protocol("IMAP", 993, "TLS")))),
    ("SPA on", "Outlook", "SPA",
     lambda s: s.put_discovery(discovery(protocol("IMAP", 993, spa="on")))),
    ("a CalDAV host without URL", "eM Client", "https URL",
     lambda s: s.put_discovery(discovery().replace(
         "https://example.test/dav/", "example.test"))),
    ("a web page at Autodiscover", "Outlook", "web page",
     lambda s: s.put_discovery("<html></html>", kind="text/html")),
    ("no Autodiscover", "eM Client", "finds nothing",
     lambda s: s.drop("/autodiscover/autodiscover.xml")),
    ("an SRV port that is ignored", "Outlook", "not 443",
     record("_autodiscover._tcp", "SRV", "0 1 8443 mail.example.test")),
    ("Autodiscover at another site alone", "Thunderbird 153", "trust",
     both(lambda s: s.drop("/autodiscover/autodiscover.xml"),
          record("_autodiscover._tcp", "SRV", "0 1 443 mail.other.test"))),
    ("plain http leads to another site", "Thunderbird 153", "trust",
     both(lambda s: s.drop("/autodiscover/autodiscover.xml"),
          lambda s: s.records.pop(("_autodiscover._tcp.example.test",
                                   "SRV")),
          page("GET", "autodiscover.example.test",
               "/autodiscover/autodiscover.xml", 302, {
                   "Location": "https://mail.other.test/autodiscover/"
                               "autodiscover.xml"}, scheme="http"))),
    ("two SRV records for Autodiscover", "Outlook", "several SRV",
     record("_autodiscover._tcp", "SRV", "0 1 443 mail.example.test",
            "0 2 443 autodiscover.example.test")),
    # Calendars and contacts.
    ("SRV to a host without DAV", "DAVx5", "",
     record("_caldavs._tcp", "SRV", "0 1 8443 mail.example.test")),
    ("a TXT path that is none", "Evolution", "no DAV at the published",
     both(record("_caldavs._tcp", "TXT", "path=/nowhere/"),
          lambda s: s.pages.pop(("https", "PROPFIND", "*", WELL_KNOWN)))),
    ("HTML with 200 on well-known", "DAVx5", "web page answers",
     both(no_srv, page("PROPFIND", "*", WELL_KNOWN, 200, HTML, "<html>"))),
    ("another origin", "Thunderbird 153", "another origin",
     both(no_srv, page("PROPFIND", "*", WELL_KNOWN, 301, {
         "Location": "https://mail.example.test:20443/dav/"}))),
    ("from https to http", "Apple (DAV)", "https to http",
     both(no_srv, page("PROPFIND", "*", WELL_KNOWN, 301, {
         "Location": "http://example.test/dav/"}))),
    ("a circle", "DAVx5", "do not end",
     both(no_srv, page("PROPFIND", "*", WELL_KNOWN, 302, {
         "Location": WELL_KNOWN}))),
    ("a principal without addressbook", "DAVx5", "lacks addressbook",
     page("OPTIONS", "*", "/dav/p/", 200, {"DAV": "1, calendar-access"})),
    ("no principal", "Apple (DAV)", "current-user-principal",
     page("PROPFIND", "*", "/dav/", 207, {"Content-Type": "text/xml"},
          '<multistatus xmlns="DAV:"/>')),
    ("no Basic", "Evolution", "Basic",
     page("PROPFIND", "*", "/dav/", 401, {"WWW-Authenticate": "Negotiate"})),
    ("PUT that is welcome", "Thunderbird 153", "PUT",
     page("PUT", "example.test", "/", 200, HTML, "<html>")),
    # Other servers.
    ("two SPF records", "Other mail servers", "several SPF",
     lambda s: s.records[DOMAIN, "TXT"].append("v=spf1 -all")),
    ("two DMARC records", "Other mail servers", "several DMARC",
     record("_dmarc", "TXT", "v=DMARC1; p=none", "v=DMARC1; p=reject")),
    # PACC.
    ("a stale digest", "PACC", "is not that of the document",
     page("GET", "ua-auto-config.example.test",
          "/.well-known/user-agent-configuration.json", 200,
          {"Content-Type": "application/json"}, PACC + "\n")),
    ("no digest", "PACC", "vouches", lambda s: s.drop("_ua-auto-config")),
    ("no JSON", "PACC", "not typed as JSON",
     page("GET", "ua-auto-config.example.test",
          "/.well-known/user-agent-configuration.json", 200, HTML, "x")),
    # Mail servers.
    ("a closed port", "imap 10994", "nothing answers",
     record("_imaps._tcp", "SRV", "0 1 10994 mail.example.test")),
    ("STARTTLS stripped from SMTP", "smtp 587", "STARTTLS is not offered",
     both(STARTTLS, mail(smtp_words={False: ["hello", "8BITMIME"]}))),
    ("STARTTLS stripped from IMAP", "imap 143", "STARTTLS is not offered",
     both(STARTTLS, mail(imap_words={False: "IDLE"}))),
    ("another greeting", "imap 993", "none of this protocol",
     mail(greeting={"imap": "220 this is SMTP"})),
    ("TLS at a STARTTLS port", "imap 143", "TLS",
     config_of(incoming(port=143), outgoing())),
    ("no login by password", "imap 993", "login by password",
     mail(imap_words={True: "LOGINDISABLED AUTH=GSSAPI"})),
    ("no AUTH", "smtp 465", "login by password",
     mail(smtp_words={True: ["hello", "8BITMIME"]})),
    ("a refused sender", "smtp 465", "MAIL FROM",
     mail(answers={"MAIL": "550 no"})),
    ("a refused recipient", "smtp 465", "RCPT TO",
     mail(answers={"RCPT": "451 later"})),
]


def plant(sites, fault):
    """One fault at a site that is free."""
    site = sites.get()
    site.reset()
    fault[3](site)
    try:
        return doctor(site)
    finally:
        sites.put(site)


def planted(all_sites):
    sites = queue.Queue()
    for site in all_sites:
        sites.put(site)
    with futures.ThreadPoolExecutor(len(all_sites)) as pool:
        results = list(pool.map(lambda one: plant(sites, one), FAULTS))
    for (name, who, rule, _), (code, report) in zip(FAULTS, results):
        found = rules_of(report, who)
        ok(code == 1 and any(rule in text and text for text in found),
           "%s: %s" % (who, name), json.dumps(report, indent=1)[:6000])


def good(site):
    site.reset()
    code, report = doctor(site)
    same(code, 0, "the good domain has no fault")
    for row in report["clients"] + report["servers"]:
        same(row["verdict"], "ok", row.get("client") or "%s %d" % (
            row["protocol"], row["port"]))
        if row["verdict"] != "ok":
            note(json.dumps(row, indent=1))
    ok(report["servers"] and all(row["logged_in"]
                                 for row in report["servers"]),
       "every server let us in")
    code, report = doctor(site, password=None)
    same(code, 0, "nor without a password")
    found = offers_of(report, "Thunderbird 153")
    no_srv(site)
    for kind in ("caldav", "carddav"):
        move_to_host(site, "/.well-known/" + kind)
    code, report = doctor(site)
    same((offers_of(report, "Thunderbird 153"),
          offers_of(report, "Thunderbird 140")),
         (found, found - {"caldav", "carddav"}),
         "Thunderbird 153 alone looks for DAV at the mail host")
    site.reset()
    site.drop("config-v1.1.xml", "POST")
    site.put("POST", "mail.example.test", "/autodiscover/autodiscover.xml",
             discovery())
    code, report = doctor(site)
    same((offers_of(report, "Thunderbird 153") & {"imap", "smtp"},
          offers_of(report, "Thunderbird 140") & {"imap", "smtp"}),
         ({"imap", "smtp"}, set()),
         "Thunderbird 153 alone follows Autodiscover's SRV record")
    site.reset()
    site.records["_ua-auto-config." + DOMAIN, "TXT"].insert(
        0, "v=UAAC1; a=sha256; d=AAAA")
    same(doctor(site)[0], 0, "two digests of PACC: a change is under way")
    STARTTLS(site)
    code, report = doctor(site)
    ok(not any(rules_of(report, "imap 143")) and
       [row for row in report["servers"] if row["port"] == 587 and
        row["logged_in"]], "STARTTLS works", json.dumps(report, indent=1))


def refused(site):
    site.reset()
    code, report = doctor(site, password="wrong")
    ok(code == 1 and "refused" in "".join(rules_of(report, "imap 993")),
       "a wrong password is told")
    ok("refuses the address" in "".join(rules_of(report, "DAVx5")),
       "for DAV too")


def text(site):
    site.reset()
    code, said = doctor(site, json_wanted=False)
    same(code, 0, "as text")
    ok("Thunderbird 153" in said and "mail.example.test:993 TLS" in said and
       "FAULT" not in said and PASSWORD not in said.split(), "a table", said)


def private(site):
    """Names that lead inside are not followed without being told to."""
    site.reset()
    for name in ("", "autoconfig.", "autodiscover.", "mail.",
                 "ua-auto-config."):
        site.records[name + DOMAIN, "A"] = [site.ip]
    command = [BINARY, "doctor", ADDRESS, "--base-port", str(BASE), "--ca",
               site.ca, "--resolver", "%s@%d" % (site.ip, BASE + 53),
               "--json"]
    result = subprocess.run(command, check=False, timeout=120,
                            stdin=subprocess.DEVNULL, env=environment(),
                            stdout=subprocess.PIPE)
    report = json.loads(result.stdout)
    ok(result.returncode == 1 and "private network" in "".join(
        rules_of(report, "Evolution")), "private addresses are refused",
        result.stdout.decode()[:3000])
    ok("private network" in "".join(rules_of(report, "imap 993")),
       "for mail servers too")


def main():
    sites = [Site(number) for number in range(SITES)]
    try:
        for part in (good, text, refused, private):
            part(sites[0])
        planted(sites)
    finally:
        for site in sites:
            site.close()
    done()


main()
