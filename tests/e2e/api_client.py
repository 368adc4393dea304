"""The JSON API's other end: its document, a browser, clients that log in."""
import base64
import http.client
import imaplib
import json
import poplib
import smtplib
import ssl
import threading

import jsonschema

from harness import Named, ok, wait_for

PREFIX = "/api/v1"
PATIENCE = 60
GONE = (OSError, EOFError, ssl.SSLError, imaplib.IMAP4.error,
        poplib.error_proto, smtplib.SMTPException,
        http.client.HTTPException)


class Document:
    """openapi.json, and whether answers are what it says."""

    def __init__(self, text):
        self.json = json.loads(text)
        self.schemas = self.json["components"]["schemas"]

    def resolve(self, node):
        while "$ref" in node:
            at = self.json
            for name in node["$ref"].removeprefix("#/").split("/"):
                at = at[name]
            node = at
        return node

    def operations(self):
        for path, methods in self.json["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def find(self, method, path):
        for known, pattern, operation in self.operations():
            wanted, given = pattern.split("/"), path.split("/")
            if known == method and len(wanted) == len(given) and all(
                    w in (g, "{id}") for w, g in zip(wanted, given)):
                return operation
        return None

    def fault(self, method, path, status, fields, body):
        """"", or how an answer differs from its description."""
        operation = self.find(method, path.split("?")[0])
        if operation is None:
            return "" if status in (404, 405) else "not described"
        answers = operation["responses"]
        answer = self.resolve(answers.get(str(status), answers["default"]))
        kind = (fields.get("Content-Type") or "").split(";")[0]
        if "content" not in answer:
            return "" if not body and not kind else "a body of " + kind
        if kind not in answer["content"]:
            return "unexpected type " + kind
        if not kind.endswith("json"):
            return ""
        schema = dict(answer["content"][kind]["schema"],
                      components=self.json["components"])
        try:
            jsonschema.validate(json.loads(body), schema)
        except jsonschema.ValidationError as error:
            return str(error)
        return ""

    def faults(self):
        """What is wrong with the document itself."""
        if self.json["openapi"] != "3.1.0":
            yield "version"
        names = [o["operationId"] for _, _, o in self.operations()]
        if len(set(names)) != len(names):
            yield "operations of one name"
        for name, schema in self.schemas.items():
            try:
                jsonschema.Draft202012Validator.check_schema(schema)
            except jsonschema.SchemaError as error:
                yield "%s: %s" % (name, error)
        for method, path, operation in self.operations():
            named = [p["name"] for p in operation["parameters"]
                     if p["in"] == "path"]
            if named != (["id"] if "{id}" in path else []):
                yield "%s %s: parameters" % (method, path)
        yield from self.loose(self.json)

    def loose(self, node):
        """References that lead nowhere."""
        if isinstance(node, dict):
            if "$ref" in node:
                try:
                    self.resolve(node)
                except KeyError:
                    yield "loose " + node["$ref"]
            for value in node.values():
                yield from self.loose(value)
        elif isinstance(node, list):
            for value in node:
                yield from self.loose(value)


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def json(self):
        return json.loads(self.body)


class Browser:
    """Keeps a cookie and a form token."""

    document = None
    wrong = []

    def __init__(self, server):
        self.server = server
        self.cookie = self.token = None

    def raw(self, method, path, body=None, headers=None, **options):
        fields = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            fields.setdefault("Content-Type", "application/json")
        status, found, text = self.server.http(
            method, PREFIX + path, body, fields, **options)
        if self.document and method != "HEAD":
            fault = self.document.fault(method, path, status, found, text)
            if fault:
                self.wrong.append("%s %s: %d %s" % (method, path, status,
                                                    fault))
        return Answer(status, found, text)

    def call(self, method, path, body=None, headers=None, **options):
        fields = {}
        if self.cookie:
            fields["Cookie"] = "__Host-posthaste=" + self.cookie
        if self.token and method not in ("GET", "HEAD"):
            fields["X-Form-Token"] = self.token
        fields.update(headers or {})
        return self.raw(method, path, body, fields, **options)

    def sign_in(self, number=None, password=None):
        address, known = self.server.login(number)
        answer = self.call("POST", "/session", {
            "address": address, "password": password or known})
        if answer.status == 201:
            self.cookie = cookie_of(answer)
            self.token = answer.json()["form_token"]
        return answer


def cookie_of(answer):
    for value in answer.fields.get_all("Set-Cookie") or []:
        name, _, rest = value.partition("=")
        if name == "__Host-posthaste":
            return rest.split(";")[0]
    return None


def basic(address, password):
    pair = "%s:%s" % (address, password)
    return {"Authorization": "Basic " +
            base64.b64encode(pair.encode()).decode()}


def by_imap(s, address, password):
    client = imaplib.IMAP4_SSL(s.ip, s.ports["imaps"], ssl_context=Named(s),
                               timeout=PATIENCE)
    client.login(address, password)
    return client


def by_pop3(s, address, password):
    client = poplib.POP3_SSL(s.ip, s.ports["pop3s"], context=Named(s),
                             timeout=PATIENCE)
    client.user(address)
    client.pass_(password)
    return client


def by_smtp(s, address, password):
    client = smtplib.SMTP_SSL(s.ip, s.ports["submissions"],
                              context=Named(s), timeout=PATIENCE)
    client.login(address, password)
    return client


def by_dav(s, address, password, kind):
    status, _, _ = s.http("PROPFIND", s.home(kind), headers=dict(
        basic(address, password), Depth="0"))
    if status == 401:
        raise imaplib.IMAP4.error("refused")
    ok(status == 207, "an answer of DAV", status)


WAYS = {
    "imap": by_imap,
    "pop3": by_pop3,
    "smtp": by_smtp,
    "caldav": lambda s, a, p: by_dav(s, a, p, "Calendar"),
    "carddav": lambda s, a, p: by_dav(s, a, p, "Contacts"),
}


def gets_in(s, way, password, address=None):
    try:
        WAYS[way](s, address or s.address, password)
    except (imaplib.IMAP4.error, poplib.error_proto,
            smtplib.SMTPAuthenticationError):
        return False
    return True


class Stream:
    """An event stream, read by a thread."""

    def __init__(self, b, path="/events"):
        self.events = []
        self.ended = False
        s = b.server
        self.client = http.client.HTTPSConnection(
            s.ip, s.ports["https"], timeout=PATIENCE, context=Named(s))
        self.client.request("GET", PREFIX + path, headers={
            "Host": "%s:%d" % (s.host, s.ports["https"]),
            "Cookie": "__Host-posthaste=" + b.cookie})
        self.answer = self.client.getresponse()
        self.begun = False
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        event = {}
        try:
            for line in self.answer:
                self.begun = True
                line = line.decode().rstrip("\n")
                if not line:
                    if "data" in event:
                        self.events.append(event)
                    event = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    event[name] = value
        except GONE:
            pass
        self.ended = True

    def find(self, name, **wanted):
        for event in list(self.events):
            data = json.loads(event["data"])
            if event.get("event") == name and all(
                    data.get(k) == v for k, v in wanted.items()):
                return data
        return None

    def wait(self, name, **wanted):
        """Its data, or None."""
        wait_for(lambda: self.find(name, **wanted) is not None, PATIENCE)
        return self.find(name, **wanted)


class Idle:
    """An IMAP connection in IDLE; whether it was closed by a BYE."""

    def __init__(self, s, address, password, idle=True):
        self.client = by_imap(s, address, password)
        self.client.select()
        self.bye = self.closed = False
        if idle:
            self.client.send(b"x IDLE\r\n")
            ok(self.client.readline().startswith(b"+"), "idle")
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            while True:
                line = self.client.readline()
                if not line:
                    break
                self.bye = self.bye or line.startswith(b"* BYE")
        except GONE:
            pass
        self.closed = True

    def ends(self):
        return wait_for(lambda: self.closed, PATIENCE) and self.bye


def closes(client):
    """Whether the server hangs up, by itself or at the next command."""
    try:
        if isinstance(client, poplib.POP3):
            client.noop()
        else:
            code, _ = client.noop()
            return code in (421, -1)
    except GONE:
        return True
    return False
