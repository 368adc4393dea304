#include "mailcore/sys/conf.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sys/conf_set.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

const struct conf_service conf_services[SERVICE_COUNT] = {
	[SERVICE_HTTP] = { "http", 80 },
	[SERVICE_HTTPS] = { "https", 443 },
	[SERVICE_PROXY] = { "proxy", 8080 },
	[SERVICE_IMAP] = { "imap", 143 },
	[SERVICE_IMAPS] = { "imaps", 993 },
	[SERVICE_POP3] = { "pop3", 110 },
	[SERVICE_POP3S] = { "pop3s", 995 },
	[SERVICE_SMTP] = { "smtp", 25 },
	[SERVICE_SUBMISSION] = { "submission", 587 },
	[SERVICE_SUBMISSIONS] = { "submissions", 465 },
	[SERVICE_SIEVE] = { "sieve", 4190 },
	[SERVICE_LMTP] = { "lmtp", 24 },
};

void
conf_defaults(struct conf *c, unsigned base_port)
{
	*c = (struct conf){
		.data = "/var/lib/posthaste",
		.user = "posthaste",
		.addresses = { "0.0.0.0", "::" },
		.address_count = 2,
		.tls = { TLS_1_2 },
		.remote_smtp_port = 25,
		.trust_anchor = "auto",
		.tls_reports = true,
		.greylist_delay = 15 * 60,
		.message_limit = LIMIT_MESSAGE,
		.oauth = { .claim = "email" },
		.send_per_hour = 500,
		.send_per_day = 2000,
		.connections = LIMIT_CONNECTIONS,
		.connections_per_peer = LIMIT_CONNECTIONS_PER_PEER,
		.session_idle = LIMIT_SESSION_IDLE,
		.session_end = LIMIT_SESSION_END,
		.password_strength = 3,
		.publish = true,
		.history_days = 30,
		.log_level = LOG_INFO,
		.sandbox = true,
	};
	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		c->ports[i] = conf_services[i].standard + base_port;
		c->public_ports[i] = c->ports[i];
	}
	/* Who speaks LMTP is believed: only where it is wanted. */
	c->ports[SERVICE_LMTP] = c->public_ports[SERVICE_LMTP] = 0;
}

/* Every name that may stand in a file: the settings, then port.* and
 * public-port.* by service. */
enum {
	NAME_PORT = CONF_SETTINGS,
	NAME_PUBLIC = NAME_PORT + SERVICE_COUNT,
	NAME_COUNT = NAME_PUBLIC + SERVICE_COUNT
};

struct reader {
	struct conf *conf;
	struct arena *arena;
	const char *file;
	struct buf *errors;
	unsigned line;
	unsigned seen[NAME_COUNT]; /* the line, 0: not yet */
	unsigned faults;
};

static void
complain(struct reader *r, const char *expected, view found,
    const char *advice)
{
	char text[60];
	size_t n = found.n < sizeof text ? found.n : sizeof text;

	for (size_t i = 0; i < n; i++)
		text[i] = ascii_is_control(found.p[i]) ? '?' : found.p[i];
	buf_print(r->errors, "%s:%u: expected %s, found ", r->file, r->line,
	    expected);
	if (n == 0)
		buf_add(r->errors, VIEW("nothing"));
	else
		buf_print(r->errors, "\"%.*s\"%s", (int)n, text,
		    n < found.n ? "..." : "");
	buf_print(r->errors, "; %s\n", advice);
	r->faults++;
}

static size_t
find_service(view name, size_t first)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (view_eq(name, view_of(conf_services[i].name)))
			return first + i;
	return NAME_COUNT;
}

static size_t
find_name(view name)
{
	view port = VIEW("port."), public_port = VIEW("public-port.");

	if (view_starts(name, port))
		return find_service(view_from(name, port.n), NAME_PORT);
	if (view_starts(name, public_port))
		return find_service(view_from(name, public_port.n),
		    NAME_PUBLIC);
	for (size_t i = 0; i < CONF_SETTINGS; i++)
		if (view_eq(name, view_of(conf_settings[i].name)))
			return i;
	return NAME_COUNT;
}

/* The value, out of its quotes; false: no closing quote, or junk after. */
static bool
unquote(struct arena *a, view text, view *value)
{
	char *to = arena_alloc(a, text.n + 1);
	size_t n = 0, i = 1;

	if (to == NULL)
		return false;
	for (; i < text.n && text.p[i] != '"'; i++) {
		if (text.p[i] == '\\' && i + 1 < text.n)
			i++;
		to[n++] = text.p[i];
	}
	*value = (view){ to, n };
	if (i == text.n)
		return false;
	text = view_trim(view_from(text, i + 1));
	return view_at(text, 0) == '#' || text.n == 0;
}

static view
without_comment(view text)
{
	for (size_t i = 1; i < text.n; i++)
		if (text.p[i] == '#' && ascii_is_space(text.p[i - 1]))
			return view_trim(view_first(text, i));
	return view_at(text, 0) == '#' ? VIEW("") : view_trim(text);
}

static void *
place_of(struct conf *c, size_t name)
{
	if (name >= NAME_PUBLIC)
		return &c->public_ports[name - NAME_PUBLIC];
	if (name >= NAME_PORT)
		return &c->ports[name - NAME_PORT];
	return (char *)c + conf_settings[name].at;
}

/* A secret is not told: errors go to logs and screens. */
static view
shown(const struct setting *s, view value)
{
	if (s == &conf_port_setting)
		return value;
	return view_ends(view_of(s->name), VIEW("password"))
	    || view_eq(view_of(s->name), VIEW("route")) ? VIEW("...") : value;
}

static void
read_setting(struct reader *r, size_t name, view value)
{
	const struct setting *s = name < NAME_PORT ? &conf_settings[name]
	                                           : &conf_port_setting;

	if (r->seen[name] != 0 && !conf_setting_repeats(s)) {
		const char *advice = arena_text(r->arena, arena_print(r->arena,
		    "remove this line or line %u", r->seen[name]));

		complain(r, "each setting once", shown(s, value),
		    advice != NULL ? advice : "remove the others");
		return;
	}
	if (r->seen[name] == 0)
		conf_setting_begin(s, r->conf);
	r->seen[name] = r->line;
	if (!utf8_is_valid(value)
	    || !s->set(r->arena, place_of(r->conf, name), value))
		complain(r, s->expected, shown(s, value), s->advice);
	else
		conf_setting_taken(s, r->conf, r->line);
}

static void
read_line(struct reader *r, view line)
{
	view rest = view_trim(line);
	size_t n = 0;
	size_t name;
	view word;

	if (rest.n == 0 || rest.p[0] == '#')
		return;
	while (n < rest.n && !ascii_is_space(rest.p[n]))
		n++;
	word = view_first(rest, n);
	rest = view_trim(view_from(rest, n));
	name = find_name(word);
	if (name == NAME_COUNT) {
		complain(r, "the name of a setting", word,
		    "see posthaste.conf(5) for all names");
		return;
	}
	if (view_at(rest, 0) != '"')
		rest = without_comment(rest);
	else if (!unquote(r->arena, rest, &rest)) {
		complain(r, "a value that ends with \"", word,
		    "write \\\" for a quote inside a value");
		return;
	}
	read_setting(r, name, rest);
}

/* Two services on one port: the second would fail to start. */
static void
check_ports(struct reader *r)
{
	const unsigned *ports = r->conf->ports;

	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		for (size_t k = 0; k < i; k++) {
			if (ports[i] == 0 || ports[i] != ports[k])
				continue;
			r->line = r->seen[NAME_PORT + i];
			if (r->line < r->seen[NAME_PORT + k])
				r->line = r->seen[NAME_PORT + k];
			complain(r, "a port of its own for each service",
			    view_of(conf_services[i].name),
			    "give it another number, or 0");
		}
	}
}

static void
check_gateway(struct reader *r)
{
	const struct gateway_line *l = gateway_incomplete(&r->conf->gateway);

	if (l == NULL)
		return;
	r->line = l->number;
	complain(r, "a gateway with smtp, and imap or pop3", l->domain,
	    "add a line for each");
}

static void
check_oauth(struct reader *r)
{
	const char *lacks = conf_oauth_lacks(&r->conf->oauth);

	if (lacks == NULL)
		return;
	r->line = r->seen[find_name(VIEW("oauth-keys"))];
	complain(r, lacks, VIEW(""),
	    "say whose tokens are taken, and for whom they must be");
}

static void
complete(struct reader *r)
{
	struct conf *c = r->conf;

	if (r->seen[find_name(VIEW("hostname"))] == 0) {
		buf_print(r->errors, "%s: expected the setting hostname, found"
		    " none; add a line like: hostname mail.example.org\n",
		    r->file);
		r->faults++;
	}
	if (c->certificates == NULL)
		c->certificates = arena_text(r->arena,
		    arena_print(r->arena, "%s/tls", c->data));
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (r->seen[NAME_PUBLIC + i] == 0)
			c->public_ports[i] = c->ports[i];
	check_ports(r);
	check_gateway(r);
	check_oauth(r);
}

result
conf_parse(struct conf *c, struct arena *a, view text, const char *name,
    struct buf *errors)
{
	struct reader r = { .conf = c, .arena = a, .file = name,
		.errors = errors };
	view line;

	conf_defaults(c, 0);
	c->ports[SERVICE_PROXY] = 0;
	while (view_line(&text, &line)) {
		r.line++;
		read_line(&r, line);
	}
	complete(&r);
	TRY(arena_result(a));
	return r.faults == 0 ? done()
	                     : fail(MALFORMED, "errors in the configuration");
}

result
conf_load(struct conf *c, struct arena *a, const char *path,
    struct buf *errors)
{
	struct buf text = buf_new(LIMIT_CONFIGURATION);
	result r = file_read(path, &text);

	if (r.is == OK)
		r = conf_parse(c, a, buf_view(&text), path, errors);
	else if (r.is == OVER_LIMIT)
		buf_print(errors, "%s: expected at most %d bytes, found more;"
		    " is this the right file?\n", path, LIMIT_CONFIGURATION);
	else
		buf_print(errors, "%s: expected a configuration file, found"
		    " none that can be read; run \"posthaste init\" or name"
		    " one with --config\n", path);
	buf_free(&text);
	return r;
}
