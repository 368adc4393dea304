/*
 * Every service that this server's configuration names, tried from the
 * machine it runs on, with what to do where one fails.
 */
#include "davd/cli_doctor.h"

#include "davd/cli_probe.h"

#include "autoconfig/service_set.h"
#include "mailcore/admin/check.h"
#include "mailcore/store/domain.h"

#include <openssl/err.h>

enum { ANSWER_MAX = 1 << 20 };

struct doctor {
	struct cli *cli;
	struct service_set set;
	view address;
	SSL_CTX *trust;
	bool quiet;
	unsigned faults;
};

static void
verdict(struct doctor *d, const char *what, const char *host, unsigned port,
    result r)
{
	if (!d->quiet)
		(void)printf("%-6s %-14s %s:%u%s%s\n",
		    r.is == OK ? "ok" : "FAULT", what, host, port,
		    r.is == OK ? "" : "  ", r.why);
	if (r.is != OK)
		d->faults++;
}

static struct probe
probe_of(const struct doctor *d, enum service service, const char *host)
{
	return (struct probe){ d->trust,
		cli_connect_address(&d->cli->conf), host,
		d->cli->conf.ports[service], service };
}

static void
try_mail(struct doctor *d)
{
	static const enum service services[] = { SERVICE_IMAPS, SERVICE_IMAP,
		SERVICE_POP3S, SERVICE_POP3, SERVICE_SUBMISSIONS,
		SERVICE_SUBMISSION, SERVICE_SMTP };
	const char *host = d->cli->conf.hostname;

	for (size_t i = 0; i < COUNT(services); i++) {
		struct probe p = probe_of(d, services[i], host);

		if (p.port != 0)
			verdict(d, conf_services[services[i]].name, host,
			    p.port, probe_greeting(&p));
	}
}

/* Status and body of an answer; the body ends with the connection. */
static unsigned
status_of(view answer, view *body)
{
	view line = view_cut(&answer, '\n');
	size_t blank = view_find(answer, VIEW("\r\n\r\n"));
	uint64_t status = 0;

	*body = blank == SIZE_MAX ? VIEW("") : view_from(answer, blank + 4);
	(void)view_cut(&line, ' ');
	(void)view_number(view_first(line, 3), 999, &status);
	return (unsigned)status;
}

static result
ask(struct doctor *d, const char *host, const char *method, view target,
    unsigned *status, view *body)
{
	struct probe p = probe_of(d, SERVICE_HTTPS, host);
	struct buf answer = buf_new(ANSWER_MAX);
	view request = arena_print(d->cli->arena, "%s %.*s HTTP/1.1\r\n"
	    "Host: %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	    method, (int)target.n, target.p, host);
	result r = probe_http(&p, request, &answer);

	*status = 0;
	if (r.is == OK)
		*status = status_of(arena_copy(d->cli->arena,
		    buf_view(&answer)), body);
	buf_free(&answer);
	return r;
}

/* A client must read the very document that we would write. */
static result
try_document(struct doctor *d, const char *host, const char *path)
{
	struct buf wanted = buf_new(ANSWER_MAX);
	struct buf target = buf_new(4096);
	view body = VIEW("");
	unsigned status;
	result r;

	buf_print(&target, "%s?emailaddress=%.*s", path, (int)d->address.n,
	    d->address.p);
	autoconfig_thunderbird(&d->set, &wanted);
	r = ask(d, host, "GET", buf_view(&target), &status, &body);
	if (r.is == OK && status != 200)
		r = fail(FAILED, "expected status 200; is a proxy or another"
		    " web server in between?");
	if (r.is == OK && !view_eq(body, buf_view(&wanted)))
		r = fail(FAILED, "the document is not the configured one;"
		    " reload the server");
	buf_free(&target);
	buf_free(&wanted);
	return r;
}

static result
try_status(struct doctor *d, const char *host, const char *method,
    const char *path, unsigned least, unsigned most, const char *why)
{
	unsigned status;
	view body;

	TRY(ask(d, host, method, view_of(path), &status, &body));
	return status >= least && status <= most ? done() : fail(FAILED, why);
}

static void
try_web(struct doctor *d)
{
	const char *domain = arena_text(d->cli->arena, d->set.domain);
	const char *finder = arena_text(d->cli->arena, arena_print(
	    d->cli->arena, "autoconfig.%s", domain));
	const char *host = d->cli->conf.hostname;
	unsigned port = d->cli->conf.ports[SERVICE_HTTPS];

	if (port == 0 || domain == NULL || finder == NULL)
		return;
	verdict(d, "autoconfig", finder, port,
	    try_document(d, finder, "/mail/config-v1.1.xml"));
	verdict(d, "well-known", domain, port, try_document(d, domain,
	    "/.well-known/autoconfig/mail/config-v1.1.xml"));
	verdict(d, "caldav", domain, port, try_status(d, domain, "PROPFIND",
	    "/.well-known/caldav", 301, 308, "expected a redirection"));
	verdict(d, "carddav", domain, port, try_status(d, domain, "PROPFIND",
	    "/.well-known/carddav", 301, 308, "expected a redirection"));
	verdict(d, "dav", host, port, try_status(d, host, "PROPFIND",
	    "/SOGo/dav/", 401, 401, "expected a question for the password"));
	verdict(d, "page", host, port, try_status(d, host, "GET", "/", 200,
	    200, "expected the page with the settings"));
}

/* The mailbox itself, then what its clients are told. */
static result
prepare(struct doctor *d)
{
	struct account_info account;
	struct domain domain;
	view name = d->address;
	result r;

	(void)view_cut_last(&name, '@');
	r = domain_canonical(d->cli->store, d->cli->arena, name, &domain);
	if (r.is == NOT_FOUND)
		return fail(NOT_FOUND, "its domain is not hosted here; add it"
		    " by: posthaste domain add NAME");
	TRY(r);
	r = account_find(d->cli->store, d->cli->arena, d->address, &account);
	if (r.is == NOT_FOUND)
		return fail(NOT_FOUND, "there is no such mailbox; add it by:"
		    " posthaste mailbox add ADDRESS");
	TRY(r);
	if (!domain.enabled)
		return fail(DENIED, "its domain is switched off; switch it on"
		    " by: posthaste domain enable DOMAIN");
	if (!account.enabled)
		return fail(DENIED, "it may not log in; allow it by:"
		    " posthaste mailbox enable ADDRESS");
	return service_set_make(&d->cli->conf, name,
	    domain.display_name, d->cli->arena, &d->set);
}

result
doctor_local(struct cli *cli, view address, bool quiet, unsigned *faults)
{
	struct doctor d = { .cli = cli, .address = address, .quiet = quiet };
	result r = prepare(&d);

	*faults = 0;
	if (r.is != OK) {
		(void)cli_failed(arena_text(cli->arena, address), r);
		return r;
	}
	d.trust = probe_trust(cli_path(cli, "ca.pem"));
	try_mail(&d);
	try_web(&d);
	SSL_CTX_free(d.trust);
	ERR_clear_error();
	*faults = d.faults;
	return done();
}
