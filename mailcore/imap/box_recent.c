/* Which messages a session sees as \Recent: mostly none, or all from one on;
 * more ranges only where several sessions share what comes. */
#include "mailcore/base/heap.h"
#include "mailcore/imap/box.h"
#include "mailcore/imap/flags.h"

bool
box_is_recent(const struct box *b, uint32_t uid)
{
	size_t low = 0, high = b->recent_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->recent[middle].to < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < b->recent_count && b->recent[low].from <= uid;
}

uint32_t
box_flags(const struct box *b, const struct message *m)
{
	uint32_t flags = m->flags & ~(uint32_t)MARK_ALL;

	return box_is_recent(b, m->uid) ? flags | FLAGS_RECENT : flags;
}

size_t
box_count_recent(const struct box *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->recent_count; i++) {
		const struct idrange *range = &b->recent[i];
		size_t end = range->to == UINT32_MAX
		    ? b->count
		    : box_at_or_above(b, range->to + 1);

		n += end - box_at_or_above(b, range->from);
	}
	return n;
}

/* Ranges whose messages are all expunged: so there are never more than
 * messages, or twice that. */
static void
drop_empty(struct box *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->recent_count; i++) {
		struct idrange range = b->recent[i];
		size_t at = box_at_or_above(b, range.from);

		if (at < b->count && b->messages[at].uid <= range.to)
			b->recent[n++] = range;
	}
	b->recent_count = n;
}

void
box_add_recent(struct box *b, uint32_t from, uint32_t to)
{
	size_t n = b->recent_count;

	if (n > 0 && b->recent[n - 1].to == from - 1) {
		b->recent[n - 1].to = to;
		return;
	}
	if (n == b->recent_room)
		drop_empty(b);
	b->recent = heap_more(b->recent, b->recent_count, &b->recent_room,
	    sizeof *b->recent);
	b->recent[b->recent_count++] = (struct idrange){ from, to };
}
