"""Calendar servers to compare with, when their Debian packages are there.
Each serves one person one calendar over plain HTTP on loopback."""
import base64
import http.client
import os
import shutil
import subprocess

from machine import Failed, cpu_seconds, first_line
from peers import wait_for_port

MAKE = ('<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:"'
        ' xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
        "<D:displayname>bench</D:displayname></D:prop></D:set>"
        "</C:mkcalendar>")
RADICALE = """[server]
hosts = {ip}:{port}
max_connections = 32
timeout = 600
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/data
[web]
type = none
[logging]
level = error
"""


class Peer:
    """A process that is up, and how it is asked."""

    greeting = None
    user, password = "bench", "bench"

    def __init__(self, server, port):
        self.ip = server.ip
        self.ports = {"proxy": server.ports["proxy"] + port}
        self.folder = os.path.join(server.folder, self.name)
        self.users_file = os.path.join(self.folder, "generator-users")
        self.process = None
        os.makedirs(os.path.join(self.folder, "data"))
        with open(self.users_file, "w", encoding="utf-8") as file:
            file.write("%s %s\n" % (self.user, self.password))

    def serve(self, command):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for_port(self.process, self.ip, self.ports["proxy"])
        return self

    @classmethod
    def start(cls, server):
        """None without the package."""
        if not shutil.which(cls.program):
            return None
        peer = cls(server, cls.port)
        return peer.serve(peer.command())

    def make(self):
        """The calendar."""
        pair = base64.b64encode(
            ("%s:%s" % (self.user, self.password)).encode()).decode()
        client = http.client.HTTPConnection(self.ip, self.ports["proxy"],
                                            timeout=60)
        client.request("MKCALENDAR", self.home.replace("{user}", self.user),
                       MAKE, {"Content-Type": "application/xml",
                              "Authorization": "Basic " + pair})
        status = client.getresponse().status
        client.close()
        if status != 201:
            raise Failed("%s: MKCALENDAR: %d" % (self.name, status))

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()


class Radicale(Peer):
    """A file for each event, synced."""

    name, title, program = "radicale", "Radicale", "/usr/bin/radicale"
    port, objects, home = 2000, 300, "/{user}/bench/"

    def command(self):
        conf = os.path.join(self.folder, "conf")
        with open(os.path.join(self.folder, "users"), "w",
                  encoding="utf-8") as file:
            file.write("%s:%s\n" % (self.user, self.password))
        with open(conf, "w", encoding="utf-8") as file:
            file.write(RADICALE.format(ip=self.ip, folder=self.folder,
                                       port=self.ports["proxy"]))
        return [self.program, "--config", conf]


class Xandikos(Peer):
    """A commit in git for each change; it asks for no password."""

    name, title, program = "xandikos", "Xandikos", "/usr/bin/xandikos"
    port, objects, home = 2001, 300, "/{user}/calendars/bench/"

    def command(self):
        return [self.program, "-d",
                os.path.join(self.folder, "data"), "--defaults",
                "--current-user-principal", "/%s/" % self.user, "-l", self.ip,
                "-p", str(self.ports["proxy"])]


ALL = (Radicale, Xandikos)


def versions():
    """Name and version of those that are there."""
    found = {}
    for kind in ALL:
        if shutil.which(kind.program):
            found[kind.name] = first_line(
                ["dpkg-query", "-W", "-f", "${Version}", kind.name])
    return found
