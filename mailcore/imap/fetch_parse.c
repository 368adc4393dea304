#include "mailcore/imap/fetch.h"

#include "mailcore/base/ascii.h"
#include "mailcore/store/search.h"

static struct fetch_item *
next_item(struct parse *in, struct fetch *f)
{
	if (f->count == LIMIT_IMAP_FETCH_ITEMS) {
		scan_fail(&in->s, OVER_LIMIT, "too many data items");
		return &f->items[0];
	}
	f->items[f->count] = (struct fetch_item){ 0 };
	return &f->items[f->count++];
}

static bool
has_kind(const struct fetch *f, enum fetch_kind kind)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].kind == kind)
			return true;
	return false;
}

static void
add_kind(struct parse *in, struct fetch *f, enum fetch_kind kind)
{
	if (!has_kind(f, kind))
		next_item(in, f)->kind = kind;
}

static void
parse_fields(struct parse *in, struct section *s)
{
	s->fields = arena_array(in->arena, LIMIT_IMAP_SECTION_FIELDS,
	    sizeof *s->fields);
	if (s->fields == NULL) {
		scan_fail(&in->s, OVER_LIMIT, "too many fields");
		return;
	}
	scan_word(&in->s, VIEW(" ("), "RFC 3501 9: header-list");
	do {
		if (s->field_count == LIMIT_IMAP_SECTION_FIELDS) {
			scan_fail(&in->s, OVER_LIMIT, "too many fields");
			return;
		}
		s->fields[s->field_count++] = parse_astring(in);
	} while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 3501 9: header-list");
}

static void
parse_numbers(struct parse *in, struct section *s)
{
	while (ascii_is_digit((char)scan_peek(&in->s))) {
		if (s->count == LIMIT_MIME_DEPTH) {
			scan_fail(&in->s, OVER_LIMIT,
			    "section number too deep");
			return;
		}
		s->numbers[s->count] = (uint32_t)parse_number(in, UINT32_MAX);
		if (s->numbers[s->count++] == 0)
			scan_fail(&in->s, MALFORMED,
			    "RFC 3501 9: parts count from 1");
		if (!scan_try_byte(&in->s, '.'))
			return;
		if (scan_peek(&in->s) == ']')
			scan_fail(&in->s, MALFORMED,
			    "RFC 3501 9: section ends with a dot");
	}
}

/* Behind the '['. */
static void
parse_section(struct parse *in, struct section *s)
{
	parse_numbers(in, s);
	if (scan_try(&in->s, VIEW("HEADER.FIELDS.NOT"))) {
		s->what = SECTION_FIELDS_NOT;
		parse_fields(in, s);
	} else if (scan_try(&in->s, VIEW("HEADER.FIELDS"))) {
		s->what = SECTION_FIELDS;
		parse_fields(in, s);
	} else if (scan_try(&in->s, VIEW("HEADER"))) {
		s->what = SECTION_HEADER;
	} else if (scan_try(&in->s, VIEW("TEXT"))) {
		s->what = SECTION_TEXT;
	} else if (scan_try(&in->s, VIEW("MIME"))) {
		s->what = SECTION_MIME;
		if (s->count == 0)
			scan_fail(&in->s, MALFORMED,
			    "RFC 3501 6.4.5: MIME needs a part number");
	}
	scan_byte(&in->s, ']', "RFC 3501 9: not a section");
}

static void
parse_partial(struct parse *in, struct fetch_item *item)
{
	if (!scan_try_byte(&in->s, '<'))
		return;
	item->partial = true;
	item->from = parse_number(in, INT64_MAX); /* RFC 9051 9: number64 */
	scan_byte(&in->s, '.', "RFC 3501 9: not a partial");
	item->length = parse_number(in, INT64_MAX);
	if (scan_ok(&in->s) && item->length == 0)
		scan_fail(&in->s, MALFORMED, "RFC 3501 9: partial of nothing");
	scan_byte(&in->s, '>', "RFC 3501 9: not a partial");
}

static void
add_section(struct parse *in, struct fetch *f, bool peek)
{
	struct fetch_item *item = next_item(in, f);

	item->kind = FETCH_SECTION;
	item->peek = peek;
	parse_section(in, &item->section);
	parse_partial(in, item);
}

static void
add_rfc822(struct parse *in, struct fetch *f, const char *name,
    enum section_what what)
{
	struct fetch_item *item = next_item(in, f);

	item->kind = FETCH_SECTION;
	item->name = name;
	item->section.what = what;
	item->peek = what == SECTION_HEADER;
}

/* BINARY[1], BINARY.PEEK[1], BINARY.SIZE[1]: RFC 3516 4.2. */
static void
add_binary(struct parse *in, struct fetch *f, view name)
{
	struct fetch_item *item = next_item(in, f);

	item->kind = view_same(name, VIEW("BINARY.SIZE")) ? FETCH_BINARY_SIZE
							  : FETCH_BINARY;
	item->peek = !view_same(name, VIEW("BINARY"));
	scan_byte(&in->s, '[', "RFC 3516 7: not a section");
	parse_numbers(in, &item->section);
	scan_byte(&in->s, ']', "RFC 3516 7: not a section");
	if (item->kind == FETCH_BINARY)
		parse_partial(in, item);
}

/* "(LAZY)" (RFC 8970 3.1) changes nothing: ours is at hand. */
static void
add_preview(struct parse *in, struct fetch *f)
{
	add_kind(in, f, FETCH_PREVIEW);
	(void)scan_try(&in->s, VIEW(" (LAZY)"));
}

static bool
is_letter(char c)
{
	return ascii_is_alnum(c) || c == '.';
}

static void
parse_item(struct parse *in, struct fetch *f)
{
	static const struct {
		const char *name;
		enum fetch_kind kind;
	} plain[] = {
		{ "FLAGS", FETCH_FLAGS },
		{ "UID", FETCH_UID },
		{ "INTERNALDATE", FETCH_INTERNALDATE },
		{ "SAVEDATE", FETCH_SAVEDATE },
		{ "RFC822.SIZE", FETCH_SIZE },
		{ "ENVELOPE", FETCH_ENVELOPE },
		{ "BODYSTRUCTURE", FETCH_BODYSTRUCTURE },
		{ "MODSEQ", FETCH_MODSEQ },
		{ "EMAILID", FETCH_EMAILID },
		{ "THREADID", FETCH_THREADID },
	};
	view name = scan_while(&in->s, is_letter);

	if (view_same(name, VIEW("BODY")) && scan_try_byte(&in->s, '[')) {
		add_section(in, f, false);
		return;
	}
	if (view_same(name, VIEW("BODY.PEEK"))) {
		scan_byte(&in->s, '[', "RFC 3501 9: not a section");
		add_section(in, f, true);
		return;
	}
	if (view_starts_same(name, VIEW("BINARY"))
	    && (name.n == 6 || view_same(name, VIEW("BINARY.PEEK"))
		|| view_same(name, VIEW("BINARY.SIZE")))) {
		add_binary(in, f, name);
		return;
	}
	if (view_same(name, VIEW("PREVIEW"))) {
		add_preview(in, f);
		return;
	}
	if (view_same(name, VIEW("BODY"))) {
		add_kind(in, f, FETCH_BODY);
		return;
	}
	for (size_t i = 0; i < COUNT(plain); i++) {
		if (view_same(name, view_of(plain[i].name))) {
			add_kind(in, f, plain[i].kind);
			return;
		}
	}
	if (view_same(name, VIEW("RFC822")))
		add_rfc822(in, f, "RFC822", SECTION_ALL);
	else if (view_same(name, VIEW("RFC822.HEADER")))
		add_rfc822(in, f, "RFC822.HEADER", SECTION_HEADER);
	else if (view_same(name, VIEW("RFC822.TEXT")))
		add_rfc822(in, f, "RFC822.TEXT", SECTION_TEXT);
	else
		scan_fail(&in->s, MALFORMED,
		    "RFC 3501 6.4.5: no such data item");
}

static bool
parse_macro(struct parse *in, struct fetch *f)
{
	static const enum fetch_kind kinds[] = { FETCH_FLAGS,
		FETCH_INTERNALDATE, FETCH_SIZE, FETCH_ENVELOPE, FETCH_BODY };
	size_t n = 0;

	if (scan_try(&in->s, VIEW("FAST")))
		n = 3;
	else if (scan_try(&in->s, VIEW("ALL")))
		n = 4;
	else if (scan_try(&in->s, VIEW("FULL")))
		n = 5;
	for (size_t i = 0; i < n; i++)
		add_kind(in, f, kinds[i]);
	return n > 0;
}

/* "(CHANGEDSINCE 12 VANISHED)": RFC 7162 3.1.4.1, 3.2.6. */
static void
parse_modifiers(struct parse *in, struct fetch *f)
{
	if (!parse_more(in))
		return;
	scan_byte(&in->s, '(', "RFC 4466 2.4: modifiers are a list");
	do {
		if (scan_try(&in->s, VIEW("CHANGEDSINCE ")))
			f->changed_since = (int64_t)parse_number(in,
			    INT64_MAX);
		else if (scan_try(&in->s, VIEW("PARTIAL ")))
			window_parse(in, &f->window);
		else if (scan_try(&in->s, VIEW("VANISHED")))
			f->vanished = true;
		else
			scan_fail(&in->s, MALFORMED,
			    "RFC 4466 2.4: no such modifier");
	} while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 4466 2.4: modifiers are a list");
	if (f->vanished && f->changed_since < 0)
		scan_fail(&in->s, MALFORMED,
		    "RFC 7162 3.2.6: VANISHED needs CHANGEDSINCE");
	if (scan_ok(&in->s) && f->changed_since >= 0)
		add_kind(in, f, FETCH_MODSEQ);
}

/* Header fields that lists show, and nothing else? */
static bool
is_of_list(const struct section *s)
{
	size_t i = 0;

	while (i < s->field_count && search_keeps_field(s->fields[i]))
		i++;
	return s->count == 0 && s->what == SECTION_FIELDS
	    && i == s->field_count;
}

static void
look_at(struct fetch *f, const struct fetch_item *item)
{
	switch (item->kind) {
	case FETCH_FLAGS:
		f->has_flags = true;
		break;
	case FETCH_MODSEQ:
		f->has_modseq = true;
		break;
	case FETCH_UID:
		f->has_uid = true;
		break;
	case FETCH_THREADID:
		break;
	case FETCH_PREVIEW:
	case FETCH_BINARY_SIZE:
		f->needs_bytes = true;
		f->needs_item = true;
		break;
	case FETCH_EMAILID:
	case FETCH_INTERNALDATE:
	case FETCH_SAVEDATE:
	case FETCH_SIZE:
		f->needs_item = true;
		break;
	case FETCH_ENVELOPE:
		f->needs_summary = true;
		f->texts |= SEARCH_ENVELOPE;
		break;
	case FETCH_BODY:
	case FETCH_BODYSTRUCTURE:
		f->needs_summary = true;
		f->texts |= SEARCH_STRUCTURES;
		break;
	case FETCH_BINARY:
		f->needs_bytes = true;
		f->needs_item = true;
		f->sets_seen |= !item->peek;
		break;
	case FETCH_SECTION:
		f->needs_item = true;
		f->needs_summary |= item->section.count == 0
		    && (item->section.what == SECTION_HEADER
			|| item->section.what == SECTION_FIELDS
			|| item->section.what == SECTION_FIELDS_NOT);
		f->texts |= SEARCH_HEADS;
		f->needs_bytes |= !is_of_list(&item->section);
		f->sets_seen |= !item->peek;
		break;
	}
}

/* "BODY[HEADER.FIELDS (...)]" is written once, not for each message. */
static void
entitle(struct fetch_item *item, struct arena *arena)
{
	struct buf title = buf_new(2 * LIMIT_IMAP_LINE);

	fetch_add_name(item, &title);
	if (buf_result(&title).is == OK)
		item->title = arena_copy(arena, buf_view(&title));
	buf_free(&title);
}

static bool
has_room(struct parse *in, struct fetch *f)
{
	f->changed_since = -1;
	f->items = arena_array(in->arena, LIMIT_IMAP_FETCH_ITEMS,
	    sizeof *f->items);
	if (f->items == NULL)
		scan_fail(&in->s, OVER_LIMIT, "too many data items");
	return f->items != NULL;
}

static void
parse_items(struct parse *in, struct fetch *f)
{
	do
		parse_item(in, f);
	while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 3501 9: not a list");
}

void
fetch_parse_list(struct parse *in, struct fetch *f)
{
	if (!has_room(in, f))
		return;
	scan_byte(&in->s, '(', "RFC 5465 8: attributes are a list");
	parse_items(in, f);
}

void
fetch_parse(struct parse *in, bool uid, struct fetch *f)
{
	if (!has_room(in, f))
		return;
	parse_space(in);
	parse_set(in, &f->set);
	parse_space(in);
	if (uid)
		add_kind(in, f, FETCH_UID);
	if (scan_try_byte(&in->s, '('))
		parse_items(in, f);
	else if (!parse_macro(in, f))
		parse_item(in, f);
	parse_modifiers(in, f);
	parse_end(in);
	for (size_t i = 0; i < f->count && scan_ok(&in->s); i++) {
		look_at(f, &f->items[i]);
		if (f->items[i].kind >= FETCH_SECTION
		    && f->items[i].kind <= FETCH_BINARY_SIZE)
			entitle(&f->items[i], in->arena);
	}
}
