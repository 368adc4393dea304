/* What was committed is not done once more, whatever its sync says. */
#include "tests/unit/store_help.h"

#include <errno.h>
#include <sys/syscall.h>

/* What fdatasync fails with, or 0: this stands in front of the C library's. */
static int sync_error;

int
fdatasync(int fd)
{
	if (sync_error != 0) {
		errno = sync_error;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
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

/* Somebody reads an older state, so not all of the WAL can be moved. */
static result
deliver_meanwhile(struct account *reader, void *context)
{
	struct scene *s = context;
	int64_t modseq;

	must(account_modseq(reader, &modseq), "account_modseq");
	sync_error = 0;
	s->r = deliver(s->home, s->person);
	return done();
}

int
main(void)
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
	is_result(s.r, BUSY, "after that only what is moved counts");
	is_number(count(&h, s.person), 4, "and it is there once");
	is_result(deliver(&h, s.person), OK, "without the reader it works");
	is_number(count(&h, s.person), 5, "all are there");
	home_end(&h);
	return tap_done();
}
