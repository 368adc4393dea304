"""Servers to compare with: where they are, how they live.

A peer is there when all its programs are: in the root that --install-peers
unpacked, or on the machine.  It runs in namespaces of its own, in that root,
with its configuration and data in our temporary folder, at an address of its
own on loopback, and nothing of it outlives its first process.
"""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time

import install
from machine import Failed, cpu_seconds, descendants, first_line, pss_kib

READY_SECONDS = 60
STOP_SECONDS = 30
# root folder user script [file target]...; becomes what the script starts.
ENTER = r"""
set -e
root=$1 folder=$2 user=$3 script=$4
shift 4
if [ "$root" != / ]; then
	mount --rbind /dev "$root/dev"
	mount -t tmpfs tmpfs "$root/tmp"
	chmod 1777 "$root/tmp"
	mkdir -p "$root$folder"
	mount --rbind "$folder" "$root$folder"
fi
while [ $# -gt 0 ]; do
	mount --bind "$1" "$root/$2"
	shift 2
done
mount -t proc proc "$root/proc"
cd /
exec chroot ${user:+--userspec=$user} "$root" /bin/sh -c "$script"
"""


class Peer:
    """What all have in common."""

    name = title = None
    programs = ()           # that it needs
    packages = ()           # that are it, without what they need
    services = {}           # name: port
    number = 0              # of its address
    root_only = True
    user = ""               # that it begins as, when we are root
    greeting = None
    settle = 0              # seconds until a change has a time of its own

    def __init__(self, server):
        self.root = self.place()
        self.server = server
        self.ip = server.ip.rsplit(".", 1)[0] + ".%d" % (10 + self.number)
        self.folder = os.path.join(server.folder, self.name)
        self.ports = dict(self.services)
        self.users_file = server.users_file
        self.process = None
        self.started = None     # seconds until it answered
        self.idle = None        # KiB when it had
        os.makedirs(self.folder)

    @classmethod
    def place(cls):
        for root in (install.ROOT, "/"):
            if all(os.path.lexists(root + name) for name in cls.programs):
                return root
        return None

    @classmethod
    def absent(cls):
        """Why it is not compared with; None when it is."""
        if cls.place() is None:
            return "not installed"
        if cls.root_only and os.getuid():
            return "runs as root only"
        return None

    # --- what each says -----------------------------------------------------

    def configure(self):
        """Writes its configuration."""

    def fill(self):
        """What must be there before it starts."""

    def script(self):
        """Shell commands that start it and do not return."""
        raise NotImplementedError

    def make(self):
        """What must be there when it has started."""

    def binds(self):
        """Files of ours, each with what it is seen as."""
        return ()

    # --- files --------------------------------------------------------------

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text, **fields):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text.format(folder=self.folder, ip=self.ip,
                                   chain=self.path("chain.pem"),
                                   **dict(self.ports, **fields)))
        return self.path(name)

    def certificate(self):
        shutil.copy(os.path.join(self.server.data, "tls", "default.pem"),
                    self.path("chain.pem"))

    def folders(self, names, user=None, mode=0o755):
        for name in names:
            os.makedirs(self.path(name), exist_ok=True)
            os.chmod(self.path(name), mode)
            if user and os.getuid() == 0:
                os.chown(self.path(name), *self.ids(user))

    def ids(self, user):
        """User and group, by the passwd of its root."""
        with open(os.path.join(self.root, "etc/passwd"),
                  encoding="utf-8") as file:
            for line in file:
                fields = line.split(":")
                if fields[0] == user:
                    return int(fields[2]), int(fields[3])
        raise Failed("%s: there is no user %s" % (self.name, user))

    # --- life ---------------------------------------------------------------

    def words(self, script):
        words = ["unshare", "--mount", "--pid", "--ipc", "--fork",
                 "--kill-child"]
        if os.getuid():
            words.append("--map-root-user")
        user = self.user if os.getuid() == 0 else ""
        words += ["sh", "-c", ENTER, "sh", self.root, self.folder, user,
                  script]
        for pair in self.binds():
            words += pair
        return words

    def run(self, script, seconds=120):
        """To its end."""
        try:
            with open(self.path("log"), "ab") as log:
                done = subprocess.run(
                    self.words(script), stdout=log, stderr=log, check=False,
                    stdin=subprocess.DEVNULL, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise Failed("%s: no end within %d s" % (
                self.name, seconds)) from error
        if done.returncode:
            raise Failed("%s: %s" % (self.name, self.last_words()))

    def start(self):
        try:
            self.configure()
            self.fill()
            begin = time.monotonic()
            with open(self.path("log"), "ab") as log:
                self.process = subprocess.Popen(
                    self.words(self.script() + "\nwait"), stdout=log,
                    stderr=log, stdin=subprocess.DEVNULL)
            for port in self.ports.values():
                self.wait_for(port)
            self.started = time.monotonic() - begin
            self.make()
            self.idle = self.memory()
        except (Failed, OSError) as error:
            self.stop()
            raise Failed("does not start: %s; %s" % (
                error, self.last_words())) from error
        except BaseException:
            self.stop()
            raise

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def wait_for(self, port):
        end = time.monotonic() + READY_SECONDS
        while True:
            try:
                socket.create_connection((self.ip, port), 1).close()
                return
            except OSError as error:
                if self.process.poll() is not None or \
                        time.monotonic() > end:
                    raise Failed("nobody answers on port %d" % port) \
                        from error
                time.sleep(0.005)

    def last_words(self):
        with contextlib.suppress(OSError), \
                open(self.path("log"), encoding="utf-8",
                     errors="replace") as file:
            return file.read()[-300:].strip().replace("\n", "; ")
        return ""

    def stop(self):
        """Kills the first process of its namespace, and so all."""
        if self.process is None:
            return
        for pid in descendants(self.process.pid)[1:2]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def cpu(self):
        return cpu_seconds(self.process.pid)

    @staticmethod
    def drain():
        """Seconds until what was taken is done."""
        return 0

    def memory(self):
        """PSS in KiB of all its processes."""
        total = 0
        for pid in descendants(self.process.pid)[1:]:
            with contextlib.suppress(OSError):
                total += pss_kib(pid)
        return total

    # --- what it is ---------------------------------------------------------

    @classmethod
    def version(cls):
        return cls.version_of(cls.packages[0])

    @classmethod
    def version_of(cls, package):
        if cls.place() == install.ROOT:
            return install.versions().get(package, "")
        return first_line(["dpkg-query", "-W", "-f", "${Version}", package])

    @classmethod
    def size_kib(cls):
        """Of its packages, installed."""
        total = 0
        for package in cls.packages:
            if cls.place() == install.ROOT:
                found = install.field(package, "Installed-Size")
            else:
                found = first_line(["dpkg-query", "-W", "-f",
                                    "${Installed-Size}", package])
            total += int(found) if found.isdigit() else 0
        return total


# --- nginx ------------------------------------------------------------------

NGINX = """
worker_processes auto;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 1024; }}
http {{
	access_log off;
	keepalive_requests 1000000;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	server {{
		listen {ip}:{https} ssl;
		ssl_certificate {chain};
		ssl_certificate_key {chain};
		ssl_protocols TLSv1.2 TLSv1.3;
		default_type text/xml;
		root {folder}/root;
	}}
}}
"""


class Nginx(Peer):
    """The same bytes from a file."""

    name, title, number = "nginx", "nginx", 0
    programs = ("/usr/sbin/nginx",)
    packages = ("nginx-light", "nginx", "nginx-common")
    services = {"https": 10443}
    root_only = False

    def configure(self):
        self.certificate()
        self.folders(["root"])
        # Who is not root is root in the namespace, and has no other user.
        self.write("conf", NGINX, user="user root root;" if os.getuid() else
                   "user nobody nogroup;")

    def document(self, path, body):
        """What it answers to GET of this path, whatever the query."""
        name = self.path("root", path.split("?")[0].lstrip("/"))
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as file:
            file.write(body)

    def script(self):
        return "/usr/sbin/nginx -e %s -c %s -p %s &" % (
            self.path("error.log"), self.path("conf"), self.folder)
