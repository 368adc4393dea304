/* A tree that means something: names, tags, counts and order. */
#include "mailcore/base/ascii.h"
#include "mailcore/sieve/run.h"

struct check {
	struct arena *arena;
	struct sieve *script;
	struct sieve_error *error;
	bool *over; /* what follows in this block is never reached */
};

void
sieve_error_write(const struct sieve_error *e, struct buf *out)
{
	buf_print(out, "line %u: %s", e->line, e->why);
	if (e->what.n == 0)
		return;
	buf_add(out, VIEW(": \""));
	for (size_t i = 0; i < e->what.n && i < 60; i++)
		buf_add_byte(out, ascii_is_control(e->what.p[i])
			|| e->what.p[i] == '"' ? '?' : e->what.p[i]);
	buf_add(out, VIEW("\""));
}

static const struct sieve_tag *
find_tag(const struct sieve_word *word, view name)
{
	for (size_t g = 0; g < COUNT(word->tags); g++)
		for (const struct sieve_tag *t = word->tags[g];
		    t != NULL && t->name != NULL; t++)
			if (view_same(name, view_of(t->name)))
				return t;
	return NULL;
}

/* A string will do for a list, never the other way round. */
static bool
fits(enum sieve_kind wanted, enum sieve_kind found)
{
	return wanted == found
	    || (wanted == KIND_LIST && found == KIND_STRING);
}

static result
needs(const struct check *c, unsigned line, unsigned need, view what)
{
	return sieve_needs(c->script, line, need, what, c->error);
}

static result
decode_all(const struct check *c, unsigned line, struct sieve_value *v)
{
	if ((c->script->needs & NEED_ENCODED) == 0)
		return done();
	for (size_t i = 0; i < v->count; i++)
		if (sieve_decode(c->arena, &v->strings[i]).is == MALFORMED
		    && !c->script->stored)
			return sieve_fault(c->error, line,
			    "RFC 5228 2.4.2.4: Unicode has no such character",
			    v->strings[i]);
	return arena_result(c->arena);
}

/* The tag at `*at`, with its value behind it. */
static result
take_tag(const struct check *c, struct sieve_node *node,
    struct sieve_argument **at)
{
	const struct sieve_argument *a = *at;
	const struct sieve_tag *t = find_tag(node->word, a->tag);
	struct sieve_value *v;

	if (t == NULL)
		return sieve_fault(c->error, a->line,
		    "RFC 5228 2.6.2: it has no such tag", a->tag);
	TRY(needs(c, a->line, t->need, a->tag));
	v = &node->values[t->slot];
	if (v->kind != KIND_NONE)
		return sieve_fault(c->error, a->line,
		    "RFC 5228 2.7.1: one of its kind stands already",
		    a->tag);
	v->kind = KIND_TAG;
	v->number = t->number;
	if (t->takes == KIND_NONE)
		return done();
	*at = (*at)->next;
	if (*at == NULL || !fits(t->takes, (*at)->value.kind))
		return sieve_fault(c->error, a->line,
		    "RFC 5228 2.6.2: its value is missing", a->tag);
	TRY(decode_all(c, a->line, &(*at)->value));
	node->values[t->into] = (*at)->value;
	/* "days" and "seconds" are numbers of the same unit. */
	if (t->into == SLOT_SECONDS) {
		uint64_t most = (uint64_t)INT32_MAX / t->number;
		uint64_t n = (*at)->value.number;

		node->values[SLOT_SECONDS].number
		    = (n > most ? most : n) * t->number;
	}
	return done();
}

static size_t
count_positional(const struct sieve_node *node)
{
	size_t n = 0;

	while (n < 3 && node->word->positional[n] != KIND_NONE)
		n++;
	return n;
}

static result
take_arguments(const struct check *c, struct sieve_node *node)
{
	struct sieve_argument *positional[3];
	size_t wanted = count_positional(node), n = 0, from = 0;

	for (struct sieve_argument *a = node->arguments; a != NULL;
	    a = a->next) {
		if (a->value.kind == KIND_TAG) {
			TRY(take_tag(c, node, &a));
			continue;
		}
		if (n == wanted)
			return sieve_fault(c->error, a->line,
			    "RFC 5228 2.6: too many arguments", node->name);
		TRY(decode_all(c, a->line, &a->value));
		positional[n++] = a;
	}
	if (node->word->first_optional && n + 1 == wanted)
		from = 1;
	if (n + from != wanted)
		return sieve_fault(c->error, node->line,
		    "RFC 5228 2.6: an argument is missing", node->name);
	for (size_t i = 0; i < n; i++) {
		if (!fits(node->word->positional[from + i],
			positional[i]->value.kind))
			return sieve_fault(c->error, positional[i]->line,
			    "RFC 5228 2.6: an argument of the wrong kind",
			    node->name);
		node->values[SLOT_1 + from + i] = positional[i]->value;
	}
	return done();
}

static result check_nodes(const struct check *c, struct sieve_node *first,
    bool command);
static result check_node(const struct check *c, struct sieve_node *node,
    bool command);

static result
check_shape(const struct check *c, const struct sieve_node *node)
{
	const struct sieve_word *w = node->word;
	size_t tests = 0;

	for (const struct sieve_node *t = node->tests; t != NULL; t = t->next)
		tests++;
	if ((w->tests == TESTS_NONE && tests > 0)
	    || (w->tests == TESTS_ONE && (tests != 1 || node->has_tests))
	    || (w->tests == TESTS_LIST && !node->has_tests))
		return sieve_fault(c->error, node->line,
		    "RFC 5228 2.6: not the tests that belong to it",
		    node->name);
	if (w->block != node->has_block)
		return sieve_fault(c->error, node->line,
		    w->block ? "RFC 5228 3.1: a block is missing"
			     : "RFC 5228 2.6: it takes no block",
		    node->name);
	return done();
}

/* May the script do without an extension? */
static bool
asks(const struct check *c)
{
	return (c->script->needs & NEED_IHAVE) != 0;
}

/* RFC 5463 4: all of them are here, and may be used from now on.  What
 * changes how strings are read comes by require alone. */
static enum sieve_sure
has_all(const struct check *c, const struct sieve_node *node)
{
	const struct sieve_value *v = &node->values[SLOT_1];
	unsigned found = 0;

	for (size_t i = 0; i < v->count; i++) {
		const struct sieve_extension *e
		    = sieve_extension(v->strings[i]);

		if (e == NULL || (e->need & ~c->script->needs
			& (NEED_ENCODED | NEED_VARIABLES)) != 0)
			return SURE_NO;
		found |= e->need;
	}
	c->script->needs |= found;
	return SURE_YES;
}

static enum sieve_sure
opposite(enum sieve_sure sure)
{
	return sure == UNSURE ? UNSURE : sure == SURE_YES ? SURE_NO : SURE_YES;
}

/* The tests of allof or anyof, up to the one that decides: those behind it
 * are never asked. */
static result
check_list(const struct check *c, struct sieve_node *node)
{
	enum sieve_sure ends
	    = node->word->ask == ask_allof ? SURE_NO : SURE_YES;

	node->sure = opposite(ends);
	for (struct sieve_node *t = node->tests; t != NULL; t = t->next) {
		TRY(check_node(c, t, false));
		if (t->sure == UNSURE)
			node->sure = UNSURE;
		if (t->sure == ends && asks(c)) {
			node->sure = ends;
			return done();
		}
	}
	return done();
}

static result
check_test(const struct check *c, struct sieve_node *node)
{
	sieve_ask *ask = node->word->ask;

	if (ask == ask_allof || ask == ask_anyof)
		return check_list(c, node);
	TRY(check_nodes(c, node->tests, false));
	if (ask == ask_true)
		node->sure = SURE_YES;
	else if (ask == ask_false)
		node->sure = SURE_NO;
	else if (ask == ask_not)
		node->sure = opposite(node->tests->sure);
	else if (ask == ask_ihave)
		node->sure = has_all(c, node);
	return done();
}

static result
check_node(const struct check *c, struct sieve_node *node, bool command)
{
	node->word = sieve_word(node->name, command);
	if (node->word == NULL)
		return sieve_fault(c->error, node->line,
		    command ? "RFC 5228 2.6: no such command"
			    : "RFC 5228 2.6: no such test",
		    node->name);
	TRY(needs(c, node->line, node->word->need, node->name));
	node->values = arena_array(c->arena, SLOTS, sizeof *node->values);
	if (node->values == NULL)
		return arena_result(c->arena);
	TRY(check_shape(c, node));
	TRY(take_arguments(c, node));
	TRY(sieve_check_word(c->arena, c->script, node, c->error));
	if (!command)
		return check_test(c, node);
	if (node->word->act == act_stop || node->word->act == act_error
	    || node->word->act == act_return)
		*c->over = asks(c);
	return done();
}

static bool
is_named(const struct sieve_node *node, const char *name)
{
	return node != NULL && view_same(node->name, view_of(name));
}

/* An if and its elsif and else, as far as they were looked at. */
struct chain {
	bool held; /* one of them holds for sure */
	bool open; /* none of them can hold */
};

/* What is never run need not be known here (RFC 5463 4). */
static result
check_branch(const struct check *c, struct sieve_node *node,
    struct chain *chain)
{
	enum sieve_sure sure = SURE_YES;

	if (is_named(node, "if"))
		*chain = (struct chain){ .open = true };
	if (chain->held && asks(c))
		return done();
	TRY(check_nodes(c, node->tests, false));
	if (node->tests != NULL)
		sure = node->tests->sure;
	if (sure != SURE_NO || !asks(c))
		TRY(check_nodes(c, node->block, true));
	*c->over = *c->over && chain->open && sure == SURE_YES;
	chain->held = chain->held || sure == SURE_YES;
	chain->open = chain->open && sure == SURE_NO;
	return done();
}

static result
check_nodes(const struct check *c, struct sieve_node *first, bool command)
{
	const struct sieve_node *before = NULL;
	struct chain chain = { .open = false };

	for (struct sieve_node *node = first; node != NULL && !*c->over;
	    before = node, node = node->next) {
		TRY(check_node(c, node, command));
		if (!command)
			continue;
		if ((is_named(node, "elsif") || is_named(node, "else"))
		    && !is_named(before, "if") && !is_named(before, "elsif"))
			return sieve_fault(c->error, node->line,
			    "RFC 5228 3.1: without its if", node->name);
		if (is_named(node, "require")
		    && before != NULL && !is_named(before, "require"))
			return sieve_fault(c->error, node->line,
			    "RFC 5228 3.2: require stands first", node->name);
		if (node->word->act == act_if)
			TRY(check_branch(c, node, &chain));
	}
	return done();
}

/* The requires are gathered before anything is checked against them. */
static result
gather(const struct check *c)
{
	for (const struct sieve_node *node = c->script->first;
	    is_named(node, "require"); node = node->next) {
		const struct sieve_argument *a = node->arguments;

		for (size_t i = 0; a != NULL && i < a->value.count; i++) {
			const struct sieve_extension *e
			    = sieve_extension(a->value.strings[i]);

			if (e == NULL)
				return sieve_fault(c->error, node->line,
				    "RFC 5228 3.2: no such extension here",
				    a->value.strings[i]);
			c->script->needs |= e->need;
		}
	}
	return done();
}

result
sieve_check(struct arena *arena, struct sieve *script,
    struct sieve_error *error)
{
	bool over = false;
	const struct check c = { arena, script, error, &over };

	TRY(gather(&c));
	return check_nodes(&c, script->first, true);
}

static result
compile(struct arena *arena, view text, bool stored, struct sieve **out,
    struct sieve_error *error)
{
	struct sieve *script = arena_alloc(arena, sizeof *script);
	result r = arena_result(arena);

	*error = (struct sieve_error){ 1, "the script is too large",
		VIEW("") };
	*out = NULL;
	if (text.n > LIMIT_SIEVE_SCRIPT)
		return fail(OVER_LIMIT, "the script is too large");
	if (view_starts(text, VIEW("\xef\xbb\xbf")))
		text = view_from(text, 3);
	if (r.is == OK) {
		script->stored = stored;
		r = sieve_parse(arena, text, &script->first, error);
	}
	if (r.is == OK)
		r = sieve_check(arena, script, error);
	if (r.is == OK)
		*out = script;
	return r;
}

result
sieve_compile(struct arena *arena, view text, struct sieve **out,
    struct sieve_error *error)
{
	return compile(arena, text, false, out, error);
}

result
sieve_compile_stored(struct arena *arena, view text, struct sieve **out,
    struct sieve_error *error)
{
	return compile(arena, text, true, out, error);
}
