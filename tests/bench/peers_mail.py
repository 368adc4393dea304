"""Mail servers to compare with: Dovecot, and Postfix before it."""
import os
import re
import time

from machine import Failed
from peers import Peer

DRAIN_SECONDS = 120
DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap pop3 lmtp
listen = {ip}
ssl = required
ssl_cert = <{chain}
ssl_key = <{chain}
mail_location = mdbox:~/mdbox
mail_home = {folder}/mail/%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
mail_max_userip_connections = 10000
mail_max_lock_timeout = 5s
default_process_limit = 6000
default_client_limit = 19000
default_vsz_limit = 1G
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
  process_limit = 6000
}}
"""


class Dovecot(Peer):
    """mdbox, its quickest store, with the syncs that it does by itself;
    passwords are not checked.  Mail comes by LMTP."""

    name, title, number = "dovecot", "Dovecot", 1
    programs = ("/usr/sbin/dovecot", "/usr/lib/dovecot/imap",
                "/usr/lib/dovecot/lmtp", "/usr/lib/dovecot/pop3")
    packages = ("dovecot-core", "dovecot-imapd", "dovecot-lmtpd",
                "dovecot-pop3d")
    services = {"imaps": 10993, "pop3s": 10995, "smtp": 10024}
    greeting = "LHLO"

    def configure(self):
        self.certificate()
        self.folders(["run", "state"])
        self.folders(["mail"], "nobody")
        self.write("conf", DOVECOT)

    def script(self):
        return "/usr/sbin/dovecot -F -c %s &" % self.path("conf")


MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.posthaste.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = posthaste.test
virtual_mailbox_maps = static:ok
virtual_transport = lmtp:inet:{dovecot}:{lmtp}
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
alias_maps =
alias_database =
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
smtp_host_lookup = native
smtpd_tls_security_level = none
message_size_limit = 52428800
default_process_limit = 100
in_flow_delay = 0
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
"""
# service type private unpriv chroot wakeup maxproc command
MASTER = """
{ip}:{smtp} inet n - n - 100 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
# What is not delivered yet lies in one of these, and goes from left to right,
# but for what is tried again.
QUEUE = ("deferred", "maildrop", "incoming", "active", "deferred")


class Postfix(Peer):
    """As Debian's, delivering by LMTP to the Dovecot beside it: a message
    is done when it has left the queue."""

    name, title, number = "postfix", "Postfix to Dovecot", 2
    programs = ("/usr/lib/postfix/sbin/master", "/usr/lib/postfix/sbin/lmtp")
    packages = ("postfix",)
    services = {"smtp": 10025}
    greeting = "EHLO"
    dovecot = None      # the one that is up

    def configure(self):
        self.folders(["spool", "spool/pid", "etc"])
        self.folders(["data"], "postfix", 0o700)
        self.folders(["spool/" + name for name in QUEUE + (
            "bounce", "corrupt", "defer", "flush", "hold", "private",
            "saved", "trace")], "postfix", 0o700)
        self.folders(["spool/public"], "postfix", 0o710)
        self.write("etc/main.cf", MAIN, dovecot=self.dovecot.ip,
                   lmtp=self.dovecot.ports["smtp"])
        self.write("etc/master.cf", MASTER)

    def script(self):
        return "/usr/lib/postfix/sbin/master -c %s -d &" % self.path("etc")

    def cpu(self):
        return super().cpu() + self.dovecot.cpu()

    def waiting(self):
        return {name for queue in QUEUE for _, _, names in
                os.walk(self.path("spool", queue)) for name in names}

    def why_waiting(self):
        """The last reason that it has written down."""
        with open(self.path("postfix.log"), encoding="utf-8",
                  errors="replace") as file:
            found = re.findall(r"status=deferred (.*)", file.read())
        return found[-1] if found else "without a reason"

    def drain(self):
        """Seconds until everything has been delivered."""
        begin = time.monotonic()
        while self.waiting():
            if time.monotonic() > begin + DRAIN_SECONDS:
                raise Failed("%d messages wait: %s" % (
                    len(self.waiting()), self.why_waiting()))
            time.sleep(0.002)
        return time.monotonic() - begin
