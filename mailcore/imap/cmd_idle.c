/* RFC 2177. */
#include "mailcore/imap/notify.h"
#include "mailcore/imap/place.h"
#include "mailcore/imap/reply.h"

result
run_idle(struct imap *s, struct command *c, struct buf *out)
{
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	buf_add(out, VIEW("+ idling\r\n"));
	s->idle = true;
	/* An idle session holds no memory that it does not need. */
	arena_reset(c->arena);
	c->text_ok = "idle ended";
	/* What happened before is told at once. */
	(void)idle_wake(s, out);
	return done();
}

struct step
idle_take(struct imap *s, view unit, struct buf *out)
{
	view line = VIEW("");

	(void)view_line(&unit, &line);
	s->idle = false;
	if (!view_same(view_trim(line), VIEW("DONE")))
		return imap_end(s, out,
		    fail(MALFORMED, "RFC 2177 3: not DONE"));
	return imap_end(s, out, done());
}

struct step
idle_wake(struct imap *s, struct buf *out)
{
	struct telling how = { .expunges = true, .uid = session_tells_uid(s),
		.modseq = s->condstore, .vanished = s->qresync,
		.recent = !s->rev2 };
	struct command *c = s->command;
	bool more = true;

	if (notify_asked(s)) { /* RFC 5465 4 */
		if ((s->notify->selected & EVENT_NEW) == 0)
			return (struct step){ .next = STEP_READ };
		how.expunges = s->idle || !s->notify->delayed;
		how.no_flags = (s->notify->selected & EVENT_FLAGS) == 0;
	}
	if (s->box == NULL)
		return (struct step){ .next = STEP_READ };
	/* A failure spoils nothing: the next change looks again. */
	if (s->owner != s->account && place_of_box(s, c).is == OK
	    && (s->rights & RIGHT_READ) == 0)
		box_lose(s->box);
	else if (command_account_of(s, c, s->owner).is == OK)
		(void)box_merge(s->box, c->account).is;
	account_close(&c->account);
	arena_reset(c->arena);
	while (more)
		more = notify_tell(s, &how, out);
	select_tell_modseq(s, out);
	return (struct step){ .next = STEP_READ };
}
