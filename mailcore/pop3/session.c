#include "mailcore/pop3/session.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/log.h"

#include <stdlib.h>

enum {
	/* RFC 1939 3: an autologout of at least ten minutes.  Who has not
	 * logged in by then has nothing to lose. */
	PATIENCE = 600,
	PATIENCE_UNAUTHENTICATED = 120,
	/* A line that goes on behind LIMIT_POP3_LINE is read this far. */
	SKIP_MOST = 65536,
	/* Three bytes of UTF-8 become four letters, and words around them. */
	SURROGATE_MOST = 8 * LIMIT_HEADER
};

static struct step
bad_command(struct pop3 *s, const char *why, struct buf *out)
{
	unsigned most = s->state == POP3_TRANSACTION
	    ? LIMIT_BAD_COMMANDS
	    : LIMIT_BAD_COMMANDS_UNAUTHENTICATED;

	buf_print(out, "-ERR %s\r\n", why);
	if (++s->bad < most)
		return pop3_next();
	return (struct step){ .next = STEP_CLOSE };
}

static struct step
run_capa(struct pop3 *s, view argument, struct buf *out)
{
	(void)argument;
	buf_add(out, VIEW("+OK what this server can do\r\n"
			  "TOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\n"
			  "AUTH-RESP-CODE\r\n"));
	if (s->services->starttls && !s->peer->tls)
		buf_add(out, VIEW("STLS\r\n"));
	if (s->peer->tls) {
		buf_add(out, VIEW("USER\r\nSASL"));
		sasl_login_list(&s->sasl.way, " ", out);
		buf_add(out, VIEW("\r\n"));
	}
	buf_add(out, VIEW("UTF8 USER\r\nLANG\r\nEXPIRE NEVER\r\n"
			  "IMPLEMENTATION Posthaste\r\n.\r\n"));
	return pop3_next();
}

static struct step
run_stls(struct pop3 *s, view argument, struct buf *out)
{
	if (view_trim(argument).n > 0)
		return bad_command(s, "RFC 2595 4: STLS takes no argument",
		    out);
	if (s->peer->tls || !s->services->starttls)
		return bad_command(s, "RFC 2595 4: STLS is not offered now",
		    out);
	buf_add(out, VIEW("+OK begin TLS\r\n"));
	return (struct step){ .next = STEP_START_TLS };
}

static struct step
run_noop(struct pop3 *s, view argument, struct buf *out)
{
	(void)s, (void)argument;
	buf_add(out, VIEW("+OK\r\n"));
	return pop3_next();
}

static struct step
run_rset(struct pop3 *s, view argument, struct buf *out)
{
	(void)argument;
	maildrop_reset(&s->drop);
	buf_add(out, VIEW("+OK nothing is marked\r\n"));
	return pop3_next();
}

/* RFC 1939 6: the UPDATE state; only here anything is removed. */
static struct step
run_quit(struct pop3 *s, view argument, struct buf *out)
{
	result r = done();

	(void)argument;
	if (s->state == POP3_TRANSACTION)
		r = maildrop_update(s->services->store, &s->drop);
	if (r.is == OK)
		buf_add(out, VIEW("+OK bye\r\n"));
	else
		buf_add(out, VIEW("-ERR [SYS/TEMP] nothing was removed\r\n"));
	return (struct step){ .next = STEP_CLOSE };
}

enum { BOTH = POP3_AUTHORIZATION | POP3_TRANSACTION };

static const struct verb {
	const char *name;
	int allowed; /* set of enum pop3_state */
	pop3_run *run;
} verbs[] = {
	{ "CAPA", BOTH, run_capa },
	{ "STLS", POP3_AUTHORIZATION, run_stls },
	{ "USER", POP3_AUTHORIZATION, pop3_user },
	{ "PASS", POP3_AUTHORIZATION, pop3_pass },
	{ "AUTH", POP3_AUTHORIZATION, pop3_auth },
	{ "UTF8", POP3_AUTHORIZATION, pop3_utf8 },
	{ "LANG", BOTH, pop3_lang },
	{ "STAT", POP3_TRANSACTION, pop3_stat },
	{ "LIST", POP3_TRANSACTION, pop3_list },
	{ "UIDL", POP3_TRANSACTION, pop3_uidl },
	{ "TOP", POP3_TRANSACTION, pop3_top },
	{ "RETR", POP3_TRANSACTION, pop3_retr },
	{ "DELE", POP3_TRANSACTION, pop3_dele },
	{ "RSET", POP3_TRANSACTION, run_rset },
	{ "NOOP", POP3_TRANSACTION, run_noop },
	{ "QUIT", BOTH, run_quit },
};

static const struct verb *
verb_find(view name)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (view_same(name, view_of(verbs[i].name)))
			return &verbs[i];
	return NULL;
}

static struct step
dispatch(struct pop3 *s, view line, struct buf *out)
{
	view argument = line;
	const struct verb *v = verb_find(view_cut(&argument, ' '));

	if (v == NULL)
		return bad_command(s, "RFC 1939 3: no such command", out);
	if ((v->allowed & (int)s->state) == 0) {
		buf_print(out, "-ERR %s\r\n",
		    s->state == POP3_AUTHORIZATION
			? "RFC 1939 4: log in first"
			: "RFC 1939 5: already logged in");
		return pop3_next();
	}
	s->bad = 0;
	return v->run(s, argument, out);
}

static struct step
skip(struct pop3 *s, view unit)
{
	s->skipped += unit.n;
	if (view_at(unit, unit.n - 1) == '\n')
		s->skipping = false;
	else if (s->skipped > SKIP_MOST)
		return (struct step){ .next = STEP_CLOSE };
	return pop3_next();
}

/* Revoked, disabled, signed out everywhere: nothing more is done. */
static bool
has_ended(struct pop3 *s)
{
	return auth_still(s->services->auth, &s->login).is != OK;
}

static struct step
session_run(void *session, view unit, struct buf *out)
{
	struct pop3 *s = session;
	view line;

	if (s->sending != SEND_NOTHING)
		return pop3_send(s, out);
	if (s->sasl.waits)
		return pop3_auth_wait(s, out);
	if (unit.n == 0)
		return pop3_next();
	if (has_ended(s)) {
		buf_add(out, VIEW("-ERR [AUTH] the login has ended\r\n"));
		return (struct step){ .next = STEP_CLOSE };
	}
	if (s->skipping)
		return skip(s, unit);
	if (view_at(unit, unit.n - 1) != '\n') {
		s->skipping = true;
		s->skipped = 0;
		sasl_talk_end(&s->sasl);
		return bad_command(s, "RFC 2449 4: line too long", out);
	}
	if (!view_line(&unit, &line))
		return pop3_next();
	if (view_is_http(line)) {
		buf_add(out, VIEW("-ERR [SYS/PERM] This is not HTTP\r\n"));
		return (struct step){ .next = STEP_CLOSE };
	}
	return s->sasl.login != NULL ? pop3_auth_answer(s, line, out)
				     : dispatch(s, line, out);
}

static size_t
session_ready(void *session, view in)
{
	const struct pop3 *s = session;
	size_t n = view_find_byte(in, '\n');

	if (n != SIZE_MAX)
		return n + 1;
	return s->skipping || in.n > LIMIT_POP3_LINE ? in.n : 0;
}

static void *
session_open(void *services, const struct peer *peer, struct buf *out)
{
	struct pop3 *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	s->services = services;
	s->peer = peer;
	s->sasl.way = (struct sasl_login_way){ .auth = s->services->auth,
		.peer = peer, .protocol = "pop3" };
	s->state = POP3_AUTHORIZATION;
	s->surrogate = buf_new(SURROGATE_MOST);
	buf_print(out, "+OK %s POP3 ready\r\n", s->services->hostname);
	return s;
}

/* RFC 2595 4: nothing learnt in clear is believed any more. */
static void
session_secured(void *session)
{
	struct pop3 *s = session;

	sasl_talk_end(&s->sasl);
	s->user[0] = '\0';
	s->utf8 = false;
	s->bad = 0;
}

static int64_t
session_watching(const void *session)
{
	const struct pop3 *s = session;

	/* POP3 tells nothing unasked, but a login can end. */
	return -s->login.account;
}

static struct step
session_wake(void *session, struct buf *out)
{
	(void)out;
	return has_ended(session) ? (struct step){ .next = STEP_CLOSE }
				  : pop3_next();
}

static unsigned
session_patience(const void *session)
{
	const struct pop3 *s = session;

	return s->state == POP3_TRANSACTION ? PATIENCE
					    : PATIENCE_UNAUTHENTICATED;
}

/* RFC 1939 3: after an autologout the server sends nothing. */
static void
session_farewell(void *session, enum farewell why, struct buf *out)
{
	(void)session;
	if (why != FAREWELL_TIMEOUT)
		buf_add(out, VIEW("-ERR [SYS/TEMP] closing, try later\r\n"));
}

static void
session_close(void *session)
{
	struct pop3 *s = session;

	sasl_talk_end(&s->sasl);
	maildrop_close(&s->drop);
	buf_free(&s->surrogate);
	free(s);
}

const struct protocol pop3_protocol = {
	.name = "pop3",
	.alpn = "pop3",
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
