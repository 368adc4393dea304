#include "autoconfig/doctor/dns_spf.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	LOOKUPS_MOST = 10, /* RFC 7208 4.6.4 */
	VOIDS_MOST = 2,    /* the same */
	MX_MOST = 10,      /* the same */
	OCTET = 8
};

struct address {
	unsigned char octets[16];
	size_t n; /* 4 or 16; 0: none */
};

struct walk {
	struct spf_look *look;
	struct arena *arena;
	struct address address;
	unsigned lookups, voids;
	const char *broken;
	bool silent;
};

struct term {
	char qualifier;
	view name;
	view value;      /* behind ':' or '=', without the lengths */
	bool has_value;
	bool modifier;
	uint64_t four, six; /* lengths */
};

static struct address
address_of(view text)
{
	struct address a = { .n = 0 };
	char copy[INET6_ADDRSTRLEN];

	if (!view_copy(text, copy, sizeof copy))
		return a;
	if (inet_pton(AF_INET, copy, a.octets) == 1)
		a.n = 4;
	else if (inet_pton(AF_INET6, copy, a.octets) == 1)
		a.n = 16;
	return a;
}

static bool
is_within(const struct address *a, const struct address *net, uint64_t bits)
{
	size_t whole = (size_t)bits / OCTET;
	unsigned rest = (unsigned)bits % OCTET;

	if (a->n == 0 || a->n != net->n || bits > a->n * OCTET
	    || memcmp(a->octets, net->octets, whole) != 0)
		return false;
	return rest == 0 || a->octets[whole] >> (OCTET - rest)
	    == net->octets[whole] >> (OCTET - rest);
}

static void
keep_broken(struct walk *w, const char *why)
{
	if (w->broken == NULL)
		w->broken = why;
}

/* One look-up that counts as void when nothing is there. */
static const struct dns_answer *
look_up(struct walk *w, view name, enum record_type type)
{
	static const struct dns_answer none = { .kind = ANSWER_SILENT };
	struct dns_question q = { name, type };
	struct dns_answer *answer;
	int64_t left = w->look->until - clock_steady_ms();

	if (left <= 0 || w->look->panel == NULL
	    || panel_ask_resolver(w->look->panel, w->arena, &q, 1,
	        (unsigned)left, &answer).is != OK
	    || answer->kind == ANSWER_SILENT) {
		w->silent = true;
		return &none;
	}
	return answer;
}

static void
count_lookup(struct walk *w)
{
	if (++w->lookups > LOOKUPS_MOST)
		keep_broken(w, "RFC 7208 4.6.4: more than 10 look-ups");
}

static void
count_void(struct walk *w, bool empty)
{
	if (empty && ++w->voids > VOIDS_MOST)
		keep_broken(w, "RFC 7208 4.6.4: more than 2 look-ups that"
		    " find nothing");
}

static bool
addresses_match(struct walk *w, view host, const struct term *t, bool *empty)
{
	bool six = w->address.n == 16;
	const struct dns_answer *a =
	    look_up(w, host, six ? RECORD_AAAA : RECORD_A);
	bool match = false;

	*empty = a->kind == ANSWER_EMPTY || a->kind == ANSWER_NAME_MISSING;
	for (size_t i = 0; i < a->count; i++) {
		struct address net = address_of(a->records[i].value);

		match = match
		    || is_within(&w->address, &net, six ? t->six : t->four);
	}
	return match;
}

static bool
mx_matches(struct walk *w, view domain, const struct term *t)
{
	const struct dns_answer *mx = look_up(w, domain, RECORD_MX);
	bool match = false, empty;

	count_void(w, mx->kind == ANSWER_EMPTY
	    || mx->kind == ANSWER_NAME_MISSING);
	if (mx->count > MX_MOST)
		keep_broken(w, "RFC 7208 4.6.4: more than 10 names in MX");
	for (size_t i = 0; i < mx->count && i < MX_MOST; i++)
		if (addresses_match(w, mx->records[i].value, t, &empty))
			match = true;
	return match;
}

static char walk_record(struct walk *, view domain, view text);

/* The qualifier that another domain's record ends in; 0 none. */
static char
walk_domain(struct walk *w, view domain)
{
	const struct dns_answer *a;
	const struct record *found = NULL;

	if (w->lookups > LOOKUPS_MOST)
		return '\0';
	a = look_up(w, domain, RECORD_TXT);
	for (size_t i = 0; i < a->count; i++) {
		if (!spf_is_record(a->records[i].value))
			continue;
		if (found != NULL)
			keep_broken(w, "RFC 7208 4.5: an included domain has"
			    " two SPF records");
		found = &a->records[i];
	}
	if (found != NULL)
		return walk_record(w, domain, found->value);
	if (a->kind != ANSWER_SILENT)
		keep_broken(w, "RFC 7208 5.2: an included domain has no SPF"
		    " record");
	return '\0';
}

static bool
match_network(struct walk *w, const struct term *t, size_t n)
{
	struct address net = address_of(t->value);

	if (net.n != n)
		keep_broken(w, "RFC 7208 5.6: not a network");
	return is_within(&w->address, &net, n == 4 ? t->four : t->six);
}

static bool
match_name(struct walk *w, view domain, const struct term *t)
{
	view target = t->has_value ? t->value : domain;
	bool empty = false, match = false;

	count_lookup(w);
	/* What depends on the sender (RFC 7208 7) is only counted. */
	if (view_find_byte(target, '%') != SIZE_MAX
	    || view_same(t->name, VIEW("ptr"))
	    || w->lookups > LOOKUPS_MOST)
		return false;
	if (view_same(t->name, VIEW("include")))
		return walk_domain(w, target) == '+';
	if (view_same(t->name, VIEW("mx")))
		return mx_matches(w, target, t);
	match = addresses_match(w, target, t, &empty);
	count_void(w, empty);
	return match;
}

/* RFC 7208 5. */
static bool
term_matches(struct walk *w, view domain, const struct term *t)
{
	bool needs = view_same(t->name, VIEW("include"))
	    || view_same(t->name, VIEW("exists"));

	if (view_same(t->name, VIEW("all")) && !t->has_value)
		return true;
	if (view_same(t->name, VIEW("ip4")))
		return match_network(w, t, 4);
	if (view_same(t->name, VIEW("ip6")))
		return match_network(w, t, sizeof w->address.octets);
	if ((needs && t->has_value) || view_same(t->name, VIEW("a"))
	    || view_same(t->name, VIEW("mx"))
	    || view_same(t->name, VIEW("ptr")))
		return match_name(w, domain, t);
	keep_broken(w, "RFC 7208 4.6.1: an unknown mechanism");
	return false;
}

static void
take_length(struct walk *w, view text, uint64_t most, uint64_t *out)
{
	if (!view_number(text, most, out))
		keep_broken(w, "RFC 7208 5.6: not a prefix length");
}

/* "mx:example.org/24//64" (RFC 7208 4.6.1). */
static struct term
read_term(struct walk *w, view word)
{
	struct term t = { .qualifier = '+', .four = 32, .six = 128 };
	size_t end = 0, double_slash, slash;
	view lengths;

	if (word.n > 0
	    && view_find_byte(VIEW("+-~?"), word.p[0]) != SIZE_MAX) {
		t.qualifier = word.p[0];
		word = view_from(word, 1);
	}
	while (end < word.n && (ascii_is_alnum(word.p[end])
	    || view_find_byte(VIEW("-_."), word.p[end]) != SIZE_MAX))
		end++;
	t.name = view_first(word, end);
	word = view_from(word, end);
	t.modifier = view_at(word, 0) == '=';
	t.has_value = t.modifier || view_at(word, 0) == ':';
	if (t.has_value)
		word = view_from(word, 1);
	slash = view_find_byte(word, '/');
	t.value = t.modifier ? word : view_first(word, slash);
	if (t.name.n == 0 || (t.has_value && t.value.n == 0))
		keep_broken(w, "RFC 7208 4.6.1: a term without a name or"
		    " value");
	if (t.modifier || slash == SIZE_MAX)
		return t;
	lengths = view_from(word, slash);
	double_slash = view_find(lengths, VIEW("//"));
	if (view_same(t.name, VIEW("ip6")))
		take_length(w, view_from(lengths, 1), t.six, &t.six);
	else if (double_slash != 0)
		take_length(w, view_from(view_first(lengths, double_slash), 1),
		    t.four, &t.four);
	if (double_slash != SIZE_MAX)
		take_length(w, view_from(lengths, double_slash + 2), t.six,
		    &t.six);
	return t;
}

/* All terms are looked at, also those behind the first match: a record must
 * be in order for every sender. */
static char
walk_record(struct walk *w, view domain, view text)
{
	view rest = view_from(text, VIEW("v=spf1").n), redirect = VIEW("");
	char outcome = '\0';
	bool all = false;

	while (rest.n > 0 && w->lookups <= LOOKUPS_MOST) {
		view word = view_cut(&rest, ' ');
		struct term t;

		if (word.n == 0)
			continue;
		t = read_term(w, word);
		if (t.modifier && view_same(t.name, VIEW("redirect")))
			redirect = t.value;
		if (t.modifier || all)
			continue;
		all = view_same(t.name, VIEW("all"));
		if (term_matches(w, domain, &t) && outcome == '\0')
			outcome = t.qualifier;
	}
	if (redirect.n == 0 || all)
		return outcome;
	count_lookup(w);
	if (view_find_byte(redirect, '%') != SIZE_MAX)
		return outcome;
	return outcome != '\0' ? outcome : walk_domain(w, redirect);
}

bool
spf_is_record(view text)
{
	return view_same(text, VIEW("v=spf1"))
	    || view_starts_same(text, VIEW("v=spf1 "));
}

void
spf_examine(struct spf_look *look, struct arena *arena, view domain,
    view text, const struct record *addresses, size_t count,
    struct spf_finding *out)
{
	/* Nobody sends from there (RFC 1112 4). */
	static const char stranger[] = "240.0.0.1";

	*out = (struct spf_finding){ .ours = count > 0 };
	for (size_t i = 0; i <= count; i++) {
		struct walk w = { .look = look, .arena = arena };
		char outcome;

		w.address = address_of(i < count ? addresses[i].value
		                                 : view_of(stranger));
		outcome = walk_record(&w, domain, text);
		if (out->broken == NULL)
			out->broken = w.broken;
		out->silent = out->silent || w.silent;
		if (i < count)
			out->ours = out->ours && outcome == '+';
		else
			out->anybody = outcome != '-' && outcome != '~';
	}
}
