#include "mailcore/imap/box.h"

#include "mailcore/base/heap.h"
#include "mailcore/base/limits.h"
#include "mailcore/imap/box_cache.h"
#include "mailcore/imap/flags.h"
#include "mailcore/imap/keywords.h"

#include <stdlib.h>
#include <string.h>

enum { SYSTEM_FLAGS = 31 };

view
box_keywords(const struct box *b, const struct message *m)
{
	return view_of(b->sets[m->keywords]);
}

result
box_intern(struct box *b, view keywords, uint16_t *out)
{
	char *copy;

	for (size_t i = 0; i < b->set_count; i++) {
		if (view_eq(keywords, view_of(b->sets[i]))) {
			*out = (uint16_t)i;
			return done();
		}
	}
	if (b->set_count >= LIMIT_IMAP_KEYWORD_SETS)
		return fail(OVER_LIMIT, "too many combinations of keywords");
	b->sets = heap_more(b->sets, b->set_count, &b->set_room,
	    sizeof *b->sets);
	copy = heap_resize(NULL, keywords.n + 1, 1);
	if (keywords.n > 0)
		memcpy(copy, keywords.p, keywords.n);
	copy[keywords.n] = '\0';
	*out = (uint16_t)b->set_count;
	b->sets[b->set_count++] = copy;
	return done();
}

view
box_all_keywords(const struct box *b, struct arena *arena)
{
	view all = VIEW("");

	for (size_t i = 0; i < b->set_count; i++) {
		view set = view_of(b->sets[i]);

		while (set.n > 0) {
			view word = view_cut(&set, ' ');

			if (!keywords_has(all, word))
				all = keywords_join(all, word, arena);
		}
	}
	return all;
}

void
box_words_told(struct box *b, view words)
{
	b->words = heap_resize(b->words, words.n + 1, 1);
	if (words.n > 0)
		memcpy(b->words, words.p, words.n);
	b->words[words.n] = '\0';
	b->sets_told = b->set_count;
}

bool
box_has_new_words(struct box *b)
{
	while (b->words != NULL && b->sets_told < b->set_count) {
		view set = view_of(b->sets[b->sets_told]);

		while (set.n > 0)
			if (!keywords_has(view_of(b->words),
				view_cut(&set, ' ')))
				return true;
		b->sets_told++;
	}
	return false;
}

size_t
box_at_or_above(const struct box *b, uint32_t uid)
{
	size_t low = 0, high = b->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->messages[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
box_find(const struct box *b, uint32_t uid)
{
	size_t at = box_at_or_above(b, uid);

	return at < b->count && b->messages[at].uid == uid ? at : SIZE_MAX;
}

uint32_t
box_last_uid(const struct box *b)
{
	return b->count == 0 ? 0 : b->messages[b->count - 1].uid;
}

result
box_resolve(const struct box *b, struct idset *set, bool uid)
{
	uint32_t last = uid ? (b->told == 0 ? 0 : b->messages[b->told - 1].uid)
			    : (uint32_t)b->told;
	bool star = set->star;

	if (set->saved)
		return done();
	idset_resolve(set, last);
	if (!uid && !star && idset_largest(set) > b->told)
		return fail(MALFORMED, "RFC 3501 9: no such message number");
	return done();
}

bool
box_in(const struct box *b, const struct idset *set, bool uid, size_t at)
{
	return idset_has(set, uid || set->saved ? b->messages[at].uid
						: (uint32_t)at + 1);
}

/* The range that holds `id`, or the next one. */
static size_t
range_at_or_above(const struct idset *set, uint32_t id)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->ranges[middle].to < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
box_next_in(const struct box *b, const struct idset *set, bool uid, size_t at)
{
	bool by_uid = uid || set->saved;

	while (at < b->count) {
		uint32_t id = by_uid ? b->messages[at].uid : (uint32_t)at + 1;
		size_t range = range_at_or_above(set, id);

		if (range == set->count)
			return SIZE_MAX;
		if (set->ranges[range].from <= id)
			return at;
		at = by_uid ? box_at_or_above(b, set->ranges[range].from)
			    : set->ranges[range].from - 1;
	}
	return SIZE_MAX;
}

void
box_told_flags(struct box *b, size_t at)
{
	/* Mostly there were none, and what is shared stays so. */
	if ((b->messages[at].flags & (MARK_FLAGS | MARK_MODSEQ)) != 0)
		box_own(b)[at].flags &= (uint16_t)~(MARK_FLAGS | MARK_MODSEQ);
}

void
box_mark(struct box *b, size_t at)
{
	if (!b->marked) {
		b->mark_from = at;
		b->mark_end = at + 1;
	}
	b->marked = true;
	if (at < b->mark_from)
		b->mark_from = at;
	if (at >= b->mark_end)
		b->mark_end = at + 1;
}

static result
append(struct box *b, const struct item *item)
{
	struct message m = { .uid = item->uid,
		.flags = (uint16_t)(item->flags & SYSTEM_FLAGS),
		.modseq = item->modseq };

	TRY(box_intern(b, item->keywords, &m.keywords));
	box_room(b, b->count + 1);
	b->own[b->count++] = m;
	return done();
}

/* One item that is there now. */
static result
merge(struct box *b, const struct item *item)
{
	size_t at = box_find(b, item->uid);
	struct message *m;
	uint16_t keywords, flags = (uint16_t)(item->flags & SYSTEM_FLAGS);

	/* Those appended in this merge may not be in order yet. */
	if (at == SIZE_MAX)
		return append(b, item);
	m = &box_own(b)[at];
	TRY(box_intern(b, item->keywords, &keywords));
	if ((m->flags & SYSTEM_FLAGS) != flags || m->keywords != keywords)
		m->flags |= MARK_FLAGS;
	else if (m->modseq != item->modseq)
		m->flags |= MARK_MODSEQ;
	m->flags = (uint16_t)((m->flags & MARK_ALL & ~MARK_GONE) | flags);
	m->keywords = keywords;
	m->modseq = item->modseq;
	box_mark(b, at);
	return done();
}

static void
note_gone(struct box *b, int64_t modseq)
{
	if (b->gone_modseq == 0 || modseq < b->gone_modseq)
		b->gone_modseq = modseq;
}

static result
visit_change(void *context, const struct item *item, bool gone)
{
	struct box *b = context;
	size_t at;

	if (!gone)
		return merge(b, item);
	at = box_find(b, item->uid);
	if (at != SIZE_MAX) {
		box_own(b)[at].flags |= MARK_GONE;
		box_mark(b, at);
		note_gone(b, item->modseq);
	}
	return done();
}

static result
visit_all(void *context, const struct item *item)
{
	return merge(context, item);
}

void
box_lose(struct box *b)
{
	struct message *own = box_own(b);

	for (size_t i = 0; i < b->count; i++)
		own[i].flags |= MARK_GONE;
	note_gone(b, b->modseq + 1);
	box_mark(b, 0);
	b->mark_end = b->count;
}

static int
by_uid(const void *a, const void *b)
{
	const struct message *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* Changes come by modseq, messages are kept by uid. */
static void
sort_from(struct box *b, size_t from)
{
	for (size_t i = from + 1; i < b->count; i++) {
		if (b->messages[i - 1].uid > b->messages[i].uid) {
			qsort(box_own(b) + from, b->count - from,
			    sizeof *b->messages, by_uid);
			return;
		}
	}
}

static result
merge_since(struct box *b, struct account *a, int64_t since)
{
	size_t before = b->count;
	result r;

	r = item_changes(a, b->collection, since, 0, visit_change, b);
	if (r.is == STALE) {
		/* Tombstones are gone: compare with all that is there. */
		b->count = before;
		box_lose(b);
		r = item_each(a, b->collection, 1, UINT32_MAX, visit_all, b);
	}
	sort_from(b, before);
	return r;
}

struct merging {
	struct box *box;
	struct collection now;
	struct box_cache *cache;
};

static result
read_changes(struct account *a, void *context)
{
	struct merging *m = context;
	struct box *b = m->box;
	struct arena *arena = arena_new(LIMIT_IMAP_LINE);
	result r = collection_get(a, arena, b->collection, &m->now);

	if (r.is == OK && m->now.modseq != b->modseq)
		r = merge_since(b, a, b->modseq);
	if (r.is == OK) {
		b->modseq = m->now.modseq;
		b->uid_next = m->now.uid_next;
	}
	arena_free(&arena);
	return r;
}

/* Inside a write transaction and outside of one alike. */
result
box_merge_here(struct box *b, struct account *a)
{
	struct merging m = { .box = b };
	result r = read_changes(a, &m);

	if (r.is == NOT_FOUND)
		box_lose(b);
	return r;
}

result
box_merge(struct box *b, struct account *a)
{
	struct merging m = { .box = b };
	result r = account_read(a, read_changes, &m);

	if (r.is == NOT_FOUND)
		box_lose(b);
	return r;
}

/* Nothing is to be told of a mailbox that is just opened. */
static void
forget_marks(struct box *b)
{
	struct message *own = b->marked ? box_own(b) : NULL;
	size_t n = 0;

	for (size_t i = 0; b->marked && i < b->count; i++) {
		if ((own[i].flags & MARK_GONE) != 0)
			continue;
		own[n] = own[i];
		own[n++].flags &= SYSTEM_FLAGS;
	}
	if (b->marked)
		b->count = n;
	b->marked = false;
	b->gone_modseq = 0;
}

/* From the first message on, or from where somebody else was. */
static result
read_messages(struct account *a, struct merging *m)
{
	struct box *b = m->box;

	b->uid_validity = m->now.uid_validity;
	if (box_cache_take(m->cache, account_id(a), b, m->now.modseq))
		return b->modseq == m->now.modseq
		    ? done()
		    : merge_since(b, a, b->modseq);
	box_room(b, (size_t)m->now.items + 1);
	return item_each(a, b->collection, 1, UINT32_MAX, visit_all, b);
}

static result
read_all(struct account *a, void *context)
{
	struct merging *m = context;
	struct box *b = m->box;
	struct arena *arena = arena_new(LIMIT_IMAP_LINE);
	result r = collection_get(a, arena, b->collection, &m->now);

	b->count = 0;
	if (r.is == OK)
		r = read_messages(a, m);
	b->modseq = m->now.modseq;
	b->uid_next = m->now.uid_next;
	b->uid_validity = m->now.uid_validity;
	b->recent_from = m->now.recent_from;
	arena_free(&arena);
	return r;
}

static result
open_with(struct account *a, struct box like, struct box_cache *cache,
    bool here, struct box **out)
{
	struct box *b = heap_resize(NULL, 1, sizeof *b);
	struct merging m = { .box = b, .cache = cache };
	uint16_t none;
	result r;

	*b = like;
	*out = NULL;
	r = box_intern(b, VIEW(""), &none);
	if (r.is == OK)
		r = here ? read_all(a, &m) : account_read(a, read_all, &m);
	forget_marks(b);
	b->told = b->count;
	if (r.is == OK) {
		box_cache_keep(cache, account_id(a), b);
		*out = b;
		b = NULL;
	}
	box_free(&b);
	return r;
}

result
box_open(struct account *a, struct box_cache *cache, int64_t collection,
    bool read_only, struct box **out)
{
	struct box like = { .collection = collection, .read_only = read_only };

	return open_with(a, like, cache, false, out);
}

result
box_open_here(struct account *a, int64_t collection, struct box **out)
{
	struct box like = { .collection = collection };

	return open_with(a, like, NULL, true, out);
}

void
box_free(struct box **b)
{
	if (*b == NULL)
		return;
	for (size_t i = 0; i < (*b)->set_count; i++)
		free((*b)->sets[i]);
	free((*b)->sets);
	free((*b)->words);
	free((*b)->recent);
	box_drop(*b);
	free(*b);
	*b = NULL;
}
