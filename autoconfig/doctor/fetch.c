#include "autoconfig/doctor/fetch.h"

#include "autoconfig/doctor/tls_words.h"
#include "mailcore/base/limits.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

enum { FETCH_HOPS = 10, FETCH_HOST = 256 };

struct fetch {
	CURL *curl;
	const struct way *way;
	const struct person *person;
	const char *ca;
	struct buf body;
	struct buf dav;
	bool basic;
};

static size_t
keep_body(char *p, size_t size, size_t n, void *data)
{
	struct fetch *f = data;

	buf_add(&f->body, (view){ p, size * n });
	return buf_result(&f->body).is == OK ? size * n : 0;
}

static size_t
keep_field(char *p, size_t size, size_t n, void *data)
{
	struct fetch *f = data;
	view value = { p, size * n };
	view name = view_cut(&value, ':');

	if (view_starts(name, VIEW("HTTP/"))) { /* a new answer begins */
		buf_reset(&f->dav);
		f->basic = false;
	} else if (view_same(name, VIEW("DAV"))) {
		buf_add(&f->dav, view_trim(value));
		buf_add_byte(&f->dav, ',');
	} else if (view_same(name, VIEW("WWW-Authenticate"))
	    && view_find_same(value, VIEW("Basic")) != SIZE_MAX) {
		f->basic = true;
	}
	return size * n;
}

/* The system's CAs stay; ours are added. */
static CURLcode
add_trust(CURL *curl, void *ssl, void *ca)
{
	(void)curl;
	ERR_clear_error();
	if (ca != NULL && SSL_CTX_load_verify_locations(ssl, ca, NULL) != 1)
		return CURLE_SSL_CACERT_BADFILE;
	return CURLE_OK;
}

result
fetch_new(struct fetch **out, const struct way *way,
    const struct person *person, const char *ca)
{
	struct fetch *f;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fail(FAILED, "libcurl does not start");
	f = calloc(1, sizeof *f);
	if (f == NULL)
		abort();
	*f = (struct fetch){ .curl = curl_easy_init(), .way = way,
		.person = person, .ca = ca,
		.body = buf_new(LIMIT_DOCTOR_BODY),
		.dav = buf_new(LIMIT_HTTP_HEADER) };
	if (f->curl == NULL)
		abort();
	*out = f;
	return done();
}

void
fetch_free(struct fetch **f)
{
	if (*f == NULL)
		return;
	curl_easy_cleanup((*f)->curl);
	buf_free(&(*f)->body);
	buf_free(&(*f)->dav);
	free(*f);
	*f = NULL;
}

/* Host and port of a URL, which must be http or https. */
static bool
take_apart(view url, struct arena *arena, view *host, unsigned *port)
{
	CURLU *u = curl_url();
	char *name = NULL, *number = NULL, *scheme = NULL;
	const char *text = arena_text(arena, url);
	uint64_t n = 0;
	bool good = text != NULL
	    && curl_url_set(u, CURLUPART_URL, text, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_HOST, &name, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_PORT, &number,
	        CURLU_DEFAULT_PORT) == CURLUE_OK
	    && view_starts(view_of(scheme), VIEW("http"))
	    && view_number(view_of(number), 65535, &n);

	*host = good ? arena_copy(arena, view_of(name)) : VIEW("");
	*port = (unsigned)n;
	curl_free(name);
	curl_free(number);
	curl_free(scheme);
	curl_url_cleanup(u);
	return good;
}

static void
set_method(struct fetch *f, const struct ask *ask)
{
	static const char *const names[] = {
		[ASK_GET] = "GET",
		[ASK_POST] = "POST",
		[ASK_PROPFIND] = "PROPFIND",
		[ASK_OPTIONS] = "OPTIONS",
		[ASK_PUT] = "PUT",
	};

	if (ask->method != ASK_GET) {
		(void)curl_easy_setopt(f->curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)ask->body.n);
		(void)curl_easy_setopt(f->curl, CURLOPT_COPYPOSTFIELDS,
		    ask->body.n > 0 ? ask->body.p : "");
	}
	(void)curl_easy_setopt(f->curl, CURLOPT_CUSTOMREQUEST,
	    names[ask->method]);
}

static struct curl_slist *
fields_of(const struct ask *ask)
{
	struct curl_slist *fields = NULL;

	fields = curl_slist_append(fields, "Accept: */*");
	if (ask->method == ASK_PROPFIND)
		fields = curl_slist_append(fields, "Depth: 0");
	/* Nothing that exists may be replaced by an empty file. */
	if (ask->method == ASK_PUT)
		fields = curl_slist_append(fields, "If-None-Match: *");
	if (ask->untyped)
		return curl_slist_append(fields, "Content-Type:"
		    " application/x-www-form-urlencoded");
	return curl_slist_append(fields, "Content-Type:"
	    " text/xml; charset=utf-8");
}

static void
set_login(struct fetch *f, struct arena *arena, const struct ask *ask)
{
	if (!ask->log_in || f->person->password.n == 0
	    || !view_starts(ask->url, VIEW("https://")))
		return;
	(void)curl_easy_setopt(f->curl, CURLOPT_HTTPAUTH,
	    (long)CURLAUTH_BASIC);
	(void)curl_easy_setopt(f->curl, CURLOPT_USERNAME,
	    arena_text(arena, f->person->address));
	(void)curl_easy_setopt(f->curl, CURLOPT_PASSWORD,
	    arena_text(arena, f->person->password));
}

static void
set_all(struct fetch *f, struct arena *arena, const struct ask *ask)
{
	curl_easy_reset(f->curl);
	(void)curl_easy_setopt(f->curl, CURLOPT_URL,
	    arena_text(arena, ask->url));
	(void)curl_easy_setopt(f->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(f->curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(f->curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(f->curl, CURLOPT_TIMEOUT_MS,
	    (long)LIMIT_DOCTOR_MS);
	(void)curl_easy_setopt(f->curl, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)LIMIT_DOCTOR_MS);
	(void)curl_easy_setopt(f->curl, CURLOPT_USERAGENT,
	    "posthaste-doctor/" POSTHASTE_VERSION);
	(void)curl_easy_setopt(f->curl, CURLOPT_WRITEFUNCTION, keep_body);
	(void)curl_easy_setopt(f->curl, CURLOPT_WRITEDATA, f);
	(void)curl_easy_setopt(f->curl, CURLOPT_HEADERFUNCTION, keep_field);
	(void)curl_easy_setopt(f->curl, CURLOPT_HEADERDATA, f);
	/* The bundle alone, which libcurl reads once; with a folder beside it
	 * every connection would read it again. */
	if (curl_version_info(CURLVERSION_NOW)->cainfo != NULL)
		(void)curl_easy_setopt(f->curl, CURLOPT_CAPATH, NULL);
	(void)curl_easy_setopt(f->curl, CURLOPT_SSL_CTX_FUNCTION, add_trust);
	(void)curl_easy_setopt(f->curl, CURLOPT_SSL_CTX_DATA, f->ca);
	(void)curl_easy_setopt(f->curl, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	set_method(f, ask);
	set_login(f, arena, ask);
}

static result
perform(struct fetch *f, view address, unsigned port, struct arena *arena,
    const struct ask *ask, bool *reached)
{
	bool six = view_find_byte(address, ':') != SIZE_MAX;
	struct curl_slist *to = curl_slist_append(NULL, arena_text(arena,
	    arena_print(arena, "::%s%.*s%s:%u", six ? "[" : "",
	    (int)address.n, address.p, six ? "]" : "", port)));
	struct curl_slist *fields = fields_of(ask);
	long verified = 0;
	CURLcode code;

	set_all(f, arena, ask);
	(void)curl_easy_setopt(f->curl, CURLOPT_CONNECT_TO, to);
	(void)curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, fields);
	buf_reset(&f->body);
	buf_reset(&f->dav);
	code = curl_easy_perform(f->curl);
	(void)curl_easy_getinfo(f->curl, CURLINFO_SSL_VERIFYRESULT,
	    &verified);
	curl_slist_free_all(fields);
	curl_slist_free_all(to);
	*reached = code != CURLE_COULDNT_CONNECT;
	switch ((int)code) {
	case CURLE_OK:
		return done();
	case CURLE_COULDNT_CONNECT:
		return fail(FAILED, "nothing answers at its port");
	case CURLE_OPERATION_TIMEDOUT:
		return fail(BUSY, "no answer comes in time");
	case CURLE_PEER_FAILED_VERIFICATION:
		/* libcurl compares names itself, before it asks OpenSSL. */
		return fail(FAILED, tls_fault(
		    verified > X509_V_ERR_UNSPECIFIED ? verified
		    : X509_V_ERR_HOSTNAME_MISMATCH));
	case CURLE_SSL_CONNECT_ERROR:
		return fail(FAILED, "the TLS handshake does not succeed");
	case CURLE_WRITE_ERROR:
		return fail(OVER_LIMIT, "the answer is far too large");
	default:
		return fail(FAILED, "the answer is broken off, or no HTTP");
	}
}

static void
keep_answer(struct fetch *f, struct arena *arena, struct document *d)
{
	char *type = NULL, *location = NULL;
	long status = 0;

	(void)curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(f->curl, CURLINFO_CONTENT_TYPE, &type);
	(void)curl_easy_getinfo(f->curl, CURLINFO_REDIRECT_URL, &location);
	d->status = (unsigned)status;
	d->type = arena_copy(arena, view_of(type));
	d->location = arena_copy(arena, view_of(location));
	d->dav = arena_copy(arena, buf_view(&f->dav));
	d->basic = f->basic;
	d->body = arena_copy(arena, buf_view(&f->body));
}

static bool
one_answer(struct fetch *f, struct arena *arena, const struct ask *ask,
    struct document *d)
{
	struct way_end end;
	unsigned port;
	view host;

	d->url = ask->url;
	d->open_hop = d->open_hop || view_starts(ask->url, VIEW("http:"));
	d->r = fail(MALFORMED, "the address is no http or https URL");
	if (!take_apart(ask->url, arena, &host, &port))
		return false;
	d->r = way_find(f->way, arena, host, port, &end, &d->reached);
	for (size_t i = 0; i < end.count && d->r.is == OK; i++) {
		d->r = perform(f, end.addresses[i], end.port, arena, ask,
		    &d->reached);
		if (d->r.is == OK || d->reached)
			break;
		if (i + 1 < end.count)
			d->r = done(); /* the next one */
	}
	if (d->r.is == OK)
		keep_answer(f, arena, d);
	return d->r.is == OK;
}

void
fetch_ask(struct fetch *f, struct arena *arena, const struct ask *ask,
    struct document *out)
{
	struct ask now = *ask;

	*out = (struct document){ .url = ask->url };
	for (int hop = 0; one_answer(f, arena, &now, out); hop++) {
		if (!ask->follow || out->location.n == 0)
			return;
		if (hop == FETCH_HOPS) {
			out->r = fail(MALFORMED, "the redirections do not"
			    " end");
			return;
		}
		now.url = out->location;
		out->location = VIEW("");
	}
	/* A redirection that leads nowhere is a fault of who redirects. */
	if (!view_eq(out->url, ask->url))
		out->reached = true;
}
