/* AUTHENTICATE (RFC 5804 2.1). */
#include "mailcore/managesieve/session.h"

#include "mailcore/base/secret.h"
#include "mailcore/sys/log.h"

enum { TURN = 16384 };

static struct step
enter(struct managesieve *s, const struct identity *who, struct buf *out)
{
	s->who = *who;
	s->state = SIEVE_PERSON;
	auth_watch_begin(s->services->auth, who, &s->login);
	managesieve_say(out, "OK", "", VIEW("welcome"));
	log_line(LOG_INFO, "managesieve.login", "account=%lld peer=%s",
	    (long long)who->account, s->peer->address);
	return managesieve_next();
}

static struct step
refuse_login(struct managesieve *s, result r, struct buf *out)
{
	bool ours = r.is == FAILED || r.is == NO_SPACE;

	managesieve_say(out, "NO", ours || r.is == BUSY ? "TRYLATER" : "",
	    ours ? VIEW("cannot check passwords now") : view_of(r.why));
	if (++s->guesses < LIMIT_BAD_COMMANDS_UNAUTHENTICATED)
		return managesieve_next();
	return (struct step){ .next = STEP_CLOSE };
}

/* An app password for IMAP sorts mail too. */
static struct step
check(struct managesieve *s, view user, view password, struct buf *out)
{
	const struct auth_attempt attempt = {
		.user = user,
		.password = password,
		.protocol = VIEW("imap"),
		.peer = view_of(s->peer->address),
	};
	struct identity who = { .account = 0 };
	unsigned delay_ms = 0;
	result r = auth_password(s->services->auth, &attempt, &who, &delay_ms);
	struct step step
	    = r.is == OK ? enter(s, &who, out) : refuse_login(s, r, out);

	step.delay_ms = delay_ms;
	return step;
}

static struct step
answer(struct managesieve *s, view text, struct buf *out)
{
	struct buf challenge = buf_new(TURN);
	bool complete = false;
	result r = sasl_turn(s->sasl, text, &challenge, &complete);
	struct step step = managesieve_next();

	if (r.is != OK) {
		managesieve_say(out, "NO", "", view_of(r.why));
	} else if (complete) {
		step = check(s, sasl_user(s->sasl), sasl_password(s->sasl),
		    out);
	} else {
		managesieve_string(out, buf_view(&challenge));
		buf_add(out, VIEW("\r\n"));
	}
	if (r.is != OK || complete)
		sasl_free(&s->sasl);
	buf_free(&challenge);
	return step;
}

struct step
managesieve_turn(struct managesieve *s, struct scan *scan, struct buf *out)
{
	struct arena *arena = arena_new(TURN);
	view text = managesieve_take(scan, arena);
	struct step step = managesieve_next();

	scan_end(scan, "RFC 5804 2.1: one string");
	if (scan_ok(scan)) {
		step = answer(s, text, out);
	} else {
		managesieve_say(out, "NO", "", view_of(scan->r.why));
		sasl_free(&s->sasl);
	}
	secret_wipe(s->command.p, s->command.n);
	arena_free(&arena);
	return step;
}

static struct step
start(struct managesieve *s, view mechanism, bool initial, view text,
    struct buf *out)
{
	struct buf challenge = buf_new(TURN);
	result r = sasl_start(&s->sasl, mechanism);

	if (r.is != OK) {
		managesieve_say(out, "NO", "", view_of(r.why));
	} else if (!initial) {
		sasl_first_challenge(s->sasl, &challenge);
		managesieve_string(out, buf_view(&challenge));
		buf_add(out, VIEW("\r\n"));
	}
	buf_free(&challenge);
	return r.is == OK && initial ? answer(s, text, out)
				     : managesieve_next();
}

/* No password is read in clear (RFC 8314 4.1). */
struct step
managesieve_authenticate(struct managesieve *s, struct scan *scan,
    struct buf *out)
{
	struct arena *arena = arena_new(TURN);
	struct step step = managesieve_next();
	view mechanism, text = VIEW("");
	bool initial;

	scan_byte(scan, ' ', "RFC 5804 2.1: a mechanism");
	mechanism = managesieve_take(scan, arena);
	initial = scan_try_byte(scan, ' ');
	if (initial)
		text = managesieve_take(scan, arena);
	scan_end(scan, "RFC 5804 2.1: two strings at most");
	if (scan_ok(scan) && !s->peer->tls)
		managesieve_say(out, "NO", "ENCRYPT-NEEDED",
		    VIEW("RFC 8314 4.1: encryption required, STARTTLS"
			 " first"));
	else if (scan_ok(scan))
		step = start(s, mechanism, initial, text, out);
	secret_wipe(s->command.p, s->command.n);
	arena_free(&arena);
	return step;
}
