/*
 * The access matrix of IMAP: every command on a mailbox against every kind of
 * person, with each right alone and the usual sets of them, granted to one,
 * to a domain and to anyone.  What is expected is computed from one table
 * (RFC 4314 4); what an allowed command changes, the owner undoes.
 */
#include "mailcore/imap/imap.h"
#include "mailcore/store/administrator.h"
#include "mailcore/store/right.h"
#include "tests/dialog/talk.h"

/* BOSS administers the owner's domain, KEEPER both: over IMAP that is
 * nothing. */
enum person { OWNER, FRIEND, COLLEAGUE, BOSS, STRANGER, KEEPER, PEOPLE };

static const char *const logins[PEOPLE] = { "a@example.test",
	"b@example.test", "c@example.test", "boss@example.test",
	"d@strange.test", "keeper@strange.test" };

static struct imap_services services;

struct world {
	struct talk t;
	struct talk talks[PEOPLE];
	int64_t id[PEOPLE];
	int64_t domain;
	int64_t boxes[3]; /* shared, shared/child, INBOX */
	int cells, wrong;
};

enum where {
	NAMED,  /* the command names the mailbox */
	INSIDE, /* it is selected */
	INTO    /* one's own INBOX is selected, the mailbox is the target */
};

/* RFC 5464 3.3 */
enum { ANNOTATES = RIGHT_READ | RIGHT_SEEN | RIGHT_CHANGE | RIGHT_INSERT
	| RIGHT_POST };

/* "%" in a command is the mailbox; "^" the account it is in. */
static const struct row {
	enum where where;
	const char *command;
	unsigned need; /* all of these */
	unsigned any;  /* or, when that is 0, one of these */
	const char *cannot; /* how it ends for whoever may; NULL: OK */
	const char *undo;   /* by the owner, with "shared" selected */
} rows[] = {
	{ NAMED, "STATUS % (MESSAGES)", RIGHT_READ, 0, NULL, NULL },
	{ NAMED, "STATUS % (DELETED SIZE)", RIGHT_READ, 0, NULL, NULL },
	{ NAMED, "EXAMINE %", RIGHT_READ, 0, NULL, NULL },
	{ NAMED, "SELECT %", RIGHT_READ, 0, NULL, NULL },
	{ NAMED, "SELECT % (CONDSTORE)", RIGHT_READ, 0, NULL, NULL },
	{ NAMED, "GETQUOTAROOT %", RIGHT_READ, 0, NULL, NULL },
	{ NAMED, "SUBSCRIBE %", RIGHT_LOOKUP, 0, NULL, NULL },
	{ NAMED, "MYRIGHTS %", 0,
	    RIGHT_LOOKUP | RIGHT_READ | RIGHT_INSERT | RIGHT_MAKE
		| RIGHT_REMOVE | RIGHT_ADMIN,
	    NULL, NULL },
	{ NAMED, "GETACL %", RIGHT_ADMIN, 0, NULL, NULL },
	{ NAMED, "LISTRIGHTS % anyone", RIGHT_ADMIN, 0, NULL, NULL },
	{ NAMED, "SETACL % a@example.test +l", RIGHT_ADMIN, 0, NULL, NULL },
	{ NAMED, "DELETEACL % off@example.test", RIGHT_ADMIN, 0, NULL, NULL },
	{ NAMED, "GETMETADATA % /shared/comment", RIGHT_LOOKUP, ANNOTATES,
	    NULL, NULL },
	{ NAMED, "SETMETADATA % (/private/comment NIL)", RIGHT_LOOKUP,
	    ANNOTATES, NULL, NULL },
	{ NAMED, "SETMETADATA % (/shared/comment NIL)",
	    RIGHT_LOOKUP | RIGHT_CHANGE, 0, NULL, NULL },
	{ NAMED, "CREATE %/new", RIGHT_MAKE, 0, NULL, "DELETE shared/new" },
	{ NAMED, "DELETE ^INBOX", RIGHT_REMOVE, 0, "NO [CANNOT]", NULL },
	{ NAMED, "RENAME %/child %/other", RIGHT_REMOVE | RIGHT_MAKE, 0, NULL,
	    "RENAME shared/other shared/child" },
	{ NAMED, "APPEND % {13+}\r\nSubject: x\r\n\r\nx", RIGHT_INSERT, 0,
	    NULL, NULL },
	{ INTO, "COPY 1 %", RIGHT_INSERT, 0, NULL, NULL },
	{ INTO, "UID COPY * %", RIGHT_INSERT, 0, NULL, NULL },
	{ INTO, "MOVE 1 %", RIGHT_INSERT, 0, NULL, NULL },
	{ INTO, "REPLACE * % {13+}\r\nSubject: x\r\n\r\nx", RIGHT_INSERT, 0,
	    NULL, NULL },
	{ INSIDE, "FETCH 1 (FLAGS BODY.PEEK[])", RIGHT_READ, 0, NULL, NULL },
	{ INSIDE, "UID FETCH 1:* ENVELOPE", RIGHT_READ, 0, NULL, NULL },
	{ INSIDE, "SEARCH ALL", RIGHT_READ, 0, NULL, NULL },
	{ INSIDE, "SORT (DATE) UTF-8 ALL", RIGHT_READ, 0, NULL, NULL },
	{ INSIDE, "THREAD REFERENCES UTF-8 ALL", RIGHT_READ, 0, NULL, NULL },
	{ INSIDE, "NOOP", RIGHT_READ, 0, NULL, NULL },
	{ INSIDE, "COPY 1 Drafts", RIGHT_READ, 0, NULL, NULL },
	{ INSIDE, "STORE 1 +FLAGS (\\Seen)", RIGHT_READ | RIGHT_SEEN, 0, NULL,
	    "STORE 1:* FLAGS.SILENT ()" },
	{ INSIDE, "STORE 1 +FLAGS (\\Deleted)", RIGHT_READ | RIGHT_DELETE, 0,
	    NULL, "STORE 1:* FLAGS.SILENT ()" },
	{ INSIDE, "STORE 1 +FLAGS (\\Flagged)", RIGHT_READ | RIGHT_CHANGE, 0,
	    NULL, "STORE 1:* FLAGS.SILENT ()" },
	{ INSIDE, "STORE 1 FLAGS ($Work)", RIGHT_READ | RIGHT_CHANGE, 0, NULL,
	    "STORE 1:* FLAGS.SILENT ()" },
	{ INSIDE, "UID STORE 1 -FLAGS (\\Seen \\Deleted \\Draft)", RIGHT_READ,
	    RIGHT_SEEN | RIGHT_DELETE | RIGHT_CHANGE, NULL, NULL },
	{ INSIDE, "EXPUNGE", RIGHT_READ | RIGHT_EXPUNGE, 0, NULL, NULL },
	{ INSIDE, "UID EXPUNGE 1:*", RIGHT_READ | RIGHT_EXPUNGE, 0, NULL,
	    NULL },
	{ INSIDE, "MOVE 1 Drafts",
	    RIGHT_READ | RIGHT_EXPUNGE | RIGHT_DELETE, 0, NULL, NULL },
	{ INSIDE, "REPLACE 1 Drafts {13+}\r\nSubject: x\r\n\r\nx",
	    RIGHT_READ | RIGHT_EXPUNGE | RIGHT_DELETE, 0, NULL, NULL },
	{ INSIDE, "CLOSE", RIGHT_READ, 0, NULL, NULL },
};

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

/* A line is sent; the tagged answer. */
static view
ask(struct talk *t, const char *line)
{
	struct buf bytes = buf_new(4096);
	view rest, one, last = VIEW("");

	buf_reset(&t->out);
	buf_print(&bytes, "t %s\r\n", line);
	talk_send(t, buf_view(&bytes));
	buf_free(&bytes);
	rest = buf_view(&t->out);
	while (view_line(&rest, &one))
		if (view_starts(one, VIEW("t ")))
			last = view_from(one, 2);
	return last;
}

static bool
has_said(struct talk *t, const char *what)
{
	return view_find(buf_view(&t->out), view_of(what)) != SIZE_MAX;
}

static void
log_in(struct world *w, enum person who)
{
	struct talk *t = &w->talks[who];
	char line[128];

	*t = w->t;
	t->in = buf_new(1 << 20);
	t->out = buf_new(1 << 24);
	t->session = NULL;
	t->seen = 0;
	t->peer.tls = true;
	talk_open(t);
	(void)snprintf(line, sizeof line, "LOGIN %s secret", logins[who]);
	ok(view_starts(ask(t, line), VIEW("OK")), "%s", logins[who]);
}

static void
grant(struct world *w, enum right_whom whom, unsigned rights)
{
	for (size_t i = 0; i < COUNT(w->boxes); i++) {
		const struct right_grant g = { .whom = whom,
			.id = whom == RIGHT_ACCOUNT ? w->id[FRIEND]
			    : whom == RIGHT_DOMAIN  ? w->domain
						    : 0,
			.kind = COLLECTION_MAILBOX,
			.collection = w->boxes[i],
			.rights = rights };

		talk_check(right_grant(w->t.store, w->id[OWNER], &g),
		    "grant");
	}
}

static void
fill_in(const struct row *row, enum person who, struct buf *out)
{
	const char *account = who == OWNER
	    ? ""
	    : "Other Users/a@example.test/";

	for (const char *p = row->command; *p != '\0'; p++) {
		if (*p != '%' && *p != '^') {
			buf_add_byte(out, *p);
			continue;
		}
		buf_print(out, "\"%s%s", account, *p == '%' ? "shared" : "");
		/* The rest of the name is in the quotes too. */
		while (p[1] != '\0' && p[1] != ' ')
			buf_add_byte(out, *++p);
		buf_add_byte(out, '"');
	}
}

static void
miss(struct world *w, const char *what, enum person who, unsigned rights,
    view found)
{
	struct buf letters = buf_new(64);

	w->wrong++;
	right_letters(rights, &letters);
	note("%s by %s with \"%s\": %.*s", what, logins[who],
	    letters.n == 0 ? "" : buf_text(&letters), (int)found.n, found.p);
	buf_free(&letters);
}

/* The mailbox is selected as far as the rights allow. */
static bool
enter(struct world *w, enum person who, unsigned rights, enum where where)
{
	struct talk *t = &w->talks[who];
	bool may = (rights & RIGHT_READ) != 0;
	view said;

	(void)ask(t, "UNSELECT");
	if (where == NAMED)
		return true;
	if (where == INTO) {
		(void)ask(t, "APPEND INBOX {4+}\r\n\r\nhi");
		return view_starts(ask(t, "SELECT INBOX"), VIEW("OK"));
	}
	said = ask(t, who == OWNER ? "SELECT shared"
				   : "SELECT \"Other Users/a@example.test/"
				     "shared\"");
	if (view_starts(said, VIEW("OK")) != may)
		miss(w, "SELECT", who, rights, said);
	return may;
}

static bool
fits(const struct row *row, unsigned rights, view said)
{
	bool may = (rights & row->need) == row->need
	    && (row->any == 0 || (rights & row->any) != 0);

	if (may)
		return view_starts(said,
		    row->cannot == NULL ? VIEW("OK") : view_of(row->cannot));
	if (row->where == INSIDE || (rights & RIGHT_LOOKUP) != 0)
		return view_starts(said, VIEW("NO [NOPERM]"));
	/* Exactly what a mailbox that is not there says. */
	return view_eq(said, VIEW("NO [NONEXISTENT] no such mailbox"));
}

static void
owner_has_it(struct world *w, const char *command)
{
	view said = ask(&w->t, command);

	if (!view_starts(said, VIEW("OK")))
		miss(w, command, OWNER, RIGHT_ALL, said);
}

static void
cell(struct world *w, const struct row *row, enum person who, unsigned rights)
{
	struct talk *t = &w->talks[who];
	struct buf line = buf_new(4096);
	view said;

	if (enter(w, who, rights, row->where)) {
		if (row->where != NAMED)
			owner_has_it(w, "APPEND shared {4+}\r\n\r\nhi");
		if (row->where == INSIDE)
			(void)ask(t, "NOOP");
		fill_in(row, who, &line);
		said = ask(t, buf_text(&line));
		w->cells++;
		if (!fits(row, rights, said))
			miss(w, buf_text(&line), who, rights, said);
		if (row->undo != NULL && view_starts(said, VIEW("OK"))) {
			owner_has_it(w, "NOOP");
			owner_has_it(w, row->undo);
		}
	}
	buf_free(&line);
}

/* LIST never says NO; it tells or it does not. */
static void
list_cell(struct world *w, enum person who, unsigned rights)
{
	struct talk *t = &w->talks[who];
	bool may = (rights & RIGHT_LOOKUP) != 0;

	(void)ask(t, "LIST \"\" \"Other Users/*\"");
	w->cells++;
	if (who != OWNER && has_said(t, "a@example.test/shared") != may)
		miss(w, "LIST", who, rights, buf_view(&t->out));
	(void)ask(t, "LIST \"\" *");
	w->cells++;
	if (who != OWNER && has_said(t, "a@example.test/shared") != may)
		miss(w, "LIST *", who, rights, buf_view(&t->out));
}

/* FETCH marks as read only with the right to. */
static void
seen_cell(struct world *w, enum person who, unsigned rights)
{
	struct talk *t = &w->talks[who];
	bool may = (rights & RIGHT_SEEN) != 0;

	if (!enter(w, who, rights, INSIDE))
		return;
	owner_has_it(w, "NOOP");
	owner_has_it(w, "STORE 1:* FLAGS.SILENT ()");
	(void)ask(t, "NOOP");
	(void)ask(t, "FETCH 1 (BODY[])");
	owner_has_it(w, "NOOP");
	(void)ask(&w->t, "FETCH 1 (FLAGS)");
	w->cells++;
	if (has_said(&w->t, "\\Seen") != may)
		miss(w, "BODY[]", who, rights, buf_view(&w->t.out));
}

static void
ask_everyone(struct world *w, const unsigned granted[3])
{
	grant(w, RIGHT_ACCOUNT, granted[0]);
	grant(w, RIGHT_DOMAIN, granted[1]);
	grant(w, RIGHT_ANYONE, granted[2]);
	for (int who = OWNER; who < PEOPLE; who++) {
		unsigned rights = granted[2];

		if (who == FRIEND)
			rights |= granted[0];
		if (who != STRANGER && who != KEEPER)
			rights |= granted[1];
		if (who == OWNER)
			rights = RIGHT_ALL;
		for (size_t i = 0; i < COUNT(rows); i++)
			cell(w, &rows[i], (enum person)who, rights);
		list_cell(w, (enum person)who, rights);
		seen_cell(w, (enum person)who, rights);
	}
}

static int64_t
box_id(struct world *w, view name)
{
	struct arena *arena = arena_new(65536);
	struct collection found = { .id = 0 };
	struct account *a = NULL;

	talk_check(account_open(w->t.store, w->id[OWNER], &a), "open");
	talk_check(collection_find(a, arena, COLLECTION_MAILBOX, name,
		       &found),
	    "find");
	account_close(&a);
	arena_free(&arena);
	return found.id;
}

static void
add_people(struct world *w)
{
	struct buf hash = buf_new(1024);
	int64_t strange;

	talk_check(auth_hash(VIEW("secret"), &hash), "hash");
	talk_check(domain_add(w->t.store, VIEW("strange.test"), VIEW(""),
		       &strange),
	    "domain");
	for (int i = COLLEAGUE; i < PEOPLE; i++)
		talk_check(account_add(w->t.store, view_of(logins[i]),
			       VIEW(""), buf_view(&hash), &w->id[i]),
		    "account");
	talk_check(administrator_add(w->t.store, strange, w->id[KEEPER]),
	    "its own domain");
	buf_free(&hash);
}

static void
world_open(struct world *w)
{
	struct arena *arena = arena_new(65536);
	struct account_info info;

	*w = (struct world){ .t = { .protocol = &imap_protocol,
				 .prepare = prepare } };
	talk_begin(&w->t);
	add_people(w);
	for (int i = 0; i < PEOPLE; i++) {
		talk_check(account_find(w->t.store, arena,
			       view_of(logins[i]), &info),
		    logins[i]);
		w->id[i] = info.id;
		if (i == OWNER)
			w->domain = info.domain;
		log_in(w, (enum person)i);
	}
	arena_free(&arena);
	talk_check(administrator_add(w->t.store, w->domain, w->id[BOSS]),
	    "the boss");
	talk_check(administrator_add(w->t.store, w->domain, w->id[KEEPER]),
	    "the keeper");
	w->t.peer.tls = true;
	talk_open(&w->t);
	owner_has_it(w, "LOGIN a@example.test secret");
	owner_has_it(w, "CREATE shared/child");
	owner_has_it(w, "APPEND shared {4+}\r\n\r\nhi");
	owner_has_it(w, "SELECT shared");
	w->boxes[0] = box_id(w, VIEW("shared"));
	w->boxes[1] = box_id(w, VIEW("shared/child"));
	w->boxes[2] = box_id(w, VIEW("INBOX"));
}

static void
world_close(struct world *w)
{
	for (int i = 0; i < PEOPLE; i++) {
		struct talk *t = &w->talks[i];

		t->protocol->close(t->session);
		buf_free(&t->in);
		buf_free(&t->out);
	}
	w->t.seen = w->t.out.n;
	talk_end(&w->t);
}

int
main(void)
{
	static const unsigned sets[] = { 0, RIGHT_LOOKUP, RIGHT_READ,
		RIGHT_SEEN, RIGHT_CHANGE, RIGHT_INSERT, RIGHT_POST,
		RIGHT_MAKE, RIGHT_REMOVE, RIGHT_DELETE, RIGHT_EXPUNGE,
		RIGHT_ADMIN, RIGHT_READ | RIGHT_SEEN,
		RIGHT_READ | RIGHT_CHANGE, RIGHT_READ | RIGHT_DELETE,
		RIGHT_READ | RIGHT_EXPUNGE | RIGHT_DELETE,
		RIGHT_LOOKUP | RIGHT_MAKE | RIGHT_REMOVE, RIGHTS_READ,
		RIGHTS_WRITE, RIGHT_ALL };
	struct world w;

	world_open(&w);
	for (size_t i = 0; i < COUNT(sets); i++)
		ask_everyone(&w, (unsigned[]){ sets[i], 0, 0 });
	for (size_t i = 1; i < COUNT(sets); i += 3)
		ask_everyone(&w, (unsigned[]){ 0, sets[i], 0 });
	for (size_t i = 2; i < COUNT(sets); i += 3)
		ask_everyone(&w, (unsigned[]){ 0, RIGHT_LOOKUP, sets[i] });
	note("%d cells", w.cells);
	is_number(w.wrong, 0, "all as the table says");
	ok(w.cells > 6000, "many of them");
	world_close(&w);
	return tap_done();
}
