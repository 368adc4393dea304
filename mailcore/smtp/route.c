#include "mailcore/smtp/route.h"

#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

enum {
	SMTPS_PORT = 465,
	SMTP_PORT = 25,
	/* RFC 5321 5.1 asks for at least two. */
	ADDRESSES_TRIED = 6
};

struct attempt {
	const struct route_options *options;
	const struct client_mail *mail;
	struct arena *arena;
	struct client_report *reports;
	view *host;
	unsigned port;
	unsigned tried;
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

/* How far it came, kept as the reason of the next attempt. */
static void
report_trouble(struct attempt *a, result r)
{
	for (size_t i = 0; i < a->mail->count; i++) {
		struct client_report *report = &a->reports[i];

		report->outcome = QUEUE_RETRY;
		if (report->text.n == 0 || !report->remote)
			report->text = view_of(r.why);
		if (view_at(report->status, 0) != '4')
			report->status = VIEW("4.4.1");
	}
}

/* false: go on with the next address. */
static bool
try_address(struct attempt *a, view host, view address)
{
	result r = client_send(&a->options->client, host, address, a->port,
	    a->mail, a->arena, a->reports);

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

/* As try_address, over the addresses of one host. */
static bool
try_host(struct attempt *a, view host)
{
	view *addresses;
	size_t count;
	result r = resolve_host(a->options->resolver, a->arena, host,
	    &addresses, &count);

	if (r.is != OK) {
		report_all(a, QUEUE_RETRY, "4.4.3", r.why);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (try_address(a, host, addresses[i]))
			return true;
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
send_by_mx(struct attempt *a)
{
	view domain = a->mail->recipients[0];
	struct mx *mx;
	size_t count;
	result r;

	(void)view_cut_last(&domain, '@');
	r = resolve_mx(a->options->resolver, a->arena, domain, &mx, &count);
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
	for (size_t i = 0; i < count; i++)
		if (try_host(a, mx[i].host))
			return;
}

static void
send_by_relay(struct attempt *a)
{
	view port = view_of(a->options->conf->relay);
	view host = view_cut_last(&port, ':');
	uint64_t number = SMTP_PORT;

	(void)view_number(port, UINT16_MAX, &number);
	a->port = (unsigned)number;
	(void)try_host(a, host);
}

void
route_send(const struct route_options *options, const struct client_mail *m,
    struct arena *arena, struct client_report *reports, view *host)
{
	struct attempt a = {
		.options = options,
		.mail = m,
		.arena = arena,
		.reports = reports,
		.host = host,
	};

	*host = VIEW("");
	report_all(&a, QUEUE_RETRY, "4.4.1", "no server could be reached");
	if (options->conf->relay == NULL)
		send_by_mx(&a);
	else
		send_by_relay(&a);
}
