/* After a sync that failed: what was committed is not done once more, and
 * nobody waits for those who read. */
#include "tests/unit/store_help.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>

/* What fdatasync fails with, or 0: this stands in front of the C library's. */
static int sync_error;

/* Which one from here on fails all the same; 0: none. */
static _Atomic int syncs_left;

int
fdatasync(int fd)
{
	if (syncs_left > 0 && --syncs_left == 0) {
		errno = EIO;
		return -1;
	}
	if (sync_error != 0) {
		errno = sync_error;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

/* How far down a WAL was written to. */
static off_t lowest = INT64_MAX;

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	char link[64], path[1024];
	ssize_t length;

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof path);
	if (length > 0 && at < lowest
	    && view_ends((view){ path, (size_t)length },
		VIEW("/account.db-wal")))
		lowest = at;
	return (ssize_t)syscall(SYS_pwrite64, fd, p, n, at);
}

static result
deliver(struct home *h, int64_t person)
{
	struct account *a = home_open(h, person);
	struct change c = { .kind = ADD, .bytes = VIEW("A: b\r\n\r\nc\r\n") };
	result r;

	c.collection = home_collection(h, a, COLLECTION_MAILBOX, "INBOX");
	r = change_run(h, a, &c);
	account_close(&a);
	return r;
}

static int64_t
count(struct home *h, int64_t person)
{
	struct account *a = home_open(h, person);
	struct collection inbox;

	must(collection_find(a, h->arena, COLLECTION_MAILBOX, VIEW("INBOX"),
		 &inbox),
	    "INBOX");
	account_close(&a);
	return inbox.items;
}

struct scene {
	struct home *home;
	int64_t person;
	result r;
};

/* Somebody reads an older state, so the WAL stays as it is. */
static result
deliver_meanwhile(struct account *reader, void *context)
{
	struct scene *s = context;
	int64_t modseq;

	must(account_modseq(reader, &modseq), "account_modseq");
	sync_error = 0;
	lowest = INT64_MAX;
	s->r = deliver(s->home, s->person);
	return done();
}

/* Who could not be added is not there, and who is there has all he needs. */
static bool
adds_wholly(int failing, bool *added)
{
	view address = VIEW("n@example.org");
	struct account_info found;
	struct account *a;
	struct home h;
	int64_t id;
	bool there;

	home_begin(&h);
	syncs_left = failing;
	*added = account_add(h.store, address, VIEW("N"), VIEW("{X}x"), &id).is
	    == OK;
	syncs_left = 0;
	there = account_find(h.store, h.arena, address, &found).is == OK;
	if (there) {
		a = home_open(&h, found.id);
		(void)home_collection(&h, a, COLLECTION_MAILBOX, "INBOX");
		account_close(&a);
	}
	home_end(&h);
	return there == *added;
}

static void
test_adding(void)
{
	int refused = 0;

	for (int n = 1; n < 10; n++) {
		bool added;

		ok(adds_wholly(n, &added), "a failure of sync %d", n);
		refused += !added;
	}
	ok(refused > 0 && refused < 9, "%d of 9 were refused", refused);
}

static void
test_writing(void)
{
	struct home h;
	struct scene s = { .home = &h };
	struct account *reader;

	home_begin(&h);
	s.person = home_person(&h, 1);
	must(deliver(&h, s.person), "the first");
	sync_error = EIO;
	is_result(deliver(&h, s.person), FAILED, "no journal");
	is_result(deliver(&h, s.person), FAILED, "no database either");
	is_number(count(&h, s.person), 3, "each is there once");
	reader = home_open(&h, s.person);
	must(account_read(reader, deliver_meanwhile, &s), "account_read");
	account_close(&reader);
	is_result(s.r, OK, "it works again, beside a reader");
	ok(lowest == 0, "all that no sync had written was written again");
	is_number(count(&h, s.person), 4, "and it is there once");
	lowest = INT64_MAX;
	is_result(deliver(&h, s.person), OK, "and without");
	ok(lowest != 0, "once is enough");
	is_number(count(&h, s.person), 5, "all are there");
	home_end(&h);
}

int
main(void)
{
	test_writing();
	test_adding();
	return tap_done();
}
