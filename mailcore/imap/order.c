#include "mailcore/imap/order.h"

#include "mailcore/base/date.h"
#include "mailcore/format/address.h"
#include "mailcore/format/header.h"
#include "mailcore/format/word.h"

#include <stdlib.h>

static const struct {
	const char *name;
	const char *field; /* whose text it is; NULL: a number */
} keys[] = {
	[SORT_ARRIVAL] = { "ARRIVAL", NULL },
	[SORT_CC] = { "CC", "Cc" },
	[SORT_DATE] = { "DATE", NULL },
	[SORT_FROM] = { "FROM", "From" },
	[SORT_SIZE] = { "SIZE", NULL },
	[SORT_SUBJECT] = { "SUBJECT", "Subject" },
	[SORT_TO] = { "TO", "To" },
	[SORT_DISPLAYFROM] = { "DISPLAYFROM", "From" },
	[SORT_DISPLAYTO] = { "DISPLAYTO", "To" },
};

static void
parse_criterion(struct parse *in, struct ordering *o)
{
	struct criterion *c = &o->criteria[o->count];
	view name = parse_atom(in);
	size_t i = 0;

	if (view_same(name, VIEW("REVERSE"))) {
		c->reverse = true;
		parse_space(in);
		name = parse_atom(in);
	}
	while (i < COUNT(keys) && !view_same(name, view_of(keys[i].name)))
		i++;
	if (i == COUNT(keys)) {
		scan_fail(&in->s, MALFORMED, "RFC 5256 3: no such sort key");
		return;
	}
	c->key = (enum sort_key)i;
	c->at = o->text_count;
	o->text_count += keys[i].field != NULL;
	o->count++;
}

void
order_parse(struct parse *in, struct ordering *o)
{
	scan_byte(&in->s, '(', "RFC 5256 3: sort keys are a list");
	do {
		if (o->count == LIMIT_IMAP_SORT_KEYS) {
			scan_fail(&in->s, OVER_LIMIT, "too many sort keys");
			return;
		}
		parse_criterion(in, o);
	} while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 5256 3: sort keys are a list");
}

/* Folded, and no more of it than counts. */
static view
keep_text(view text, struct arena *arena)
{
	struct buf folded = buf_new(8 * LIMIT_IMAP_SORT_TEXT);
	view copy;

	order_fold(view_first(text, LIMIT_IMAP_SORT_TEXT), &folded);
	copy = arena_copy(arena, buf_view(&folded));
	buf_free(&folded);
	return copy;
}

/* The first address: its local part, or how it is shown (RFC 5957 3).  A
 * group begins with its name, as in ENVELOPE. */
static view
keep_address(view raw, bool display, struct arena *keep, struct arena *work)
{
	struct address_walk walk = address_walk(view_first(raw,
		8 * LIMIT_IMAP_SORT_TEXT), work);
	struct buf text = buf_new(8 * LIMIT_IMAP_SORT_TEXT);
	struct address_item a;
	bool found = false;
	view copy;

	while (!found && address_next(&walk, &a))
		found = a.kind != ADDRESS_GROUP_END;
	if (found && display && a.name.n > 0) {
		word_decode(a.name, &text);
	} else if (found && a.kind == ADDRESS_GROUP) {
		buf_add(&text, a.name);
	} else if (found) {
		buf_add(&text, a.local);
		if (display)
			buf_print(&text, "@%.*s", (int)a.domain.n, a.domain.p);
	}
	copy = keep_text(buf_view(&text), keep);
	buf_free(&text);
	return copy;
}

static view
text_of(const struct criterion *c, struct ordered *m, view header,
    struct ordering *o, struct arena *work)
{
	bool display = c->key == SORT_DISPLAYFROM || c->key == SORT_DISPLAYTO;
	view value = VIEW("");

	if (!header_find(header, view_of(keys[c->key].field), work, &value))
		return VIEW("");
	if (c->key == SORT_SUBJECT)
		return subject_base(value, o->arena, &m->reply);
	return keep_address(value, display, o->arena, work);
}

/* "<a@b> <c@d>"; comments do not occur in real ones. */
static bool
next_id(view *rest, view *id)
{
	for (;;) {
		size_t from = view_find_byte(*rest, '<'), to;

		if (from == SIZE_MAX)
			return false;
		*rest = view_from(*rest, from + 1);
		to = view_find_byte(*rest, '>');
		if (to == SIZE_MAX)
			return false;
		*id = view_trim(view_first(*rest, to));
		*rest = view_from(*rest, to + 1);
		if (id->n > 0 && id->n <= LIMIT_IMAP_SORT_TEXT)
			return true;
	}
}

/* RFC 5256 3: <"a"@b> is <a@b>. */
static view
keep_id(view id, struct arena *arena)
{
	char *to;
	size_t n = 0;

	if (view_find_byte(id, '"') == SIZE_MAX)
		return arena_copy(arena, id);
	to = arena_alloc(arena, id.n);
	for (size_t i = 0; to != NULL && i < id.n; i++) {
		if (id.p[i] == '"')
			continue;
		if (id.p[i] == '\\' && i + 1 < id.n)
			i++;
		to[n++] = id.p[i];
	}
	return (view){ to, n };
}

/* Its own id first ("" without one), then those it refers to (RFC 5256 3,
 * REFERENCES step 1). */
static void
read_ids(struct ordering *o, struct ordered *m, view header,
    struct arena *work)
{
	view ids[LIMIT_IMAP_REFERENCES];
	view value, id = VIEW("");
	size_t count = 0;

	m->ids = arena_array(o->arena, LIMIT_IMAP_REFERENCES + 1,
	    sizeof *m->ids);
	if (m->ids == NULL)
		return;
	if (header_find(header, VIEW("Message-ID"), work, &value)
	    && next_id(&value, &id))
		m->ids[0] = keep_id(id, o->arena);
	m->id_count = 1;
	if (header_find(header, VIEW("References"), work, &value))
		while (next_id(&value, &id))
			ids[count++ % LIMIT_IMAP_REFERENCES] = id;
	if (count == 0
	    && header_find(header, VIEW("In-Reply-To"), work, &value)
	    && next_id(&value, &id))
		ids[count++] = id;
	for (size_t i = count > LIMIT_IMAP_REFERENCES
		     ? count - LIMIT_IMAP_REFERENCES
		     : 0;
	     i < count; i++)
		m->ids[m->id_count++] = keep_id(
		    ids[i % LIMIT_IMAP_REFERENCES], o->arena);
}

/* The header, mostly without opening the body. */
static view
header_of(struct candidate *c)
{
	if (c->summary != NULL && c->summary->header.n > 0)
		return c->summary->header;
	if (!c->body_open)
		c->body_open
		    = body_open(c->account, c->item->body, &c->body).is == OK;
	c->read += c->item->size;
	return !c->body_open ? VIEW("")
			     : view_first(view_first(c->body.bytes,
					      header_length(c->body.bytes)),
				   LIMIT_HEADER);
}

static int64_t
sent_of(const struct candidate *c, view header, struct arena *work)
{
	int64_t sent = c->summary == NULL ? 0 : c->summary->sent;
	view date;

	if (sent == 0 && header_find(header, VIEW("Date"), work, &date)
	    && date_parse_rfc5322(date, &sent).is != OK)
		sent = 0;
	return sent == 0 ? c->item->received : sent;
}

void
order_read(struct ordering *o, struct candidate *c)
{
	struct ordered *m = &o->list[o->done++];
	struct arena *work = arena_new(LIMIT_MIME_WORK);
	view header = header_of(c), subject;

	m->received = c->item->received;
	m->size = c->item->size;
	m->sent = sent_of(c, header, work);
	m->texts = arena_array(o->arena, o->text_count + 1,
	    sizeof *m->texts);
	if (m->texts != NULL) {
		for (size_t i = 0; i < o->count; i++)
			if (keys[o->criteria[i].key].field != NULL)
				m->texts[o->criteria[i].at] = text_of(
				    &o->criteria[i], m, header, o, work);
		if (o->kind >= ORDER_SUBJECT
		    && header_find(header, VIEW("Subject"), work, &subject))
			m->texts[0] = subject_base(subject, o->arena,
			    &m->reply);
	}
	if (o->kind == ORDER_REFERENCES)
		read_ids(o, m, header, work);
	arena_free(&work);
}

static int
by_int(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int
compare(const struct criterion *c, const struct ordered *a,
    const struct ordered *b)
{
	if (c->key == SORT_ARRIVAL)
		return by_int(a->received, b->received);
	if (c->key == SORT_DATE)
		return by_int(a->sent, b->sent);
	if (c->key == SORT_SIZE)
		return by_int((int64_t)a->size, (int64_t)b->size);
	if (a->texts == NULL || b->texts == NULL) /* expunged meanwhile */
		return (a->texts != NULL) - (b->texts != NULL);
	return view_order(a->texts[c->at], b->texts[c->at]);
}

/* qsort has no place for the criteria: a merge sort has, and is stable. */
static void
merge(const struct ordering *o, struct ordered *from, struct ordered *to,
    size_t n)
{
	size_t half = n / 2, i = 0, j = half;

	for (size_t k = 0; k < n; k++) {
		int order = 0;

		if (i == half)
			order = 1;
		else if (j == n)
			order = -1;
		for (size_t c = 0; order == 0 && c < o->count; c++) {
			order = compare(&o->criteria[c], &from[i], &from[j]);
			if (o->criteria[c].reverse)
				order = -order;
		}
		to[k] = order > 0 ? from[j++] : from[i++];
	}
	for (size_t k = 0; k < n; k++)
		from[k] = to[k];
}

/* As deep as the logarithm of the length. */
static void
sort(const struct ordering *o, struct ordered *list, struct ordered *room,
    size_t n)
{
	if (n < 2)
		return;
	sort(o, list, room, n / 2);
	sort(o, list + n / 2, room, n - n / 2);
	merge(o, list, room, n);
}

result
order_sort(struct ordering *o)
{
	struct ordered *room;

	if (o->kind != ORDER_SORT)
		return done();
	room = calloc(o->length + 1, sizeof *room);
	if (room == NULL)
		abort();
	sort(o, o->list, room, o->length);
	free(room);
	return arena_result(o->arena);
}

void
order_free(struct ordering *o)
{
	free(o->list);
	o->list = NULL;
	arena_free(&o->arena);
}
