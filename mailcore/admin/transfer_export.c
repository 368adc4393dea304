#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/date.h"

#include <stdio.h>

/* Names and lists; messages go through one by one. */
enum { EXPORT_ARENA = 64 << 20, QUOTE_ROOM = 2 };

struct export {
	struct transfer *t;
	struct account *account;
	struct arena *arena;
	struct sink sink;
	enum transfer_format format;
	view folder; /* of the present collection, as a path */
	struct keywords keywords;
	struct buf mbox;
	uint64_t number; /* in its mailbox */
};

/* "cur/1700000000.Q12.posthaste,S=99,W=101:2,FSa" */
static result
put_maildir(struct export *e, const struct item *item, view text)
{
	struct buf path = buf_new(TRANSFER_PATH);
	struct buf plain = buf_new(text.n);
	result r;

	text_to_unix(text, &plain);
	buf_print(&path, "%.*s%scur/%lld.Q%llu.posthaste,S=%zu,W=%zu",
	    (int)e->folder.n, e->folder.p, e->folder.n > 0 ? "/" : "",
	    (long long)item->received, (unsigned long long)++e->number,
	    plain.n, text.n);
	maildir_flags(&path, &e->keywords, item->flags, item->keywords);
	sink_file(&e->sink, buf_view(&path), item->received,
	    buf_view(&plain));
	r = buf_result(&path);
	buf_free(&plain);
	buf_free(&path);
	return r.is == OK ? e->sink.r : r;
}

/* ">*From " gets one '>' more: mboxrd. */
static void
put_quoted(struct buf *out, view text)
{
	view line;

	while (view_line(&text, &line)) {
		size_t quotes = 0;

		while (view_at(line, quotes) == '>')
			quotes++;
		if (view_starts(view_from(line, quotes), VIEW("From ")))
			buf_add_byte(out, '>');
		buf_add(out, line);
		buf_add_byte(out, '\n');
	}
}

/* "From MAILER-DAEMON Fri Nov 21 09:55:06 1997" (RFC 4155 A), UTC. */
static result
put_mbox(struct export *e, const struct item *item, view text)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct date d = date_of(item->received);

	buf_print(&e->mbox, "From MAILER-DAEMON %.3s %.3s %2d %02d:%02d:%02d"
	    " %04d\n", days + 3 * d.weekday, months + 3 * (d.month - 1), d.day,
	    d.hour, d.minute, d.second, d.year);
	put_quoted(&e->mbox, text);
	buf_add_byte(&e->mbox, '\n');
	return buf_result(&e->mbox);
}

static result
put_message(void *context, const struct item *item)
{
	struct export *e = context;
	struct body body;
	result r;

	TRY(body_open(e->account, item->body, &body));
	r = e->format == TRANSFER_MBOX ? put_mbox(e, item, body.bytes)
				       : put_maildir(e, item, body.bytes);
	body_close(&body);
	if (r.is == OK)
		e->t->told(e->t->context, e->folder, r);
	return r;
}

static result
gather(void *context, const struct item *item)
{
	struct export *e = context;

	keywords_gather(&e->keywords, e->arena, item->keywords);
	return arena_result(e->arena);
}

static void
put_keywords(struct export *e)
{
	struct buf file = buf_new(TRANSFER_PATH);

	for (size_t i = 0; i < e->keywords.count; i++)
		buf_print(&file, "%zu %.*s\n", i, (int)e->keywords.names[i].n,
		    e->keywords.names[i].p);
	if (e->keywords.full)
		e->t->told(e->t->context, e->folder, fail(OVER_LIMIT,
		    "more than 26 keywords; a Maildir has no letter for the"
		    " others"));
	if (file.n > 0)
		sink_file(&e->sink, arena_print(e->arena,
		    "%.*s%sdovecot-keywords", (int)e->folder.n, e->folder.p,
		    e->folder.n > 0 ? "/" : ""), 0, buf_view(&file));
	buf_free(&file);
}

static result
put_mailbox(struct export *e, const struct collection *c)
{
	static const char *const parts[] = { "cur", "new", "tmp" };

	TRY(item_each(e->account, c->id, 1, UINT32_MAX, gather, e));
	for (size_t i = 0; i < COUNT(parts); i++)
		sink_folder(&e->sink, arena_print(e->arena, "%.*s%s%s",
		    (int)e->folder.n, e->folder.p,
		    e->folder.n > 0 ? "/" : "", parts[i]));
	put_keywords(e);
	if (e->folder.n > 0) /* what Dovecot knows a folder by */
		sink_file(&e->sink, arena_print(e->arena,
		    "%.*s/maildirfolder", (int)e->folder.n, e->folder.p), 0,
		    VIEW(""));
	TRY(arena_result(e->arena));
	TRY(e->sink.r);
	return item_each(e->account, c->id, 1, UINT32_MAX, put_message, e);
}

static result
put_mbox_file(struct export *e, const struct collection *c)
{
	view name = e->folder.n > 0 ? view_from(e->folder, 1)
				    : VIEW("INBOX");
	result r;

	e->mbox = buf_new(SIZE_MAX / 2);
	r = item_each(e->account, c->id, 1, UINT32_MAX, put_message, e);
	if (r.is == OK)
		sink_file(&e->sink, arena_print(e->arena, "%.*s.mbox",
		    (int)name.n, name.p), 0, buf_view(&e->mbox));
	buf_free(&e->mbox);
	return r.is == OK ? e->sink.r : r;
}

static result
put_mailboxes(struct export *e)
{
	struct collection *all;
	size_t count;

	TRY(collection_list(e->account, e->arena, COLLECTION_MAILBOX, &all,
	    &count));
	for (size_t i = 0; i < count; i++) {
		struct buf folder = buf_new(TRANSFER_PATH);

		folder_encode(e->t, all[i].name, &folder);
		e->folder = arena_copy(e->arena, buf_view(&folder));
		buf_free(&folder);
		e->keywords = (struct keywords){ .count = 0 };
		e->number = 0;
		TRY(e->format == TRANSFER_MBOX ? put_mbox_file(e, &all[i])
					       : put_mailbox(e, &all[i]));
	}
	return done();
}

static result
put_object(void *context, const struct item *item)
{
	struct export *e = context;
	struct buf path = buf_new(TRANSFER_PATH);
	struct body body;
	result r = body_open(e->account, item->body, &body);

	if (r.is == OK) {
		buf_add(&path, e->folder);
		buf_add_byte(&path, '/');
		file_name_encode(item->name, &path);
		sink_file(&e->sink, buf_view(&path), item->received,
		    body.bytes);
		body_close(&body);
		r = buf_result(&path);
	}
	buf_free(&path);
	if (r.is == OK)
		r = e->sink.r;
	if (r.is == OK)
		e->t->told(e->t->context, e->folder, r);
	return r;
}

/* "calendars/personal/"; the display name is a file beside it, for it could
 * not be the name of a folder. */
static result
put_collection(struct export *e, const char *above,
    const struct collection *c)
{
	struct buf path = buf_new(TRANSFER_PATH);

	buf_add_text(&path, above);
	file_name_encode(c->name, &path);
	e->folder = arena_copy(e->arena, buf_view(&path));
	buf_free(&path);
	TRY(arena_result(e->arena));
	sink_folder(&e->sink, e->folder);
	sink_file(&e->sink, arena_print(e->arena, "%.*s/.name",
	    (int)e->folder.n, e->folder.p), 0, c->display_name);
	TRY(e->sink.r);
	TRY(export_place(e->account, c, e->folder, &e->sink));
	return item_each(e->account, c->id, 1, UINT32_MAX, put_object, e);
}

static result
put_collections(struct export *e, enum collection_kind kind,
    const char *above)
{
	struct collection *all;
	size_t count;

	TRY(collection_list(e->account, e->arena, kind, &all, &count));
	for (size_t i = 0; i < count; i++)
		TRY(put_collection(e, above, &all[i]));
	return done();
}

static result
put_archive(struct export *e)
{
	struct buf path = buf_new(TRANSFER_PATH);
	result r;

	buf_add_text(&path, e->sink.folder);
	buf_add_byte(&path, '/');
	file_name_encode(e->t->address, &path);
	buf_add(&path, VIEW(".tar"));
	sink_open_tar(&e->sink, buf_text(&path));
	buf_free(&path);
	sink_file(&e->sink, VIEW("manifest"), 0,
	    VIEW("posthaste archive 1\nmail: Maildir++\n"
		 "calendars: iCalendar\ncontacts: vCard\n"
		 "attachments: of events\nfiles: as they are\n"
		 "sieve: scripts\nsettings: forward, vacation, shares,"
		 " subscriptions\n"));
	e->sink.prefix = VIEW("mail/");
	r = put_mailboxes(e);
	e->sink.prefix = VIEW("");
	TRY(r);
	TRY(put_collections(e, COLLECTION_CALENDAR, "calendars/"));
	TRY(put_collections(e, COLLECTION_ADDRESSBOOK, "contacts/"));
	TRY(put_collections(e, COLLECTION_ATTACHMENTS, "attachments/"));
	TRY(put_collections(e, COLLECTION_FILES, "files/"));
	TRY(export_handling(e->account, e->arena, &e->sink));
	return export_shares(e->t, e->account, e->arena, &e->sink);
}

static result
put_all(struct account *account, void *context)
{
	struct export *e = context;

	(void)account;
	return e->format == TRANSFER_ARCHIVE ? put_archive(e)
					     : put_mailboxes(e);
}

result
transfer_export(struct transfer *t, const char *folder,
    enum transfer_format format)
{
	struct export e = { .t = t, .format = format,
		.sink = { .folder = folder, .tar = -1 } };
	result r;

	if (format == TRANSFER_ICS || format == TRANSFER_VCF)
		return fail(MALFORMED, "expected maildir, mbox or archive");
	sink_folder(&e.sink, VIEW(""));
	TRY(e.sink.r);
	TRY(account_open(t->store, t->account, &e.account));
	e.arena = arena_new(EXPORT_ARENA);
	r = account_read(e.account, put_all, &e);
	sink_close(&e.sink);
	arena_free(&e.arena);
	account_close(&e.account);
	return r.is == OK ? e.sink.r : r;
}
