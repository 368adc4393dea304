/* Our own link of a chain: RFC 8617 5.1. */
#include "mailcore/dns/arc_inside.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

enum { FIELD_MOST = 32768, COVERED_MOST = 2 * LIMIT_HEADER };

static view
name_of(view field)
{
	return view_cut(&field, ':');
}

static struct dkim_field
as_field(view text)
{
	struct dkim_field f = { .field = text, .name = name_of(text) };

	f.value = view_from(text, f.name.n + 1);
	return f;
}

static void
add_algorithm(struct buf *out, const char *name, size_t instance,
    const struct dkim_signing *s)
{
	const struct dkim_signing_key *k = &s->keys[0];

	buf_print(out, "%s: i=%zu; a=%.*s; t=%lld;\r\n\td=%.*s; s=%.*s;",
	    name, instance, (int)k->algorithm.n, k->algorithm.p,
	    (long long)s->now, (int)s->domain.n, s->domain.p,
	    (int)k->selector.n, k->selector.p);
}

static result
seal_message(const struct dkim_signing *s, struct dkim_message *m,
    size_t instance, struct buf *out)
{
	struct buf h = buf_new(FIELD_MOST), before = buf_new(COVERED_MOST);
	struct buf head = buf_new(FIELD_MOST);
	result r;

	dkim_body(m, CANON_RELAXED);
	dkim_choose_fields(m, &h, &before);
	add_algorithm(&head, "ARC-Message-Signature", instance, s);
	buf_add(&head, VIEW(" c=relaxed/relaxed;\r\n\th="));
	buf_add(&head, buf_view(&h));
	buf_add(&head, VIEW(";\r\n\tbh="));
	encode_base64(&head, (view){
	    (const char *)m->bodies[CANON_RELAXED].hash, DKIM_HASH });
	buf_add(&head, VIEW(";\r\n\tb="));
	r = buf_result(&before);
	if (r.is == OK)
		r = buf_result(&head);
	if (r.is == OK)
		r = dkim_seal_field(s, &s->keys[0], buf_view(&head),
		    buf_view(&before), out);
	buf_free(&h);
	buf_free(&before);
	buf_free(&head);
	return r;
}

/* A chain that has failed is sealed by itself (RFC 8617 5.1.1). */
static void
add_covered(struct buf *out, const struct arc_sets *old, bool failed,
    view results, view message)
{
	const struct dkim_field r = as_field(results), m = as_field(message);

	if (old->count > 0 && !failed) {
		arc_add_covered(out, old, old->count - 1);
		dkim_add_field(out, old->set[old->count - 1].seal,
		    CANON_RELAXED);
	}
	dkim_add_field(out, &r, CANON_RELAXED);
	dkim_add_field(out, &m, CANON_RELAXED);
}

static result
seal_chain(const struct dkim_signing *s, const struct arc_sets *old,
    const struct arc_chain *chain, view results, view message,
    struct buf *out)
{
	struct buf head = buf_new(FIELD_MOST), before = buf_new(COVERED_MOST);
	result r;

	add_algorithm(&head, "ARC-Seal", old->count + 1, s);
	buf_print(&head, " cv=%s;\r\n\tb=", arc_name(chain->result));
	add_covered(&before, old, chain->result == ARC_FAIL, results, message);
	r = buf_result(&before);
	if (r.is == OK)
		r = buf_result(&head);
	if (r.is == OK)
		r = dkim_seal_field(s, &s->keys[0], buf_view(&head),
		    buf_view(&before), out);
	buf_free(&head);
	buf_free(&before);
	return r;
}

/* Has the chain ended already (RFC 8617 5.1.2)? */
static bool
has_ended(const struct arc_sets *sets)
{
	const struct dkim_field *last;
	struct tag_list tags;

	if (sets->count == 0)
		return false;
	last = sets->set[sets->count - 1].seal;
	if (tag_list_read(last->value, &tags).is != OK)
		return true;
	return view_same(tag_list_value(&tags, "cv"), VIEW("fail"));
}

result
arc_seal(const struct dkim_signing *s, struct arena *arena, view message,
    const struct arc_chain *chain, view results, struct buf *out)
{
	struct buf aar = buf_new(FIELD_MOST), ams = buf_new(FIELD_MOST);
	struct buf seal = buf_new(FIELD_MOST);
	struct dkim_message m;
	struct arc_sets sets;
	result r;

	TRY(dkim_message_read(message, arena, &m));
	TRY(arc_collect(&m, &sets));
	if (sets.count >= ARC_SETS || has_ended(&sets) || s->count == 0)
		return fail(OVER_LIMIT, "RFC 8617 5.1.2: the chain ends here");
	buf_print(&aar, "ARC-Authentication-Results: i=%zu; ",
	    sets.count + 1);
	buf_add(&aar, results);
	buf_add(&aar, VIEW("\r\n"));
	r = buf_result(&aar);
	if (r.is == OK)
		r = seal_message(s, &m, sets.count + 1, &ams);
	if (r.is == OK)
		r = seal_chain(s, &sets, chain, buf_view(&aar),
		    buf_view(&ams), &seal);
	if (r.is == OK) {
		buf_add(out, buf_view(&seal));
		buf_add(out, buf_view(&ams));
		buf_add(out, buf_view(&aar));
		r = buf_result(out);
	}
	buf_free(&aar);
	buf_free(&ams);
	buf_free(&seal);
	return r;
}
