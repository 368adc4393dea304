#include "mailcore/admin/share.h"

#include "mailcore/store/domain.h"

static const struct {
	view name;
	enum collection_kind kind;
} kinds[] = {
	{ VIEW_INIT("Calendar"), COLLECTION_CALENDAR },
	{ VIEW_INIT("Contacts"), COLLECTION_ADDRESSBOOK },
	{ VIEW_INIT("Mail"), COLLECTION_MAILBOX },
};

/* The larger ones first: a list says the fewest words. */
static const struct {
	view word;
	unsigned rights;
} words[] = {
	{ VIEW_INIT("all"), RIGHT_ALL },
	{ VIEW_INIT("write"), RIGHTS_WRITE },
	{ VIEW_INIT("read"), RIGHTS_READ },
	{ VIEW_INIT("times"), RIGHTS_TIMES },
	{ VIEW_INIT("busy"), RIGHTS_BUSY },
	{ VIEW_INIT("private"), RIGHT_PRIVATE },
	{ VIEW_INIT("confidential"), RIGHT_CONFIDENTIAL },
	{ VIEW_INIT("schedule"), RIGHT_LOOKUP | RIGHT_POST },
	{ VIEW_INIT("admin"), RIGHT_LOOKUP | RIGHT_ADMIN },
};

static result
find_in(struct account *a, struct arena *arena, view name,
    struct right_grant *g)
{
	struct collection c;

	TRY(collection_find(a, arena, g->kind, name, &c));
	g->collection = c.id;
	return done();
}

static result
read_collection(struct store *s, struct arena *arena, int64_t owner, view text,
    struct right_grant *g)
{
	struct account *a;
	view name = text, kind = view_cut(&name, '/');
	size_t i = 0;
	result r;

	while (i < COUNT(kinds) && !view_eq(kinds[i].name, kind))
		i++;
	if (i == COUNT(kinds))
		return fail(MALFORMED,
		    "expected Calendar/NAME, Contacts/NAME or Mail/NAME");
	g->kind = kinds[i].kind;
	if (kind.n == text.n)
		return done();
	TRY(account_open(s, owner, &a));
	r = find_in(a, arena, name, g);
	account_close(&a);
	return r.is == NOT_FOUND ? fail(NOT_FOUND, "no such collection") : r;
}

static result
read_who(struct store *s, struct arena *arena, const struct account_info *owner,
    view who, struct right_grant *g)
{
	struct account_info info;

	if (view_eq(who, VIEW("anyone"))) {
		g->whom = RIGHT_ANYONE;
		return done();
	}
	g->whom = RIGHT_DOMAIN;
	g->id = owner->domain;
	if (view_eq(who, VIEW("domain")))
		return done();
	TRY(account_find(s, arena, who, &info));
	if (info.id == owner->id)
		return fail(MALFORMED, "the owner has every right anyway");
	g->whom = RIGHT_ACCOUNT;
	g->id = info.id;
	return done();
}

static result
read_rights(view text, unsigned *out)
{
	view rest = text;

	*out = 0;
	while (rest.n > 0) {
		view word = view_trim(view_cut(&rest, ','));
		unsigned rights = 0;
		size_t i = 0;

		while (i < COUNT(words) && !view_eq(words[i].word, word))
			i++;
		if (i < COUNT(words))
			rights = words[i].rights;
		else if (word.n == 0
		    || right_of_letters(word, &rights).is != OK)
			return fail(MALFORMED,
			    "expected busy, times, read, write, private,"
			    " confidential, schedule, admin, all, or letters"
			    " of RFC 4314");
		*out |= rights;
	}
	return *out == 0 ? fail(MALFORMED, "expected rights") : done();
}

static result
read_grant(struct store *s, struct arena *arena, view owner, view collection,
    view who, struct right_grant *g, int64_t *id)
{
	struct account_info info;

	TRY(account_find(s, arena, owner, &info));
	*id = info.id;
	TRY(read_collection(s, arena, info.id, collection, g));
	return read_who(s, arena, &info, who, g);
}

enum { MEMORY = 16777216 };

result
admin_share_add(struct store *s, view owner, view collection, view who,
    view rights)
{
	struct right_grant g = { .collection = 0 };
	struct arena *arena = arena_new(MEMORY);
	int64_t id = 0;
	result r = read_grant(s, arena, owner, collection, who, &g, &id);

	if (r.is == OK)
		r = read_rights(rights, &g.rights);
	if (r.is == OK)
		r = right_grant(s, id, &g);
	arena_free(&arena);
	return r;
}

static result
must_have(struct store *s, struct arena *arena, int64_t owner,
    const struct right_grant *g)
{
	struct right_grant *list;
	size_t count;

	TRY(right_list(s, arena, owner, g->kind, g->collection, &list,
	    &count));
	for (size_t i = 0; i < count; i++)
		if (list[i].whom == g->whom && list[i].id == g->id)
			return done();
	return fail(NOT_FOUND, "nothing of it is shared with them");
}

result
admin_share_remove(struct store *s, view owner, view collection, view who)
{
	struct right_grant g = { .collection = 0 };
	struct arena *arena = arena_new(MEMORY);
	int64_t id = 0;
	result r = read_grant(s, arena, owner, collection, who, &g, &id);

	if (r.is == OK)
		r = must_have(s, arena, id, &g);
	if (r.is == OK)
		r = right_grant(s, id, &g);
	arena_free(&arena);
	return r;
}

view
admin_rights_text(struct arena *arena, unsigned rights)
{
	struct buf b = buf_new(128);
	unsigned left = rights;
	view out;

	for (size_t i = 0; i < COUNT(words); i++)
		if ((rights & words[i].rights) == words[i].rights
		    && (left & words[i].rights & ~(unsigned)RIGHT_LOOKUP)
			!= 0) {
			buf_print(&b, "%s%.*s", b.n > 0 ? "," : "",
			    (int)words[i].word.n, words[i].word.p);
			left &= ~words[i].rights;
		}
	if ((left & ~(unsigned)RIGHT_LOOKUP) != 0) {
		buf_add_text(&b, b.n > 0 ? "," : "");
		right_letters(left, &b);
	}
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

/* false: the collection is no more. */
static bool
collection_text(struct account *a, struct arena *arena,
    const struct right_grant *g, view *out)
{
	struct collection c = { .name = VIEW("") };
	view kind = VIEW("");

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].kind == g->kind)
			kind = kinds[i].name;
	if (g->collection != 0
	    && (collection_get(a, arena, g->collection, &c).is != OK
		|| c.kind != g->kind))
		return false;
	*out = arena_print(arena, "%.*s%s%.*s", (int)kind.n, kind.p,
	    g->collection == 0 ? "" : "/", (int)c.name.n, c.name.p);
	return kind.n > 0;
}

static result
list_all(struct store *s, struct arena *arena, int64_t owner,
    struct share **out, size_t *count)
{
	struct right_grant *list;
	struct account *a;
	size_t n;

	*count = 0;
	TRY(right_list(s, arena, owner, (enum collection_kind)0, 0, &list,
	    &n));
	*out = arena_array(arena, n, sizeof **out);
	TRY(arena_result(arena));
	TRY(account_open(s, owner, &a));
	for (size_t i = 0; i < n; i++) {
		struct share share = { .who = list[i].name };

		if (list[i].whom == RIGHT_DOMAIN)
			share.who = VIEW("domain");
		else if (list[i].whom == RIGHT_ANYONE)
			share.who = VIEW("anyone");
		share.rights = admin_rights_text(arena, list[i].rights);
		if (collection_text(a, arena, &list[i], &share.collection))
			(*out)[(*count)++] = share;
	}
	account_close(&a);
	return arena_result(arena);
}

result
admin_share_list(struct store *s, struct arena *arena, view owner,
    struct share **out, size_t *count)
{
	struct account_info info;

	*out = NULL;
	*count = 0;
	TRY(account_find(s, arena, owner, &info));
	return list_all(s, arena, info.id, out, count);
}
