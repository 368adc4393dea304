#include "davd/dav/acl.h"

#include "mailcore/format/content_line.h"

/*
 * Events that are not for everyone.  Who may see when, but not what, gets the
 * lines that say when; a text of SOGo's stands for the rest.
 */
enum { MEMORY = 67108864 };

enum secrecy { PUBLIC, PRIVATE, CONFIDENTIAL };

/* RFC 5545 3.8.1.3: what we do not know is PRIVATE. */
static enum secrecy
secrecy_of(view bytes, struct arena *arena)
{
	struct content_lines lines = content_lines_of(bytes, arena);
	struct content_line line;
	enum secrecy most = PUBLIC;

	while (content_line_next(&lines, &line)) {
		view value = view_trim(line.value);

		if (!view_same(line.name, VIEW("CLASS"))
		    || view_same(value, VIEW("PUBLIC")))
			continue;
		if (view_same(value, VIEW("CONFIDENTIAL")))
			return CONFIDENTIAL;
		most = PRIVATE;
	}
	return lines.r.is == OK ? most : CONFIDENTIAL;
}

static bool
may_see(unsigned rights, enum secrecy secrecy)
{
	static const unsigned needed[] = { [PUBLIC] = RIGHT_READ,
		[PRIVATE] = RIGHT_READ | RIGHT_PRIVATE,
		[CONFIDENTIAL] = RIGHT_READ | RIGHT_CONFIDENTIAL };

	return (rights & needed[secrecy]) == needed[secrecy];
}

/* What it takes to say when an event is, and to tell it from others. */
static bool
is_shown(view name)
{
	static const view shown[] = { VIEW_INIT("UID"), VIEW_INIT("DTSTAMP"),
		VIEW_INIT("DTSTART"), VIEW_INIT("DTEND"), VIEW_INIT("DUE"),
		VIEW_INIT("DURATION"), VIEW_INIT("RRULE"), VIEW_INIT("RDATE"),
		VIEW_INIT("EXDATE"), VIEW_INIT("RECURRENCE-ID"),
		VIEW_INIT("TRANSP"), VIEW_INIT("STATUS"), VIEW_INIT("CLASS"),
		VIEW_INIT("SEQUENCE") };

	for (size_t i = 0; i < COUNT(shown); i++)
		if (view_same(name, shown[i]))
			return true;
	return false;
}

struct masking {
	struct buf *to;
	unsigned depth;   /* of BEGINs */
	unsigned skipped; /* the depth at which something left out began */
	bool zone;        /* in a VTIMEZONE, which is shown whole */
};

static void
add_stand_in(struct buf *to)
{
	buf_add(to, VIEW("SUMMARY:(Private event)\r\nX-SOGO-SECURE:YES\r\n"));
}

static void
mask_begin(struct masking *m, const struct content_line *line)
{
	view name = view_trim(line->value);
	bool alarm = view_same(name, VIEW("VALARM"));

	m->depth++;
	if (m->skipped != 0)
		return;
	if (m->depth == 2)
		m->zone = view_same(name, VIEW("VTIMEZONE"));
	if (m->depth > 2 && (alarm || !m->zone)) {
		m->skipped = m->depth;
		return;
	}
	content_line_add(m->to, line);
	if (m->depth == 2 && !m->zone)
		add_stand_in(m->to);
}

static void
mask_line(struct masking *m, const struct content_line *line)
{
	if (view_same(line->name, VIEW("BEGIN"))) {
		mask_begin(m, line);
	} else if (view_same(line->name, VIEW("END"))) {
		if (m->skipped == 0)
			content_line_add(m->to, line);
		if (m->skipped == m->depth)
			m->skipped = 0;
		if (m->depth > 0)
			m->depth--;
	} else if (m->skipped == 0) {
		if ((m->depth >= 2 && m->zone) || is_shown(line->name)
		    || (m->depth == 1
			&& (view_same(line->name, VIEW("VERSION"))
			    || view_same(line->name, VIEW("PRODID"))
			    || view_same(line->name, VIEW("CALSCALE")))))
			content_line_add(m->to, line);
	}
}

static bool
is_whole(const struct collection *c, view bytes, unsigned rights)
{
	struct arena *arena;
	bool whole;

	if (c->kind != COLLECTION_CALENDAR
	    || (may_see(rights, CONFIDENTIAL) && may_see(rights, PRIVATE)))
		return true;
	arena = arena_new(MEMORY);
	whole = may_see(rights, secrecy_of(bytes, arena));
	arena_free(&arena);
	return whole;
}

bool
acl_is_masked(const struct dav *d, const struct collection *c,
    const struct item *item)
{
	unsigned rights = d->rights.all ? RIGHT_ALL
					: acl_rights(d, DAV_NOTHING, c);
	struct body body;
	bool whole;

	if (c->kind != COLLECTION_CALENDAR
	    || (may_see(rights, CONFIDENTIAL) && may_see(rights, PRIVATE)))
		return false;
	if (body_open(d->account, item->body, &body).is != OK)
		return true;
	whole = is_whole(c, body.bytes, rights);
	body_close(&body);
	return !whole;
}

view
acl_etag(const struct dav *d, struct arena *arena, const struct collection *c,
    const struct item *item)
{
	return acl_is_masked(d, c, item)
	    ? arena_print(arena, "masked-%lld", (long long)item->modseq)
	    : item->etag;
}

bool
acl_sees_whole(const struct dav *d, const struct collection *c, view bytes)
{
	return d->rights.all
	    || is_whole(c, bytes, acl_rights(d, DAV_NOTHING, c) | RIGHT_READ);
}

view
acl_seen(const struct dav *d, const struct collection *c, view bytes,
    struct buf *made)
{
	struct masking m = { .to = made };
	struct content_lines lines;
	struct content_line line;
	struct arena *arena;

	if (d->rights.all
	    || is_whole(c, bytes, acl_rights(d, DAV_NOTHING, c)))
		return bytes;
	arena = arena_new(MEMORY);
	lines = content_lines_of(bytes, arena);
	while (content_line_next(&lines, &line))
		mask_line(&m, &line);
	if (lines.r.is != OK || buf_result(made).is != OK)
		buf_cut(made, 0);
	arena_free(&arena);
	return buf_view(made);
}
