/* Who brings no request in time is shut; all others are not. */
#include "davd/http/patience.h"
#include "tests/tap.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONG_MS = 3600000, MOST_MS = 60000 };

static bool
is_shut(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&p, 1, ms) == 1 && recv(fd, &byte, 1, 0) == 0;
}

struct pair {
	int ours, theirs;
	struct visitor *visitor;
};

static struct pair
enter(struct patience *p)
{
	struct pair c = { .visitor = NULL };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return c;
	c.ours = ends[0];
	c.theirs = ends[1];
	c.visitor = patience_enter(p, c.ours);
	return c;
}

static void
leave(struct patience *p, struct pair *c)
{
	patience_leave(p, &c->visitor);
	(void)close(c->ours);
	(void)close(c->theirs);
}

int
main(void)
{
	struct patience *p = patience_new(0, LONG_MS);
	struct patience *q = patience_new(LONG_MS, 0);
	struct pair late = enter(p), busy, early = enter(q), again = enter(q);
	char byte = 'x';

	ok(is_shut(late.theirs, MOST_MS), "who is late is shut");
	ok(!is_shut(early.theirs, 0), "who has time is not");
	patience_begun(q, again.visitor);
	patience_answered(q, again.visitor);
	ok(is_shut(again.theirs, MOST_MS),
	    "nor does an answer give time for ever");
	leave(q, &again);
	busy = enter(q);
	patience_begun(q, busy.visitor);
	again = enter(q);
	patience_answered(q, again.visitor);
	ok(is_shut(again.theirs, MOST_MS), "when others are looked at");
	ok(send(busy.ours, &byte, 1, 0) == 1
	        && send(early.ours, &byte, 1, 0) == 1,
	    "those that have begun, or have time, are as they were");
	leave(p, &late);
	leave(q, &early);
	leave(q, &again);
	leave(q, &busy);
	patience_free(&p);
	patience_free(&q);
	ok(p == NULL && q == NULL, "freed");
	return tap_done();
}
