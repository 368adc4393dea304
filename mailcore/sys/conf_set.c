#include "mailcore/sys/conf_set.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/capability.h"
#include "mailcore/sys/log.h"

#include <arpa/inet.h>
#include <stddef.h>

static bool
set_text(struct arena *a, void *to, view value)
{
	const char **text = to;

	*text = arena_text(a, value);
	return value.n > 0 && *text != NULL;
}

/* RFC 9116 2.5.3 */
static bool
set_contact(struct arena *a, void *to, view value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_is_graph(value.p[i]))
			return false;
	return (view_starts_same(value, VIEW("mailto:"))
	        || view_starts_same(value, VIEW("https://")))
	    && set_text(a, to, value);
}

static bool
is_name_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.';
}

static bool
set_hostname(struct arena *a, void *to, view value)
{
	view rest = value;

	for (size_t i = 0; i < value.n; i++)
		if (!is_name_byte(value.p[i]))
			return false;
	while (rest.n > 0) {
		view label = view_cut(&rest, '.');

		if (label.n == 0 || label.n > 63 || label.p[0] == '-')
			return false;
	}
	return value.n <= LIMIT_DOMAIN && !view_ends(value, VIEW("."))
	    && set_text(a, to, value);
}

static bool
is_address(view v)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	return view_copy(v, text, sizeof text)
	    && (inet_pton(AF_INET, text, bytes) == 1
	    || inet_pton(AF_INET6, text, bytes) == 1);
}

/* `to` is the whole struct conf: two fields change. */
static bool
set_addresses(struct arena *a, void *to, view value)
{
	struct conf *c = to;

	while (value.n > 0) {
		view one = view_trim(view_cut(&value, ' '));

		if (one.n == 0)
			continue;
		if (!is_address(one) || c->address_count == CONF_ADDRESSES)
			return false;
		if (!set_text(a, &c->addresses[c->address_count], one))
			return false;
		c->address_count++;
	}
	return c->address_count > 0;
}

static bool
set_number(void *to, view value, uint64_t least, uint64_t most)
{
	unsigned *number = to;
	uint64_t n;

	if (!view_number(value, most, &n) || n < least)
		return false;
	*number = (unsigned)n;
	return true;
}

static bool
set_port_or_off(struct arena *a, void *to, view value)
{
	(void)a;
	return set_number(to, value, 0, CONF_PORT_MAX);
}

static bool
set_port(struct arena *a, void *to, view value)
{
	(void)a;
	return set_number(to, value, 1, CONF_PORT_MAX);
}

static bool
set_connections(struct arena *a, void *to, view value)
{
	(void)a;
	return set_number(to, value, 1, 1000000);
}

/* In seconds. */
static bool
set_minutes(struct arena *a, void *to, view value)
{
	unsigned *seconds = to;

	(void)a;
	if (!set_number(to, value, 1, 525600))
		return false;
	*seconds *= 60;
	return true;
}

static bool
set_hours(struct arena *a, void *to, view value)
{
	unsigned *seconds = to;

	(void)a;
	if (!set_number(to, value, 1, 8760))
		return false;
	*seconds *= 3600;
	return true;
}

static bool
set_score(struct arena *a, void *to, view value)
{
	(void)a;
	return set_number(to, value, 0, 4);
}

/* 1000, 100K, 50M */
static bool
set_bytes(struct arena *a, void *to, view value)
{
	uint64_t *bytes = to;
	unsigned shift = 0;
	uint64_t n;

	(void)a;
	if (view_ends_same(value, VIEW("K")))
		shift = 10;
	else if (view_ends_same(value, VIEW("M")))
		shift = 20;
	if (shift > 0)
		value = view_first(value, value.n - 1);
	if (!view_number(value, CONF_MESSAGE_MAX >> shift, &n))
		return false;
	*bytes = n << shift;
	return *bytes >= 1024;
}

static bool
set_tls_minimum(struct arena *a, void *to, view value)
{
	static const char *const words[] = { "1.2", "1.3" };
	struct tls_policy *policy = to;
	size_t which;

	(void)a;
	if (!conf_choose(value, words, COUNT(words), &which))
		return false;
	policy->minimum = which == 0 ? TLS_1_2 : TLS_1_3;
	return true;
}

static bool
set_log_level(struct arena *a, void *to, view value)
{
	static const char *const words[] = {
		[LOG_ERROR] = "error", [LOG_WARNING] = "warning",
		[LOG_INFO] = "info", [LOG_DEBUG] = "debug",
	};
	int *level = to;
	size_t which;

	(void)a;
	if (!conf_choose(value, words, COUNT(words), &which))
		return false;
	*level = (int)which;
	return true;
}

static bool
set_switch(struct arena *a, void *to, view value)
{
	static const char *const words[] = { "off", "on" };
	bool *on = to;
	size_t which;

	(void)a;
	if (!conf_choose(value, words, COUNT(words), &which))
		return false;
	*on = which == 1;
	return true;
}

/* host:port, with [ ] around an IPv6 address */
static bool
set_relay(struct arena *a, void *to, view value)
{
	view port = value;
	view host = view_cut_last(&port, ':');
	const char *name;
	uint64_t n;

	if (!view_number(port, CONF_PORT_MAX, &n) || n == 0)
		return false;
	if (view_starts(host, VIEW("[")) && view_ends(host, VIEW("]"))) {
		if (!is_address(view_first(view_from(host, 1), host.n - 2)))
			return false;
	} else if (host.n == 0 || !set_hostname(a, &name, host)) {
		return false;
	}
	return set_text(a, to, value);
}

static bool
set_resolver(struct arena *a, void *to, view value)
{
	view port = value;
	view address = view_cut(&port, '@');
	uint64_t n;

	if (!is_address(address))
		return false;
	if (address.n < value.n
	    && (!view_number(port, CONF_PORT_MAX, &n) || n == 0))
		return false;
	return set_text(a, to, value);
}

/* An address alone: names would need a resolver that is not up yet. */
static bool
set_rspamd(struct arena *a, void *to, view value)
{
	view host = value;
	view port = value;

	host = view_cut_last(&port, ':');
	return !view_starts(value, VIEW("["))
	    ? is_address(host) && set_relay(a, to, value)
	    : set_relay(a, to, value);
}

static bool
set_days(struct arena *a, void *to, view value)
{
	(void)a;
	return set_number(to, value, 0, LIMIT_HISTORY_DAYS);
}

/* RFC 6647 5: long enough to matter, short enough to bear. */
static bool
set_greylist_delay(struct arena *a, void *to, view value)
{
	unsigned *seconds = to;

	(void)a;
	if (!set_number(to, value, 1, 30))
		return false;
	*seconds *= 60;
	return true;
}

static bool
set_gateway(struct arena *a, void *to, view value)
{
	return gateway_add(to, a, value);
}

static bool
set_capabilities(struct arena *a, void *to, view value)
{
	return capability_check(value, NULL).is == OK
	    && set_text(a, to, value);
}

const struct setting conf_settings[CONF_SETTINGS] = {
	{ "data", offsetof(struct conf, data),
	    set_text, "a folder",
	    "name the folder that holds the store" },
	{ "hostname", offsetof(struct conf, hostname),
	    set_hostname, "a host name",
	    "write the full name of this server, like mail.example.org" },
	{ "certificates", offsetof(struct conf, certificates),
	    set_text, "a folder",
	    "name the folder that holds the .pem files" },
	{ "user", offsetof(struct conf, user),
	    set_text, "a user's name",
	    "name the system user to run as" },
	{ "listen", 0, set_addresses, "up to 8 IP addresses",
	    "write addresses, like 0.0.0.0 ::" },
	{ "tls-minimum", offsetof(struct conf, tls),
	    set_tls_minimum, "1.2 or 1.3",
	    "write the lowest TLS version to accept" },
	{ "relay", offsetof(struct conf, relay),
	    set_relay, "host:port",
	    "write the server that takes all outgoing mail,"
	    " like smtp.example.net:587" },
	{ "relay-user", offsetof(struct conf, relay_user),
	    set_text, "a user's name",
	    "write the name to log in to the relay with" },
	{ "relay-password", offsetof(struct conf, relay_password),
	    set_text, "a password",
	    "write the password for the relay" },
	{ "resolver", offsetof(struct conf, resolver),
	    set_resolver, "an IP address",
	    "write the address of a resolver, like 127.0.0.1@5353" },
	{ "remote-smtp-port", offsetof(struct conf, remote_smtp_port),
	    set_port,
	    "a port from 1 to 65535", "leave it at 25 outside of tests" },
	{ "route", offsetof(struct conf, routes), routes_add,
	    "DOMAIN smtp|lmtp PLACE or DOMAIN mx, once a domain",
	    "write where mail for that domain goes" },
	{ "trust-anchor", offsetof(struct conf, trust_anchor),
	    conf_set_anchor, "auto, off or a DS record",
	    "leave it at auto: the keys of the DNS root" },
	{ "tls-reports", offsetof(struct conf, tls_reports), set_switch,
	    "on or off", "write off to tell nobody what was seen of TLS" },
	{ "remote-https-port", offsetof(struct conf, remote_https_port),
	    set_port, "a port", "leave it out, except in tests" },
	{ "check-mail", offsetof(struct conf, check_mail),
	    conf_set_check_mail,
	    "remote, all or off",
	    "write whose mail is checked: remote is everybody's but this"
	    " machine's" },
	{ "dmarc", offsetof(struct conf, dmarc), conf_set_dmarc,
	    "follow, junk or score",
	    "write what is done when a domain wants its mail refused" },
	{ "rspamd", offsetof(struct conf, rspamd), set_rspamd,
	    "address:port", "write where rspamd listens, like"
	    " 127.0.0.1:11333" },
	{ "greylist-delay", offsetof(struct conf, greylist_delay),
	    set_greylist_delay, "minutes from 1 to 30",
	    "write how long unknown senders wait, like 15" },
	{ "scram", offsetof(struct conf, scram), conf_set_scram,
	    "sha-256, sha-1 or off",
	    "write whether people may log in by SCRAM, and by which hashes" },
	{ "oauth-introspection", offsetof(struct conf, oauth.introspection),
	    conf_set_url, "a URL, https or of this machine",
	    "write where tokens are asked about (RFC 7662)" },
	{ "oauth-client", offsetof(struct conf, oauth.client),
	    conf_set_secret, "a name", "write who we are there" },
	{ "oauth-client-password",
	    offsetof(struct conf, oauth.client_password),
	    conf_set_secret, "a password", "write what proves it there" },
	{ "oauth-keys", offsetof(struct conf, oauth.keys), conf_set_keys,
	    "a file or a URL, https or of this machine",
	    "write where the keys are that sign tokens (RFC 7517)" },
	{ "oauth-issuer", offsetof(struct conf, oauth.issuer),
	    conf_set_claim, "a word", "write whose tokens are taken" },
	{ "oauth-audience", offsetof(struct conf, oauth.audience),
	    conf_set_claim, "a word", "write for whom they must be" },
	{ "oauth-scope", offsetof(struct conf, oauth.scope),
	    conf_set_claim, "a word", "write what they must be good for" },
	{ "oauth-claim", offsetof(struct conf, oauth.claim),
	    conf_set_claim, "a word",
	    "write which claim holds the address, like email" },
	{ "lmtp-socket", offsetof(struct conf, lmtp_socket),
	    conf_set_socket, "PATH [OWNER[:GROUP] [MODE]]",
	    "write where the other server finds it, whose it is, like"
	    " /var/spool/postfix/private/posthaste postfix 0600" },
	{ "send-per-hour", offsetof(struct conf, send_per_hour),
	    conf_set_sending,
	    "a number from 0 to 1000000",
	    "write to how many people somebody may send in an hour" },
	{ "send-per-day", offsetof(struct conf, send_per_day),
	    conf_set_sending,
	    "a number from 0 to 1000000",
	    "write to how many people somebody may send in a day" },
	{ "message-limit", offsetof(struct conf, message_limit),
	    set_bytes,
	    "bytes from 1K to 1024M", "write a size, like 50M" },
	{ "connections", offsetof(struct conf, connections),
	    set_connections,
	    "a number from 1 to 1000000",
	    "write how many connections may be open" },
	{ "connections-per-peer", offsetof(struct conf, connections_per_peer),
	    set_connections,
	    "a number from 1 to 1000000",
	    "write how many may be open from one address" },
	{ "session-idle", offsetof(struct conf, session_idle),
	    set_minutes, "minutes from 1 to 525600",
	    "write after how many unused minutes a browser is signed out" },
	{ "session-end", offsetof(struct conf, session_end),
	    set_hours, "hours from 1 to 8760",
	    "write after how many hours a browser is signed out anyway" },
	{ "password-strength", offsetof(struct conf, password_strength),
	    set_score, "a number from 0 to 4",
	    "write how strong people's new passwords must be: 3 is good" },
	{ "security-contact", offsetof(struct conf, security_contact),
	    set_contact, "a mailto: or https: address",
	    "write whom to tell of weaknesses,"
	    " like mailto:security@example.org" },
	{ "publish", offsetof(struct conf, publish), set_switch, "on or off",
	    "write on to let people open calendars to everyone" },
	{ "metrics", offsetof(struct conf, metrics), set_switch, "on or off",
	    "write on to let programs of this machine read the counts" },
	{ "directory", offsetof(struct conf, directory),
	    set_switch, "on or off",
	    "write on to let the people of a domain look each other up" },
	{ "push", offsetof(struct conf, push), conf_set_push,
	    "public, any or off",
	    "write whether clients may be told of changes, and where" },
	{ "history-days", offsetof(struct conf, history_days), set_days,
	    "a number from 0 to 365",
	    "write for how many days a change can be undone" },
	{ "imap-without", offsetof(struct conf, imap_without),
	    set_capabilities,
	    "names of IMAP capabilities, as docs/imap.md lists them",
	    "write what clients shall not be told of,"
	    " like COMPRESS=DEFLATE" },
	{ "gateway", offsetof(struct conf, gateway), set_gateway,
	    "DOMAIN imap|pop3|smtp tls|starttls HOST[:PORT], DOMAIN dav URL"
	    " or DOMAIN login address|local-part, each once",
	    "name a service of another mail system, like"
	    " gateway example.org imap tls imap.example.net" },
	{ "log-level", offsetof(struct conf, log_level),
	    set_log_level,
	    "error, warning, info or debug", "choose one of them" },
	{ "sandbox", offsetof(struct conf, sandbox),
	    set_switch, "on or off",
	    "leave it on except for debugging" },
};

const struct setting conf_port_setting = { NULL, 0, set_port_or_off,
	"a port from 0 to 65535", "write a number, 0 turns the service off" };

bool
conf_setting_repeats(const struct setting *s)
{
	return s->set == set_addresses || s->set == set_gateway
	    || s->set == routes_add;
}

void
conf_setting_begin(const struct setting *s, struct conf *c)
{
	if (s->set == set_addresses)
		c->address_count = 0;
}

void
conf_setting_taken(const struct setting *s, struct conf *c, unsigned line)
{
	if (s->set == set_gateway)
		c->gateway.lines[c->gateway.count - 1].number = line;
}
