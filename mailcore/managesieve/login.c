/* AUTHENTICATE (RFC 5804 2.1). */
#include "mailcore/managesieve/session.h"

#include "mailcore/base/secret.h"
#include "mailcore/sys/log.h"

enum { TURN = 16384 };

static struct step
enter(struct managesieve *s, const struct sasl_login_turn *t, struct buf *out)
{
	struct buf code = buf_new(TURN);

	s->who = t->who;
	s->state = SIEVE_PERSON;
	auth_watch_begin(s->services->auth, &s->who, &s->login);
	if (t->text.n > 0) {
		buf_add(&code, VIEW("SASL \""));
		buf_add(&code, t->text);
		buf_add(&code, VIEW("\""));
	}
	managesieve_say(out, "OK", buf_text(&code), VIEW("welcome"));
	buf_free(&code);
	log_line(LOG_INFO, "managesieve.login", "account=%lld peer=%s",
	    (long long)s->who.account, s->peer->address);
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

static struct step
answer_turn(struct managesieve *s, const struct sasl_login_turn *t,
    struct buf *out)
{
	struct step step = managesieve_next();

	switch (t->next) {
	case SASL_MORE:
		managesieve_string(out, t->text);
		buf_add(out, VIEW("\r\n"));
		step.delay_ms = t->delay_ms;
		return step;
	case SASL_PASSED:
		step = enter(s, t, out);
		break;
	case SASL_REFUSED:
		step = refuse_login(s, t->r, out);
		break;
	case SASL_BROKEN:
		managesieve_say(out, "NO", "", view_of(t->r.why));
		break;
	}
	sasl_login_free(&s->sasl);
	step.delay_ms = t->delay_ms;
	return step;
}

struct step
managesieve_turn(struct managesieve *s, struct scan *scan, struct buf *out)
{
	struct arena *arena = arena_new(TURN);
	view text = managesieve_take(scan, arena);
	struct step step = managesieve_next();
	struct sasl_login_turn t;

	scan_end(scan, "RFC 5804 2.1: one string");
	if (scan_ok(scan)) {
		sasl_login_go_on(s->sasl, text, &t);
		step = answer_turn(s, &t, out);
	} else {
		managesieve_say(out, "NO", "", view_of(scan->r.why));
		sasl_login_free(&s->sasl);
	}
	secret_wipe(s->command.p, s->command.n);
	arena_free(&arena);
	return step;
}

/* No password is read in clear (RFC 8314 4.1). */
struct step
managesieve_authenticate(struct managesieve *s, struct scan *scan,
    struct buf *out)
{
	struct arena *arena = arena_new(TURN);
	struct step step = managesieve_next();
	view mechanism, text = VIEW("");
	struct sasl_login_turn t;
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
	if (scan_ok(scan) && s->peer->tls) {
		sasl_login_begin(&s->sasl, &s->way, mechanism,
		    initial ? &text : NULL, &t);
		step = answer_turn(s, &t, out);
	}
	secret_wipe(s->command.p, s->command.n);
	arena_free(&arena);
	return step;
}
