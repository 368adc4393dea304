#include "mailcore/imap/notify_seen.h"

#include <stdlib.h>

void
notify_seen_free(struct notify_seen **seen)
{
	if (*seen == NULL)
		return;
	arena_free(&(*seen)->arena);
	free(*seen);
	*seen = NULL;
}

static int
order_by_id(const void *a, const void *b)
{
	const struct collection *const *x = a, *const *y = b;

	return (*x)->id < (*y)->id ? -1 : (*x)->id > (*y)->id;
}

static result
read_all(struct account *a, struct notify_seen *seen)
{
	TRY(collection_list(a, seen->arena, COLLECTION_MAILBOX, &seen->list,
	    &seen->count));
	seen->by_id = arena_array(seen->arena, seen->count + 1,
	    sizeof(void *));
	TRY(arena_result(seen->arena));
	for (size_t i = 0; i < seen->count; i++)
		seen->by_id[i] = &seen->list[i];
	qsort(seen->by_id, seen->count, sizeof(void *), order_by_id);
	return done();
}

result
notify_seen_read(struct account *a, int64_t whose, struct notify_seen **out)
{
	struct notify_seen *seen = calloc(1, sizeof *seen);
	result r;

	if (seen == NULL)
		abort();
	seen->arena = arena_new(LIMIT_IMAP_COMMAND_MEMORY);
	r = read_all(a, seen);
	if (r.is == OK && whose != 0)
		r = notes_read(a, seen->arena, whose, &seen->notes);
	if (r.is != OK)
		notify_seen_free(&seen);
	*out = seen;
	return r;
}

result
notify_seen_look(struct imap *s, bool notes, struct notify_seen **out)
{
	*out = NULL;
	TRY(command_account_of(s, s->command, s->account));
	return notify_seen_read(s->command->account, notes ? s->account : 0,
	    out);
}

result
notify_seen_notes(struct imap *s, struct notify_seen *seen)
{
	TRY(command_account_of(s, s->command, s->account));
	return notes_read(s->command->account, seen->arena, s->account,
	    &seen->notes);
}

const struct collection *
notify_seen_find(const struct notify_seen *seen, int64_t id)
{
	size_t low = 0, high = seen->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (seen->by_id[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < seen->count && seen->by_id[low]->id == id
	    ? seen->by_id[low] : NULL;
}
