/* What was found, told: RFC 3501 7.2.5, RFC 4731, 5182, 5267, 9394. */
#include "mailcore/imap/searching.h"

#include "mailcore/format/nstring.h"

#include <stdlib.h>
#include <string.h>

static uint32_t
number_of(void *context, size_t at)
{
	const struct searching *x = context;

	return x->c->uid ? x->s->box->messages[at].uid : (uint32_t)at + 1;
}

static uint32_t
id_of(struct searching *x, size_t i)
{
	return number_of(x, x->order.list[i].at);
}

void
saved_free(struct imap *s)
{
	free(s->saved.ranges);
	s->saved = (struct idset){ 0 };
}

static int
by_uid(const void *a, const void *b)
{
	const struct idrange *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* With MIN or MAX alone, those are what is saved (RFC 5182 2.4), and what the
 * MODSEQ is of (RFC 7162 3.1.10). */
static bool
counts(const struct searching *x, size_t i)
{
	if ((x->returns & (RETURN_MIN | RETURN_MAX)) == 0
	    || (x->returns & (RETURN_ALL | RETURN_COUNT | RETURN_PARTIAL))
		!= 0)
		return true;
	return (i == 0 && (x->returns & RETURN_MIN) != 0)
	    || (i + 1 == x->order.length && (x->returns & RETURN_MAX) != 0);
}

static void
find_modseq(struct searching *x)
{
	for (size_t i = 0; i < x->order.length; i++) {
		size_t at = x->order.list[i].at;

		if (counts(x, i) && x->s->box->messages[at].modseq > x->modseq)
			x->modseq = x->s->box->messages[at].modseq;
	}
}

static void
save(struct searching *x)
{
	const struct ordering *o = &x->order;
	struct idset *set = &x->s->saved;

	saved_free(x->s);
	set->ranges = calloc(o->length + 1, sizeof *set->ranges);
	if (set->ranges == NULL)
		abort();
	for (size_t i = 0; i < o->length; i++) {
		uint32_t uid = x->s->box->messages[o->list[i].at].uid;

		if (counts(x, i))
			set->ranges[set->count++]
			    = (struct idrange){ uid, uid };
	}
	if (set->count > 1)
		qsort(set->ranges, set->count, sizeof *set->ranges, by_uid);
	idset_resolve(set, 0);
	set->saved = true;
}

static void
answer_plain(struct searching *x, bool modseq, struct buf *out)
{
	const struct ordering *o = &x->order;

	buf_add_text(out, o->kind == ORDER_SORT ? "* SORT" : "* SEARCH");
	for (size_t i = 0; i < o->length; i++)
		buf_print(out, " %u", id_of(x, i));
	if (modseq && o->length > 0)
		buf_print(out, " (MODSEQ %lld)", (long long)x->modseq);
	buf_add(out, VIEW("\r\n"));
}

static void
add_set(struct searching *x, size_t from, size_t to, struct buf *out)
{
	struct idset_writer w = idset_to(out);

	for (size_t i = from; i < to; i++)
		idset_put(&w, id_of(x, i));
	idset_end(&w);
}

static void
add_partial(struct searching *x, struct buf *out)
{
	const struct window *w = &x->window;
	const char *minus = w->from_end ? "-" : "";
	size_t first, end;

	window_clip(w, x->order.length, &first, &end);
	buf_print(out, " PARTIAL (%s%u:%s%u ", minus, w->from, minus, w->to);
	if (first < end)
		add_set(x, first, end, out);
	else
		buf_add(out, VIEW("NIL"));
	buf_add_byte(out, ')');
}

static void
answer_extended(struct searching *x, bool modseq, struct buf *out)
{
	size_t count = x->order.length;

	buf_add(out, VIEW("* ESEARCH (TAG "));
	nstring_add(out, x->c->tag);
	buf_add_text(out, x->c->uid ? ") UID" : ")");
	if (count > 0 && (x->returns & RETURN_MIN) != 0)
		buf_print(out, " MIN %u", id_of(x, 0));
	if (count > 0 && (x->returns & RETURN_MAX) != 0)
		buf_print(out, " MAX %u", id_of(x, count - 1));
	if (count > 0 && (x->returns & RETURN_ALL) != 0) {
		buf_add(out, VIEW(" ALL "));
		add_set(x, 0, count, out);
	}
	if ((x->returns & RETURN_PARTIAL) != 0)
		add_partial(x, out);
	if ((x->returns & RETURN_COUNT) != 0)
		buf_print(out, " COUNT %zu", count);
	if (modseq && count > 0)
		buf_print(out, " MODSEQ %lld", (long long)x->modseq);
	buf_add(out, VIEW("\r\n"));
}

static result
answer_threads(struct searching *x, struct buf *out)
{
	size_t before = out->n;
	result r;

	buf_add(out, VIEW("* THREAD"));
	if (x->order.length > 0)
		buf_add_byte(out, ' ');
	r = thread_write(&x->order, number_of, x, out);
	if (r.is != OK) {
		buf_cut(out, before);
		return r;
	}
	buf_add(out, VIEW("\r\n"));
	return done();
}

result
searching_answer(struct searching *x, struct buf *out)
{
	bool modseq = search_wants_modseq(x->key);
	const struct ordering *o = &x->order;

	if (modseq) {
		select_enable_condstore(x->s, out);
		find_modseq(x);
	}
	if ((x->returns & RETURN_SAVE) != 0)
		save(x);
	if (o->kind == ORDER_SUBJECT || o->kind == ORDER_REFERENCES)
		TRY(answer_threads(x, out));
	else if (!x->extended)
		answer_plain(x, modseq, out);
	else if (x->returns != RETURN_SAVE)
		answer_extended(x, modseq, out);
	return done();
}
