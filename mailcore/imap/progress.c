#include "mailcore/imap/progress.h"

#include "mailcore/imap/reply.h"
#include "mailcore/sys/clock.h"

enum { QUIET_MS = 10000 };

void
progress_tell(struct imap *s, struct command *c, struct buf *out)
{
	int64_t wait = s->services->progress_ms, now = clock_steady_ms();

	if (c->goal == 0 || c->tag.n == 0
	    || reply_is_without(s, VIEW("INPROGRESS")))
		return;
	if (c->quiet_since == 0)
		c->quiet_since = now;
	if (now - c->quiet_since < (wait == 0 ? QUIET_MS : wait))
		return;
	c->quiet_since = now;
	buf_print(out, "* OK [INPROGRESS (\"%.*s\" %llu %llu)] goes on\r\n",
	    (int)c->tag.n, c->tag.p, (unsigned long long)c->progress,
	    (unsigned long long)c->goal);
}
