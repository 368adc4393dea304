#!/usr/bin/python3
"""Measures the release build: ./build.sh bench [--json] [ROW]...

Every row starts a server of its own with empty mailboxes.  Rates come with
the processor time that the server's processes took for one operation, which
a busy machine changes less.  Where a peer is installed it does the same work
in the same run.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
from harness import BUILD, TREE, Server, event, wait_for  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
USERS = 20
DOCUMENT = "/mail/config-v1.1.xml?emailaddress=demo%40posthaste.test"


def build():
    """The load generators, with the machine's compiler."""
    folder = os.path.join(TREE, "build", "bench")
    os.makedirs(folder, exist_ok=True)
    for name in ("load", "idle"):
        subprocess.run(
            ["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-I", TREE, "-o",
             os.path.join(folder, name),
             os.path.join(TREE, "tests", "bench", name + ".c"),
             os.path.join(TREE, "tests", "bench", "peer.c"), "-lssl",
             "-lcrypto", "-lpthread"], check=True)
    return folder


TOOLS = build()


def processor(pids):
    """Seconds of processor time that they have taken."""
    total = 0
    for pid in pids:
        with open("/proc/%d/stat" % pid, encoding="ascii",
                  errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory(pid):
    """Proportional set size in KiB."""
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def load(server, pids, what, port, sessions, count, size=4096, path="/"):
    """One run of the generator."""
    before = processor(pids)
    text = subprocess.run(
        [os.path.join(TOOLS, "load"), what, server, str(port), str(sessions),
         str(count), str(size), str(USERS), path], check=True, timeout=300,
        stdout=subprocess.PIPE).stdout
    found = json.loads(text)
    found["cpu_us"] = round((processor(pids) - before) / count * 1e6, 1)
    return found


def warm(server):
    """Open every mailbox once, so that no row pays for its making."""
    load(server.ip, [], "smtp", server.ports["smtp"], 1, USERS)


def with_server():
    return Server(users=USERS, settings={"connections-per-peer": "100000",
                                         "connections": "100000",
                                         "log-level": "warning"})


# --- rows -------------------------------------------------------------------

def idle(count):
    """Memory of a TLS connection in IDLE, and how fast a delivery wakes all
    sessions of one account."""
    with with_server() as server:
        warm(server)
        pid = server.roles()["mail"]
        empty = memory(pid)
        process = subprocess.Popen(
            [os.path.join(TOOLS, "idle"), server.ip,
             str(server.ports["imaps"]), str(server.ports["smtp"]),
             str(count), str(USERS), "20"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        began = time.monotonic()
        if process.stdout.readline() != "ready\n":
            raise SystemExit("idle: the clients failed")
        opened = count / (time.monotonic() - began)
        time.sleep(2)
        used = memory(pid)
        text, _ = process.communicate("go\n", timeout=300)
        found = json.loads(text)
        found.update({"connections": count,
                      "kib_each": round((used - empty) / count, 2),
                      "mail_role_kib": used,
                      "opened_per_s": round(opened, 1)})
        return found


def smtp(sessions):
    with with_server() as server:
        warm(server)
        return load(server.ip, server.roles().values(), "smtp",
                    server.ports["smtp"], sessions, 1000 * min(sessions, 5))


def append(sessions):
    with with_server() as server:
        warm(server)
        return load(server.ip, server.roles().values(), "append",
                    server.ports["imaps"], sessions, 1000 * min(sessions, 5))


def put(sessions):
    with with_server() as server:
        return load(server.ip, server.roles().values(), "put",
                    server.ports["https"], sessions, 500 * min(sessions, 4))


def get(sessions):
    with with_server() as server:
        for number in range(1, USERS + 1):
            server.http("PUT", server.home("Calendar", number) + "one.ics",
                        event("one"), {"Content-Type": "text/calendar"},
                        auth=True, number=number)
        return load(server.ip, server.roles().values(), "get",
                    server.ports["https"], sessions, 5000, path="one.ics")


def autoconfig(sessions):
    """The document in clear, against nginx with the same bytes in a file."""
    with with_server() as server:
        pids = list(server.roles().values())
        load(server.ip, [], "http", server.ports["http"], 4, 500,
             path=DOCUMENT)
        found = load(server.ip, pids, "http", server.ports["http"], sessions,
                     20000, path=DOCUMENT)
        body = server.http("GET", DOCUMENT, service="http",
                           host="autoconfig.posthaste.test")[2]
        peer = nginx(server.ip, body, sessions)
        if peer:
            found["nginx_rate"] = peer["rate"]
            found["nginx_cpu_us"] = peer["cpu_us"]
            found["ratio"] = round(found["rate"] / peer["rate"], 2)
        return found


def nginx(ip, body, sessions):
    """What nginx does with a prepared answer of the same bytes."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not os.path.exists(program):
        return None
    with tempfile.TemporaryDirectory(prefix="posthaste-nginx-") as folder:
        os.chmod(folder, 0o755)
        os.makedirs(folder + "/mail")
        with open(folder + "/mail/config-v1.1.xml", "wb") as file:
            file.write(body)
        with open(folder + "/conf", "w", encoding="ascii") as file:
            file.write(
                "daemon off; worker_processes 2; pid %s/pid;\n"
                "error_log %s/log; events { worker_connections 1024; }\n"
                "http { access_log off; keepalive_requests 1000000;\n"
                "types { text/xml xml; } server { listen %s:18000;"
                " root %s; } }\n" % (folder, folder, ip, folder))
        process = subprocess.Popen(
            [program, "-c", folder + "/conf", "-p", folder],
            stderr=subprocess.DEVNULL)
        try:
            if not wait_for(lambda: os.path.exists(folder + "/pid"), 10):
                return None
            time.sleep(0.3)
            with open("/proc/%d/task/%d/children" %
                      (process.pid, process.pid), encoding="ascii") as file:
                pids = [int(pid) for pid in file.read().split()]
            return load(ip, pids, "http", 18000, sessions, 20000,
                        path=DOCUMENT)
        finally:
            process.terminate()
            process.wait()


ROWS = {
    "idle-1000": lambda: idle(1000),
    "idle-5000": lambda: idle(5000),
    "smtp-1": lambda: smtp(1),
    "smtp-10": lambda: smtp(10),
    "append-1": lambda: append(1),
    "append-10": lambda: append(10),
    "put-1": lambda: put(1),
    "put-10": lambda: put(10),
    "get-10": lambda: get(10),
    "autoconfig-10": lambda: autoconfig(10),
}


def main():
    words = [word for word in sys.argv[1:] if word != "--json"]
    as_json = "--json" in sys.argv[1:]
    unknown = [word for word in words if word not in ROWS]
    if unknown:
        raise SystemExit("no row %s; there are: %s" %
                         (" ".join(unknown), " ".join(ROWS)))
    # What the harness says is not for the table.
    out, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="ascii")
    results = {}
    for name in words or ROWS:
        results[name] = ROWS[name]()
        if not as_json:
            print("%-15s %s" % (name, "  ".join(
                "%s=%s" % pair for pair in results[name].items())), file=out,
                flush=True)
    if as_json:
        json.dump(results, out, indent=1)
        out.write("\n")


main()
