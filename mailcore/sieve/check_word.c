/* What single words want of their arguments, as far as these are constant:
 * a fault is told when a script is stored, not when mail arrives. */
#include "mailcore/base/ascii.h"
#include "mailcore/sieve/run.h"

struct check {
	struct arena *arena;
	const struct sieve *script;
	const struct sieve_node *node;
	struct sieve_error *error;
};

static result
refuse(const struct check *c, const char *why, view what)
{
	return sieve_fault(c->error, c->node->line, why, what);
}

static bool
is_one_of(view word, const char *list)
{
	view words = view_of(list);

	while (words.n > 0)
		if (view_same(view_cut(&words, ' '), word))
			return true;
	return false;
}

/* RFC 5228 2.7.3, RFC 5231 4. */
static result
check_match(const struct check *c)
{
	const struct sieve_value *v = c->node->values;
	view comparator = v[SLOT_COMPARATOR].count > 0
	    ? v[SLOT_COMPARATOR].strings[0] : VIEW("i;ascii-casemap");
	bool numeric = view_same(comparator, VIEW("i;ascii-numeric"));

	if (!is_one_of(comparator,
		"i;octet i;ascii-casemap i;ascii-numeric"))
		return refuse(c, "RFC 5228 2.7.3: no such comparator",
		    comparator);
	if (numeric)
		TRY(sieve_needs(c->script, c->node->line, NEED_NUMERIC,
		    comparator, c->error));
	if (numeric && v[SLOT_MATCH].kind != KIND_NONE
	    && (v[SLOT_MATCH].number == MATCH_CONTAINS
		|| v[SLOT_MATCH].number == MATCH_MATCHES))
		return refuse(c, "RFC 4790 9.1: numbers have no substrings",
		    comparator);
	if (v[SLOT_RELATION].kind != KIND_NONE
	    && !is_one_of(v[SLOT_RELATION].strings[0], "gt ge lt le eq ne"))
		return refuse(c, "RFC 5231 4.1: no such relation",
		    v[SLOT_RELATION].strings[0]);
	if (run_has(c->node, SLOT_LAST) && !run_has(c->node, SLOT_INDEX)
	    && c->node->word->ask != ask_duplicate)
		return refuse(c, "RFC 5260 6: :last needs :index",
		    c->node->name);
	return done();
}

/* Nothing of it is known only when mail arrives. */
static bool
is_constant(const struct check *c, view text)
{
	return (c->script->needs & NEED_VARIABLES) == 0
	    || view_find(text, VIEW("${")) == SIZE_MAX;
}

/* RFC 5229 3: "a.b.name" is of a namespace; only "global." is known. */
static bool
is_of_no_namespace(const struct check *c, view inside)
{
	view rest = inside;
	uint64_t n;

	if (view_find_byte(inside, '.') == SIZE_MAX
	    || view_at(inside, inside.n - 1) == '.'
	    || !sieve_is_name(view_first(inside,
		view_find_byte(inside, '.'))))
		return false;
	while (rest.n > 0) {
		view piece = view_cut(&rest, '.');

		if (!sieve_is_name(piece)
		    && !view_number(piece, UINT64_MAX, &n))
			return false;
	}
	return !sieve_is_variable(c->script, inside);
}

static result
check_references(const struct check *c, view text)
{
	size_t at;

	while ((at = view_find(text, VIEW("${"))) != SIZE_MAX) {
		view inside;

		text = view_from(text, at + 2);
		inside = view_first(text, sieve_reference_end(text));
		if (inside.n < text.n && is_of_no_namespace(c, inside))
			return refuse(c, "RFC 5229 3: no such namespace",
			    inside);
	}
	return done();
}

static result
check_strings(const struct check *c)
{
	if ((c->script->needs & NEED_VARIABLES) == 0 || c->script->stored)
		return done();
	for (size_t slot = 0; slot < SLOTS; slot++) {
		const struct sieve_value *v = &c->node->values[slot];

		for (size_t i = 0; i < v->count; i++)
			TRY(check_references(c, v->strings[i]));
	}
	return done();
}

static result
check_address(const struct check *c, enum sieve_slot slot)
{
	const struct sieve_value *v = &c->node->values[slot];
	view address;
	result r;

	if (v->count == 0 || !is_constant(c, v->strings[0]))
		return done();
	r = sieve_address(c->arena, v->strings[0], &address);
	return r.is == MALFORMED ? refuse(c, r.why, v->strings[0]) : r;
}

/* RFC 5435 3.5: "name=value". */
static bool
is_option(view v)
{
	bool has_value = view_find_byte(v, '=') != SIZE_MAX;
	view name = view_cut(&v, '=');

	if (!has_value || name.n == 0 || !ascii_is_alnum(name.p[0]))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i])
		    && view_find_byte(VIEW(".-_"), name.p[i]) == SIZE_MAX)
			return false;
	return view_find_byte(v, '\r') == SIZE_MAX
	    && view_find_byte(v, '\n') == SIZE_MAX;
}

static result
check_notify(const struct check *c)
{
	const struct sieve_value *v = c->node->values;
	view method = v[SLOT_1].strings[0];
	struct sieve_mailto to;
	result r = done();

	if (v[SLOT_IMPORTANCE].count > 0
	    && is_constant(c, v[SLOT_IMPORTANCE].strings[0])
	    && !is_one_of(v[SLOT_IMPORTANCE].strings[0], "1 2 3"))
		return refuse(c, "RFC 5435 3.4: the importance is 1, 2 or 3",
		    v[SLOT_IMPORTANCE].strings[0]);
	for (size_t i = 0; i < v[SLOT_OPTIONS].count; i++)
		if (is_constant(c, v[SLOT_OPTIONS].strings[i])
		    && !is_option(v[SLOT_OPTIONS].strings[i]))
			return refuse(c, "RFC 5435 3.5: an option is"
			    " name=value", v[SLOT_OPTIONS].strings[i]);
	TRY(check_address(c, SLOT_FROM));
	if (is_constant(c, method))
		r = sieve_mailto(c->arena, method, &to);
	return r.is == MALFORMED ? refuse(c, r.why, method) : r;
}

static result
check_global(const struct check *c)
{
	const struct sieve_value *v = &c->node->values[SLOT_1];

	for (size_t i = 0; i < v->count; i++)
		if (!sieve_is_name(v->strings[i]))
			return refuse(c, "RFC 6609 3.4.1: not the name of a"
			    " variable", v->strings[i]);
	return done();
}

/* RFC 5229 4: the name is a constant. */
static result
check_set(const struct check *c)
{
	view name = c->node->values[SLOT_1].strings[0];

	return sieve_is_variable(c->script, name) ? done()
	    : refuse(c, "RFC 5229 4: not the name of a variable", name);
}

/* RFC 6609 3.2: so is this one. */
static result
check_include(const struct check *c)
{
	view name = c->node->values[SLOT_1].strings[0];

	return sieve_is_script_name(name) ? done()
	    : refuse(c, "RFC 6609 3.2: not the name of a script", name);
}

/* RFC 5228 5.1: fields with addresses.  Of those that no RFC names, some have
 * them; these have none. */
static result
check_fields(const struct check *c)
{
	const struct sieve_value *v = &c->node->values[SLOT_1];

	for (size_t i = 0; i < v->count; i++)
		if (is_constant(c, v->strings[i])
		    && is_one_of(v->strings[i], "subject date resent-date"
			" comments keywords received mime-version content-type"
			" content-transfer-encoding content-description"
			" content-disposition"))
			return refuse(c,
			    "RFC 5228 5.1: a field without addresses",
			    v->strings[i]);
	return done();
}

static result
check_envelope(const struct check *c)
{
	const struct sieve_value *v = &c->node->values[SLOT_1];

	for (size_t i = 0; i < v->count; i++)
		if (is_constant(c, v->strings[i])
		    && !is_one_of(v->strings[i], "from to"))
			return refuse(c,
			    "RFC 5228 5.4: no such part of an envelope",
			    v->strings[i]);
	return done();
}

static result
check_redirect(const struct check *c)
{
	return check_address(c, SLOT_1);
}

static result
check_vacation(const struct check *c)
{
	return check_address(c, SLOT_FROM);
}

static result
check_size(const struct check *c)
{
	return run_has(c->node, SLOT_SIZE) ? done()
	    : refuse(c, "RFC 5228 5.9: :over or :under", c->node->name);
}

static result
check_exists(const struct check *c)
{
	return c->node->values[SLOT_1].count > 0 ? done()
	    : refuse(c, "RFC 5228 5.5: which fields?", c->node->name);
}

result
sieve_check_word(struct arena *arena, const struct sieve *script,
    const struct sieve_node *node, struct sieve_error *error)
{
	static const struct {
		sieve_act *act;
		sieve_ask *ask;
		result (*check)(const struct check *);
		bool early; /* a run can do without it */
	} rows[] = {
		{ .act = act_notify, .check = check_notify, .early = true },
		{ .act = act_global, .check = check_global },
		{ .act = act_set, .check = check_set, .early = true },
		{ .act = act_include, .check = check_include, .early = true },
		{ .act = act_redirect, .check = check_redirect,
		    .early = true },
		{ .act = act_vacation, .check = check_vacation,
		    .early = true },
		{ .ask = ask_address, .check = check_fields, .early = true },
		{ .ask = ask_envelope, .check = check_envelope,
		    .early = true },
		{ .ask = ask_size, .check = check_size },
		{ .ask = ask_exists, .check = check_exists },
	};
	const struct check c = { arena, script, node, error };

	TRY(check_match(&c));
	TRY(check_strings(&c));
	/* RFC 5232 3: the name of a variable needs variables. */
	if (node->word->first_optional && run_has(node, SLOT_1)
	    && (node->word->need & NEED_FLAGS) != 0)
		TRY(sieve_needs(script, node->line, NEED_VARIABLES,
		    node->name, error));
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].act == node->word->act
		    && rows[i].ask == node->word->ask
		    && !(rows[i].early && script->stored))
			return rows[i].check(&c);
	return done();
}
