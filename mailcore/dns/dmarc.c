#include "mailcore/dns/dmarc.h"

#include "mailcore/base/host.h"
#include "mailcore/dns/tag_list.h"

enum {
	/* RFC 9989 4.10: at most eight questions a walk. */
	WALK_MOST = 8
};

struct station {
	view domain;
	struct dmarc_record record;
};

struct walk {
	view start;
	struct station found[WALK_MOST];
	size_t count;
	bool failed; /* a server did not answer */
};

const char *
dmarc_name(enum dmarc_result r)
{
	static const char *const names[] = {
		[DMARC_NONE] = "none",
		[DMARC_PASS] = "pass",
		[DMARC_FAIL] = "fail",
		[DMARC_TEMPERROR] = "temperror",
	};

	return names[r];
}

const char *
dmarc_policy_name(enum dmarc_policy p)
{
	static const char *const names[] = {
		[DMARC_ACCEPT] = "none",
		[DMARC_QUARANTINE] = "quarantine",
		[DMARC_REJECT] = "reject",
	};

	return names[p];
}

/* What is not there or not known is the default (RFC 9989 4.7). */
static enum dmarc_policy
read_policy(const struct tag_list *tags, const char *name,
    enum dmarc_policy other)
{
	view value = tag_list_value(tags, name);

	for (size_t p = DMARC_ACCEPT; p <= DMARC_REJECT; p++)
		if (view_same(value,
		        view_of(dmarc_policy_name((enum dmarc_policy)p))))
			return (enum dmarc_policy)p;
	return other;
}

result
dmarc_read(view text, struct dmarc_record *out)
{
	struct tag_list tags;
	view psd;

	*out = (struct dmarc_record){ .psd = 'u' };
	TRY(tag_list_read(text, &tags));
	if (tags.count == 0 || !view_eq(tags.tag[0].name, VIEW("v"))
	    || !view_eq(tags.tag[0].value, VIEW("DMARC1")))
		return fail(MALFORMED, "RFC 9989 4.7: v=DMARC1 comes first");
	out->p = read_policy(&tags, "p", DMARC_ACCEPT);
	out->sp = read_policy(&tags, "sp", out->p);
	out->np = read_policy(&tags, "np", out->sp);
	out->strict_dkim = view_same(tag_list_value(&tags, "adkim"), VIEW("s"));
	out->strict_spf = view_same(tag_list_value(&tags, "aspf"), VIEW("s"));
	out->testing = view_same(tag_list_value(&tags, "t"), VIEW("y"));
	psd = tag_list_value(&tags, "psd");
	if (view_same(psd, VIEW("y")) || view_same(psd, VIEW("n")))
		out->psd = view_same(psd, VIEW("y")) ? 'y' : 'n';
	return done();
}

/* The record at one name.  Several of them are none (RFC 9989 4.10). */
static bool
ask(const struct lookup *lookup, struct arena *arena, struct walk *w,
    view domain)
{
	struct station *s = &w->found[w->count];
	struct dmarc_record record;
	struct lookup_answer a;
	size_t records = 0;

	lookup_ask(lookup, arena, arena_print(arena, "_dmarc.%.*s",
	    (int)domain.n, domain.p), LOOKUP_TXT, &a);
	w->failed = w->failed || a.kind == LOOKUP_FAILED;
	for (size_t i = 0; i < a.count; i++) {
		if (dmarc_read(a.values[i], &record).is != OK)
			continue;
		*s = (struct station){ domain, record };
		records++;
	}
	if (records == 1)
		w->count++;
	return records == 1;
}

static size_t
labels_of(view domain)
{
	size_t n = 0;

	while (domain.n > 0) {
		(void)view_cut(&domain, '.');
		n++;
	}
	return n;
}

/* RFC 9989 4.10: the name, then seven labels of it at most, then one fewer
 * each time. */
static void
walk(const struct lookup *lookup, struct arena *arena, view start,
    struct walk *out)
{
	view domain = start;
	size_t labels = labels_of(start);

	*out = (struct walk){ .start = start };
	if (ask(lookup, arena, out, start) && out->found[0].record.psd == 'n')
		return;
	while (labels > 1 && !out->failed) {
		do {
			(void)view_cut(&domain, '.');
			labels--;
		} while (labels >= WALK_MOST);
		if (ask(lookup, arena, out, domain)
		    && out->found[out->count - 1].record.psd != 'u')
			return;
	}
}

/* The name on the way from `start` that has one label more. */
static view
one_below(view start, view domain)
{
	view below = start;

	while (start.n > domain.n) {
		below = start;
		(void)view_cut(&start, '.');
	}
	return below;
}

/* RFC 9989 4.10.2. */
static view
organization(const struct walk *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->found[i].record.psd == 'n')
			return w->found[i].domain;
	for (size_t i = 0; i < w->count; i++)
		if (w->found[i].record.psd == 'y'
		    && !view_eq(w->found[i].domain, w->start))
			return one_below(w->start, w->found[i].domain);
	return w->count > 0 ? w->found[w->count - 1].domain : w->start;
}

/* RFC 9989 4.10.1: the domain's own, its organization's, its suffix's. */
static const struct station *
policy_of(const struct walk *w)
{
	view above = organization(w);

	for (size_t i = 0; i < w->count; i++)
		if (view_eq(w->found[i].domain, w->start))
			return &w->found[i];
	for (size_t i = 0; i < w->count; i++)
		if (view_eq(w->found[i].domain, above))
			return &w->found[i];
	for (size_t i = 0; i < w->count; i++)
		if (w->found[i].record.psd == 'y')
			return &w->found[i];
	return NULL;
}

/* RFC 9989 4.4: relaxed is the same organization. */
static bool
is_aligned(const struct lookup *lookup, struct arena *arena,
    const struct walk *from, view domain, bool strict)
{
	view above = organization(from);
	struct walk w;

	if (domain.n == 0)
		return false;
	if (view_same(domain, from->start))
		return true;
	if (strict || !host_is_under(domain, above))
		return false;
	walk(lookup, arena, domain, &w);
	return !w.failed && view_same(organization(&w), above);
}

/* RFC 9989 4.7: p= for the domain itself, sp= for those under it, np= for
 * those that are not there; t=y asks for one step less (RFC 9989 4.7). */
static enum dmarc_policy
choose(const struct lookup *lookup, struct arena *arena,
    const struct station *s, view from)
{
	enum dmarc_policy p = s->record.p;
	struct lookup_answer a;

	if (!view_eq(s->domain, from)) {
		p = s->record.sp;
		if (s->record.np != s->record.sp) {
			lookup_ask(lookup, arena, from, LOOKUP_A, &a);
			if (a.kind == LOOKUP_MISSING)
				p = s->record.np;
		}
	}
	if (s->record.testing && p != DMARC_ACCEPT)
		p = p == DMARC_REJECT ? DMARC_QUARANTINE : DMARC_ACCEPT;
	return p;
}

void
dmarc_check(const struct lookup *lookup, struct arena *arena,
    const struct dmarc_question *q, struct dmarc_answer *out)
{
	const struct station *s;
	struct walk from;

	*out = (struct dmarc_answer){ .result = DMARC_NONE };
	if (q->from.n == 0)
		return;
	walk(lookup, arena, q->from, &from);
	s = policy_of(&from);
	out->spf_aligned = is_aligned(lookup, arena, &from, q->spf,
	    s != NULL && s->record.strict_spf);
	for (size_t i = 0; i < q->dkim_count && !out->dkim_aligned; i++)
		out->dkim_aligned = is_aligned(lookup, arena, &from,
		    q->dkim[i], s != NULL && s->record.strict_dkim);
	if (from.failed) {
		out->result = DMARC_TEMPERROR;
		return;
	}
	if (s == NULL)
		return;
	out->policy_domain = s->domain;
	out->result = out->spf_aligned || out->dkim_aligned ? DMARC_PASS
	                                                    : DMARC_FAIL;
	out->policy = choose(lookup, arena, s, q->from);
}
