/* Two IMAP sessions of one house.  The first byte of the input chooses how
 * the first one starts and who the second one is; each piece between bytes
 * 0xff goes to the first, or behind a byte 0xfe to the second, and who watches
 * is woken.  Behind a byte 0xfd it goes to the second in the middle of the
 * first one's next long answer.  Everything is put back after each input.
 *
 * Whatever is sent: a client that believes what it is told knows what is
 * there (imap_follower.h); one that was away, and asks with QRESYNC for what
 * has changed since, too; the books are right, and no UID is given out again.
 */
#include "mailcore/imap/box_cache.h"
#include "mailcore/imap/imap.h"
#include "mailcore/imap/session.h"
#include "tests/dialog/house.h"
#include "tests/dialog/house_back.h"
#include "tests/dialog/imap_follower.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

enum { TLS_NOT = 16, OTHER_IS_B = 32, CACHE = 4, WITHOUT = 8, QUOTA = 65536 };

#define LOGIN "a AUTHENTICATE PLAIN AGFAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n"
#define LOGIN_B "a AUTHENTICATE PLAIN AGJAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n"

/* How a session starts: the first byte of the input chooses. */
static const char *const starts[] = {
	"",
	LOGIN,
	LOGIN "b SELECT INBOX\r\n",
	LOGIN "b ENABLE QRESYNC\r\nc SELECT INBOX\r\n",
};

/* What is there: messages of several kinds, one that is gone, mailboxes with
 * rights for each other, and what is kept with them. */
static const char *const messages[][2] = {
	{ "INBOX (\\Seen $x)",
	    "Subject: =?utf-8?q?=C3=BC?=\r\n"
	    "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
	    "--x\r\n\r\none\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
	    "From: a@b\r\n\r\nin\r\n--x--\r\n\r\n" },
	{ "INBOX \"17-Jul-1996 02:44:25 -0700\"",
	    "From: \"A, b\" <a@x.example>\r\n"
	    "To: b@example.test, c: d@e, f@g;\r\nCc: h@i\r\n"
	    "Date: Wed, 17 Jul 1996 02:23:25 -0700\r\n"
	    "Message-ID: <1@x>\r\nSubject: Re: one\r\n"
	    "Content-Type: text/plain; charset=iso-8859-1\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "gr=FC=DFe=\r\n\r\n" },
	{ "INBOX (\\Deleted)", "\r\nx" },
	{ "INBOX (\\Flagged Two)",
	    "Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\nSubject: Re: one\r\n"
	    "Content-Type: multipart/alternative; boundary=\"y\"\r\n\r\n"
	    "--y\r\nContent-Type: text/html\r\n\r\n<p>two</p>\r\n"
	    "--y\r\nContent-Type: text/plain; name=a.txt\r\n"
	    "Content-Disposition: attachment; filename=a.txt\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nAAFhYmM=\r\n"
	    "--y--\r\n\r\n" },
};
static const char of_a[]
    = "e SELECT INBOX\r\nf EXPUNGE\r\nh CREATE Work/One\r\n"
      "i CREATE \"Work/&ANw-ber\"\r\n"
      "j SETACL Work b@example.test lrswipkxtecd\r\n"
      "k SETACL INBOX b@example.test lr\r\n"
      "l SETMETADATA INBOX (/private/comment \"mine\" /shared/comment"
      " \"ours\")\r\nm COPY 1:2 Work\r\nn UNSUBSCRIBE Drafts\r\n"
      "o LOGOUT\r\n";
static const char of_b[]
    = LOGIN_B
      "b APPEND INBOX {14+}\r\nSubject: b\r\n\r\n\r\n"
      "c CREATE Team\r\nd SETACL INBOX a@example.test lrswipkxtecda\r\n"
      "e SETACL Team a@example.test lr\r\n"
      "f SETMETADATA Team (/shared/comment \"all\")\r\ng LOGOUT\r\n";

/* One connection. */
struct line {
	struct peer peer;
	struct imap *session;
	struct buf in, out;
	view meanwhile; /* what the other one says */
	struct follower follower;
};

static struct house house;
static int64_t b_account;
static struct back backs[3]; /* a, b, the house */
static struct box *known;     /* INBOX of a, as it always begins */
static struct line lines[2];

static void
at_exit(void)
{
	box_free(&known);
	for (size_t i = 0; i < COUNT(backs); i++)
		back_close(&backs[i]);
	house_close(&house);
}

static struct box *
inbox_of_a(void)
{
	struct arena *arena = arena_new(65536);
	struct account *a = NULL;
	struct collection inbox;
	struct box *box = NULL;

	house_check(account_open(house.store, house.account, &a));
	if (collection_find(a, arena, COLLECTION_MAILBOX, VIEW("INBOX"),
	        &inbox).is == OK)
		house_check(box_open(a, NULL, inbox.id, true, &box));
	account_close(&a);
	arena_free(&arena);
	return box;
}

/* Numbers that an input can name. */
static const char small_numbers[]
    = "UPDATE collection SET uid_validity = id;"
      "UPDATE state SET next_uid_validity = 100";

static void
fill(struct imap_services *services)
{
	struct buf of = buf_new(65536);

	buf_add_text(&of, LOGIN);
	for (size_t i = 0; i < COUNT(messages); i++)
		buf_print(&of, "b APPEND %s {%zu+}\r\n%s\r\n",
		    messages[i][0], strlen(messages[i][1]), messages[i][1]);
	/* A long one, so that few FETCHes of it are answered in pieces. */
	buf_print(&of, "b APPEND INBOX {4000+}\r\n%04000d\r\n", 1);
	buf_add_text(&of, of_a);
	house_play(&imap_protocol, services, true, buf_view(&of), VIEW(""));
	house_play(&imap_protocol, services, true, view_of(of_b), VIEW(""));
	house_check(store_sync(house.store));
	buf_free(&of);
}

static void
furnish(struct imap_services *services)
{
	house_open(&house);
	house_check(account_add(house.store, VIEW("b@example.test"), VIEW(""),
	    VIEW(HOUSE_HASH), &b_account));
	house_check(account_set_quota(house.store, house.account, QUOTA));
	house_check(account_set_quota(house.store, b_account, QUOTA));
	services->store = house.store;
	services->auth = house.auth;
	fill(services);
	back_open(&backs[0], house.folder, house.account, small_numbers);
	back_open(&backs[1], house.folder, b_account, small_numbers);
	back_open(&backs[2], house.folder, 0, "");
	known = inbox_of_a();
	(void)atexit(at_exit);
}

static void
hang_up(struct line *l)
{
	if (l->session == NULL)
		return;
	imap_protocol.close(l->session);
	l->session = NULL;
	buf_free(&l->in);
	buf_free(&l->out);
}

/* The client may have asked not to be told, also where an input says so in
 * several pieces. */
static void
note_silent(view unit)
{
	if (view_find_same(unit, VIEW(".SILENT")) == SIZE_MAX)
		return;
	for (size_t i = 0; i < COUNT(lines); i++)
		lines[i].follower.silent = true;
}

/* What was said since is heard. */
static void
heed(struct line *l)
{
	follower_read(&l->follower, buf_view(&l->out));
	follower_agree(&l->follower, l->session->box, buf_view(&l->out));
	buf_reset(&l->out);
}

static void say(struct line *l, view bytes);

static struct step
whole(struct line *l, struct step step)
{
	while (step.next == STEP_CONTINUE) {
		view said = l->meanwhile;

		l->meanwhile = VIEW("");
		if (said.n > 0)
			say(&lines[1], said);
		step = imap_protocol.run(l->session, VIEW(""), &l->out);
	}
	return step;
}

/* false: it is over. */
static bool
go_on(struct line *l, struct step step)
{
	step = whole(l, step);
	if (step.next == STEP_CLOSE) {
		hang_up(l);
		return false;
	}
	heed(l);
	if (step.next == STEP_START_TLS) {
		buf_reset(&l->in);
		l->peer.tls = true;
		imap_protocol.secured(l->session);
	}
	return true;
}

static void
say(struct line *l, view bytes)
{
	size_t n;

	if (l->session == NULL)
		return;
	buf_add(&l->in, bytes);
	while ((n = imap_protocol.ready(l->session, buf_view(&l->in))) > 0) {
		struct step step;

		if (n > l->in.n)
			abort();
		note_silent(view_first(buf_view(&l->in), n));
		step = imap_protocol.run(l->session,
		    view_first(buf_view(&l->in), n), &l->out);
		buf_drop(&l->in, n);
		if (!go_on(l, step))
			return;
	}
}

static void
dial(struct line *l, struct imap_services *services, bool tls, view first)
{
	l->peer = (struct peer){ .address = "192.0.2.7", .tls = tls };
	l->in = buf_new(1 << 21);
	l->out = buf_new(1 << 26);
	l->meanwhile = VIEW("");
	follower_forget(&l->follower);
	l->follower.silent = false;
	l->session = imap_protocol.open(services, &l->peer, &l->out);
	buf_reset(&l->out);
	say(l, first);
}

static void
wake(struct line *l)
{
	if (l->session != NULL && imap_protocol.watching(l->session) > 0)
		(void)go_on(l, imap_protocol.wake(l->session, &l->out));
}

/* Between two commands, with a mailbox that is the account's own. */
static bool
can_ask(const struct line *l)
{
	const struct imap *s = l->session;

	return s != NULL && s->command == NULL && s->literal == 0 && !s->idle
	    && s->sasl.login == NULL && s->box != NULL && s->notify == NULL
	    && s->owner == s->account;
}

/* After a NOOP the session knows what is there. */
static void
settle(struct line *l)
{
	struct account *a = NULL;
	struct box *now = NULL;
	const struct box *b;
	result r;

	if (!can_ask(l)
	    || !go_on(l, imap_protocol.run(l->session, VIEW("z NOOP\r\n"),
	           &l->out)))
		return;
	b = l->session->box;
	house_check(account_open(house.store, l->session->account, &a));
	r = b == NULL ? fail(NOT_FOUND, "left")
	              : box_open(a, NULL, b->collection, true, &now);
	account_close(&a);
	if (b == NULL)
		return;
	if (b->count != (r.is == OK ? now->count : 0))
		follower_must(false, "how many there are now", VIEW(""));
	for (size_t i = 0; i < b->count; i++) {
		const struct message *m = &b->messages[i];
		const struct message *n = &now->messages[i];

		follower_must(m->uid == n->uid && m->modseq == n->modseq
		        && m->flags == n->flags
		        && view_eq(box_keywords(b, m), box_keywords(now, n)),
		    "what a message is now", VIEW(""));
	}
	box_free(&now);
}

/* One who was away since INBOX was as in `before` comes back. */
static void
catch_up(struct imap_services *services, const struct box *before)
{
	static struct line back;
	struct buf ask = buf_new(256);
	const struct box *now;
	view said;

	dial(&back, services, true, VIEW(LOGIN "b ENABLE QRESYNC\r\n"));
	follower_leave(&back.follower, before);
	buf_print(&ask, "c SELECT INBOX (QRESYNC (%u %lld))\r\n",
	    before->uid_validity, (long long)before->modseq);
	(void)whole(&back, imap_protocol.run(back.session, buf_view(&ask),
	    &back.out));
	now = back.session->box;
	said = buf_view(&back.out);
	follower_must(now != NULL, "INBOX is not opened", said);
	if (now->uid_validity == before->uid_validity) {
		follower_read(&back.follower, said);
		follower_is_back(&back.follower, before, now, said);
	}
	hang_up(&back);
	buf_free(&ask);
}

static void
look_back(struct imap_services *services, struct box **middle)
{
	services->cache = NULL;
	services->without = NULL;
	back_put(&backs[2]); /* wrong passwords are forgotten */
	if (back_is_due(&backs[0])) {
		catch_up(services, known);
		if (*middle != NULL)
			catch_up(services, *middle);
		house_verify(house.store, house.account);
	}
	if (back_is_due(&backs[1]))
		house_verify(house.store, b_account);
	box_free(middle);
	for (size_t i = 0; i < COUNT(backs); i++)
		back_put(&backs[i]);
}

/* One piece of the input. */
static void
pass_on(struct imap_services *services, uint8_t how, view piece)
{
	bool meanwhile = view_at(piece, 0) == 0xfd;
	bool second = meanwhile || view_at(piece, 0) == 0xfe;

	if (second && lines[1].session == NULL) {
		dial(&lines[1], services, true,
		    view_of((how & OTHER_IS_B) != 0 ? LOGIN_B : LOGIN));
		lines[1].follower.silent = lines[0].follower.silent;
	}
	if (meanwhile) {
		lines[0].meanwhile = view_from(piece, 1);
		return;
	}
	say(&lines[second], view_from(piece, second));
	wake(&lines[!second]);
}

/* The client may have asked not to be told. */
static void
play(struct imap_services *services, uint8_t how, view input)
{
	bool silent = view_find_same(input, VIEW(".SILENT")) != SIZE_MAX;
	struct box *middle = NULL;

	dial(&lines[0], services, (how & TLS_NOT) == 0,
	    view_of(starts[how & 3]));
	lines[0].follower.silent = silent;
	while (input.n > 0) {
		pass_on(services, how, view_cut(&input, (char)0xff));
		if (middle == NULL && back_is_due(&backs[0]))
			middle = inbox_of_a();
	}
	for (size_t i = 0; i < COUNT(lines); i++)
		settle(&lines[i]);
	for (size_t i = 0; i < COUNT(lines); i++)
		hang_up(&lines[i]);
	look_back(services, &middle);
}

int
LLVMFuzzerInitialize(int *count, char ***words)
{
	house_begin(count, words);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	view input = { (const char *)bytes, size };
	struct imap_services services = {
		.hostname = "mail.example.test",
		.message_limit = 4096,
		.starttls = true,
	};
	struct box_cache *cache;

	if (house.store == NULL)
		furnish(&services);
	if (size < 1)
		return 0;
	services.store = house.store;
	services.auth = house.auth;
	cache = box_cache_new(1);
	if ((bytes[0] & CACHE) != 0)
		services.cache = cache;
	if ((bytes[0] & WITHOUT) != 0)
		services.without = "MULTIAPPEND PREVIEW ESEARCH";
	play(&services, bytes[0], view_from(input, 1));
	box_cache_free(&cache);
	return 0;
}
