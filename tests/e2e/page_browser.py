"""A browser without scripts, and what is in a page."""
import html.parser
import re
import urllib.parse


class Shape(html.parser.HTMLParser):
    """Every element with the names of its attributes, and all text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words, self.fields = [], [], {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        found = dict(attrs)
        if tag == "input":
            self.fields.setdefault(found.get("name"), found.get("value"))

    def handle_data(self, data):
        self.words.append(data)

    def text(self):
        return " ".join(" ".join(self.words).split())


class Browser:
    """Cookies, forms and redirects, and no scripts."""

    def __init__(self, server, **headers):
        self.server = server
        self.headers = headers
        self.cookies = {}
        self.lines = []
        self.token = None
        self.service = "https"

    def ask(self, method, path, fields=None, **headers):
        send = dict(self.headers, **headers)
        if self.cookies:
            send["Cookie"] = "; ".join("%s=%s" % p
                                       for p in self.cookies.items())
        body = fields
        if fields is not None and not isinstance(fields, bytes):
            body = urllib.parse.urlencode(fields, doseq=True)
            send.setdefault("Content-Type",
                            "application/x-www-form-urlencoded")
        status, head, page = self.server.http(method, path, body, send,
                                              service=self.service)
        for line in head.get_all("Set-Cookie", []):
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value
            self.lines.append(line)
        return status, head, page.decode("utf-8", "replace")

    def get(self, path, **headers):
        status, head, page = self.ask("GET", path, **headers)
        found = re.search(r'name="form-token" value="([^"]+)"', page)
        if found:
            self.token = found.group(1)
        return status, head, page

    def post(self, path, fields=None, token=None, **headers):
        fields = dict(fields or {})
        fields["form-token"] = self.token if token is None else token
        return self.ask("POST", path, fields, **headers)

    def sign_in(self, number=None, password=None):
        address, right = self.server.login(number)
        self.get("/")
        status, head, page = self.post("/sign-in", {
            "address": address, "password": password or right})
        if status == 303:
            self.get("/")
        return status, head, page
