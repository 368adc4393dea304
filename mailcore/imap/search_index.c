/* The store's index asked, so that most messages need not be looked at. */
#include "mailcore/imap/searching.h"

#include "mailcore/store/search.h"

enum {
	/* So few that cannot fit are read along with those that may. */
	GAP = 4,
	/* Texts of one command that the index is asked for, as each answer
	 * takes memory; of the others any message may hold them. */
	ASKED_MOST = 32,
	/* More unknown ones than that: the searcher has not been here. */
	UNKNOWN_MOST = 256
};

static bool
is_text(const struct key *k)
{
	return (k->kind == KEY_TEXT || k->kind == KEY_BODY
		   || k->kind == KEY_HEADER)
	    && k->text.n > 0;
}

/* Recursion is bounded by the parser: LIMIT_IMAP_NESTING.  `*any`: there is
 * one that the index knows about. */
static result
ask(struct searching *x, struct key *k, size_t *asked, bool *any)
{
	for (struct key *in = k->first; in != NULL; in = in->next)
		TRY(ask(x, in, asked, any));
	if (!is_text(k) || *asked == ASKED_MOST)
		return done();
	(*asked)++;
	k->hits = arena_alloc(x->c->arena, sizeof *k->hits);
	TRY(arena_result(x->c->arena));
	TRY(search_find(x->c->account, k->text, k->hits));
	*any = *any || k->hits->known > 0;
	return done();
}

static bool
may_hold(const struct key *k, int64_t body)
{
	switch ((int)k->kind) {
	case KEY_TEXT:
	case KEY_BODY:
	case KEY_HEADER:
		return k->hits == NULL || search_may_hold(k->hits, body);
	case KEY_OR:
		return may_hold(k->first, body)
		    || may_hold(k->first->next, body);
	case KEY_AND:
		for (k = k->first; k != NULL; k = k->next)
			if (!may_hold(k, body))
				return false;
		return true;
	default:
		return true;
	}
}

static void
visit_body(void *context, uint32_t uid, int64_t body)
{
	struct searching *x = context;
	const struct box *b = x->s->box;
	size_t at = x->next;

	/* Mostly the one behind the one before. */
	while (at < x->end && b->messages[at].uid < uid && at < x->next + 8)
		at++;
	if (at == x->end || b->messages[at].uid != uid)
		at = box_find(b, uid);
	if (at == SIZE_MAX || at >= x->end)
		return;
	x->next = at;
	if (!may_hold(x->key, body))
		x->skip[at / 8] |= (unsigned char)(1 << at % 8);
}

result
search_index_ask(struct searching *x)
{
	const struct box *b = x->s->box;
	uint32_t upto = 0;
	size_t asked = 0;
	bool any = false;

	if (x->end == 0 || x->key->cost < COST_SUMMARY)
		return done();
	TRY(command_account(x->s, x->c));
	TRY(ask(x, x->key, &asked, &any));
	if (any) {
		x->skip = arena_alloc(x->c->arena, x->end / 8 + 1);
		TRY(arena_result(x->c->arena));
		TRY(search_each_body(x->c->account, b->collection, visit_body,
		    x, &upto));
		x->next = 0;
	}
	if (x->end - box_at_or_above(b, upto) > UNKNOWN_MOST)
		searcher_note(x->s->services->searcher,
		    account_id(x->c->account));
	return done();
}

static void
free_hits(struct key *k)
{
	for (; k != NULL; k = k->next) {
		free_hits(k->first);
		if (k->hits != NULL)
			search_hits_free(k->hits);
	}
}

void
search_index_free(struct searching *x)
{
	if (x->key != NULL)
		free_hits(x->key);
}

bool
search_index_skips(const struct searching *x, size_t at)
{
	return x->skip != NULL && (x->skip[at / 8] & 1 << at % 8) != 0;
}

size_t
search_index_stop(const struct searching *x)
{
	size_t stop = x->next + 1;

	if (x->skip == NULL)
		return x->end;
	for (size_t at = stop; at < x->end && at - stop < GAP; at++)
		if (!search_index_skips(x, at))
			stop = at + 1;
	return stop;
}
