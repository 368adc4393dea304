"""The machine around the benchmark: the server under load, what its
processes cost, and the load generator."""
import base64
import contextlib
import http.client
import json
import os
import platform
import re
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
BASE_PORT = 10000       # below the ports that clients are given
PUBLIC = {"https": 443, "imaps": 993, "pop3s": 995, "submissions": 465}
CONNECTIONS = 11000     # the most idle sessions, and who wakes them
START_SECONDS = 120
STOP_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")
ROLES = ("supervisor", "mail", "web", "queue")


class Failed(Exception):
    """A row that cannot be measured, and why."""


def log(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def allow_files():
    """As many descriptors as we may have: each session is one, on each
    side."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def first_line(command):
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        out = subprocess.run(command, stdout=subprocess.PIPE, timeout=20,
                             stderr=subprocess.STDOUT, check=False).stdout
        return out.decode("utf-8", "replace").split("\n")[0].strip()
    return ""


def facts(binary):
    """What a figure means nothing without."""
    model = "unknown"
    with contextlib.suppress(OSError), \
            open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        found = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
        model = found.group(1) if found else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cores": os.cpu_count(),
        "model": model,
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release(),
        "commit": first_line(["git", "-C", TREE, "describe", "--always",
                              "--dirty"]),
        "compiler": first_line(["cc", "--version"]),
        "openssl": first_line(["openssl", "version"]),
        "server": first_line([binary, "--version"]),
    }


# --- processes --------------------------------------------------------------

def pss_kib(pid):
    """Proportional set size: a process' own memory and its share of what
    is shared."""
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        return int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M).group(1))


def descendants(pid):
    found = [pid]
    with contextlib.suppress(OSError):
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task),
                      encoding="ascii") as file:
                for child in file.read().split():
                    found += descendants(int(child))
    return found


def cpu_of(pid):
    """User and system time of one process: threads that live, to the
    nanosecond, or all that ever were, in ticks; and its ended children."""
    threads = 0
    with open("/proc/%d/stat" % pid, encoding="ascii",
              errors="replace") as file:
        fields = [int(field) for field in
                  file.read().rsplit(")", 1)[1].split()[11:15]]
    for task in os.listdir("/proc/%d/task" % pid):
        with contextlib.suppress(OSError), \
                open("/proc/%d/task/%s/schedstat" % (pid, task),
                     encoding="ascii") as file:
            threads += int(file.read().split()[0])
    return max(threads / 1e9, sum(fields[:2]) / TICKS) + \
        sum(fields[2:]) / TICKS


def cpu_seconds(pid):
    """Of a process and all below it."""
    total = 0
    for one in descendants(pid):
        with contextlib.suppress(OSError):
            total += cpu_of(one)
    return total


# --- the server -------------------------------------------------------------

class Server:
    """One private server on loopback, in a folder of its own."""

    name = "posthaste"
    greeting = "EHLO"

    def __init__(self, binary, users, last_octet=1):
        self.binary = binary
        self.users = users
        self.ip = "127.7.%d.%d" % (os.getpid() % 250, last_octet)
        self.folder = tempfile.mkdtemp(prefix="posthaste-bench-")
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "data")
        self.users_file = os.path.join(self.folder, "users")
        self.process = None
        self.info = None
        self.ports = {}

    def command(self, *words):
        done = subprocess.run(
            [self.binary] + list(words), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            timeout=START_SECONDS + 2 * self.users)
        if done.returncode:
            raise Failed("posthaste %s: exit %d: %s" % (
                words[0], done.returncode,
                done.stdout.decode("utf-8", "replace")[-500:]))

    def init(self):
        self.command("init", "--data", self.data, "--domain",
                     "posthaste.test", "--address", self.ip, "--base-port",
                     str(BASE_PORT), "--users", str(self.users))
        path = os.path.join(self.data, "posthaste.conf")
        with open(path, encoding="utf-8") as file:
            conf = re.sub(r"^connections .*", "connections %d" % CONNECTIONS,
                          file.read(), flags=re.M)
        with open(path, "w", encoding="utf-8") as file:
            file.write(conf)
            # PACC has no words for other ports than the usual ones.
            for name, port in PUBLIC.items():
                file.write("public-port.%s %d\n" % (name, port))
        # It signs profiles only when its chain is whole.
        with open(os.path.join(self.data, "ca.pem"), "rb") as file:
            root = file.read()
        with open(os.path.join(self.data, "tls", "default.pem"), "ab") as file:
            file.write(root)

    def start(self):
        """Seconds from exec until <data>/run/ready is there."""
        ready = os.path.join(self.data, "run", "ready")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(ready)
        begin = time.monotonic()
        with open(os.path.join(self.folder, "log"), "ab") as file:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data", self.data], stdout=file,
                stderr=file, stdin=subprocess.DEVNULL)
        while not os.path.exists(ready):
            if self.process.poll() is not None:
                raise Failed("the server ended while starting: " +
                             self.last_words())
            if time.monotonic() > begin + START_SECONDS:
                raise Failed("the server is not ready: " + self.last_words())
            time.sleep(0.001)
        return time.monotonic() - begin

    def learn(self):
        """Ports and mailboxes, by the run contract's file."""
        path = os.path.join(self.folder, "info.json")
        self.command("wait-ready", "--data", self.data, "--info", path)
        with open(path, encoding="utf-8") as file:
            self.info = json.load(file)
        self.ports = self.info["ports"]
        with open(self.users_file, "w", encoding="utf-8") as file:
            for user in self.info["users"]:
                file.write("%s %s\n" % (user["address"], user["password"]))

    def last_words(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()[-500:].strip()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def roles(self):
        """Process id by role."""
        found = {}
        with contextlib.suppress(OSError), \
                open(os.path.join(self.data, "run", "ready"),
                     encoding="ascii") as file:
            for line in file:
                words = line.split()
                if len(words) == 2 and words[1].isdigit():
                    found[words[0]] = int(words[1])
        return found

    def memory(self):
        """PSS in KiB by role, the supervisor too."""
        found = {"supervisor": pss_kib(self.process.pid)}
        found.update((name, pss_kib(pid))
                     for name, pid in self.roles().items()
                     if pid != self.process.pid)
        return found

    def cpu(self):
        return cpu_seconds(self.process.pid)

    @staticmethod
    def drain():
        """Seconds until what was taken is done: when it is acknowledged."""
        return 0

    def stop(self):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        code = self.process.returncode if self.process else 0
        self.process = None
        return code

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def user(self, number):
        user = self.info["users"][number]
        return user["address"], user["password"]

    def http(self, number, method, path, body=None, headers=None,
             service="proxy"):
        """One request of one user; status and body."""
        fields = {"Host": self.info["host"]}
        fields.update(headers or {})
        return ask(self.ip, self.ports[service], self.user(number), method,
                   path, body, fields, tls=service == "https")


def ask(ip, port, pair, method, path, body=None, headers=None, tls=False):
    """One HTTP request of one person; status and body."""
    fields = {"Authorization": "Basic " +
              base64.b64encode(("%s:%s" % pair).encode()).decode()}
    fields.update(headers or {})
    if tls:
        # Nobody else answers at this address of loopback.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client = http.client.HTTPSConnection(ip, port, timeout=120,
                                             context=context)
    else:
        client = http.client.HTTPConnection(ip, port, timeout=120)
    try:
        client.request(method, path, body, fields)
        answer = client.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Failed("%s %s: %s" % (method, path, error)) from error
    finally:
        client.close()


# --- the load generator -----------------------------------------------------

class Generator:
    """The C program that makes the load."""

    FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-O2", "-I", TREE]
    BASE = ["mailcore/base/%s.c" % name for name in ("view", "buf", "encode")]

    def __init__(self, folder):
        self.path = os.path.join(folder, "load")
        self.prefix = []

    def build(self):
        source = os.path.join(HERE, "load")
        files = [os.path.join(source, name)
                 for name in sorted(os.listdir(source))
                 if name.endswith(".c")]
        files += [os.path.join(TREE, name) for name in self.BASE]
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        done = subprocess.run(
            ["cc"] + self.FLAGS + files + ["-o", self.path, "-lssl",
                                           "-lcrypto", "-lpthread"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise Failed("the load generator does not compile: " +
                         done.stdout.decode("utf-8", "replace")[:1000])

    def words(self, job, options):
        words = [self.path, job]
        for name, value in options.items():
            if value is not None:
                words += ["--" + name, str(int(value) if isinstance(
                    value, bool) else value)]
        return words

    def run(self, job, **options):
        """What it measured; Failed when one operation went wrong."""
        patience = options.get("seconds", 60) + 180
        try:
            done = subprocess.run(
                self.words(job, options), stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                timeout=patience, check=False)
        except subprocess.TimeoutExpired as error:
            raise Failed("%s: no end within %d s" % (job, patience)) \
                from error
        if done.returncode:
            raise Failed("%s: %s" % (job, complaint(done.stderr)))
        return json.loads(done.stdout)

    def begin(self, job, **options):
        """The same for a job that wants an answer in between."""
        return subprocess.Popen(
            self.words(job, options), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def complaint(stderr):
    lines = stderr.decode("utf-8", "replace").strip().split("\n")
    return "; ".join(dict.fromkeys(lines[:3])) or "it failed without a word"
