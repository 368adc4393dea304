"""Peers from Debian's archive, unpacked into a folder and never installed.

apt finds out, with an empty list of installed packages and a state of its
own, which packages a peer needs; they are unpacked together into build/peers,
a root to chroot into.  No script of a package runs, nothing is started, and
packages that must not be installed side by side may lie there side by side.
"""
import glob
import os
import shutil
import subprocess

from machine import TREE, Failed, log

PEERS = os.path.join(TREE, "build", "peers")
ROOT = os.path.join(PEERS, "root")
# Each line is one question to apt: packages of two lines may conflict.
WANTED = (
    ("base-files", "base-passwd", "dash", "coreutils", "libc-bin", "tzdata",
     "nginx-light", "nginx", "radicale", "xandikos"),
    ("dovecot-imapd", "dovecot-lmtpd", "dovecot-pop3d", "postfix"),
    ("sogo", "memcached", "postgresql-15", "postfix"),
    ("cyrus-imapd", "cyrus-caldav", "sasl2-bin", "libsasl2-modules",
     "postfix"),
)
# What the packages' scripts would have made: name, number.
ACCOUNTS = (("nginx", 900), ("dovecot", 901), ("dovenull", 902),
            ("postfix", 903), ("postdrop", 904), ("postgres", 905),
            ("sogo", 906), ("memcache", 907), ("cyrus", 908))
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib",
         "lib64": "usr/lib64"}
FOLDERS = ("bench", "dev", "proc", "run", "tmp", "var/tmp", "etc/sogo")


def apt(*words, **options):
    """With a state of its own, so that the machine's is not touched."""
    state = os.path.join(PEERS, "apt")
    settings = {
        "Dir::State": state, "Dir::State::status": state + "/status",
        "Dir::Cache": state + "/cache",
        "Dir::Cache::archives": PEERS + "/archives",
        "APT::Sandbox::User": "", "APT::Install-Recommends": "0",
        "Binary::apt-get::APT::Keep-Downloaded-Packages": "1",
        "APT::Keep-Downloaded-Packages": "1",
        "Debug::NoLocking": "1", "APT::Get::List-Cleanup": "0",
        "DPkg::Post-Invoke": "", "APT::Update::Post-Invoke-Success": ""}
    command = ["apt-get", "-q", "-y"]
    for name, value in settings.items():
        command += ["-o", "%s=%s" % (name, value)]
    with open(os.path.join(PEERS, "log"), "ab") as file:
        done = subprocess.run(command + list(words), stdout=file, stderr=file,
                              stdin=subprocess.DEVNULL, check=False,
                              **options)
    if done.returncode:
        raise Failed("apt-get %s: see %s/log" % (words[0], PEERS))


def download():
    for folder in ("apt/lists/partial", "apt/cache", "archives/partial"):
        os.makedirs(os.path.join(PEERS, folder), exist_ok=True)
    with open(os.path.join(PEERS, "apt", "status"), "wb"):
        pass
    apt("update")
    for packages in WANTED:
        log("peers: " + " ".join(packages))
        apt("install", "--download-only", *packages)


def unpack():
    """Over what is there; the newest version last."""
    shutil.rmtree(ROOT, ignore_errors=True)
    for folder in tuple(LINKS.values()) + FOLDERS:
        os.makedirs(os.path.join(ROOT, folder), exist_ok=True)
    for name, target in LINKS.items():
        os.symlink(target, os.path.join(ROOT, name))
    archives = sorted(glob.glob(os.path.join(PEERS, "archives", "*.deb")))
    log("peers: unpacking %d packages" % len(archives))
    for path in archives:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", path],
                              stdout=subprocess.PIPE) as tar:
            done = subprocess.run(
                ["tar", "-x", "--keep-directory-symlink", "--no-same-owner",
                 "-C", ROOT], stdin=tar.stdout, check=False)
        if done.returncode or tar.returncode:
            raise Failed("cannot unpack " + path)


def furnish():
    """What the packages' scripts would have done."""
    etc = os.path.join(ROOT, "etc")
    for name, fields in (("passwd", "{0}:x:{1}:{1}::/:/bin/sh"),
                         ("group", "{0}:x:{1}:")):
        shutil.copy(os.path.join(ROOT, "usr/share/base-passwd",
                                 name + ".master"), os.path.join(etc, name))
        with open(os.path.join(etc, name), "a", encoding="ascii") as file:
            for account, number in ACCOUNTS:
                file.write(fields.format(account, number) + "\n")
    if not os.path.lexists(os.path.join(ROOT, "usr/bin/sh")):
        os.symlink("dash", os.path.join(ROOT, "usr/bin/sh"))
    for path in ("etc/hosts", "etc/nsswitch.conf", "etc/sogo/sogo.conf"):
        with open(os.path.join(ROOT, path), "w", encoding="ascii") as file:
            file.write({"hosts": "127.0.0.1 localhost\n",
                        "nsswitch.conf": "passwd: files\ngroup: files\n"
                        "hosts: files\n"}.get(os.path.basename(path), ""))


def compile_python():
    """As installing does; only root may chroot."""
    if os.getuid() == 0:
        subprocess.run(
            ["chroot", ROOT, "python3", "-m", "compileall", "-q",
             "/usr/lib/python3", "/usr/lib/python3.11"], check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL)


def versions():
    """Of what was unpacked."""
    found = {}
    for path in glob.glob(os.path.join(PEERS, "archives", "*.deb")):
        name, version = os.path.basename(path).split("_")[:2]
        found[name] = version.replace("%3a", ":")
    return found


def field(package, name):
    """Of a package that was unpacked."""
    for path in glob.glob(os.path.join(PEERS, "archives", package + "_*")):
        return subprocess.run(
            ["dpkg-deb", "-f", path, name], stdout=subprocess.PIPE,
            check=False).stdout.decode().strip()
    return ""


def install():
    for tool in ("apt-get", "dpkg-deb", "tar"):
        if not shutil.which(tool):
            raise Failed("--install-peers needs %s of Debian" % tool)
    os.makedirs(PEERS, exist_ok=True)
    with open(os.path.join(PEERS, "log"), "wb"):
        pass
    download()
    unpack()
    furnish()
    compile_python()
    log("peers: unpacked in " + ROOT)
