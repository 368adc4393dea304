#include "autoconfig/doctor/fetch.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/base/url.h"
#include "mailcore/format/uri.h"
#include "mailcore/smtp/https.h"

enum { FETCH_HOPS = 10 };

struct fetch {
	const struct caller *caller;
	struct arena *arena;
	const struct ask *ask;
	struct url url;
};

/* "Basic ...", or nothing when the password is not to be told. */
static view
authorization(const struct fetch *f)
{
	const struct person *p = f->caller->person;
	struct buf plain = buf_new(LIMIT_DOCTOR_LINE);
	struct buf out = buf_new(LIMIT_DOCTOR_LINE);
	view made;

	if (!f->ask->log_in || p->password.n == 0 || !f->url.tls)
		return VIEW("");
	buf_add(&plain, p->address);
	buf_add_byte(&plain, ':');
	buf_add(&plain, p->password);
	buf_add(&out, VIEW("Basic "));
	encode_base64(&out, buf_view(&plain));
	made = arena_copy(f->arena, buf_view(&out));
	secret_wipe(plain.p, plain.n);
	secret_wipe(out.p, out.n);
	buf_free(&plain);
	buf_free(&out);
	return made;
}

static struct https_request
request_of(const struct fetch *f)
{
	static const struct {
		const char *method;
		view fields;
		bool body;
	} kinds[] = {
		[ASK_GET] = { "GET", VIEW_INIT(""), false },
		[ASK_POST] = { "POST", VIEW_INIT(""), true },
		[ASK_PROPFIND] = { "PROPFIND", VIEW_INIT("Depth: 0\r\n"),
		    true },
		[ASK_OPTIONS] = { "OPTIONS", VIEW_INIT(""), false },
		/* Nothing that exists may be replaced by an empty file. */
		[ASK_PUT] = { "PUT", VIEW_INIT("If-None-Match: *\r\n"), true },
	};
	view path = f->url.target;
	struct https_request q = {
		.host = f->url.authority,
		.path = path,
		.method = kinds[f->ask->method].method,
		.authorization = authorization(f),
		.fields = kinds[f->ask->method].fields,
		.body = f->ask->body,
		.most = LIMIT_DOCTOR_BODY,
		.wait_ms = LIMIT_DOCTOR_MS,
		.open_end = true,
	};

	if (!view_starts(path, VIEW("/")))
		q.path = arena_print(f->arena, "/%.*s", (int)path.n, path.p);
	if (kinds[f->ask->method].body)
		q.type = f->ask->untyped
		    ? VIEW("application/x-www-form-urlencoded")
		    : VIEW("text/xml; charset=utf-8");
	return q;
}

static void
keep_fields(const struct fetch *f, view fields, struct document *d)
{
	struct buf dav = buf_new(LIMIT_HTTP_HEADER);
	view name, value;

	while (https_field(&fields, &name, &value)) {
		if (view_same(name, VIEW("DAV"))) {
			buf_add(&dav, value);
			buf_add_byte(&dav, ',');
		} else if (view_same(name, VIEW("Content-Type"))) {
			d->type = value;
		} else if (view_same(name, VIEW("Location"))
		    && d->status / 100 == 3) {
			d->location = uri_join(f->arena, d->url, value);
		} else if (view_same(name, VIEW("WWW-Authenticate"))
		    && view_find_same(value, VIEW("Basic")) != SIZE_MAX) {
			d->basic = true;
		}
	}
	d->dav = arena_copy(f->arena, buf_view(&dav));
	buf_free(&dav);
}

static result
encrypt(const struct fetch *f, struct link *l)
{
	const char *fault;
	SSL *ssl;

	if (!f->url.tls)
		return done();
	ssl = call_secure(f->caller, l, f->url.host);
	if (ssl == NULL)
		return fail(FAILED, "the TLS handshake does not succeed");
	fault = call_fault(ssl);
	return fault == NULL ? done() : fail(FAILED, fault);
}

static result
exchange(const struct fetch *f, struct link *l, struct document *d)
{
	const struct https_request q = request_of(f);
	struct https_answer a;
	result r = https_over(l, "posthaste-doctor/" POSTHASTE_VERSION,
	    f->arena, &q, &a);

	if (r.is == OVER_LIMIT)
		return fail(OVER_LIMIT, "the answer is far too large");
	if (r.is == BUSY && !link_is_closed(l))
		return fail(BUSY, "no answer comes in time");
	if (r.is != OK)
		return fail(FAILED, "the answer is broken off, or no HTTP");
	d->status = a.status;
	d->body = a.body;
	keep_fields(f, a.fields, d);
	return done();
}

/* One request, without redirections. */
static bool
ask_once(struct fetch *f, view url, struct document *d)
{
	struct link *l = NULL;

	d->url = url;
	d->type = d->location = d->dav = VIEW("");
	d->basic = false;
	d->r = url_parse(url, &f->url);
	if (d->r.is != OK) {
		d->r = fail(MALFORMED, "the address is no http or https URL");
		return false;
	}
	d->open_hop = d->open_hop || !f->url.tls;
	d->r = call_open(f->caller, f->arena, f->url.host, f->url.port, &l);
	/* A name that leads inside is published by somebody. */
	d->reached = d->r.is == OK || d->r.is == DENIED;
	if (d->r.is == OK)
		d->r = encrypt(f, l);
	if (d->r.is == OK)
		d->r = exchange(f, l, d);
	link_close(&l);
	return d->r.is == OK;
}

void
fetch_ask(const struct caller *c, struct arena *arena, const struct ask *ask,
    struct document *out)
{
	struct fetch f = { .caller = c, .arena = arena, .ask = ask };
	view url = ask->url;

	*out = (struct document){ .url = url };
	for (int hop = 0; ask_once(&f, url, out); hop++) {
		if (!ask->follow || out->location.n == 0)
			return;
		if (hop == FETCH_HOPS) {
			out->r = fail(MALFORMED, "the redirections do not"
			    " end");
			return;
		}
		url = out->location;
	}
	/* A redirection that leads nowhere is a fault of who redirects. */
	if (!view_eq(out->url, ask->url))
		out->reached = true;
}
