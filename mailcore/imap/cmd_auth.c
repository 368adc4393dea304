/* Who is it, and what can we do: RFC 3501 6.1, 6.2; RFC 2971, 4959, 4978,
 * 5161. */
#include "mailcore/imap/notify.h"
#include "mailcore/imap/recent.h"
#include "mailcore/imap/reply.h"
#include "mailcore/imap/without.h"

#include "mailcore/sys/log.h"

#include <stddef.h>

result
run_capability(struct imap *s, struct command *c, struct buf *out)
{
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	buf_add(out, VIEW("* CAPABILITY "));
	reply_capabilities(s, out);
	buf_add(out, VIEW("\r\n"));
	return done();
}

result
run_noop(struct imap *s, struct command *c, struct buf *out)
{
	(void)s;
	(void)out;
	parse_end(&c->in);
	return scan_result(&c->in.s);
}

result
run_logout(struct imap *s, struct command *c, struct buf *out)
{
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	/* Before the answer: who connects next sees what is old. */
	recent_left(s);
	reply_bye(out, "good bye");
	s->next = STEP_CLOSE;
	return done();
}

result
run_starttls(struct imap *s, struct command *c, struct buf *out)
{
	(void)out;
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	if (s->peer->tls || !s->services->starttls)
		return fail(MALFORMED, "RFC 3501 6.2.1: no TLS to start");
	c->text_ok = "begin TLS now";
	s->next = STEP_START_TLS;
	return done();
}

/* RFC 3501 11.1: no password in clear, from wherever. */
static result
check_private(struct imap *s, struct command *c)
{
	if (s->peer->tls)
		return done();
	c->code = "[PRIVACYREQUIRED] ";
	return fail(DENIED, "TLS first");
}

static result
refuse(struct command *c, result r)
{
	c->code = r.is == DENIED ? "[AUTHENTICATIONFAILED] "
				 : "[UNAVAILABLE] ";
	return r;
}

static result
enter(struct imap *s, struct command *c, const struct identity *who)
{
	result r;

	s->account = who->account;
	r = without_read(s);
	if (r.is != OK)
		return refuse(c, r);
	auth_watch_begin(s->services->auth, who, &s->login);
	s->state = STATE_LOGGED_IN;
	s->bad = 0;
	buf_add(&c->ok_code, VIEW("[CAPABILITY "));
	reply_capabilities(s, &c->ok_code);
	buf_add(&c->ok_code, VIEW("] "));
	c->text_ok = "logged in";
	return done();
}

static result
log_in(struct imap *s, struct command *c, view user, view password)
{
	struct auth_attempt attempt = { .user = user, .password = password,
		.protocol = VIEW("imap"), .peer = view_of(s->peer->address) };
	struct identity who;
	result r = auth_password(s->services->auth, &attempt, &who,
	    &s->delay_ms);

	return r.is == OK ? enter(s, c, &who) : refuse(c, r);
}

result
run_login(struct imap *s, struct command *c, struct buf *out)
{
	view user, password;

	(void)out;
	TRY(check_private(s, c));
	parse_space(&c->in);
	user = parse_astring(&c->in);
	parse_space(&c->in);
	password = parse_astring(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	return log_in(s, c, user, password);
}

/* What a turn said stands in the command's `end`. */
static struct step
say_more(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	struct imap *s = session;

	/* The space belongs there, also before nothing. */
	buf_add(out, VIEW("+ "));
	buf_add(out, t->text);
	buf_add(out, VIEW("\r\n"));
	s->command->end = done();
	return (struct step){ .next = STEP_READ };
}

static struct step
say_passed(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	struct imap *s = session;

	(void)out;
	s->command->end = enter(s, s->command, &t->who);
	return (struct step){ .next = STEP_READ };
}

static struct step
say_refused(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	struct imap *s = session;

	(void)out;
	s->command->end = refuse(s->command, t->r);
	return (struct step){ .next = STEP_READ };
}

static struct step
say_broken(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	struct command *c = ((struct imap *)session)->command;

	(void)out;
	c->end = t->r;
	if (t->r.is == DENIED) /* "*": RFC 3501 6.2.2 */
		c->end = fail(MALFORMED, t->r.why);
	else if (t->r.is == NOT_FOUND)
		c->code = "[CANNOT] ";
	return (struct step){ .next = STEP_READ };
}

static const struct sasl_words words = { say_more, say_passed, say_refused,
	say_broken };

static command_run auth_wait;

/* OK with an exchange still there: the next turn is the client's, or ours. */
static result
turned(struct imap *s, struct command *c, struct step step)
{
	s->delay_ms = step.delay_ms;
	c->more = s->sasl.waits ? auth_wait : NULL;
	return s->sasl.waits ? done() : c->end;
}

static result
auth_wait(struct imap *s, struct command *c, struct buf *out)
{
	return turned(s, c, sasl_talk_wait(&s->sasl, &words, s, out));
}

struct step
auth_take(struct imap *s, view unit, struct buf *out)
{
	view line = VIEW("");
	struct step step;
	result r;

	if (unit.p[unit.n - 1] != '\n') {
		reply_bye(out, "[TOOBIG] line too long");
		return (struct step){ .next = STEP_CLOSE };
	}
	(void)view_line(&unit, &line);
	step = sasl_talk_answer(&s->sasl, &words, s, line, out);
	r = turned(s, s->command, step);
	if (r.is != OK || s->sasl.login == NULL)
		return imap_end(s, out, r);
	s->delay_ms = 0;
	return step;
}

result
run_authenticate(struct imap *s, struct command *c, struct buf *out)
{
	view mechanism;
	bool has_answer;

	TRY(check_private(s, c));
	parse_space(&c->in);
	mechanism = parse_atom(&c->in);
	has_answer = parse_more(&c->in);
	if (!has_answer)
		parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	/* RFC 4959 */
	return turned(s, c,
	    sasl_talk_begin(&s->sasl, &words, s, mechanism,
	        has_answer ? &c->in.s.rest : NULL, out));
}

/* RFC 2971 3.1.  What the client says goes to the log, at debug level. */
static void
parse_id(struct parse *in)
{
	view name, value;
	unsigned pairs = 0;

	if (scan_try(&in->s, VIEW("NIL")))
		return;
	scan_byte(&in->s, '(', "RFC 2971 3.1: not a list");
	while (scan_ok(&in->s) && scan_peek(&in->s) != ')') {
		if (pairs > 0)
			parse_space(in);
		name = parse_string(in);
		parse_space(in);
		if (!parse_nstring(in, &value))
			value = VIEW("NIL");
		if (value.n > LIMIT_IMAP_ID)
			scan_fail(&in->s, MALFORMED,
			    "RFC 2971 3.3: too long");
		if (scan_ok(&in->s))
			log_line(LOG_DEBUG, "imap.id", "%.*s=%.*s",
			    LOG_VIEW(name), LOG_VIEW(value));
		if (++pairs > LIMIT_IMAP_ID_PAIRS)
			scan_fail(&in->s, MALFORMED,
			    "RFC 2971 3.3: more than 30 pairs");
	}
	scan_byte(&in->s, ')', "RFC 2971 3.1: not a list");
}

result
run_id(struct imap *s, struct command *c, struct buf *out)
{
	(void)s;
	parse_space(&c->in);
	parse_id(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	buf_add(out, VIEW("* ID (\"name\" \"Posthaste\")\r\n"));
	return done();
}

result
run_compress(struct imap *s, struct command *c, struct buf *out)
{
	view mechanism;

	(void)out;
	parse_space(&c->in);
	mechanism = parse_atom(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	if (!view_same(mechanism, VIEW("DEFLATE")))
		return fail(MALFORMED, "RFC 4978 4: no such mechanism");
	if (s->deflate) {
		c->code = "[COMPRESSIONACTIVE] ";
		return fail(EXISTS, "RFC 4978 3: it is compressed");
	}
	s->deflate = true;
	s->next = STEP_START_DEFLATE;
	c->text_ok = "compressed from here on";
	return done();
}

/* By who looks for changes. */
#define FOLLOWED SIZE_MAX

/* What ENABLE can switch on, and where that is kept. */
static const struct {
	const char *name;
	size_t at; /* of a bool in struct imap */
} features[] = {
	{ "CONDSTORE", offsetof(struct imap, condstore) },
	{ "QRESYNC", offsetof(struct imap, qresync) },
	{ "UTF8=ACCEPT", offsetof(struct imap, utf8) },
	{ "IMAP4rev2", offsetof(struct imap, rev2) },
	{ "METADATA", FOLLOWED },
};

result
run_enable(struct imap *s, struct command *c, struct buf *out)
{
	bool had = s->condstore;
	unsigned asked = 0;

	parse_space(&c->in);
	do {
		view name = parse_atom(&c->in);

		for (size_t i = 0; i < COUNT(features); i++)
			if (view_same(name, view_of(features[i].name))
			    && !reply_is_without(s, name))
				asked |= 1u << i;
	} while (parse_more(&c->in));
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	for (size_t i = 0; i < COUNT(features); i++)
		if ((asked & 1u << i) != 0 && features[i].at == FOLLOWED)
			TRY(notify_follow_metadata(s));
	/* RFC 5161 3.2: always. */
	buf_add(out, VIEW("* ENABLED"));
	for (size_t i = 0; i < COUNT(features); i++) {
		if ((asked & 1u << i) == 0)
			continue;
		buf_print(out, " %s", features[i].name);
		if (features[i].at != FOLLOWED)
			*(bool *)((char *)s + features[i].at) = true;
	}
	buf_add(out, VIEW("\r\n"));
	if (s->rev2)
		recent_forget(s);
	/* RFC 7162 3.2.3 */
	if (s->qresync || s->condstore) {
		s->condstore = had;
		select_enable_condstore(s, out);
	}
	return done();
}
