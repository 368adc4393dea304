/* Comparators and match types (RFC 5228 2.7, RFC 4790, RFC 5231). */
#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sieve/run.h"

/* Bytes searched cost less than bytes compared one by one. */
enum { SEARCHED = 8 };

static bool
is_octet(const struct matching *m)
{
	return view_same(m->comparator, VIEW("i;octet"));
}

static bool
is_numeric(const struct matching *m)
{
	return view_same(m->comparator, VIEW("i;ascii-numeric"));
}

static view
fold(struct buf *to, view v)
{
	buf_reset(to);
	for (size_t i = 0; i < v.n; i++)
		buf_add_byte(to, ascii_lower(v.p[i]));
	return buf_view(to);
}

result
matching_begin(struct run *r, const struct sieve_node *node,
    enum sieve_slot slot, struct matching *m)
{
	view *keys, *folded;

	*m = (struct matching){ .run = r,
		.how = (enum sieve_match)node->values[SLOT_MATCH].number };
	if (run_has(node, SLOT_COMPARATOR))
		m->comparator = node->values[SLOT_COMPARATOR].strings[0];
	if (run_has(node, SLOT_RELATION))
		m->relation = node->values[SLOT_RELATION].strings[0];
	TRY(run_strings(r, node, slot, &keys, &m->count));
	m->keys = keys;
	if (m->how != MATCH_CONTAINS || is_octet(m))
		return done();
	folded = arena_array(r->arena, m->count, sizeof *folded);
	for (size_t i = 0; folded != NULL && i < m->count; i++)
		folded[i] = arena_copy(r->arena, fold(&r->folded, keys[i]));
	m->keys = folded;
	return arena_result(r->arena);
}

/* One byte of the pattern that stands for itself. */
static view
take_literal(view *p)
{
	view literal;

	if (p->n > 1 && p->p[0] == '\\')
		*p = view_from(*p, 1);
	literal = view_first(*p, 1);
	*p = view_from(*p, 1);
	return literal;
}

/* How many bytes the next sign of `v` has. */
static size_t
sign(view v, bool octets)
{
	view rest = v;

	if (octets || v.n == 0)
		return v.n > 0 ? 1 : 0;
	(void)utf8_next(&rest);
	return v.n - rest.n;
}

/* Where the latest star stands, and what it covers. */
struct star {
	view pattern; /* behind it */
	view value;   /* from where it began */
	size_t taken; /* bytes that it covers */
	size_t number;
	bool set;
};

static void
capture(view *captures, size_t number, view v)
{
	if (captures != NULL && number < CAPTURES)
		captures[number] = v;
}

static bool
same_byte(view a, view b, bool octets)
{
	return octets ? view_eq(a, b) : view_same(a, b);
}

result
glob_match(struct run *r, view pattern, view value, bool octets,
    view *captures, bool *hit)
{
	view p = pattern, v = value;
	struct star star = { .set = false };
	size_t number = 1;
	uint64_t steps = 0;

	*hit = false;
	while (v.n > 0 || p.n > 0) {
		if (++steps % 1024 == 0)
			TRY(run_spend(r, 1024));
		if (view_at(p, 0) == '*') {
			p = view_from(p, 1);
			star = (struct star){ p, v, 0, number++, true };
			capture(captures, star.number, VIEW(""));
			continue;
		}
		if (view_at(p, 0) == '?' && v.n > 0) {
			size_t n = sign(v, octets);

			capture(captures, number++, view_first(v, n));
			p = view_from(p, 1);
			v = view_from(v, n);
			continue;
		}
		if (p.n > 0 && p.p[0] != '?' && v.n > 0) {
			view after = p;

			if (same_byte(take_literal(&after), view_first(v, 1),
				octets)) {
				p = after;
				v = view_from(v, 1);
				continue;
			}
		}
		/* The latest star takes one sign more. */
		if (!star.set || star.taken >= star.value.n)
			return run_spend(r, steps % 1024);
		star.taken += sign(view_from(star.value, star.taken), octets);
		capture(captures, star.number,
		    view_first(star.value, star.taken));
		number = star.number + 1;
		p = star.pattern;
		v = view_from(star.value, star.taken);
	}
	*hit = true;
	capture(captures, 0, value);
	for (; captures != NULL && number < CAPTURES; number++)
		captures[number] = VIEW("");
	return run_spend(r, steps % 1024);
}

/* RFC 4790 9.1.1: leading digits; without any: infinity. */
static bool
leading_number(view v, view *digits)
{
	size_t n = 0, zeros = 0;

	while (n < v.n && ascii_is_digit(v.p[n]))
		n++;
	while (zeros + 1 < n && v.p[zeros] == '0')
		zeros++;
	*digits = view_from(view_first(v, n), zeros);
	return n > 0;
}

static int
order_numbers(view a, view b)
{
	view x, y;
	bool is_a = leading_number(a, &x), is_b = leading_number(b, &y);

	if (!is_a || !is_b)
		return is_a == is_b ? 0 : is_a ? -1 : 1;
	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	return view_order(x, y);
}

static int
order(const struct matching *m, view a, view b)
{
	if (is_numeric(m))
		return order_numbers(a, b);
	if (is_octet(m))
		return view_order(a, b);
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		unsigned char x = (unsigned char)ascii_lower(a.p[i]);
		unsigned char y = (unsigned char)ascii_lower(b.p[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

static bool
holds(view relation, int o)
{
	static const struct {
		view name;
		bool below, same, above;
	} rows[] = {
		{ VIEW_INIT("gt"), false, false, true },
		{ VIEW_INIT("ge"), false, true, true },
		{ VIEW_INIT("lt"), true, false, false },
		{ VIEW_INIT("le"), true, true, false },
		{ VIEW_INIT("eq"), false, true, false },
		{ VIEW_INIT("ne"), true, false, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (view_same(relation, rows[i].name))
			return o < 0 ? rows[i].below
			    : o > 0  ? rows[i].above
				     : rows[i].same;
	return false;
}

static result
try_glob(struct matching *m, view key, view value)
{
	struct run *r = m->run;
	view captures[CAPTURES];
	bool variables = (r->script->needs & NEED_VARIABLES) != 0
	    && !m->silent;

	for (size_t i = 0; i < CAPTURES; i++)
		captures[i] = VIEW("");
	TRY(glob_match(r, key, value, is_octet(m), captures, &m->hit));
	/* RFC 5229 3.2: only a match sets them. */
	for (size_t i = 0; m->hit && variables && i < CAPTURES; i++)
		r->captures[i] = arena_copy(r->arena,
		    view_first(captures[i], LIMIT_SIEVE_VARIABLE));
	return arena_result(r->arena);
}

static result
try_key(struct matching *m, view key, view value)
{
	switch (m->how) {
	case MATCH_IS:
		m->hit = is_octet(m) ? view_eq(value, key)
		    : is_numeric(m)  ? order_numbers(value, key) == 0
				     : view_same(value, key);
		return run_spend(m->run, 1 + key.n / SEARCHED);
	case MATCH_CONTAINS:
		m->hit = view_find(value, key) != SIZE_MAX;
		return run_spend(m->run, 1 + value.n / SEARCHED);
	case MATCH_MATCHES:
		return try_glob(m, key, value);
	case MATCH_VALUE:
		m->hit = holds(m->relation, order(m, value, key));
		return run_spend(m->run, 1 + key.n);
	case MATCH_COUNT:
		break;
	}
	return done();
}

result
matching_offer(struct matching *m, view value)
{
	m->found++;
	if (m->hit || m->how == MATCH_COUNT)
		return run_spend(m->run, 1);
	if (m->how == MATCH_CONTAINS && !is_octet(m)) {
		TRY(run_spend(m->run, value.n / SEARCHED));
		value = fold(&m->run->folded, value);
	}
	for (size_t i = 0; i < m->count && !m->hit; i++)
		TRY(try_key(m, m->keys[i], value));
	return done();
}

result
matching_end(struct matching *m, bool *answer)
{
	struct buf number = buf_new(24);

	if (m->how == MATCH_COUNT) {
		struct matching as_number = *m;

		as_number.comparator = m->comparator.n > 0
		    ? m->comparator : VIEW("i;ascii-numeric");
		buf_add_number(&number, m->found);
		for (size_t i = 0; i < m->count && !m->hit; i++)
			m->hit = holds(m->relation,
			    order(&as_number, buf_view(&number), m->keys[i]));
	}
	buf_free(&number);
	*answer = m->hit;
	return run_spend(m->run, 1);
}
