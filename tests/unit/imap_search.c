/* SEARCH, SORT and FETCH answer the same with search.db and without it, while
 * messages come, go and move. */
#include "mailcore/imap/imap.h"
#include "mailcore/store/search.h"
#include "tests/dialog/talk.h"

enum { FIRST = 1100, LATER = 90 };

static const char *const words[] = { "alpha", "Straße", "tomato", "x",
	"Ünder", "omega", "to", "needle", "Привет", "mat", "漢字", "potato" };

static unsigned seed = 7;

static unsigned
any(unsigned below)
{
	seed = seed * 1103515245U + 12345U;
	return (seed >> 16) % below;
}

static void
add_words(struct buf *b, unsigned count, unsigned below)
{
	while (count-- > 0) {
		buf_add_text(b, words[any(below)]);
		buf_add_byte(b, ' ');
	}
}

/* Plain, in quoted-printable, in base64 (which is "a needle in base64"), or
 * with raw UTF-8 in its header. */
static void
make_message(struct buf *b, unsigned n)
{
	static const char *const kinds[] = { "", "quoted-printable", "base64",
		"" };
	unsigned kind = n % COUNT(kinds);

	buf_print(b, n % 3 == 0 ? "From: \"Person\" (a) %u <p%u@ example.test>"
				: "From: Person %u <p%u@example.test>",
	    n % 7, n);
	buf_add_text(b, "\r\nSubject:");
	buf_add_text(b, n % 5 == 0 ? "=?utf-8?q?W=C3=9Cnder?= " : " ");
	add_words(b, 2, kind == 3 ? COUNT(words) : 1);
	buf_print(b, "topic%u\r\nDate: Thu, 1 Jan 2026 00:00:%02u +0000\r\n",
	    n, n % 60);
	buf_print(b, "X-Other: hidden%u\r\nContent-Type: text/plain;"
		     " charset=utf-8\r\n", n);
	if (kinds[kind][0] != '\0')
		buf_print(b, "Content-Transfer-Encoding: %s\r\n", kinds[kind]);
	buf_add_text(b, "\r\n");
	if (kind == 1)
		buf_add_text(b, "gr=C3=BCn and cut=\r\nted ");
	if (kind == 2)
		buf_add_text(b, "YSBuZWVkbGUgaW4gYmFzZTY0");
	else
		add_words(b, 8, COUNT(words));
	buf_print(b, " unique%uword\r\n", n);
}

static void
append(struct talk *t, const char *mailbox, unsigned from, unsigned count)
{
	struct buf bytes = buf_new(1 << 16), line = buf_new(1 << 16);

	for (unsigned n = from; n < from + count; n++) {
		buf_reset(&bytes);
		buf_reset(&line);
		make_message(&bytes, n);
		buf_print(&line, "a APPEND %s {%zu+}\r\n", mailbox, bytes.n);
		buf_add(&line, buf_view(&bytes));
		buf_add_text(&line, "\r\n");
		talk_send(t, buf_view(&line));
	}
	buf_free(&bytes);
	buf_free(&line);
}

static void
send_line(struct talk *t, const char *line)
{
	talk_send(t, view_of(line));
	talk_send(t, VIEW("\r\n"));
}

static const char *const questions[] = {
	"a FETCH 1:* (UID INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)",
	"a FETCH 100:400 (FLAGS BODY.PEEK[HEADER.FIELDS (From subject Date)])",
	"a FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (From X-Other)] EMAILID)",
	"a UID FETCH 3:900 (BODY.PEEK[HEADER.FIELDS.NOT (Subject)])",
	"a FETCH 120:140,700:* (BODY ENVELOPE BODY.PEEK[]<0.20>)",
	"a SORT (SUBJECT) UTF-8 ALL",
	"a SORT (REVERSE FROM DATE) UTF-8 TEXT tomato",
	"a THREAD REFERENCES UTF-8 SUBJECT topic1",
	"a SEARCH TEXT unique77word",
	"a SEARCH TEXT UNIQUE77",
	"a SEARCH BODY needle",
	"a SEARCH NOT BODY needle",
	"a SEARCH OR SUBJECT alpha BODY \"in base\"",
	"a SEARCH SUBJECT \"\" BODY omega",
	"a SEARCH SUBJECT W\xc3\xbcNDER TEXT topic5",
	"a SEARCH TEXT \"subject: alpha\"",
	"a SEARCH HEADER X-Other hidden7",
	"a SEARCH RETURN (SAVE) BODY tomato",
	"a SEARCH $ FROM \"person 2\"",
	"a SEARCH BODY hidden7",
	"a SEARCH BODY cutted",
	"a SEARCH BODY \"\xce\xa9mega\"",
	"a SEARCH TEXT \xd0\xbf\xd1\x80\xd0\xb8\xd0\x92\xd0\xb5\xd1\x82",
	"a SEARCH TEXT \xe6\xbc\xa2",
	"a SEARCH TEXT to",
	"a SEARCH FROM \"person 3\" NOT TEXT potato",
	"a SEARCH FROM \"person 3 <p3@example.test>\"",
	"a SEARCH OR FROM \"p12@example\" TEXT \"(a) 5 <p33@ ex\"",
	"a SEARCH RETURN (COUNT MIN MAX) 5:800 TEXT mat",
	"a SEARCH FROM p1 SMALLER 400 OR TEXT zzz TEXT ato",
	"a SEARCH TEXT zzzzzz",
};

/* All that is answered. */
static void
ask_all(struct talk *t, struct buf *answers)
{
	send_line(t, "a EXAMINE INBOX");
	buf_reset(&t->out);
	for (size_t i = 0; i < COUNT(questions); i++)
		send_line(t, questions[i]);
	buf_reset(answers);
	buf_add(answers, buf_view(&t->out));
}

static void
compare(struct talk *t, const struct buf *before, const char *what)
{
	struct buf now = buf_new(1 << 26);
	view a = buf_view(before), b, x, y;

	ask_all(t, &now);
	b = buf_view(&now);
	ok(a.n > 0 && view_eq(a, b), "%s: the same answers (%zu bytes)", what,
	    a.n);
	while (!view_eq(a, b) && view_line(&a, &x) && view_line(&b, &y))
		if (!view_eq(x, y)) {
			note("before: %.*s", (int)view_first(x, 300).n, x.p);
			note("now: %.*s", (int)view_first(y, 300).n, y.p);
			break;
		}
	buf_free(&now);
}

static void
drop_index(struct talk *t)
{
	char command[256];

	(void)snprintf(command, sizeof command,
	    "find %s/accounts -name 'search.db*' -exec rm {} +", t->folder);
	if (system(command) != 0)
		ok(false, "%s", command);
}

static void
fill(struct talk *t)
{
	struct account *a = NULL;
	struct search_hits hits;

	talk_check(account_open(t->store, talk_account(t, VIEW("a")), &a),
	    "open");
	talk_check(search_fill(a), "fill");
	talk_check(search_find(a, VIEW("unique77word"), &hits), "find");
	ok(hits.known > 0 && hits.n > 0 && hits.n < 5,
	    "the index knows where a word is: %zu bodies", hits.n);
	search_hits_free(&hits);
	account_close(&a);
}

static void
play(struct talk *t)
{
	struct buf answers = buf_new(1 << 26);

	append(t, "INBOX", 0, FIRST);
	ask_all(t, &answers);
	fill(t);
	compare(t, &answers, "indexed");

	/* What is indexed goes, moves and is copied; new ones come. */
	send_line(t, "a STORE 20:60,900 +FLAGS.SILENT (\\Deleted)");
	send_line(t, "a EXPUNGE");
	send_line(t, "a CREATE Other");
	send_line(t, "a MOVE 100:120 Other");
	send_line(t, "a COPY 200:230 INBOX");
	append(t, "INBOX", FIRST, LATER);
	ask_all(t, &answers);
	drop_index(t);
	compare(t, &answers, "without the index");
	fill(t);
	compare(t, &answers, "with another one");
	buf_free(&answers);
}

static void
prepare(struct talk *t)
{
	static struct imap_services services;

	services = (struct imap_services){ .store = t->store,
		.auth = t->auth, .hostname = "mail.example.test",
		.message_limit = 1000000, .starttls = true };
	t->services = &services;
}

int
main(void)
{
	struct talk t = { .protocol = &imap_protocol, .file = "search",
		.prepare = prepare };

	talk_begin(&t);
	t.out.limit = 1 << 26;
	t.peer.tls = true;
	talk_open(&t);
	send_line(&t, "a LOGIN a@example.test secret");
	play(&t);
	t.seen = t.out.n;
	talk_end(&t);
	return tap_done();
}
