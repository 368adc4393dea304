#include "mailcore/imap/mailbox.h"

#include "mailcore/base/utf8.h"
#include "mailcore/imap/recent.h"
#include "mailcore/imap/reply.h"
#include "mailcore/store/item.h"

/* RFC 9755 3: no controls, no separators of lines and paragraphs. */
static result
check_codes(view name)
{
	while (name.n > 0) {
		uint32_t code = utf8_next(&name);

		if (code < 0x20 || (code >= 0x7f && code <= 0x9f)
		    || code == 0x2028 || code == 0x2029)
			return fail(DENIED, "control character in the name");
	}
	return done();
}

result
mailbox_check(view name)
{
	view rest = name;

	if (name.n == 0 || name.p[0] == '/' || name.p[name.n - 1] == '/')
		return fail(DENIED, "a level of the name is empty");
	while (rest.n > 0)
		if (view_cut(&rest, '/').n == 0)
			return fail(DENIED, "a level of the name is empty");
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '%' || name.p[i] == '*')
			return fail(DENIED, "wildcard in the name");
	return check_codes(name);
}

enum {
	MESSAGES,
	RECENT,
	UIDNEXT,
	UIDVALIDITY,
	UNSEEN,
	HIGHESTMODSEQ,
	SIZE,
	APPENDLIMIT,
	MAILBOXID,
	DELETED,
	DELETED_STORAGE
};

static const char *const items[] = {
	[MESSAGES] = "MESSAGES",
	[RECENT] = "RECENT",
	[UIDNEXT] = "UIDNEXT",
	[UIDVALIDITY] = "UIDVALIDITY",
	[UNSEEN] = "UNSEEN",
	[HIGHESTMODSEQ] = "HIGHESTMODSEQ",
	[SIZE] = "SIZE",
	[APPENDLIMIT] = "APPENDLIMIT",
	[MAILBOXID] = "MAILBOXID",
	[DELETED] = "DELETED",
	[DELETED_STORAGE] = "DELETED-STORAGE",
};

static size_t
item_of(view name)
{
	size_t i = 0;

	while (i < COUNT(items) && !view_same(name, view_of(items[i])))
		i++;
	return i;
}

void
parse_status_items(struct parse *in, struct status_items *out)
{
	out->count = 0;
	scan_byte(&in->s, '(', "RFC 3501 9: status items are a list");
	do {
		size_t item = item_of(parse_atom(in));

		if (item == COUNT(items) || out->count == sizeof out->list)
			scan_fail(&in->s, MALFORMED,
			    "RFC 3501 6.3.10: no such status item");
		else
			out->list[out->count++] = (unsigned char)item;
	} while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 3501 9: status items are a list");
}

static bool
wants(const struct status_items *asked, int item)
{
	for (size_t i = 0; i < asked->count; i++)
		if (asked->list[i] == item)
			return true;
	return false;
}

bool
status_wants_modseq(const struct status_items *asked)
{
	return wants(asked, HIGHESTMODSEQ);
}

struct deleted {
	uint64_t count, size;
};

static result
count_deleted(void *context, const struct item *item)
{
	struct deleted *d = context;

	if ((item->flags & FLAG_DELETED) != 0) {
		d->count++;
		d->size += item->size;
	}
	return done();
}

static bool
wants_deleted(const struct status_items *asked)
{
	for (size_t i = 0; i < asked->count; i++)
		if (asked->list[i] >= DELETED)
			return true;
	return false;
}

void
mailbox_add_status(const struct imap *s, const struct collection *c,
    const struct status_items *asked, struct buf *out)
{
	struct deleted deleted = { 0 };
	/* RFC 9208 4.1.4; nobody keeps these sums, so they are made.  One
	 * that goes meanwhile has none. */
	bool made = wants_deleted(asked)
	    && item_each(s->command->account, c->id, 1, UINT32_MAX,
		   count_deleted, &deleted).is == OK;
	const uint64_t values[] = {
		[MESSAGES] = (uint64_t)c->items,
		[RECENT] = wants(asked, RECENT) ? recent_count(s, c) : 0,
		[UIDNEXT] = c->uid_next,
		[UIDVALIDITY] = c->uid_validity,
		[UNSEEN] = (uint64_t)c->unseen,
		[HIGHESTMODSEQ] = (uint64_t)c->modseq,
		[SIZE] = (uint64_t)c->bytes,
		[APPENDLIMIT] = s->services->message_limit,
		[MAILBOXID] = (uint64_t)c->id,
		[DELETED] = made ? deleted.count : 0,
		[DELETED_STORAGE] = made ? deleted.size : 0,
	};

	buf_add(out, VIEW("* STATUS "));
	reply_mailbox(s, out, c->name);
	buf_add(out, VIEW(" ("));
	for (size_t i = 0; i < asked->count; i++)
		buf_print(out,
		    asked->list[i] == MAILBOXID ? "%s%s (F%llu)"
						: "%s%s %llu",
		    i == 0 ? "" : " ", items[asked->list[i]],
		    (unsigned long long)values[asked->list[i]]);
	buf_add(out, VIEW(")\r\n"));
}

const char *
mailbox_use(enum special_use use)
{
	static const char *const names[] = {
		[USE_NONE] = NULL,
		[USE_ARCHIVE] = "\\Archive",
		[USE_DRAFTS] = "\\Drafts",
		[USE_JUNK] = "\\Junk",
		[USE_SENT] = "\\Sent",
		[USE_TRASH] = "\\Trash",
		[USE_FLAGGED] = "\\Flagged",
		[USE_ALL] = "\\All",
	};

	return names[use];
}

enum special_use
mailbox_use_of(view name)
{
	for (int use = USE_ARCHIVE; use <= USE_TRASH; use++)
		if (view_same(name,
			view_of(1 + mailbox_use((enum special_use)use))))
			return (enum special_use)use;
	return USE_NONE;
}
