#!/usr/bin/python3
"""WebDAV-Push: a client subscribes, and a push service on this machine gets
messages that only the client can read, from a server that says who it is
(RFC 8030, 8188, 8291, 8292, read here by python3-cryptography)."""
import base64
import contextlib
import http.server
import json
import os
import re
import shutil
import sqlite3
import ssl
import threading

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import certs
from harness import Server, done, event, ok, run, same, wait_for

PUSH = "https://bitfire.at/webdav-push"
FIND = ('<d:propfind xmlns:d="DAV:" xmlns:p="%s"><d:prop><p:transports/>'
        '<p:topic/><p:supported-triggers/><d:sync-token/></d:prop>'
        '</d:propfind>' % PUSH)
PATCH = ('<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>%s'
         '</d:displayname></d:prop></d:set></d:propertyupdate>')
BOTH = ('<trigger><content-update><D:depth>infinity</D:depth>'
        '</content-update><property-update><D:depth>0</D:depth>'
        '</property-update></trigger>')


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key):
    return key.public_bytes(serialization.Encoding.X962,
                            serialization.PublicFormat.UncompressedPoint)


def derive(salt, secret, info, length):
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


class Client:
    """The keys of one device, and what its push service has got for it."""

    def __init__(self, service, name):
        self.service, self.path = service, "/" + name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)

    def url(self):
        return "https://localhost:%d%s" % (self.service.port, self.path)

    def body(self, trigger=BOTH, url=None, key=None):
        return (
            '<push-register xmlns="%s" xmlns:D="DAV:"><subscription>'
            '<web-push-subscription><push-resource>%s</push-resource>'
            '<content-encoding>aes128gcm</content-encoding>'
            '<subscription-public-key type="p256dh">%s'
            '</subscription-public-key><auth-secret>%s</auth-secret>'
            '</web-push-subscription></subscription>%s</push-register>' %
            (PUSH, url or self.url(),
             key or encode(point(self.key.public_key())),
             encode(self.secret), trigger))

    def got(self):
        return [q for q in list(self.service.requests) if q[0] == self.path]

    def read(self, body):
        """RFC 8291 3 from the other side."""
        salt, size, count = body[:16], body[16:20], body[20]
        same(int.from_bytes(size, "big"), 4096, "the record's size")
        theirs, sealed = body[21:21 + count], body[21 + count:]
        shared = self.key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(
                ec.SECP256R1(), theirs))
        seed = derive(self.secret, shared, b"WebPush: info\0" +
                      point(self.key.public_key()) + theirs, 32)
        plain = AESGCM(derive(salt, seed, b"Content-Encoding: aes128gcm\0",
                              16)).decrypt(
            derive(salt, seed, b"Content-Encoding: nonce\0", 12), sealed,
            None)
        text, mark = plain.rstrip(b"\0")[:-1], plain.rstrip(b"\0")[-1]
        same(mark, 2, "the last record")
        return text.decode()

    def wait(self, count):
        """The text of message number `count`."""
        wait_for(lambda: len(self.got()) >= count, 60)
        found = self.got()
        if not ok(len(found) >= count, "%s is told" % self.path):
            return ""
        return self.read(found[count - 1][2])


class Service:
    """A push service that keeps what comes, and answers as it is told."""

    def __init__(self, chain, key):
        self.requests, self.answers = [], {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, self.headers, body))
                self.send_response(outer.answers.get(self.path, 201))
                self.send_header("Retry-After", "120")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                sock, peer = self.socket.accept()
                sock.settimeout(60)
                return context.wrap_socket(
                    sock, server_side=True,
                    do_handshake_on_connect=False), peer

            def handle_error(self, request, client_address):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()


def prop(text, name):
    found = re.search(r"<[A-Z]+:%s[^>]*>([^<]*)<" % name, text)
    return found.group(1) if found else ""


def find(server):
    status, _, body = server.http(
        "PROPFIND", server.home("Calendar"), FIND.encode(), {"Depth": "0"},
        auth=True)
    same(status, 207, "PROPFIND")
    return body.decode()


def post(server, body, path=None):
    status, headers, text = server.http(
        "POST", path or server.home("Calendar"), body.encode(),
        {"Content-Type": "application/xml"}, auth=True)
    return status, headers, text.decode()


def put(server, name, fields=None):
    status, _, _ = server.http(
        "PUT", server.home("Calendar") + name, event(name),
        dict({"Content-Type": "text/calendar"}, **(fields or {})), auth=True)
    ok(status in (201, 204), "PUT " + name)


def remove(server, url, number=None):
    path = "/" + url.split("/", 3)[3]
    return server.http("DELETE", path, auth=True, number=number)[0]


def check_refused(server, client):
    for what, body, path, condition in (
            ("plain http", client.body(url="http://push.example/x"), None,
             "invalid-subscription"),
            ("no point", client.body(key=encode(b"\4" * 65)), None,
             "invalid-subscription"),
            ("nothing", '<push-register xmlns="%s"/>' % PUSH, None,
             "invalid-subscription"),
            ("other triggers", client.body("<trigger><x/></trigger>"), None,
             "no-supported-trigger"),
            ("a home", client.body(), server.home("Calendar")[:-9],
             "push-not-available")):
        status, _, text = post(server, body, path)
        ok(status == 403 and "P:" + condition in text, what, text)
    status, _, text = server.http(
        "PROPFIND", server.home("Calendar")[:-18] + "Files/", FIND.encode(),
        {"Depth": "0"}, auth=True)
    ok(status == 207 and b"web-push" not in text and b"sync-token" in text,
       "folders of files do not offer it", text.decode())


def check_sender(server, client, key):
    """Who speaks, by another implementation than ours."""
    _, fields, _ = client.got()[0]
    same(fields["Content-Encoding"], "aes128gcm", "Content-Encoding")
    ok(int(fields["TTL"]) > 0, "TTL")
    same(fields["Urgency"], "normal", "Urgency")
    ok(re.fullmatch(r"[A-Za-z0-9_-]{1,32}", fields["Topic"]), "Topic")
    found = re.fullmatch(r"vapid t=([^.]+)\.([^.]+)\.([^.]+), k=(.+)",
                         fields["Authorization"])
    if not ok(found, "vapid", fields["Authorization"]):
        return
    head, claims, signature, named = found.groups()
    same(named, key, "the key that clients were told")
    same(json.loads(decode(head)), {"typ": "JWT", "alg": "ES256"}, "a JWT")
    claims_of = json.loads(decode(claims))
    same(claims_of["aud"], "https://localhost:%d" % client.service.port,
         "for this push service")
    same(claims_of["sub"], "https://%s/" % server.host, "by this server")
    raw = decode(signature)
    ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), decode(named)).verify(
        utils.encode_dss_signature(int.from_bytes(raw[:32], "big"),
                                   int.from_bytes(raw[32:], "big")),
        (head + "." + claims).encode(), ec.ECDSA(hashes.SHA256()))
    ok(True, "its signature holds")


def check_messages(server, one, two):
    text = find(server)
    topic, key = prop(text, "topic"), prop(text, "vapid-public-key")
    status, fields, _ = post(server, one.body())
    same(status, 201, "registered")
    first, until = fields["Location"], fields["Expires"]
    ok(first.startswith("https://") and until, "Location and Expires")
    status, fields, _ = post(server, one.body())
    same((status, fields["Location"]), (204, first), "and once more")
    same(post(server, two.body(""))[0], 201, "without triggers, as DAVx5")

    for number in range(10):
        put(server, "many%d.ics" % number)
    token = prop(find(server), "sync-token")
    told = 0
    while True:
        told += 1
        text = one.wait(told)
        if not text or prop(text, "sync-token") == token:
            break
    same(prop(text, "sync-token"), token, "told of the last change")
    same(prop(text, "topic"), topic, "of this calendar")
    ok("property-update" not in text, "of nothing else")
    ok(told < 10, "what came together is told together", told)
    check_sender(server, one, key)

    # `two` is told of it, and so `one` would have been, in the same look.
    both = len(two.got())
    put(server, "hushed.ics", {"Push-Dont-Notify": '"%s"' % first})
    wait_for(lambda: len(two.got()) > both, 60)
    ok(len(two.got()) > both, "the other is told")
    put(server, "loud.ics")
    token = prop(find(server), "sync-token")
    same(prop(one.wait(told + 1), "sync-token"), token,
         "who asked not to be told was not told")

    status, _, _ = server.http("PROPPATCH", server.home("Calendar"),
                               (PATCH % "Renamed").encode(), auth=True)
    same(status, 207, "PROPPATCH")
    text = one.wait(told + 2)
    ok("<P:property-update/>" in text and "content-update" not in text,
       "told of properties", text)
    return first


def check_ends(server, first, one, two):
    """`two`'s push service does not know it any more."""
    url = post(server, two.body())[1]["Location"]
    two.service.answers[two.path] = 410
    put(server, "gone.ics")
    ok(wait_for(lambda: "push.dropped" in server.log(), 60), "dropped")
    ok(wait_for(lambda: remove(server, url) == 404, 60), "and forgotten")
    one.service.answers[one.path] = 429
    put(server, "busy.ics")
    ok(wait_for(lambda: "status=429 failures=1" in server.log(), 60),
       "asked to wait")
    same(remove(server, first, 1), 404, "another's registration")
    same(remove(server, first), 204, "DELETE")
    same(remove(server, first), 404, "once")


def check_certificate(server, false):
    same(post(server, false.body())[0], 201, "a false push service")
    put(server, "false.ics")
    ok(wait_for(lambda: server.log().count("push.failed") > 1, 60),
       "its certificate is looked at")
    same(false.got(), [], "and nothing sent")


def rename(server, table, to):
    with contextlib.closing(sqlite3.connect(os.path.join(
            server.data, "house", "posthaste.db"), timeout=60)) as db:
        db.execute("ALTER TABLE %s RENAME TO %s" % (table, to))


def check_shared(server, friend):
    """That rights cannot be read is not that there are none."""
    code, text = run([server.binary, "share", "add", "--data", server.data,
                      server.login()[0], "Calendar/personal",
                      server.login(1)[0], "read"], env=server.env)
    same(code, 0, "share add " + text)
    status, _, _ = server.http(
        "POST", server.home("Calendar"), friend.body().encode(),
        {"Content-Type": "application/xml"}, number=1, auth=True)
    same(status, 201, "registered by who may read")
    rename(server, "access", "elsewhere")
    put(server, "unread.ics")
    ok(wait_for(lambda: "push.look" in server.log(), 60),
       "the rights cannot be read")
    same(friend.got(), [], "and nobody is told")
    rename(server, "elsewhere", "access")
    put(server, "read.ics")
    ok("content-update" in friend.wait(1), "but of the next change again")


def check_inner(server, client):
    server.stop()
    server.configure({"push": "public"})
    server.start()
    for url in (client.url(), "https://127.0.0.1:%d/" % client.service.port,
                "https://[::1]/", "https://169.254.169.254/",
                "https://10.0.0.1/", "https://2130706433/"):
        status, _, text = post(server, client.body(url=url))
        ok(status == 403 and "P:invalid-subscription" in text, url, text)


def self_signed(folder):
    chain, key = folder + "/false.pem", folder + "/false.key"
    code, text = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=localhost", "-addext",
                      "subjectAltName=DNS:localhost", "-keyout", key, "-out",
                      chain])
    ok(code == 0, "a certificate by nobody", text)
    return Service(chain, key)


def main():
    server = Server(1, {"push": "any"})
    server.init()
    roles = os.path.join(server.data, "roles")
    os.makedirs(roles, exist_ok=True)
    ca = os.path.join(server.folder, "ca.pem")
    code, text = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=An authority", "-keyout",
                      os.path.join(server.folder, "ca.key"), "-out", ca])
    ok(code == 0, "an authority", text)
    shutil.copy(ca, os.path.join(roles, "trusted.pem"))
    os.chmod(os.path.join(roles, "trusted.pem"), 0o644)
    server.env["SSL_CERT_FILE"] = os.path.join(roles, "trusted.pem")
    made = os.path.join(server.folder, "made")
    certs.make(ca, made, ["localhost"])
    service = Service(made + "/localhost/cert.pem",
                      made + "/private/localhost/key.pem")
    server.start()
    one, two = Client(service, "one"), Client(service, "two")
    false = Client(self_signed(server.folder), "false")

    ok("webdav-push" in server.http("OPTIONS", server.home("Calendar"),
                                    auth=True)[1]["DAV"], "DAV: webdav-push")
    check_refused(server, one)
    first = check_messages(server, one, two)
    check_ends(server, first, one, two)
    check_certificate(server, false)
    check_shared(server, Client(service, "friend"))
    check_inner(server, one)
    server.close()
    done()


if __name__ == "__main__":
    main()
