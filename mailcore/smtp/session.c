#include "mailcore/smtp/session.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/log.h"

#include <stdlib.h>

enum {
	/* RFC 5321 4.5.3.2.7: at least five minutes. */
	PATIENCE = 300,
	/* A line that goes on behind LIMIT_SMTP_LINE is read this far. */
	SKIP_MOST = 65536,
	/* RFC 5321 4.5.3.1.5: a reply line has 512 octets. */
	SAID_MOST = 480
};

void
smtp_say(struct buf *out, int code, const char *enhanced, const char *text)
{
	buf_print(out, "%d %s %s\r\n", code, enhanced, text);
}

void
smtp_say_why(struct buf *out, const struct smtp_code *codes, result r)
{
	const struct smtp_code *c = &codes[r.is];

	if (c->code == 0)
		smtp_say(out, 451, "4.3.0", "Local trouble, try again later");
	else
		smtp_say(out, c->code, c->enhanced, r.why);
}

void
smtp_say_text(struct buf *out, int code, const char *enhanced, view text)
{
	buf_print(out, "%d %s ", code, enhanced);
	text = view_first(view_trim(text), SAID_MOST);
	for (size_t i = 0; i < text.n; i++)
		buf_add_byte(out, ascii_is_graph(text.p[i]) ? text.p[i]
			: ascii_is_space(text.p[i]) ? ' ' : '?');
	buf_add(out, VIEW("\r\n"));
}

void
smtp_reset(struct smtp *s)
{
	verify_end(&s->mail.job, &s->mail.text);
	spool_free(&s->mail.text);
	arena_free(&s->mail.arena);
	s->mail = (struct transaction){ .arena = NULL };
	if (s->state != SMTP_START)
		s->state = SMTP_READY;
}

static struct step
close_with(struct buf *out, const char *enhanced, const char *text)
{
	smtp_say(out, 421, enhanced, text);
	return (struct step){ .next = STEP_CLOSE };
}

struct step
smtp_bad_command(struct smtp *s, struct buf *out, int code,
    const char *enhanced, const char *text)
{
	bool known = !s->services->submission || s->identity.account != 0;
	unsigned most = known ? LIMIT_BAD_COMMANDS
			      : LIMIT_BAD_COMMANDS_UNAUTHENTICATED;

	smtp_say(out, code, enhanced, text);
	if (++s->bad < most)
		return smtp_next();
	return close_with(out, "4.7.0", "Too many bad commands");
}

static struct step
run_starttls(struct smtp *s, view argument, struct buf *out)
{
	if (view_trim(argument).n > 0)
		return smtp_bad_command(s, out, 501, "5.5.4",
		    "RFC 3207 4: STARTTLS takes no argument");
	if (s->peer->tls || !s->services->starttls)
		return smtp_bad_command(s, out, 503, "5.5.1",
		    "RFC 3207 4: STARTTLS is not offered now");
	smtp_say(out, 220, "2.0.0", "Ready to start TLS");
	return (struct step){ .next = STEP_START_TLS };
}

static struct step
run_rset(struct smtp *s, view argument, struct buf *out)
{
	if (view_trim(argument).n > 0)
		return smtp_bad_command(s, out, 501, "5.5.4",
		    "RFC 5321 4.1.1.5: RSET takes no argument");
	smtp_reset(s);
	smtp_say(out, 250, "2.0.0", "Ok");
	return smtp_next();
}

static struct step
run_noop(struct smtp *s, view argument, struct buf *out)
{
	(void)s, (void)argument;
	smtp_say(out, 250, "2.0.0", "Ok");
	return smtp_next();
}

/* RFC 5321 3.5.3: who is here is nobody's business. */
static struct step
run_vrfy(struct smtp *s, view argument, struct buf *out)
{
	if (view_trim(argument).n == 0)
		return smtp_bad_command(s, out, 501, "5.5.4",
		    "RFC 5321 4.1.1.6: VRFY whom?");
	smtp_say(out, 252, "2.5.0",
	    "Cannot verify, but will take mail and try to deliver it");
	return smtp_next();
}

static struct step
run_expn(struct smtp *s, view argument, struct buf *out)
{
	(void)s, (void)argument;
	smtp_say(out, 502, "5.5.1", "RFC 5321 7.3: lists are not shown");
	return smtp_next();
}

static struct step
run_help(struct smtp *s, view argument, struct buf *out)
{
	(void)s, (void)argument;
	smtp_say(out, 214, "2.0.0", "See RFC 5321");
	return smtp_next();
}

static struct step
run_quit(struct smtp *s, view argument, struct buf *out)
{
	if (view_trim(argument).n > 0)
		return smtp_bad_command(s, out, 501, "5.5.4",
		    "RFC 5321 4.1.1.10: QUIT takes no argument");
	smtp_say(out, 221, "2.0.0", "Bye");
	return (struct step){ .next = STEP_CLOSE };
}

enum {
	ANY = SMTP_START | SMTP_READY | SMTP_MAIL | SMTP_RCPT | SMTP_CHUNKS,
	IDLE = SMTP_START | SMTP_READY
};

static const struct verb {
	const char *name;
	int allowed; /* set of enum smtp_state */
	smtp_run *run;
	const char *otherwise;
} verbs[] = {
	{ "EHLO", ANY, smtp_ehlo, "" },
	{ "HELO", ANY, smtp_helo, "" },
	{ "LHLO", ANY, smtp_ehlo, "" },
	{ "STARTTLS", IDLE, run_starttls, "RFC 3207 4.2: not in a mail" },
	{ "AUTH", SMTP_READY, smtp_auth, "RFC 4954 4: EHLO first, no MAIL" },
	{ "MAIL", SMTP_READY, smtp_mail,
	    "RFC 5321 4.1.4: EHLO first, one MAIL at a time" },
	{ "RCPT", SMTP_MAIL | SMTP_RCPT, smtp_rcpt,
	    "RFC 5321 4.1.4: MAIL first" },
	{ "DATA", SMTP_RCPT, smtp_data,
	    "RFC 5321 4.1.4: MAIL and a good RCPT first" },
	/* Its octets come in any case, so it looks at the state itself. */
	{ "BDAT", ANY, smtp_bdat, "" },
	{ "RSET", ANY, run_rset, "" },
	{ "NOOP", ANY, run_noop, "" },
	{ "VRFY", ANY, run_vrfy, "" },
	{ "EXPN", ANY, run_expn, "" },
	{ "HELP", ANY, run_help, "" },
	{ "QUIT", ANY, run_quit, "" },
};

static const struct verb *
verb_find(view name)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (view_same(name, view_of(verbs[i].name)))
			return &verbs[i];
	return NULL;
}

/* RFC 2033 4.1: LMTP is greeted by LHLO alone, and nothing else is. */
static bool
is_spoken(const struct smtp *s, const struct verb *v)
{
	if (v->run != smtp_ehlo && v->run != smtp_helo)
		return true;
	return (v->name[0] == 'L') == s->services->lmtp;
}

/* RFC 5321 2.3.8, 4.1.1: no control characters in a command. */
static bool
has_control(view line)
{
	for (size_t i = 0; i < line.n; i++)
		if (ascii_is_control(line.p[i]) && line.p[i] != '\t')
			return true;
	return false;
}

static struct step
dispatch(struct smtp *s, view line, struct buf *out)
{
	view argument = line;
	const struct verb *v = verb_find(view_cut(&argument, ' '));
	size_t before = out->n;
	struct step step;

	if (has_control(line))
		return smtp_bad_command(s, out, 500, "5.5.2",
		    "RFC 5321 4.1.2: control character in a command");
	if (v == NULL || !is_spoken(s, v))
		return smtp_bad_command(s, out, 500, "5.5.1",
		    "RFC 5321 4.2.4: no such command");
	if ((v->allowed & (int)s->state) == 0)
		return smtp_bad_command(s, out, 503, "5.5.1", v->otherwise);
	step = v->run(s, argument, out);
	if (view_at(buf_view(out), before) != '5')
		s->bad = 0;
	return step;
}

static struct step
run_command(struct smtp *s, view unit, struct buf *out)
{
	view line;

	if (view_at(unit, unit.n - 1) != '\n') {
		s->mode = MODE_SKIP;
		s->skipped = 0;
		return smtp_bad_command(s, out, 500, "5.5.2",
		    "RFC 5321 4.5.3.1.4: line too long");
	}
	/* RFC 5321 2.3.8: a line that others see elsewhere is not taken. */
	if (view_at(unit, unit.n - 2) != '\r')
		return smtp_bad_command(s, out, 500, "5.5.2",
		    "RFC 5321 2.3.8: a line ends with CR LF");
	if (!view_line(&unit, &line))
		return smtp_next();
	if (view_is_http(line))
		return close_with(out, "4.7.0", "This is not HTTP");
	return dispatch(s, line, out);
}

static struct step
run_skip(struct smtp *s, view unit, struct buf *out)
{
	s->skipped += unit.n;
	if (view_at(unit, unit.n - 1) == '\n')
		s->mode = MODE_COMMAND;
	else if (s->skipped > SKIP_MOST)
		return close_with(out, "4.7.0", "Line too long");
	return smtp_next();
}

static struct step
run_sasl(struct smtp *s, view unit, struct buf *out)
{
	view line;

	if (view_at(unit, unit.n - 1) != '\n')
		return close_with(out, "4.7.0",
		    "RFC 4954 4: AUTH answer too long");
	/* As strict as in commands. */
	if (view_at(unit, unit.n - 2) != '\r') {
		sasl_talk_end(&s->sasl);
		s->mode = MODE_COMMAND;
		return smtp_bad_command(s, out, 501, "5.5.2",
		    "RFC 5321 2.3.8: a line ends with CR LF");
	}
	if (!view_line(&unit, &line))
		return smtp_next();
	return smtp_auth_answer(s, line, out);
}

static size_t
ready_line(const struct smtp *s, view in)
{
	size_t n = view_find_byte(in, '\n');

	(void)s;
	if (n != SIZE_MAX)
		return n + 1;
	return in.n > LIMIT_SMTP_LINE ? in.n : 0;
}

static size_t
ready_skip(const struct smtp *s, view in)
{
	size_t n = view_find_byte(in, '\n');

	(void)s;
	return n == SIZE_MAX ? in.n : n + 1;
}

static size_t
ready_data(const struct smtp *s, view in)
{
	return data_span(&s->mail.data, in);
}

static size_t
ready_chunk(const struct smtp *s, view in)
{
	return in.n < s->chunk ? in.n : (size_t)s->chunk;
}

/* The text, or a login, is whole; what follows waits until it is answered. */
static size_t
ready_later(const struct smtp *s, view in)
{
	(void)s, (void)in;
	return 0;
}

static struct step
run_later(struct smtp *s, view unit, struct buf *out)
{
	(void)unit;
	return s->sasl.waits ? smtp_auth_wait(s, out) : smtp_waited(s, out);
}

static const struct {
	size_t (*ready)(const struct smtp *, view in);
	smtp_run *run;
} modes[MODES] = {
	[MODE_COMMAND] = { ready_line, run_command },
	[MODE_SKIP] = { ready_skip, run_skip },
	[MODE_SASL] = { ready_line, run_sasl },
	[MODE_DATA] = { ready_data, smtp_data_text },
	[MODE_CHUNK] = { ready_chunk, smtp_chunk },
	[MODE_WAIT] = { ready_later, run_later },
};

static void *
session_open(void *services, const struct peer *peer, struct buf *out)
{
	struct smtp *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	s->services = services;
	s->peer = peer;
	/* neomutt 20220429 takes the best that is offered, has nothing to bind
	 * to, and then sends nothing at all. */
	s->sasl.way = (struct sasl_login_way){ .auth = s->services->auth,
		.peer = peer, .protocol = "smtp", .unbound = true };
	s->state = SMTP_START;
	buf_print(out, "220 %s ESMTP ready\r\n", s->services->hostname);
	return s;
}

static size_t
session_ready(void *session, view in)
{
	const struct smtp *s = session;

	return in.n == 0 ? 0 : modes[s->mode].ready(s, in);
}

/* Revoked, disabled, signed out everywhere: nothing more is taken. */
static bool
has_ended(struct smtp *s, struct buf *out)
{
	result r = auth_still(s->services->auth, &s->login);

	if (r.is != OK)
		smtp_say(out, 421, "4.7.0", "The login has ended");
	return r.is != OK;
}

/* What asks nobody anything.  (A sender's rights are in the store, and so is
 * who has logged in.) */
static bool
session_quick(const void *session, view unit)
{
	const struct smtp *s = session;

	if (s->mode != MODE_COMMAND || s->identity.account != 0)
		return false;
	return view_starts_same(unit, VIEW("DATA\r"))
	    || view_starts_same(unit, VIEW("RSET\r"))
	    || view_starts_same(unit, VIEW("NOOP\r"))
	    || (!s->services->submission
		&& view_starts_same(unit, VIEW("MAIL FROM:")));
}

static struct step
session_run(void *session, view unit, struct buf *out)
{
	struct smtp *s = session;

	if (unit.n == 0 && s->mode != MODE_WAIT)
		return smtp_next();
	if (has_ended(s, out))
		return (struct step){ .next = STEP_CLOSE };
	return modes[s->mode].run(s, unit, out);
}

/* RFC 3207 4.2: nothing learnt in clear is believed any more. */
static void
session_secured(void *session)
{
	struct smtp *s = session;

	smtp_reset(s);
	sasl_talk_end(&s->sasl);
	s->identity = (struct identity){ .account = 0 };
	s->login = (struct auth_watch){ .account = 0 };
	s->hello[0] = '\0';
	s->extended = false;
	s->state = SMTP_START;
	s->mode = MODE_COMMAND;
	s->bad = 0;
}

static int64_t
session_watching(const void *session)
{
	const struct smtp *s = session;

	return -s->login.account;
}

static struct step
session_wake(void *session, struct buf *out)
{
	return has_ended(session, out)
	    ? (struct step){ .next = STEP_CLOSE }
	    : smtp_next();
}

static unsigned
session_patience(const void *session)
{
	(void)session;
	return PATIENCE;
}

static void
session_farewell(void *session, enum farewell why, struct buf *out)
{
	static const char *const texts[] = {
		[FAREWELL_TIMEOUT] = "421 4.4.2 RFC 5321 4.5.3.2: timed out",
		[FAREWELL_SHUTDOWN] = "421 4.3.2 Shutting down",
		[FAREWELL_TOO_MANY] = "421 4.7.0 Too many connections",
	};

	(void)session;
	buf_print(out, "%s\r\n", texts[why]);
}

static void
session_close(void *session)
{
	struct smtp *s = session;

	smtp_reset(s);
	sasl_talk_end(&s->sasl);
	free(s);
}

const struct protocol smtp_protocol = {
	.name = "smtp",
	.alpn = NULL, /* none is registered for SMTP */
	.open = session_open,
	.ready = session_ready,
	.run = session_run,
	.quick = session_quick,
	.secured = session_secured,
	.watching = session_watching,
	.wake = session_wake,
	.patience = session_patience,
	.farewell = session_farewell,
	.close = session_close,
};
