/* SEARCH: RFC 3501 6.4.4, RFC 4731 (ESEARCH), RFC 7162 3.1.5; SORT and
 * THREAD: RFC 5256, 5267 (ESORT), 5957; in pieces. */
#include "mailcore/imap/reply.h"
#include "mailcore/imap/searching.h"

#include "mailcore/store/search.h"
#include "mailcore/sys/clock.h"

#include <stdlib.h>

enum {
	/* Of one piece, so that others get their turn. */
	PIECE_MESSAGES = 2000,
	PIECE_BYTES = 16777216
};

static void
parse_returns(struct parse *in, struct searching *x)
{
	static const struct {
		const char *name;
		int bit;
	} options[] = { { "MIN", RETURN_MIN }, { "MAX", RETURN_MAX },
		{ "ALL", RETURN_ALL }, { "COUNT", RETURN_COUNT },
		{ "SAVE", RETURN_SAVE }, { "PARTIAL", RETURN_PARTIAL } };

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
		if (bit == RETURN_PARTIAL) {
			parse_space(in);
			window_parse(in, &x->window);
		}
	}
	if ((x->returns & RETURN_PARTIAL) != 0
	    && (x->returns & RETURN_ALL) != 0)
		scan_fail(&in->s, MALFORMED,
		    "RFC 9394 3.1: PARTIAL or ALL");
	scan_byte(&in->s, ')', "RFC 4731 3.1: options are a list");
	if (x->returns == 0)
		x->returns = RETURN_ALL;
	parse_space(in);
}

static result
check_charset(struct command *c, view charset)
{
	if (view_same(charset, VIEW("UTF-8"))
	    || view_same(charset, VIEW("US-ASCII")))
		return done();
	c->code = "[BADCHARSET (UTF-8 US-ASCII)] ";
	return fail(NOT_FOUND, "RFC 3501 6.4.4: unknown charset");
}

static enum order_kind
parse_algorithm(struct parse *in)
{
	view name;

	parse_space(in);
	name = parse_atom(in);
	if (view_same(name, VIEW("ORDEREDSUBJECT")))
		return ORDER_SUBJECT;
	if (!view_same(name, VIEW("REFERENCES")))
		scan_fail(&in->s, MALFORMED,
		    "RFC 5256 3: no such threading algorithm");
	return ORDER_REFERENCES;
}

static result
parse_search(struct imap *s, struct command *c, struct searching *x)
{
	struct parse *in = &c->in;
	bool charset = x->order.kind != ORDER_NUMBER;

	if (x->order.kind == ORDER_SUBJECT)
		x->order.kind = parse_algorithm(in);
	parse_space(in);
	if (x->order.kind <= ORDER_SORT && scan_try(&in->s, VIEW("RETURN ")))
		parse_returns(in, x);
	if (x->order.kind == ORDER_SORT) {
		order_parse(in, &x->order);
		parse_space(in);
	}
	if (s->rev2 && !x->extended && x->order.kind == ORDER_NUMBER) {
		/* RFC 9051 6.4.4 */
		x->extended = true;
		x->returns = RETURN_ALL;
	}
	if (s->utf8 && !charset
	    && view_starts_same(in->s.rest, VIEW("CHARSET ")))
		return fail(MALFORMED,
		    "RFC 9755 3: no CHARSET once UTF-8 is enabled");
	if (charset || scan_try(&in->s, VIEW("CHARSET "))) {
		view name = parse_astring(in);

		parse_space(in);
		TRY(scan_result(&in->s));
		TRY(check_charset(c, name));
	}
	x->key = search_parse(in, s->box);
	TRY(scan_result(&in->s));
	c->numbered = search_has_numbers(x->key);
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
	if (!search_index_skips(x, at) && may_fit(x, at))
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

/* The next ones that may fit. */
static result
search_run(struct searching *x)
{
	const struct box *b = x->s->box;
	uint32_t from, to;
	size_t stop;
	result r;

	/* Do not even ask for what cannot fit. */
	while (x->next < x->end
	    && (search_index_skips(x, x->next) || !may_fit(x, x->next)))
		x->next++;
	if (x->next == x->end)
		return done();
	stop = search_index_stop(x);
	from = b->messages[x->next].uid;
	to = b->messages[stop - 1].uid;
	if (x->key->cost >= COST_SUMMARY)
		r = item_each_summary(x->c->account, b->collection, from, to,
		    visit, x);
	else
		r = item_each(x->c->account, b->collection, from, to,
		    visit_plain, x);
	if (x->full)
		return done();
	x->next = stop;
	return r;
}

static result
search_store(struct searching *x)
{
	TRY(command_account(x->s, x->c));
	while (x->next < x->end && !x->full)
		TRY(search_run(x));
	return done();
}

static bool
is_found(const struct searching *x, size_t at)
{
	return (x->found[at / 8] & 1 << at % 8) != 0;
}

/* Those found, as a list; kept with the command. */
static result
list_found(struct searching *x)
{
	struct ordering *o = &x->order;
	size_t count = 0;

	for (size_t i = 0; i < x->end; i++)
		count += is_found(x, i);
	if (o->kind != ORDER_NUMBER && count > LIMIT_IMAP_SORT)
		return fail(OVER_LIMIT, "too many messages to sort");
	o->list = calloc(count + 1, sizeof *o->list);
	if (o->list == NULL)
		abort();
	for (size_t i = 0; i < x->end; i++)
		if (is_found(x, i))
			o->list[o->length++].at = (uint32_t)i;
	if (o->kind == ORDER_NUMBER)
		o->done = o->length;
	else
		o->arena = arena_new(LIMIT_IMAP_SORT_MEMORY);
	return done();
}

static result
visit_found(void *context, const struct item *item,
    const struct item_summary *summary)
{
	struct searching *x = context;
	struct ordering *o = &x->order;
	struct candidate c = { .item = item, .summary = summary,
		.account = x->c->account };
	size_t at = box_find(x->s->box, item->uid);

	if (at == SIZE_MAX) /* not of this mailbox any more */
		return done();
	/* Expunged ones stay where they are, without any text. */
	while (o->done < o->length && o->list[o->done].at < at)
		o->done++;
	if (o->done == o->length || o->list[o->done].at != at)
		return done();
	order_read(o, &c);
	if (c.body_open)
		body_close(&c.body);
	x->read += c.read;
	x->full = ++x->looked >= PIECE_MESSAGES || x->read >= PIECE_BYTES;
	TRY(arena_result(o->arena));
	return x->full ? fail(BUSY, "a piece is full") : done();
}

/* With what messages are put in order by. */
static result
each_summary(struct searching *x, uint32_t from, uint32_t to)
{
	const struct search_list list = {
		.collection = x->s->box->collection, .from = from, .to = to,
		.texts = SEARCH_HEADS, .visit = visit_found, .context = x };
	struct account *a = x->c->account;
	uint32_t upto;

	TRY(search_each_summary(a, &list, &upto));
	return upto >= to ? done()
			  : item_each_summary(a, list.collection, upto + 1,
				to, visit_found, x);
}

static result
read_found(struct searching *x)
{
	const struct box *b = x->s->box;
	struct ordering *o = &x->order;
	result r;

	if (o->done == o->length)
		return done();
	TRY(command_account(x->s, x->c));
	r = each_summary(x, b->messages[o->list[o->done].at].uid,
	    b->messages[o->list[o->length - 1].at].uid);
	if (x->full && arena_result(o->arena).is == OK)
		return done();
	o->done = o->length;
	return r;
}

static void
drop(void *state)
{
	struct searching *x = state;

	search_index_free(x);
	order_free(&x->order);
}

/* One step of it; all found first, then all put in order. */
static result
step(struct searching *x)
{
	if (x->next < x->end && x->key->cost == COST_MEMORY)
		return search_memory(x);
	if (x->next < x->end)
		return search_store(x);
	return read_found(x);
}

/* First all are looked at, then those found are put in order. */
static void
count_progress(const struct searching *x)
{
	const struct ordering *o = &x->order;
	bool sorts = o->kind != ORDER_NUMBER;

	x->c->goal = x->end * (sorts ? 2 : 1);
	x->c->progress = x->next;
	if (o->length > 0 && sorts)
		x->c->progress += x->end * o->done / o->length;
}

static result
go_on(struct imap *s, struct command *c, struct buf *out)
{
	struct searching *x = c->state;

	(void)s;
	x->full = false;
	x->looked = 0;
	x->read = 0;
	TRY(step(x));
	if (x->next == x->end && x->order.list == NULL)
		TRY(list_found(x));
	if (x->next < x->end || x->order.done < x->order.length) {
		c->more = go_on;
		count_progress(x);
		return done();
	}
	TRY(order_sort(&x->order));
	c->text_ok = "searched";
	return searching_answer(x, out);
}

static result
run(struct imap *s, struct command *c, enum order_kind kind, struct buf *out)
{
	struct searching *x = arena_alloc(c->arena, sizeof *x);
	result r;

	TRY(arena_result(c->arena));
	x->s = s;
	x->c = c;
	x->end = s->box->told;
	x->now = clock_now();
	x->order.kind = kind;
	c->state = x;
	c->drop = drop;
	r = parse_search(s, c, x);
	/* RFC 5182 2.1: a NO leaves nothing saved, a BAD all. */
	if (r.is != OK && r.is != MALFORMED
	    && (x->returns & RETURN_SAVE) != 0)
		saved_free(s);
	TRY(r);
	x->found = arena_alloc(c->arena, x->end / 8 + 1);
	TRY(arena_result(c->arena));
	TRY(search_index_ask(x));
	return go_on(s, c, out);
}

result
run_search(struct imap *s, struct command *c, struct buf *out)
{
	return run(s, c, ORDER_NUMBER, out);
}

result
run_sort(struct imap *s, struct command *c, struct buf *out)
{
	return run(s, c, ORDER_SORT, out);
}

result
run_thread(struct imap *s, struct command *c, struct buf *out)
{
	return run(s, c, ORDER_SUBJECT, out);
}
