#include "davd/dav/inside.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

enum { SEGMENTS = 6 }; /* SOGo, dav, user, home, collection, object */

/* iOS from 18.4 on and some proxies encode '@' once too often. */
static view
decode_again(view segment, struct arena *arena)
{
	struct buf b = buf_new(LIMIT_HTTP_TARGET);
	view out = segment;

	if (view_find_byte(segment, '%') == SIZE_MAX)
		return segment;
	if (decode_percent(&b, segment).is == OK)
		out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static enum dav_what
home_of(view segment)
{
	if (view_eq(segment, VIEW("Calendar")))
		return DAV_CALENDARS;
	if (view_eq(segment, VIEW("Contacts")))
		return DAV_BOOKS;
	return DAV_NOTHING;
}

static enum dav_what
proxy_of(view segment)
{
	if (view_eq(segment, VIEW("calendar-proxy-read")))
		return DAV_PROXY_READ;
	if (view_eq(segment, VIEW("calendar-proxy-write")))
		return DAV_PROXY_WRITE;
	return DAV_NOTHING;
}

static bool
is_files(view rest)
{
	view first = view_cut(&rest, '/');

	return view_eq(first, VIEW("Files"));
}

/* "Files/a/b/c": until somebody looks, c is a file in the folder Files/a/b
 * unless a slash follows. */
static void
read_files(struct dav_path *p, view rest)
{
	view whole = rest, left = rest;

	if (p->slash)
		whole = left = view_first(rest, rest.n - 1);
	if (view_ends(whole, VIEW("/")))
		return;
	while (left.n > 0) {
		view segment = view_cut(&left, '/');

		if (segment.n == 0 || segment.n > LIMIT_DAV_NAME)
			return;
	}
	p->what = DAV_FOLDER;
	p->collection = whole;
	if (!p->slash && view_find_byte(whole, '/') != SIZE_MAX) {
		p->what = DAV_FILE;
		p->object = whole;
		p->collection = view_cut_last(&p->object, '/');
	}
	if (p->collection.n > LIMIT_FILE_PATH)
		p->what = DAV_NOTHING;
}

static enum dav_what
what_of(const view *segments, size_t count)
{
	static const enum dav_what calendar[] = { DAV_CALENDARS, DAV_CALENDAR,
		DAV_EVENT };
	static const enum dav_what book[] = { DAV_BOOKS, DAV_BOOK, DAV_CARD };
	enum dav_what home;

	if (count <= 2)
		return DAV_ROOT;
	if (count == 3)
		return DAV_PRINCIPAL;
	home = home_of(segments[3]);
	if (home == DAV_CALENDARS && count > 4
	    && view_eq(segments[4], VIEW("inbox")))
		return count == 5 ? DAV_INBOX : DAV_MESSAGE;
	if (home == DAV_CALENDARS && count > 4
	    && view_eq(segments[4], VIEW("outbox")))
		return count == 5 ? DAV_OUTBOX : DAV_NOTHING;
	if (home == DAV_NOTHING)
		return count == 4 ? proxy_of(segments[3]) : DAV_NOTHING;
	return home == DAV_CALENDARS ? calendar[count - 4] : book[count - 4];
}

static const view open_tree = VIEW_INIT("/SOGo/dav/public/");

struct dav_path
dav_path_parse(view path, struct arena *arena)
{
	struct dav_path p = {
		.user = VIEW(""), .collection = VIEW(""), .object = VIEW("")
	};
	view segments[SEGMENTS], rest = view_from(path, 1);
	size_t count = 0;

	p.slash = view_ends(path, VIEW("/"));
	/* An address has an '@', so this is nobody's name. */
	p.open = view_starts(path, open_tree);
	if (p.open) {
		segments[count++] = VIEW("SOGo");
		segments[count++] = VIEW("dav");
		rest = view_from(path, open_tree.n);
		if (rest.n == 0)
			return p;
	}
	while (rest.n > 0) {
		view segment;

		if (count == 3 && is_files(rest)) {
			p.user = decode_again(segments[2], arena);
			read_files(&p, rest);
			return p;
		}
		segment = view_cut(&rest, '/');
		if (count == SEGMENTS || segment.n == 0
		    || segment.n > LIMIT_DAV_NAME) {
			p.deep = count == SEGMENTS;
			return p;
		}
		segments[count++] = segment;
	}
	p.what = what_of(segments, count);
	p.busy = count == 4 && !p.slash
	    && view_eq(segments[3], VIEW("freebusy.ifb"));
	if (count > 2)
		p.user = decode_again(segments[2], arena);
	if (count > 4)
		p.collection = segments[4];
	if (count > 5)
		p.object = segments[5];
	return p;
}

enum collection_kind
dav_kind(enum dav_what what)
{
	if ((what & (DAV_INBOX | DAV_MESSAGE)) != 0)
		return COLLECTION_INBOX;
	if ((what & DAV_FILES) != 0)
		return COLLECTION_FILES;
	return what == DAV_BOOKS || what == DAV_BOOK || what == DAV_CARD
	    ? COLLECTION_ADDRESSBOOK
	    : COLLECTION_CALENDAR;
}

/* RFC 3986 3.3: these need no encoding in a path. */
static const view keep = VIEW_INIT("@!$'()*+,;=:");

view
dav_principal_href(struct arena *arena, view address)
{
	struct buf b = buf_new(LIMIT_HTTP_TARGET);
	view out;

	buf_add(&b, VIEW("/SOGo/dav/"));
	encode_percent(&b, address, keep);
	buf_add_byte(&b, '/');
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

void
dav_add_segment(struct buf *b, view segment)
{
	encode_percent(b, segment, keep);
}

static view
middle_of(enum dav_what what)
{
	if (what == DAV_PROXY_READ)
		return VIEW("calendar-proxy-read/");
	if (what == DAV_PROXY_WRITE)
		return VIEW("calendar-proxy-write/");
	if (what <= DAV_PRINCIPAL || (what & DAV_FILES) != 0)
		return VIEW("");
	if (what == DAV_OUTBOX)
		return VIEW("Calendar/outbox/");
	return dav_kind(what) == COLLECTION_ADDRESSBOOK ? VIEW("Contacts/")
							: VIEW("Calendar/");
}

view
dav_href(const struct dav *d, struct arena *arena, enum dav_what what,
    view collection, view object)
{
	struct buf b = buf_new(LIMIT_HTTP_TARGET);
	view out;

	buf_add(&b, d->path.open ? open_tree : VIEW("/SOGo/dav/"));
	if (what != DAV_ROOT) {
		encode_percent(&b, d->tree.address, keep);
		buf_add_byte(&b, '/');
	}
	buf_add(&b, middle_of(what));
	if ((what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0) {
		encode_percent(&b, collection, keep);
		buf_add_byte(&b, '/');
	}
	if ((what & DAV_OBJECTS) != 0)
		encode_percent(&b, object, keep);
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

bool
dav_href_path(
    const struct dav *d, struct arena *arena, view href, struct dav_path *out)
{
	struct buf b = buf_new(LIMIT_HTTP_TARGET);
	view origin = d->request->origin;
	bool good;

	href = view_trim(href);
	if (origin.n > 0 && view_starts_same(href, origin))
		href = view_from(href, origin.n);
	good = view_at(href, 0) == '/'
	    && view_find_same(href, VIEW("%2f")) == SIZE_MAX
	    && decode_percent(&b, href).is == OK;
	*out = dav_path_parse(
	    good ? arena_copy(arena, buf_view(&b)) : VIEW(""), arena);
	buf_free(&b);
	return good;
}
