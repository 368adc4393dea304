/* SEARCH: RFC 3501 6.4.4, RFC 4731 (ESEARCH), RFC 7162 3.1.5; in pieces. */
#include "mailcore/imap/reply.h"
#include "mailcore/imap/search.h"

#include "mailcore/format/nstring.h"
#include "mailcore/sys/clock.h"

#include <stdlib.h>

enum {
	RETURN_MIN = 1,
	RETURN_MAX = 2,
	RETURN_ALL = 4,
	RETURN_COUNT = 8,
	/* Of one piece, so that others get their turn. */
	PIECE_MESSAGES = 2000,
	PIECE_BYTES = 16777216
};

/* The command between its pieces; in the command's arena. */
struct searching {
	struct imap *s;
	struct command *c;
	struct key *key;
	bool extended;
	int returns;
	size_t next;
	size_t end; /* messages known when it began */
	unsigned char *found; /* a bit a message */
	int64_t modseq; /* the highest of those found */
	int64_t now;
	unsigned looked;
	uint64_t read;
	bool full;
};

static void
parse_returns(struct parse *in, struct searching *x)
{
	static const struct {
		const char *name;
		int bit;
	} options[] = { { "MIN", RETURN_MIN }, { "MAX", RETURN_MAX },
		{ "ALL", RETURN_ALL }, { "COUNT", RETURN_COUNT } };

	x->extended = true;
	scan_byte(&in->s, '(', "RFC 4731 3.1: options are a list");
	while (scan_ok(&in->s) && scan_peek(&in->s) != ')') {
		view name;
		int bit = 0;

		(void)scan_try_byte(&in->s, ' ');
		name = parse_atom(in);
		for (size_t i = 0; i < COUNT(options); i++)
			if (view_same(name, view_of(options[i].name)))
				bit = options[i].bit;
		if (bit == 0)
			scan_fail(&in->s, MALFORMED,
			    "RFC 4731 3.1: no such option");
		x->returns |= bit;
	}
	scan_byte(&in->s, ')', "RFC 4731 3.1: options are a list");
	if (x->returns == 0)
		x->returns = RETURN_ALL;
	parse_space(in);
}

static result
parse_search(struct imap *s, struct command *c, struct searching *x)
{
	struct parse *in = &c->in;

	parse_space(in);
	if (scan_try(&in->s, VIEW("RETURN ")))
		parse_returns(in, x);
	if (scan_try(&in->s, VIEW("CHARSET "))) {
		view charset = parse_astring(in);

		parse_space(in);
		TRY(scan_result(&in->s));
		if (!view_same(charset, VIEW("UTF-8"))
		    && !view_same(charset, VIEW("US-ASCII"))) {
			c->code = "[BADCHARSET (UTF-8 US-ASCII)] ";
			return fail(NOT_FOUND,
			    "RFC 3501 6.4.4: unknown charset");
		}
	}
	x->key = search_parse(in, s->box);
	TRY(scan_result(&in->s));
	return arena_result(c->arena);
}

static void
look(struct searching *x, struct candidate *c, size_t at)
{
	c->box = x->s->box;
	c->at = at;
	if (search_fits(c, x->key))
		x->found[at / 8] |= (unsigned char)(1 << at % 8);
}

/* Decided by what is in memory? */
static bool
may_fit(const struct searching *x, size_t at)
{
	struct candidate c = { .box = x->s->box, .at = at,
		.most = COST_MEMORY };

	return search_fits(&c, x->key);
}

static result
visit(void *context, const struct item *item,
    const struct item_summary *summary)
{
	struct searching *x = context;
	struct candidate c = { .item = item, .summary = summary,
		.account = x->c->account, .now = x->now, .most = COST_BODY };
	size_t at = box_find(x->s->box, item->uid);

	if (at == SIZE_MAX || at >= x->end || at < x->next)
		return done();
	x->next = at + 1;
	if (may_fit(x, at))
		look(x, &c, at);
	if (c.body_open)
		body_close(&c.body);
	x->read += c.read;
	x->full = ++x->looked >= PIECE_MESSAGES || x->read >= PIECE_BYTES;
	if (c.r.is != OK)
		return c.r;
	return x->full ? fail(BUSY, "a piece is full") : done();
}

static result
visit_plain(void *context, const struct item *item)
{
	return visit(context, item, NULL);
}

static result
search_memory(struct searching *x)
{
	struct candidate c = { .most = COST_BODY };

	for (; x->next < x->end; x->next++)
		look(x, &c, x->next);
	return done();
}

static result
search_store(struct searching *x)
{
	const struct box *b = x->s->box;
	uint32_t last;
	result r;

	/* Do not even ask for what cannot fit. */
	while (x->next < x->end && !may_fit(x, x->next))
		x->next++;
	if (x->next == x->end)
		return done();
	last = b->messages[x->end - 1].uid;
	TRY(command_account(x->s, x->c));
	if (x->key->cost >= COST_SUMMARY)
		r = item_each_summary(x->c->account, b->collection,
		    b->messages[x->next].uid, last, visit, x);
	else
		r = item_each(x->c->account, b->collection,
		    b->messages[x->next].uid, last, visit_plain, x);
	if (x->full)
		return done();
	x->next = x->end;
	return r;
}

static uint32_t
id_of(const struct searching *x, size_t at)
{
	return x->c->uid ? x->s->box->messages[at].uid : (uint32_t)at + 1;
}

static bool
is_found(const struct searching *x, size_t at)
{
	return (x->found[at / 8] & 1 << at % 8) != 0;
}

static void
answer_plain(struct searching *x, bool modseq, struct buf *out)
{
	size_t count = 0;

	buf_add(out, VIEW("* SEARCH"));
	for (size_t i = 0; i < x->end; i++) {
		if (!is_found(x, i))
			continue;
		buf_print(out, " %u", id_of(x, i));
		count++;
	}
	if (modseq && count > 0)
		buf_print(out, " (MODSEQ %lld)", (long long)x->modseq);
	buf_add(out, VIEW("\r\n"));
}

static void
add_all(struct searching *x, struct buf *out)
{
	struct idset_writer w = idset_to(out);

	buf_add(out, VIEW(" ALL "));
	for (size_t i = 0; i < x->end; i++)
		if (is_found(x, i))
			idset_put(&w, id_of(x, i));
	idset_end(&w);
}

static void
answer_extended(struct searching *x, bool modseq, struct buf *out)
{
	size_t count = 0, first = 0, last = 0;

	for (size_t i = 0; i < x->end; i++) {
		if (!is_found(x, i))
			continue;
		if (count++ == 0)
			first = i;
		last = i;
	}
	buf_add(out, VIEW("* ESEARCH (TAG "));
	nstring_add(out, x->c->tag);
	buf_add_text(out, x->c->uid ? ") UID" : ")");
	if (count > 0 && (x->returns & RETURN_MIN) != 0)
		buf_print(out, " MIN %u", id_of(x, first));
	if (count > 0 && (x->returns & RETURN_MAX) != 0)
		buf_print(out, " MAX %u", id_of(x, last));
	if (count > 0 && (x->returns & RETURN_ALL) != 0)
		add_all(x, out);
	if ((x->returns & RETURN_COUNT) != 0)
		buf_print(out, " COUNT %zu", count);
	if (modseq && count > 0)
		buf_print(out, " MODSEQ %lld", (long long)x->modseq);
	buf_add(out, VIEW("\r\n"));
}

static void
answer(struct searching *x, struct buf *out)
{
	bool modseq = search_wants_modseq(x->key);

	for (size_t i = 0; modseq && i < x->end; i++)
		if (is_found(x, i)
		    && x->s->box->messages[i].modseq > x->modseq)
			x->modseq = x->s->box->messages[i].modseq;
	if (x->extended)
		answer_extended(x, modseq, out);
	else
		answer_plain(x, modseq, out);
	x->s->condstore = x->s->condstore || modseq;
	x->c->text_ok = "searched";
}

static result
go_on(struct imap *s, struct command *c, struct buf *out)
{
	struct searching *x = c->state;

	(void)s;
	x->full = false;
	x->looked = 0;
	x->read = 0;
	if (x->key->cost == COST_MEMORY)
		TRY(search_memory(x));
	else
		TRY(search_store(x));
	if (x->next < x->end) {
		c->more = go_on;
		return done();
	}
	answer(x, out);
	return done();
}

result
run_search(struct imap *s, struct command *c, struct buf *out)
{
	struct searching *x = arena_alloc(c->arena, sizeof *x);

	TRY(arena_result(c->arena));
	x->s = s;
	x->c = c;
	x->end = s->box->told;
	x->now = clock_now();
	TRY(parse_search(s, c, x));
	x->found = arena_alloc(c->arena, x->end / 8 + 1);
	TRY(arena_result(c->arena));
	c->state = x;
	return go_on(s, c, out);
}
