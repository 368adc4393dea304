/* Requests to the API, a byte 0xff between two: the first line is "METHOD
 * target", then header fields, an empty line, and the body.  "$" alone in a
 * field's place stands for the cookie and the form token of a session, so that
 * what is behind them is reached too.  Never 500, every answer is a JSON
 * document, a file or nothing, and the books of the account stay right.  The
 * account administers its domain, in which there is a mailbox more (2);
 * whatever is sent, another domain's (3) has the password that it had.
 * Everything is put back after each input. */
#include "davd/api/schema.h"
#include "mailcore/store/administrator.h"
#include "mailcore/store/alias.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/file.h"
#include "tests/dialog/house.h"
#include "tests/dialog/house_back.h"
#include "tests/unit/api_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

enum { REQUESTS = 6, PIECES = 64 };
#define SEPARATOR ((char)0xff)

/* Whose databases are put back; HOUSE before MATE, who may be removed. */
enum { OWN, HOUSE, MATE, BACKS };

static struct talk fuzzed;
static struct back backs[BACKS];
static int64_t mate, stranger;
static sqlite3 *kept_mate; /* what his database held at first */

static void
open_back(int which)
{
	const int64_t accounts[] = { fuzzed.account, 0, mate };

	back_open(&backs[which], fuzzed.home.data, accounts[which], "");
}

static void
finish(void)
{
	(void)sqlite3_close(kept_mate);
	for (size_t i = 0; i < COUNT(backs); i++)
		back_close(&backs[i]);
	talk_close(&fuzzed);
}

/* One message is here and one on its way. */
static void
furnish(void)
{
	const view to[] = { VIEW("a@r.example") };
	const struct queue_new q = { .sender = VIEW("user@example.org"),
		.account = fuzzed.account, .recipients = to, .count = 1,
		.data = VIEW("Subject: s\r\n\r\ntext\r\n") };
	int64_t id;

	house_mail(fuzzed.home.store, fuzzed.account,
	    VIEW("Subject: x\r\n\r\nFrom x\r\n"));
	house_check(queue_add(fuzzed.home.store, &q, &id));
}

static int64_t
add_mailbox(view address)
{
	int64_t id;

	house_check(account_add(fuzzed.home.store, address, VIEW("Mate"),
	    VIEW(HOUSE_HASH), &id));
	return id;
}

static void
furnish_domain(void)
{
	struct domain own = { .id = 0 };
	int64_t foreign;

	house_check(domain_find(fuzzed.home.store, fuzzed.home.arena,
	    VIEW("example.org"), &own));
	house_check(domain_add(fuzzed.home.store, VIEW("other.example"),
	    VIEW(""), &foreign));
	mate = add_mailbox(VIEW("mate@example.org"));
	stranger = add_mailbox(VIEW("victim@other.example"));
	house_check(alias_add(fuzzed.home.store, VIEW("sales@other.example"),
	    stranger));
	house_check(alias_add(fuzzed.home.store, VIEW("too@example.org"),
	    mate));
	house_check(administrator_add(fuzzed.home.store, own.id,
	    fuzzed.account));
}

/* A copy that nobody has open. */
static void
copy_database(sqlite3 *from, const char *path)
{
	char text[512];

	(void)snprintf(text, sizeof text, "VACUUM main INTO '%s'", path);
	if (sqlite3_exec(from, text, NULL, NULL, NULL) != SQLITE_OK)
		abort();
}

static void
keep_mate(void)
{
	char path[300];

	(void)snprintf(path, sizeof path, "%s/kept.db", fuzzed.home.data);
	copy_database(backs[MATE].db, path);
	if (sqlite3_open(path, &kept_mate) != SQLITE_OK)
		abort();
}

int
LLVMFuzzerInitialize(int *count, char ***words)
{
	house_begin(count, words);
	talk_open(&fuzzed);
	house_hasten(fuzzed.auth);
	house_check(account_set_password(fuzzed.home.store, fuzzed.account,
	    VIEW(HOUSE_HASH)));
	furnish();
	furnish_domain();
	talk_sign_in(&fuzzed);
	house_check(store_sync(fuzzed.home.store));
	for (int i = 0; i < BACKS; i++)
		open_back(i);
	keep_mate();
	return atexit(finish);
}

static void
check(struct exchange *x)
{
	view body = buf_view(&x->answer.body);
	char piece[4096];
	json_error_t error;
	json_t *value;

	if (x->answer.status == 0 || x->answer.status == 500)
		abort();
	if (x->answer.stream != NULL) {
		for (int i = 0; i < PIECES
		     && exchange_read(x, piece, sizeof piece) > 0; i++)
			;
		return;
	}
	if (body.n == 0 || body.p[0] != '{')
		return;
	value = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &error);
	if (value == NULL)
		abort();
	json_decref(value);
}

static void
add_fields(view *rest, struct buf *fields)
{
	view line;

	for (line = view_cut(rest, '\n'); line.n > 0;
	     line = view_cut(rest, '\n')) {
		if (!view_eq(line, VIEW("$"))) {
			buf_add(fields, line);
			buf_add_byte(fields, '\n');
			continue;
		}
		buf_add_text(fields, fuzzed.cookie);
		buf_add_text(fields, fuzzed.token);
	}
}

static void
ask(view rest)
{
	view line = view_cut(&rest, '\n');
	view method = view_cut(&line, ' ');
	struct buf fields = buf_new(65536);
	struct exchange *x;
	char name[16];

	if (view_copy(method, name, sizeof name)
	    && view_find_byte(line, '\0') == SIZE_MAX) {
		add_fields(&rest, &fields);
		x = talk_ask(&fuzzed, name, line, buf_view(&fields), rest);
		check(x);
		exchange_free(&x);
	}
	buf_free(&fields);
}

/* Mailboxes that were added have files of their own.  false: the one that was
 * there has none any more. */
static bool
remove_added(void)
{
	struct arena *arena = arena_new(1 << 20);
	struct account_info *list;
	bool there = false;
	size_t count;

	house_check(account_list(fuzzed.home.store, arena,
	    VIEW("example.org"), &list, &count));
	for (size_t i = 0; i < count; i++)
		if (list[i].id == mate)
			there = true;
		else if (list[i].id != fuzzed.account)
			house_check(account_remove(fuzzed.home.store,
			    list[i].id));
	arena_free(&arena);
	return there;
}

/* Its folder, as the store names it. */
static void
restore_mate(void)
{
	char path[300];

	back_close(&backs[MATE]);
	(void)snprintf(path, sizeof path, "%s/accounts/%02x/%lld",
	    fuzzed.home.data, (unsigned)(mate & 255), (long long)mate);
	house_check(file_make_folder(path));
	(void)snprintf(path + strlen(path), sizeof path - strlen(path),
	    "/account.db");
	copy_database(kept_mate, path);
	open_back(MATE);
}

static void
check_stranger(void)
{
	struct arena *arena = arena_new(65536);
	struct account_info info;

	house_check(account_get(fuzzed.home.store, arena, stranger, &info));
	if (!view_eq(info.password, VIEW(HOUSE_HASH)) || !info.enabled)
		abort();
	arena_free(&arena);
}

static void
put_back(void)
{
	bool there = true;

	if (back_is_due(&backs[OWN]))
		house_verify(fuzzed.home.store, fuzzed.account);
	if (back_is_due(&backs[HOUSE])) {
		check_stranger();
		there = remove_added();
	}
	back_put(&backs[OWN]);
	back_put(&backs[HOUSE]);
	if (there)
		back_put(&backs[MATE]);
	else
		restore_mate();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view input = { (const char *)data, size };

	for (int n = 0; n < REQUESTS && input.n > 0; n++)
		ask(view_cut(&input, SEPARATOR));
	put_back();
	return 0;
}
