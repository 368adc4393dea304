/* All of a person, or a mailbox, in pieces: what an export writes, made while
 * it is sent. */
#include "mailcore/admin/transfer_inside.h"

#include <stdlib.h>

enum { PIECE = 128 << 10, STREAM_ARENA = 64 << 20, KINDS = 5 };

static const enum collection_kind kinds[KINDS] = { COLLECTION_MAILBOX,
	COLLECTION_CALENDAR, COLLECTION_ADDRESSBOOK, COLLECTION_ATTACHMENTS,
	COLLECTION_FILES };

/* One that is larger than a piece; its file stays mapped between two. */
struct large {
	bool going;
	bool inside; /* a line */
	struct body body;
	size_t at;   /* so much of it is out */
	size_t size; /* in the tar */
};

struct transfer_stream {
	struct transfer t;
	struct export e;
	struct arena *arena;
	struct collection *lists[KINDS];
	size_t counts[KINDS];
	size_t kind, at; /* the present collection */
	uint32_t next_uid;
	struct large large;
	struct buf *to;
	bool begun, entered, over;
};

static void
ignore(void *context, view what, result r)
{
	(void)context;
	(void)what;
	(void)r;
}

static void
stream_free(struct transfer_stream *s)
{
	body_close(&s->large.body);
	arena_free(&s->arena);
	free(s);
}

/* What comes later is not looked at. */
static result
list_all(struct account *a, void *context)
{
	struct transfer_stream *s = context;

	for (size_t i = 0; i < KINDS; i++)
		TRY(collection_list(a, s->arena, kinds[i], &s->lists[i],
		    &s->counts[i]));
	return done();
}

static result
list_one(struct account *a, struct transfer_stream *s, int64_t mailbox)
{
	struct collection *c = arena_alloc(s->arena, sizeof *c);

	TRY(arena_result(s->arena));
	TRY(collection_get(a, s->arena, mailbox, c));
	s->lists[0] = c;
	s->counts[0] = 1;
	return c->kind == COLLECTION_MAILBOX
	    ? done()
	    : fail(NOT_FOUND, "there is none of that number");
}

result
transfer_stream_new(const struct transfer *t, int64_t mailbox,
    struct transfer_stream **out)
{
	struct transfer_stream *s = calloc(1, sizeof *s);
	struct account *a;
	result r;

	if (s == NULL)
		abort();
	s->arena = arena_new(STREAM_ARENA);
	s->t = (struct transfer){ .store = t->store, .account = t->account,
		.name_encode = t->name_encode, .told = ignore };
	s->e = (struct export){ .t = &s->t, .arena = s->arena,
		.format = mailbox != 0 ? TRANSFER_MBOX : TRANSFER_ARCHIVE,
		.sink = { .tar = -1 } };
	r = account_open(t->store, t->account, &a);
	if (r.is == OK)
		r = mailbox != 0 ? list_one(a, s, mailbox)
				 : account_read(a, list_all, s);
	account_close(&a);
	if (r.is != OK) {
		stream_free(s);
		s = NULL;
	}
	*out = s;
	return r;
}

static bool
is_mail(const struct transfer_stream *s)
{
	return kinds[s->kind] == COLLECTION_MAILBOX;
}

static size_t
plain_size(view text)
{
	size_t n = text.n, end;

	while ((end = view_find(text, VIEW("\r\n"))) != SIZE_MAX) {
		text = view_from(text, end + 2);
		n--;
	}
	return n;
}

static result
begin_large(struct transfer_stream *s, const struct item *item)
{
	struct buf path = buf_new(TRANSFER_PATH);
	struct large *l = &s->large;
	result r;

	TRY(body_open(s->e.account, item->body, &l->body));
	l->going = true;
	l->inside = false;
	l->at = 0;
	l->size = l->body.bytes.n;
	if (s->e.format == TRANSFER_MBOX) {
		export_mbox_line(s->to, item);
		return buf_result(s->to);
	}
	if (is_mail(s)) {
		l->size = plain_size(l->body.bytes);
		export_message_path(&s->e, item, l->size, l->body.bytes.n,
		    &path);
	} else {
		export_object_path(&s->e, item, &path);
	}
	r = buf_result(&path);
	if (r.is == OK)
		sink_head(&s->e.sink, buf_view(&path), item->received,
		    l->size);
	buf_free(&path);
	return r.is == OK ? s->e.sink.r : r;
}

static result
add_large(struct transfer_stream *s)
{
	struct large *l = &s->large;
	view text = l->body.bytes;
	size_t end = text.n - l->at > PIECE ? l->at + PIECE : text.n;

	if (s->e.format == TRANSFER_MBOX) {
		export_mbox_text(s->to, text, &l->at, PIECE, &l->inside);
	} else {
		/* CR and LF stay together. */
		if (is_mail(s) && end < text.n && text.p[end - 1] == '\r')
			end--;
		text = view_first(view_from(text, l->at), end - l->at);
		if (is_mail(s))
			text_to_unix(text, s->to);
		else
			buf_add(s->to, text);
		l->at = end;
	}
	if (l->at == l->body.bytes.n) {
		if (s->e.format != TRANSFER_MBOX)
			sink_pad(&s->e.sink, l->size);
		l->going = false;
		body_close(&l->body);
	}
	TRY(buf_result(s->to));
	return s->e.sink.r;
}

static result
add_item(void *context, const struct item *item)
{
	struct transfer_stream *s = context;
	result r;

	if (s->to->n >= PIECE || s->large.going)
		return fail(BUSY, "the piece is full");
	s->next_uid = item->uid + 1;
	if (item->size > PIECE)
		r = begin_large(s, item);
	else if (is_mail(s))
		r = export_message(&s->e, item);
	else
		r = export_object(&s->e, item);
	/* It went just now. */
	return r.is == NOT_FOUND ? done() : r;
}

static result
enter(struct transfer_stream *s)
{
	const struct collection *c;

	while (s->kind < KINDS && s->at == s->counts[s->kind]) {
		s->kind++;
		s->at = 0;
	}
	if (s->kind == KINDS) {
		s->over = true;
		if (s->e.format == TRANSFER_MBOX)
			return done();
		s->e.sink.prefix = VIEW("");
		TRY(export_end(&s->e));
		sink_end(&s->e.sink);
		return s->e.sink.r;
	}
	c = &s->lists[s->kind][s->at];
	s->entered = true;
	s->next_uid = 1;
	s->e.sink.prefix = is_mail(s) ? VIEW("mail/") : VIEW("");
	return is_mail(s) ? export_enter_mailbox(&s->e, c)
			  : export_enter_collection(&s->e, c);
}

static result
add_more(struct transfer_stream *s)
{
	const struct collection *c;
	result r;

	if (s->large.going)
		return add_large(s);
	if (!s->entered)
		return enter(s);
	c = &s->lists[s->kind][s->at];
	r = item_each(s->e.account, c->id, s->next_uid, c->uid_next - 1,
	    add_item, s);
	if (r.is == BUSY && (s->to->n >= PIECE || s->large.going))
		return done();
	TRY(r);
	if (!s->large.going) {
		s->entered = false;
		s->at++;
	}
	return done();
}

static result
add_piece(struct account *a, void *context)
{
	struct transfer_stream *s = context;

	(void)a;
	s->e.sink.to = s->e.mbox = s->to;
	if (!s->begun && s->e.format == TRANSFER_ARCHIVE)
		export_begin(&s->e);
	s->begun = true;
	while (s->to->n < PIECE && !s->over)
		TRY(add_more(s));
	return done();
}

bool
transfer_stream_piece(void *context, struct buf *to)
{
	struct transfer_stream *s = context;
	result r;

	if (s->over)
		return false;
	s->to = to;
	r = account_open(s->t.store, s->t.account, &s->e.account);
	if (r.is == OK)
		r = account_read(s->e.account, add_piece, s);
	account_close(&s->e.account);
	if (r.is != OK)
		buf_fail(to, r.is, r.why);
	s->over = s->over || r.is != OK;
	return !s->over;
}

void
transfer_stream_end(void *context)
{
	stream_free(context);
}
