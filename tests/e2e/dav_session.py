"""One connection of a DAV client, and what multistatus answers say, read by
names and name spaces only."""
import http.client
import re
import urllib.parse
import xml.etree.ElementTree as ET

from harness import Named

SPACES = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "CR": "urn:ietf:params:xml:ns:carddav",
    "CS": "http://calendarserver.org/ns/",
    "A": "http://apple.com/ns/ical/",
    "ME": "http://me.com/_namespace/",
    "P": "https://bitfire.at/webdav-push",
    "I": "urn:inverse:params:xml:ns:inverse-dav",
}
DECLARED = " ".join('xmlns:%s="%s"' % pair for pair in SPACES.items())


def tag(name):
    """"C:comp" as ElementTree spells it."""
    prefix, _, local = name.partition(":")
    return "{%s}%s" % (SPACES[prefix], local)


def xml(name, inside="", more=""):
    """A document with all prefixes."""
    return ('<?xml version="1.0" encoding="UTF-8"?><%s %s%s>%s</%s>' % (
        name, DECLARED, more and " " + more, inside, name)).encode()


def props(names):
    return "<D:prop>%s</D:prop>" % "".join("<%s/>" % n for n in names)


class Item:
    """One D:response."""

    def __init__(self, node):
        self.href = node.findtext(tag("D:href"))
        self.status = node.findtext(tag("D:status"))
        self.first = next((s.text for s in node.iter(tag("D:status"))), None)
        self.props, self.refused = {}, {}
        for part in node.findall(tag("D:propstat")):
            status = part.findtext(tag("D:status"))
            into = self.props if " 200 " in status else self.refused
            for prop in part.find(tag("D:prop")):
                into[prop.tag] = prop if into is self.props else status

    def text(self, name):
        found = self.props.get(tag(name))
        return None if found is None else "".join(found.itertext())

    def href_in(self, name):
        found = self.props.get(tag(name))
        node = None if found is None else found.find(tag("D:href"))
        return None if node is None else node.text

    def kinds(self):
        return {kind.tag for kind in self.props[tag("D:resourcetype")]}

    def privileges(self):
        """Local names."""
        found = self.props.get(tag("D:current-user-privilege-set"))
        return set() if found is None else {
            inner.tag.split("}")[1] for one in found for inner in one}


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.items, self.token = [], None
        if status == 207:
            root = ET.fromstring(body)
            self.items = [Item(node)
                          for node in root.findall(tag("D:response"))]
            self.token = root.findtext(tag("D:sync-token"))

    def has(self, name):
        """An element anywhere: a precondition, mostly."""
        try:
            return next(ET.fromstring(self.body).iter(tag(name)),
                        None) is not None
        except ET.ParseError:
            return False

    def etag(self):
        return self.headers.get("ETag")

    def by_href(self, href):
        """The item of that path, however it is escaped."""
        wanted = urllib.parse.unquote(href)
        return next((item for item in self.items
                     if urllib.parse.unquote(item.href) == wanted), None)


class Session:
    def __init__(self, server, number, agent, extra=None):
        self.server, self.number = server, number
        self.agent, self.extra = agent, extra or {}
        self.address = server.login(number)[0]
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def send(self, method, path, body, fields, chunked):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                self.server.ip, self.server.ports["https"], timeout=60,
                context=Named(self.server, self.server.host))
        self.connection.request(method, path, body, fields,
                                encode_chunked=chunked)
        answer = self.connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())

    def ask(self, method, path, body=None, auth=True, chunked=False,
            **headers):
        """Header names with '_' for '-'."""
        fields = {"Host": "%s:%d" % (self.server.host,
                                     self.server.ports["https"]),
                  "User-Agent": self.agent}
        if auth:
            fields.update(self.server.basic(self.number))
        if body is not None and method not in ("PUT", "POST"):
            fields["Content-Type"] = "text/xml; charset=utf-8"
        fields.update(self.extra)
        fields.update({name.replace("_", "-"): value
                       for name, value in headers.items()})
        if chunked:
            fields["Transfer-Encoding"] = "chunked"
        try:
            return self.send(method, path, body, fields, chunked)
        except (http.client.HTTPException, OSError):
            # A kept connection may have been closed in between.
            self.close()
            return self.send(method, path, body, fields, chunked)

    def find(self, path, depth, *names, **headers):
        return self.ask("PROPFIND", path,
                        xml("D:propfind", props(names)), Depth=str(depth),
                        **headers)

    def patch(self, path, inside):
        return self.ask("PROPPATCH", path, xml(
            "D:propertyupdate", "<D:set><D:prop>%s</D:prop></D:set>"
            % inside))

    def sync(self, path, token, names, depth="0", limit=None):
        limits = limit and "<D:limit><D:nresults>%d</D:nresults></D:limit>" \
            % limit
        return self.ask("REPORT", path, xml(
            "D:sync-collection", "<D:sync-token>%s</D:sync-token>"
            "<D:sync-level>1</D:sync-level>%s%s" % (
                token, limits or "", props(names))), Depth=depth)


def origin(url):
    """Scheme and authority, and the path."""
    parts = urllib.parse.urlsplit(url)
    return "%s://%s" % (parts.scheme, parts.netloc), parts.path


def basic_realm(reply):
    return re.search(r'Basic realm="[^"]+"',
                     reply.headers.get("WWW-Authenticate") or "")
