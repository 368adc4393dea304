/* Variables (RFC 5229). */
#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sieve/run.h"

#define GLOBAL "global."

bool
sieve_is_name(view v)
{
	if (v.n == 0 || ascii_is_digit(v.p[0]))
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '_')
			return false;
	return true;
}

bool
sieve_is_variable(const struct sieve *script, view v)
{
	if ((script->needs & NEED_INCLUDE) != 0
	    && view_starts_same(v, VIEW(GLOBAL)))
		v = view_from(v, sizeof GLOBAL - 1);
	return sieve_is_name(v);
}

static size_t
find(const struct run *r, unsigned frame, view name)
{
	size_t i = 0;

	while (i < r->variable_count
	    && (r->variable[i].frame != frame
		|| !view_same(name, r->variable[i].name)))
		i++;
	return i;
}

static unsigned
frame_of(const struct run *r)
{
	return (unsigned)r->depth + 1;
}

/* Where the script at work has it, or would. */
static size_t
resolve(const struct run *r, view *name, unsigned *frame)
{
	size_t i;

	*frame = 0;
	if (view_find_byte(*name, '.') != SIZE_MAX) {
		*name = view_from(*name, sizeof GLOBAL - 1);
		return find(r, 0, *name);
	}
	i = find(r, frame_of(r), *name);
	if (i < r->variable_count && r->variable[i].global)
		return find(r, 0, *name);
	*frame = frame_of(r);
	return i;
}

view
run_variable(const struct run *r, view name)
{
	unsigned frame;
	uint64_t n;
	size_t i;

	if (view_number(name, 1000000, &n))
		return n < CAPTURES ? r->captures[n] : VIEW("");
	i = resolve(r, &name, &frame);
	return i < r->variable_count ? r->variable[i].value : VIEW("");
}

void
run_forget(struct run *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->variable_count; i++)
		if (r->variable[i].frame != frame_of(r))
			r->variable[kept++] = r->variable[i];
	r->variable_count = kept;
}

static result
add(struct run *r, const struct variable *v)
{
	if (r->variable_count == LIMIT_SIEVE_VARIABLES)
		return run_fault(r, "RFC 5229 6: too many variables", v->name);
	r->variable[r->variable_count++] = *v;
	return done();
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
	struct variable v = { .value = shortened(value) };
	size_t i;

	if (!sieve_is_variable(r->script, name))
		return run_fault(r, "RFC 5229 3: not the name of a variable",
		    name);
	i = resolve(r, &name, &v.frame);
	v.name = name;
	if (i == r->variable_count)
		return add(r, &v);
	r->variable[i].value = v.value;
	return done();
}

/* RFC 6609 3.4.1. */
result
act_global(struct run *r, const struct sieve_node *node)
{
	const struct sieve_value *names = &node->values[SLOT_1];

	for (size_t i = 0; i < names->count; i++) {
		const struct variable v = { .name = names->strings[i],
			.frame = frame_of(r), .global = true };
		size_t at = find(r, v.frame, v.name);

		if (at == r->variable_count)
			TRY(add(r, &v));
		else if (!r->variable[at].global)
			return run_fault(r, "RFC 6609 3.4.1: it has been set"
			    " in this script already", v.name);
	}
	return done();
}

/* RFC 5229 3: "${name}" or "${3}"; anything else is no reference. */
static bool
is_reference(const struct run *r, view inside)
{
	uint64_t n;

	return sieve_is_variable(r->script, inside)
	    || view_number(inside, 1000000000, &n);
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
		size_t end = sieve_reference_end(inside);

		buf_add(&text, view_first(rest, at));
		inside = view_first(inside, end);
		if (at != SIZE_MAX && end != SIZE_MAX
		    && is_reference(r, inside)) {
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

/* RFC 5435 6: only what is unreserved stays. */
static void
encode_url(struct arena *arena, struct buf *text)
{
	view rest = arena_copy(arena, buf_view(text));

	buf_reset(text);
	while (rest.n > 0) {
		size_t slash = view_find_byte(rest, '/');

		encode_percent(text, view_cut(&rest, '/'), VIEW(""));
		if (slash != SIZE_MAX)
			buf_add(text, VIEW("%2F"));
	}
}

/* RFC 5229 4.1, from the highest precedence down. */
static view
modified(struct run *r, const struct sieve_node *node, view value)
{
	struct buf out = buf_new(6 * value.n + 32);
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
	if (run_has(node, SLOT_URL))
		encode_url(r->arena, &out);
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
