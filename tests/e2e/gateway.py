#!/usr/bin/python3
"""Discovery for mail systems that are not ours: what the web role answers
alone, and what is said of a wrong configuration."""
import re
import signal
import subprocess

from harness import Server, done, ok, run, same, wait_for

LINES = """\
gateway other.example imap tls imap.else.example
gateway other.example smtp tls smtp.else.example
gateway other.example dav https://dav.else.example/dav/
"""
ASK = """\
<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/\
outlook/requestschema/2006"><Request><EMailAddress>%s</EMailAddress>\
<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/\
outlook/responseschema/2006a</AcceptableResponseSchema></Request>\
</Autodiscover>"""


def add(server, text):
    with open(server.conf_path(), "a", encoding="utf-8") as file:
        file.write(text)


def settings(server, domain):
    return server.http(
        "GET", "/mail/config-v1.1.xml?emailaddress=a@" + domain,
        headers={"Host": "autoconfig." + domain})


def documents(server):
    status, _, body = settings(server, "other.example")
    same(status, 200, "autoconfig")
    same(re.findall(rb"<hostname>([^<]+)<", body),
         [b"imap.else.example", b"smtp.else.example"], "its servers")
    ok(b"https://dav.else.example/dav/" in body, "its calendars", body)
    status, _, body = server.http(
        "POST", "/autodiscover/autodiscover.xml",
        body=ASK % "bob@other.example",
        headers={"Host": "autodiscover.other.example"})
    same(re.findall(rb"<Server>([^<]+)<", body)[:2],
         [b"imap.else.example", b"smtp.else.example"], "Autodiscover")
    status, _, body = server.http(
        "GET", "/.well-known/user-agent-configuration.json",
        headers={"Host": "ua-auto-config.other.example"})
    ok(status == 200 and b"imap.else.example" in body, "PACC", body)
    same(server.http("GET", "/.well-known/mta-sts.txt",
                     headers={"Host": "mta-sts.other.example"})[0], 404,
         "nothing is promised for another's MX")
    same(settings(server, "unknown.example")[0], 404, "no other domain")


def plan(server):
    code, text = run([server.binary, "dns", "plan", "other.example",
                      "--data", server.data], env=server.env)
    same(code, 0, "a plan")
    ok(re.search(r"^autoconfig\s+IN\s+CNAME\s+mail\.posthaste\.test\.$",
                 text, re.M), "the settings are ours", text)
    ok(re.search(r"^_imaps\._tcp\s.*SRV\s+0 1 993 imap\.else\.example\.$",
                 text, re.M), "the mail is theirs", text)
    ok(not re.search(r"MX|spf1|DKIM|DMARC|STS", text), "and their own matter",
       text)


def profile(server):
    words = [server.binary, "profile", "bob@other.example", "--data",
             server.data, "--kind", "full", "--unsigned"]
    code, text = run(words, env=server.env)
    same(code, 0, "a profile")
    ok("<string>imap.else.example</string>" in text and
       "<string>dav.else.example</string>" in text, "of their servers", text)
    same(run(words + ["--app-password"], env=server.env)[0], 1,
         "no password is made for them")


def alone(server):
    """The web role, without those for mail."""
    log = open(server.log_path, "ab")
    with log:
        process = subprocess.Popen(
            [server.binary, "serve", "--data", server.data, "--role", "web"],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=server.env)
    server.process = process

    def answers():
        try:
            return settings(server, "other.example")[0] == 200
        except OSError:
            return False
    ok(wait_for(answers, 60), "the web role alone answers",
       server.log()[-2000:])
    same(set(server.roles()), {"web", "signer"}, "no role for mail runs")
    process.send_signal(signal.SIGTERM)
    same(process.wait(60), 0, "it ends")
    server.process = None


def faults(server):
    with open(server.conf_path(), encoding="utf-8") as file:
        good = file.read()
    number = good.count("\n") + 1
    for line in ("gateway other.example imap tls again.example",
                 "gateway other.example pop3 maybe p.example",
                 "gateway half.example imap tls i.example"):
        add(server, line + "\n")
        code, text = run([server.binary, "check", "--data", server.data],
                         env=server.env)
        ok(code == 1 and "posthaste.conf:%d: expected" % number in text,
           "its line is told: " + line, text)
        with open(server.conf_path(), "w", encoding="utf-8") as file:
            file.write(good)


def default(server):
    """Every hosted domain at another system."""
    add(server, "gateway * imap tls all.else.example\n"
                "gateway * smtp tls all.else.example\n")
    server.start()
    body = settings(server, server.domain)[2]
    same(re.findall(rb"<hostname>([^<]+)<", body), [b"all.else.example"] * 2,
         "a hosted domain's servers")
    same(settings(server, "unknown.example")[0], 404, "still no other domain")


def main():
    server = Server()
    server.init()
    add(server, LINES)
    server.start()
    documents(server)
    plan(server)
    profile(server)
    body = settings(server, server.domain)[2]
    ok(server.host.encode() in body and b"else" not in body,
       "our own domain stays ours", body)
    same(server.stop(), 0, "a stop")
    alone(server)
    faults(server)
    default(server)
    server.close()
    done()


main()
