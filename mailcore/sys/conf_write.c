#include "mailcore/sys/conf.h"
#include "mailcore/sys/log.h"

#include <string.h>

static void
put_text(struct buf *out, const char *name, const char *value)
{
	if (value == NULL) {
		buf_print(out, "# %s\n", name);
		return;
	}
	if (strpbrk(value, " \t\"#\\") == NULL) {
		buf_print(out, "%s %s\n", name, value);
		return;
	}
	buf_print(out, "%s \"", name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, *value);
	}
	buf_add(out, VIEW("\"\n"));
}

static void
put_places(const struct conf *c, struct buf *out)
{
	buf_add(out, VIEW("# The folder that holds everything.\n"));
	put_text(out, "data", c->data);
	buf_add(out, VIEW("\n# The full name of this server.\n"));
	put_text(out, "hostname", c->hostname);
	buf_add(out, VIEW("\n# Certificates: one .pem file each, chain and key;"
	    " default <data>/tls.\n"));
	put_text(out, "certificates", c->certificates);
	buf_add(out, VIEW("\n# Who to run as when started as root.\n"));
	put_text(out, "user", c->user);
}

static void
put_socket(const struct conf_socket *s, struct buf *out)
{
	buf_add(out, VIEW("\n# A Unix socket for LMTP: path, owner[:group],"
	    " mode.\n"));
	if (s->path == NULL) {
		buf_add(out, VIEW("# lmtp-socket\n"));
		return;
	}
	buf_print(out, "lmtp-socket %s", s->path);
	if (s->owner != NULL)
		buf_print(out, " %s%s%s %04o", s->owner,
		    s->group == NULL ? "" : ":",
		    s->group == NULL ? "" : s->group, s->mode);
	buf_add(out, VIEW("\n"));
}

static void
put_ports(const struct conf *c, struct buf *out)
{
	buf_add(out, VIEW("\n# Addresses to listen on.\nlisten"));
	for (size_t i = 0; i < c->address_count; i++)
		buf_print(out, " %s", c->addresses[i]);
	buf_add(out, VIEW("\n\n# Ports; 0 turns a service off."
	    "  proxy: plain HTTP for a reverse proxy on\n"
	    "# this machine, whose forwarding headers are believed.\n"));
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		buf_print(out, "port.%s %u\n", conf_services[i].name,
		    c->ports[i]);
	buf_add(out, VIEW("\n# The ports that clients are told, where a router"
	    " or proxy forwards others.\n"));
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		buf_print(out, "%spublic-port.%s %u\n",
		    c->public_ports[i] == c->ports[i] ? "# " : "",
		    conf_services[i].name, c->public_ports[i]);
	put_socket(&c->lmtp_socket, out);
}

static void
put_sending(const struct conf *c, struct buf *out)
{
	buf_add(out, VIEW("\n# A server that takes all outgoing mail, as"
	    " host:port; without: by MX.\n"));
	put_text(out, "relay", c->relay);
	put_text(out, "relay-user", c->relay_user);
	put_text(out, "relay-password", c->relay_password);
	buf_add(out, VIEW("\n# A DNS resolver, as address or address@port;"
	    " without: /etc/resolv.conf.\n"));
	put_text(out, "resolver", c->resolver);
	buf_add(out, VIEW("\n# The port of other mail servers; only tests use"
	    " another than 25.\n"));
	buf_print(out, "remote-smtp-port %u\n", c->remote_smtp_port);
	if (c->remote_https_port > 0)
		buf_print(out, "remote-https-port %u\n",
		    c->remote_https_port);
	routes_write(&c->routes, out);
	buf_add(out, VIEW("\n# What answers of the DNS are proven by, for"
	    " DANE: auto, off or a DS record.\n"));
	put_text(out, "trust-anchor", c->trust_anchor);
	buf_add(out, VIEW("\n# Are other domains told once a day what was seen"
	    " of their TLS?\n"));
	buf_print(out, "tls-reports %s\n", c->tls_reports ? "on" : "off");
}

static void
put_checks(const struct conf *c, struct buf *out)
{
	static const char *const checks[] = {
		[CONF_CHECK_REMOTE] = "remote", [CONF_CHECK_ALL] = "all",
		[CONF_CHECK_OFF] = "off",
	};
	static const char *const dmarc[] = { "follow", "junk", "score" };

	buf_add(out, VIEW("\n# Whose mail is checked (SPF, DKIM, DMARC,"
	    " spam): remote, all or off.\n"));
	buf_print(out, "check-mail %s\n", checks[c->check_mail]);
	buf_add(out, VIEW("\n# When a domain wants its mail refused: follow,"
	    " junk or score.\n"));
	buf_print(out, "dmarc %s\n", dmarc[c->dmarc]);
	buf_add(out, VIEW("\n# rspamd, as address:port; without: a score of"
	    " our own.\n"));
	put_text(out, "rspamd", c->rspamd);
	buf_add(out, VIEW("\n# How many minutes unknown senders wait, where"
	    " greylisting is on.\n"));
	buf_print(out, "greylist-delay %u\n", c->greylist_delay / 60);
}

static void
put_gateway(const struct gateway *g, struct buf *out)
{
	static const char *const words[] = { [GATEWAY_IMAP] = "imap",
		[GATEWAY_POP3] = "pop3", [GATEWAY_SMTP] = "smtp",
		[GATEWAY_DAV] = "dav", [GATEWAY_LOGIN] = "login" };

	if (g->count > 0)
		buf_add(out, VIEW("\n# Mail systems that are not ours.\n"));
	for (size_t i = 0; i < g->count; i++) {
		const struct gateway_line *l = &g->lines[i];

		buf_print(out, "gateway %.*s %s ", (int)l->domain.n,
		    l->domain.p, words[l->what]);
		if (l->what == GATEWAY_DAV)
			buf_add(out, l->url);
		else if (l->what == GATEWAY_LOGIN)
			buf_add_text(out, l->local_part ? "local-part"
			                                : "address");
		else
			buf_print(out, "%s %.*s:%u", l->starttls
			    ? "starttls" : "tls", (int)l->host.n, l->host.p,
			    l->port);
		buf_add_byte(out, '\n');
	}
}

static void
put_people(const struct conf *c, struct buf *out)
{
	static const char *const scram[] = { "sha-256", "sha-1", "off" };

	buf_add(out, VIEW("\n# Logins by SCRAM: sha-256, with sha-1 as well,"
	    " or off.\n"));
	buf_print(out, "scram %s\n", scram[c->scram]);
	buf_add(out, VIEW("\n# To how many people somebody may send; 0: any"
	    " number.\n"));
	buf_print(out, "send-per-hour %u\nsend-per-day %u\n",
	    c->send_per_hour, c->send_per_day);
}

static void
put_oauth(const struct conf *c, struct buf *out)
{
	const struct conf_oauth *o = &c->oauth;

	buf_add(out, VIEW("\n# Logins by access tokens of another server:"
	    " where to ask about them, or by\n# which keys they are signed,"
	    " and what must stand in them.\n"));
	put_text(out, "oauth-introspection", o->introspection);
	put_text(out, "oauth-client", o->client);
	put_text(out, "oauth-client-password", o->client_password);
	put_text(out, "oauth-keys", o->keys);
	put_text(out, "oauth-issuer", o->issuer);
	put_text(out, "oauth-audience", o->audience);
	put_text(out, "oauth-scope", o->scope);
	put_text(out, "oauth-claim", o->claim);
}

static void
put_dav(const struct conf *c, struct buf *out)
{
	static const char *const push[] = { "public", "any", "off" };

	buf_add(out, VIEW("\n# Which push services may be told of changes:"
	    " public ones, any, or none (off).\n"));
	buf_print(out, "push %s\n", push[c->push]);
	buf_add(out, VIEW("\n# For how many days changes of calendars and"
	    " address books can be undone; 0: not.\n"));
	buf_print(out, "history-days %u\n", c->history_days);
}

static void
put_limits(const struct conf *c, struct buf *out)
{
	static const char *const levels[] = {
		[LOG_ERROR] = "error", [LOG_WARNING] = "warning",
		[LOG_INFO] = "info", [LOG_DEBUG] = "debug",
	};

	buf_add(out, VIEW("\n# The lowest TLS version: 1.2 or 1.3.\n"));
	buf_print(out, "tls-minimum %s\n",
	    c->tls.minimum == TLS_1_3 ? "1.3" : "1.2");
	buf_add(out, VIEW("\n# The largest message, in bytes"
	    " (K and M work).\n"));
	buf_print(out, "message-limit %llu\n",
	    (unsigned long long)c->message_limit);
	buf_add(out, VIEW("\n# IMAP capabilities that clients are not told of,"
	    " like COMPRESS=DEFLATE.\n"));
	put_text(out, "imap-without", c->imap_without);
	buf_add(out, VIEW("\n# Connections at once: in all, and from one"
	    " address.\n"));
	buf_print(out, "connections %u\nconnections-per-peer %u\n",
	    c->connections, c->connections_per_peer);
	buf_add(out, VIEW("\n# When browsers are signed out: after minutes"
	    " without use, after hours anyway.\n"));
	buf_print(out, "session-idle %u\nsession-end %u\n",
	    c->session_idle / 60, c->session_end / 3600);
	buf_add(out, VIEW("\n# How strong people's own passwords must be,"
	    " 0 to 4.\n"));
	buf_print(out, "password-strength %u\n", c->password_strength);
	buf_add(out, VIEW("\n# Whom to tell of weaknesses of this server, as"
	    " mailto:ADDRESS or https://...\n"));
	put_text(out, "security-contact", c->security_contact);
	buf_add(out, VIEW("\n# May people open calendars to everyone, and find"
	    " each other in a book?\n"));
	buf_print(out, "publish %s\ndirectory %s\n",
	    c->publish ? "on" : "off", c->directory ? "on" : "off");
	put_people(c, out);
	put_oauth(c, out);
	put_dav(c, out);
	buf_add(out, VIEW("\n# May programs of this machine read /metrics?\n"));
	buf_print(out, "metrics %s\n", c->metrics ? "on" : "off");
	buf_add(out, VIEW("\n# error, warning, info or debug.\n"));
	buf_print(out, "log-level %s\n", levels[c->log_level]);
	buf_add(out, VIEW("\n# Limits what each role may do; off only for"
	    " debugging.\n"));
	buf_print(out, "sandbox %s\n", c->sandbox ? "on" : "off");
}

void
conf_write(const struct conf *c, struct buf *out)
{
	buf_add(out, VIEW("# Posthaste; see posthaste.conf(5)."
	    "  One setting a line: name value.\n\n"));
	put_places(c, out);
	put_ports(c, out);
	put_sending(c, out);
	put_checks(c, out);
	put_gateway(&c->gateway, out);
	put_limits(c, out);
}
