/* What somebody types who administers a domain: addresses of it and of no
 * other, and targets by which nothing is learnt of other domains. */
#include "mailcore/admin/domain_admin.h"

#include "mailcore/admin/alias.h"
#include "mailcore/store/inside.h"
#include "tests/unit/store_help.h"

#include <pthread.h>

#define L64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"

struct scene {
	struct home home;
	int64_t own, books, foreign; /* domains */
	int64_t boss, mate, victim;
	struct domain_admin by;
};

static int64_t
add_person(struct scene *s, const char *address)
{
	int64_t id;

	must(account_add(s->home.store, view_of(address), VIEW("Somebody"),
		 VIEW("{X}x"), &id),
	    address);
	return id;
}

static int64_t
add_domain(struct scene *s, const char *name)
{
	int64_t id;

	must(domain_add(s->home.store, view_of(name), VIEW(""), &id), name);
	return id;
}

static void
appoint(struct scene *s, const char *domain)
{
	must(domain_admin_add(s->home.store, view_of(domain),
		 VIEW("boss@example.org")),
	    domain);
}

/* Alias.example is example.org by another name. */
static void
open_scene(struct scene *s)
{
	struct domain d;

	memset(s, 0, sizeof *s);
	home_begin(&s->home);
	must(domain_find(s->home.store, s->home.arena, VIEW("example.org"),
		 &d),
	    "domain_find");
	s->own = d.id;
	s->books = add_domain(s, "xn--bcher-kva.example");
	s->foreign = add_domain(s, "other.example");
	must(domain_alias_add(s->home.store, VIEW("alias.example"),
		 VIEW("example.org")),
	    "domain_alias_add");
	s->boss = add_person(s, "boss@example.org");
	s->mate = add_person(s, "mate@example.org");
	s->victim = add_person(s, "victim.secret@other.example");
	must(alias_add(s->home.store, VIEW("sales@other.example"), s->victim),
	    "alias_add");
	appoint(s, "example.org");
	appoint(s, "xn--bcher-kva.example");
	s->by = (struct domain_admin){ .store = s->home.store,
		.account = s->boss };
}

static result
put(struct scene *s, int64_t domain, view address, const char *target)
{
	return domain_admin_alias_add(&s->by, domain, address,
	    view_of(target));
}

static size_t
list(struct scene *s, int64_t domain, struct alias **out)
{
	size_t n;

	must(domain_admin_aliases(&s->by, s->home.arena, domain, out, &n),
	    "domain_admin_aliases");
	return n;
}

/* The one alias that is there. */
static struct alias
only(struct scene *s, int64_t domain)
{
	struct alias *all;

	if (list(s, domain, &all) != 1)
		must(fail(FAILED, "not one alias"), "list");
	return all[0];
}

struct spelling {
	view text;
	enum status wanted;
	view kept; /* as what; empty: nothing is */
};

#define BAD(x) { VIEW_INIT(x), MALFORMED, VIEW_INIT("") }
#define GOOD(x, y) { VIEW_INIT(x), OK, VIEW_INIT(y) }

static const struct spelling addresses[] = {
	GOOD("x@example.org", "x@example.org"),
	GOOD("X.y@EXAMPLE.Org", "x.y@example.org"),
	GOOD(" x@example.org ", "x@example.org"),
	GOOD("@example.org", "@example.org"),
	GOOD("@EXAMPLE.org", "@example.org"),
	GOOD(L64 "@example.org", L64 "@example.org"),
	{ VIEW_INIT("a" L64 "@example.org"), OVER_LIMIT, VIEW_INIT("") },
	BAD("x@other.example"),
	BAD("@other.example"),
	BAD("@nobody.example"),
	BAD("x@alias.example"),
	BAD("@alias.example"),
	BAD("x@sub.example.org"),
	BAD("x@xample.org"),
	BAD("x@example.org."),
	BAD("x@xn--bcher-kva.example"),
	BAD("a@b@example.org"),
	BAD("x@example.org@other.example"),
	BAD("@x@example.org"),
	BAD("@@example.org"),
	BAD("\"a@b\"@example.org"),
	BAD("x@example.org,y@other.example"),
	BAD("y@other.example,x@example.org"),
	BAD("x@example.org\ny@other.example"),
	BAD("x@example.org\0@other.example"),
	BAD("x\0@example.org"),
	BAD("@example.org\0"),
	BAD("@other.example\0@example.org"),
	BAD("x+y@example.org"),
	BAD("%@example.org"),
	BAD("x y@example.org"),
	BAD("x"),
	BAD("@"),
	BAD(""),
	{ VIEW_INIT("mate@example.org"), EXISTS, VIEW_INIT("") },
	{ VIEW_INIT("Mate@Example.org"), EXISTS, VIEW_INIT("") },
};

static void
spell(struct scene *s, int64_t domain, const struct spelling *p)
{
	result r = put(s, domain, p->text, "discard");
	struct alias *all;
	size_t n = list(s, domain, &all);

	ok(r.is == p->wanted && n == (p->kept.n > 0)
	    && (n == 0 || view_eq(all[0].address, p->kept)),
	    "\"%.*s\": %d %s", (int)p->text.n, p->text.p, (int)r.is, r.why);
	r = domain_admin_alias_remove(&s->by, domain, p->text);
	ok(r.is == (p->wanted == EXISTS ? NOT_FOUND : p->wanted),
	    "and removed: %d %s", (int)r.is, r.why);
	if (list(s, domain, &all) == 1)
		must(alias_remove(s->home.store, all[0].address), "remove");
}

static void
test_addresses(struct scene *s)
{
	static const struct spelling labels[] = {
		GOOD("x@xn--bcher-kva.example", "x@xn--bcher-kva.example"),
		GOOD("x@b\xc3\xbc" "cher.example", "x@xn--bcher-kva.example"),
		GOOD("x@B\xc3\x9c" "CHER.example", "x@xn--bcher-kva.example"),
		GOOD("@b\xc3\xbc" "cher.example", "@xn--bcher-kva.example"),
		BAD("x@b\xfc" "cher.example"),
		BAD("x@bucher.example"),
		BAD("x@example.org"),
	};

	for (size_t i = 0; i < COUNT(addresses); i++)
		spell(s, s->own, &addresses[i]);
	for (size_t i = 0; i < COUNT(labels); i++)
		spell(s, s->books, &labels[i]);
}

/* What stands before the @ of a new mailbox. */
static void
test_local_parts(struct scene *s)
{
	static const struct spelling parts[] = {
		GOOD("New.Person", "new.person@example.org"),
		GOOD(L64, L64 "@example.org"),
		GOOD("\"x\"", "x@example.org"), /* the same name */
		{ VIEW_INIT("a" L64), OVER_LIMIT, VIEW_INIT("") },
		BAD(""), BAD("x@other.example"), BAD("x@"),
		BAD("x@other.example,y"), BAD("x@other.example\0"),
		BAD("x\0y"), BAD("\0"), BAD("x y"), BAD("y <x"), BAD("x,y"),
		BAD("\"x y\""), BAD("a+b"), BAD("x\n"), BAD("../x"), BAD("%"),
		BAD("\xc3\xa9"), { VIEW_INIT("MATE"), EXISTS, VIEW_INIT("") },
		{ VIEW_INIT("taken"), EXISTS, VIEW_INIT("") },
	};

	must(put(s, s->own, VIEW("taken@example.org"), "discard"), "taken");
	for (size_t i = 0; i < COUNT(parts); i++) {
		const struct mailbox_wanted wanted = {
			.local_part = parts[i].text, .password = VIEW("x") };
		struct account_info *all;
		int64_t id;
		size_t n;
		bool weak;
		result r = domain_admin_mailbox_add(&s->by, s->own, &wanted,
		    &id, &weak);

		must(domain_admin_mailboxes(&s->by, s->home.arena, s->own,
			 VIEW(""), 99, &all, &n),
		    "list");
		ok(r.is == parts[i].wanted && !weak
		    && n == (parts[i].kept.n > 0 ? 3 : 2)
		    && (id != 0) == (r.is == OK), "\"%.*s\": %d %s",
		    (int)parts[i].text.n, parts[i].text.p, (int)r.is, r.why);
		for (size_t k = 0; k < n; k++)
			if (all[k].id != s->boss && all[k].id != s->mate) {
				same(all[k].address, parts[i].kept, "as");
				must(domain_admin_mailbox_remove(&s->by,
					 all[k].id),
				    "remove");
			}
	}
	must(alias_remove(s->home.store, VIEW("taken@example.org")), "taken");
}

/* --- targets ------------------------------------------------------------ */

static void
test_targets(struct scene *s)
{
	static const struct {
		const char *target;
		enum status wanted;
		enum alias_kind kind;
		const char *kept;
	} cases[] = {
		{ "mate@example.org", OK, ALIAS_MAILBOX, "mate@example.org" },
		{ "mate@alias.example", OK, ALIAS_MAILBOX,
		    "mate@example.org" },
		{ "mate@example.org,boss@example.org", OK, ALIAS_FORWARD,
		    "mate@example.org\nboss@example.org\n" },
		{ "nobody@example.org", NOT_FOUND, 0, "" },
		{ "nobody@alias.example", NOT_FOUND, 0, "" },
		{ "x@example.org", NOT_FOUND, 0, "" },
		{ "x@elsewhere.example", OK, ALIAS_FORWARD,
		    "x@elsewhere.example\n" },
		/* Of another domain here, as of another server. */
		{ "victim.secret@other.example", OK, ALIAS_FORWARD,
		    "victim.secret@other.example\n" },
		{ "sales@other.example", OK, ALIAS_FORWARD,
		    "sales@other.example\n" },
		{ "nobody@other.example", OK, ALIAS_FORWARD,
		    "nobody@other.example\n" },
		{ "mate@example.org,nobody@other.example", OK, ALIAS_FORWARD,
		    "mate@example.org\nnobody@other.example\n" },
		{ "nobody@example.org,sales@other.example", NOT_FOUND, 0,
		    "" },
		{ "everyone", OK, ALIAS_EVERYONE, "" },
		{ "discard", OK, ALIAS_DISCARD, "" },
		{ "refuse: gone", OK, ALIAS_REFUSE, "gone" },
		{ "refuse:", MALFORMED, 0, "" },
		{ "refuse: a\nb", MALFORMED, 0, "" },
		{ "everyone@", MALFORMED, 0, "" },
		{ "", MALFORMED, 0, "" },
		{ ",", MALFORMED, 0, "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		result r = put(s, s->own, VIEW("x@example.org"),
		    cases[i].target);
		struct alias found;

		is_result(r, cases[i].wanted, cases[i].target);
		if (r.is != OK)
			continue;
		found = only(s, s->own);
		is_number(found.kind, cases[i].kind, "its kind");
		same(found.target, view_of(cases[i].kept), "its target");
		is_result(domain_admin_alias_remove(&s->by, s->own,
		    VIEW("x@example.org")), OK, "removed");
	}
}

/* An alias of the operator's into another domain is no way around that. */
static void
test_around(struct scene *s)
{
	struct account_info info;

	must(alias_add(s->home.store, VIEW("ours@example.org"), s->victim),
	    "the operator's");
	is_result(put(s, s->books, VIEW("y@xn--bcher-kva.example"),
	    "ours@example.org"), OK, "an alias of it");
	same(only(s, s->books).target, VIEW("ours@example.org\n"),
	    "which tells what was typed");
	is_result(account_find(s->home.store, s->home.arena,
	    VIEW("y@xn--bcher-kva.example"), &info), NOT_FOUND,
	    "and is no address of who is behind it");
	must(alias_remove(s->home.store, VIEW("ours@example.org")), "o");
	must(alias_remove(s->home.store, VIEW("y@xn--bcher-kva.example")),
	    "y");
}

/* --- how many ----------------------------------------------------------- */

/* So many rows, or one of so many bytes. */
struct crowd {
	int rows;
	size_t bytes;
};

static result
fill(struct account *house, void *context)
{
	static const char add[] = "INSERT INTO route (address, kind, expires,"
				  " text) VALUES ($1, $2, 0, $3)";
	const struct crowd *c = context;
	struct buf text = buf_new(c->bytes + 1), name = buf_new(64);
	result r = done();

	while (text.n < c->bytes)
		buf_add_byte(&text, 'x');
	for (int i = 0; r.is == OK && i < c->rows; i++) {
		buf_reset(&name);
		buf_print(&name, "f%d@example.org", i);
		r = db_do(house->db, add, (struct db_arg[]){
		    db_text(buf_view(&name)), db_int(ALIAS_DISCARD),
		    db_text(buf_view(&text)) }, 3);
	}
	buf_free(&text);
	buf_free(&name);
	return r;
}

static result
empty(struct account *house, void *context)
{
	(void)context;
	return db_do(house->db, "DELETE FROM route", NULL, 0);
}

struct racer {
	struct scene *s;
	const char *address;
	result r;
};

static void *
race(void *context)
{
	struct racer *me = context;

	me->r = put(me->s, me->s->own, view_of(me->address), "discard");
	return NULL;
}

static void
test_crowd(struct scene *s)
{
	struct crowd rows = { LIMIT_DOMAIN_ALIASES - 1, 0 };
	struct racer two[2] = { { .s = s, .address = "one@example.org" },
		{ .s = s, .address = "two@example.org" } };
	pthread_t threads[2];
	struct alias *all;

	must(house_write(s->home.store, fill, &rows, DURABLE), "fill");
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, race, &two[i]) != 0)
			must(fail(FAILED, "pthread_create"), "race");
	for (int i = 0; i < 2; i++)
		(void)pthread_join(threads[i], NULL);
	ok((two[0].r.is == OK) != (two[1].r.is == OK)
	    && (two[0].r.is == OVER_LIMIT) != (two[1].r.is == OVER_LIMIT),
	    "the last one, wanted by two: %s, %s", two[0].r.why,
	    two[1].r.why);
	is_number((int64_t)list(s, s->own, &all), LIMIT_DOMAIN_ALIASES,
	    "as many as there may be");
	is_result(put(s, s->own, VIEW("f1@example.org"), "discard"), EXISTS,
	    "a taken one says so all the same");
	is_result(put(s, s->books, VIEW("x@xn--bcher-kva.example"),
	    "discard"), OK, "another domain has room");
	is_result(admin_alias_put(s->home.store, VIEW("op@example.org"),
	    VIEW("discard"), 0), OK, "the operator is not held to it");
	must(house_write(s->home.store, empty, NULL, DURABLE), "empty");
}

/* All of them can be listed whatever was put into them. */
static void
test_text(struct scene *s)
{
	struct crowd one = { 1, LIMIT_DOMAIN_ALIAS_TEXT - 20 };

	must(house_write(s->home.store, fill, &one, DURABLE), "fill");
	is_result(put(s, s->own, VIEW("a@example.org"),
	    "someone@other.example"), OVER_LIMIT, "a byte more");
	is_result(put(s, s->own, VIEW("a@example.org"),
	    "someon@other.example"), OVER_LIMIT, "its end counts too");
	is_result(put(s, s->own, VIEW("a@example.org"),
	    "someo@other.example"), OK, "what there may be");
	is_result(put(s, s->own, VIEW("b@example.org"), "discard"), OK,
	    "one without");
	must(house_write(s->home.store, empty, NULL, DURABLE), "empty");
}

int
main(void)
{
	struct scene s;

	open_scene(&s);
	test_addresses(&s);
	test_local_parts(&s);
	test_targets(&s);
	test_around(&s);
	test_crowd(&s);
	test_text(&s);
	home_end(&s.home);
	return tap_done();
}
