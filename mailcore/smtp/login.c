/* AUTH (RFC 4954), by the turns of auth/sasl_login.h. */
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
refuse(struct smtp *s, const struct sasl_login_turn *t, struct buf *out)
{
	struct step step = { .next = STEP_READ, .delay_ms = t->delay_ms };

	smtp_say_why(out, login_codes, t->r);
	if (++s->guesses >= LIMIT_BAD_COMMANDS_UNAUTHENTICATED) {
		smtp_say(out, 421, "4.7.0", "Too many failed logins");
		step.next = STEP_CLOSE;
	}
	return step;
}

static struct step
answer_turn(struct smtp *s, const struct sasl_login_turn *t, struct buf *out)
{
	struct step step = { .next = STEP_READ, .delay_ms = t->delay_ms };

	switch (t->next) {
	case SASL_MORE:
		buf_add(out, VIEW("334 "));
		buf_add(out, t->text);
		buf_add(out, VIEW("\r\n"));
		s->mode = MODE_SASL;
		return step;
	case SASL_PASSED:
		s->identity = t->who;
		auth_watch_begin(s->services->auth, &s->identity, &s->login);
		smtp_say(out, 235, "2.7.0", "Welcome");
		break;
	case SASL_REFUSED:
		step = refuse(s, t, out);
		break;
	case SASL_BROKEN:
		smtp_say_why(out, turn_codes, t->r);
		break;
	}
	sasl_login_free(&s->sasl);
	s->mode = MODE_COMMAND;
	return step;
}

struct step
smtp_auth_turn(struct smtp *s, view line, struct buf *out)
{
	struct sasl_login_turn t;

	sasl_login_go_on(s->sasl, line, &t);
	return answer_turn(s, &t, out);
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
	struct sasl_login_turn t;

	if (refused(s, out))
		return smtp_next();
	if (mechanism.n == 0) {
		smtp_say(out, 501, "5.5.4", "RFC 4954 4: AUTH mechanism");
		return smtp_next();
	}
	answer = view_trim(answer);
	sasl_login_begin(&s->sasl, &s->way, mechanism,
	    answer.n > 0 ? &answer : NULL, &t);
	return answer_turn(s, &t, out);
}
