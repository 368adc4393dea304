"""Other domains' mail servers, good and bad: an SMTP server with TLS, the
certificates for it, signed and unsigned zones, and a web server that has
MTA-STS policies.  Everything listens on addresses of one program's own."""
import contextlib
import hashlib
import http.server
import os
import re
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading

from harness import run, wait_for

PID = os.getpid()
SMTP = 10025   # where our own servers listen too
HTTPS = 10443
DNS = 10053


def address(number):
    """127.0.0.0/8 above what the harness gives its servers."""
    return "127.%d.%d.%d" % (251 + (PID >> 16) % 3, (PID >> 8) % 256,
                             1 + (PID + 29 * number) % 254)


# --- certificates -----------------------------------------------------------

class Authority:
    """A CA, and certificates by it or by nobody."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = self.path("ca.pem")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                     "-subj", "/CN=Test CA", "-keyout", self.path("ca.key"),
                     "-out", self.ca)

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *words):
        code, text = run(["openssl", *words])
        if code:
            raise SystemExit("openssl: " + text)
        return text

    def certificate(self, name, *hosts, signed=True):
        """A context for a server."""
        chain, key = self.path(name + ".pem"), self.path(name + ".key")
        words = ["req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                 "/CN=" + name, "-keyout", key, "-out", chain, "-addext",
                 "subjectAltName=" + ",".join("DNS:" + h for h in hosts),
                 "-addext", "basicConstraints=critical,CA:FALSE"]
        if signed:
            words += ["-CA", self.ca, "-CAkey", self.path("ca.key")]
        self.openssl(*words)
        if signed:
            with open(chain, "a", encoding="ascii") as out, \
                    open(self.ca, encoding="ascii") as ca:
                out.write(ca.read())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context

    def tlsa(self, name, usage=3, selector=1):
        """The record's data, matching type 1."""
        path = self.path(name + ".pem")
        if selector == 1:
            text = self.openssl("x509", "-in", path, "-noout", "-pubkey")
        else:
            text = self.openssl("x509", "-in", path)
        body = re.search(r"-----BEGIN[^\n]*\n(.*?)-----END", text, re.S)
        data = ssl.PEM_cert_to_DER_cert(
            "-----BEGIN CERTIFICATE-----\n" + body[1] +
            "-----END CERTIFICATE-----\n")
        return "%d %d 1 %s" % (usage, selector,
                               hashlib.sha256(data).hexdigest())


# --- SMTP -------------------------------------------------------------------

class Peer:
    """Takes mail.  contexts: by SNI, "" is for all else; none: no STARTTLS.
    `script`: by recipient, answers to RCPT that are used up one by one."""

    def __init__(self, ip, contexts=None, extensions=("DSN",), lmtp=None):
        self.contexts = contexts or {}
        self.extensions = list(extensions)
        self.lmtp = lmtp is not None
        self.script = {}
        self.taken = []
        self.lines = []
        self.lock = threading.Lock()
        peer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.settimeout(60)
                with contextlib.suppress(OSError, ValueError):
                    peer.serve(self.request)

        base = socketserver.ThreadingTCPServer
        if self.lmtp:
            base = socketserver.ThreadingUnixStreamServer

        class Listener(base):
            allow_reuse_address = True
            daemon_threads = True
            address_family = socket.AF_UNIX if self.lmtp else (
                socket.AF_INET6 if ":" in ip else socket.AF_INET)

        self.listener = Listener(lmtp or (ip, SMTP), Handler)
        threading.Thread(target=self.listener.serve_forever,
                         daemon=True).start()

    def context(self):
        context = next(iter(self.contexts.values()))

        def choose(sock, name, _):
            sock.context = self.contexts.get(name or "",
                                             self.contexts.get("", context))
        context.sni_callback = choose
        return context

    def serve(self, sock):
        say = lambda text: sock.sendall(text.encode() + b"\r\n")
        lines, mail, to, tls = sock.makefile("rb"), None, [], False
        say("220 peer.example ESMTP")
        while True:
            line = lines.readline(4096)
            word = line.decode("utf-8", "replace").strip()
            verb = word.split(" ")[0].upper()
            with self.lock:
                self.lines.append(word)
            if not line or verb == "QUIT":
                say("221 2.0.0 bye")
                return
            if verb in ("EHLO", "LHLO"):
                names = ["PIPELINING", "8BITMIME", "SMTPUTF8",
                         "ENHANCEDSTATUSCODES"] + self.extensions
                if self.contexts and not tls:
                    names.append("STARTTLS")
                say("\r\n".join("250-" + name for name in names) +
                    "\r\n250 SIZE")
            elif verb == "STARTTLS" and self.contexts:
                say("220 2.0.0 go on")
                sock = self.context().wrap_socket(sock, server_side=True)
                lines, tls = sock.makefile("rb"), True
            elif verb == "MAIL":
                mail, to = word, []
                say("250 2.1.0 OK")
            elif verb == "RCPT":
                with self.lock:
                    waiting = self.script.get(path_of(word))
                    answer = waiting.pop(0) if waiting else "250 2.1.5 OK"
                if answer.startswith("250"):
                    to.append(word)
                say(answer)
            elif verb == "DATA":
                say("354 go on")
                self.take(lines, (mail, list(to), tls))
                for _ in to if self.lmtp else [0]:
                    say("250 2.0.0 taken")
            else:
                say("502 5.5.2 what?")

    def take(self, lines, envelope):
        body = b""
        for line in lines:
            if line == b".\r\n":
                break
            body += line[1:] if line.startswith(b".") else line
        with self.lock:
            self.taken.append(envelope + (body,))

    def to(self, recipient):
        """What came for somebody: MAIL, RCPTs, whether by TLS, the text."""
        with self.lock:
            return [mail for mail in self.taken
                    if recipient in map(path_of, mail[1])]

    def heard(self, word):
        with self.lock:
            return [line for line in self.lines if word in line]

    def close(self):
        self.listener.shutdown()
        self.listener.server_close()


def path_of(line):
    return line.partition("<")[2].partition(">")[0]


# --- policies ---------------------------------------------------------------

class Policies:
    """https://mta-sts.DOMAIN/.well-known/mta-sts.txt, by host."""

    def __init__(self, ip, context, texts):
        self.texts, self.asked = texts, []
        policies = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host = self.headers.get("Host", "").split(":")[0]
                policies.asked.append(host)
                text = policies.texts.get(host)
                if text is None or self.path != "/.well-known/mta-sts.txt":
                    self.send_error(404)
                    return
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                sock, peer = super().get_request()
                return context.wrap_socket(
                    sock, server_side=True,
                    do_handshake_on_connect=False), peer

            def handle_error(self, *_):
                pass

        self.listener = Listener((ip, HTTPS), Handler)
        threading.Thread(target=self.listener.serve_forever,
                         daemon=True).start()

    def close(self):
        self.listener.shutdown()
        self.listener.server_close()


# --- names ------------------------------------------------------------------

NSD = """server:
  ip-address: %(ip)s@%(port)d
  username: ""
  chroot: ""
  zonesdir: "%(f)s"
  pidfile: ""
  database: ""
  xfrdfile: "%(f)s/xfrd"
  zonelistfile: "%(f)s/list"
  xfrdir: "%(f)s"
  rrl-ratelimit: 0
  server-count: 1
remote-control:
  control-enable: no
"""
HEAD = """$ORIGIN %s.
$TTL 60
@ IN SOA ns hostmaster 1 60 60 6000 60
@ IN NS ns
ns IN A 127.0.0.1
"""


def can_sign():
    return all(shutil.which(name) for name in
               ("nsd", "dnssec-keygen", "dnssec-signzone",
                "dnssec-dsfromkey"))


class Zones:
    """nsd with some zones: {name: text}; those in `signed` are signed, and
    anchors[name] is the DS record that proves it."""

    def __init__(self, ip, zones, signed=()):
        self.ip = ip
        self.folder = tempfile.mkdtemp(prefix="posthaste-mx-")
        self.anchors = {}
        conf = NSD % {"ip": ip, "port": DNS, "f": self.folder}
        for name, text in zones.items():
            with open(self.path(name), "w", encoding="ascii") as out:
                out.write(HEAD % name + text)
            if name in signed:
                self.sign(name)
            conf += "zone:\n  name: %s\n  zonefile: %s%s\n" % (
                name, name, ".signed" if name in signed else "")
        with open(self.path("conf"), "w", encoding="ascii") as out:
            out.write(conf)
        with open(self.path("log"), "wb") as log:
            self.process = subprocess.Popen(
                ["nsd", "-d", "-c", self.path("conf")], stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        self.up = wait_for(self.answers, 60)

    def path(self, name):
        return os.path.join(self.folder, name)

    def command(self, *words):
        code, text = run(list(words), cwd=self.folder)
        if code:
            raise SystemExit("%s: %s" % (words[0], text))
        return text

    def sign(self, name):
        key = self.command("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256",
                           "-f", "KSK", name).strip().splitlines()[-1]
        self.command("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", name)
        self.command("dnssec-signzone", "-S", "-o", name, "-f",
                     name + ".signed", name)
        self.anchors[name] = self.command(
            "dnssec-dsfromkey", "-2", key + ".key").strip()

    def answers(self):
        query = b"\0\1\1\0\0\1\0\0\0\0\0\0\0\0\6\0\1"
        with contextlib.closing(socket.socket(
                socket.AF_INET, socket.SOCK_DGRAM)) as sock:
            sock.settimeout(0.2)
            try:
                sock.sendto(query, (self.ip, DNS))
                return sock.recv(512)
            except OSError:
                return None

    def log(self):
        with open(self.path("log"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)
