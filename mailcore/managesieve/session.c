#include "mailcore/managesieve/session.h"

#include "mailcore/base/ascii.h"
#include "mailcore/sieve/sieve.h"
#include "mailcore/sys/log.h"

#include <stdlib.h>

enum {
	PATIENCE = 1800, /* RFC 5804 1.6: at least 30 minutes */
	PATIENCE_NOBODY = 60,
	LINE = 8192,
	COMMAND = LIMIT_SIEVE_SCRIPT + LINE,
	COMMAND_NOBODY = LINE,
	SKIP_MOST = 64 * 1024 * 1024 /* of a literal that is too large */
};

void
managesieve_string(struct buf *out, view text)
{
	bool quoted = text.n <= 1024;

	for (size_t i = 0; i < text.n && quoted; i++)
		quoted = text.p[i] != '\r' && text.p[i] != '\n'
		    && text.p[i] != '\0';
	if (!quoted) {
		buf_print(out, "{%zu}\r\n", text.n);
		buf_add(out, text);
		return;
	}
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, text.p[i]);
	}
	buf_add_byte(out, '"');
}

void
managesieve_say(struct buf *out, const char *what, const char *code,
    view text)
{
	buf_add_text(out, what);
	if (code[0] != '\0')
		buf_print(out, " (%s)", code);
	if (text.n > 0) {
		buf_add(out, VIEW(" "));
		managesieve_string(out, text);
	}
	buf_add(out, VIEW("\r\n"));
}

/* RFC 5804 1.7. */
void
managesieve_capabilities(const struct managesieve *s, struct buf *out)
{
	buf_print(out, "\"IMPLEMENTATION\" \"Posthaste %s\"\r\n",
	    POSTHASTE_VERSION);
	if (s->state == SIEVE_NOBODY) {
		struct buf list = buf_new(LIMIT_ADDRESS);

		if (s->peer->tls)
			sasl_login_list(&s->sasl.way, " ", &list);
		buf_add(out, VIEW("\"SASL\" "));
		managesieve_string(out, view_trim(buf_view(&list)));
		buf_add(out, VIEW("\r\n"));
		buf_free(&list);
	}
	buf_print(out, "\"SIEVE\" \"%s\"\r\n", sieve_extensions);
	buf_add(out, VIEW("\"NOTIFY\" \"mailto\"\r\n"));
	if (s->services->starttls && !s->peer->tls)
		buf_add(out, VIEW("\"STARTTLS\"\r\n"));
	buf_print(out, "\"MAXREDIRECTS\" \"%d\"\r\n", LIMIT_SIEVE_REDIRECTS);
	if (s->state == SIEVE_PERSON) {
		buf_add(out, VIEW("\"OWNER\" "));
		managesieve_string(out, view_of(s->who.address));
		buf_add(out, VIEW("\r\n"));
	}
	buf_add(out, VIEW("\"UNAUTHENTICATE\"\r\n\"VERSION\" \"1.0\"\r\n"));
	managesieve_say(out, "OK", "", VIEW("ready"));
}

/* "{12+}" behind what is left: its octets, checked when it came. */
static view
take_literal(struct scan *s)
{
	uint64_t n;

	scan_byte(s, '{', "RFC 5804 4: a literal");
	n = scan_number(s, UINT32_MAX, "RFC 5804 4: the size of a literal");
	(void)scan_try_byte(s, '+');
	scan_byte(s, '}', "RFC 5804 4: } behind the size");
	(void)scan_try_byte(s, '\r');
	scan_byte(s, '\n', "RFC 5804 4: a line end behind the size");
	return scan_bytes(s, (size_t)n, "RFC 5804 4: a literal cut off");
}

view
managesieve_take(struct scan *s, struct arena *arena)
{
	struct buf text;
	view out;

	if (scan_peek(s) == '{')
		return arena_copy(arena, take_literal(s));
	text = buf_new(COMMAND);
	scan_byte(s, '"', "RFC 5804 4: a string");
	while (scan_ok(s) && scan_peek(s) != '"') {
		(void)scan_try_byte(s, '\\');
		buf_add(&text, scan_bytes(s, 1, "RFC 5804 4: no \" at its"
		    " end"));
	}
	scan_byte(s, '"', "RFC 5804 4: no \" at its end");
	out = arena_copy(arena, buf_view(&text));
	buf_free(&text);
	return out;
}

static struct step
bad_command(struct managesieve *s, const char *why, struct buf *out)
{
	unsigned most = s->state == SIEVE_PERSON
	    ? LIMIT_BAD_COMMANDS
	    : LIMIT_BAD_COMMANDS_UNAUTHENTICATED;

	if (++s->bad < most) {
		managesieve_say(out, "NO", "", view_of(why));
		return managesieve_next();
	}
	managesieve_say(out, "BYE", "", VIEW("too many bad commands"));
	return (struct step){ .next = STEP_CLOSE };
}

static struct step
run_capability(struct managesieve *s, struct scan *scan, struct buf *out)
{
	(void)scan;
	managesieve_capabilities(s, out);
	return managesieve_next();
}

static struct step
run_starttls(struct managesieve *s, struct scan *scan, struct buf *out)
{
	(void)scan;
	if (s->peer->tls || !s->services->starttls)
		return bad_command(s, "RFC 5804 2.2: STARTTLS is not offered"
		    " now", out);
	managesieve_say(out, "OK", "", VIEW("begin TLS"));
	return (struct step){ .next = STEP_START_TLS };
}

static struct step
run_logout(struct managesieve *s, struct scan *scan, struct buf *out)
{
	(void)s, (void)scan;
	managesieve_say(out, "OK", "", VIEW("bye"));
	return (struct step){ .next = STEP_CLOSE };
}

/* RFC 5804 2.13: what is said is given back. */
static struct step
run_noop(struct managesieve *s, struct scan *scan, struct buf *out)
{
	struct arena *arena;
	view tag;

	if (scan_at_end(scan)) {
		managesieve_say(out, "OK", "", VIEW("done"));
		return managesieve_next();
	}
	arena = arena_new(2 * COMMAND);
	scan_byte(scan, ' ', "RFC 5804 2.13: a space");
	tag = managesieve_take(scan, arena);
	scan_end(scan, "RFC 5804 2.13: one string");
	if (scan_ok(scan)) {
		buf_add(out, VIEW("OK (TAG "));
		managesieve_string(out, tag);
		buf_add(out, VIEW(") \"done\"\r\n"));
	}
	arena_free(&arena);
	return scan_ok(scan) ? managesieve_next()
			     : bad_command(s, scan->r.why, out);
}

static struct step
run_unauthenticate(struct managesieve *s, struct scan *scan, struct buf *out)
{
	(void)scan;
	s->state = SIEVE_NOBODY;
	s->who = (struct identity){ .account = 0 };
	s->login = (struct auth_watch){ .account = 0 };
	managesieve_say(out, "OK", "", VIEW("nobody now"));
	return managesieve_next();
}

enum { BOTH = SIEVE_NOBODY | SIEVE_PERSON };

static const struct verb {
	const char *name;
	int allowed; /* set of enum managesieve_state */
	bool bare;   /* takes no arguments */
	managesieve_run *run;
} verbs[] = {
	{ "CAPABILITY", BOTH, true, run_capability },
	{ "STARTTLS", SIEVE_NOBODY, true, run_starttls },
	{ "AUTHENTICATE", SIEVE_NOBODY, false, managesieve_authenticate },
	{ "UNAUTHENTICATE", SIEVE_PERSON, true, run_unauthenticate },
	{ "LOGOUT", BOTH, true, run_logout },
	{ "NOOP", BOTH, false, run_noop },
	{ "HAVESPACE", SIEVE_PERSON, false, managesieve_havespace },
	{ "PUTSCRIPT", SIEVE_PERSON, false, managesieve_put },
	{ "CHECKSCRIPT", SIEVE_PERSON, false, managesieve_check },
	{ "LISTSCRIPTS", SIEVE_PERSON, true, managesieve_list },
	{ "SETACTIVE", SIEVE_PERSON, false, managesieve_activate },
	{ "GETSCRIPT", SIEVE_PERSON, false, managesieve_get },
	{ "DELETESCRIPT", SIEVE_PERSON, false, managesieve_delete },
	{ "RENAMESCRIPT", SIEVE_PERSON, false, managesieve_rename },
};

static const struct verb *
verb_find(view name)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (view_same(name, view_of(verbs[i].name)))
			return &verbs[i];
	return NULL;
}

static bool
is_verb_byte(char c)
{
	return ascii_is_alpha(c);
}

static struct step
dispatch(struct managesieve *s, view command, struct buf *out)
{
	struct scan scan = scan_over(command);
	const struct verb *v = verb_find(scan_while(&scan, is_verb_byte));
	size_t before = out->n;
	struct step step;

	if (v == NULL)
		return bad_command(s, "RFC 5804 1.2: no such command", out);
	if ((v->allowed & (int)s->state) == 0)
		return bad_command(s,
		    s->state == SIEVE_NOBODY
			? "RFC 5804 2.1: log in first"
			: "RFC 5804 2.1: already logged in",
		    out);
	if (v->bare && !scan_at_end(&scan))
		return bad_command(s, "RFC 5804 2: it takes no argument",
		    out);
	step = v->run(s, &scan, out);
	if (!scan_ok(&scan) && out->n == before)
		return bad_command(s, scan.r.why, out);
	if (view_starts(view_from(buf_view(out), before), VIEW("OK")))
		s->bad = 0;
	return step;
}

/* The size of a literal at the end of a line; false: there is none. */
static bool
ends_with_literal(view line, uint64_t *size)
{
	view number = line;

	line = view_trim(line);
	if (!view_ends(line, VIEW("}")))
		return false;
	number = view_first(line, line.n - 1);
	if (view_ends(number, VIEW("+")))
		number = view_first(number, number.n - 1);
	line = number;
	(void)view_cut_last(&number, '{');
	if (number.n == 0 || number.n == line.n)
		return false;
	for (size_t i = 0; i < number.n; i++)
		if (!ascii_is_digit(number.p[i]))
			return false;
	if (!view_number(number, INT64_MAX, size))
		*size = INT64_MAX;
	return true;
}

static size_t
command_most(const struct managesieve *s)
{
	return s->state == SIEVE_PERSON ? COMMAND : COMMAND_NOBODY;
}

static struct step
too_large(struct managesieve *s, struct buf *out)
{
	managesieve_say(out, "BYE", "", VIEW("RFC 5804 1.6: that is too"
	    " large"));
	s->skipping = false;
	return (struct step){ .next = STEP_CLOSE };
}

/* A whole command is there. */
static struct step
run_gathered(struct managesieve *s, struct buf *out)
{
	view command = buf_view(&s->command);
	struct scan scan;
	struct step step;

	/* One line end: what stands before it may be a literal's. */
	if (view_ends(command, VIEW("\n")))
		command.n--;
	if (view_ends(command, VIEW("\r")))
		command.n--;
	if (s->skipping) {
		s->skipping = false;
		managesieve_say(out, "NO", "QUOTA/MAXSIZE",
		    VIEW("that script is too large"));
		step = managesieve_next();
	} else if (s->sasl.login != NULL) {
		scan = scan_over(command);
		step = managesieve_answer(s, &scan, out);
	} else if (command.n == 0) {
		step = managesieve_next();
	} else if (view_is_http(command)) {
		managesieve_say(out, "BYE", "", VIEW("This is not HTTP"));
		step = (struct step){ .next = STEP_CLOSE };
	} else {
		step = dispatch(s, command, out);
	}
	buf_reset(&s->command);
	return step;
}

static struct step
run_line(struct managesieve *s, view unit, struct buf *out)
{
	uint64_t size = 0;

	if (view_at(unit, unit.n - 1) != '\n'
	    || s->command.n + unit.n > command_most(s))
		return too_large(s, out);
	buf_add(&s->command, unit);
	if (!ends_with_literal(unit, &size))
		return run_gathered(s, out);
	if (size > SKIP_MOST
	    || (s->state == SIEVE_NOBODY && size > COMMAND_NOBODY))
		return too_large(s, out);
	if (s->command.n + size > command_most(s))
		s->skipping = true;
	s->literal = size;
	return managesieve_next();
}

/* Revoked, disabled, signed out everywhere: nothing more is done. */
static bool
has_ended(struct managesieve *s, struct buf *out)
{
	result r = auth_still(s->services->auth, &s->login);

	if (r.is != OK)
		managesieve_say(out, "BYE", "", VIEW("this login has ended"));
	return r.is != OK;
}

static struct step
session_run(void *session, view unit, struct buf *out)
{
	struct managesieve *s = session;

	if (s->greeting) {
		s->greeting = false;
		managesieve_capabilities(s, out);
		return managesieve_next();
	}
	if (s->sasl.waits)
		return managesieve_wait(s, out);
	if (unit.n == 0)
		return managesieve_next();
	if (has_ended(s, out))
		return (struct step){ .next = STEP_CLOSE };
	if (s->literal == 0)
		return run_line(s, unit, out);
	s->literal -= unit.n;
	if (!s->skipping)
		buf_add(&s->command, unit);
	return managesieve_next();
}

static size_t
session_ready(void *session, view in)
{
	const struct managesieve *s = session;
	size_t n;

	if (s->literal > 0)
		return in.n < s->literal ? in.n : (size_t)s->literal;
	n = view_find_byte(in, '\n');
	if (n != SIZE_MAX)
		return n + 1;
	return in.n > LINE ? in.n : 0;
}

static void *
session_open(void *services, const struct peer *peer, struct buf *out)
{
	struct managesieve *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	s->services = services;
	s->peer = peer;
	/* An app password for IMAP sorts mail too. */
	s->sasl.way = (struct sasl_login_way){ .auth = s->services->auth,
		.peer = peer, .protocol = "imap",
		.data_with_success = true };
	s->state = SIEVE_NOBODY;
	s->command = buf_new(COMMAND);
	managesieve_capabilities(s, out);
	return s;
}

/* Nothing learnt in clear is believed any more, and the capabilities are
 * told again (RFC 5804 2.2). */
static void
session_secured(void *session)
{
	struct managesieve *s = session;

	sasl_talk_end(&s->sasl);
	buf_reset(&s->command);
	s->bad = 0;
	s->greeting = true;
}

static int64_t
session_watching(const void *session)
{
	const struct managesieve *s = session;

	/* Nothing is told unasked, but a login can end. */
	return -s->login.account;
}

static struct step
session_wake(void *session, struct buf *out)
{
	return has_ended(session, out)
	    ? (struct step){ .next = STEP_CLOSE }
	    : managesieve_next();
}

static unsigned
session_patience(const void *session)
{
	const struct managesieve *s = session;

	return s->state == SIEVE_PERSON ? PATIENCE : PATIENCE_NOBODY;
}

static void
session_farewell(void *session, enum farewell why, struct buf *out)
{
	(void)session;
	managesieve_say(out, "BYE", "TRYLATER",
	    why == FAREWELL_TIMEOUT ? VIEW("idle for too long")
				    : VIEW("closing, try later"));
}

static void
session_close(void *session)
{
	struct managesieve *s = session;

	sasl_talk_end(&s->sasl);
	buf_free(&s->command);
	free(s);
}

const struct protocol managesieve_protocol = {
	.name = "managesieve",
	.alpn = "managesieve",
	.greets_again = true,
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
