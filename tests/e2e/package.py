#!/usr/bin/python3
"""The Debian package, unpacked into an empty root, serves from there."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from harness import TREE, alive, done, ok, run, same, skip, wait_for

FILES = ("usr/sbin/posthaste", "usr/lib/systemd/system/posthaste.service",
         "usr/lib/sysusers.d/posthaste.conf",
         "usr/share/doc/posthaste/copyright",
         "usr/share/man/man8/posthaste.8.gz",
         "usr/share/man/man8/posthaste-acme.8.gz",
         "usr/sbin/posthaste-acme",
         "usr/lib/systemd/system/posthaste-acme.service",
         "usr/lib/systemd/system/posthaste-acme.timer",
         "usr/share/man/man5/posthaste.conf.5.gz")


def make():
    env = dict(os.environ)
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "POSTHASTE_BUILD"):
        env.pop(name, None)
    code, text = run([os.path.join(TREE, "build.sh"), "package"], env=env,
                     timeout=300)
    ok(code == 0, "build.sh package", text[-3000:])
    return os.path.join(TREE, text.strip().splitlines()[-1])


def look_at(package, root):
    code, text = run(["dpkg-deb", "-x", package, root])
    same(code, 0, "it unpacks")
    for name in FILES:
        ok(os.path.exists(os.path.join(root, name)), name)
    for field in ("Package", "Version", "Architecture", "Depends",
                  "Maintainer", "Description"):
        code, text = run(["dpkg-deb", "-f", package, field])
        ok(code == 0 and text.strip(), field + ": " +
           text.splitlines()[0] if text else field, text)
    _, text = run(["dpkg-deb", "-f", package, "Depends"])
    for library in ("libc6", "libssl3", "libsqlite3-0", "libmicrohttpd12"):
        ok(library in text, "depends on " + library, text)
    _, text = run(["dpkg-deb", "-c", package])
    same([line for line in text.splitlines()
          if " root/root " not in line], [], "all of it belongs to root")
    unit = os.path.join(root, "usr/lib/systemd/system/posthaste.service")
    with open(unit, encoding="utf-8") as file:
        ok("ExecStart=/usr/sbin/posthaste serve" in file.read(),
           "the unit starts what is installed")
    if shutil.which("systemd-analyze"):
        code, text = run(["systemd-analyze", "verify", "--root=" + root,
                          "posthaste.service"])
        ok(not re.search(r"posthaste\.service:\d+:", text),
           "systemd likes it", text)


def libraries(root):
    """What a minimal system has: the libraries that the package depends on,
    and two users."""
    _, text = run(["ldd", os.path.join(root, "usr/sbin/posthaste")])
    for path in re.findall(r"(/\S+\.so\S*)", text):
        target = root + os.path.realpath(path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(path, target)
        link = root + path
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.exists(link):
            shutil.copy(path, link)
    os.makedirs(root + "/etc", exist_ok=True)
    with open(root + "/etc/passwd", "w", encoding="ascii") as file:
        file.write("root:x:0:0::/root:/bin/sh\n"
                   "posthaste:x:990:990::/var/lib/posthaste:/bin/false\n")
    with open(root + "/etc/group", "w", encoding="ascii") as file:
        file.write("root:x:0:\nposthaste:x:990:\n")
    os.makedirs(root + "/var/lib", exist_ok=True)
    os.makedirs(root + "/tmp", exist_ok=True)
    os.makedirs(root + "/proc", exist_ok=True)


def serve(root):
    pid = os.getpid()
    ip = "127.200.%d.%d" % ((pid >> 8) % 256, 1 + pid % 254)
    if os.geteuid() == 0 and run(["unshare", "--mount", "true"])[0] == 0:
        libraries(root)
        os.chmod(root, 0o755)
        # /proc is mounted for this command alone.
        base, command = "", [
            "unshare", "--mount", "sh", "-c",
            'mount --bind /proc "$0/proc" && exec chroot "$0" "$@"', root,
            "/usr/sbin/posthaste"]
    else:
        base, command = root, [root + "/usr/sbin/posthaste"]
        os.makedirs(root + "/var/lib", exist_ok=True)
    data = base + "/var/lib/posthaste"
    code, text = run(command + ["init", "--data", data, "--domain",
                                "example.test", "--address", ip,
                                "--base-port", "10000"])
    if not ok(code == 0, "posthaste init, in the empty root", text):
        return
    log_path = os.path.join(root, "log")
    with open(log_path, "wb") as log:
        process = subprocess.Popen(command + ["serve", "--data", data],
                                   stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL)
    code, text = run(command + ["wait-ready", "--data", data, "--info",
                                base + "/var/lib/info.json", "--timeout",
                                "20"], timeout=60)
    with open(log_path, encoding="utf-8", errors="replace") as log:
        ok(code == 0, "it becomes ready", text + log.read()[-3000:])
    if code == 0:
        with open(root + "/var/lib/info.json", encoding="utf-8") as file:
            info = json.load(file)
        for name, word in (("imap", b"* OK"), ("smtp", b"220 "),
                           ("pop3", b"+OK")):
            with socket.create_connection((ip, info["ports"][name]),
                                          10) as sock:
                line = sock.recv(200)
                ok(line.startswith(word), name + " answers", line)
        code, text = run(["curl", "-sS", "--connect-to", "::%s:" % ip,
                          "http://autoconfig.example.test:10080/mail/"
                          "config-v1.1.xml?emailaddress=demo@example.test"])
        ok(code == 0 and "clientConfig" in text, "autoconfig answers", text)
    process.send_signal(signal.SIGTERM)
    same(process.wait(60), 0, "SIGTERM ends it with 0")
    wait_for(lambda: not alive(process.pid))


def main():
    if shutil.which("dpkg-deb") is None:
        skip("package", "no dpkg-deb here")
        done()
    package = make()
    root = tempfile.mkdtemp(prefix="posthaste-root-")
    try:
        look_at(package, root)
        serve(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    done()


main()
