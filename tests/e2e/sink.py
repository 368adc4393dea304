"""The other side of the world: an SMTP server that answers as it is told, and
a name server that knows what a test needs."""
import contextlib
import socket
import socketserver
import struct
import threading


class Sink:
    """Takes mail.  script: by recipient, a list of answers to RCPT that are
    used up one by one; then 250.  `data` answers likewise for DATA's end."""

    def __init__(self, ip, port):
        self.script = {}
        self.data = []
        self.taken = []
        self.connections = 0
        self.lock = threading.Lock()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with contextlib.suppress(ConnectionError):
                    sink.serve(self.rfile, self.wfile)

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.listener = Listener((ip, port), Handler)
        threading.Thread(target=self.listener.serve_forever,
                         daemon=True).start()

    def answer_to(self, recipient):
        with self.lock:
            waiting = self.script.get(recipient)
            return waiting.pop(0) if waiting else "250 2.1.5 OK"

    def serve(self, lines, out):
        def say(text):
            out.write(text.encode() + b"\r\n")
            out.flush()

        with self.lock:
            self.connections += 1
        say("220 sink.example ESMTP")
        sender, recipients = None, []
        for line in lines:
            word = line.decode("utf-8", "replace").strip()
            verb = word.split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                say("250-sink.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                    "250-ENHANCEDSTATUSCODES\r\n250 PIPELINING")
            elif verb == "MAIL":
                sender, recipients = path_of(word), []
                say("250 2.1.0 OK")
            elif verb == "RCPT":
                answer = self.answer_to(path_of(word))
                if answer.startswith("250"):
                    recipients.append(path_of(word))
                say(answer)
            elif verb == "DATA" and recipients:
                say("354 go on")
                self.take(lines, say, sender, recipients)
            elif verb == "DATA":
                say("503 5.5.1 no recipients")
            elif verb == "QUIT":
                say("221 2.0.0 bye")
                return
            elif verb in ("RSET", "NOOP"):
                say("250 2.0.0 OK")
            else:
                say("502 5.5.2 what?")

    def take(self, lines, say, sender, recipients):
        body = b""
        for line in lines:
            if line == b".\r\n":
                break
            body += line[1:] if line.startswith(b".") else line
        with self.lock:
            answer = self.data.pop(0) if self.data else "250 2.0.0 taken"
            if answer.startswith("250"):
                self.taken.append((sender, list(recipients), body))
        say(answer)

    def to(self, recipient):
        with self.lock:
            return [mail for mail in self.taken if recipient in mail[1]]

    def close(self):
        self.listener.shutdown()
        self.listener.server_close()


def path_of(line):
    return line.partition("<")[2].partition(">")[0]


class Names:
    """Answers UDP queries from {(name, type): [rdata]}; else NXDOMAIN."""

    TYPES = {1: "A", 15: "MX", 28: "AAAA"}

    def __init__(self, ip, port, records):
        self.records = records
        self.asked = []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((ip, port))
        threading.Thread(target=self.serve, daemon=True).start()
        names = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                size = self.request.recv(2)
                if len(size) == 2:
                    query = self.request.recv(struct.unpack(">H", size)[0])
                    answer = names.answer(query)
                    self.request.sendall(struct.pack(">H", len(answer))
                                         + answer)

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.tcp = Listener((ip, port), Handler)
        threading.Thread(target=self.tcp.serve_forever, daemon=True).start()

    def serve(self):
        while True:
            try:
                query, peer = self.sock.recvfrom(4096)
            except OSError:
                return
            self.sock.sendto(self.answer(query), peer)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]])
            at += 1 + query[at]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        question = query[12:at + 5]
        name = b".".join(labels).decode("ascii", "replace").lower()
        word = self.TYPES.get(kind, str(kind))
        self.asked.append((name, word))
        found = self.records.get((name, word), [])
        known = any(key[0] == name for key in self.records)
        flags = 0x8580 if found or known else 0x8583
        head = query[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0)
        out = head + question
        for data in found:
            data = self.encode(word, data)
            out += struct.pack(">HHHIH", 0xc00c, kind, 1, 5, len(data)) + data
        return out

    @staticmethod
    def encode(word, data):
        if word == "A":
            return socket.inet_aton(data)
        if word == "AAAA":
            return socket.inet_pton(socket.AF_INET6, data)
        preference, host = data
        name = b"".join(bytes([len(part)]) + part.encode()
                        for part in host.split(".") if part) + b"\0"
        return struct.pack(">H", preference) + name

    def close(self):
        self.sock.close()
        self.tcp.shutdown()
        self.tcp.server_close()
