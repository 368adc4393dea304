"""Servers to compare with, when their Debian packages are there."""
import os
import shutil
import socket
import subprocess
import time

from machine import Failed, cpu_seconds, descendants, first_line, pss_kib

NGINX = """
worker_processes auto;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
{user}
events {{ worker_connections 1024; }}
http {{
	access_log off;
	keepalive_requests 1000000;
	client_body_temp_path {folder}/nginx-body;
	proxy_temp_path {folder}/nginx-proxy;
	fastcgi_temp_path {folder}/nginx-fastcgi;
	uwsgi_temp_path {folder}/nginx-uwsgi;
	scgi_temp_path {folder}/nginx-scgi;
	server {{
		listen {ip}:{port} ssl;
		ssl_certificate {chain};
		ssl_certificate_key {chain};
		ssl_protocols TLSv1.2 TLSv1.3;
		default_type text/xml;
		root {folder}/nginx-root;
	}}
}}
"""


class Nginx:
    """The same bytes from a file."""

    name = "nginx"
    greeting = None

    def __init__(self, server, process, port):
        self.ip = server.ip
        self.users_file = server.users_file
        self.process = process
        self.ports = {"https": port}

    def cpu(self):
        return cpu_seconds(self.process.pid)

    @classmethod
    def start(cls, server, body):
        """None without nginx."""
        program = shutil.which("/usr/sbin/nginx")
        if not program:
            return None
        folder = os.path.join(server.folder, "nginx")
        chain = os.path.join(folder, "chain.pem")
        os.makedirs(os.path.join(folder, "nginx-root", "mail"))
        shutil.copy(os.path.join(server.data, "tls", "default.pem"), chain)
        with open(os.path.join(folder, "nginx-root", "mail",
                               "config-v1.1.xml"), "wb") as file:
            file.write(body)
        port = server.ports["https"] + 1000
        conf = os.path.join(folder, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(NGINX.format(
                folder=folder, ip=server.ip, port=port, chain=chain,
                user="user root;" if os.getuid() == 0 else ""))
        process = subprocess.Popen(
            [program, "-c", conf, "-p", folder], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(process, server.ip, port)
        return cls(server, process, port)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def wait_for_port(process, ip, port):
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection((ip, port), 1).close()
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > end:
                raise Failed("no peer answers on port %d" % port) from error
            time.sleep(0.02)


# --- dovecot ----------------------------------------------------------------

DOVECOT = "/usr/sbin/dovecot"
DOVECOT_CONF = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap pop3 lmtp
listen = {ip}
ssl = required
ssl_cert = <{chain}
ssl_key = <{chain}
mail_location = maildir:~/Maildir
mail_home = {folder}/mail/%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
mail_max_userip_connections = 10000
default_process_limit = 6000
default_client_limit = 19000
auth_mechanisms = plain
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
  service_count = 0
  process_min_avail = 2
}}
service pop3-login {{
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
  service_count = 0
}}
service lmtp {{
  inet_listener lmtp {{
    port = {smtp}
  }}
}}
service imap {{
  service_count = 100
}}
"""


class Dovecot:
    """Maildir, with the syncs that it does by itself; passwords are not
    checked.  Mail comes by LMTP, without a transfer agent before it."""

    name = "dovecot"

    def __init__(self, server):
        self.ip = server.ip
        self.folder = os.path.join(server.folder, "dovecot")
        self.ports = {name: server.ports[name] + 1000
                      for name in ("imaps", "pop3s", "smtp")}
        self.users_file = server.users_file
        self.greeting = "LHLO"
        self.process = None
        self.configure(server)

    @staticmethod
    def there():
        return all(os.path.exists(path) for path in (
            DOVECOT, "/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp",
            "/usr/lib/dovecot/pop3"))

    def configure(self, server):
        for name in ("mail", "run", "state"):
            os.makedirs(os.path.join(self.folder, name))
        os.chmod(os.path.join(self.folder, "mail"), 0o777)
        chain = os.path.join(self.folder, "chain.pem")
        shutil.copy(os.path.join(server.data, "tls", "default.pem"), chain)
        with open(os.path.join(self.folder, "conf"), "w",
                  encoding="utf-8") as file:
            file.write(DOVECOT_CONF.format(
                folder=self.folder, ip=self.ip, chain=chain, **self.ports))

    def start(self):
        self.process = subprocess.Popen(
            [DOVECOT, "-F", "-c", os.path.join(self.folder, "conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for_port(self.process, self.ip, self.ports["imaps"])

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def memory(self):
        """PSS in KiB of all its processes."""
        return sum(pss_kib(pid) for pid in descendants(self.process.pid))

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()


def versions():
    """What we compare with."""
    found = {}
    if shutil.which("/usr/sbin/nginx"):
        found["nginx"] = first_line(["/usr/sbin/nginx", "-v"])
    if Dovecot.there():
        found["dovecot"] = first_line([DOVECOT, "--version"])
    return found
