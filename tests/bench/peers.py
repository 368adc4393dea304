"""Servers to compare with, when their Debian packages are there."""
import os
import shutil
import socket
import subprocess
import time

from machine import Failed, first_line

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

    def __init__(self, server, process, port):
        self.server = server
        self.process = process
        self.port = port

    @classmethod
    def start(cls, server, body):
        """None without nginx."""
        program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
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
        cls.wait(process, server.ip, port)
        return cls(server, process, port)

    @staticmethod
    def wait(process, ip, port):
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection((ip, port), 1).close()
                return
            except OSError as error:
                if process.poll() is not None or time.monotonic() > end:
                    raise Failed("nginx does not start") from error
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def versions():
    """What we compared with."""
    found = {}
    if shutil.which("nginx") or os.path.exists("/usr/sbin/nginx"):
        found["nginx"] = first_line(["/usr/sbin/nginx", "-v"])
    return found
