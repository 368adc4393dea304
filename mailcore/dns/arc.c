#include "mailcore/dns/arc_inside.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/mime.h"

enum { COVERED_MOST = 2 * LIMIT_HEADER };

const char *
arc_name(enum arc_result r)
{
	static const char *const names[] = {
		[ARC_NONE] = "none",
		[ARC_PASS] = "pass",
		[ARC_FAIL] = "fail",
	};

	return names[r];
}

/* i= of a field; 0: it has none.  It comes first in the results field, whose
 * other words are no tags. */
static size_t
instance_of(const struct dkim_field *f, bool results)
{
	struct tag_list tags;
	uint64_t n;
	view i;

	if (results) {
		view rest = f->value;

		i = view_cut(&rest, ';');
		if (!view_same(view_trim(view_cut(&i, '=')), VIEW("i")))
			return 0;
		i = view_trim(i);
	} else {
		if (tag_list_read(f->value, &tags).is != OK)
			return 0;
		i = tag_list_value(&tags, "i");
	}
	return view_number(i, ARC_SETS, &n) ? (size_t)n : 0;
}

static result
put(struct arc_sets *out, const struct dkim_field *f, size_t kind)
{
	size_t n = instance_of(f, kind == 0);
	const struct dkim_field **places[3];

	if (n == 0)
		return fail(MALFORMED, "RFC 8617 4.2.1: a bad i=");
	places[0] = &out->set[n - 1].results;
	places[1] = &out->set[n - 1].message;
	places[2] = &out->set[n - 1].seal;
	if (*places[kind] != NULL)
		return fail(MALFORMED, "RFC 8617 4.2.1: i= is there twice");
	*places[kind] = f;
	if (n > out->count)
		out->count = n;
	return done();
}

result
arc_collect(const struct dkim_message *m, struct arc_sets *out)
{
	static const view names[3] = {
		VIEW_INIT("ARC-Authentication-Results"),
		VIEW_INIT("ARC-Message-Signature"), VIEW_INIT("ARC-Seal"),
	};

	*out = (struct arc_sets){ .count = 0 };
	for (size_t i = 0; i < m->count; i++)
		for (size_t kind = 0; kind < COUNT(names); kind++)
			if (view_same(m->fields[i].name, names[kind]))
				TRY(put(out, &m->fields[i], kind));
	for (size_t i = 0; i < out->count; i++)
		if (out->set[i].results == NULL || out->set[i].message == NULL
		    || out->set[i].seal == NULL)
			return fail(MALFORMED,
			    "RFC 8617 4.2.1: a field of a link is missing");
	return done();
}

void
arc_add_covered(struct buf *out, const struct arc_sets *sets, size_t n)
{
	for (size_t i = 0; i <= n; i++) {
		const struct arc_set *s = &sets->set[i];

		dkim_add_field(out, s->results, CANON_RELAXED);
		dkim_add_field(out, s->message, CANON_RELAXED);
		if (i < n)
			dkim_add_field(out, s->seal, CANON_RELAXED);
	}
}

struct checking {
	const struct lookup *lookup;
	struct arena *arena;
	struct dkim_message message;
	struct arc_sets sets;
	int64_t now;
};

static result
check_seal(struct checking *c, size_t n)
{
	struct dkim_signature s;
	struct buf text = buf_new(COVERED_MOST);
	unsigned char hash[DKIM_HASH];
	bool testing;
	const char *why;
	view cv;
	result r = dkim_signature_read(&s, KIND_ARC_SEAL, c->sets.set[n].seal,
	    c->now, c->arena);

	cv = r.is == OK ? tag_list_value(&s.tags, "cv") : VIEW("");
	if (r.is == OK && !view_same(cv, n == 0 ? VIEW("none") : VIEW("pass")))
		r = fail(MALFORMED, "RFC 8617 5.2: cv= says that it failed");
	if (r.is == OK) {
		arc_add_covered(&text, &c->sets, n);
		dkim_add_signing_field(&text, s.field, CANON_RELAXED, s.hole);
		r = buf_result(&text);
	}
	if (r.is == OK) {
		dkim_hash(buf_view(&text), hash);
		if (dkim_key_check(c->lookup, c->arena, &s, hash, &testing,
		        &why) != DKIM_PASS)
			r = fail(DENIED, "RFC 8617 5.2: a seal does not fit");
	}
	buf_free(&text);
	return r;
}

static result
check_message(struct checking *c, size_t n, struct arc_chain *out)
{
	struct dkim_signature s;
	struct dkim_check check = { .result = DKIM_FAIL };

	TRY(dkim_signature_read(&s, KIND_ARC_MESSAGE, c->sets.set[n].message,
	    c->now, c->arena));
	out->sealer = s.domain;
	dkim_signature_check(c->lookup, c->arena, &c->message, &s, &check);
	return check.result == DKIM_PASS ? done()
		: fail(DENIED, "RFC 8617 5.2: the last signature"
		      " does not fit");
}

static result
check_chain(struct checking *c, struct arc_chain *out)
{
	size_t n = c->sets.count;

	TRY(check_message(c, n - 1, out));
	for (; n > 0; n--)
		TRY(check_seal(c, n - 1));
	return done();
}

/* What stands behind "i=1;". */
static view
first_results(const struct arc_sets *sets)
{
	view rest = sets->set[0].results->value;

	(void)view_cut(&rest, ';');
	return view_trim(rest);
}

void
arc_verify(const struct lookup *lookup, struct arena *arena, view message,
    int64_t now, struct arc_chain *out)
{
	view header = view_first(message, header_length(message));
	struct checking c = { .lookup = lookup, .arena = arena, .now = now };
	result r;

	*out = (struct arc_chain){ .result = ARC_NONE, .why = "" };
	if (view_find_same(header, VIEW("\nARC-")) == SIZE_MAX
	    && !view_starts_same(header, VIEW("ARC-")))
		return;
	r = dkim_message_read(message, arena, &c.message);
	if (r.is == OK)
		r = arc_collect(&c.message, &c.sets);
	out->sets = c.sets.count;
	if (r.is == OK && c.sets.count == 0)
		return;
	if (r.is == OK)
		r = check_chain(&c, out);
	out->result = r.is == OK ? ARC_PASS : ARC_FAIL;
	out->why = r.why;
	if (r.is == OK)
		out->results = first_results(&c.sets);
}
