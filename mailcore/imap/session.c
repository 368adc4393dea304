#include "mailcore/imap/notify.h"
#include "mailcore/imap/recent.h"
#include "mailcore/imap/reply.h"

#include <stdlib.h>

enum {
	PATIENCE_EARLY = 60,
	PATIENCE = 1800 /* RFC 3501 5.4: at least 30 minutes */
};

static void *
session_open(void *services, const struct peer *peer, struct buf *out)
{
	struct imap *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	s->services = services;
	s->peer = peer;
	s->sasl.way = (struct sasl_login_way){ .auth = s->services->auth,
		.peer = peer, .protocol = "imap" };
	s->state = STATE_EARLY;
	buf_add(out, VIEW("* OK [CAPABILITY "));
	reply_capabilities(s, out);
	buf_print(out, "] %s ready\r\n", s->services->hostname);
	return s;
}

static size_t
session_ready(void *session, view in)
{
	const struct imap *s = session;
	size_t limit = s->state == STATE_EARLY
	    ? LIMIT_IMAP_LINE_UNAUTHENTICATED
	    : LIMIT_IMAP_LINE;
	size_t at;

	if (s->literal > 0)
		return in.n < s->literal ? in.n : (size_t)s->literal;
	at = view_find_byte(in, '\n');
	if (at != SIZE_MAX)
		return at + 1;
	return in.n > limit ? in.n : 0;
}

/* Revoked, disabled, signed out everywhere: nothing more is done. */
static bool
has_ended(struct imap *s, struct buf *out)
{
	result r = auth_still(s->services->auth, &s->login);

	if (r.is != OK)
		reply_bye(out, "[EXPIRED] the login has ended: log in again");
	return r.is != OK;
}

/* Something is to be done for the client: it sent it, or a command goes on.
 * In the middle of a line nothing else can be said. */
static bool
may_run(struct imap *s, view unit, struct buf *out)
{
	struct buf unheard = buf_new(SIZE_MAX / 2);
	bool half = s->command != NULL && s->command->half;
	bool may = (unit.n == 0 && s->command == NULL)
	    || !has_ended(s, half ? &unheard : out);

	buf_free(&unheard);
	return may;
}

static struct step
session_run(void *session, view unit, struct buf *out)
{
	struct imap *s = session;

	if (!may_run(s, unit, out))
		return (struct step){ .next = STEP_CLOSE };
	if (unit.n == 0 && s->news)
		return notify_fetch(s, out);
	if (unit.n == 0)
		return s->command == NULL
		    ? (struct step){ .next = STEP_READ }
		    : imap_dispatch(s, out);
	if (s->idle)
		return idle_take(s, unit, out);
	if (s->sasl.login != NULL)
		return auth_take(s, unit, out);
	return imap_take(s, unit, out);
}

/* RFC 3501 6.2.1: nothing learnt in clear counts; there is nothing, as no
 * state before login outlives its command. */
static void
session_secured(void *session)
{
	struct imap *s = session;

	s->bad = 0;
}

static int64_t
session_watching(const void *session)
{
	const struct imap *s = session;

	/* The others want to hear of the login alone (net_wake of -account);
	 * nobody's is 0. */
	if (s->idle && s->box != NULL && s->owner != s->account)
		return s->owner;
	return (s->idle && s->box != NULL) || notify_watches(s)
	    ? s->account
	    : -s->account;
}

static struct step
session_wake(void *session, struct buf *out)
{
	struct imap *s = session;

	if (has_ended(s, out))
		return (struct step){ .next = STEP_CLOSE };
	if (s->notify != NULL)
		return notify_wake(s, out);
	if (!s->idle || s->box == NULL)
		return (struct step){ .next = STEP_READ };
	return idle_wake(s, out);
}

static unsigned
session_patience(const void *session)
{
	const struct imap *s = session;

	return s->state == STATE_EARLY ? PATIENCE_EARLY : PATIENCE;
}

static void
session_farewell(void *session, enum farewell why, struct buf *out)
{
	static const char *const words[] = {
		[FAREWELL_TIMEOUT] = "[UNAVAILABLE] silent for too long",
		[FAREWELL_SHUTDOWN] = "[UNAVAILABLE] the server is stopping",
		[FAREWELL_TOO_MANY] = "[LIMIT] too many connections",
	};

	(void)session;
	reply_bye(out, words[why]);
}

static void
session_close(void *session)
{
	struct imap *s = session;

	command_free(&s->command);
	command_free(&s->under);
	notify_free(&s->notify);
	recent_left(s);
	box_free(&s->box);
	saved_free(s);
	free(s->without);
	sasl_talk_end(&s->sasl);
	free(s);
}

const struct protocol imap_protocol = {
	.name = "imap",
	.alpn = "imap",
	.open = session_open,
	.ready = session_ready,
	.run = session_run,
	.secured = session_secured,
	.watching = session_watching,
	.wake = session_wake,
	.patience = session_patience,
	.farewell = session_farewell,
	.close = session_close,
};
