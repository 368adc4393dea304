/* What makes two versions of a component the same. */
#include "mailcore/format/itip.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"

#include <stdlib.h>

enum { RULE_PARTS = 32 };

static int
compare(const void *a, const void *b)
{
	const view *x = a, *y = b;

	return view_order(*x, *y);
}

static void
sort(view *list, size_t count)
{
	if (count > 1)
		qsort(list, count, sizeof *list, compare);
}

/* What an organizer's change of does not concern others, or is compared by
 * its meaning. */
static bool
is_shared(view name)
{
	static const view personal[] = { VIEW_INIT("DTSTAMP"),
		VIEW_INIT("LAST-MODIFIED"), VIEW_INIT("CREATED"),
		VIEW_INIT("SEQUENCE"), VIEW_INIT("ATTENDEE"),
		VIEW_INIT("ORGANIZER"), VIEW_INIT("EXDATE"),
		VIEW_INIT("TRANSP"), VIEW_INIT("CLASS"),
		VIEW_INIT("CATEGORIES"), VIEW_INIT("PERCENT-COMPLETE"),
		VIEW_INIT("COMPLETED"), VIEW_INIT("REQUEST-STATUS"),
		VIEW_INIT("DTSTART"), VIEW_INIT("DTEND"), VIEW_INIT("DUE"),
		VIEW_INIT("DURATION"), VIEW_INIT("RRULE"),
		VIEW_INIT("RDATE"), VIEW_INIT("RECURRENCE-ID"),
		VIEW_INIT("UID"), VIEW_INIT("COLOR"),
		VIEW_INIT("COMMENT") };

	if (view_starts_same(name, VIEW("X-")))
		return false;
	for (size_t i = 0; i < COUNT(personal); i++)
		if (view_same(name, personal[i]))
			return false;
	return true;
}

static bool
is_rule(view name)
{
	return view_same(name, VIEW("RRULE")) || view_same(name, VIEW("RDATE"));
}

static void
add_upper(struct buf *b, view v)
{
	for (size_t i = 0; i < v.n; i++)
		buf_add_byte(b, ascii_upper(v.p[i]));
}

/* "NAME value"; a rule's parts may stand in any order. */
static view
normal(const struct itip_line *l, struct arena *arena)
{
	struct buf b = buf_new(LIMIT_CONTENT_LINE + 256);
	view parts[RULE_PARTS] = { { NULL, 0 } };
	view rest = view_trim(l->text.value), out;
	size_t n = 0;

	add_upper(&b, l->text.name);
	buf_add_byte(&b, ' ');
	if (is_rule(l->text.name)) {
		while (rest.n > 0 && n < RULE_PARTS)
			parts[n++] = view_cut(&rest, ';');
		sort(parts, n);
		for (size_t i = 0; i < n; i++) {
			add_upper(&b, parts[i]);
			buf_add_byte(&b, ';');
		}
		buf_add(&b, rest);
	} else {
		buf_add(&b, view_trim(content_unescape(rest, arena)));
	}
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

result
itip_prepare(struct itip_instance *n, struct arena *arena)
{
	size_t rules = 0, shared = 0;

	for (const struct itip_line *l = n->part->first; l != NULL;
	     l = l->next) {
		rules += is_rule(l->text.name);
		shared += is_shared(l->text.name);
	}
	n->rules = arena_array(arena, rules + 1, sizeof *n->rules);
	n->shared = arena_array(arena, shared + 1, sizeof *n->shared);
	n->rule_count = n->shared_count = 0;
	TRY(arena_result(arena));
	for (const struct itip_line *l = n->part->first; l != NULL;
	     l = l->next) {
		if (is_rule(l->text.name))
			n->rules[n->rule_count++] = normal(l, arena);
		else if (is_shared(l->text.name))
			n->shared[n->shared_count++] = normal(l, arena);
	}
	sort(n->rules, n->rule_count);
	sort(n->shared, n->shared_count);
	return arena_result(arena);
}
