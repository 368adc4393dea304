#include "mailcore/smtp/route.h"

#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

enum {
	SMTPS_PORT = 465,
	SMTP_PORT = 25,
	/* RFC 5321 5.1 asks for at least two. */
	ADDRESSES_TRIED = 6,
	/* Names whose addresses are asked for: each may take its time. */
	HOSTS_TRIED = 10
};

struct attempt {
	const struct route_options *options;
	const struct client_mail *mail;
	struct arena *arena;
	struct client_report *reports;
	view *host;
	unsigned port;
	unsigned tried;
	struct client_options client;
	struct secure_domain rules;
	struct client_security security;
	const char *policy; /* of the host at hand: tls_session.policy */
};

/* We say it, for all recipients. */
static void
report_all(struct attempt *a, enum queue_outcome outcome, const char *status,
    const char *why)
{
	for (size_t i = 0; i < a->mail->count; i++)
		a->reports[i] = (struct client_report){
			.outcome = outcome,
			.status = view_of(status),
			.text = view_of(why),
		};
}

static void
saw(struct attempt *a, view host, view address, const char *fault)
{
	const struct tls_session session = {
		.domain = a->options->domain,
		.policy = view_of(a->policy),
		.outcome = view_of(fault == NULL ? "successful" : fault),
		.host = fault == NULL ? VIEW("") : host,
		.address = fault == NULL ? VIEW("") : address,
	};

	if (a->options->saw != NULL)
		a->options->saw(a->options->context, &session);
}

/* How far it came, kept as the reason of the next attempt. */
static void
report_trouble(struct attempt *a, result r)
{
	for (size_t i = 0; i < a->mail->count; i++) {
		struct client_report *report = &a->reports[i];

		report->outcome = QUEUE_RETRY;
		if (report->text.n == 0)
			report->text = view_of(r.why);
		if (view_at(report->status, 0) != '4')
			report->status = VIEW("4.4.1");
	}
}

static bool
may_enter(const struct attempt *a, view host, view address)
{
	const struct route_options *o = a->options;

	return o->enter == NULL || o->enter(o->enter_context, host, address);
}

/* false: go on with the next address. */
static bool
try_address(struct attempt *a, view host, view address)
{
	struct client_seen seen = { .fault = NULL };
	result r;

	if (!may_enter(a, host, address)) {
		/* A server of less preference is not for that. */
		report_all(a, QUEUE_RETRY, "4.4.5", "enough of us are there");
		return true;
	}
	a->client.seen = &seen;
	r = client_send(&a->client, host, address, a->port, a->mail,
	    a->arena, a->reports);
	a->client.seen = NULL;
	if (a->policy != NULL && (seen.tls || seen.fault != NULL))
		saw(a, host, address, seen.tls ? NULL : seen.fault);
	a->tried++;
	*a->host = host;
	log_line(r.is == OK ? LOG_INFO : LOG_WARNING, "queue.connect",
	    "host=%.*s address=%.*s why=%s", LOG_VIEW(host),
	    LOG_VIEW(address), r.why);
	if (r.is == OK)
		return true;
	report_trouble(a, r);
	return a->tried >= ADDRESSES_TRIED
	    || clock_steady_ms() >= a->options->client.deadline_ms;
}

static bool
try_addresses(struct attempt *a, view host, const struct host *found)
{
	for (size_t i = 0; i < found->count; i++)
		if (try_address(a, host, found->addresses[i]))
			return true;
	return false;
}

/* As try_address, over the addresses of one host. */
static bool
try_mx(struct attempt *a, const struct mx *mx)
{
	struct host found;
	result r = resolve_addresses(a->options->secure->resolver, a->arena,
	    mx->host, &found);

	if (r.is != OK) {
		report_all(a, QUEUE_RETRY, "4.4.3", r.why);
		return false;
	}
	r = secure_host(a->options->secure, a->arena, &a->rules, mx, &found,
	    a->port, &a->security, &a->policy);
	if (r.is == OK)
		return try_addresses(a, mx->host, &found);
	log_line(LOG_WARNING, "queue.unsafe", "host=%.*s why=\"%s\"",
	    LOG_VIEW(mx->host), r.why);
	if (r.is == FAILED) {
		report_all(a, QUEUE_FAILED, "5.7.30", r.why);
		return false;
	}
	saw(a, mx->host, VIEW(""), r.is == BUSY ? "dnssec-invalid"
						: "validation-failure");
	report_all(a, QUEUE_RETRY, "4.7.5", r.why);
	return false;
}

/* RFC 5321 5.1: hosts that are not before us; being alone there is a loop. */
static size_t
before_us(const struct attempt *a, const struct mx *mx, size_t count)
{
	view us = view_of(a->options->conf->hostname);
	size_t n = count;

	for (size_t i = 0; i < count; i++)
		if (view_same(mx[i].host, us))
			for (n = 0; n < count; n++)
				if (mx[n].preference >= mx[i].preference)
					return n;
	return n;
}

static void
report_no_mx(struct attempt *a, result r)
{
	if (r.is == DENIED)
		report_all(a, QUEUE_FAILED, "5.1.10", r.why);
	else if (r.is == NOT_FOUND)
		report_all(a, QUEUE_FAILED, "5.1.2", r.why);
	else
		report_all(a, QUEUE_RETRY, "4.4.3", r.why);
}

static void
find_rules(struct attempt *a)
{
	secure_find_policy(a->options->secure, a->arena, a->options->domain,
	    &a->rules);
	a->rules.requiretls = a->mail->requiretls;
	a->client.security = &a->security;
	if (a->rules.fault != NULL && !a->rules.has_policy) {
		a->policy = "sts";
		saw(a, VIEW(""), VIEW(""), a->rules.fault);
	}
}

static void
send_by_mx(struct attempt *a)
{
	struct mx *mx;
	size_t count;
	result r = resolve_mx(a->options->secure->resolver, a->arena,
	    a->options->domain, &mx, &count);

	if (r.is != OK) {
		report_no_mx(a, r);
		return;
	}
	count = before_us(a, mx, count);
	if (count == 0) {
		report_all(a, QUEUE_FAILED, "5.4.6",
		    "RFC 5321 5.1: mail for this domain comes to this server,"
		    " which does not host it");
		return;
	}
	a->port = a->options->conf->remote_smtp_port;
	if (a->port == 0)
		a->port = SMTP_PORT;
	find_rules(a);
	for (size_t i = 0; i < count && i < HOSTS_TRIED
	     && clock_steady_ms() < a->options->client.deadline_ms;
	     i++)
		if (try_mx(a, &mx[i]))
			return;
}

/* A server that the configuration names. */
static void
send_to_host(struct attempt *a, view host)
{
	struct host found = { .addresses = &host, .count = 1 };
	result r = done();

	a->client.tls_first = a->port == SMTPS_PORT && !a->client.lmtp;
	if (a->mail->requiretls && !a->client.lmtp) {
		a->security = (struct client_security){
			.trust = CLIENT_NAMED, .rule = "REQUIRETLS (RFC 8689)"
		};
		a->client.security = &a->security;
	}
	if (!view_starts(host, VIEW("/")))
		r = resolve_addresses(a->options->secure->resolver, a->arena,
		    host, &found);
	if (r.is != OK)
		report_all(a, QUEUE_RETRY, "4.4.3", r.why);
	else
		(void)try_addresses(a, host, &found);
}

static void
send_by_relay(struct attempt *a)
{
	const struct conf *conf = a->options->conf;
	view port = view_of(conf->relay);
	view host = view_cut_last(&port, ':');
	uint64_t number = SMTP_PORT;

	(void)view_number(port, UINT16_MAX, &number);
	a->port = (unsigned)number;
	a->client.user = conf->relay_user;
	a->client.password = conf->relay_password;
	send_to_host(a, host);
}

static void
send_by_route(struct attempt *a, const struct route_line *route)
{
	a->port = route->port;
	a->client.user = route->user;
	a->client.password = route->password;
	a->client.lmtp = route->kind == ROUTE_LMTP;
	send_to_host(a, route->host);
}

void
route_send(const struct route_options *options, const struct client_mail *m,
    struct arena *arena, struct client_report *reports, view *host,
    bool *last)
{
	const struct route_line *route = routes_find(&options->conf->routes,
	    options->domain);
	struct attempt a = {
		.options = options,
		.mail = m,
		.arena = arena,
		.reports = reports,
		.host = host,
		.client = options->client,
	};

	*host = VIEW("");
	report_all(&a, QUEUE_RETRY, "4.4.1", "no server could be reached");
	if (route != NULL && route->kind != ROUTE_MX)
		send_by_route(&a, route);
	else if (options->conf->relay == NULL || route != NULL)
		send_by_mx(&a);
	else
		send_by_relay(&a);
	*last = a.client.lmtp;
}
