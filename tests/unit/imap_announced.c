/*
 * Nothing is announced that no test covers: the capabilities of the running
 * engine, in each state, against the table of docs/imap.md, and the tests
 * that the table names.
 */
#include "mailcore/imap/imap.h"
#include "mailcore/sys/capability.h"
#include "tests/dialog/talk.h"

static struct imap_services services;

static void
prepare(struct talk *t)
{
	services = (struct imap_services){ .store = t->store,
		.auth = t->auth,
		.hostname = "mail.example.test",
		.message_limit = 1000000,
		.starttls = true };
	t->services = &services;
}

static const char *
root(void)
{
	const char *named = getenv("MESON_SOURCE_ROOT");

	return named == NULL ? "." : named;
}

static void
read_document(struct buf *out)
{
	char path[1024], piece[4096];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/docs/imap.md", root());
	f = fopen(path, "r");
	if (!ok(f != NULL, "docs/imap.md can be read"))
		return;
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_add(out, (view){ piece, n });
	(void)fclose(f);
}

/* "AUTH=" and "THREAD=" stand for all that begin so. */
static bool
stands_for(view row, view capability)
{
	view name = capability;

	if (view_same(row, capability))
		return true;
	name = view_cut(&capability, '=');
	if (view_same(name, VIEW("APPENDLIMIT")))
		return view_same(row, name);
	return row.n == name.n + 1 && row.p[name.n] == '='
	    && view_same(view_first(row, name.n), name);
}

/* The cells of "| a | b | c |"; false: another line. */
static bool
cells(view line, view out[3])
{
	if (!view_starts(line, VIEW("| ")))
		return false;
	line = view_from(line, 1);
	for (int i = 0; i < 3; i++)
		out[i] = view_trim(view_cut(&line, '|'));
	return out[2].n > 0;
}

static bool
has_test(view name)
{
	char path[1400];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/tests/dialog/imap/%.*s.talk",
	    root(), (int)name.n, name.p);
	f = fopen(path, "r");
	if (f != NULL)
		(void)fclose(f);
	return f != NULL;
}

static void
check_tests(view names, view what)
{
	ok(names.n > 0, "%.*s has a test", (int)what.n, what.p);
	while (names.n > 0) {
		view name = view_cut(&names, ' ');

		ok(has_test(name), "%.*s: %.*s", (int)what.n, what.p,
		    (int)name.n, name.p);
	}
}

/* The row of a capability, or one of the faults. */
static bool
find_row(view document, view capability, view cell[3])
{
	view line;

	while (view_line(&document, &line))
		if (cells(line, cell) && stands_for(cell[0], capability))
			return true;
	return false;
}

/* What a client can do without can be switched off by its name. */
static void
check_name(view one)
{
	static const char *const needed[] = { "IMAP4rev1", "STARTTLS",
		"LOGINDISABLED", "SASL-IR", "ENABLE" };
	bool can = !view_starts(one, VIEW("AUTH="));

	if (view_starts(one, VIEW("APPENDLIMIT=")))
		one = view_cut(&one, '=');
	for (size_t i = 0; i < COUNT(needed); i++)
		can = can && !view_eq(one, view_of(needed[i]));
	ok((capability_check(one, NULL).is == OK) == can,
	    "%.*s can %sbe switched off", (int)one.n, one.p,
	    can ? "" : "not ");
}

static void
check_all(view document, view capabilities)
{
	while (capabilities.n > 0) {
		view one = view_cut(&capabilities, ' '), cell[3];

		check_name(one);
		if (ok(find_row(document, one, cell), "%.*s has a row",
			(int)one.n, one.p))
			check_tests(cell[2], one);
	}
}

/* "* CAPABILITY ..." in the present state. */
static void
check_state(struct talk *t, view document)
{
	view out, line;
	size_t at;

	buf_reset(&t->out);
	talk_send(t, VIEW("c CAPABILITY\r\n"));
	out = buf_view(&t->out);
	at = view_find(out, VIEW("* CAPABILITY "));
	if (!ok(at != SIZE_MAX, "it answers CAPABILITY"))
		return;
	out = view_from(out, at + 13);
	ok(view_line(&out, &line) && line.n > 20, "it can something");
	check_all(document, line);
	t->seen = t->out.n;
}

static void
check_faults(view document)
{
	view line, cell[3];
	int64_t count = 0;
	uint64_t n;

	while (view_line(&document, &line))
		if (cells(line, cell)
		    && view_number(cell[0], INT64_MAX, &n)) {
			count++;
			check_tests(cell[2], cell[1]);
		}
	is_number(count, 23, "faults of others");
}

int
main(void)
{
	struct talk t = { .protocol = &imap_protocol, .prepare = prepare };
	struct buf document = buf_new(1 << 20);

	read_document(&document);
	talk_begin(&t);
	talk_open(&t);
	check_state(&t, buf_view(&document));
	t.peer.tls = true;
	check_state(&t, buf_view(&document));
	talk_send(&t, VIEW("a LOGIN a@example.test secret\r\n"));
	check_state(&t, buf_view(&document));
	check_faults(buf_view(&document));
	talk_end(&t);
	buf_free(&document);
	return tap_done();
}
