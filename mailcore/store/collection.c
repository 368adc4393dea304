#include "mailcore/store/collection.h"

#include "mailcore/base/utf8.h"
#include "mailcore/format/compose.h"
#include "mailcore/store/annotation.h"
#include "mailcore/store/collection_row.h"
#include "mailcore/store/history_row.h"

#define COLUMNS                                                           \
	"id, kind, name, display_name, special_use, subscribed,"          \
	" uid_validity, uid_next, modseq, pruned, created, items, unseen," \
	" bytes, recent_from"

enum { LIST, BY_NAME, BY_ID, COUNT_ALL, NUMBERS, ADD, GONE_ADD, GONE_FORGET,
	RENAME, REMOVE, PROPERTIES_REMOVE, SUBSCRIBE, DISPLAY_NAME, SET_USE };

static const char *const sql[] = {
	[LIST] = "SELECT " COLUMNS " FROM collection WHERE account_id = $1"
		 " AND kind = $2 ORDER BY CASE WHEN name IN ('INBOX',"
		 " 'personal') THEN 0 ELSE 1 END, name",
	[BY_NAME] = "SELECT " COLUMNS " FROM collection WHERE account_id = $1"
		    " AND kind = $2 AND name = $3",
	[BY_ID] = "SELECT " COLUMNS " FROM collection WHERE account_id = $1"
		  " AND id = $2",
	[COUNT_ALL] = "SELECT COUNT(*) FROM collection WHERE account_id = $1"
		      " AND kind = $2",
	[NUMBERS] = "UPDATE state SET modseq = modseq + 1,"
		    " next_collection = next_collection + 1,"
		    " next_uid_validity = next_uid_validity + 1"
		    " WHERE account_id = $1 RETURNING modseq,"
		    " next_collection - 1, next_uid_validity - 1",
	[ADD] = "INSERT INTO collection (account_id, id, kind, name,"
		" display_name, special_use, uid_validity, modseq, created)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
	[GONE_ADD] = "INSERT INTO collection_gone (account_id, kind, modseq,"
		     " id, name) VALUES ($1, $2, $3, $4, $5)",
	[GONE_FORGET] = "DELETE FROM collection_gone WHERE account_id = $1"
			" AND kind = $2 AND name = $3",
	[RENAME] = "UPDATE collection SET name = $3, modseq = $4"
		   " WHERE account_id = $1 AND id = $2",
	[REMOVE] = "DELETE FROM collection WHERE account_id = $1 AND id = $2",
	[PROPERTIES_REMOVE] = "DELETE FROM property WHERE account_id = $1"
			      " AND collection = $2",
	[SUBSCRIBE] = "UPDATE collection SET subscribed = $3"
		      " WHERE account_id = $1 AND id = $2",
	[DISPLAY_NAME] = "UPDATE collection SET modseq = $3,"
			 " display_name = $4 WHERE account_id = $1"
			 " AND id = $2",
	[SET_USE] = "UPDATE collection SET modseq = $3, special_use = $4"
		    " WHERE account_id = $1 AND id = $2",
};

static const view inbox = VIEW_INIT("INBOX");
static const view personal = VIEW_INIT("personal");

static bool
is_below(view name, view parent)
{
	return view_starts(name, parent) && view_at(name, parent.n) == '/';
}

/* RFC 9051 5.1: INBOX in any case is the one INBOX; letters with accents are
 * composed, in old names when they are read. */
static view
canonical(enum collection_kind kind, view name, struct arena *arena)
{
	if (kind != COLLECTION_MAILBOX)
		return name;
	return view_same(name, inbox) ? inbox : compose(name, arena);
}

static void
of_row(struct db_query *q, struct arena *arena, struct collection *out)
{
	enum collection_kind kind = (enum collection_kind)db_int_at(q, 1);

	*out = (struct collection){
		.id = db_int_at(q, 0),
		.kind = kind,
		.name = canonical(kind, arena_copy(arena, db_text_at(q, 2)),
		    arena),
		.display_name = arena_copy(arena, db_text_at(q, 3)),
		.use = (enum special_use)db_int_at(q, 4),
		.subscribed = db_int_at(q, 5) != 0,
		.uid_validity = (uint32_t)db_int_at(q, 6),
		.uid_next = (uint32_t)db_int_at(q, 7),
		.modseq = db_int_at(q, 8),
		.pruned = db_int_at(q, 9),
		.created = db_int_at(q, 10),
		.items = db_int_at(q, 11),
		.unseen = db_int_at(q, 12),
		.bytes = db_int_at(q, 13),
		.recent_from = db_int_at(q, 14),
	};
}

/* Rows of one question as an array, whose size nobody knows before. */
static result
collect(struct account *a, struct arena *arena, const char *question,
    const struct db_arg *args, size_t n, struct collection **out,
    size_t *count)
{
	struct db_query q;
	size_t room = 0;

	*out = NULL;
	*count = 0;
	db_ask(a->db, &q, question, args, n);
	while (db_next(&q)) {
		struct collection *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		of_row(&q, arena, &more[(*count)++]);
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
collection_list(struct account *a, struct arena *arena,
    enum collection_kind kind, struct collection **out, size_t *count)
{
	const struct db_arg args[] = { db_int(a->id), db_int(kind) };

	return collect(a, arena, sql[LIST], args, COUNT(args), out, count);
}

static result
find(struct account *a, struct arena *arena, const char *question,
    const struct db_arg *args, size_t n, struct collection *out)
{
	struct collection *all;
	size_t count;

	*out = (struct collection){ .id = 0 };
	TRY(collect(a, arena, question, args, n, &all, &count));
	if (count == 0)
		return fail(NOT_FOUND, "no such collection");
	*out = all[0];
	return done();
}

result
collection_get(struct account *a, struct arena *arena, int64_t id,
    struct collection *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id) };

	return find(a, arena, sql[BY_ID], args, COUNT(args), out);
}

enum { LIST_MEMORY = 16777216 };

/* One that got its name before names were composed. */
static result
find_uncomposed(struct account *a, struct arena *arena, view name,
    struct collection *out)
{
	struct arena *own = arena_new(LIST_MEMORY);
	struct collection *all;
	size_t count;
	int64_t id = 0;
	result r = collection_list(a, own, COLLECTION_MAILBOX, &all, &count);

	for (size_t i = 0; r.is == OK && i < count; i++)
		if (view_eq(all[i].name, name))
			id = all[i].id;
	arena_free(&own);
	TRY(r);
	return collection_get(a, arena, id, out);
}

result
collection_find(struct account *a, struct arena *arena,
    enum collection_kind kind, view name, struct collection *out)
{
	view whole = canonical(kind, name, arena);
	const struct db_arg args[] = { db_int(a->id), db_int(kind),
		db_text(whole) };
	result r = find(a, arena, sql[BY_NAME], args, COUNT(args), out);

	return r.is == NOT_FOUND && kind == COLLECTION_MAILBOX
		&& !utf8_is_ascii(whole)
	    ? find_uncomposed(a, arena, whole, out)
	    : r;
}

static result
check_new(struct account *a, struct arena *arena, enum collection_kind kind,
    view name)
{
	const struct db_arg args[] = { db_int(a->id), db_int(kind) };
	int64_t most = kind == COLLECTION_MAILBOX ? LIMIT_IMAP_MAILBOXES
	    : kind == COLLECTION_FILES		  ? LIMIT_FOLDERS
						  : LIMIT_COLLECTIONS;
	struct collection there;
	struct db_query q;
	int64_t count = 0;
	result r;

	if (name.n == 0)
		return fail(MALFORMED, "a collection without a name");
	if (kind == COLLECTION_MAILBOX && name.n > LIMIT_IMAP_MAILBOX_NAME)
		return fail(OVER_LIMIT, "a name is too long");
	r = collection_find(a, arena, kind, name, &there);
	if (r.is != NOT_FOUND)
		return r.is == OK ? fail(EXISTS, "there is one of that name")
				  : r;
	db_ask(a->db, &q, sql[COUNT_ALL], args, COUNT(args));
	while (db_next(&q))
		count = db_int_at(&q, 0);
	TRY(db_end(&q));
	return count < most ? done() : fail(OVER_LIMIT, "too many collections");
}

static result
forget_gone(struct account *a, enum collection_kind kind, view name)
{
	const struct db_arg args[] = { db_int(a->id), db_int(kind),
		db_text(name) };

	return db_do(a->db, sql[GONE_FORGET], args, COUNT(args));
}

static result
add_gone(struct account *a, const struct collection *c, int64_t modseq)
{
	const struct db_arg args[] = { db_int(a->id), db_int(c->kind),
		db_int(modseq), db_int(c->id), db_text(c->name) };

	return db_do(a->db, sql[GONE_ADD], args, COUNT(args));
}

static result
take_numbers(struct account *a, int64_t *modseq, int64_t *id,
    int64_t *validity)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;

	db_ask(a->db, &q, sql[NUMBERS], args, COUNT(args));
	while (db_next(&q)) {
		*modseq = db_int_at(&q, 0);
		*id = db_int_at(&q, 1);
		*validity = db_int_at(&q, 2);
	}
	return db_end(&q);
}

static result
add(struct account *a, enum collection_kind kind, view name,
    view display_name, enum special_use use, int64_t *id)
{
	int64_t modseq = 0, validity = 0;

	TRY(take_numbers(a, &modseq, id, &validity));
	TRY(forget_gone(a, kind, name));
	{
		const struct db_arg args[] = { db_int(a->id), db_int(*id),
			db_int(kind), db_text(name), db_text(display_name),
			db_int(use), db_int(validity), db_int(modseq) };

		return db_do(a->db, sql[ADD], args, COUNT(args));
	}
}

enum { NAME_MEMORY = 65536 };

result
collection_add(struct account *a, enum collection_kind kind, view name,
    view display_name, enum special_use use, int64_t *id)
{
	struct arena *arena;
	result r;

	*id = 0;
	TRY(must_write(a));
	arena = arena_new(NAME_MEMORY);
	name = canonical(kind, name, arena);
	r = check_new(a, arena, kind, name);
	if (r.is == OK)
		r = arena_result(arena);
	if (r.is == OK)
		r = spoil(a, add(a, kind, name, display_name, use, id));
	arena_free(&arena);
	return r;
}

static result
rename_one(struct account *a, const struct collection *c, view name,
    int64_t modseq)
{
	const struct db_arg args[] = { db_int(a->id), db_int(c->id),
		db_text(name), db_int(modseq) };

	TRY(add_gone(a, c, modseq));
	TRY(forget_gone(a, c->kind, name));
	return db_do(a->db, sql[RENAME], args, COUNT(args));
}

static bool
is_tree(enum collection_kind kind)
{
	return kind == COLLECTION_MAILBOX || kind == COLLECTION_FILES;
}

/* "a/b" follows when "a" becomes "c". */
static result
rename_children(struct account *a, struct arena *arena,
    const struct collection *parent, view name, int64_t modseq)
{
	struct collection *all;
	size_t count;

	TRY(collection_list(a, arena, parent->kind, &all, &count));
	for (size_t i = 0; i < count; i++) {
		view rest = view_from(all[i].name, parent->name.n);
		view moved;

		if (!is_below(all[i].name, parent->name))
			continue;
		moved = arena_print(arena, "%.*s%.*s", (int)name.n, name.p,
		    (int)rest.n, rest.p);
		TRY(arena_result(arena));
		if (moved.n > (parent->kind == COLLECTION_FILES
				? (size_t)LIMIT_FILE_PATH
				: (size_t)LIMIT_IMAP_MAILBOX_NAME))
			return fail(OVER_LIMIT, "a name is too long");
		TRY(rename_one(a, &all[i], moved, modseq));
	}
	return done();
}

/* RFC 3501 6.3.5: the messages go, INBOX stays, its children too. */
static result
rename_inbox(struct account *a, const struct collection *c, view name)
{
	int64_t modseq, id;

	TRY(add(a, c->kind, name, VIEW(""), USE_NONE, &id));
	TRY(state_take(a, 0, 0, &modseq, NULL));
	return item_move_all(a, c->id, id, modseq);
}

static result
rename_any(struct account *a, struct arena *arena, const struct collection *c,
    view name)
{
	int64_t modseq;

	if (c->kind == COLLECTION_MAILBOX && view_eq(c->name, inbox))
		return rename_inbox(a, c, name);
	TRY(state_take(a, 0, 0, &modseq, NULL));
	if (is_tree(c->kind))
		TRY(rename_children(a, arena, c, name, modseq));
	return rename_one(a, c, name, modseq);
}

static bool
is_fixed(const struct collection *c)
{
	return view_eq(c->name,
	    c->kind == COLLECTION_MAILBOX ? inbox : personal);
}

static result
rename_checked(struct account *a, struct arena *arena, int64_t id, view name)
{
	struct collection c;

	TRY(collection_get(a, arena, id, &c));
	name = canonical(c.kind, name, arena);
	if (c.kind != COLLECTION_MAILBOX && is_fixed(&c))
		return fail(DENIED, "this collection is always there");
	TRY(check_new(a, arena, c.kind, name));
	if (is_tree(c.kind) && !is_fixed(&c) && is_below(name, c.name))
		return fail(DENIED, "RFC 4918 9.9: it cannot go below itself");
	return spoil(a, rename_any(a, arena, &c, name));
}

enum { RENAME_MEMORY = 16777216 };

result
collection_rename(struct account *a, int64_t id, view name)
{
	struct arena *arena;
	result r;

	TRY(must_write(a));
	arena = arena_new(RENAME_MEMORY);
	r = rename_checked(a, arena, id, name);
	arena_free(&arena);
	return r;
}

static result
remove_found(struct account *a, const struct collection *c)
{
	const struct db_arg args[] = { db_int(a->id), db_int(c->id) };
	int64_t modseq;
	bool kept;

	TRY(state_take(a, -c->bytes, 0, &modseq, NULL));
	TRY(history_keep_all(a, c, modseq, &kept));
	if (kept) {
		TRY(item_hand_over(a, c->id));
	} else {
		TRY(item_remove_all(a, c->id));
		TRY(db_do(a->db, sql[PROPERTIES_REMOVE], args, COUNT(args)));
	}
	TRY(annotation_forget(a, c->id));
	TRY(db_do(a->db, sql[REMOVE], args, COUNT(args)));
	return add_gone(a, c, modseq);
}

result
collection_remove(struct account *a, int64_t id)
{
	struct arena *arena;
	struct collection c;
	result r;

	TRY(must_write(a));
	arena = arena_new(RENAME_MEMORY);
	r = collection_get(a, arena, id, &c);
	if (r.is == OK && is_fixed(&c))
		r = fail(DENIED, "this collection is always there");
	if (r.is == OK)
		r = spoil(a, remove_found(a, &c));
	arena_free(&arena);
	return r;
}

static result
need_changed(struct account *a)
{
	return db_changed(a->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "no such collection");
}

result
collection_subscribe(struct account *a, int64_t id, bool subscribed)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_int(subscribed) };

	TRY(must_write(a));
	TRY(db_do(a->db, sql[SUBSCRIBE], args, COUNT(args)));
	return need_changed(a);
}

/* `question` sets one column, with a modseq of its own. */
static result
set_column(struct account *a, const char *question, int64_t id,
    struct db_arg value)
{
	int64_t modseq;

	TRY(must_write(a));
	TRY(state_take(a, 0, 0, &modseq, NULL));
	{
		const struct db_arg args[] = { db_int(a->id), db_int(id),
			db_int(modseq), value };

		TRY(db_do(a->db, question, args, COUNT(args)));
	}
	return need_changed(a);
}

result
collection_set_display_name(struct account *a, int64_t id, view display_name)
{
	return set_column(a, sql[DISPLAY_NAME], id, db_text(display_name));
}

result
collection_set_use(struct account *a, int64_t id, enum special_use use)
{
	return set_column(a, sql[SET_USE], id, db_int(use));
}
