/* The grammar of RFC 5228 8: tokens and the generic shape of commands. */
#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sieve/tree.h"

struct parser {
	struct arena *arena;
	view rest;
	unsigned line;
	unsigned nodes;
	struct sieve_error *error;
};

static result
fault(struct parser *p, const char *why, view what)
{
	return sieve_fault(p->error, p->line, why, view_first(what, 60));
}

static void
take(struct parser *p, size_t n)
{
	view taken = view_first(p->rest, n);

	for (size_t i = 0; i < taken.n; i++)
		p->line += taken.p[i] == '\n' ? 1 : 0;
	p->rest = view_from(p->rest, n);
}

/* White space and comments of both kinds. */
static result
skip(struct parser *p)
{
	for (;;) {
		int c = view_at(p->rest, 0);
		size_t n = 1;

		if (c == '#') {
			n = view_find_byte(p->rest, '\n');
		} else if (c == '/' && view_at(p->rest, 1) == '*') {
			n = view_find(view_from(p->rest, 2), VIEW("*/"));
			if (n == SIZE_MAX)
				return fault(p, "RFC 5228 2.3: a comment"
				    " without its end", VIEW(""));
			n += 4;
		} else if (c < 0 || !ascii_is_space((char)c)) {
			return done();
		}
		take(p, n == SIZE_MAX ? p->rest.n : n);
	}
}

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static view
word(struct parser *p)
{
	size_t n = 0;
	view v;

	while (n < p->rest.n && is_word(p->rest.p[n]))
		n++;
	v = view_first(p->rest, n);
	if (v.n > 0 && ascii_is_digit(v.p[0]))
		v.n = 0;
	take(p, v.n);
	return v;
}

static bool
try(struct parser *p, char c)
{
	if (view_at(p->rest, 0) != c)
		return false;
	take(p, 1);
	return true;
}

/* RFC 5228 2.4.1: with a quantifier of K, M or G. */
static result
number(struct parser *p, uint64_t *out)
{
	size_t n = 0, shift = 0;
	view digits;

	while (n < p->rest.n && ascii_is_digit(p->rest.p[n]))
		n++;
	digits = view_first(p->rest, n);
	take(p, n);
	switch (view_at(p->rest, 0)) {
	case 'K': case 'k':
		shift = 10;
		break;
	case 'M': case 'm':
		shift = 20;
		break;
	case 'G': case 'g':
		shift = 30;
		break;
	default:
		break;
	}
	take(p, shift > 0 ? 1 : 0);
	if (!view_number(digits, (uint64_t)INT64_MAX >> shift, out)
	    || (p->rest.n > 0 && is_word(p->rest.p[0])))
		return fault(p, "RFC 5228 2.4.1: not a number, or too large",
		    digits);
	*out <<= shift;
	return done();
}

static result
quoted(struct parser *p, view *out)
{
	size_t n = 0, end = 0;
	char *to;

	while (end < p->rest.n && p->rest.p[end] != '"')
		end += p->rest.p[end] == '\\' ? 2 : 1;
	if (end >= p->rest.n)
		return fault(p, "RFC 5228 2.4.2: a string without its end",
		    VIEW(""));
	to = arena_alloc(p->arena, end + 1);
	if (to == NULL)
		return arena_result(p->arena);
	for (size_t i = 0; i < end; i++) {
		if (p->rest.p[i] == '\\')
			i++;
		to[n++] = p->rest.p[i];
	}
	*out = (view){ to, n };
	take(p, end + 1);
	return done();
}

/* "text:", behind that word: lines up to a single dot. */
static result
multiline(struct parser *p, view *out)
{
	struct buf text = buf_new(LIMIT_SIEVE_SCRIPT);
	size_t n = view_find_byte(p->rest, '\n');
	view head = view_trim(view_first(p->rest, n)), line;
	bool ended = false;

	if (n == SIZE_MAX || (head.n > 0 && view_at(head, 0) != '#'))
		return fault(p, "RFC 5228 8.1: a line end behind text:", head);
	take(p, n + 1);
	while (!ended && p->rest.n > 0) {
		view after = p->rest;

		(void)view_line(&after, &line);
		take(p, p->rest.n - after.n);
		ended = view_eq(line, VIEW("."));
		if (ended)
			break;
		/* RFC 5228 8.1: a dot alone in front stays. */
		if (view_starts(line, VIEW("..")))
			line = view_from(line, 1);
		buf_add(&text, line);
		buf_add(&text, VIEW("\r\n"));
	}
	*out = arena_copy(p->arena, buf_view(&text));
	buf_free(&text);
	return ended ? arena_result(p->arena)
		     : fault(p, "RFC 5228 8.1: text: without its dot",
			 VIEW(""));
}

/* false: no string begins here. */
static bool
begins_string(const struct parser *p)
{
	return view_at(p->rest, 0) == '"'
	    || view_starts_same(p->rest, VIEW("text:"));
}

static result
string(struct parser *p, view *out)
{
	if (try(p, '"'))
		return quoted(p, out);
	take(p, 5);
	return multiline(p, out);
}

static result
list(struct parser *p, struct sieve_value *v)
{
	size_t room = 0;
	view *more;

	v->kind = KIND_LIST;
	do {
		TRY(skip(p));
		if (!begins_string(p))
			return fault(p, "RFC 5228 2.4.2.1: a list of strings",
			    view_first(p->rest, 10));
		more = arena_more(p->arena, v->strings, v->count, &room,
		    sizeof *more);
		if (more == NULL)
			return arena_result(p->arena);
		v->strings = more;
		TRY(string(p, &v->strings[v->count++]));
		TRY(skip(p));
	} while (try(p, ','));
	return try(p, ']') ? done()
			   : fault(p, "RFC 5228 2.4.2.1: ] is missing",
				 view_first(p->rest, 10));
}

/* NULL: no argument begins here. */
static result
argument(struct parser *p, struct sieve_argument **out)
{
	int c = view_at(p->rest, 0);
	struct sieve_argument *a;

	*out = NULL;
	if (c != ':' && c != '[' && !begins_string(p)
	    && (c < 0 || !ascii_is_digit((char)c)))
		return done();
	a = arena_alloc(p->arena, sizeof *a);
	if (a == NULL)
		return arena_result(p->arena);
	a->line = p->line;
	*out = a;
	if (try(p, ':')) {
		a->value.kind = KIND_TAG;
		a->tag = word(p);
		return a->tag.n > 0
		    ? done()
		    : fault(p, "RFC 5228 2.6.2: a tag is :name", VIEW(":"));
	}
	if (try(p, '['))
		return list(p, &a->value);
	if (!begins_string(p)) {
		a->value.kind = KIND_NUMBER;
		return number(p, &a->value.number);
	}
	a->value.kind = KIND_STRING;
	a->value.count = 1;
	a->value.strings = arena_alloc(p->arena, sizeof(view));
	if (a->value.strings == NULL)
		return arena_result(p->arena);
	return string(p, a->value.strings);
}

static result
arguments(struct parser *p, struct sieve_node *node)
{
	struct sieve_argument **to = &node->arguments;

	for (;;) {
		TRY(skip(p));
		TRY(argument(p, to));
		if (*to == NULL)
			return done();
		to = &(*to)->next;
	}
}

static result
begin_node(struct parser *p, struct sieve_node **out)
{
	struct sieve_node *node = arena_alloc(p->arena, sizeof *node);

	if (node == NULL)
		return arena_result(p->arena);
	if (++p->nodes > LIMIT_SIEVE_NODES)
		return fault(p, "a script of too many commands", VIEW(""));
	*out = node;
	node->line = p->line;
	node->name = word(p);
	return node->name.n > 0
	    ? done()
	    : fault(p, "RFC 5228 8.2: a name was expected",
		  view_first(p->rest, 10));
}

static result test(struct parser *p, unsigned depth,
    struct sieve_node **out);

static result
test_list(struct parser *p, unsigned depth, struct sieve_node **to)
{
	do {
		TRY(skip(p));
		TRY(test(p, depth, to));
		to = &(*to)->next;
		TRY(skip(p));
	} while (try(p, ','));
	return try(p, ')') ? done()
			   : fault(p, "RFC 5228 5: ) is missing",
				 view_first(p->rest, 10));
}

/* What may follow a name: arguments, then a test or several. */
static result
rest_of_node(struct parser *p, unsigned depth, struct sieve_node *node)
{
	if (depth > LIMIT_SIEVE_NESTING)
		return fault(p, "nested too deep", node->name);
	TRY(arguments(p, node));
	if (try(p, '(')) {
		node->has_tests = true;
		return test_list(p, depth + 1, &node->tests);
	}
	if (p->rest.n > 0 && is_word(p->rest.p[0]))
		return test(p, depth + 1, &node->tests);
	return done();
}

static result
test(struct parser *p, unsigned depth, struct sieve_node **out)
{
	TRY(begin_node(p, out));
	return rest_of_node(p, depth, *out);
}

static result commands(struct parser *p, unsigned depth,
    struct sieve_node **to);

static result
command(struct parser *p, unsigned depth, struct sieve_node **out)
{
	struct sieve_node *node;

	TRY(begin_node(p, out));
	node = *out;
	TRY(rest_of_node(p, depth, node));
	TRY(skip(p));
	if (try(p, ';'))
		return done();
	if (!try(p, '{'))
		return fault(p, "RFC 5228 8.2: ; is missing", node->name);
	node->has_block = true;
	TRY(commands(p, depth + 1, &node->block));
	return try(p, '}') ? done()
			   : fault(p, "RFC 5228 8.2: } is missing",
				 node->name);
}

static result
commands(struct parser *p, unsigned depth, struct sieve_node **to)
{
	for (;;) {
		TRY(skip(p));
		if (p->rest.n == 0 || view_at(p->rest, 0) == '}')
			return done();
		TRY(command(p, depth, to));
		to = &(*to)->next;
	}
}

result
sieve_parse(struct arena *arena, view text, struct sieve_node **out,
    struct sieve_error *error)
{
	struct parser p = { .arena = arena, .rest = text, .line = 1,
		.error = error };

	if (!utf8_is_valid(text)
	    || view_find_byte(text, '\0') != SIZE_MAX)
		return fault(&p, "RFC 5228 2.1: a script is UTF-8 without NUL",
		    VIEW(""));
	TRY(commands(&p, 0, out));
	return p.rest.n == 0 ? done()
			     : fault(&p, "RFC 5228 8.2: } without its {",
				   VIEW(""));
}
