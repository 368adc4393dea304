/* Variables (RFC 5229). */
#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sieve/run.h"

static bool
is_name(view v)
{
	if (v.n == 0 || ascii_is_digit(v.p[0]))
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '_')
			return false;
	return true;
}

view
run_variable(const struct run *r, view name)
{
	uint64_t n;

	if (view_number(name, 1000000, &n))
		return n < CAPTURES ? r->captures[n] : VIEW("");
	for (size_t i = 0; i < r->variable_count; i++)
		if (view_same(name, r->variable[i].name))
			return r->variable[i].value;
	return VIEW("");
}

/* What is longer is cut off between two signs (RFC 5229 3). */
static view
shortened(view v)
{
	size_t n = LIMIT_SIEVE_VARIABLE;

	if (v.n <= n)
		return v;
	while (n > 0 && (v.p[n] & 0xc0) == 0x80)
		n--;
	return view_first(v, n);
}

result
run_set(struct run *r, view name, view value)
{
	size_t i = 0;

	if (!is_name(name))
		return run_fault(r, "RFC 5229 3: not the name of a variable",
		    name);
	while (i < r->variable_count
	    && !view_same(r->variable[i].name, name))
		i++;
	if (i == LIMIT_SIEVE_VARIABLES)
		return run_fault(r, "RFC 5229 6: too many variables", name);
	if (i == r->variable_count)
		r->variable[r->variable_count++].name = name;
	r->variable[i].value = shortened(value);
	return done();
}

/* RFC 5229 3: "${name}" or "${3}"; anything else is no reference. */
static bool
is_reference(view inside)
{
	uint64_t n;

	return is_name(inside) || view_number(inside, 1000000000, &n);
}

result
run_text(struct run *r, view raw, view *out)
{
	struct buf text;
	view rest = raw;
	result done_so_far;

	*out = raw;
	if ((r->script->needs & NEED_VARIABLES) == 0
	    || view_find(raw, VIEW("${")) == SIZE_MAX)
		return done();
	text = buf_new(LIMIT_SIEVE_SCRIPT);
	while (rest.n > 0) {
		size_t at = view_find(rest, VIEW("${"));
		view inside = view_from(view_from(rest, at), 2);
		size_t end = view_find_byte(inside, '}');

		buf_add(&text, view_first(rest, at));
		inside = view_first(inside, end);
		if (at != SIZE_MAX && end != SIZE_MAX
		    && is_reference(inside)) {
			buf_add(&text, run_variable(r, inside));
			rest = view_from(rest, at + end + 3);
			continue;
		}
		rest = view_from(rest, at);
		buf_add(&text, view_first(rest, 2));
		rest = view_from(rest, 2);
	}
	*out = arena_copy(r->arena, buf_view(&text));
	done_so_far = buf_result(&text);
	buf_free(&text);
	TRY(done_so_far);
	TRY(run_spend(r, out->n));
	return arena_result(r->arena);
}

/* RFC 5229 4.1, from the highest precedence down. */
static view
modified(struct run *r, const struct sieve_node *node, view value)
{
	struct buf out = buf_new(2 * value.n + 32);
	uint64_t how = node->values[SLOT_CASE].number;
	uint64_t first = node->values[SLOT_FIRST].number;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (how > 0)
			c = how == 1 ? ascii_lower(c) : ascii_upper(c);
		if (i == 0 && first > 0)
			c = first == 1 ? ascii_lower(c) : ascii_upper(c);
		if (run_has(node, SLOT_QUOTE)
		    && (c == '*' || c == '?' || c == '\\'))
			buf_add_byte(&out, '\\');
		buf_add_byte(&out, c);
	}
	if (run_has(node, SLOT_LENGTH)) {
		view all = buf_view(&out);
		uint64_t n = 0;

		while (all.n > 0) {
			(void)utf8_next(&all);
			n++;
		}
		buf_reset(&out);
		buf_add_number(&out, n);
	}
	value = arena_copy(r->arena, buf_view(&out));
	buf_free(&out);
	return value;
}

result
act_set(struct run *r, const struct sieve_node *node)
{
	view name, value;

	TRY(run_slot(r, node, SLOT_1, &name));
	TRY(run_slot(r, node, SLOT_2, &value));
	return run_set(r, name, modified(r, node, value));
}

result
ask_string(struct run *r, const struct sieve_node *node, bool *answer)
{
	struct matching m;
	view *list;
	size_t count;

	TRY(matching_begin(r, node, SLOT_2, &m));
	TRY(run_strings(r, node, SLOT_1, &list, &count));
	for (size_t i = 0; i < count; i++)
		/* RFC 5231 6: empty strings are not counted. */
		if (m.how != MATCH_COUNT || list[i].n > 0)
			TRY(matching_offer(&m, list[i]));
	return matching_end(&m, answer);
}
