/* AUTH (RFC 4954), by the turns of auth/sasl_talk.h. */
#include "mailcore/base/limits.h"
#include "mailcore/smtp/session.h"
#include "mailcore/sys/log.h"

static const struct smtp_code turn_codes[FAILED + 1] = {
	[MALFORMED] = { 501, "5.5.2" },
	[OVER_LIMIT] = { 500, "5.5.6" },
	[NOT_FOUND] = { 504, "5.5.4" },
	[DENIED] = { 501, "5.7.0" }, /* the client cancelled */
};

static const struct smtp_code login_codes[FAILED + 1] = {
	[DENIED] = { 535, "5.7.8" },
	[OVER_LIMIT] = { 535, "5.7.8" },
	[MALFORMED] = { 535, "5.7.8" },
	[BUSY] = { 454, "4.7.0" },
	[NO_SPACE] = { 454, "4.7.0" },
	[FAILED] = { 454, "4.7.0" },
};

static struct step
say_more(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	(void)session;
	buf_add(out, VIEW("334 "));
	buf_add(out, t->text);
	buf_add(out, VIEW("\r\n"));
	return smtp_next();
}

static struct step
say_passed(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	struct smtp *s = session;

	s->identity = t->who;
	auth_watch_begin(s->services->auth, &s->identity, &s->login);
	smtp_say(out, 235, "2.7.0", "Welcome");
	return smtp_next();
}

static struct step
say_refused(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	struct smtp *s = session;

	smtp_say_why(out, login_codes, t->r);
	if (++s->guesses < LIMIT_BAD_COMMANDS_UNAUTHENTICATED)
		return smtp_next();
	smtp_say(out, 421, "4.7.0", "Too many failed logins");
	return (struct step){ .next = STEP_CLOSE };
}

static struct step
say_broken(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	(void)session;
	smtp_say_why(out, turn_codes, t->r);
	return smtp_next();
}

static const struct sasl_words words = { say_more, say_passed, say_refused,
	say_broken };

/* What comes next is the client's answer, nothing but our own, or a
 * command. */
static struct step
turned(struct smtp *s, struct step step)
{
	s->mode = s->sasl.waits ? MODE_WAIT
	    : s->sasl.login != NULL ? MODE_SASL : MODE_COMMAND;
	return step;
}

struct step
smtp_auth_answer(struct smtp *s, view line, struct buf *out)
{
	return turned(s, sasl_talk_answer(&s->sasl, &words, s, line, out));
}

struct step
smtp_auth_wait(struct smtp *s, struct buf *out)
{
	return turned(s, sasl_talk_wait(&s->sasl, &words, s, out));
}

/* What keeps AUTH from being tried now. */
static bool
refused(struct smtp *s, struct buf *out)
{
	if (!s->services->submission)
		smtp_say(out, 502, "5.5.1",
		    "No AUTH here: submit on port 465 or 587 (RFC 8314)");
	else if (!s->peer->tls)
		smtp_say(out, 538, "5.7.11",
		    "RFC 4954 4: encryption required, STARTTLS first");
	else if (s->identity.account != 0)
		smtp_say(out, 503, "5.5.1", "RFC 4954 4: already done");
	else
		return false;
	return true;
}

struct step
smtp_auth(struct smtp *s, view argument, struct buf *out)
{
	view answer = view_trim(argument);
	view mechanism = view_cut(&answer, ' ');

	if (refused(s, out))
		return smtp_next();
	if (mechanism.n == 0) {
		smtp_say(out, 501, "5.5.4", "RFC 4954 4: AUTH mechanism");
		return smtp_next();
	}
	answer = view_trim(answer);
	return turned(s,
	    sasl_talk_begin(&s->sasl, &words, s, mechanism,
	        answer.n > 0 ? &answer : NULL, out));
}
