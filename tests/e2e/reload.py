#!/usr/bin/python3
"""A new certificate and SIGHUP: old connections live on, new ones see it."""
import os
import shutil
import sqlite3
import ssl
import time
import warnings

from harness import Named, Server, done, message, ok, read_line, run, same, \
    wait_for
from sink import Names

DNS = 10053
SERVICES = ("https", "imaps", "pop3s", "submissions")


def certificate(server, service, name=None):
    """What the server shows now, DER."""
    with Named(server, name).wrap_socket(server.raw(service)) as sock:
        return sock.getpeercert(True)


def make(server, names, target, digest="-sha256"):
    """A certificate of the private CA for these names."""
    base = os.path.join(server.folder, "new")
    ca = server.info["ca"]
    key = os.path.join(os.path.dirname(ca), "ca.key")
    with open(base + ".ext", "w", encoding="utf-8") as file:
        file.write("subjectAltName=" +
                   ",".join("DNS:" + name for name in names) +
                   "\nextendedKeyUsage=serverAuth\n")
    for command in (
            ["openssl", "req", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", base + ".key",
             "-out", base + ".csr", "-subj", "/CN=" + names[0]],
            ["openssl", "x509", "-req", digest, "-in", base + ".csr",
             "-CA", ca, "-CAkey", key, "-CAserial", base + ".srl",
             "-CAcreateserial", "-days", "7", "-extfile", base + ".ext",
             "-out", base + ".crt"]):
        code, text = run(command)
        if code:
            return ok(False, " ".join(command[:2]), text)
    with open(base + ".pem", "wb") as out:
        for part in (".crt", ".key"):
            with open(base + part, "rb") as file:
                out.write(file.read())
    os.rename(base + ".pem", target)
    return True


def swap(server):
    folder = os.path.join(server.data, "tls")
    old = {name: certificate(server, name) for name in SERVICES}
    same(len(set(old.values())), 1, "one certificate for all services")

    imap = server.imap()
    imap.select("INBOX")
    pop = server.pop3()
    smtp = server.submission()
    web = Named(server).wrap_socket(server.raw("https"))

    names = [server.host, server.domain, "autoconfig." + server.domain,
             "localhost"]
    if not make(server, names, os.path.join(folder, "default.pem")):
        return
    pids = server.roles()
    server.hup()
    changed = wait_for(lambda: all(
        certificate(server, name) != old[name] for name in SERVICES), 20)
    ok(changed, "new connections see the new certificate, mail and web")
    same(len({certificate(server, name) for name in SERVICES}), 1,
         "the same one everywhere")
    now = server.roles()
    same((now["web"], now["mail"]), (pids["web"], pids["mail"]),
         "neither was started anew")

    same(imap.noop()[0], "OK", "an old IMAP connection lives")
    ok(pop.noop().startswith(b"+OK"), "an old POP3 connection lives")
    smtp.sendmail(server.address, [server.address], message("over the old"))
    ok(True, "an old submission connection delivers")
    web.sendall(b"GET /.well-known/caldav HTTP/1.1\r\nHost: x\r\n\r\n")
    ok(web.recv(4096).startswith(b"HTTP/1.1 3"),
       "an old HTTPS connection lives")
    for client in (imap.logout, pop.quit, smtp.quit, web.close):
        client()


def by_name(server):
    """A second certificate is chosen by SNI."""
    folder = os.path.join(server.data, "tls")
    if not make(server, ["mail.other.test"],
                os.path.join(folder, "mail.other.test.pem")):
        return
    first = certificate(server, "imaps")
    server.hup()

    def chosen():
        try:
            return all(certificate(server, name, "mail.other.test") != first
                       for name in SERVICES)
        except ssl.SSLError:
            return False
    ok(wait_for(chosen), "a name of its own, by SNI, on every service")
    same(certificate(server, "imaps"), first, "the others keep theirs")


def broken(server):
    """A broken file is said in the log and changes nothing."""
    path = os.path.join(server.data, "tls", "default.pem")
    before = certificate(server, "imaps")
    shutil.copy(path, path + ".kept")
    with open(path, "w", encoding="utf-8") as file:
        file.write("-----BEGIN CERTIFICATE-----\nnonsense\n")
    size = len(server.log())
    server.hup()
    ok(wait_for(lambda: "default.pem" in server.log()[size:]),
       "the log names the file")
    for name in SERVICES:
        same(certificate(server, name), before, name + " goes on with it")
    os.rename(path + ".kept", path)
    server.hup()
    time.sleep(0.1)
    same(certificate(server, "imaps"), before, "mended")


def protocols(server):
    """The same minimum everywhere, and ALPN against mixing protocols."""
    for name in SERVICES:
        context = server.trust()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with context.wrap_socket(server.raw(name),
                                 server_hostname=server.host) as sock:
            cipher = sock.cipher()[0]
            ok("ECDHE" in cipher and ("GCM" in cipher or
                                      "CHACHA20" in cipher),
               name + ": TLS 1.2 with " + cipher)
        context = server.trust()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        try:
            context.wrap_socket(server.raw(name),
                                server_hostname=server.host).close()
            ok(False, name + ": TLS 1.1 is refused")
        except (ssl.SSLError, ConnectionError):
            ok(True, name + ": TLS 1.1 is refused")
    for name, wrong in (("imaps", "pop3"), ("pop3s", "http/1.1"),
                        ("imaps", "http/1.1")):
        context = server.trust()
        context.set_alpn_protocols([wrong])
        try:
            context.wrap_socket(server.raw(name),
                                server_hostname=server.host).close()
            ok(False, "%s refuses ALPN %s" % (name, wrong))
        except (ssl.SSLError, ConnectionError):
            ok(True, "%s refuses ALPN %s" % (name, wrong))


def greeting(server, service, tls=False):
    with server.raw(service, tls=tls) as sock:
        return read_line(sock)


def settings(server):
    """What can be applied is, in every role; the rest is named."""
    pids = server.roles()
    names = Names(server.ip, DNS, {})
    ok("X-Spam-Status" not in received(server, "before"),
       "this machine's mail is not looked at")
    before = {name: value for name, value in (
        line.split(" ", 1) for line in conf_lines(server))}
    server.configure({"hostname": "other.posthaste.test", "directory": "off",
                      "security-contact": "mailto:x@posthaste.test",
                      "check-mail": "all", "port.sieve": "0",
                      "resolver": "%s@%d" % (server.ip, DNS),
                      "tls-minimum": "1.3"})
    server.hup()
    for service, tls in (("smtp", False), ("submissions", True),
                         ("imaps", True), ("pop3s", True)):
        ok(wait_for(lambda: b"other.posthaste.test" in
                    greeting(server, service, tls), 60),
           "another name on " + service)
    ok(wait_for(lambda: b"mailto:x@posthaste.test" in server.http(
        "GET", "/.well-known/security.txt")[2], 60), "and in the web role")
    ok(wait_for(lambda: 'settings="tls-minimum port.sieve"' in server.log(),
                60), "what waits for a restart is named, and nothing else",
       [line for line in server.log().splitlines() if "partly" in line])
    same(server.roles(), pids, "and no role was started anew")
    ok(wait_for(lambda: "X-Spam-Status" in received(server, "after"), 60),
       "everybody's mail is looked at")
    ok(names.asked, "by the name server of now")
    server.configure({name: before.get(name) for name in (
        "hostname", "directory", "security-contact", "check-mail",
        "port.sieve", "resolver", "tls-minimum")})
    server.hup()
    ok(wait_for(lambda: server.host.encode() in greeting(server, "smtp"),
                60), "and back")
    names.close()


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid),
              encoding="ascii") as file:
        return file.read().split()


def while_starting(server):
    """What is asked for before the roles run holds for them."""
    server.stop()
    house = sqlite3.connect(os.path.join(server.data, "house",
                                         "posthaste.db"),
                            isolation_level=None)
    house.execute("BEGIN IMMEDIATE")
    server.spawn()
    ok(wait_for(lambda: children(server.process.pid), 60),
       "the start waits for the store")
    server.configure({"security-contact": "mailto:soon@posthaste.test"})
    server.hup()
    house.execute("ROLLBACK")
    house.close()
    ok(wait_for(lambda: os.path.exists(os.path.join(
        server.data, "run", "ready")), 60), "it serves")
    ok(b"soon@" in server.http("GET", "/.well-known/security.txt")[2],
       "by the settings of now")


def conf_lines(server):
    with open(server.conf_path(), encoding="utf-8") as file:
        return [line for line in file.read().splitlines()
                if " " in line and not line.startswith("#")]


def received(server, subject):
    with server.smtp() as client:
        client.sendmail("a@elsewhere.example", [server.address],
                        message(subject))
    with server.imap() as client:
        client.select("INBOX", readonly=True)
        found = client.search(None, "SUBJECT", subject)[1][0].split()
        return client.fetch(found[-1], "(BODY.PEEK[HEADER])")[1][0][1].decode(
            "utf-8", "replace")


def main():
    with Server() as server:
        protocols(server)
        swap(server)
        by_name(server)
        broken(server)
        settings(server)
        while_starting(server)
    done()


if __name__ == "__main__":
    main()
