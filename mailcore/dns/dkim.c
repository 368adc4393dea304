#include "mailcore/dns/dkim_inside.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/mime.h"

#include <string.h>

enum {
	/* RFC 6376 8.4: h= of a sane signature has a few dozen. */
	NAMES_MOST = 256,
	START = 8 /* octets of b=: RFC 6008 4 */
};

const char *
dkim_name(enum dkim_result r)
{
	static const char *const names[] = {
		[DKIM_PASS] = "pass",
		[DKIM_FAIL] = "fail",
		[DKIM_POLICY] = "policy",
		[DKIM_NEUTRAL] = "neutral",
		[DKIM_TEMPERROR] = "temperror",
		[DKIM_PERMERROR] = "permerror",
	};

	return names[r];
}

/* RFC 6376 5.4.2: each name takes the lowest field that is not taken yet. */
static result
add_signed_fields(const struct dkim_message *m,
    const struct dkim_signature *s, struct buf *out)
{
	bool taken[LIMIT_HEADER_FIELDS] = { false };
	view rest = s->headers;
	size_t names = 0;

	while (rest.n > 0) {
		view name = view_trim(view_cut(&rest, ':'));

		if (++names > NAMES_MOST)
			return fail(OVER_LIMIT, "RFC 6376 8.4: h= is too long");
		for (size_t i = m->count; i > 0; i--) {
			const struct dkim_field *f = &m->fields[i - 1];

			if (taken[i - 1] || f == s->field
			    || !view_same(f->name, name))
				continue;
			taken[i - 1] = true;
			dkim_add_field(out, f, s->header_canon);
			break;
		}
	}
	return buf_result(out);
}

static result
hash_header(const struct dkim_message *m, const struct dkim_signature *s,
    unsigned char hash[DKIM_HASH])
{
	struct buf text = buf_new(2 * LIMIT_HEADER);
	result r = add_signed_fields(m, s, &text);

	dkim_add_signing_field(&text, s->field, s->header_canon, s->hole);
	if (r.is == OK)
		r = buf_result(&text);
	if (r.is == OK)
		dkim_hash(buf_view(&text), hash);
	buf_free(&text);
	return r;
}

/* DKIM_PASS: go on. */
static enum dkim_result
check_body(struct dkim_message *m, const struct dkim_signature *s,
    const char **why)
{
	dkim_body(m, s->body_canon);
	if (s->length != UINT64_MAX) {
		*why = "RFC 6376 8.2: l= leaves a part of the body open";
		if (s->length < m->bodies[s->body_canon].length)
			return DKIM_POLICY;
		*why = "RFC 6376 3.5: l= is more than there is";
		if (s->length > m->bodies[s->body_canon].length)
			return DKIM_FAIL;
	}
	*why = "RFC 6376 6.1.3: the body has changed";
	return memcmp(m->bodies[s->body_canon].hash, s->bh.p, DKIM_HASH) == 0
	    ? DKIM_PASS : DKIM_FAIL;
}

void
dkim_signature_check(const struct lookup *lookup, struct arena *arena,
    struct dkim_message *m, const struct dkim_signature *s,
    struct dkim_check *out)
{
	unsigned char hash[DKIM_HASH];
	result r;

	/* The body first: what fails there needs no key. */
	out->result = check_body(m, s, &out->why);
	if (out->result != DKIM_PASS)
		return;
	r = hash_header(m, s, hash);
	if (r.is != OK) {
		out->result = DKIM_PERMERROR;
		out->why = r.why;
		return;
	}
	out->result = dkim_key_check(lookup, arena, s, hash, &out->testing,
	    &out->why);
}

static void
check_field(const struct lookup *lookup, struct arena *arena,
    struct dkim_message *m, const struct dkim_field *f, int64_t now,
    struct dkim_check *out)
{
	struct dkim_signature s;
	result r = dkim_signature_read(&s, KIND_DKIM, f, now, arena);

	*out = (struct dkim_check){ .result = DKIM_NEUTRAL, .why = r.why };
	out->domain = s.domain;
	out->selector = s.selector;
	out->algorithm = s.algorithm;
	if (r.is == OK || r.is == STALE || r.is == DENIED)
		out->start = view_first(tag_list_value(&s.tags, "b"), START);
	if (r.is == STALE)
		out->result = DKIM_FAIL;
	if (r.is == DENIED)
		out->result = DKIM_POLICY;
	if (r.is == OK)
		dkim_signature_check(lookup, arena, m, &s, out);
}

void
dkim_verify(const struct lookup *lookup, struct arena *arena, view message,
    int64_t now, struct dkim_report *out)
{
	view header = view_first(message, header_length(message));
	struct dkim_message m;

	*out = (struct dkim_report){ .count = 0 };
	if (view_find_same(header, VIEW("DKIM-Signature")) == SIZE_MAX)
		return;
	if (dkim_message_read(message, arena, &m).is != OK)
		return;
	for (size_t i = 0; i < m.count; i++) {
		if (!view_same(m.fields[i].name, VIEW("DKIM-Signature")))
			continue;
		out->more = out->count == DKIM_CHECKS;
		if (out->more)
			return;
		check_field(lookup, arena, &m, &m.fields[i], now,
		    &out->check[out->count++]);
	}
}
