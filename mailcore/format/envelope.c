#include "mailcore/format/message.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/address.h"
#include "mailcore/format/header.h"
#include "mailcore/format/nstring.h"

enum field {
	FIELD_DATE,
	FIELD_SUBJECT,
	FIELD_FROM,
	FIELD_SENDER,
	FIELD_REPLY_TO,
	FIELD_TO,
	FIELD_CC,
	FIELD_BCC,
	FIELD_IN_REPLY_TO,
	FIELD_MESSAGE_ID,
	FIELD_COUNT
};

static const struct {
	const char *name;
	bool addresses;
} fields[FIELD_COUNT] = {
	[FIELD_DATE] = { "Date", false },
	[FIELD_SUBJECT] = { "Subject", false },
	[FIELD_FROM] = { "From", true },
	[FIELD_SENDER] = { "Sender", true },
	[FIELD_REPLY_TO] = { "Reply-To", true },
	[FIELD_TO] = { "To", true },
	[FIELD_CC] = { "Cc", true },
	[FIELD_BCC] = { "Bcc", true },
	[FIELD_IN_REPLY_TO] = { "In-Reply-To", false },
	[FIELD_MESSAGE_ID] = { "Message-ID", false },
};

struct envelope {
	view raw[FIELD_COUNT];
	bool there[FIELD_COUNT];
};

/* The first of each field, in one pass. */
static void
find_fields(view header, struct envelope *e)
{
	view field, name, value;

	*e = (struct envelope){ 0 };
	header = view_first(header, LIMIT_HEADER);
	for (size_t n = 0; n < LIMIT_HEADER_FIELDS; n++) {
		if (!header_next(&header, &field, &name, &value))
			return;
		for (size_t i = 0; i < FIELD_COUNT; i++) {
			if (e->there[i]
			    || !view_same(name, view_of(fields[i].name)))
				continue;
			e->there[i] = true;
			e->raw[i] = value;
			break;
		}
	}
}

/* "(name route mailbox host)" (RFC 3501 7.4.2); a group is told by a NIL
 * host, so a mailbox must have one. */
static void
add_address(struct buf *out, const struct address_item *item)
{
	if (item->kind == ADDRESS_GROUP_END) {
		buf_add(out, VIEW("(NIL NIL NIL NIL)"));
		return;
	}
	if (item->kind == ADDRESS_GROUP) {
		buf_add(out, VIEW("(NIL NIL "));
		nstring_add_text(out, item->name);
		buf_add(out, VIEW(" NIL)"));
		return;
	}
	buf_add_byte(out, '(');
	nstring_add_text_or_nil(out, item->name);
	buf_add_byte(out, ' ');
	nstring_add_text_or_nil(out, item->route);
	buf_add_byte(out, ' ');
	nstring_add_text(out,
	    item->local.n > 0 ? item->local : VIEW("MISSING_MAILBOX"));
	buf_add_byte(out, ' ');
	nstring_add_text(out,
	    item->domain.n > 0 ? item->domain : VIEW("MISSING_DOMAIN"));
	buf_add_byte(out, ')');
}

/* false: not one address, and nothing was added. */
static bool
add_addresses(struct buf *out, view raw, struct arena *arena)
{
	struct address_walk w = address_walk(raw, arena);
	struct address_item item;
	size_t before = out->n;

	buf_add_byte(out, '(');
	while (address_next(&w, &item))
		add_address(out, &item);
	if (out->n == before + 1) {
		buf_cut(out, before);
		return false;
	}
	buf_add_byte(out, ')');
	return true;
}

/* RFC 3501 7.4.2: From, Sender and Reply-To are never NIL; the latter two
 * default to From, and From itself to Sender or to nobody in particular. */
static void
add_address_field(struct buf *out, const struct envelope *e, enum field field,
    struct arena *arena)
{
	if (add_addresses(out, e->raw[field], arena))
		return;
	if (field != FIELD_FROM && field != FIELD_SENDER
	    && field != FIELD_REPLY_TO) {
		buf_add(out, VIEW("NIL"));
		return;
	}
	if (add_addresses(out, e->raw[FIELD_FROM], arena)
	    || add_addresses(out, e->raw[FIELD_SENDER], arena))
		return;
	buf_add(out, VIEW("((NIL NIL \"MISSING_MAILBOX\""
			  " \"MISSING_DOMAIN\"))"));
}

static void
add_envelope_fields(struct buf *out, const struct envelope *e,
    struct arena *arena)
{
	buf_add_byte(out, '(');
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (i > 0)
			buf_add_byte(out, ' ');
		if (fields[i].addresses)
			add_address_field(out, e, (enum field)i, arena);
		else if (e->there[i])
			nstring_add_text(out, header_unfold(e->raw[i], arena));
		else
			buf_add(out, VIEW("NIL"));
	}
	buf_add_byte(out, ')');
}

static const char nobody[]
    = "(NIL NIL ((NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))"
      " ((NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))"
      " ((NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))"
      " NIL NIL NIL NIL NIL)";

void
message_envelope(struct buf *out, view header, struct arena *arena)
{
	struct buf one = buf_new(LIMIT_ENVELOPE);
	struct envelope e;

	find_fields(header, &e);
	add_envelope_fields(&one, &e, arena);
	if (buf_result(&one).is == OK)
		buf_add(out, buf_view(&one));
	else
		buf_add_text(out, nobody);
	buf_free(&one);
}
