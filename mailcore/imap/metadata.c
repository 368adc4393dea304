#include "mailcore/imap/metadata.h"

#include "mailcore/base/ascii.h"
#include "mailcore/format/nstring.h"
#include "mailcore/imap/mailbox.h"
#include "mailcore/imap/reply.h"
#include "mailcore/store/annotation.h"

static const view private = VIEW_INIT("/private");
static const view shared = VIEW_INIT("/shared");

/* RFC 5464 3.2 */
static bool
is_name(view name)
{
	view rest = name;

	if (view_at(name, 0) != '/' || name.p[name.n - 1] == '/')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_graph(name.p[i]) || name.p[i] == '*'
		    || name.p[i] == '%'
		    || (i > 0 && name.p[i] == '/' && name.p[i - 1] == '/'))
			return false;
	rest = view_from(name, 1);
	rest = view_cut(&rest, '/');
	return view_same(rest, VIEW("private"))
	    || view_same(rest, VIEW("shared"));
}

view
metadata_parse_name(struct parse *in)
{
	view given = parse_astring(in);

	if (scan_ok(&in->s)
	    && (given.n == 0 || given.n > LIMIT_IMAP_METADATA_NAME
		|| !is_name(given)))
		scan_fail(&in->s, MALFORMED, "RFC 5464 3.2: not an entry");
	if (!scan_ok(&in->s))
		return VIEW("");
	return arena_lower(in->arena, given);
}

void
metadata_parse_names(struct parse *in, struct metadata_names *out)
{
	out->count = 0;
	out->list = arena_array(in->arena, LIMIT_IMAP_METADATA,
	    sizeof *out->list);
	if (out->list == NULL)
		return;
	if (!scan_try_byte(&in->s, '(')) {
		out->list[out->count++] = metadata_parse_name(in);
		return;
	}
	do {
		if (out->count == LIMIT_IMAP_METADATA) {
			scan_fail(&in->s, OVER_LIMIT, "too many entries");
			return;
		}
		out->list[out->count++] = metadata_parse_name(in);
	} while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 5464 5: entries are a list");
}

bool
metadata_may_ask(unsigned rights)
{
	return (rights & RIGHT_LOOKUP) != 0
	    && (rights
		   & (RIGHT_READ | RIGHT_SEEN | RIGHT_CHANGE | RIGHT_INSERT
		       | RIGHT_POST))
	    != 0;
}

struct telling {
	struct metadata_question *q;
	view name; /* asked for: whole, and behind its first part */
	view inner;
	view scope;
	struct buf *out;
	bool any;
	bool exact; /* the very one was there */
};

static bool
is_in_depth(const struct telling *t, view name)
{
	unsigned levels = 0;

	if (view_eq(name, t->inner))
		return true;
	if (!view_starts(name, t->inner) || view_at(name, t->inner.n) != '/')
		return false;
	for (size_t i = t->inner.n; i < name.n; i++)
		levels += name.p[i] == '/';
	return levels <= t->q->depth;
}

static void
add_value(view value, struct buf *out)
{
	if (view_find_byte(value, '\0') == SIZE_MAX) {
		nstring_add(out, value);
		return;
	}
	buf_print(out, "~{%zu}\r\n", value.n); /* RFC 3516 4.2 */
	buf_add(out, value);
}

static void
tell_one(struct telling *t, view name, const view *value)
{
	struct buf whole = buf_new(2 * LIMIT_IMAP_METADATA_NAME);

	if (value != NULL && value->n > t->q->max_size) {
		if (value->n > t->q->longest)
			t->q->longest = value->n;
		buf_free(&whole);
		return;
	}
	buf_add(&whole, t->scope);
	buf_add(&whole, name);
	buf_add_text(t->out, t->any ? " " : " (");
	nstring_add(t->out, buf_view(&whole));
	buf_add_byte(t->out, ' ');
	if (value == NULL)
		buf_add(t->out, VIEW("NIL"));
	else
		add_value(*value, t->out);
	t->any = true;
	buf_free(&whole);
}

static void
tell_use(struct telling *t, const struct collection *c)
{
	const char *use = mailbox_use(c->use);
	view value;

	if (use == NULL || !view_eq(t->scope, private)
	    || !is_in_depth(t, VIEW("/specialuse")))
		return;
	value = view_of(use);
	t->exact = t->exact || view_eq(t->inner, VIEW("/specialuse"));
	tell_one(t, VIEW("/specialuse"), &value);
}

static result
tell_name(struct imap *s, struct command *c, const struct collection *box,
    struct telling *t)
{
	struct annotation *list;
	size_t count;
	bool mine = view_starts(t->name, private);

	t->scope = mine ? private : shared;
	t->inner = view_from(t->name, t->scope.n);
	t->exact = false;
	TRY(annotation_list(c->account, c->arena, box->id,
	    mine ? s->account : 0, &list, &count));
	tell_use(t, box);
	for (size_t i = 0; i < count; i++) {
		if (!is_in_depth(t, list[i].name))
			continue;
		t->exact = t->exact || view_eq(list[i].name, t->inner);
		tell_one(t, list[i].name, &list[i].value);
	}
	if (!t->exact && t->q->depth == 0)
		tell_one(t, t->inner, NULL);
	return done();
}

result
metadata_tell(struct imap *s, struct command *c, const struct collection *box,
    int64_t owner, struct metadata_question *q, struct buf *out)
{
	size_t before = out->n;
	struct telling t = { .q = q, .out = out };

	TRY(command_account_of(s, c, owner));
	buf_add(out, VIEW("* METADATA "));
	reply_mailbox(s, out, box->name);
	for (size_t i = 0; i < q->names.count; i++) {
		t.name = q->names.list[i];
		TRY(tell_name(s, c, box, &t));
	}
	buf_add(out, VIEW(")\r\n"));
	if (!t.any)
		buf_cut(out, before);
	return done();
}
