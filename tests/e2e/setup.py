#!/usr/bin/python3
"""The run contract, and how a client finds its settings."""
import json
import os
import re
import signal
import socket
import subprocess
import xml.etree.ElementTree as ET

from harness import (Server, TREE, alive, done, environment, ok, run, same,
                     wait_for)

PORTS = {"http": 80, "https": 443, "imap": 143, "imaps": 993, "pop3": 110,
         "pop3s": 995, "smtp": 25, "submission": 587, "submissions": 465,
         "proxy": 8080}


def contract(server):
    """`./build.sh run`, as drivers of real clients start it."""
    info_path = os.path.join(server.folder, "run.json")
    data = os.path.join(server.folder, "run")
    command = [os.path.join(TREE, "build.sh"), "run", "--data", data,
               "--address", server.ip, "--base-port", "10000", "--domain",
               "example.test", "--info", info_path, "--users", "3"]

    def start():
        log = open(os.path.join(server.folder, "run.log"), "ab")
        process = subprocess.Popen(command, env=environment(), stdout=log,
                                   stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        wait_for(lambda: os.path.exists(info_path) or
                 process.poll() is not None, 60)
        if not os.path.exists(info_path):
            with open(log.name, encoding="utf-8") as text:
                ok(False, "build.sh run starts", text.read()[-3000:])
            return None, {}
        with open(info_path, encoding="utf-8") as file:
            return process, json.load(file)

    process, info = start()
    if process is None:
        return
    ok(True, "build.sh run starts")
    wanted = {"address", "password", "domain", "host", "ca", "pid", "ports",
              "dav", "calendar", "addressbook", "users"}
    ok(wanted <= set(info), "the information has every field",
       wanted - set(info))
    same(info["host"], "mail.example.test", "host")
    same(info["domain"], "example.test", "domain")
    same(info["dav"].split("/", 3)[3], "SOGo/dav/", "dav")
    same([user["address"] for user in info["users"]],
         ["user%02d@example.test" % n for n in (1, 2, 3)], "users")
    same(info["users"][1]["password"], "user02", "a user's password")
    for name, port in PORTS.items():
        same(info["ports"].get(name), 10000 + port, "port of " + name)
        with socket.create_connection((server.ip, 10000 + port), 10):
            ok(True, name + " answers as soon as the file is there")
    same(info["pid"], process.pid, "pid is who takes signals")
    process.send_signal(signal.SIGTERM)
    same(process.wait(60), 0, "SIGTERM ends it with 0")

    os.unlink(info_path)
    process, again = start()
    if process is None:
        return
    same((again["address"], again["password"]),
         (info["address"], info["password"]), "a second run keeps the data")
    process.send_signal(signal.SIGINT)
    same(process.wait(60), 0, "SIGINT ends it with 0")
    ok(not alive(again["pid"]), "nothing is left")


def refusals(server):
    code, text = run([server.binary, "init", "--data",
                      os.path.join(server.folder, "x"), "--domain",
                      "example.test", "--address", "0.0.0.0", "--base-port",
                      "10000", "--users", "2"], env=server.env)
    ok(code not in (0, 99), "users with known passwords: loopback only",
       text)
    code, text = run([server.binary, "init", "--data", server.data,
                      "--domain", "posthaste.test", "--address", server.ip,
                      "--base-port", "10000"], env=server.env)
    same(code, 0, "init again is no failure")
    folder = os.path.join(server.folder, "moved")
    again = [server.binary, "init", "--data", folder, "--domain",
             "example.test", "--address"]
    run([*again, server.ip, "--base-port", "10000"], env=server.env)
    path = os.path.join(folder, "posthaste.conf")
    with open(path, encoding="utf-8") as conf:
        text = conf.read()
    for line in "log-level error", "send-per-hour 77", "port.pop3 10099":
        text = re.sub("^(# )?%s .*" % line.split()[0], line, text, 0, re.M)
    with open(path, "w", encoding="utf-8") as conf:
        conf.write(text)
    code, text = run([*again, "127.0.0.77"], env=server.env)
    with open(path, encoding="utf-8") as conf:
        kept = conf.read().split("\n")
    ok(code == 0 and {"listen 127.0.0.77", "log-level error",
                      "send-per-hour 77", "port.pop3 10099",
                      "port.imap 10143"} <= set(kept),
       "another address leaves all other settings", (text, kept))


def second(server):
    """It waits for a first one that is ending, and then gives up."""
    return subprocess.Popen([server.binary, "serve", "--data", server.data],
                            env=server.env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def autoconfig(server):
    """The document, from every place where a client asks."""
    path = "/mail/config-v1.1.xml?emailaddress=demo%40posthaste.test"
    answers = []
    for host, prefix, service in (
            ("autoconfig.posthaste.test", "", "https"),
            ("posthaste.test", "/.well-known/autoconfig", "https"),
            ("autoconfig.posthaste.test", "", "http"),
            ("posthaste.test", "/.well-known/autoconfig", "http"),
            ("autoconfig.posthaste.test", "", "proxy")):
        status, fields, body = server.http("GET", prefix + path, host=host,
                                           service=service)
        same(status, 200, "%s://%s%s/mail/" % (service, host, prefix))
        kind = fields.get_content_type()
        ok(kind in ("text/xml", "application/xml"), "is XML", kind)
        answers.append(body)
    same(len(set(answers)), 1, "the same bytes everywhere")
    servers = {}
    for entry in ET.fromstring(answers[0]).iter():
        if entry.tag in ("incomingServer", "outgoingServer"):
            servers[entry.get("type"), entry.findtext("port")] = (
                entry.findtext("hostname"), entry.findtext("socketType"),
                entry.findtext("username"))
    user = ("demo@posthaste.test", "%EMAILADDRESS%")
    for kind, name, tls in (("imap", "imaps", "SSL"),
                            ("smtp", "submissions", "SSL")):
        found = servers.get((kind, str(server.ports[name])), (None,) * 3)
        same(found[:2], ("mail.posthaste.test", tls), name)
        ok(found[2] in user, name + ": login is the address", found)
    ok(not any(entry[1] == "plain" for entry in servers.values()),
       "nothing is offered in clear", servers)
    status, _, _ = server.http(
        "GET", "/mail/config-v1.1.xml?emailaddress=x%40unknown.example",
        host="autoconfig.unknown.example", service="http")
    same(status, 404, "a domain that is not ours")
    first = server.http("GET", path, host="autoconfig.posthaste.test")[2]
    other = server.http("GET", path.replace("demo", "nobody"),
                        host="autoconfig.posthaste.test")[2]
    same(other.replace(b"nobody@", b"demo@"), first,
         "a missing mailbox looks like an existing one")


def redirects(server):
    for kind in ("caldav", "carddav"):
        for method in ("PROPFIND", "GET", "OPTIONS", "REPORT"):
            status, fields, _ = server.http(method, "/.well-known/" + kind,
                                            host="posthaste.test")
            ok(status in (301, 302, 307, 308),
               "%s /.well-known/%s" % (method, kind), status)
            where = fields.get("Location", "")
            ok(where == "/SOGo/dav/" or where ==
               "https://posthaste.test:%d/SOGo/dav/" %
               server.ports["https"], "stays on the origin", where)
    status, _, _ = server.http("PUT", "/", b"")
    ok(status >= 400, "PUT / is refused", status)
    status, fields, _ = server.http("PROPFIND", "/SOGo/dav/",
                                    headers={"Depth": "0"})
    same(status, 401, "DAV asks who it is")
    ok("basic" in fields.get("WWW-Authenticate", "").lower(), "Basic",
       str(fields))
    status, fields, body = server.http("PROPFIND", "/SOGo/dav/", auth=True,
                                       headers={"Depth": "0"})
    same(status, 207, "and answers then")
    ok(b"current-user-principal" in body or status == 207, "principal",
       body)


def main():
    with Server() as server:
        late = second(server)
        refusals(server)
        autoconfig(server)
        redirects(server)
        ok(late.wait(60) not in (0, 99),
           "a second server on the same data is refused")
        server.stop()
        contract(server)
    done()


main()
