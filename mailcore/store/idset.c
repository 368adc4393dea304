#include "mailcore/store/idset.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

void
idset_free(struct idset *s)
{
	free(s->slots);
	*s = (struct idset){ NULL, 0, 0 };
}

void
idset_clear(struct idset *s)
{
	if (s->n > 0)
		memset(s->slots, 0, s->room * sizeof *s->slots);
	s->n = 0;
}

/* Where `id` is, or the empty slot where it belongs. */
static int64_t *
find(const struct idset *s, int64_t id)
{
	size_t at = (size_t)((uint64_t)id * 0x9e3779b97f4a7c15U >> 32);

	while (s->slots[at & (s->room - 1)] != 0
	    && s->slots[at & (s->room - 1)] != id + 1)
		at++;
	return &s->slots[at & (s->room - 1)];
}

static void
grow(struct idset *s)
{
	struct idset old = *s;
	size_t at = 0;
	int64_t id;

	s->room = old.room == 0 ? FIRST_ROOM : 2 * old.room;
	s->slots = calloc(s->room, sizeof *s->slots);
	if (s->slots == NULL)
		abort();
	while (idset_next(&old, &at, &id))
		*find(s, id) = id + 1;
	free(old.slots);
}

void
idset_add(struct idset *s, int64_t id)
{
	int64_t *slot;

	if (2 * s->n >= s->room)
		grow(s);
	slot = find(s, id);
	if (*slot == 0)
		s->n++;
	*slot = id + 1;
}

void
idset_add_all(struct idset *s, const struct idset *more)
{
	size_t at = 0;
	int64_t id;

	while (idset_next(more, &at, &id))
		idset_add(s, id);
}

bool
idset_next(const struct idset *s, size_t *at, int64_t *id)
{
	while (*at < s->room) {
		int64_t slot = s->slots[(*at)++];

		if (slot != 0) {
			*id = slot - 1;
			return true;
		}
	}
	return false;
}
