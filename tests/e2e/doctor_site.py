"""A mail domain in one process: DNS, web, IMAP and SMTP on loopback, all
right at first.  A test breaks one thing and looks what the doctor says."""
import base64
import contextlib
import hashlib
import http.server
import os
import shutil
import socket
import socketserver
import ssl
import struct
import subprocess
import tempfile
import threading

DOMAIN = "example.test"
ADDRESS = "fred@example.test"
PASSWORD = "right"
BASE = 10000
NAMES = ["", "autoconfig.", "autodiscover.", "ua-auto-config.", "mail."]
TYPES = {"A": 1, "MX": 15, "TXT": 16, "SRV": 33}

SERVER = ('<%s type="%s"><hostname>mail.example.test</hostname><port>%d'
          '</port><socketType>%s</socketType><authentication>'
          'password-cleartext</authentication><username>%%EMAILADDRESS%%'
          '</username></%s>')


def incoming(kind="imap", port=993, sort="SSL"):
    return SERVER % ("incomingServer", kind, port, sort, "incomingServer")


def outgoing(port=465, sort="SSL"):
    return SERVER % ("outgoingServer", "smtp", port, sort, "outgoingServer")


def config(*servers):
    return ('<?xml version="1.0" encoding="UTF-8"?><clientConfig version='
            '"1.1"><emailProvider id="example.test"><domain>example.test'
            '</domain>%s</emailProvider></clientConfig>' %
            "".join(servers or (incoming(), outgoing())))


def protocol(kind, port, encryption="SSL", spa="off"):
    return ("<Protocol><Type>%s</Type><Server>mail.example.test</Server>"
            "<Port>%d</Port><LoginName>%s</LoginName><SPA>%s</SPA>"
            "<SSL>on</SSL><Encryption>%s</Encryption></Protocol>" %
            (kind, port, ADDRESS, spa, encryption))


def discovery(*protocols):
    protocols = protocols or (
        protocol("IMAP", 993), protocol("SMTP", 465),
        "<Protocol><Type>CalDAV</Type><Server>https://example.test/dav/"
        "</Server></Protocol>")
    schema = "http://schemas.microsoft.com/exchange/autodiscover/"
    return ('<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="%s'
            'responseschema/2006"><Response xmlns="%soutlook/responseschema/'
            '2006a"><Account><AccountType>email</AccountType><Action>settings'
            '</Action>%s</Account></Response></Autodiscover>' %
            (schema, schema, "".join(protocols)))


PACC = ('{"protocols":{"imap":{"host":"mail.example.test"},"smtp":{"host":'
        '"mail.example.test"},"submit":{"host":"mail.example.test"}}}')
MULTISTATUS = ('<multistatus xmlns="DAV:"><response><href>/dav/</href>'
               '<propstat><prop><current-user-principal><href>/dav/p/</href>'
               '</current-user-principal></prop><status>HTTP/1.1 200 OK'
               '</status></propstat></response></multistatus>')


def digest(text):
    return "v=UAAC1; a=sha256; d=" + base64.b64encode(
        hashlib.sha256(text.encode()).digest()).decode()


# --- DNS --------------------------------------------------------------------

def wire_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def wire_data(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "TXT":
        text = value.encode()
        return b"".join(bytes([len(text[i:i + 255])]) + text[i:i + 255]
                        for i in range(0, len(text), 255))
    words = value.split()
    return (struct.pack("!%dH" % (len(words) - 1), *map(int, words[:-1])) +
            wire_name(words[-1]))


class Dns(socketserver.BaseRequestHandler):
    def handle(self):
        query, sock = self.request
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
            at += 1 + query[at]
        kind = struct.unpack("!H", query[at + 1:at + 3])[0]
        name = ".".join(labels).lower()
        site = self.server.site
        found = [(name, k, v) for (n, k), values in site.records.items()
                 for v in values if n == name and TYPES[k] == kind]
        known = found or any(n == name or n.endswith("." + name)
                             for n, k in site.records)
        answer = query[:2] + struct.pack(
            "!HHHHH", 0x8580 if known else 0x8583, 1, len(found), 0, 0)
        answer += query[12:at + 5]
        for owner, k, value in found:
            data = wire_data(k, value)
            answer += wire_name(owner) + struct.pack(
                "!HHIH", TYPES[k], 1, 60, len(data)) + data
        sock.sendto(answer, self.client_address)


# --- web --------------------------------------------------------------------

class Web(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def reply(self):
        size = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(size)
        site = self.server.site
        host = (self.headers.get("Host") or "").split(":")[0]
        path = self.path.split("?")[0]
        scheme = "https" if self.server.tls else "http"
        login = "Authorization" in self.headers
        for key in ((scheme, self.command, host, path),
                    (scheme, self.command, host, "*"),
                    (scheme, self.command, "*", path)):
            if key in site.pages:
                break
        page = site.pages.get(key, (404, {}, "no"))
        if callable(page):
            page = page(login, self.headers)
        status, fields, body = page
        body = body.encode()
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PROPFIND = do_OPTIONS = do_HEAD = reply


# --- mail -------------------------------------------------------------------

class Mail(socketserver.StreamRequestHandler):
    """IMAP or SMTP, as far as a probe goes."""

    def handle(self):
        with contextlib.suppress(OSError, ssl.SSLError, ValueError):
            kind, tls = self.server.kind, self.server.tls
            if tls:
                self.encrypt()
            self.send(self.site().greeting[kind])
            while True:
                line = self.rfile.readline().decode().strip()
                if not line or not getattr(self, kind)(line):
                    return

    def site(self):
        return self.server.site

    def encrypt(self):
        self.request = self.site().context.wrap_socket(
            self.request, server_side=True)
        self.rfile = self.request.makefile("rb")
        self.encrypted = True

    encrypted = False

    def send(self, *lines):
        self.request.sendall("".join(x + "\r\n" for x in lines).encode())

    def may(self, word):
        given = base64.b64decode(word).decode().split("\0")
        return given[1:] == [ADDRESS, self.site().password]

    def imap(self, line):
        tag, verb = line.split(" ")[:2]
        if verb == "CAPABILITY":
            words = self.site().imap_words[self.encrypted]
            self.send("* CAPABILITY IMAP4rev1 " + words, tag + " OK")
        elif verb == "STARTTLS":
            self.send(tag + " OK go")
            self.encrypt()
        elif verb == "AUTHENTICATE":
            self.send("+ ")
            good = self.may(self.rfile.readline().strip())
            self.send(tag + (" OK in" if good else " NO wrong"))
        else:
            self.send("* BYE", tag + " OK")
            return False
        return True

    def smtp(self, line):
        verb = line.split(" ")[0].upper()
        if verb == "EHLO":
            words = self.site().smtp_words[self.encrypted]
            self.send(*["250-" + x for x in words], "250 HELP")
        elif verb == "STARTTLS":
            self.send("220 go")
            self.encrypt()
        elif verb == "AUTH":
            good = self.may(line.split(" ")[2])
            self.send("235 in" if good else "535 wrong")
        else:
            self.send(self.site().answers.get(verb, "250 fine"))
            return verb != "QUIT"
        return True


class Threads(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, *words):
        pass

    def get_request(self):
        sock, peer = super().get_request()
        sock.settimeout(20)
        return sock, peer


class Https(Threads):
    def finish_request(self, request, client_address):
        with contextlib.suppress(OSError, ssl.SSLError):
            if self.tls:
                request = self.site.context.wrap_socket(request,
                                                        server_side=True)
            self.RequestHandlerClass(request, client_address, self)
            request.close()


class Udp(socketserver.ThreadingMixIn, socketserver.UDPServer):
    daemon_threads = True


# --- certificates -----------------------------------------------------------

class Certificates:
    def __init__(self, folder):
        self.folder = folder
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
                 "-out", "ca.pem", "-days", "100", "-subj", "/CN=Test CA")

    def run(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def make(self, name, names, days=90, own=False):
        """The path of a .pem with key and certificate."""
        key, out = name + ".key", name + ".crt"
        with open(os.path.join(self.folder, name + ".ext"), "w",
                  encoding="ascii") as file:
            file.write("subjectAltName=" + ",".join(
                "DNS:" + x for x in names))
        self.run("req", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                 "-out", name + ".csr", "-subj", "/CN=" + names[0])
        signer = (["-signkey", key] if own else
                  ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"])
        self.run("x509", "-req", "-in", name + ".csr", "-out", out, "-days",
                 str(days), "-extfile", name + ".ext", *signer)
        path = os.path.join(self.folder, name + ".pem")
        with open(path, "wb") as to:
            for part in (out, key):
                with open(os.path.join(self.folder, part), "rb") as file:
                    to.write(file.read())
        return path


# --- all of it --------------------------------------------------------------

class Site:
    def __init__(self, number):
        pid = os.getpid()
        self.ip = "127.%d.%d.%d" % (1 + ((pid >> 16) + 31 * number) % 250,
                                    (pid >> 8) % 256, 1 + pid % 254)
        self.folder = tempfile.mkdtemp(prefix="doctor-")
        self.certificates = Certificates(self.folder)
        self.ca = os.path.join(self.folder, "ca.pem")
        all_names = [x + DOMAIN for x in NAMES]
        self.good = self.certificates.make("good", all_names)
        self.servers = {}
        self.reset()
        for name, port, cls, handler, kind, tls in (
                ("https", 443, Https, Web, "", True),
                ("http", 80, Https, Web, "", False),
                ("imaps", 993, Threads, Mail, "imap", True),
                ("imap", 143, Threads, Mail, "imap", False),
                ("submissions", 465, Threads, Mail, "smtp", True),
                ("submission", 587, Threads, Mail, "smtp", False),
                ("dns", 53, Udp, Dns, "", False)):
            server = cls((self.ip, BASE + port), handler)
            server.site, server.kind, server.tls = self, kind, tls
            threading.Thread(target=server.serve_forever, args=(0.05,),
                             daemon=True).start()
            self.servers[name] = server

    def close(self):
        for server in self.servers.values():
            server.shutdown()
            server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def use(self, default, **others):
        """Certificates: the default, and those of single names (with _ for
        a dot after the first label)."""
        def context(path):
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.load_cert_chain(path)
            return made
        made = {k + "." + DOMAIN: context(v) for k, v in others.items()}
        self.context = context(default)

        def choose(sock, name, _):
            if name in made:
                sock.context = made[name]
        self.context.sni_callback = choose

    def reset(self):
        """All is well again."""
        self.use(self.good)
        self.password = PASSWORD
        self.greeting = {"imap": "* OK hello", "smtp": "220 hello ESMTP"}
        self.imap_words = {False: "STARTTLS LOGINDISABLED",
                           True: "AUTH=PLAIN"}
        self.smtp_words = {False: ["hello", "STARTTLS"],
                           True: ["hello", "AUTH PLAIN LOGIN"]}
        self.answers = {"QUIT": "221 bye"}
        self.records = {
            ("example.test", "MX"): ["10 mail.example.test"],
            ("_imaps._tcp.example.test", "SRV"): [
                "0 1 993 mail.example.test"],
            ("_submissions._tcp.example.test", "SRV"): [
                "0 1 465 mail.example.test"],
            ("_autodiscover._tcp.example.test", "SRV"): [
                "0 1 443 mail.example.test"],
            ("_ua-auto-config.example.test", "TXT"): [digest(PACC)],
            ("example.test", "TXT"): ["v=spf1 mx ~all"],
            ("_dmarc.example.test", "TXT"): ["v=DMARC1; p=reject"],
        }
        for kind in ("caldavs", "carddavs"):
            owner = "_%s._tcp.example.test" % kind
            self.records[owner, "SRV"] = ["0 1 443 mail.example.test"]
            self.records[owner, "TXT"] = ["path=/dav/"]
        self.pages = {}
        self.put_config(config())
        self.put_discovery(discovery())
        self.put("GET", "ua-auto-config.example.test",
                 "/.well-known/user-agent-configuration.json", PACC,
                 kind="application/json")
        for kind in ("caldav", "carddav"):
            self.pages["https", "PROPFIND", "*", "/.well-known/" + kind] = (
                301, {"Location": "/dav/"}, "")
        self.pages["https", "PROPFIND", "*", "/dav/"] = self.dav
        self.pages["https", "OPTIONS", "*", "/dav/p/"] = (
            200, {"DAV": "1, 3, calendar-access, addressbook"}, "")
        self.pages["https", "PUT", "*", "/"] = (405, {}, "")

    def dav(self, login, fields):
        wanted = base64.b64encode(("%s:%s" % (
            ADDRESS, self.password)).encode()).decode()
        if not login or fields["Authorization"] != "Basic " + wanted:
            return 401, {"WWW-Authenticate": 'Basic realm="x"'}, ""
        return 207, {"Content-Type": "text/xml"}, MULTISTATUS

    def put(self, method, host, path, body, status=200, kind="text/xml",
            scheme="https"):
        self.pages[scheme, method, host, path] = (
            status, {"Content-Type": kind}, body)

    def put_config(self, body, **more):
        self.put("GET", "autoconfig.example.test", "/mail/config-v1.1.xml",
                 body, **more)
        self.put("GET", "example.test",
                 "/.well-known/autoconfig/mail/config-v1.1.xml", body,
                 **more)

    def put_discovery(self, body, **more):
        self.put("POST", "*", "/autodiscover/autodiscover.xml", body, **more)

    def drop(self, *words):
        """Records and pages that have such a word in their name."""
        for table in (self.records, self.pages):
            for key in list(table):
                if any(w in part for w in words for part in key):
                    del table[key]
