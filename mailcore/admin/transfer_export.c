#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/date.h"

#include <stdio.h>

/* Names and lists; messages go through one by one. */
enum { EXPORT_ARENA = 64 << 20, QUOTE_ROOM = 2 };

/* "cur/1700000000.Q12.posthaste,S=99,W=101:2,FSa" */
void
export_message_path(struct export *e, const struct item *item, size_t plain,
    size_t wire, struct buf *path)
{
	buf_print(path, "%.*s%scur/%lld.Q%llu.posthaste,S=%zu,W=%zu",
	    (int)e->folder.n, e->folder.p, e->folder.n > 0 ? "/" : "",
	    (long long)item->received, (unsigned long long)++e->number,
	    plain, wire);
	maildir_flags(path, &e->keywords, item->flags, item->keywords);
}

static result
put_maildir(struct export *e, const struct item *item, view text)
{
	struct buf path = buf_new(TRANSFER_PATH);
	struct buf plain = buf_new(text.n);
	result r;

	text_to_unix(text, &plain);
	export_message_path(e, item, plain.n, text.n, &path);
	sink_file(&e->sink, buf_view(&path), item->received,
	    buf_view(&plain));
	r = buf_result(&path);
	buf_free(&plain);
	buf_free(&path);
	return r.is == OK ? e->sink.r : r;
}

/* ">*From " gets one '>' more: mboxrd. */
static bool
needs_quote(view line)
{
	size_t quotes = 0;

	while (view_at(line, quotes) == '>')
		quotes++;
	return view_starts(view_from(line, quotes), VIEW("From "));
}

void
export_mbox_text(struct buf *out, view text, size_t *at, size_t most,
    bool *inside)
{
	size_t end = text.n - *at > most ? *at + most : text.n;

	/* CR and LF stay together. */
	if (end < text.n && end - *at > 1 && text.p[end - 1] == '\r')
		end--;
	while (*at < end) {
		view rest = view_first(view_from(text, *at), end - *at);
		size_t n = view_find_byte(rest, '\n');
		view line = view_first(rest, n);

		if (!*inside && needs_quote(view_from(text, *at)))
			buf_add_byte(out, '>');
		*inside = n == SIZE_MAX;
		if (!*inside && view_ends(line, VIEW("\r")))
			line.n--;
		buf_add(out, line);
		if (!*inside)
			buf_add_byte(out, '\n');
		*at = *inside ? end : *at + n + 1;
	}
	if (*at < text.n)
		return;
	buf_add(out, *inside ? VIEW("\n\n") : VIEW("\n"));
	*inside = false;
}

/* "From MAILER-DAEMON Fri Nov 21 09:55:06 1997" (RFC 4155 A), UTC. */
void
export_mbox_line(struct buf *out, const struct item *item)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct date d = date_of(item->received);

	buf_print(out, "From MAILER-DAEMON %.3s %.3s %2d %02d:%02d:%02d"
	    " %04d\n", days + 3 * d.weekday, months + 3 * (d.month - 1), d.day,
	    d.hour, d.minute, d.second, d.year);
}

static result
put_mbox(struct export *e, const struct item *item, view text)
{
	bool inside = false;
	size_t at = 0;

	export_mbox_line(e->mbox, item);
	export_mbox_text(e->mbox, text, &at, SIZE_MAX, &inside);
	return buf_result(e->mbox);
}

result
export_message(void *context, const struct item *item)
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

result
export_enter_mailbox(struct export *e, const struct collection *c)
{
	static const char *const parts[] = { "cur", "new", "tmp" };

	struct buf folder = buf_new(TRANSFER_PATH);

	folder_encode(e->t, c->name, &folder);
	e->folder = arena_copy(e->arena, buf_view(&folder));
	buf_free(&folder);
	e->keywords = (struct keywords){ .count = 0 };
	e->number = 0;
	if (e->format == TRANSFER_MBOX)
		return arena_result(e->arena);
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
	return e->sink.r;
}

static result
put_mbox_file(struct export *e, const struct collection *c)
{
	view name = e->folder.n > 0 ? view_from(e->folder, 1)
				    : VIEW("INBOX");
	struct buf mbox = buf_new(SIZE_MAX / 2);
	result r;

	e->mbox = &mbox;
	r = item_each(e->account, c->id, 1, UINT32_MAX, export_message, e);
	if (r.is == OK)
		sink_file(&e->sink, arena_print(e->arena, "%.*s.mbox",
		    (int)name.n, name.p), 0, buf_view(&mbox));
	e->mbox = NULL;
	buf_free(&mbox);
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
		TRY(export_enter_mailbox(e, &all[i]));
		TRY(e->format == TRANSFER_MBOX
		        ? put_mbox_file(e, &all[i])
		        : item_each(e->account, all[i].id, 1, UINT32_MAX,
			      export_message, e));
	}
	return done();
}

void
export_object_path(struct export *e, const struct item *item,
    struct buf *path)
{
	buf_add(path, e->folder);
	buf_add_byte(path, '/');
	file_name_encode(item->name, path);
}

result
export_object(void *context, const struct item *item)
{
	struct export *e = context;
	struct buf path = buf_new(TRANSFER_PATH);
	struct body body;
	result r = body_open(e->account, item->body, &body);

	if (r.is == OK) {
		export_object_path(e, item, &path);
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

static const char *
above(enum collection_kind kind)
{
	return kind == COLLECTION_CALENDAR      ? "calendars/"
	    : kind == COLLECTION_ADDRESSBOOK    ? "contacts/"
	    : kind == COLLECTION_ATTACHMENTS    ? "attachments/"
						: "files/";
}

/* "calendars/personal/"; the display name is a file beside it, for it could
 * not be the name of a folder. */
result
export_enter_collection(struct export *e, const struct collection *c)
{
	struct buf path = buf_new(TRANSFER_PATH);

	buf_add_text(&path, above(c->kind));
	file_name_encode(c->name, &path);
	e->folder = arena_copy(e->arena, buf_view(&path));
	buf_free(&path);
	TRY(arena_result(e->arena));
	sink_folder(&e->sink, e->folder);
	sink_file(&e->sink, arena_print(e->arena, "%.*s/.name",
	    (int)e->folder.n, e->folder.p), 0, c->display_name);
	TRY(e->sink.r);
	return export_place(e->account, c, e->folder, &e->sink);
}

static result
put_collections(struct export *e, enum collection_kind kind)
{
	struct collection *all;
	size_t count;

	TRY(collection_list(e->account, e->arena, kind, &all, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(export_enter_collection(e, &all[i]));
		TRY(item_each(e->account, all[i].id, 1, UINT32_MAX,
		    export_object, e));
	}
	return done();
}

void
export_begin(struct export *e)
{
	sink_file(&e->sink, VIEW("manifest"), 0,
	    VIEW("posthaste archive 1\nmail: Maildir++\n"
		 "calendars: iCalendar\ncontacts: vCard\n"
		 "attachments: of events\nfiles: as they are\n"
		 "sieve: scripts\nsettings: forward, vacation, shares,"
		 " subscriptions\n"));
}

result
export_end(struct export *e)
{
	TRY(export_handling(e->account, e->arena, &e->sink));
	return export_shares(e->t, e->account, e->arena, &e->sink);
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
	export_begin(e);
	e->sink.prefix = VIEW("mail/");
	r = put_mailboxes(e);
	e->sink.prefix = VIEW("");
	TRY(r);
	TRY(put_collections(e, COLLECTION_CALENDAR));
	TRY(put_collections(e, COLLECTION_ADDRESSBOOK));
	TRY(put_collections(e, COLLECTION_ATTACHMENTS));
	TRY(put_collections(e, COLLECTION_FILES));
	return export_end(e);
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

	if (format == TRANSFER_ICS || format == TRANSFER_VCF
	    || format == TRANSFER_SOGO)
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
