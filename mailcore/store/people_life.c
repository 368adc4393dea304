/* Accounts made and removed. */
#include "mailcore/db/schema.h"
#include "mailcore/store/administrator.h"
#include "mailcore/store/collection.h"
#include "mailcore/store/domain.h"
#include "mailcore/store/names.h"
#include "mailcore/store/right_row.h"
#include "mailcore/store/sending.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { DOMAIN_ID, ADDRESS_TAKEN, ACCOUNT_ADD, ADDRESS_ADD, ADDRESSES_REMOVE,
	ACCOUNT_REMOVE, APP_PASSWORDS_REMOVE, SESSIONS_REMOVE, LOGINS_REMOVE,
	OFFICES_REMOVE, STATE_ADD, LEAVING_ADD, LEAVING_REMOVE };

static const char *const sql[] = {
	[DOMAIN_ID] = "SELECT id FROM domain WHERE name = $1",
	[ADDRESS_TAKEN] = "SELECT 1 FROM address WHERE address = $1"
			  " UNION ALL SELECT 1 FROM route WHERE address = $1",
	[ACCOUNT_ADD] = "INSERT INTO account (id, domain, address, name,"
			" password, quota, enabled)"
			" VALUES ($1, $2, $3, $4, $5, $6, $7)",
	[ADDRESS_ADD] = "INSERT INTO address (address, account_id, is_primary)"
			" VALUES ($1, $2, 1)",
	[ADDRESSES_REMOVE] = "DELETE FROM address WHERE account_id = $1",
	[ACCOUNT_REMOVE] = "DELETE FROM account WHERE id = $1",
	[APP_PASSWORDS_REMOVE] = "DELETE FROM app_password"
				 " WHERE account_id = $1",
	[SESSIONS_REMOVE] = "DELETE FROM session WHERE account_id = $1",
	[LOGINS_REMOVE] = "DELETE FROM login WHERE account_id = $1",
	[OFFICES_REMOVE] = "DELETE FROM administrator WHERE account_id = $1",
	[LEAVING_ADD] = "INSERT INTO account_leaving (id) VALUES ($1)",
	[LEAVING_REMOVE] = "DELETE FROM account_leaving WHERE id = $1",
	/* uid validities begin with the time, so that an address that comes
	 * again later never has those of before. */
	[STATE_ADD] = "INSERT INTO state (account_id, epoch,"
		      " next_uid_validity, quota) VALUES ($1, $2, $3, $4)",
};

static const struct {
	enum collection_kind kind;
	view name;
	view display_name;
	enum special_use use;
} first[] = {
	{ COLLECTION_MAILBOX, VIEW_INIT("INBOX"), VIEW_INIT(""), USE_NONE },
	{ COLLECTION_MAILBOX, VIEW_INIT("Drafts"), VIEW_INIT(""), USE_DRAFTS },
	{ COLLECTION_MAILBOX, VIEW_INIT("Sent"), VIEW_INIT(""), USE_SENT },
	{ COLLECTION_MAILBOX, VIEW_INIT("Archive"), VIEW_INIT(""),
	    USE_ARCHIVE },
	{ COLLECTION_MAILBOX, VIEW_INIT("Junk"), VIEW_INIT(""), USE_JUNK },
	{ COLLECTION_MAILBOX, VIEW_INIT("Trash"), VIEW_INIT(""), USE_TRASH },
	{ COLLECTION_CALENDAR, VIEW_INIT("personal"),
	    VIEW_INIT("Personal Calendar"), USE_NONE },
	{ COLLECTION_ADDRESSBOOK, VIEW_INIT("personal"),
	    VIEW_INIT("Personal Address Book"), USE_NONE },
};

struct person {
	view address; /* folded */
	view name;
	view password;
	int64_t quota;
	bool limited; /* by what the domain's administrators may give */
	bool disabled;
	int64_t id;
	int64_t domain;
};

static result
check_address(struct account *house, struct person *p)
{
	view local, domain;
	struct db_query q;
	bool taken = false;

	if (!name_cut(p->address, &local, &domain)
	    || local.n > LIMIT_LOCAL_PART)
		return fail(MALFORMED, "RFC 5321 4.1.2: not an address");
	{
		const struct db_arg args[] = { db_text(domain) };

		db_ask(house->db, &q, sql[DOMAIN_ID], args, COUNT(args));
		while (db_next(&q))
			p->domain = db_int_at(&q, 0);
		TRY(db_end(&q));
	}
	if (p->domain == 0)
		return fail(NOT_FOUND, "the domain is not hosted here");
	{
		const struct db_arg args[] = { db_text(p->address) };

		db_ask(house->db, &q, sql[ADDRESS_TAKEN], args, COUNT(args));
		while (db_next(&q))
			taken = true;
		TRY(db_end(&q));
	}
	if (taken)
		return fail(EXISTS, "the address is taken");
	return p->limited
	    ? domain_share_take(house, p->domain, 1, 0, p->quota)
	    : done();
}

/* The number is durable before a folder has it, so it is never used twice. */
static result
add_leaving(struct account *house, int64_t id)
{
	const struct db_arg args[] = { db_int(id) };

	return db_do(house->db, sql[LEAVING_ADD], args, COUNT(args));
}

static result
reserve(struct account *house, void *context)
{
	struct person *p = context;

	p->domain = 0;
	TRY(check_address(house, p));
	TRY(counter_take(house, VIEW("account"), &p->id));
	return add_leaving(house, p->id);
}

/* Its folder is in order, or no more. */
static result
forget_leaving(struct account *house, void *context)
{
	const struct db_arg args[] = { db_int(*(int64_t *)context) };

	return db_do(house->db, sql[LEAVING_REMOVE], args, COUNT(args));
}

static result
enter(struct account *house, void *context)
{
	struct person *p = context;

	p->domain = 0;
	TRY(check_address(house, p));
	TRY(forget_leaving(house, &p->id));
	{
		const struct db_arg account[] = { db_int(p->id),
			db_int(p->domain), db_text(p->address),
			db_text(p->name), db_text(p->password),
			db_int(p->quota), db_int(!p->disabled) };
		const struct db_arg address[] = { db_text(p->address),
			db_int(p->id) };

		TRY(db_do(house->db, sql[ACCOUNT_ADD], account,
		    COUNT(account)));
		if (p->limited)
			TRY(sending_begin(house, p->domain, p->id));
		return db_do(house->db, sql[ADDRESS_ADD], address,
		    COUNT(address));
	}
}

static result
make_state(struct store *s, struct db *db, const struct person *p)
{
	const struct db_arg args[] = { db_int(p->id), db_int(s->epoch),
		db_int(clock_now()), db_int(p->quota) };

	TRY(db_migrate(db, schema_account, schema_account_count));
	TRY(db_do(db, sql[STATE_ADD], args, COUNT(args)));
	return db_sync(db);
}

/* The folder and each above it: their entries must outlive a power cut, as
 * those of <data> do since store_open. */
static result
sync_folders(const char *data, const char *folder)
{
	char path[STORE_PATH];
	view v = view_of(folder);

	while (v.n > strlen(data)) {
		if (!view_copy(v, path, sizeof path))
			return fail(FAILED, "a path is too long");
		TRY(file_sync_folder(path));
		v = view_cut_last(&v, '/');
	}
	return done();
}

static result
make_database(struct store *s, const struct person *p)
{
	char folder[STORE_PATH], path[STORE_PATH];
	struct db *db;
	result r;

	if (!account_folder(s->data, p->id, folder)
	    || !account_path(s->data, p->id, path))
		return fail(FAILED, "the data folder's path is too long");
	TRY(file_make_folder(folder));
	TRY(db_open(&db, path));
	r = make_state(s, db, p);
	db_close(&db);
	TRY(r);
	return sync_folders(s->data, folder);
}

static result
add_first(struct account *a, void *context)
{
	(void)context;
	for (size_t i = 0; i < COUNT(first); i++) {
		int64_t id;

		TRY(collection_add(a, first[i].kind, first[i].name,
		    first[i].display_name, first[i].use, &id));
		TRY(collection_subscribe(a, id, true));
	}
	return done();
}

static result
fill_database(struct store *s, int64_t id)
{
	struct account *a;
	result r;

	TRY(account_open(s, id, &a));
	r = account_write(a, add_first, NULL, DURABLE);
	account_close(&a);
	return r;
}

/* Folders of an account are at most this deep; files at the third level. */
enum { FOLDER_DEPTH = 4 };

static void
remove_tree(int at, const char *name, int depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW
	    | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (view_eq(view_of(e->d_name), VIEW("."))
		    || view_eq(view_of(e->d_name), VIEW("..")))
			continue;
		if (unlinkat(fd, e->d_name, 0) != 0
		    && (errno == EISDIR || errno == EPERM)
		    && depth < FOLDER_DEPTH)
			remove_tree(fd, e->d_name, depth + 1);
	}
	if (d != NULL)
		(void)closedir(d);
	if (unlinkat(at, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
		log_line(LOG_WARNING, "account.folder",
		    "name=%s error=\"%s\"", name, strerror(errno));
}

result
account_remove_files(const char *data, int64_t id)
{
	char folder[STORE_PATH], above[STORE_PATH];
	view v;

	if (!account_folder(data, id, folder))
		return fail(FAILED, "the data folder's path is too long");
	remove_tree(AT_FDCWD, folder, 0);
	v = view_of(folder);
	v = view_cut_last(&v, '/');
	if (!view_copy(v, above, sizeof above))
		return fail(FAILED, "a path is too long");
	return access(above, F_OK) == 0 ? file_sync_folder(above) : done();
}

/* Whether or not the rest comes to be known: the next start does it again. */
static void
remove_files(struct store *s, int64_t id)
{
	result r;

	pool_drop(s, id);
	r = account_remove_files(s->data, id);
	if (r.is == OK)
		r = house_write(s, forget_leaving, &id, DURABLE_LAZY);
	if (r.is != OK)
		log_line(LOG_WARNING, "account.leaving",
		    "account=%lld why=\"%s\"", (long long)id, r.why);
}

/* Who is refused may be there all the same, when it was the sync that failed:
 * then he is removed like everybody. */
static void
take_back(struct store *s, int64_t id)
{
	result r = account_remove(s, id);

	if (r.is == NOT_FOUND)
		remove_files(s, id);
	else if (r.is != OK)
		log_line(LOG_WARNING, "account.leaving",
		    "account=%lld why=\"%s\"", (long long)id, r.why);
}

static result
add(struct store *s, struct person *p)
{
	result r;

	TRY(house_write(s, reserve, p, DURABLE));
	r = make_database(s, p);
	if (r.is == OK)
		r = fill_database(s, p->id);
	if (r.is == OK)
		r = house_write(s, enter, p, DURABLE);
	if (r.is != OK)
		take_back(s, p->id);
	return r;
}

static result
add_person(struct store *s, view address, struct person *p, int64_t *id)
{
	struct buf folded = buf_new(LIMIT_ADDRESS);
	result r = fail(MALFORMED, "RFC 5321 4.5.3.1: an address too long");

	*id = 0;
	if (name_fold(address, &folded)) {
		p->address = buf_view(&folded);
		r = add(s, p);
	}
	if (r.is == OK)
		*id = p->id;
	buf_free(&folded);
	return r;
}

result
account_add(struct store *s, view address, view name, view password,
    int64_t *id)
{
	struct person p = { .name = name, .password = password };

	return add_person(s, address, &p, id);
}

result
account_add_as(struct store *s, const struct account_new *wanted, int64_t *id)
{
	struct person p = { .name = wanted->name,
		.password = wanted->password, .quota = wanted->quota,
		.disabled = wanted->disabled, .limited = wanted->limited };

	return add_person(s, wanted->address, &p, id);
}

static result
leave(struct account *house, void *context)
{
	const struct db_arg args[] = { db_int(*(int64_t *)context) };

	TRY(db_do(house->db, sql[ADDRESSES_REMOVE], args, COUNT(args)));
	for (int i = APP_PASSWORDS_REMOVE; i <= OFFICES_REMOVE; i++)
		TRY(db_do(house->db, sql[i], args, COUNT(args)));
	TRY(right_forget_account(house, args[0].number));
	TRY(sending_leave(house, args[0].number));
	TRY(db_do(house->db, sql[ACCOUNT_REMOVE], args, COUNT(args)));
	return db_changed(house->db) > 0
	    ? add_leaving(house, args[0].number)
	    : fail(NOT_FOUND, "no such account");
}

result
account_remove(struct store *s, int64_t id)
{
	TRY(house_write(s, leave, &id, DURABLE));
	remove_files(s, id);
	return done();
}
