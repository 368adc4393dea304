"""Name servers of our own, and a house that asks them."""
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

from harness import BINARY, environment, ok, run, wait_for

DOMAIN = "example.test"
PORT = 5399
PID = os.getpid()
# Two authoritative servers, and one that is asked as a resolver.
IPS = ["127.%d.%d.%d" % (net, (PID >> 8) % 256, 1 + PID % 254)
       for net in (251, 252, 253)]
HEAD = """$ORIGIN %(domain)s.
$TTL 3600
@ IN SOA ns1 hostmaster 1 3600 600 86400 300
@ IN NS ns1
@ IN NS ns2
ns1 IN A %(one)s
ns2 IN A %(two)s
mail IN A 192.0.2.1
mail IN AAAA 2001:db8::1
elsewhere IN A 192.0.2.99
"""


def head(domain=DOMAIN):
    return HEAD % {"domain": domain, "one": IPS[0], "two": IPS[1]}


def answers(ip, port):
    """Whether a name server gives the zone's SOA."""
    name = b"".join(bytes([len(label)]) + label.encode()
                    for label in DOMAIN.split(".")) + b"\0"
    query = struct.pack(">6H", 7, 0, 1, 0, 0, 0) + name + b"\0\6\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        try:
            s.connect((ip, port))
            s.send(query)
            reply = s.recv(512)
        except OSError:
            return False
    return struct.unpack(">6H", reply[:12])[3] == 1


NSD = """server:
%(listen)s  zonesdir: "%(f)s"
  database: ""
  pidfile: "%(f)s/pid"
  zonelistfile: "%(f)s/list"
  xfrdfile: "%(f)s/state"
  xfrdir: "%(f)s"
  username: ""
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: %(d)s
  zonefile: zone
"""
BIND = """options {
  directory "%(f)s";
  pid-file "%(f)s/pid";
  session-keyfile "%(f)s/key";
  listen-on port %(p)d { 127.0.0.1; }; // %(listen)s
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
};
controls { };
zone "%(d)s" { type primary; file "%(f)s/zone"; };
"""
KNOT = """server:
    rundir: %(f)s
    pidfile: %(f)s/pid
    listen: [ %(listen)s ]
database:
    storage: %(f)s
zone:
  - domain: %(d)s
    storage: %(f)s
    file: zone
    zonefile-load: whole
    journal-content: none
"""
# The program, its configuration, one address in it, what stands between two.
PROGRAMS = {
    "nsd": (["nsd", "-d", "-c"], NSD, "  ip-address: %s@%d\n", ""),
    "named": (["named", "-g", "-c"], BIND, "%s@%d", " "),
    "knotd": (["knotd", "-c"], KNOT, "%s@%d", ", "),
}


class NameServer:
    """A server with one zone on some of the addresses; perhaps (nsd) its
    parent too, which says that the zone is signed."""

    def __init__(self, ips, zone, parent=None, program="nsd", port=PORT):
        self.folder = tempfile.mkdtemp(prefix="posthaste-dns-")
        self.ips, self.port = ips, port
        command, text, address, comma = PROGRAMS[program]
        listen = comma.join(address % (ip, port) for ip in ips)
        text %= {"f": self.folder, "d": DOMAIN, "p": port, "listen": listen}
        if parent is not None:
            text += "zone:\n  name: test\n  zonefile: parent\n"
        self.write("zone", zone)
        self.write("parent", parent or "")
        self.write("conf", text)
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                command + [os.path.join(self.folder, "conf")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        self.up = wait_for(self.answers, 60)

    def answers(self):
        return all(answers(ip, self.port) for ip in self.ips)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w",
                  encoding="ascii") as file:
            file.write(text)

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        wait_for(lambda: not any(answers(ip, self.port)
                                 for ip in self.ips), 60)
        shutil.rmtree(self.folder, ignore_errors=True)


class House:
    """A server's folder; nothing runs in it."""

    def __init__(self, folder, hostname):
        self.data = os.path.join(folder, "data")
        code, text = self.call("init", "--domain", DOMAIN, "--hostname",
                               hostname, "--address", "127.0.0.1")
        ok(code == 0, "a house at " + hostname, text)
        with open(os.path.join(self.data, "posthaste.conf"), "a",
                  encoding="ascii") as conf:
            conf.write("resolver %s@%d\n" % (IPS[2], PORT))

    def copy(self, folder, resolver, port=PORT):
        """The same house, elsewhere."""
        other = object.__new__(House)
        other.data = os.path.join(folder, resolver)
        shutil.copytree(self.data, other.data)
        path = os.path.join(other.data, "posthaste.conf")
        with open(path, encoding="utf-8") as conf:
            text = conf.read()
        text = text.replace(self.data, other.data).replace(
            "resolver %s@%d" % (IPS[2], PORT),
            "resolver %s@%d" % (resolver, port))
        with open(path, "w", encoding="utf-8") as conf:
            conf.write(text)
        return other

    def turn_off(self, service):
        path = os.path.join(self.data, "posthaste.conf")
        with open(path, encoding="utf-8") as conf:
            text = conf.read()
        with open(path, "w", encoding="utf-8") as conf:
            conf.write(re.sub(r"(?m)^port\.%s .*" % service,
                              "port.%s 0" % service, text))

    def call(self, *words):
        return run([BINARY] + list(words) + ["--data", self.data],
                   env=environment())

    def plan(self, *words, domain=DOMAIN):
        """What stands on standard output alone."""
        return subprocess.run(
            [BINARY, "dns", "plan", domain, "--data", self.data] +
            list(words), env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60,
            check=False).stdout.decode()

    def check(self):
        process = subprocess.run(
            [BINARY, "dns", "check", DOMAIN, "--json", "--data", self.data],
            env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
            check=False)
        try:
            return process.returncode, json.loads(process.stdout)
        except ValueError:
            ok(False, "dns check gives JSON",
               (process.stdout + process.stderr).decode())
            return process.returncode, {"records": [], "core_good": -1}


def lines_of(zone):
    return [line for line in zone.splitlines()
            if line and line[0] not in "$;"]


class Lane:
    """A house and name servers of its own, for one state after another."""

    def __init__(self, house, folder, number):
        self.ips = ["127.%d.%d.%d" % (200 + 3 * number + net,
                                      (PID >> 8) % 256, 1 + PID % 254)
                    for net in range(3)]
        self.house = house.copy(folder, self.ips[2])

    def text(self, zone):
        for here, there in zip(IPS, self.ips):
            zone = zone.replace(here, there)
        return zone

    def check(self, zone):
        server = NameServer(self.ips, self.text(zone))
        try:
            return self.house.check()
        finally:
            server.close()
