/*
 * The access matrix of the API of domains: each operation by each kind of
 * person, on what is theirs, on what is another's, and on what is not there.
 * Unlike api_access.c each request can be carried out; what was, is undone.
 */
#include "davd/api/routes.h"
#include "mailcore/admin/domain_admin.h"
#include "tests/unit/api_talk.h"

#define GOOD_PASSWORD "correct horse battery stap1e"

/* Bits: whose domains are administered. */
enum { NONE = 0, OWN = 1, FOREIGN = 2 };

/* Where a request goes. */
enum target { HERE, ELSEWHERE, NOWHERE, TARGETS };

static const struct visitor {
	const char *name, *address; /* NULL: nobody */
	unsigned administers;
} visitors[] = {
	{ "who administers the domain", "boss@example.org", OWN },
	{ "who administers another domain", "rival@other.example", FOREIGN },
	{ "who administers both", "chief@example.org", OWN | FOREIGN },
	{ "the mailbox' owner", "fodder@example.org", NONE },
	{ "another user of the domain", "user@example.org", NONE },
	{ "a user of another domain", "user@other.example", NONE },
	{ "who administered it before", "lapsed@example.org", NONE },
	{ "nobody", NULL, NONE },
};

/* %d: the domain; %m: the mailbox; %a: the domain's name. */
static const struct row {
	const char *method, *path; /* as in routes.c */
	const char *target, *body;
	unsigned allowed;
} rows[] = {
	{ "GET", "/domains/{id}/mailboxes", "/domains/%d/mailboxes", "",
	    200 },
	{ "POST", "/domains/{id}/mailboxes", "/domains/%d/mailboxes",
	    "{\"local_part\":\"new\",\"password\":\"" GOOD_PASSWORD "\"}",
	    201 },
	{ "GET", "/domains/mailboxes/{id}", "/domains/mailboxes/%m", "",
	    200 },
	{ "PUT", "/domains/mailboxes/{id}", "/domains/mailboxes/%m",
	    "{\"enabled\":false,\"quota\":1000}", 204 },
	{ "DELETE", "/domains/mailboxes/{id}", "/domains/mailboxes/%m", "",
	    204 },
	{ "POST", "/domains/mailboxes/{id}/password",
	    "/domains/mailboxes/%m/password",
	    "{\"password\":\"" GOOD_PASSWORD "\"}", 200 },
	{ "GET", "/domains/{id}/aliases", "/domains/%d/aliases", "", 200 },
	{ "POST", "/domains/{id}/aliases", "/domains/%d/aliases",
	    "{\"address\":\"new@%a\",\"target\":\"discard\"}", 204 },
	{ "DELETE", "/domains/{id}/aliases",
	    "/domains/%d/aliases?address=old@%a", "", 204 },
	/* No signer runs here, who has the keys. */
	{ "GET", "/domains/{id}/dns", "/domains/%d/dns", "", 503 },
};

struct world {
	struct talk t;
	int64_t domain[TARGETS], mailbox[TARGETS];
	char hash[512];
	char fields[512]; /* cookie and token of the visitor */
	char absent[512]; /* what NOWHERE is told */
	int cells, wrong;
};

static const char *const names[] = { "example.org", "other.example",
	"no.example" };

static int64_t
add_person(struct world *w, const char *local, const char *domain)
{
	struct arena *arena = w->t.home.arena;
	int64_t id;

	must(account_add(w->t.home.store,
		 arena_print(arena, "%s@%s", local, domain), VIEW(""),
		 view_of(w->hash), &id),
	    local);
	return id;
}

static void
drop(struct world *w, const char *local, const char *domain)
{
	struct account_info info;
	view address = arena_print(w->t.home.arena, "%s@%s", local, domain);
	result r = alias_remove(w->t.home.store, address);

	if (r.is == NOT_FOUND)
		r = account_find(w->t.home.store, w->t.home.arena, address,
		    &info);
	else
		return;
	if (r.is == OK)
		must(account_remove(w->t.home.store, info.id), local);
}

/* Everything as each cell finds it. */
static void
put_back(struct world *w, enum target t)
{
	static const char *const own[] = { "fodder", "old", "new" };

	if (t == NOWHERE)
		return;
	for (size_t i = 0; i < COUNT(own); i++)
		drop(w, own[i], names[t]);
	w->mailbox[t] = add_person(w, own[0], names[t]);
	must(alias_add(w->t.home.store,
		 arena_print(w->t.home.arena, "old@%s", names[t]),
		 w->mailbox[t]),
	    "old");
}

static void
appoint(struct world *w, const char *domain, const char *address)
{
	must(domain_admin_add(w->t.home.store, view_of(domain),
		 view_of(address)),
	    address);
}

static void
world_open(struct world *w)
{
	struct buf hash = buf_new(512);
	struct domain d;

	memset(w, 0, sizeof *w);
	talk_open(&w->t);
	must(auth_hash(VIEW("secret"), &hash), "auth_hash");
	(void)snprintf(w->hash, sizeof w->hash, "%s", buf_text(&hash));
	buf_free(&hash);
	must(domain_find(w->t.home.store, w->t.home.arena, VIEW("example.org"),
		 &d),
	    "domain_find");
	w->domain[HERE] = d.id;
	must(domain_add(w->t.home.store, VIEW("other.example"), VIEW(""),
		 &w->domain[ELSEWHERE]),
	    "domain_add");
	w->domain[NOWHERE] = w->mailbox[NOWHERE] = 999999;
	(void)add_person(w, "boss", names[HERE]);
	(void)add_person(w, "chief", names[HERE]);
	(void)add_person(w, "lapsed", names[HERE]);
	(void)add_person(w, "rival", names[ELSEWHERE]);
	(void)add_person(w, "user", names[ELSEWHERE]);
	appoint(w, names[HERE], "boss@example.org");
	appoint(w, names[HERE], "chief@example.org");
	appoint(w, names[HERE], "lapsed@example.org");
	appoint(w, names[ELSEWHERE], "chief@example.org");
	appoint(w, names[ELSEWHERE], "rival@other.example");
	must(domain_admin_remove(w->t.home.store, VIEW("example.org"),
		 VIEW("lapsed@example.org")),
	    "lapsed");
	put_back(w, HERE);
	put_back(w, ELSEWHERE);
}

static void
sign_in(struct world *w, const struct visitor *v)
{
	const struct auth_session_rules rules = visit_rules(&w->t.conf);
	const struct auth_attempt attempt = { .user = view_of(v->address),
		.password = VIEW("secret"), .peer = VIEW("127.0.0.1") };
	struct buf token = buf_new(AUTH_SESSION_TOKEN);
	struct auth_session s;
	unsigned delay;

	must(auth_session_begin(w->t.auth, &attempt, VIEW("Test"), &rules, &s,
		 &token, &delay),
	    v->address);
	(void)snprintf(w->fields, sizeof w->fields,
	    "Content-Type: application/json\nCookie: " VISIT_COOKIE "=%.*s\n"
	    VISIT_FORM_HEADER ": %s\n", (int)token.n, token.p, s.form);
	buf_free(&token);
}

static void
fill_in(const struct world *w, enum target t, const char *pattern,
    struct buf *out)
{
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '%') {
			buf_add_byte(out, *pattern);
			continue;
		}
		pattern++;
		if (*pattern == 'a')
			buf_add_text(out, names[t]);
		else
			buf_print(out, "%lld", (long long)(*pattern == 'd'
				? w->domain[t]
				: w->mailbox[t]));
	}
}

static unsigned
expected(const struct visitor *v, const struct row *row, enum target t)
{
	static const unsigned bits[] = { OWN, FOREIGN, NONE };

	if (v->address == NULL)
		return 401;
	return (v->administers & bits[t]) != 0 ? row->allowed : 404;
}

/* What is another's is told in the very words for what is not there. */
static void
check_words(struct world *w, const struct visitor *v, const struct row *row,
    enum target t, const struct exchange *x)
{
	view said = buf_view(&x->answer.body);

	if (t == NOWHERE)
		(void)view_copy(said, w->absent, sizeof w->absent);
	else if (x->answer.status == 404
	    && !view_eq(said, view_of(w->absent))) {
		w->wrong++;
		note("%s: %s %s tells: %.*s", v->name, row->method, row->path,
		    (int)said.n, said.p);
	}
}

static void
cell(struct world *w, const struct visitor *v, const struct row *row,
    enum target t)
{
	struct buf target = buf_new(512), body = buf_new(512);
	unsigned wanted = expected(v, row, t);
	struct exchange *x;

	buf_add_text(&target, "/api/v1");
	fill_in(w, t, row->target, &target);
	fill_in(w, t, row->body, &body);
	x = talk_ask(&w->t, row->method, buf_view(&target),
	    view_of(w->fields), buf_view(&body));
	w->cells++;
	if (x->answer.status != wanted) {
		w->wrong++;
		note("%s: %s %s: %u, not %u: %.*s", v->name, row->method,
		    buf_text(&target), x->answer.status, wanted,
		    (int)x->answer.body.n, x->answer.body.p);
	}
	check_words(w, v, row, t, x);
	if (x->answer.status / 100 == 2
	    && !view_eq(view_of(row->method), VIEW("GET")))
		put_back(w, t);
	exchange_free(&x);
	buf_free(&target);
	buf_free(&body);
}

/* The list of what one administers has that and nothing else. */
static void
list_cell(struct world *w, const struct visitor *v)
{
	struct exchange *x = talk_ask(&w->t, "GET", VIEW("/api/v1/domains"),
	    view_of(w->fields), VIEW(""));
	view said = buf_view(&x->answer.body);
	bool own = view_find(said, VIEW("\"example.org\"")) != SIZE_MAX;
	bool foreign = view_find(said, VIEW("other.example")) != SIZE_MAX;

	w->cells++;
	if (v->address == NULL
	    ? x->answer.status != 401
	    : x->answer.status != 200
	        || own != ((v->administers & OWN) != 0)
	        || foreign != ((v->administers & FOREIGN) != 0)) {
		w->wrong++;
		note("%s: GET /domains: %u %.*s", v->name, x->answer.status,
		    (int)said.n, said.p);
	}
	exchange_free(&x);
}

static void
visit(struct world *w, const struct visitor *v)
{
	static const enum target order[] = { NOWHERE, HERE, ELSEWHERE };

	(void)snprintf(w->fields, sizeof w->fields,
	    "Content-Type: application/json\n");
	if (v->address != NULL)
		sign_in(w, v);
	list_cell(w, v);
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t k = 0; k < COUNT(order); k++)
			cell(w, v, &rows[i], order[k]);
}

/* Each operation of domains is in the matrix. */
static void
test_rows(void)
{
	size_t found = 0;

	for (size_t i = 0; i < api_route_count; i++) {
		const struct api_route *r = &api_routes[i];
		bool there = strcmp(r->path, "/domains") == 0;

		if (!view_starts(view_of(r->path), VIEW("/domains")))
			continue;
		for (size_t k = 0; k < COUNT(rows); k++)
			there = there || (strcmp(r->path, rows[k].path) == 0
			    && strcmp(r->method, rows[k].method) == 0);
		ok(there, "%s %s is looked at", r->method, r->path);
		found++;
	}
	is_number((int64_t)found, COUNT(rows) + 1, "and no other");
}

int
main(void)
{
	struct world w;

	test_rows();
	world_open(&w);
	for (size_t i = 0; i < COUNT(visitors); i++)
		visit(&w, &visitors[i]);
	is_number(w.wrong, 0, "all as the table says");
	is_number(w.cells, COUNT(visitors) * (COUNT(rows) * TARGETS + 1),
	    "cells");
	talk_close(&w.t);
	return tap_done();
}
