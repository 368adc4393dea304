#include "mailcore/admin/move_in.h"

#include "mailcore/admin/admin.h"
#include "mailcore/admin/alias.h"
#include "mailcore/admin/rows.h"
#include "mailcore/admin/size.h"
#include "mailcore/base/secret.h"

enum { ROW_ARENA = 1 << 20, MADE_TEXT = 64 };

enum { ADDRESS, NAME, HASH, PASSWORD, QUOTA, ENABLED };

static const char *const mailbox_columns[] = { [ADDRESS] = "address",
	[NAME] = "name", [HASH] = "hash", [PASSWORD] = "password",
	[QUOTA] = "quota", [ENABLED] = "enabled" };

enum { TARGET = 1, ALIAS_ENABLED };

static const char *const alias_columns[] = { [ADDRESS] = "address",
	[TARGET] = "target", [ALIAS_ENABLED] = "enabled" };

/* Nothing said is yes; "2" is mailcow's for who gets mail and may not log in,
 * "t" and "f" are PostgreSQL's. */
static result
read_enabled(view text, bool *out)
{
	static const view no[] = { VIEW_INIT("0"), VIEW_INIT("2"),
		VIEW_INIT("no"), VIEW_INIT("n"), VIEW_INIT("false"),
		VIEW_INIT("f") };
	static const view yes[] = { VIEW_INIT(""), VIEW_INIT("1"),
		VIEW_INIT("yes"), VIEW_INIT("y"), VIEW_INIT("true"),
		VIEW_INIT("t") };

	*out = true;
	for (size_t i = 0; i < COUNT(yes); i++)
		if (view_same(text, yes[i]))
			return done();
	*out = false;
	for (size_t i = 0; i < COUNT(no); i++)
		if (view_same(text, no[i]))
			return done();
	return fail(MALFORMED, "enabled: expected 1 or 0");
}

static result
read_quota(view text, int64_t *out)
{
	*out = 0;
	return text.n == 0 || view_eq(text, VIEW("0")) || size_read(text, out)
	    ? done()
	    : fail(MALFORMED, "quota: expected a size like 500M, or a number of"
		" bytes");
}

struct moving {
	struct store *store;
	move_in_told *told;
	void *context;
};

static result
take_mailbox(const struct moving *m, const view *values, struct buf *made)
{
	struct admin_mailbox new = { .address = values[ADDRESS],
		.name = values[NAME], .hash = values[HASH],
		.password = values[PASSWORD] };
	bool enabled;

	TRY(read_quota(values[QUOTA], &new.quota));
	TRY(read_enabled(values[ENABLED], &enabled));
	new.disabled = !enabled;
	if (new.hash.n == 0 && new.password.n == 0) {
		admin_password_make(made);
		new.password = buf_view(made);
	}
	return admin_mailbox_make(m->store, &new);
}

static result
take_alias(const struct moving *m, const view *values, struct buf *made)
{
	bool enabled;

	(void)made;
	TRY(read_enabled(values[ALIAS_ENABLED], &enabled));
	if (!enabled)
		return fail(EXISTS, "");
	return admin_alias_put(m->store, values[ADDRESS], values[TARGET], 0);
}

/* What says that the store is in trouble ends all of it. */
static result
tell(const struct moving *m, view address, const struct buf *made, result r)
{
	if (r.is == NO_SPACE || r.is == FAILED || r.is == BUSY)
		return r;
	m->told(m->context, address, r.is == OK ? buf_view(made) : VIEW(""),
	    r);
	return done();
}

static result
take_row(const struct moving *m,
    result (*take)(const struct moving *, const view *, struct buf *),
    const view *values)
{
	struct buf made = buf_new(MADE_TEXT);
	result r = take(m, values, &made);

	r = tell(m, values[ADDRESS], &made, r);
	if (made.n > 0)
		secret_wipe(made.p, made.n);
	buf_free(&made);
	return r;
}

static result
move_in(const struct moving *m, view table, const char *const *columns,
    size_t count,
    result (*take)(const struct moving *, const view *, struct buf *))
{
	struct arena *arena = arena_new(ROW_ARENA);
	view values[ROWS_COLUMNS];
	struct rows rows;
	result r = rows_begin(&rows, table, columns, count, arena);

	while (r.is == OK) {
		arena_reset(arena);
		r = rows_next(&rows, values);
		if (r.is == MALFORMED || r.is == OVER_LIMIT)
			r = tell(m, arena_print(arena, "line %zu", rows.line),
			    &(struct buf){ .n = 0 }, r);
		else if (r.is == OK)
			r = take_row(m, take, values);
	}
	arena_free(&arena);
	return r.is == NOT_FOUND ? done() : r;
}

result
move_in_mailboxes(struct store *store, view table, move_in_told *told,
    void *context)
{
	const struct moving m = { store, told, context };

	return move_in(&m, table, mailbox_columns, COUNT(mailbox_columns),
	    take_mailbox);
}

result
move_in_aliases(struct store *store, view table, move_in_told *told,
    void *context)
{
	const struct moving m = { store, told, context };

	return move_in(&m, table, alias_columns, COUNT(alias_columns),
	    take_alias);
}
