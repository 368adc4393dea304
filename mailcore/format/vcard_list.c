#include "mailcore/format/vcard_list.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/content_line.h"

struct converting {
	struct arena *arena;
	vcard_list_uid *uid;
	void *context;
	struct buf *out;
	bool open, closed;
	bool has_uid, has_name, has_full;
	view full; /* FN, as it is spelled */
};

static const view mark = VIEW_INIT("VLIST");

bool
vcard_list_is(view text)
{
	view rest = text, line = VIEW("");

	if (view_starts(rest, VIEW("\xef\xbb\xbf")))
		rest = view_from(rest, 3);
	while (view_line(&rest, &line))
		if (view_trim(line).n > 0)
			break;
	return view_same(view_trim(line), VIEW("BEGIN:VLIST"));
}

static void
add(struct buf *out, const char *name, view value)
{
	const struct content_line l = { .group = VIEW(""),
		.name = view_of(name), .parameters = VIEW(""),
		.value = value };

	content_line_add(out, &l);
}

static void
add_member(struct converting *c, view name)
{
	view uid = name;
	bool known;

	name = view_trim(content_unescape(name, c->arena));
	if (name.n == 0)
		return;
	uid = c->uid == NULL ? name : c->uid(c->context, name);
	known = view_starts_same(uid, VIEW("urn:"));
	add(c->out, "X-ADDRESSBOOKSERVER-MEMBER",
	    known ? uid
		  : arena_print(c->arena, "urn:uuid:%.*s", (int)uid.n, uid.p));
}

static void
take(struct converting *c, const struct content_line *l)
{
	static const view dropped[] = { VIEW_INIT("VERSION"),
		VIEW_INIT("X-ADDRESSBOOKSERVER-KIND"), VIEW_INIT("KIND"),
		VIEW_INIT("PRODID"), VIEW_INIT("PROFILE") };

	for (size_t i = 0; i < COUNT(dropped); i++)
		if (view_same(l->name, dropped[i]))
			return;
	if (view_same(l->name, VIEW("CARD"))) {
		add_member(c, l->value);
		return;
	}
	if (view_same(l->name, VIEW("UID")))
		c->has_uid = view_trim(l->value).n > 0;
	if (view_same(l->name, VIEW("N")))
		c->has_name = true;
	if (view_same(l->name, VIEW("FN"))) {
		c->has_full = true;
		c->full = l->value;
	}
	content_line_add(c->out, l);
}

/* RFC 2426 4: FN and N must be there. */
static void
complete(struct converting *c)
{
	if (!c->has_full) {
		c->full = VIEW("List");
		add(c->out, "FN", c->full);
	}
	if (!c->has_name)
		add(c->out, "N",
		    arena_print(c->arena, "%.*s;;;;", (int)c->full.n,
			c->full.p));
	add(c->out, "X-ADDRESSBOOKSERVER-KIND", VIEW("group"));
	add(c->out, "END", VIEW("VCARD"));
}

result
vcard_list_convert(view text, struct arena *arena, vcard_list_uid *uid,
    void *context, struct buf *out)
{
	struct converting c = { .arena = arena, .uid = uid,
		.context = context, .out = out, .full = VIEW("") };
	struct content_lines lines = content_lines_of(text, arena);
	struct content_line l;

	while (content_line_next(&lines, &l)) {
		bool begins = view_same(l.name, VIEW("BEGIN"));
		bool ends = view_same(l.name, VIEW("END"));

		if (c.closed || (begins || ends) != (!c.open || ends)
		    || ((begins || ends)
			&& !view_same(view_trim(l.value), mark)))
			return fail(MALFORMED, "not a VLIST");
		if (begins) {
			c.open = true;
			add(out, "BEGIN", VIEW("VCARD"));
			add(out, "VERSION", VIEW("3.0"));
		} else if (ends) {
			c.closed = true;
		} else {
			take(&c, &l);
		}
	}
	TRY(lines.r);
	if (!c.closed || !c.has_uid)
		return fail(MALFORMED, "not a VLIST with a UID");
	complete(&c);
	TRY(arena_result(arena));
	return buf_result(out);
}
