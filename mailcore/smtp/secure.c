#include "mailcore/smtp/secure.h"

#include "mailcore/store/tls_policy.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

enum {
	FETCH_MS = 60000, /* RFC 8461 3.3 */
	/* After a try that failed; while a policy is good, it is looked at
	 * once a day whether its text is still the same (RFC 8461 10.2). */
	TRY_AGAIN = 300,
	LOOK_AGAIN = 24 * 3600
};

static const char dane[] = "DANE (RFC 7672)";
static const char sts[] = "MTA-STS (RFC 8461)";
static const char requiretls[] = "REQUIRETLS (RFC 8689)";

static result
fetch(struct secure *s, struct arena *arena, view domain, view *text,
    const char **fault)
{
	const struct https_request q = {
		.host = arena_print(arena, "mta-sts.%.*s", LOG_VIEW(domain)),
		.path = VIEW("/.well-known/mta-sts.txt"),
		.most = LIMIT_STS_POLICY,
		.wait_ms = FETCH_MS,
	};
	struct sts_policy policy;
	struct https_answer a;
	result r = https_ask(&s->https, arena, &q, &a);

	*fault = r.is == DENIED ? "sts-webpki-invalid"
				: "sts-policy-fetch-error";
	TRY(r);
	/* RFC 8461 3.3: no redirections; 3.2: this type. */
	if (a.status != 200 || !view_same(a.type, VIEW("text/plain")))
		return fail(MALFORMED, "RFC 8461 3.3: no policy there");
	*fault = "sts-policy-invalid";
	TRY(sts_parse(a.body, &policy));
	*text = a.body;
	return done();
}

/* A policy that could not be had leaves what is remembered. */
static void
renew(struct secure *s, struct arena *arena, view domain, view id,
    struct sts_row *row, const char **fault)
{
	int64_t now = clock_now();
	struct sts_policy policy;
	view text = VIEW("");
	result r = fetch(s, arena, domain, &text, fault);

	log_line(r.is == OK ? LOG_INFO : LOG_WARNING, "sts.fetch",
	    "domain=%.*s why=\"%s\"", LOG_VIEW(domain), r.why);
	row->tried = now;
	if (r.is == OK && sts_parse(text, &policy).is == OK) {
		*fault = NULL;
		row->id = id;
		row->text = text;
		row->expires = now + policy.max_age;
	} else if (row->text.n == 0) {
		row->id = id;
		row->expires = now + TRY_AGAIN;
	}
	s->known = true;
	r = sts_row_put(s->store, domain, now, row);
	if (r.is != OK)
		log_line(LOG_ERROR, "sts.keep", "domain=%.*s why=\"%s\"",
		    LOG_VIEW(domain), r.why);
}

static bool
is_due(const struct sts_row *row, view id, int64_t now)
{
	if (row->tried + TRY_AGAIN > now)
		return false;
	return row->text.n == 0 || !view_eq(row->id, id)
	    || row->tried + LOOK_AGAIN <= now;
}

void
secure_find_policy(struct secure *s, struct arena *arena, view domain,
    struct secure_domain *out)
{
	int64_t now = clock_now();
	struct sts_row row = { .tried = 0 };
	view *records, id = VIEW("");
	size_t count = 0;
	bool there;
	result r;

	*out = (struct secure_domain){ .name = domain };
	if (view_starts(domain, VIEW("[")))
		return;
	r = resolve_txt(s->resolver, arena, arena_print(arena,
	    "_mta-sts.%.*s", LOG_VIEW(domain)), &records, &count);
	there = r.is == OK && sts_find_id(records, count, &id);
	if (!there && !s->known)
		return;
	r = sts_row_get(s->store, arena, domain, now, &row);
	if (r.is != OK)
		row = (struct sts_row){ .tried = 0 };
	/* RFC 8461 5.1: without the record, what is remembered goes on. */
	if (there && is_due(&row, id, now))
		renew(s, arena, domain, id, &row, &out->fault);
	if (row.text.n > 0 && sts_parse(row.text, &out->sts).is == OK)
		out->has_policy = out->sts.mode != STS_NONE;
}

/* RFC 7672 2.2.2: the name after CNAMEs comes first. */
static result
find_tlsa(struct secure *s, struct arena *arena, const struct mx *mx,
    const struct host *host, unsigned port, struct client_security *out)
{
	const view names[] = { host->name, mx->host };
	struct tls_tlsa *records;
	bool secure = false;

	for (size_t i = 0; i < COUNT(names); i++) {
		result r;

		if (i > 0 && view_same(names[0], names[1]))
			break;
		r = resolve_tlsa(s->resolver, arena, names[i], port, &records,
		    &out->count, &secure);
		if (r.is != OK && r.is != NOT_FOUND)
			return r;
		if (r.is == OK && secure) {
			out->records = records;
			out->base = names[i];
			return done();
		}
	}
	out->count = 0;
	return fail(NOT_FOUND, "no TLSA record");
}

static result
by_dane(struct secure *s, struct arena *arena,
    const struct secure_domain *d, const struct mx *mx,
    const struct host *host, unsigned port, struct client_security *out)
{
	bool usable = false;

	/* RFC 7672 2.2: a chain of signatures up to here. */
	if (!mx->secure || !host->secure)
		return fail(NOT_FOUND, "not signed");
	TRY(find_tlsa(s, arena, mx, host, port, out));
	for (size_t i = 0; i < out->count; i++)
		usable = usable || tls_tlsa_usable(&out->records[i]);
	/* RFC 7672 2.2: records that nobody can use ask for TLS still. */
	out->trust = usable ? CLIENT_DANE : CLIENT_ENCRYPTED;
	out->rule = dane;
	out->names[0] = mx->host;
	out->names[1] = d->name;
	return done();
}

static result
by_sts(const struct secure_domain *d, const struct mx *mx,
    struct client_security *out)
{
	bool matches = sts_matches(&d->sts, mx->host);

	out->rule = sts;
	if (d->sts.mode == STS_TESTING) {
		out->trust = matches ? CLIENT_TRY_NAME : CLIENT_ANYBODY;
		return done();
	}
	out->trust = CLIENT_NAMED;
	return matches ? done() : fail(DENIED, "MTA-STS (RFC 8461): the"
	    " domain's policy does not name this server");
}

/* RFC 8689 4.2.1: nobody may have led us astray, and a good certificate. */
static result
by_sender(const struct mx *mx, struct client_security *out,
    const char *type)
{
	if (out->trust == CLIENT_DANE || out->trust == CLIENT_NAMED)
		return done();
	if (!mx->secure && !view_eq(view_of(type), VIEW("sts")))
		return fail(FAILED, "REQUIRETLS (RFC 8689): nothing proves"
		    " which servers are the domain's");
	out->trust = CLIENT_NAMED;
	out->rule = requiretls;
	return done();
}

result
secure_host(struct secure *s, struct arena *arena,
    const struct secure_domain *d, const struct mx *mx,
    const struct host *host, unsigned port, struct client_security *out,
    const char **type)
{
	result r;

	*out = (struct client_security){ .trust = CLIENT_ANYBODY };
	*type = "tlsa";
	r = by_dane(s, arena, d, mx, host, port, out);
	if (r.is == NOT_FOUND) {
		*type = d->has_policy ? "sts" : "no-policy-found";
		r = d->has_policy ? by_sts(d, mx, out) : done();
	}
	if (r.is == OK && d->requiretls)
		r = by_sender(mx, out, *type);
	return r;
}
