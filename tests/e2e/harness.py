"""A private server for one end-to-end test, and TAP for what it does.

A test makes a Server, talks to it with the clients of the standard library
or with real programs, and says ok() about what it saw.  Each server has its
own data folder and its own address in 127.0.0.0/8, so that tests run beside
each other.  stop() also looks for what the sanitizers wrote.
"""
import base64
import contextlib
import http.client
import imaplib
import json
import os
import poplib
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.join(TREE, os.environ.get("POSTHASTE_BUILD", "build/asan"))
BINARY = os.environ.get("POSTHASTE_BINARY",
                        os.path.join(BUILD, "posthaste"))
BASE_PORT = 10000
START_SECONDS = 60
STOP_SECONDS = 60
REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:|"
                    r"SUMMARY: \w+Sanitizer|LeakSanitizer")
ROLES = ("web", "mail", "queue", "signer")


def checked():
    """Whether the server is built with sanitizers, which make it slow."""
    with open(BINARY, "rb") as file:
        return b"__asan_init" in file.read()


# --- TAP --------------------------------------------------------------------

class Tap:
    """Counts and prints test points."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, good, name, detail=None):
        self.count += 1
        if not good:
            self.failed += 1
        print("%sok %d - %s" % ("" if good else "not ", self.count,
                                name.replace("#", "")), flush=True)
        if not good:
            # On standard error too, where prove does not swallow it.
            print("# failed: %s: %s\n%s" % (sys.argv[0], name, detail or ""),
                  file=sys.stderr, flush=True)
            note(detail or "")
        return bool(good)

    def same(self, found, wanted, name):
        return self.ok(found == wanted, name,
                       "found  %r\nwanted %r" % (found, wanted))

    def skip(self, name, why):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name, why), flush=True)

    def done(self):
        print("1..%d" % self.count)
        sys.stdout.flush()
        sys.exit(1 if self.failed else 0)


tap = Tap()
ok, same, skip, done = tap.ok, tap.same, tap.skip, tap.done


def note(text):
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def wait_for(check, seconds=20, every=0.02):
    """What check() gives as soon as it is true, or its last value."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


def run(command, timeout=120, **options):
    """A program: its exit code and all that it said."""
    done_process = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=options.pop("stdin", subprocess.DEVNULL), timeout=timeout,
        check=False, **options)
    return done_process.returncode, done_process.stdout.decode(
        "utf-8", "replace")


def command(server, *words, code=0):
    """A command of the server's, which ends with that code: what it said."""
    ended, said = run([server.binary, *words, "--data", server.data],
                      env=server.env)
    ok(ended == code and "Sanitizer" not in said, " ".join(words[:2]), said)
    return said


def environment():
    """Ours, with sanitizers that leave a report and an exit code."""
    env = dict(os.environ)
    env.setdefault("ASAN_OPTIONS",
                   "detect_leaks=1:exitcode=99:abort_on_error=0")
    env.setdefault("UBSAN_OPTIONS",
                   "halt_on_error=1:exitcode=99:print_stacktrace=1")
    return env


# --- the server -------------------------------------------------------------

class Server:
    """One private server.  settings: lines for posthaste.conf."""

    def __init__(self, users=0, settings=None, preload=None, binary=BINARY):
        pid = os.getpid()
        self.folder = tempfile.mkdtemp(prefix="posthaste-")
        os.chmod(self.folder, 0o711)
        self.data = os.path.join(self.folder, "data")
        self.ip = "127.%d.%d.%d" % (1 + (pid >> 16) % 250,
                                    (pid >> 8) % 256, 1 + pid % 254)
        self.users = users
        # Tests send more mail than people do.
        self.settings = {"send-per-hour": "0", "send-per-day": "0",
                         **(settings or {})}
        self.env = environment()
        if preload:
            # The shim first, but the sanitizer's runtime is linked in.
            self.env["LD_PRELOAD"] = preload
            self.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        self.binary = binary
        self.log_path = os.path.join(self.folder, "server.log")
        self.process = None
        self.info = None

    def __enter__(self):
        self.init()
        self.start()
        return self

    def __exit__(self, kind, *rest):
        self.close()

    def init(self):
        code, text = run(
            [self.binary, "init", "--data", self.data, "--domain",
             "posthaste.test", "--address", self.ip, "--base-port",
             str(BASE_PORT), "--users", str(self.users)], env=self.env)
        if code:
            note(text)
            raise SystemExit("posthaste init: exit %d" % code)
        self.configure(self.settings)

    def conf_path(self):
        return os.path.join(self.data, "posthaste.conf")

    def configure(self, settings):
        """Put settings into the configuration file, instead of those of
        the same name."""
        with open(self.conf_path(), encoding="utf-8") as file:
            lines = [line for line in file.read().splitlines()
                     if line.split(" ")[0] not in settings]
        lines += ["%s %s" % pair for pair in settings.items()
                  if pair[1] is not None]
        with open(self.conf_path(), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def spawn(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data", self.data], stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, env=self.env)

    def start(self):
        path = os.path.join(self.folder, "info.json")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.spawn()
        code, text = run([self.binary, "wait-ready", "--data", self.data,
                          "--info", path], env=environment(),
                         timeout=START_SECONDS)
        if code or self.process.poll() is not None:
            note(text)
            note(self.log()[-4000:])
            raise SystemExit("the server did not become ready")
        with open(path, encoding="utf-8") as file:
            self.info = json.load(file)
        self.address = self.info["address"]
        self.password = self.info["password"]
        self.domain = self.info["domain"]
        self.host = self.info["host"]
        self.ports = self.info["ports"]

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def reports(self):
        """What the sanitizers wrote."""
        lines = self.log().splitlines()
        return "\n".join(
            "\n".join(lines[i:i + 25]) for i, line in enumerate(lines)
            if REPORT.search(line))

    def stop(self):
        """SIGTERM; the exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            note("no end within %d s" % STOP_SECONDS)
            self.kill()
            code = -9
        self.process = None
        return code

    def kill(self):
        """The whole machine stops at once, as by a power cut."""
        pids = list(self.roles().values())
        self.process.kill()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not any(alive(pid) for pid in pids))

    def close(self):
        """Stop, say what the sanitizers found, remove everything."""
        code = self.stop()
        reports = self.reports()
        ok(code == 0, "the server ends with 0", "exit %d\n%s" %
           (code, self.log()[-3000:]))
        ok(not reports, "the sanitizers are silent", reports[:8000])
        if os.environ.get("KEEP"):
            note("kept " + self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    def roles(self):
        """The process of each role, by name."""
        found = {}
        pid = self.process.pid
        with contextlib.suppress(OSError), \
                open("/proc/%d/task/%d/children" % (pid, pid),
                     encoding="ascii") as file:
            for child in file.read().split():
                name = role_name(child)
                if name:
                    found[name] = int(child)
        return found

    # --- clients ---

    def trust(self):
        return ssl.create_default_context(cafile=self.info["ca"])

    def login(self, number=None):
        """Address and password: the demo mailbox, or user NN."""
        if number is None:
            return self.address, self.password
        user = self.info["users"][number - 1]
        return user["address"], user["password"]

    def imap(self, number=None, login=True):
        client = imaplib.IMAP4_SSL(
            self.ip, self.ports["imaps"], ssl_context=Named(self), timeout=60)
        if login:
            client.login(*self.login(number))
        return client

    def pop3(self, number=None):
        client = poplib.POP3_SSL(self.ip, self.ports["pop3s"],
                                 context=Named(self), timeout=60)
        user, password = self.login(number)
        client.user(user)
        client.pass_(password)
        return client

    def submission(self, number=None):
        client = smtplib.SMTP_SSL(self.ip, self.ports["submissions"],
                                  context=Named(self), timeout=60)
        client.login(*self.login(number))
        return client

    def smtp(self):
        return smtplib.SMTP(self.ip, self.ports["smtp"], timeout=60)

    def raw(self, service, tls=False, timeout=30):
        """A socket; encrypted from the start when asked."""
        sock = socket.create_connection((self.ip, self.ports[service]),
                                        timeout)
        if tls:
            sock = Named(self).wrap_socket(sock)
        return sock

    def http(self, method, path, body=None, headers=None, host=None,
             service="https", number=None, auth=False):
        """One request: status, header fields, body."""
        name = host or self.host
        if service == "https":
            client = http.client.HTTPSConnection(
                self.ip, self.ports["https"], timeout=60,
                context=Named(self, name))
        else:
            client = http.client.HTTPConnection(
                self.ip, self.ports[service], timeout=60)
        fields = {"Host": "%s:%d" % (name, self.ports[service])}
        if auth:
            fields.update(self.basic(number))
        fields.update(headers or {})
        try:
            client.request(method, path, body, fields)
            answer = client.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            client.close()

    def basic(self, number=None):
        pair = "%s:%s" % self.login(number)
        return {"Authorization": "Basic " +
                base64.b64encode(pair.encode()).decode()}

    def home(self, kind, number=None):
        """Path of a personal collection: "Calendar" or "Contacts"."""
        return "/SOGo/dav/%s/%s/personal/" % (self.login(number)[0], kind)


class Named:
    """A client's TLS context that verifies the server's name although the
    connection is made by address."""

    def __init__(self, server, name=None):
        self.context = server.trust()
        self.name = name or server.host

    def wrap_socket(self, sock, server_hostname=None, **options):
        del server_hostname
        # imaplib sends literals in pieces; without this each waits 40 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.context.wrap_socket(sock, server_hostname=self.name,
                                        **options)

    def __getattr__(self, name):
        return getattr(self.context, name)


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii",
                  errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def role_name(pid):
    """"mail" for a process that runs `posthaste ... --role mail`, or that
    calls itself so."""
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as file:
            words = file.read().decode("utf-8", "replace").split("\0")
        with open("/proc/%s/comm" % pid, encoding="utf-8") as file:
            words += re.split(r"[-:/ ]", file.read().strip())
    except OSError:
        return None
    for word in words:
        for role in ROLES:
            if word in (role, "--role=" + role, "posthaste-" + role):
                return role
    return None


# --- what tests send --------------------------------------------------------

def message(subject, body="Hello.\r\n", sender="a@elsewhere.example",
            to="demo@posthaste.test"):
    return ("From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\n"
            "Message-ID: <%s@test.example>\r\n"
            "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n%s" %
            (sender, to, subject, re.sub(r"\W", "-", subject),
             body)).encode()


def event(uid, summary="An event", day="20261201"):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
            "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
            "DTSTART:%sT100000Z\r\nDTEND:%sT110000Z\r\nSUMMARY:%s\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n" %
            (uid, day, day, summary)).encode()


def card(uid, name="A Person"):
    return ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\n"
            "N:%s;;;;\r\nEMAIL:%s@elsewhere.example\r\nEND:VCARD\r\n" %
            (uid, name, name, uid)).encode()


def read_line(sock, limit=65536):
    """One line from a socket; b"" at its end."""
    line = b""
    while not line.endswith(b"\n") and len(line) < limit:
        byte = sock.recv(1)
        if not byte:
            break
        line += byte
    return line


def read_all(sock):
    """Until the peer closes; a reset counts as that."""
    out = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while True:
            piece = sock.recv(65536)
            if not piece:
                break
            out += piece
    return out
