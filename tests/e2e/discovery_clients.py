"""What clients send when they look for settings, byte by byte, and what they
make of the answer."""
import contextlib
import http.client
import json
import re
import socket
import ssl
import xml.etree.ElementTree as ET

AGENTS = {
    "thunderbird": ("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:156.0) "
                    "Gecko/20100101 Thunderbird/156.0a1\r\n"
                    "Accept: */*\r\nAccept-Language: en-US,en;q=0.5\r\n"
                    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
                    "Connection: keep-alive\r\nPragma: no-cache\r\n"
                    "Cache-Control: no-cache\r\n"),
    "okhttp": ("Connection: Keep-Alive\r\nAccept-Encoding: gzip\r\n"
               "User-Agent: okhttp/4.12.0\r\n"),
    "evolution": ("Soup-Debug-Timestamp: 1790000000\r\n"
                  "Accept-Encoding: gzip, deflate\r\n"
                  "User-Agent: Evolution/3.46.4\r\n"
                  "Connection: Keep-Alive\r\n"),
    "kmail": ("Connection: Keep-Alive\r\nAccept-Encoding: gzip, deflate\r\n"
              "Accept-Language: en-US,*\r\nUser-Agent: Mozilla/5.0\r\n"),
    "goa": ("Accept-Encoding: gzip, deflate\r\n"
            "User-Agent: gnome-online-accounts/3.50\r\n"
            "Connection: Keep-Alive\r\n"),
    "geary": ("User-Agent: Geary/44.1\r\nAccept-Encoding: gzip, deflate\r\n"
              "Connection: Keep-Alive\r\n"),
    "fairemail": ("User-Agent: Mozilla/5.0\r\nAccept: text/html, image/gif, "
                  "image/jpeg, *; q=.2, */*; q=.2\r\n"
                  "Connection: keep-alive\r\n"),
    "deltachat": "accept: */*\r\n",
    "outlook": ("X-MapiHttpCapability: 1\r\nX-ClientCanHandle: Negotiate, "
                "ExHttpInfo\r\nUser-Agent: Microsoft Office/16.0 "
                "(Windows NT 10.0; Microsoft Outlook 16.0.5266; Pro)\r\n"
                "Accept-Encoding: gzip, deflate\r\n"),
    "pacc": "User-Agent: pacc/0.4\r\nAccept: application/json\r\n",
    "": "",
}
SCHEMAS = "schemas.microsoft.com/exchange/autodiscover/"
OUTLOOK = ("http://" + SCHEMAS + "outlook/requestschema/2006",
           "http://" + SCHEMAS + "outlook/responseschema/2006a")
MOBILESYNC = ("http://" + SCHEMAS + "mobilesync/requestschema/2006",
              "http://" + SCHEMAS + "mobilesync/responseschema/2006")
GENERIC = "http://" + SCHEMAS + "responseschema/2006"


def pox(address, schemas=OUTLOOK):
    """The body that Thunderbird and Outlook send."""
    return ('<?xml version="1.0" encoding="utf-8"?>\n'
            '<Autodiscover xmlns="%s"><Request><EMailAddress>%s'
            '</EMailAddress><AcceptableResponseSchema>%s'
            '</AcceptableResponseSchema></Request></Autodiscover>' %
            (schemas[0], address, schemas[1])).encode()


class Answer:
    """Status, header fields and body; status 0: closed without an answer."""

    def __init__(self, status=0, fields=None, body=b""):
        self.status, self.fields, self.body = status, fields or {}, body

    def field(self, name):
        return self.fields.get(name) or ""

    def kind(self):
        return self.field("Content-Type").split(";")[0]

    def __repr__(self):
        return "%d %s %r" % (self.status, dict(self.fields),
                             self.body[:1500])


class Asker:
    """Sends bytes to the server under any name of it."""

    def __init__(self, server):
        self.server = server

    def connect(self, name, service="https", timeout=30):
        sock = socket.create_connection(
            (self.server.ip, self.server.ports[service]), timeout)
        if service == "https":
            trust = self.server.trust()
            # Customers' names are in no certificate of ours.
            trust.check_hostname = name.lower().endswith(self.server.domain)
            sock = trust.wrap_socket(sock, server_hostname=name)
        return sock

    def send(self, name, raw, service="https", method="GET", timeout=30):
        """These very bytes; one answer."""
        sock = self.connect(name, service, timeout)
        try:
            with contextlib.suppress(OSError):
                sock.sendall(raw)
            answer = http.client.HTTPResponse(sock, method=method)
            answer.begin()
            return Answer(answer.status, answer.headers, answer.read())
        except (http.client.HTTPException, ConnectionError, ssl.SSLError):
            return Answer()
        finally:
            sock.close()

    def ask(self, method, host, target, client="", service="https",
            extra="", body=None, sni=None, kind=None):
        """One request with a client's own header fields."""
        if isinstance(target, str):
            target = target.encode()
        head = "Host: %s\r\n%s%s" % (host, AGENTS[client], extra)
        if kind:
            head += "Content-Type: %s\r\n" % kind
        if body is not None:
            head += "Content-Length: %d\r\n" % len(body)
        return self.send(
            sni or host, b"%s %s HTTP/1.1\r\n%s\r\n%s" %
            (method.encode(), target, head.encode("utf-8"), body or b""),
            service, method)

    def get(self, host, target, client="", **more):
        return self.ask("GET", host, target, client, **more)

    def post(self, host, body, client="outlook", **more):
        """POX."""
        more.setdefault("kind", "text/xml; charset=utf-8")
        return self.ask("POST", host,
                        more.pop("target", "/autodiscover/autodiscover.xml"),
                        client, body=body, **more)


# --- autoconfig: what each reader takes, or why it takes nothing -------------

HOST = re.compile(r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$")


def document(body):
    if body.startswith(b"\xef\xbb\xbf") or b"<!" in body:
        raise ValueError("a mark or a declaration at the start")
    root = ET.fromstring(body)
    if root.tag != "clientConfig":
        raise ValueError("root " + root.tag)
    return root


def entry(server):
    """Host, port, security, login; whoever is strictest decides."""
    if list(server.keys()) != ["type"]:
        raise ValueError("Evolution: attributes %r" % server.keys())
    for child in server:
        if len(child) or child.text != child.text.strip():
            raise ValueError("K-9: inside <%s>" % child.tag)
    if len(server.findall("authentication")) != 1:
        raise ValueError("KMail: authentication")
    host, port = server.findtext("hostname"), server.findtext("port")
    if not HOST.match(host) or not 0 < int(port) < 65536:
        raise ValueError("host or port")
    if server.findtext("socketType") not in ("SSL", "STARTTLS"):
        raise ValueError("K-9: socketType")
    if server.findtext("authentication") != "password-cleartext":
        raise ValueError("authentication")
    if server.findtext("username") != "%EMAILADDRESS%":
        raise ValueError("GNOME Online Accounts: username")
    return host, int(port), server.findtext("socketType")


def autoconfig(body, domain):
    """(imap, smtp) when all readers agree on them, else the complaint."""
    try:
        root = document(body)
        provider = root.find("emailProvider")
        if root[0] is not provider or not HOST.match(provider.get("id")):
            return "emailProvider"
        if domain not in [d.text for d in provider.findall("domain")]:
            return "domain"
        incoming = provider.findall("incomingServer")
        outgoing = provider.findall("outgoingServer")
        if incoming[0].get("type") != "imap":
            return "Geary, FairEmail: imap comes first"
        if [s.get("type") for s in outgoing] != ["smtp"]:
            return "Geary: one smtp"
        entries = [entry(s) for s in incoming]
        imap = [e for s, e in zip(incoming, entries)
                if s.get("type") == "imap"]
        if len(imap) != 1:
            return "Evolution takes the last imap"
        return imap[0], entry(outgoing[0])
    except (ValueError, TypeError, IndexError, AttributeError,
            ET.ParseError) as error:
        return repr(error)


# --- Autodiscover ------------------------------------------------------------

def error_of(answer):
    """The code in an error, and the namespace of its Response."""
    try:
        root = ET.fromstring(answer.body)
        response = root[0]
        space = response.tag[1:].split("}")[0]
        error = response.find("{%s}Error" % space)
        if root.tag != "{%s}Autodiscover" % GENERIC:
            return None
        if not re.match(r"^\d\d:\d\d:\d\d\.\d{7}$", error.get("Time")):
            return None
        if [e.tag.split("}")[1] for e in error] != [
                "ErrorCode", "Message", "DebugData"]:
            return None
        return int(error[0].text), space
    except (ValueError, IndexError, AttributeError, ET.ParseError):
        return None


PROTOCOL = ["Type", "Server", "Port", "LoginName", "DomainRequired", "SPA",
            "SSL", "Encryption", "AuthRequired", "UsePOPAuth", "SMTPLast"]


def settings_of(answer):
    """{type: (server, port, login)}, or what is wrong."""
    try:
        root = ET.fromstring(answer.body)
    except ET.ParseError as error:
        return repr(error)
    response, space = root[0], "{%s}" % OUTLOOK[1]
    account = response.find(space + "Account")
    if root.tag != "{%s}Autodiscover" % GENERIC or account is None:
        return "root or Account"
    children = [e.tag.replace(space, "") for e in account]
    # FairEmail wants both before the first Protocol.
    if children[:2] != ["AccountType", "Action"] or \
            set(children[2:]) != {"Protocol"}:
        return "children of Account: %r" % children
    found = {}
    for protocol in account.findall(space + "Protocol"):
        names = [e.tag.replace(space, "") for e in protocol]
        value = dict(zip(names, (e.text for e in protocol)))
        if names != [n for n in PROTOCOL if n in names]:
            return "order of %r" % names
        if value["Type"] in found:
            return "two of " + value["Type"]
        if "Port" in value and (value["SSL"], value["Encryption"],
                                value["SPA"]) != ("on", "SSL", "off"):
            return "security of %r" % value
        found[value["Type"]] = (value["Server"], value.get("Port"),
                                value["LoginName"])
    return found


def json_of(answer):
    try:
        return json.loads(answer.body)
    except ValueError:
        return None
