/*
 * talk.h - dialogue tests: a protocol engine spoken to by a text file, with a
 * real store in a temporary folder and no sockets.
 *
 *	# a comment
 *	< 250 *          the next line of output matches ('*' any, '?' one)
 *	> NOOP           send a line with CRLF
 *	>> a\r\n         send exactly these bytes: \r \n \0 \\
 *	! tls            the connection is encrypted
 *	! closed         the engine closes
 *	! seed a TEXT    put a message into a's INBOX (escapes as above, and \t)
 *	! count a 2      so many messages are in it
 *	! has a TEXT     its last message holds TEXT;  ! lacks a TEXT
 *	! quota a 100    a may keep so many octets
 *	! queued 1       so many recipients are in the queue
 *	! scram SECRET   answer the challenge of SCRAM-SHA-256 that a was sent,
 *	                 whose first message was n,,n=a@example.test,r=abc
 *	! channel        the connection has something to bind to
 *	! WORD           anything else is for the test's own `set`
 *
 * Accounts: a, b and off (switched off) of example.test, password "secret";
 * alias@example.test leads to a.  Every file is played twice: as it is, and
 * with the input fed one byte at a time.  Output nobody asked for fails.
 */
#ifndef TESTS_TALK_H
#define TESTS_TALK_H

#include "mailcore/auth/auth.h"
#include "mailcore/base/buf.h"
#include "mailcore/store/domain.h"
#include "mailcore/store/item.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/conn.h"
#include "tests/dialog/talk_text.h"
#include "tests/tap.h"
#include "tests/unit/scram_client.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct talk {
	const struct protocol *protocol;
	void *services;
	struct store *store;
	struct auth *auth;
	struct peer peer;
	void *session;
	struct buf in, out;
	size_t seen; /* of out */
	bool closed;
	bool dropped; /* what came in clear behind STARTTLS */
	bool bytewise;
	uint64_t delay_ms; /* all that the engine asked for */
	const char *file;
	int line;
	char folder[64];
	/* Makes `services` for a fresh store; before anything else. */
	void (*prepare)(struct talk *);
	/* A directive of the test's own; false: unknown. */
	bool (*set)(struct talk *, view word);
};

static inline int64_t
talk_account(struct talk *t, view name)
{
	struct arena *arena = arena_new(65536);
	struct account_info info = { .id = 0 };

	talk_check(account_find(t->store, arena,
		       arena_print(arena, "%.*s@example.test", (int)name.n,
			   name.p),
		       &info),
	    "account_find");
	arena_free(&arena);
	return info.id;
}

/* What a visit of INBOX found. */
struct talk_box {
	struct item_new item; /* to add */
	size_t count;
	int64_t last; /* body */
};

static inline result
talk_visit(void *context, const struct item *item)
{
	struct talk_box *box = context;

	box->count++;
	box->last = item->body;
	return done();
}

static inline result
talk_in_box(struct account *account, void *context)
{
	struct talk_box *box = context;
	struct arena *arena = arena_new(65536);
	struct collection inbox;
	struct item item;
	result r = collection_find(account, arena, COLLECTION_MAILBOX,
	    VIEW("INBOX"), &inbox);

	box->count = 0;
	if (r.is == OK && box->item.bytes != NULL)
		r = item_add(account, inbox.id, &box->item, &item);
	if (r.is == OK)
		r = item_each(account, inbox.id, 1, UINT32_MAX, talk_visit,
		    box);
	arena_free(&arena);
	return r;
}

static inline void
talk_seed(struct talk *t, view name, view text)
{
	struct buf bytes = buf_new(1 << 20);
	const struct item_summary summary = { .envelope = VIEW("NIL") };
	struct talk_box box = { .item = { .summary = &summary } };
	struct account *account = NULL;

	talk_unescape(text, &bytes);
	box.item.bytes = spool_new(t->store, 1 << 20);
	spool_add(box.item.bytes, buf_view(&bytes));
	talk_check(account_open(t->store, talk_account(t, name), &account),
	    "account_open");
	talk_check(item_prepare(account, box.item.bytes), "item_prepare");
	talk_check(account_write(account, talk_in_box, &box, DURABLE),
	    "item_add");
	account_close(&account);
	spool_free(&box.item.bytes);
	buf_free(&bytes);
}

static inline size_t
talk_count(struct talk *t, view name, struct buf *last)
{
	struct talk_box box = { .last = 0 };
	struct account *account = NULL;
	struct body body;

	talk_check(account_open(t->store, talk_account(t, name), &account),
	    "account_open");
	talk_check(account_read(account, talk_in_box, &box), "read INBOX");
	if (box.count > 0 && last != NULL) {
		talk_check(body_open(account, box.last, &body), "body_open");
		buf_add(last, body.bytes);
		body_close(&body);
	}
	account_close(&account);
	return box.count;
}

static inline void
talk_holds(struct talk *t, view name, view text, bool wanted)
{
	struct buf last = buf_new(1 << 20), what = buf_new(4096);

	talk_unescape(text, &what);
	(void)talk_count(t, name, &last);
	if (!ok((view_find(buf_view(&last), buf_view(&what)) != SIZE_MAX)
		    == wanted,
		"%s:%d: %.*s", t->file, t->line, (int)text.n, text.p))
		note("in: %.*s", (int)last.n, buf_text(&last));
	buf_free(&last);
	buf_free(&what);
}

static inline void
talk_drive(struct talk *t)
{
	while (!t->closed) {
		view in = buf_view(&t->in);
		size_t n = t->protocol->ready(t->session, in);
		struct step step;

		if (n == 0)
			return;
		/* The unit in a block of its own, for the sanitizer. */
		char *unit = malloc(n);

		memcpy(unit, in.p, n);
		step = t->protocol->run(t->session, (view){ unit, n },
		    &t->out);
		while (step.next == STEP_CONTINUE)
			step = t->protocol->run(t->session, VIEW(""),
			    &t->out);
		t->delay_ms += step.delay_ms;
		buf_drop(&t->in, n);
		free(unit);
		t->closed = step.next == STEP_CLOSE;
		if (step.next == STEP_START_TLS) {
			buf_reset(&t->in);
			t->dropped = true;
			t->peer.tls = true;
			t->protocol->secured(t->session);
			if (t->protocol->greets_again)
				(void)t->protocol->run(t->session, VIEW(""),
				    &t->out);
		}
	}
}

static inline void
talk_send(struct talk *t, view bytes)
{
	size_t most = t->bytewise ? 1 : SIZE_MAX;

	t->dropped = false;
	while (bytes.n > 0 && !t->dropped) {
		buf_add(&t->in, view_first(bytes, most));
		bytes = view_from(bytes, most);
		talk_drive(t);
	}
}

static inline void
talk_open(struct talk *t)
{
	if (t->session == NULL && t->seen == 0)
		t->session = t->protocol->open(t->services, &t->peer, &t->out);
}

static inline void
talk_expect(struct talk *t, view pattern)
{
	view rest = view_from(buf_view(&t->out), t->seen), line;

	if (!view_line(&rest, &line)) {
		ok(false, "%s:%d: no output, wanted %.*s", t->file, t->line,
		    (int)pattern.n, pattern.p);
		return;
	}
	t->seen = t->out.n - rest.n;
	if (!ok(talk_glob(pattern, line), "%s:%d: %.*s", t->file, t->line,
		(int)pattern.n, pattern.p))
		note("found: %.*s", (int)line.n, line.p);
}

static inline void
talk_number(struct talk *t, int64_t found, view wanted)
{
	uint64_t n = 0;

	(void)view_number(wanted, INT64_MAX, &n);
	if (!ok(found == (int64_t)n, "%s:%d: count", t->file, t->line))
		note("found %lld", (long long)found);
}

/* In the words of each protocol: "+ X", "334 X" or "\"X\"". */
static inline void
talk_scram(struct talk *t, view password)
{
	view said = view_trim(view_from(buf_view(&t->out), t->seen));
	struct buf challenge = buf_new(4096), final = buf_new(4096);
	struct buf answer = buf_new(4096);
	char typed[64] = "";
	struct scram_client c = { .hash = SCRAM_SHA256, .header = "n,,",
		.user = "a@example.test", .nonce = "abc", .password = typed };
	bool quoted = view_at(said, 0) == '"';

	if (quoted)
		said = view_first(view_from(said, 1), said.n - 2);
	else
		(void)view_cut(&said, ' ');
	t->seen = t->out.n;
	(void)view_copy(password, typed, sizeof typed);
	talk_check(decode_base64_strict(&challenge, said), "a challenge");
	scram_client_final(&c, buf_view(&challenge), &final);
	encode_base64(&answer, buf_view(&final));
	buf_reset(&final);
	buf_print(&final, quoted ? "\"%s\"\r\n" : "%s\r\n",
	    buf_text(&answer));
	talk_send(t, buf_view(&final));
	buf_free(&challenge);
	buf_free(&final);
	buf_free(&answer);
}

/* a logs in once by PLAIN, as people do, so there are keys. */
static inline void
talk_keys(struct talk *t)
{
	const struct auth_attempt attempt = { .user = VIEW("a@example.test"),
		.password = VIEW("secret"), .protocol = VIEW("imap"),
		.peer = VIEW("127.0.0.1") };
	struct identity who;
	unsigned delay;

	talk_check(auth_password(t->auth, &attempt, &who, &delay), "PLAIN");
	t->peer.binding = (struct tls_binding){ .exporter = "x",
		.exporter_n = TLS_EXPORTER };
}

static inline void
talk_directive(struct talk *t, view line)
{
	view rest = line, word = view_cut(&rest, ' '), name;
	int64_t messages, recipients, oldest;
	uint64_t octets;

	if (view_eq(word, VIEW("tls"))) {
		t->peer.tls = true;
	} else if (view_eq(word, VIEW("closed"))) {
		ok(t->closed, "%s:%d: closed", t->file, t->line);
	} else if (view_eq(word, VIEW("seed"))) {
		name = view_cut(&rest, ' ');
		talk_seed(t, name, rest);
	} else if (view_eq(word, VIEW("count"))) {
		name = view_cut(&rest, ' ');
		talk_number(t, (int64_t)talk_count(t, name, NULL), rest);
	} else if (view_eq(word, VIEW("quota"))) {
		name = view_cut(&rest, ' ');
		talk_check(view_number(rest, INT64_MAX, &octets)
			? account_set_quota(t->store, talk_account(t, name),
			    (int64_t)octets)
			: fail(MALFORMED, "a number"),
		    "quota");
	} else if (view_eq(word, VIEW("has"))
	    || view_eq(word, VIEW("lacks"))) {
		name = view_cut(&rest, ' ');
		talk_holds(t, name, rest, view_eq(word, VIEW("has")));
	} else if (view_eq(word, VIEW("scram"))) {
		talk_scram(t, rest);
	} else if (view_eq(word, VIEW("channel"))) {
		talk_keys(t);
	} else if (view_eq(word, VIEW("queued"))) {
		talk_check(queue_counts(t->store, &messages, &recipients,
			       &oldest),
		    "queue_counts");
		talk_number(t, recipients, rest);
	} else if (t->set == NULL || !t->set(t, line)) {
		ok(false, "%s:%d: unknown directive", t->file, t->line);
	}
}

static inline void
talk_line(struct talk *t, view line)
{
	struct buf bytes = buf_new(1 << 20);

	t->line++;
	if (view_starts(line, VIEW("! "))) {
		talk_directive(t, view_from(line, 2));
	} else if (view_starts(line, VIEW("< "))) {
		talk_open(t);
		talk_expect(t, view_from(line, 2));
	} else if (view_starts(line, VIEW(">> "))) {
		talk_unescape(view_from(line, 3), &bytes);
		talk_send(t, buf_view(&bytes));
	} else if (view_at(line, 0) == '>') {
		buf_add(&bytes, view_from(line, 2));
		buf_add(&bytes, VIEW("\r\n"));
		talk_send(t, buf_view(&bytes));
	} else {
		ok(line.n == 0 || line.p[0] == '#', "%s:%d: a line we know",
		    t->file, t->line);
	}
	buf_free(&bytes);
}

static inline void
talk_people(struct talk *t)
{
	static const char *const names[] = { "a", "b", "off" };
	struct buf hash = buf_new(1024);
	int64_t id = 0;

	talk_check(auth_hash(VIEW("secret"), &hash), "auth_hash");
	talk_check(domain_add(t->store, VIEW("example.test"),
		       VIEW("Example"), &id),
	    "domain_add");
	for (size_t i = 0; i < COUNT(names); i++) {
		char address[64];

		(void)snprintf(address, sizeof address, "%s@example.test",
		    names[i]);
		talk_check(account_add(t->store, view_of(address), VIEW(""),
			       buf_view(&hash), &id),
		    "account_add");
	}
	talk_check(account_set_enabled(t->store, id, false), "disable");
	talk_check(alias_add(t->store, VIEW("alias@example.test"),
		       talk_account(t, VIEW("a"))),
	    "alias_add");
	buf_free(&hash);
}

static inline void
talk_begin(struct talk *t)
{
	struct store_options options = { .data = t->folder,
		.journal = "mail" };

	(void)snprintf(t->folder, sizeof t->folder, "/tmp/talk.XXXXXX");
	if (mkdtemp(t->folder) == NULL)
		abort();
	talk_check(store_recover(t->folder), "store_recover");
	talk_check(store_open(&t->store, &options), "store_open");
	talk_check(auth_new(&t->auth, t->store), "auth_new");
	talk_people(t);
	t->peer = (struct peer){ .address = "192.0.2.7",
		.local = "192.0.2.1" };
	t->session = NULL;
	t->seen = 0;
	t->closed = false;
	t->line = 0;
	t->in = buf_new(1 << 20);
	t->out = buf_new(1 << 24);
	t->prepare(t);
}

static inline void
talk_end(struct talk *t)
{
	char command[128];

	if (t->session != NULL
	    && !ok(t->seen == t->out.n, "%s: nothing was said unasked",
		t->file))
		note("%s", buf_text(&t->out) + t->seen);
	if (t->session != NULL)
		t->protocol->close(t->session);
	buf_free(&t->in);
	buf_free(&t->out);
	auth_free(&t->auth);
	store_close(&t->store);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", t->folder);
	if (system(command) != 0)
		note("left behind: %s", t->folder);
}

static inline void
talk_play(struct talk *t, const char *path, bool bytewise)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!ok(f != NULL, "%s can be read", path))
		return;
	t->file = path;
	t->bytewise = bytewise;
	talk_begin(t);
	while ((n = getline(&line, &room, f)) > 0)
		talk_line(t, (view){ line, (size_t)n - 1 });
	talk_end(t);
	free(line);
	(void)fclose(f);
}

/* Every .talk file of a folder of tests/dialog.  The sources are found from
 * MESON_SOURCE_ROOT or the present folder. */
static inline void
talk_all(struct talk *t, const char *folder)
{
	const char *root = getenv("MESON_SOURCE_ROOT");
	struct dirent **names = NULL;
	char path[1024];
	int n;

	(void)snprintf(path, sizeof path, "%s/tests/dialog/%s",
	    root == NULL ? "." : root, folder);
	n = scandir(path, &names, NULL, alphasort);
	ok(n > 2, "there are dialogues in %s", path);
	for (int i = 0; i < n; i++) {
		char file[1400];

		(void)snprintf(file, sizeof file, "%s/%s", path,
		    names[i]->d_name);
		if (view_ends(view_of(file), VIEW(".talk"))) {
			talk_play(t, file, false);
			talk_play(t, file, true);
		}
		free(names[i]);
	}
	free(names);
}

#endif
