/* AUTHENTICATE (RFC 5804 2.1). */
#include "mailcore/managesieve/session.h"

#include "mailcore/base/secret.h"
#include "mailcore/sys/log.h"

enum { TURN = 16384 };

static struct step
say_more(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	(void)session;
	managesieve_string(out, t->text);
	buf_add(out, VIEW("\r\n"));
	return managesieve_next();
}

static struct step
say_passed(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	struct managesieve *s = session;
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
say_refused(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	struct managesieve *s = session;
	bool ours = t->r.is == FAILED || t->r.is == NO_SPACE;

	managesieve_say(out, "NO", ours || t->r.is == BUSY ? "TRYLATER" : "",
	    ours ? VIEW("cannot check passwords now") : view_of(t->r.why));
	if (++s->guesses < LIMIT_BAD_COMMANDS_UNAUTHENTICATED)
		return managesieve_next();
	return (struct step){ .next = STEP_CLOSE };
}

static struct step
say_broken(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	(void)session;
	managesieve_say(out, "NO", "", view_of(t->r.why));
	return managesieve_next();
}

static const struct sasl_words words = { say_more, say_passed, say_refused,
	say_broken };

struct step
managesieve_wait(struct managesieve *s, struct buf *out)
{
	return sasl_talk_wait(&s->sasl, &words, s, out);
}

struct step
managesieve_answer(struct managesieve *s, struct scan *scan, struct buf *out)
{
	struct arena *arena = arena_new(TURN);
	view text = managesieve_take(scan, arena);
	struct step step = managesieve_next();

	scan_end(scan, "RFC 5804 2.1: one string");
	if (scan_ok(scan)) {
		step = sasl_talk_answer(&s->sasl, &words, s, text, out);
	} else {
		managesieve_say(out, "NO", "", view_of(scan->r.why));
		sasl_talk_end(&s->sasl);
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
	if (scan_ok(scan) && s->peer->tls)
		step = sasl_talk_begin(&s->sasl, &words, s, mechanism,
		    initial ? &text : NULL, out);
	secret_wipe(s->command.p, s->command.n);
	arena_free(&arena);
	return step;
}
