/*
 * The IMAP engine, spoken to: tests/dialog/imap.  Beside the directives of
 * talk.h:
 *
 *	! 2> NOOP        a second session of the same house sends
 *	! 2< * OK *      what it is answered
 *	! wake           the first session is woken when it watches
 *	! many 600       a has so many mailboxes more, with long names
 *	! crowd 2100     a's INBOX has so many messages more
 *	! lost 101       so many are made, subscribed and deleted: x0, x1...
 *	! progress       that something goes on is told at once
 *	! cold           what was opened before is known from the store alone
 *	! asleep         it does not watch
 *	! limit 100      the size limit of messages
 *	! unsaved a      a's messages are from before SAVEDATE
 *	! without        QRESYNC, PREVIEW and APPENDLIMIT are switched off
 *	! without a X Y  X and Y are, for a alone
 *	! no starttls    the server has no certificate
 *	! resync TAG X   TAG SELECT INBOX (QRESYNC (V X)), V being the
 *	                 UIDVALIDITY that was last told
 */
#include "mailcore/imap/box_cache.h"
#include "mailcore/imap/imap.h"
#include "mailcore/store/annotation.h"
#include "mailcore/store/inside.h"
#include "tests/dialog/imap_fill.h"

static struct imap_services services;
static struct talk other;

static void
close_other(void)
{
	if (other.session == NULL)
		return;
	if (!ok(other.seen == other.out.n, "%s: nothing more for 2",
		other.file))
		note("%s", buf_text(&other.out) + other.seen);
	other.protocol->close(other.session);
	other.session = NULL;
	buf_free(&other.in);
	buf_free(&other.out);
}

static void
prepare(struct talk *t)
{
	/* Every mailbox is kept there, so all dialogues try it. */
	box_cache_free(&services.cache);
	services = (struct imap_services){
		.cache = box_cache_new(1),
		.store = t->store,
		.auth = t->auth,
		.hostname = "mail.example.test",
		.message_limit = 1000000,
		.starttls = true,
	};
	t->services = &services;
}

static void
open_other(const struct talk *t)
{
	if (other.session != NULL)
		return;
	other = *t;
	other.in = buf_new(1 << 20);
	other.out = buf_new(1 << 24);
	other.seen = 0;
	other.closed = false;
	other.session = NULL;
	talk_open(&other);
}

static void
wake(struct talk *t)
{
	int64_t watched = t->protocol->watching(t->session);
	struct step step;

	if (!ok(watched > 0, "%s:%d: it watches", t->file, t->line))
		return;
	step = t->protocol->wake(t->session, &t->out);
	while (step.next == STEP_CONTINUE)
		step = t->protocol->run(t->session, VIEW(""), &t->out);
}

static void
resync(struct talk *t, view tag_and_more)
{
	view tag = view_cut(&tag_and_more, ' '), out = buf_view(&t->out);
	struct buf line = buf_new(1 << 16);
	size_t at;

	while ((at = view_find(out, VIEW("[UIDVALIDITY "))) != SIZE_MAX) {
		view rest = out = view_from(out, at + 13);

		buf_reset(&line);
		buf_print(&line, "> %.*s SELECT INBOX (QRESYNC (", (int)tag.n,
		    tag.p);
		buf_add(&line, view_cut(&rest, ']'));
	}
	buf_print(&line, " %.*s))", (int)tag_and_more.n, tag_and_more.p);
	t->line--;
	talk_line(t, buf_view(&line));
	buf_free(&line);
}

static result
forget_saved(struct account *a, void *unused)
{
	const struct db_arg args[] = { db_int(a->id) };

	(void)unused;
	return db_do(a->db, "UPDATE item SET saved = 0 WHERE account_id = $1",
	    args, COUNT(args));
}

static void
unsaved(struct talk *t, view name)
{
	struct account *a = NULL;

	talk_check(account_open(t->store, talk_account(t, name), &a), "open");
	talk_check(account_write(a, forget_saved, NULL, DURABLE), "unsaved");
	account_close(&a);
}

static result
add_many(struct account *a, void *context)
{
	const uint64_t *count = context;
	int64_t id;

	for (uint64_t i = 0; i < *count; i++) {
		char name[450];

		(void)snprintf(name, sizeof name, "%0449llu",
		    (unsigned long long)i);
		TRY(collection_add(a, COLLECTION_MAILBOX, view_of(name),
		    VIEW(""), USE_NONE, &id));
	}
	return done();
}

static void
many(struct talk *t, uint64_t count)
{
	struct account *a = NULL;

	talk_check(account_open(t->store, talk_account(t, VIEW("a")), &a),
	    "open");
	talk_check(account_write(a, add_many, &count, DURABLE), "many");
	account_close(&a);
}

static void
lose(struct talk *t, uint64_t count)
{
	struct buf lines = buf_new(1 << 20);

	for (uint64_t i = 0; i < count; i++)
		buf_print(&lines,
		    "l CREATE x%llu\r\nl SUBSCRIBE x%llu\r\n"
		    "l DELETE x%llu\r\n",
		    (unsigned long long)i, (unsigned long long)i,
		    (unsigned long long)i);
	talk_send(t, buf_view(&lines));
	t->seen = t->out.n;
	buf_free(&lines);
}

static result
switch_off(struct account *a, void *context)
{
	const struct annotation *n = context;

	return annotation_set(a, 0, ANNOTATION_OF_HOUSE, n);
}

static void
without(struct talk *t, view words)
{
	view name = view_cut(&words, ' ');
	struct annotation n = { .name = VIEW(ANNOTATION_IMAP_WITHOUT),
		.value = words };
	struct account *a = NULL;

	talk_check(account_open(t->store, talk_account(t, name), &a), "open");
	talk_check(account_write(a, switch_off, &n, DURABLE), "without");
	account_close(&a);
}

static bool
set(struct talk *t, view word)
{
	uint64_t n;

	if (view_eq(word, VIEW("no starttls"))) {
		services.starttls = false;
	} else if (view_eq(word, VIEW("wake"))) {
		wake(t);
	} else if (view_starts(word, VIEW("many "))
	    && view_number(view_from(word, 5), INT64_MAX, &n)) {
		many(t, n);
	} else if (view_starts(word, VIEW("crowd "))
	    && view_number(view_from(word, 6), INT64_MAX, &n)) {
		imap_fill(t, n, 1);
	} else if (view_starts(word, VIEW("lost "))
	    && view_number(view_from(word, 5), INT64_MAX, &n)) {
		lose(t, n);
	} else if (view_eq(word, VIEW("progress"))) {
		services.progress_ms = -1;
	} else if (view_eq(word, VIEW("cold"))) {
		box_cache_free(&services.cache);
		services.cache = box_cache_new(1);
	} else if (view_eq(word, VIEW("asleep"))) {
		ok(t->protocol->watching(t->session) <= 0,
		    "%s:%d: nothing wakes it", t->file, t->line);
	} else if (view_eq(word, VIEW("2 end"))) {
		close_other();
	} else if (view_starts(word, VIEW("limit "))
	    && view_number(view_from(word, 6), INT64_MAX, &n)) {
		services.message_limit = n;
	} else if (view_eq(word, VIEW("without"))) {
		services.without = "QRESYNC preview APPENDLIMIT";
	} else if (view_starts(word, VIEW("without "))) {
		without(t, view_from(word, 8));
	} else if (view_starts(word, VIEW("unsaved "))) {
		unsaved(t, view_from(word, 8));
	} else if (view_starts(word, VIEW("resync "))) {
		resync(t, view_from(word, 7));
	} else if (view_starts(word, VIEW("2"))) {
		open_other(t);
		other.line = t->line - 1;
		talk_line(&other, view_from(word, 1));
	} else {
		return false;
	}
	return true;
}

int
main(void)
{
	struct talk t = { .protocol = &imap_protocol, .prepare = prepare,
		.set = set };

	talk_all(&t, "imap");
	box_cache_free(&services.cache);
	return tap_done();
}
