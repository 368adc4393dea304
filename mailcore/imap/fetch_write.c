#include "mailcore/imap/fetch.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/message.h"
#include "mailcore/format/nstring.h"
#include "mailcore/imap/flags.h"

/* Of one header, before memory is asked for. */
enum { FIELDS_AT_ONCE = 32 };

void
fetched_close(struct fetched *o)
{
	if (o->body_open)
		body_close(&o->body);
	o->body_open = false;
	arena_free(&o->arena);
}

static result
need_body(struct fetched *o)
{
	if (!o->body_open)
		TRY(body_open(o->account, o->item->body, &o->body));
	o->body_open = true;
	return done();
}

static struct arena *
need_arena(struct fetched *o)
{
	if (o->arena == NULL)
		o->arena = arena_new(LIMIT_MIME_WORK + LIMIT_MESSAGE);
	return o->arena;
}

result
fetched_mime(struct fetched *o)
{
	TRY(need_body(o));
	if (o->mime != NULL)
		return done();
	return mime_parse(o->body.bytes, need_arena(o), &o->mime);
}

/* The header of the whole message, mostly without opening its body. */
static result
need_header(struct fetched *o, view *out)
{
	if (o->summary != NULL && o->summary->header.n > 0) {
		*out = o->summary->header;
		return done();
	}
	TRY(need_body(o));
	*out = view_first(o->body.bytes, header_length(o->body.bytes));
	return done();
}

static bool
is_listed(const struct section *s, view name)
{
	for (size_t i = 0; i < s->field_count; i++)
		if (s->fields[i].n == name.n && view_same(s->fields[i], name))
			return true;
	return false;
}

/* The next field of those that HEADER.FIELDS names, or its opposite. */
static bool
next_picked(const struct section *s, view *header, view *field)
{
	view name, value;

	while (header_next(header, field, &name, &value))
		if (name.n > 0
		    && is_listed(s, name) == (s->what == SECTION_FIELDS))
			return true;
	return false;
}

/* HEADER.FIELDS: those fields as they are, and a blank line. */
static view
pick_fields(const struct section *s, view header, struct arena *arena)
{
	struct buf picked = buf_new(header.n + 2);
	view field, copy;

	while (next_picked(s, &header, &field))
		buf_add(&picked, field);
	buf_add(&picked, VIEW("\r\n"));
	copy = arena_copy(arena, buf_view(&picked));
	buf_free(&picked);
	return copy;
}

static result
find_in_message(struct fetched *o, const struct section *s, view *out)
{
	view header;

	if (s->what == SECTION_ALL || s->what == SECTION_TEXT) {
		TRY(need_body(o));
		*out = o->body.bytes;
		if (s->what == SECTION_TEXT)
			*out = view_from(*out, header_length(*out));
		return done();
	}
	TRY(need_header(o, &header));
	*out = s->what == SECTION_HEADER
	    ? header
	    : pick_fields(s, header, need_arena(o));
	return done();
}

/* What a section names; `*there` false: nothing (NIL). */
static result
find_section(struct fetched *o, const struct section *s, view *out,
    bool *there)
{
	const struct mime_part *part;

	*there = true;
	if (s->count == 0)
		return find_in_message(o, s, out);
	TRY(fetched_mime(o));
	part = mime_find(o->mime, s->numbers, s->count);
	if (part != NULL && s->what == SECTION_ALL) {
		*out = part->body;
		return done();
	}
	if (part != NULL && s->what == SECTION_MIME) {
		*out = part->header;
		return done();
	}
	/* HEADER and TEXT are those of a message in a part. */
	*there = part != NULL && part->message != NULL;
	if (!*there)
		return done();
	*out = part->message->header;
	if (s->what == SECTION_TEXT)
		*out = part->message->body;
	else if (s->what != SECTION_HEADER)
		*out = pick_fields(s, *out, need_arena(o));
	return done();
}

static bool
is_plain(view name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i]) && name.p[i] != '-'
		    && name.p[i] != '_')
			return false;
	return name.n > 0;
}

static void
add_section_name(const struct section *s, struct buf *out)
{
	static const char *const names[] = {
		[SECTION_ALL] = "",
		[SECTION_HEADER] = "HEADER",
		[SECTION_FIELDS] = "HEADER.FIELDS",
		[SECTION_FIELDS_NOT] = "HEADER.FIELDS.NOT",
		[SECTION_TEXT] = "TEXT",
		[SECTION_MIME] = "MIME",
	};

	for (size_t i = 0; i < s->count; i++)
		buf_print(out, "%s%u", i == 0 ? "" : ".", s->numbers[i]);
	if (s->count > 0 && s->what != SECTION_ALL)
		buf_add_byte(out, '.');
	buf_add_text(out, names[s->what]);
	for (size_t i = 0; i < s->field_count; i++) {
		buf_add_text(out, i == 0 ? " (" : " ");
		if (is_plain(s->fields[i]))
			buf_add(out, s->fields[i]);
		else
			nstring_add(out, s->fields[i]);
	}
	if (s->field_count > 0)
		buf_add_byte(out, ')');
}

void
fetch_add_name(const struct fetch_item *item, struct buf *out)
{
	if (item->title.n > 0) {
		buf_add(out, item->title);
		return;
	}
	if (item->name != NULL) {
		buf_add_text(out, item->name);
		return;
	}
	buf_add_text(out, item->kind == FETCH_BINARY ? "BINARY["
		: item->kind == FETCH_BINARY_SIZE    ? "BINARY.SIZE["
						     : "BODY[");
	add_section_name(&item->section, out);
	buf_add_byte(out, ']');
	if (item->partial)
		buf_print(out, "<%llu>", (unsigned long long)item->from);
}

void
fetch_add_literal(const struct fetched *o, view content,
    struct fetch_tail *tail, struct buf *out)
{
	view bytes = o->body_open ? o->body.bytes : VIEW("");
	bool inside = content.n > 0 && bytes.n > 0
	    && (uintptr_t)content.p >= (uintptr_t)bytes.p
	    && (uintptr_t)content.p < (uintptr_t)bytes.p + bytes.n;

	buf_add_byte(out, '{');
	buf_add_number(out, content.n);
	buf_add(out, VIEW("}\r\n"));
	if (inside && content.n > LIMIT_IMAP_PIECE) {
		tail->body = o->item->body;
		tail->from = (size_t)(content.p - bytes.p) + LIMIT_IMAP_PIECE;
		tail->to = (size_t)(content.p - bytes.p) + content.n;
		content = view_first(content, LIMIT_IMAP_PIECE);
	}
	buf_add(out, content);
}

/* The same written at once, as lists of thousands of messages ask for it; false
 * when that cannot be, and nothing is written. */
static bool
write_fields(struct fetched *o, const struct fetch_item *item,
    struct buf *out)
{
	const struct section *s = &item->section;
	view fields[FIELDS_AT_ONCE], header;
	size_t count = 0, octets = 2;

	if (item->partial || s->count > 0 || o->summary == NULL
	    || (s->what != SECTION_FIELDS && s->what != SECTION_FIELDS_NOT))
		return false;
	header = o->summary->header;
	while (count < FIELDS_AT_ONCE
	    && next_picked(s, &header, &fields[count]))
		octets += fields[count++].n;
	if (o->summary->header.n == 0 || count == FIELDS_AT_ONCE)
		return false;
	fetch_add_name(item, out);
	buf_add(out, VIEW(" {"));
	buf_add_number(out, octets);
	buf_add(out, VIEW("}\r\n"));
	for (size_t i = 0; i < count; i++)
		buf_add(out, fields[i]);
	buf_add(out, VIEW("\r\n"));
	return true;
}

static result
write_section(struct fetched *o, const struct fetch_item *item,
    struct fetch_tail *tail, struct buf *out)
{
	view content = VIEW("");
	bool there;

	if (item->kind == FETCH_SECTION && write_fields(o, item, out))
		return done();
	TRY(find_section(o, &item->section, &content, &there));
	if (o->arena != NULL)
		TRY(arena_result(o->arena));
	fetch_add_name(item, out);
	buf_add_byte(out, ' ');
	if (!there) {
		buf_add(out, VIEW("NIL"));
		return done();
	}
	if (item->partial)
		content = view_first(view_from(content, item->from),
		    item->length);
	fetch_add_literal(o, content, tail, out);
	return done();
}

static void
add_structure(const struct fetched *o, view structure, struct buf *out)
{
	if (o->utf8)
		fetch_upgrade_structure(structure, out);
	else
		buf_add(out, structure);
}

/* A message that came without a summary is looked at now. */
static result
write_summary(struct fetched *o, enum fetch_kind kind, struct buf *out)
{
	struct message_summary made = { 0 };
	view envelope = o->summary->envelope, body = o->summary->body;
	view bodystructure = o->summary->bodystructure;

	if (kind == FETCH_ENVELOPE ? envelope.n == 0 : body.n == 0) {
		TRY(need_body(o));
		TRY(message_summarise(o->body.bytes, need_arena(o), &made));
		envelope = made.envelope;
		body = made.body;
		bodystructure = made.bodystructure;
	}
	if (kind == FETCH_ENVELOPE) {
		buf_add(out, VIEW("ENVELOPE "));
		if (o->utf8 && !utf8_is_ascii(o->summary->header))
			fetch_upgrade(envelope, out);
		else
			buf_add(out, envelope);
	} else if (kind == FETCH_BODY) {
		buf_add(out, VIEW("BODY "));
		add_structure(o, body, out);
	} else {
		buf_add(out, VIEW("BODYSTRUCTURE "));
		add_structure(o, bodystructure, out);
	}
	return done();
}

static void
write_date(const char *name, int64_t seconds, struct buf *out)
{
	buf_add_text(out, name);
	buf_add(out, VIEW(" \""));
	date_add_imap(out, seconds);
	buf_add_byte(out, '"');
}

result
fetch_write(struct fetched *o, const struct fetch_item *item,
    struct fetch_tail *tail, struct buf *out)
{
	const struct message *m = o->message;

	switch (item->kind) {
	case FETCH_FLAGS:
		buf_add(out, VIEW("FLAGS "));
		flags_add(out, o->flags, o->keywords);
		break;
	case FETCH_UID:
		buf_add(out, VIEW("UID "));
		buf_add_number(out, m->uid);
		break;
	case FETCH_INTERNALDATE:
		write_date("INTERNALDATE", o->item->received, out);
		break;
	case FETCH_SAVEDATE:
		if (o->item->saved != 0)
			write_date("SAVEDATE", o->item->saved, out);
		else
			buf_add(out, VIEW("SAVEDATE NIL"));
		break;
	case FETCH_SIZE:
		buf_add(out, VIEW("RFC822.SIZE "));
		buf_add_number(out, o->item->size);
		break;
	case FETCH_MODSEQ:
		buf_add(out, VIEW("MODSEQ ("));
		buf_add_number(out, (uint64_t)m->modseq);
		buf_add_byte(out, ')');
		break;
	case FETCH_ENVELOPE:
	case FETCH_BODY:
	case FETCH_BODYSTRUCTURE:
		return write_summary(o, item->kind, out);
	case FETCH_SECTION:
		return write_section(o, item, tail, out);
	case FETCH_BINARY:
	case FETCH_BINARY_SIZE:
		return fetch_write_binary(o, item, tail, out);
	case FETCH_PREVIEW:
		return fetch_write_preview(o, out);
	case FETCH_EMAILID: /* RFC 8474: copies share their body */
		buf_print(out, "EMAILID (M%lld)", (long long)o->item->body);
		break;
	case FETCH_THREADID:
		buf_add(out, VIEW("THREADID NIL"));
		break;
	}
	return done();
}
