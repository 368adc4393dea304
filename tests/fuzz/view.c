/* Objects in another form: expanded, in parts, merged, busy times; vCards
 * there and back. */
#include "mailcore/format/ical_attach.h"
#include "mailcore/format/ical_busy.h"
#include "mailcore/format/ical_merge.h"
#include "mailcore/format/ical_view.h"
#include "mailcore/format/ical_zone.h"
#include "mailcore/format/vcard.h"
#include "mailcore/format/vcard_view.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { FROM = 1767225600, TO = FROM + 31 * 86400 };

static void
calendars(view text, struct arena *arena, const struct xml_element *comp)
{
	struct ical_view views[] = {
		{ .expand = true, .from = FROM, .to = TO },
		{ .limit = true, .from = FROM, .to = TO },
		{ .comp = comp },
	};
	struct ical_busy busy = { .from = FROM, .to = TO, .arena = arena };
	struct ical_merge merge = { .arena = arena };
	struct buf b = buf_new(67108864);

	for (size_t i = 0; i < COUNT(views); i++) {
		(void)!ical_view_write(&views[i], text, arena, &b).is;
		buf_reset(&b);
	}
	(void)!ical_busy_add(&busy, text, arena).is;
	if (ical_available_check(text).is == OK)
		(void)!ical_available_add(&busy, text, arena).is;
	ical_busy_write(&busy, VIEW("u"), FROM, &b);
	buf_reset(&b);
	(void)!ical_merge_add(&merge, text, arena, &b).is;
	buf_free(&b);
}

/* What is attached is found, and nothing is left of it when it goes; what has
 * all its time zones needs no more of them. */
static void
changes(view text, struct arena *arena)
{
	const struct ical_attachment a = { VIEW("fuzzed-id"),
		VIEW("https://a.example/"), VIEW("text/plain"),
		VIEW("a;b\"^"), 1 };
	view out, rest, *ids;
	size_t count;
	struct buf b = buf_new(67108864);

	if (ical_attach_add(text, VIEW(""), &a, arena, &out).is == OK) {
		if (ical_attach_list(out, arena, &ids, &count).is == OK
		    && !ical_attach_has(ids, count, a.id))
			abort();
		if (ical_attach_remove(out, a.id, VIEW(""), arena, &rest).is
			== OK
		    && view_find(rest, a.id) != SIZE_MAX
		    && view_find(text, a.id) == SIZE_MAX)
			abort();
	}
	(void)!ical_attach_add(
	    text, VIEW("M,20260302T090000Z"), &a, arena, &out).is;
	(void)!ical_zones_write(text, true, arena, &b).is;
	buf_reset(&b);
	(void)!ical_zones_write(text, false, arena, &b).is;
	buf_free(&b);
}

/* What is a vCard and became 4.0 is read again. */
static void
cards(view text, struct arena *arena)
{
	struct vcard_facts facts;
	struct vcard_view up = { .version = VCARD_4 };
	struct vcard_view down = { .version = VCARD_3 };
	struct buf four = buf_new(67108864), three = buf_new(67108864);
	result r = vcard_view_write(&up, text, arena, &four);

	if (r.is == OK && vcard_examine(text, arena, &facts).is == OK
	    && vcard_view_write(&down, buf_view(&four), arena, &three).is
		== MALFORMED)
		abort();
	buf_free(&four);
	buf_free(&three);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char xml[] =
	    "<comp xmlns='urn:ietf:params:xml:ns:caldav' name='VCALENDAR'>"
	    "<comp name='VEVENT'><prop name='SUMMARY'/>"
	    "<prop name='DTSTART' novalue='yes'/></comp></comp>";
	view text = { (const char *)data, size };
	struct arena *arena = arena_new(134217728);
	struct xml_element *comp;

	if (xml_parse(view_of(xml), arena, &comp).is != OK)
		abort();
	calendars(text, arena, comp);
	cards(text, arena);
	arena_reset(arena);
	changes(text, arena);
	arena_free(&arena);
	return 0;
}
