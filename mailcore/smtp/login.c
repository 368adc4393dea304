/* AUTH (RFC 4954), by the turns of auth/sasl.h. */
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
give_up(struct smtp *s)
{
	sasl_free(&s->sasl);
	s->mode = MODE_COMMAND;
	return smtp_next();
}

static struct step
check(struct smtp *s, struct buf *out)
{
	const struct auth_attempt attempt = {
		.user = sasl_user(s->sasl),
		.password = sasl_password(s->sasl),
		.protocol = VIEW("smtp"),
		.peer = view_of(s->peer->address),
	};
	struct step step = smtp_next();
	result r = auth_password(s->services->auth, &attempt, &s->identity,
	    &step.delay_ms);

	give_up(s);
	if (r.is == OK) {
		auth_watch_begin(s->services->auth, &s->identity, &s->login);
		smtp_say(out, 235, "2.7.0", "Welcome");
		return step;
	}
	s->identity = (struct identity){ .account = 0 };
	smtp_say_why(out, login_codes, r);
	if (++s->guesses >= LIMIT_BAD_COMMANDS_UNAUTHENTICATED) {
		smtp_say(out, 421, "4.7.0", "Too many failed logins");
		step.next = STEP_CLOSE;
	}
	return step;
}

struct step
smtp_auth_turn(struct smtp *s, view line, struct buf *out)
{
	struct buf challenge = buf_new(LIMIT_SMTP_LINE);
	bool complete = false;
	result r = sasl_turn(s->sasl, line, &challenge, &complete);
	struct step step = smtp_next();

	if (r.is != OK) {
		step = give_up(s);
		smtp_say_why(out, turn_codes, r);
	} else if (complete) {
		step = check(s, out);
	} else {
		s->mode = MODE_SASL;
		buf_print(out, "334 %s\r\n", buf_text(&challenge));
	}
	buf_free(&challenge);
	return step;
}

static struct step
first_challenge(struct smtp *s, struct buf *out)
{
	struct buf challenge = buf_new(LIMIT_SMTP_LINE);

	sasl_first_challenge(s->sasl, &challenge);
	buf_print(out, "334 %s\r\n", buf_text(&challenge));
	buf_free(&challenge);
	s->mode = MODE_SASL;
	return smtp_next();
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
	result r;

	if (refused(s, out))
		return smtp_next();
	if (mechanism.n == 0) {
		smtp_say(out, 501, "5.5.4", "RFC 4954 4: AUTH mechanism");
		return smtp_next();
	}
	r = sasl_start(&s->sasl, mechanism);
	if (r.is != OK) {
		smtp_say_why(out, turn_codes, r);
		return smtp_next();
	}
	answer = view_trim(answer);
	if (answer.n == 0)
		return first_challenge(s, out);
	return smtp_auth_turn(s, answer, out);
}
