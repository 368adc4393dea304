/* Two versions of a scheduling object, one behind a line "--" from the other:
 * compared by an organizer and by an attendee, and the one taken in by who
 * has the other.  Whatever is made of them can be read again. */
#include "mailcore/format/itip_apply.h"
#include "mailcore/format/itip_diff.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { NOW = 1767225600 };

static void
must_read(view text)
{
	struct arena *arena = arena_new(134217728);
	struct itip *i;
	result r = itip_read(text, arena, &i);

	if (r.is == MALFORMED || r.is == DENIED || r.is == NOT_FOUND)
		abort();
	arena_free(&arena);
}

static void
look(result r, const struct itip_outcome *o)
{
	if (r.is != OK || o->fault != ITIP_FINE)
		return;
	if (o->rewritten)
		must_read(o->text);
	for (const struct itip_message *m = o->first; m != NULL; m = m->next)
		must_read(m->text);
}

static result
people_of(struct itip *a, struct itip *b, struct arena *arena, bool organizer,
    struct itip_people *out)
{
	view own = (b != NULL ? b : a)->organizer;

	TRY(itip_people_of(a, b, arena, out));
	for (size_t i = 0; i < out->count; i++) {
		out->list[i].self = view_eq(out->list[i].address, own)
		    == organizer;
		out->list[i].status = VIEW("1.2");
	}
	return done();
}

static void
diff(view old, view new, bool organizer)
{
	struct arena *arena = arena_new(134217728);
	struct itip *a = NULL, *b = NULL;
	struct itip_people people;
	struct itip_outcome o;

	if (itip_read(old, arena, &a).is != OK)
		a = NULL;
	if (itip_read(new, arena, &b).is != OK)
		b = NULL;
	if ((a != NULL || b != NULL)
	    && people_of(a, b, arena, organizer, &people).is == OK) {
		if (organizer)
			look(itip_organize(a, b, &people, NOW, &o), &o);
		else
			look(itip_attend(a, b, &people, NOW, &o), &o);
	}
	arena_free(&arena);
}

static void
take(view stored, view message, bool organizer)
{
	struct arena *arena = arena_new(134217728);
	struct itip *a, *b;
	struct itip_people people;
	struct itip_applied out;

	if (itip_read(stored, arena, &a).is != OK)
		a = NULL;
	if (itip_read(message, arena, &b).is == OK
	    && people_of(a, b, arena, organizer, &people).is == OK) {
		(void)itip_speaks_for(b, b->organizer);
		if (itip_apply(a, b, &people, &out).is == OK
		    && out.effect == ITIP_STORE)
			must_read(out.text);
	}
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view all = { (const char *)data, size };
	size_t at = view_find(all, VIEW("\n--\n"));
	view first = view_first(all, at == SIZE_MAX ? size : at + 1);
	view second = at == SIZE_MAX ? VIEW("") : view_from(all, at + 4);

	diff(first, second, true);
	diff(first, second, false);
	take(first, second, true);
	take(first, second, false);
	return 0;
}
