/* An archive and an mbox as they are sent: how much of them is in memory at
 * once, whatever is in them. */
#include "tests/unit/api_talk.h"

#include "mailcore/admin/transfer_inside.h"

enum { LINES = 100000, PIECE_MOST = 300 << 10, MESSAGES = 40 };

static void
told(void *context, view what, result r)
{
	(void)context;
	if (r.is != OK)
		ok(false, "%.*s: %s", (int)what.n, what.p, r.why);
}

static struct exchange *
get(struct talk *t, const char *target)
{
	return talk_ask(t, "GET", view_of(target), view_of(t->cookie),
	    VIEW(""));
}

/* The whole, and the largest piece. */
static size_t
drain(struct exchange *x, struct buf *out)
{
	struct answer *a = &x->answer;
	size_t most = 0;
	bool more = a->stream != NULL;

	buf_reset(out);
	while (more) {
		struct buf piece = buf_new(SIZE_MAX / 2);

		more = a->stream(a->context, &piece);
		most = piece.n > most ? piece.n : most;
		buf_add(out, buf_view(&piece));
		buf_free(&piece);
	}
	return most;
}

/* One that is many pieces, whose lines begin with From now and then, and
 * small ones. */
static void
make_mbox(struct buf *out)
{
	buf_add_text(out, "From a Fri Nov 21 09:55:06 1997\nSubject: x\n\n");
	for (int i = 0; i < LINES; i++)
		buf_print(out, "%sline %d\n", i % 7 == 0 ? ">From " : "", i);
	for (int i = 0; i < MESSAGES; i++)
		buf_print(out, "\nFrom a Fri Nov 21 09:55:06 1997\n"
		    "Subject: %d\n\nx\n", i);
}

static void
fill(struct talk *t, view mbox)
{
	struct transfer to = { .store = t->home.store,
		.account = t->account, .told = told,
		.mailbox = VIEW("INBOX") };
	result r = transfer_import_bytes(&to, mbox, TRANSFER_MBOX);

	ok(r.is == OK, "an mbox is taken: %s", r.why);
}

static int64_t
inbox(struct talk *t)
{
	struct arena *arena = arena_new(65536);
	struct collection c;
	struct account *a;

	must(account_open(t->home.store, t->account, &a), "account_open");
	must(collection_find(a, arena, COLLECTION_MAILBOX, VIEW("INBOX"), &c),
	    "collection_find");
	account_close(&a);
	arena_free(&arena);
	return c.id;
}

struct seen {
	size_t messages, octets;
};

static result
see(void *context, view path, int64_t when, view bytes)
{
	struct seen *s = context;

	(void)when;
	if (view_starts(path, VIEW("mail/cur/"))) {
		s->messages++;
		s->octets += bytes.n;
		ok(view_find(bytes, VIEW("\r")) == SIZE_MAX, "with LF");
	}
	return done();
}

static void
test_streams(struct talk *t)
{
	struct buf mbox = buf_new(SIZE_MAX / 2), out = buf_new(SIZE_MAX / 2);
	struct seen seen = { 0 };
	char target[128];
	struct exchange *x;
	result r;

	make_mbox(&mbox);
	fill(t, buf_view(&mbox));
	(void)snprintf(target, sizeof target,
	    "/api/v1/mailboxes/%lld/export", (long long)inbox(t));
	x = get(t, target);
	ok(drain(x, &out) < PIECE_MOST, "an mbox comes in pieces");
	exchange_free(&x);
	is_number((int64_t)out.n,
	    (int64_t)mbox.n + 1 + (MESSAGES + 1)
	        * (int64_t)(sizeof "MAILER-DAEMON" - sizeof "a"),
	    "as long as what came in");
	x = get(t, "/api/v1/archive");
	ok(drain(x, &out) < PIECE_MOST, "an archive comes in pieces");
	exchange_free(&x);
	r = tar_each(buf_view(&out), see, &seen);
	ok(r.is == OK && out.n % 512 == 0, "it is one: %s", r.why);
	is_number((int64_t)seen.messages, MESSAGES + 1, "all messages");
	ok(seen.octets > (size_t)LINES * 6, "and all of them");
	buf_free(&out);
	buf_free(&mbox);
}

/* One who goes away leaves nothing behind (the sanitizer looks). */
static void
test_leaving(struct talk *t)
{
	struct buf piece = buf_new(SIZE_MAX / 2);
	struct exchange *x = get(t, "/api/v1/archive");

	ok(x->answer.stream(x->answer.context, &piece), "there is more");
	exchange_free(&x);
	buf_free(&piece);
}

static unsigned
post(struct talk *t, const char *target, const char *type, view body)
{
	struct buf fields = buf_new(4096);
	struct exchange *x;
	unsigned status;

	buf_print(&fields, "%s%sContent-Type: %s\n", t->cookie, t->token,
	    type);
	x = talk_ask(t, "POST", view_of(target), buf_view(&fields), body);
	status = x->answer.status;
	exchange_free(&x);
	buf_free(&fields);
	return status;
}

/* Every prefix of an archive is refused, each in a block of its own size. */
static void
test_prefixes(struct talk *t)
{
	struct buf tar = buf_new(SIZE_MAX / 2);
	struct sink sink = { .tar = -1, .to = &tar };
	size_t taken = 0;

	sink_file(&sink, VIEW("manifest"), 0, VIEW("posthaste archive 1\n"));
	sink_file(&sink, VIEW("mail/.New/cur/1"), 9, VIEW("A: b\n\nc\n"));
	sink_end(&sink);
	for (size_t n = 0; n < tar.n - 512; n += 64) {
		char *exact = malloc(n + 1);

		if (exact == NULL)
			abort();
		memcpy(exact, tar.p, n);
		taken += import_check_archive((view){ exact, n }).is == OK;
		free(exact);
	}
	is_number((int64_t)taken, 0, "no part of an archive is one");
	is_number(post(t, "/api/v1/archive/import", "application/x-tar",
	              view_first(buf_view(&tar), 600)), 400, "nor taken");
	is_number(post(t, "/api/v1/archive/import", "application/mbox",
	              buf_view(&tar)), 415, "as a tar alone");
	is_number(post(t, "/api/v1/archive/import", "application/x-tar",
	              buf_view(&tar)), 200, "the whole is");
	buf_free(&tar);
}

static int64_t
address_book(struct talk *t)
{
	struct arena *arena = arena_new(65536);
	struct collection c;
	struct account *a;

	must(account_open(t->home.store, t->account, &a), "account_open");
	must(collection_find(a, arena, COLLECTION_ADDRESSBOOK,
	         VIEW("personal"), &c), "collection_find");
	account_close(&a);
	arena_free(&arena);
	return c.id;
}

/* What cannot be read any more is not the end: an mbox and contacts have no
 * mark of their own there. */
static void
test_broken(struct talk *t)
{
	struct exchange *x[3];
	char target[128];

	(void)snprintf(target, sizeof target,
	    "/api/v1/mailboxes/%lld/export", (long long)inbox(t));
	x[0] = get(t, target);
	(void)snprintf(target, sizeof target,
	    "/api/v1/address-books/%lld/export", (long long)address_book(t));
	x[1] = get(t, target);
	x[2] = get(t, "/api/v1/archive");
	must(account_remove(t->home.store, t->account), "account_remove");
	for (size_t i = 0; i < COUNT(x); i++) {
		struct buf piece = buf_new(SIZE_MAX / 2);

		is_number(x[i]->answer.status, 200, "it has begun");
		while (x[i]->answer.stream(x[i]->answer.context, &piece))
			buf_reset(&piece);
		is_number(buf_result(&piece).is, NOT_FOUND, "and fails");
		buf_free(&piece);
		exchange_free(&x[i]);
	}
}

static void
test_limits(void)
{
	struct buf mbox = buf_new(SIZE_MAX / 2);

	for (int i = 0; i < LIMIT_IMPORT_ITEMS; i++)
		buf_add_text(&mbox, "From a\nFrom b\n\n");
	is_number(import_check_mbox(buf_view(&mbox)).is, OK, "so many");
	buf_add_text(&mbox, "From a\n");
	is_number(import_check_mbox(buf_view(&mbox)).is, OVER_LIMIT,
	    "one more");
	buf_free(&mbox);
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	talk_sign_in(&t);
	test_streams(&t);
	test_leaving(&t);
	test_prefixes(&t);
	test_limits();
	test_broken(&t);
	talk_close(&t);
	return tap_done();
}
