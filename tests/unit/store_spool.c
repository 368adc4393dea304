/* Large bodies: a file that could not be made is not named by an item, however
 * often it is tried. */
#include "tests/unit/store_help.h"

#include "mailcore/base/limits.h"
#include "mailcore/store/inside.h"

#include <sys/stat.h>

enum { LARGE = LIMIT_BODY_INLINE + 1 };

static struct spool *
large(struct home *h)
{
	static char bytes[LARGE];
	struct spool *s = spool_new(h->store, LARGE);

	memset(bytes, 'x', sizeof bytes);
	spool_add(s, (view){ bytes, sizeof bytes });
	return s;
}

static bool
is_whole(struct account *a, int64_t id)
{
	struct body b;
	bool whole = body_open(a, id, &b).is == OK && b.bytes.n == LARGE;

	body_close(&b);
	return whole;
}

/* A file stands where the folder of bodies should be. */
static void
test_no_folder(struct home *h, struct account *a, int64_t mailbox)
{
	struct change c = { .kind = ADD, .collection = mailbox };
	char folder[STORE_PATH], path[STORE_PATH + 16];
	FILE *f;

	ok(account_folder(h->data, account_id(a), folder), "its folder");
	(void)snprintf(path, sizeof path, "%s/bodies", folder);
	f = fopen(path, "w");
	if (f == NULL || fclose(f) != 0)
		exit(1);
	c.item.bytes = large(h);
	is_result(item_prepare(a, c.item.bytes), FAILED, "no folder, no file");
	is_result(item_prepare(a, c.item.bytes), FAILED, "and none later");
	is_result(account_write(a, change_work, &c, DURABLE), FAILED,
	    "so there is no item");
	if (unlink(path) != 0)
		exit(1);
	is_result(account_write(a, change_work, &c, DURABLE), OK,
	    "once there can be one");
	ok(is_whole(a, c.out.body), "it has its bytes");
	spool_free(&c.item.bytes);
	ok(is_whole(a, c.out.body), "and keeps them");
}

int
main(void)
{
	struct home h;
	struct account *a;

	home_begin(&h);
	a = home_open(&h, home_person(&h, 1));
	test_no_folder(&h, a,
	    home_collection(&h, a, COLLECTION_MAILBOX, "INBOX"));
	account_close(&a);
	home_end(&h);
	return tap_done();
}
