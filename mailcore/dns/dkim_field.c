/* The tags of a signature: RFC 6376 3.5, RFC 8617 4.1. */
#include "mailcore/dns/dkim_inside.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/host.h"
#include "mailcore/base/limits.h"

#include <string.h>

enum {
	/* Clocks differ. */
	SKEW = 3600
};

/* A name that can be asked for: RFC 6376 3.1, 3.5. */
static bool
is_host(view name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i]) && name.p[i] != '-'
		    && name.p[i] != '.' && name.p[i] != '_')
			return false;
	return name.n > 0 && name.n <= LIMIT_DOMAIN && name.p[0] != '.'
	    && !view_ends(name, VIEW(".."));
}

static bool
read_canon(view word, enum dkim_canon *out)
{
	*out = view_same(word, VIEW("relaxed")) ? CANON_RELAXED : CANON_SIMPLE;
	return *out == CANON_RELAXED || view_same(word, VIEW("simple"));
}

/* c=header/body; simple is what is not said. */
static result
read_canons(struct dkim_signature *s)
{
	view body = tag_list_value(&s->tags, "c");
	view header = view_cut(&body, '/');

	s->header_canon = s->body_canon = CANON_SIMPLE;
	if ((header.n > 0 && !read_canon(header, &s->header_canon))
	    || (body.n > 0 && !read_canon(body, &s->body_canon)))
		return fail(MALFORMED, "RFC 6376 3.5: an unknown c=");
	return done();
}

/* RFC 8601 2.7.1 has no word for too old; RFC 6376 3.5 lets us choose. */
static result
check_time(const struct dkim_signature *s, int64_t now)
{
	view t = tag_list_value(&s->tags, "t");
	view x = tag_list_value(&s->tags, "x");
	uint64_t made = 0, ends = 0;

	if (t.n > 0 && !view_number(t, INT64_MAX, &made))
		return fail(MALFORMED, "RFC 6376 3.5: a bad t=");
	if (x.n > 0 && !view_number(x, INT64_MAX, &ends))
		return fail(MALFORMED, "RFC 6376 3.5: a bad x=");
	if (x.n > 0 && t.n > 0 && ends <= made)
		return fail(MALFORMED, "RFC 6376 3.5: x= is before t=");
	if (x.n > 0 && now > SKEW && (uint64_t)(now - SKEW) > ends)
		return fail(STALE, "RFC 6376 3.5: the signature has expired");
	return done();
}

/* i= is the domain or one under it (RFC 6376 3.5). */
static result
check_identity(struct dkim_signature *s)
{
	view i = tag_list_value(&s->tags, "i");

	s->identity = s->domain;
	if (s->kind != KIND_DKIM || i.n == 0)
		return done();
	if (view_find_byte(i, '@') == SIZE_MAX)
		return fail(MALFORMED, "RFC 6376 3.5: a bad i=");
	(void)view_cut_last(&i, '@');
	s->identity = i;
	return host_is_under(i, s->domain)
	    ? done()
	    : fail(MALFORMED, "RFC 6376 6.1.1: i= is not under d=");
}

static bool
lists(view headers, view name)
{
	while (headers.n > 0)
		if (view_same(view_trim(view_cut(&headers, ':')), name))
			return true;
	return false;
}

/* What only signatures of a message have. */
static result
read_message_tags(struct dkim_signature *s, struct arena *arena)
{
	view l = tag_list_value(&s->tags, "l");

	s->bh = tag_list_bytes(tag_list_value(&s->tags, "bh"), arena);
	s->headers = tag_list_value(&s->tags, "h");
	s->length = UINT64_MAX;
	if (s->bh.n != DKIM_HASH)
		return fail(MALFORMED, "RFC 6376 3.5: a bad bh=");
	if (!lists(s->headers, VIEW("From")))
		return fail(MALFORMED, "RFC 6376 6.1.1: From is not signed");
	if (s->kind == KIND_ARC_MESSAGE
	    && lists(s->headers, VIEW("ARC-Seal")))
		return fail(MALFORMED, "RFC 8617 4.1.2: ARC-Seal in h=");
	if (l.n > 0 && !view_number(l, UINT64_MAX - 1, &s->length))
		return fail(MALFORMED, "RFC 6376 3.5: a bad l=");
	return read_canons(s);
}

static result
check_algorithm(const struct dkim_signature *s)
{
	if (view_eq(s->algorithm, VIEW("rsa-sha256"))
	    || view_eq(s->algorithm, VIEW("ed25519-sha256")))
		return done();
	if (view_eq(s->algorithm, VIEW("rsa-sha1")))
		return fail(DENIED, "RFC 8301 3.1: SHA-1 proves nothing");
	return fail(MALFORMED, "RFC 6376 3.5: an unknown a=");
}

static result
check_kind(const struct dkim_signature *s)
{
	view q = tag_list_value(&s->tags, "q");

	if (s->kind == KIND_DKIM
	    && !view_eq(tag_list_value(&s->tags, "v"), VIEW("1")))
		return fail(MALFORMED, "RFC 6376 3.5: v= is not 1");
	if (s->kind == KIND_ARC_SEAL && tag_list_find(&s->tags, "h") != NULL)
		return fail(MALFORMED, "RFC 8617 4.1.3: h= in a seal");
	if (q.n > 0 && !tag_list_has(&s->tags, "q", VIEW("dns/txt")))
		return fail(MALFORMED, "RFC 6376 3.5: an unknown q=");
	return done();
}

result
dkim_signature_read(struct dkim_signature *s, enum dkim_kind kind,
    const struct dkim_field *field, int64_t now, struct arena *arena)
{
	const struct tag *b;

	s->kind = kind;
	s->field = field;
	s->identity = s->bh = s->headers = VIEW("");
	s->domain = s->selector = s->algorithm = s->b = VIEW("");
	TRY(tag_list_read(field->value, &s->tags));
	s->domain = arena_lower(arena, tag_list_value(&s->tags, "d"));
	s->selector = tag_list_value(&s->tags, "s");
	s->algorithm = tag_list_value(&s->tags, "a");
	TRY(check_kind(s));
	b = tag_list_find(&s->tags, "b");
	if (b == NULL || !is_host(s->domain) || !is_host(s->selector))
		return fail(MALFORMED, "RFC 6376 6.1.1: a tag is missing");
	s->b = tag_list_bytes(b->value, arena);
	s->hole = (struct dkim_hole){ b->at, b->n };
	if (s->b.n == 0)
		return fail(MALFORMED, "RFC 6376 3.5: a bad b=");
	if (kind != KIND_ARC_SEAL)
		TRY(read_message_tags(s, arena));
	TRY(check_identity(s));
	TRY(check_algorithm(s));
	TRY(check_time(s, now));
	return arena_result(arena);
}
