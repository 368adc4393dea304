#include "mailcore/dns/spf_inside.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/host.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	/* RFC 7208 4.6.4. */
	TERMS_MOST = 10,
	NAMES_MOST = 10,
	VOIDS_MOST = 2,
	LABEL_MOST = 63,
	EXPLANATION_MOST = 400
};

/* What a mechanism says. */
enum match { MATCH_NO, MATCH_YES, MATCH_TEMPERROR, MATCH_PERMERROR };

const char *
spf_name(enum spf_result r)
{
	static const char *const names[] = {
		[SPF_NONE] = "none",
		[SPF_NEUTRAL] = "neutral",
		[SPF_PASS] = "pass",
		[SPF_FAIL] = "fail",
		[SPF_SOFTFAIL] = "softfail",
		[SPF_TEMPERROR] = "temperror",
		[SPF_PERMERROR] = "permerror",
	};

	return names[r];
}

/* RFC 7208 4.3: labels of 1 to 63 octets, more than one of them. */
static bool
is_domain(view name)
{
	size_t labels = 0;

	if (view_ends(name, VIEW(".")))
		name = view_first(name, name.n - 1);
	if (name.n == 0 || name.n > SPF_NAME_MOST || view_at(name, 0) == '['
	    || view_ends(name, VIEW(".")))
		return false;
	while (name.n > 0) {
		view label = view_cut(&name, '.');

		if (label.n == 0 || label.n > LABEL_MOST)
			return false;
		labels++;
	}
	return labels > 1;
}

/* A term that asks: false when there were too many (RFC 7208 4.6.4). */
static bool
may_ask(struct spf *s)
{
	return ++s->terms <= TERMS_MOST;
}

/* MATCH_NO: go on with the answer. */
static enum match
ask(struct spf *s, view name, enum lookup_type type,
    struct lookup_answer *out)
{
	*out = (struct lookup_answer){ .kind = LOOKUP_MISSING };
	if (!is_domain(name))
		return MATCH_NO;
	lookup_ask(s->lookup, s->arena, name, type, out);
	if (out->kind == LOOKUP_FAILED)
		return MATCH_TEMPERROR;
	if (out->kind != LOOKUP_DATA && ++s->voids > VOIDS_MOST)
		return MATCH_PERMERROR;
	return MATCH_NO;
}

static bool
same_bits(const char *a, const char *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	unsigned char mask = (unsigned char)(0xff00u >> rest);

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0
	    || ((unsigned char)a[whole] & mask)
	    == ((unsigned char)b[whole] & mask);
}

static bool
in_network(const struct spf *s, const struct spf_term *t, view address)
{
	return address.n == s->ip.n
	    && same_bits(s->ip.p, address.p,
	        s->ip.n == 4 ? t->bits4 : t->bits6);
}

static enum lookup_type
address_type(const struct spf *s)
{
	return s->ip.n == 4 ? LOOKUP_A : LOOKUP_AAAA;
}

static bool
has_address(const struct spf *s, const struct spf_term *t,
    const struct lookup_answer *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (in_network(s, t, a->values[i]))
			return true;
	return false;
}

static enum match
match_a(struct spf *s, const struct spf_term *t, view name)
{
	struct lookup_answer a;
	enum match m = ask(s, name, address_type(s), &a);

	if (m != MATCH_NO)
		return m;
	return has_address(s, t, &a) ? MATCH_YES : MATCH_NO;
}

static enum match
match_mx(struct spf *s, const struct spf_term *t, view name)
{
	struct lookup_answer hosts, a;
	enum match m = ask(s, name, LOOKUP_MX, &hosts);

	if (m != MATCH_NO)
		return m;
	if (hosts.count > NAMES_MOST)
		return MATCH_PERMERROR;
	for (size_t i = 0; i < hosts.count; i++) {
		/* RFC 7505: a null MX has no host. */
		if (!is_domain(hosts.values[i]))
			continue;
		lookup_ask(s->lookup, s->arena, hosts.values[i],
		    address_type(s), &a);
		if (a.kind == LOOKUP_FAILED)
			return MATCH_TEMPERROR;
		if (has_address(s, t, &a))
			return MATCH_YES;
	}
	return MATCH_NO;
}

static enum match
match_exists(struct spf *s, view name)
{
	struct lookup_answer a;
	enum match m = ask(s, name, LOOKUP_A, &a);

	if (m != MATCH_NO)
		return m;
	return a.kind == LOOKUP_DATA ? MATCH_YES : MATCH_NO;
}

/* "2.0.0.127.in-addr.arpa" */
static view
reverse_name(const struct spf *s)
{
	static const char hex[] = "0123456789abcdef";
	char text[80];
	size_t n = 0;

	if (s->ip.n == 4)
		return arena_print(s->arena, "%u.%u.%u.%u.in-addr.arpa",
		    (unsigned char)s->ip.p[3], (unsigned char)s->ip.p[2],
		    (unsigned char)s->ip.p[1], (unsigned char)s->ip.p[0]);
	for (size_t i = s->ip.n; i > 0; i--) {
		unsigned char octet = (unsigned char)s->ip.p[i - 1];

		text[n++] = hex[octet & 15];
		text[n++] = '.';
		text[n++] = hex[octet >> 4];
		text[n++] = '.';
	}
	return arena_print(s->arena, "%.*sip6.arpa", (int)n, text);
}

/* Does the name lead back to the client? */
static bool
leads_back(struct spf *s, view name)
{
	const struct spf_term whole = { .bits4 = 32, .bits6 = 128 };
	struct lookup_answer a;

	if (!is_domain(name))
		return false;
	lookup_ask(s->lookup, s->arena, name, address_type(s), &a);
	return has_address(s, &whole, &a);
}

static void
reverse_names(struct spf *s, struct lookup_answer *out)
{
	lookup_ask(s->lookup, s->arena, reverse_name(s), LOOKUP_PTR, out);
	/* RFC 7208 4.6.4: only so many are looked at. */
	if (out->count > NAMES_MOST)
		out->count = NAMES_MOST;
}

static enum match
match_ptr(struct spf *s, view name)
{
	struct lookup_answer names;

	reverse_names(s, &names);
	if (names.kind != LOOKUP_DATA && names.kind != LOOKUP_FAILED
	    && ++s->voids > VOIDS_MOST)
		return MATCH_PERMERROR;
	for (size_t i = 0; i < names.count; i++)
		if (host_is_under(names.values[i], name)
		    && leads_back(s, names.values[i]))
			return MATCH_YES;
	return MATCH_NO;
}

/* The domain itself, then a name under it, then any (RFC 7208 7.3). */
static view
choose_validated(struct spf *s, view under)
{
	struct lookup_answer names;
	bool good[NAMES_MOST] = { false };

	reverse_names(s, &names);
	for (size_t i = 0; i < names.count; i++) {
		good[i] = leads_back(s, names.values[i]);
		if (good[i] && view_same(names.values[i], under))
			return names.values[i];
	}
	for (size_t i = 0; i < names.count; i++)
		if (good[i] && host_is_under(names.values[i], under))
			return names.values[i];
	for (size_t i = 0; i < names.count; i++)
		if (good[i])
			return names.values[i];
	return VIEW("unknown");
}

view
spf_validated_name(struct spf *s, view under)
{
	if (!s->has_validated)
		s->validated = choose_validated(s, under);
	s->has_validated = true;
	return s->validated;
}

/* RFC 7208 4.4, 4.5: the one record of a domain.  SPF_PASS: there it is. */
static enum spf_result
find_record(struct spf *s, view domain, struct spf_record *out)
{
	struct lookup_answer a;
	view text = VIEW("");
	size_t found = 0;

	lookup_ask(s->lookup, s->arena, domain, LOOKUP_TXT, &a);
	if (a.kind == LOOKUP_FAILED)
		return SPF_TEMPERROR;
	for (size_t i = 0; i < a.count; i++) {
		int next = view_at(a.values[i], VIEW("v=spf1").n);

		if (!view_starts_same(a.values[i], VIEW("v=spf1"))
		    || (next != ' ' && next != -1))
			continue;
		text = a.values[i];
		found++;
	}
	if (found == 0)
		return SPF_NONE;
	if (found > 1 || spf_parse(text, s->arena, out).is != OK)
		return SPF_PERMERROR;
	return SPF_PASS;
}

static enum spf_result check_host(struct spf *, view domain, view *exp_at,
    view *explanation);

static enum match
match_include(struct spf *s, view name)
{
	static const enum match by_result[] = {
		[SPF_NONE] = MATCH_PERMERROR,
		[SPF_NEUTRAL] = MATCH_NO,
		[SPF_PASS] = MATCH_YES,
		[SPF_FAIL] = MATCH_NO,
		[SPF_SOFTFAIL] = MATCH_NO,
		[SPF_TEMPERROR] = MATCH_TEMPERROR,
		[SPF_PERMERROR] = MATCH_PERMERROR,
	};
	view at, explanation;

	return by_result[check_host(s, name, &at, &explanation)];
}

static enum match
match(struct spf *s, const struct spf_term *t, view domain)
{
	view name = domain;

	if (t->domain.n > 0)
		name = spf_expand(s, t->domain, domain, false);
	switch (t->kind) {
	case SPF_ALL:
		return MATCH_YES;
	case SPF_IP4:
	case SPF_IP6:
		return in_network(s, t, (view){ t->address,
		    t->kind == SPF_IP4 ? 4u : 16u }) ? MATCH_YES : MATCH_NO;
	case SPF_INCLUDE:
		return may_ask(s) ? match_include(s, name) : MATCH_PERMERROR;
	case SPF_A:
		return may_ask(s) ? match_a(s, t, name) : MATCH_PERMERROR;
	case SPF_MX:
		return may_ask(s) ? match_mx(s, t, name) : MATCH_PERMERROR;
	case SPF_PTR:
		return may_ask(s) ? match_ptr(s, name) : MATCH_PERMERROR;
	case SPF_EXISTS:
		return may_ask(s) ? match_exists(s, name) : MATCH_PERMERROR;
	case SPF_MECHANISMS:
		break;
	}
	return MATCH_NO;
}

/* SPF_NONE: no mechanism matched. */
static enum spf_result
run_terms(struct spf *s, const struct spf_record *r, view domain)
{
	for (size_t i = 0; i < r->count; i++) {
		switch (match(s, &r->terms[i], domain)) {
		case MATCH_YES:
			return r->terms[i].qualifier;
		case MATCH_TEMPERROR:
			return SPF_TEMPERROR;
		case MATCH_PERMERROR:
			return SPF_PERMERROR;
		case MATCH_NO:
			break;
		}
		if (arena_result(s->arena).is != OK)
			return SPF_PERMERROR;
	}
	return SPF_NONE;
}

/* `*exp_at` and `*explanation`: where an explanation of a fail is to be had.
 * Includes go one into another ten times at most, as each is a term. */
static enum spf_result
check_host(struct spf *s, view domain, view *exp_at, view *explanation)
{
	struct spf_record r;
	enum spf_result found, said;

	for (bool redirected = false;; redirected = true) {
		*explanation = VIEW("");
		*exp_at = domain;
		found = is_domain(domain) ? find_record(s, domain, &r)
		                          : SPF_NONE;
		if (found == SPF_NONE && redirected)
			return SPF_PERMERROR; /* RFC 7208 6.1 */
		if (found != SPF_PASS)
			return found;
		*explanation = r.explanation;
		said = run_terms(s, &r, domain);
		if (said != SPF_NONE)
			return said;
		if (r.redirect.n == 0 || r.all)
			return SPF_NEUTRAL;
		if (!may_ask(s))
			return SPF_PERMERROR;
		domain = spf_expand(s, r.redirect, domain, false);
	}
}

/* RFC 7208 6.2: any trouble means that there is none. */
static view
explain(struct spf *s, view at, view spec)
{
	view name = spf_expand(s, spec, at, false);
	struct lookup_answer a;
	view text;

	if (spec.n == 0 || !is_domain(name))
		return VIEW("");
	lookup_ask(s->lookup, s->arena, name, LOOKUP_TXT, &a);
	if (a.count != 1)
		return VIEW("");
	text = spf_expand(s, a.values[0], at, true);
	for (size_t i = 0; i < text.n; i++)
		if (!ascii_is_graph(text.p[i]) && text.p[i] != ' ')
			return VIEW("");
	return view_first(text, EXPLANATION_MOST);
}

static bool
is_mapped(view ip)
{
	static const char prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\xff',
		'\xff' };

	return ip.n == 16 && memcmp(ip.p, prefix, sizeof prefix) == 0;
}

void
spf_check(const struct lookup *lookup, struct arena *arena,
    const struct spf_question *q, struct spf_answer *out)
{
	struct spf s = { .lookup = lookup, .arena = arena, .question = q,
		.ip = is_mapped(q->ip) ? view_from(q->ip, 12) : q->ip };
	view domain = q->sender;
	view at, explanation;

	/* RFC 7208 4.3: a sender without local part is a postmaster. */
	s.local = view_cut_last(&domain, '@');
	if (q->sender.n == 0)
		domain = q->hello;
	if (s.local.n == 0)
		s.local = VIEW("postmaster");
	s.sender_domain = domain;
	*out = (struct spf_answer){ .domain = domain };
	if (s.ip.n != 4 && s.ip.n != 16)
		return;
	out->result = check_host(&s, domain, &at, &explanation);
	if (out->result == SPF_FAIL)
		out->explanation = explain(&s, at, explanation);
}
