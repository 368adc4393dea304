#include "autoconfig/doctor/sequence.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

#include <openssl/evp.h>

enum { URL_MAX = 4096 };

static const char post[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
    "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/"
    "autodiscover/outlook/requestschema/2006\"><Request><EMailAddress>"
    "%.*s</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft"
    ".com/exchange/autodiscover/outlook/responseschema/2006a"
    "</AcceptableResponseSchema></Request></Autodiscover>";

bool
sequence_is_200(const struct document *d)
{
	return d->status == 200;
}

bool
sequence_is_2xx(const struct document *d)
{
	return d->status >= 200 && d->status < 300;
}

static void
add_md5(struct buf *out, view v)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct buf lower = buf_new(LIMIT_ADDRESS + 1);

	for (size_t i = 0; i < v.n; i++)
		buf_add_byte(&lower, ascii_lower(v.p[i]));
	if (EVP_Digest(buf_text(&lower), lower.n, sum, &n, EVP_md5(), NULL)
	    == 1)
		encode_hex(out, (view){ (const char *)sum, n });
	buf_free(&lower);
}

static void
add_every(struct buf *out, view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (ascii_is_alnum(v.p[i]))
			buf_add_byte(out, v.p[i]);
		else
			buf_print(out, "%%%02X", (unsigned char)v.p[i]);
}

static view
first_exchanger(const struct world *w, struct arena *arena, view domain)
{
	struct record *found = NULL;
	size_t n = w->lookup(w->self, arena, domain, RECORD_MX, &found);
	const struct record *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (best == NULL || found[i].priority < best->priority)
			best = &found[i];
	return best != NULL ? best->value : VIEW("");
}

view
sequence_site(view host)
{
	for (size_t i = host.n, dots = 0; i > 0; i--)
		if (host.p[i - 1] == '.' && ++dots == 2)
			return view_from(host, i);
	return host;
}

/* "" when the exchanger is in the domain, or there is none. */
static view
exchanger(char part, const struct world *w, struct arena *arena,
    const struct person *p)
{
	view host = first_exchanger(w, arena, p->domain), rest = host;

	if (host.n == 0
	    || view_same(sequence_site(host), sequence_site(p->domain)))
		return VIEW("");
	if (part == 'F')
		return host;
	if (part == 'B')
		return sequence_site(host);
	(void)view_cut(&rest, '.');
	return rest;
}

view
sequence_url(const char *pattern, const struct world *w, struct arena *arena,
    const struct person *p)
{
	struct buf out = buf_new(URL_MAX);
	view made = VIEW(""), part;
	bool skip = false;

	for (const char *c = pattern; *c != '\0' && !skip; c++) {
		if (*c != '%' || c[1] == '\0') {
			buf_add_byte(&out, *c);
			continue;
		}
		switch (*++c) {
		case 'D':
			buf_add(&out, p->domain);
			break;
		case 'E':
			encode_percent(&out, p->address, VIEW("!'()*"));
			break;
		case 'R':
			buf_add(&out, p->address);
			break;
		case 'A':
			add_every(&out, p->address);
			break;
		case '%':
			buf_add_byte(&out, '%');
			break;
		case 'M':
			add_md5(&out, p->address);
			break;
		default:
			part = exchanger(*c, w, arena, p);
			skip = part.n == 0;
			buf_add(&out, part);
			break;
		}
	}
	if (!skip && buf_result(&out).is == OK)
		made = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return made;
}

/* What went wrong on the way, when somebody was there. */
static void
transport_fault(struct reading *r, const struct document *d)
{
	if (d->r.is == BUSY)
		reading_fault(r, d->url, "no answer comes in time", "find"
		    " what is slow; programs wait 5 to 15 seconds");
	else if (d->reached)
		reading_fault(r, d->url, d->r.why, "mend the certificate or"
		    " the server of this name");
}

static void
status_fault(struct reading *r, const struct document *d)
{
	if (d->status >= 500)
		reading_fault(r, d->url, "the server answers with an error"
		    " of its own (5xx)", "see its log");
	else if (d->status == 401)
		reading_fault(r, d->url, "it asks for a password, which"
		    " programs do not have yet", "give the document to"
		    " everybody");
	else if (d->status == 204)
		reading_fault(r, d->url, "an empty answer says that it is a"
		    " success (204)", "answer 404 where there are no"
		    " settings");
}

static void
try_step(const struct sequence *q, const struct step *s, view url,
    struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p, bool *ends)
{
	struct ask ask = { .method = s->method, .url = url,
		.follow = !s->no_follow, .untyped = s->untyped };
	struct document d = { .url = url };

	if (s->method == ASK_POST)
		ask.body = arena_print(arena, post, (int)p->address.n,
		    p->address.p);
	w->fetch(w->self, arena, &ask, &d);
	if (d.r.is != OK || !q->chosen(&d)) {
		if (s->database)
			return;
		if (d.r.is != OK)
			transport_fault(r, &d);
		else
			status_fault(r, &d);
	} else {
		q->read(r, &d, arena, p);
		*ends = r->offer_count > 0 || q->stops;
		if (r->offer_count > 0 && d.open_hop)
			reading_fault(r, url, "the settings come over an"
			    " unencrypted way", "serve them by https, with a"
			    " certificate for that name");
	}
}

bool
sequence_run(const struct sequence *q, struct reading *r,
    const struct world *w, struct arena *arena, const struct person *p)
{
	bool ends = false;
	size_t before = r->offer_count;

	for (size_t i = 0; i < q->count && !ends; i++) {
		view url = sequence_url(q->steps[i].url, w, arena, p);

		if (url.n > 0)
			try_step(q, &q->steps[i], url, r, w, arena, p, &ends);
	}
	return r->offer_count > before;
}
