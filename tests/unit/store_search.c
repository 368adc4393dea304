/* search.db: postings as bytes, what it finds beside what is there, and that
 * nothing which happens to the file makes an answer wrong. */
#include "mailcore/store/inside.h"
#include "mailcore/store/posting.h"
#include "mailcore/store/search.h"
#include "tests/unit/store_help.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum { MESSAGES = 1200, NEEDLES = 60 };

static unsigned seed = 3;

static unsigned
any(unsigned below)
{
	seed = seed * 1103515245U + 12345U;
	return (seed >> 16) % below;
}

/* Postings. */

static void
add_random(struct posting_pairs *s, unsigned bits, size_t count, uint32_t keys)
{
	s->n = 0;
	for (size_t i = 0; i < count; i++)
		posting_add(s, any(keys) << bits | any(1U << bits));
	posting_sort(s);
	/* Each pair once, as texts are added. */
	count = s->n;
	s->n = 0;
	for (size_t i = 0; i < count; i++)
		if (i == 0 || s->p[i] != s->p[i - 1])
			s->p[s->n++] = s->p[i];
}

static bool
finds_all(view bucket, const struct posting_pairs *s, unsigned bits,
    uint32_t keys)
{
	for (uint32_t key = 0; key < keys; key++) {
		unsigned char texts[POSTING_LARGE / 8] = { 0 };
		unsigned char wanted[POSTING_LARGE / 8] = { 0 };

		for (size_t i = 0; i < s->n; i++)
			if (s->p[i] >> bits == key)
				wanted[(s->p[i] & ((1U << bits) - 1)) / 8]
				    |= (unsigned char)(1U << s->p[i] % 8);
		if (posting_find(bucket, key, bits, texts).is != OK
		    || memcmp(texts, wanted, sizeof texts) != 0)
			return false;
	}
	return true;
}

/* No prefix of a bucket, each in a block of its own, reads past its end. */
static void
try_prefixes(view bucket)
{
	struct posting_pairs read = { 0 };

	for (size_t n = 0; n < bucket.n && n < 600; n++) {
		unsigned char texts[POSTING_LARGE / 8] = { 0 };
		char *exact = malloc(n + 1);

		memcpy(exact, bucket.p, n);
		(void)posting_find((view){ exact, n }, UINT32_MAX,
		    POSTING_LARGE_BITS, texts).is;
		(void)posting_read((view){ exact, n }, 0, &read).is;
		free(exact);
	}
	posting_free(&read);
}

static void
test_postings(void)
{
	static const struct {
		size_t count;
		uint32_t keys;
	} rows[] = { { 1, 1 }, { 500, 40 }, { 3000, 3000 }, { 9000, 20 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct posting_pairs s = { 0 }, again = { 0 };
		struct buf out = buf_new(1 << 20);
		bool same = true;

		add_random(&s, POSTING_LARGE_BITS, rows[i].count,
		    rows[i].keys);
		posting_write(s.p, s.n, POSTING_LARGE_BITS, &out);
		ok(finds_all(buf_view(&out), &s, POSTING_LARGE_BITS,
		       rows[i].keys + 1),
		    "%zu pairs of %u terms are found", s.n, rows[i].keys);
		try_prefixes(buf_view(&out));
		buf_reset(&out);
		add_random(&s, POSTING_SMALL_BITS, rows[i].count,
		    rows[i].keys);
		posting_write(s.p, s.n, POSTING_SMALL_BITS, &out);
		is_result(posting_read(buf_view(&out), 128, &again), OK,
		    "read again");
		for (size_t k = 0; k < s.n && same; k++)
			same = again.n == s.n
			    && again.p[k] == (s.p[k] >> 6 << 10 | (128
				+ (s.p[k] & 63)));
		ok(same, "%zu pairs become those of a large one", s.n);
		posting_free(&s);
		posting_free(&again);
		buf_free(&out);
	}
}

/* Messages. */

struct letter {
	char text[120];
	int64_t body; /* 0: removed */
};

struct world {
	struct home home;
	struct account *a;
	int64_t id, inbox, other;
	struct letter letters[MESSAGES];
	uint32_t uids[MESSAGES];
	size_t count;
};

static void
add_letter(struct world *w)
{
	static const struct item_summary summary = {
		.envelope = VIEW_INIT("(envelope)"),
		.body = VIEW_INIT("(body)"),
		.bodystructure = VIEW_INIT("(structure)"),
		.header = VIEW_INIT("Subject: x\r\nX-Y: z\r\n\r\n"),
		.sent = 77,
	};
	struct letter *l = &w->letters[w->count];
	struct change c = { .kind = ADD, .collection = w->inbox,
		.item = { .summary = &summary, .received = 5 } };
	int n = snprintf(l->text, sizeof l->text, "subject: %u\r\n\r\n",
	    any(100));

	while (n < 100)
		l->text[n++] = (char)("abcd efgh"[any(9)]);
	l->text[n] = '\0';
	c.bytes = view_of(l->text);
	must(change_run_as(&w->home, w->a, &c, DURABLE_LAZY), "add");
	l->body = c.out.body;
	w->uids[w->count++] = c.out.uid;
}

static void
remove_letter(struct world *w, size_t i)
{
	struct change c = { .kind = REMOVE, .collection = w->inbox,
		.uid = w->uids[i] };

	if (w->letters[i].body == 0)
		return;
	must(change_run_as(&w->home, w->a, &c, DURABLE_LAZY), "remove");
	w->letters[i].body = 0;
}

static void
world_begin(struct world *w)
{
	*w = (struct world){ .count = 0 };
	home_begin(&w->home);
	w->id = home_person(&w->home, 1);
	w->a = home_open(&w->home, w->id);
	w->inbox = home_collection(
	    &w->home, w->a, COLLECTION_MAILBOX, "INBOX");
	while (w->count < MESSAGES - 200)
		add_letter(w);
}

/* Every message that holds the needle may; how many that do not, too. */
static bool
may_all(struct world *w, view needle, size_t *wrong, int64_t *known)
{
	struct search_hits hits;
	bool all = true;

	must(search_find(w->a, needle, &hits), "find");
	*known = hits.known > *known ? hits.known : *known;
	for (size_t i = 0; i < w->count; i++) {
		const struct letter *l = &w->letters[i];
		bool holds = view_find(view_of(l->text), needle) != SIZE_MAX;
		bool may = search_may_hold(&hits, l->body);

		if (l->body == 0)
			continue;
		all = all && (may || !holds);
		*wrong += may && !holds && l->body <= hits.known;
	}
	search_hits_free(&hits);
	return all;
}

static void
check_needles(struct world *w, bool known_wanted, const char *when)
{
	size_t wrong = 0, good = 0;
	int64_t known = 0;

	for (size_t i = 0; i < NEEDLES; i++) {
		const char *text = w->letters[any((unsigned)w->count)].text;
		/* Of the body, which begins within 16 bytes. */
		view needle = { text + 16 + any(74), 1 + any(9) };

		good += may_all(w, needle, &wrong, &known);
	}
	ok(good == NEEDLES, "%s: nothing is missed", when);
	if (known_wanted)
		ok(known > 0 && wrong < NEEDLES * w->count / 2,
		    "%s: and most else is left out (%zu wrong)", when, wrong);
}

struct listed {
	struct world *w;
	size_t count, wrong;
	unsigned texts;
	uint32_t last;
};

static bool
is_text(const struct listed *l, unsigned which, view found, view text)
{
	return view_eq(found, (l->texts & which) != 0 ? text : VIEW(""));
}

static result
list(void *context, const struct item *i, const struct item_summary *s)
{
	struct listed *l = context;
	struct world *w = l->w;
	for (size_t k = 0; k < w->count; k++)
		if (w->uids[k] == i->uid && w->letters[k].body != 0)
			l->wrong += w->letters[k].body != i->body
			    || i->size != strlen(w->letters[k].text);
	l->wrong += i->received != 5 || s->sent != 77 || i->uid <= l->last
	    || !is_text(l, SEARCH_ENVELOPE, s->envelope, VIEW("(envelope)"))
	    || !is_text(l, SEARCH_STRUCTURES, s->body, VIEW("(body)"))
	    || !is_text(l, SEARCH_STRUCTURES, s->bodystructure,
		VIEW("(structure)"))
	    || !is_text(l, SEARCH_HEADS, s->header, VIEW("Subject: x\r\n"));
	l->last = i->uid;
	l->count++;
	return done();
}

/* As many as are asked for, until there are enough; then the rest, and none
 * twice. */
static bool
has_many(const void *context)
{
	const struct listed *l = context;

	return l->count >= 200;
}

static void
check_enough(struct world *w, size_t all)
{
	struct listed l = { .w = w, .texts = SEARCH_HEADS };
	struct search_list list_of = { .collection = w->inbox, .from = 3,
		.to = 700, .texts = SEARCH_HEADS, .visit = list,
		.enough = has_many, .context = &l };
	uint32_t upto = 0;
	size_t first;

	is_result(search_each_summary(w->a, &list_of, &upto), OK,
	    "until there are enough");
	first = l.count;
	ok(first >= 200 && first < 200 + 128 && upto == l.last && upto < 700,
	    "%zu up to %u, the last was %u", first, upto, l.last);
	is_result(search_each_summary(w->a, &list_of, &upto), OK, "again");
	ok(l.count == first && upto == 2, "enough is enough: %u", upto);
	list_of.from = l.last + 1;
	list_of.enough = NULL;
	is_result(search_each_summary(w->a, &list_of, &upto), OK, "the rest");
	ok(l.count == all && l.wrong == 0 && upto == 700,
	    "%zu of %zu, %zu wrong", l.count, all, l.wrong);
}

static void
check_digests(struct world *w)
{
	const unsigned most = SEARCH_ENVELOPE | SEARCH_STRUCTURES
	    | SEARCH_HEADS;
	size_t all = 0;

	for (unsigned texts = 0; texts <= most; texts++) {
		struct listed l = { .w = w, .texts = texts };
		const struct search_list list_of = { .collection = w->inbox,
			.from = 3, .to = 700, .texts = texts, .visit = list,
			.context = &l };
		uint32_t upto = 0;

		is_result(search_each_summary(w->a, &list_of, &upto), OK,
		    "messages are listed");
		ok(upto == 700 && l.count > 500 && l.wrong == 0,
		    "%zu of them, %zu wrong, up to %u", l.count, l.wrong,
		    upto);
		all = l.count;
	}
	check_enough(w, all);
}

/* What happens to the file. */

static void
path_of(struct world *w, char to[STORE_PATH])
{
	(void)snprintf(to, STORE_PATH, "%s/accounts/%02x/%lld/search.db",
	    w->home.data, (unsigned)(w->id & 255), (long long)w->id);
}

/* Everything from byte `from` on becomes rubbish. */
static void
damage(struct world *w, long from)
{
	char path[STORE_PATH];
	FILE *f;

	account_close(&w->a);
	store_close(&w->home.store);
	path_of(w, path);
	f = fopen(path, "r+");
	if (f == NULL || fseek(f, from, SEEK_SET) != 0)
		must(fail(FAILED, "no file"), path);
	for (int i = 0; i < 60000; i++)
		(void)fputc("rubbish"[i % 7], f);
	(void)fclose(f);
	home_reopen(&w->home, "test");
	w->a = home_open(&w->home, w->id);
}

static void
test_damage(struct world *w)
{
	static const long places[] = { 0, 100, 16384, 40000, 100000 };
	char path[STORE_PATH];

	for (size_t i = 0; i < COUNT(places); i++) {
		damage(w, places[i]);
		check_needles(w, false, "damaged");
		(void)search_fill(w->a).is;
		must(search_fill(w->a), "filled again");
		check_needles(w, false, "made again");
	}
	path_of(w, path);
	ok(unlink(path) == 0, "the file goes while it is open");
	check_needles(w, false, "without it");
	must(search_fill(w->a), "fill");
	check_needles(w, true, "with a new one");
	check_digests(w);
}

static bool
is_larger(const char *path, off_t size)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > size;
}

/* A process that fills it is killed at some moment. */
static void
fill_and_die(struct world *w, unsigned round)
{
	const struct timespec pause = { .tv_nsec = 1000000L };
	char path[STORE_PATH];
	pid_t child;

	path_of(w, path);
	account_close(&w->a);
	store_close(&w->home.store);
	(void)unlink(path);
	child = fork();
	if (child == 0) {
		struct searcher *s;

		home_reopen(&w->home, "mail");
		must(searcher_new(&s, w->home.store), "searcher");
		searcher_note(s, w->id);
		for (;;)
			(void)sleep(60);
	}
	for (int i = 0; i < 60000 && !is_larger(path, 0); i++)
		(void)nanosleep(&pause, NULL);
	for (unsigned i = 0; i < 7 * round; i++)
		(void)nanosleep(&pause, NULL);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	home_reopen(&w->home, "test");
	w->a = home_open(&w->home, w->id);
}

static void
test_kill(struct world *w)
{
	for (unsigned round = 0; round < 5; round++) {
		fill_and_die(w, round);
		check_needles(w, false, "killed");
		must(search_fill(w->a), "fill");
		check_needles(w, true, "filled after that");
		check_digests(w);
	}
}

int
main(void)
{
	static struct world w;

	test_postings();
	world_begin(&w);
	check_needles(&w, false, "before");
	must(search_fill(w.a), "fill");
	check_needles(&w, true, "indexed");
	check_digests(&w);
	for (size_t i = 0; i < 150; i++)
		add_letter(&w);
	for (size_t i = 0; i < 300; i++)
		remove_letter(&w, any((unsigned)w.count));
	check_needles(&w, true, "changed since");
	must(search_fill(w.a), "fill");
	check_needles(&w, true, "filled since");
	check_digests(&w);
	test_damage(&w);
	test_kill(&w);
	account_close(&w.a);
	home_end(&w.home);
	return tap_done();
}
