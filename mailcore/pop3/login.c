/* USER and PASS (RFC 1939 7), AUTH (RFC 5034). */
#include "mailcore/pop3/session.h"
#include "mailcore/sys/log.h"

/* No password is read in clear (RFC 8314 4.1). */
static bool
in_clear(const struct pop3 *s, struct buf *out)
{
	if (s->peer->tls)
		return false;
	buf_add(out, VIEW("-ERR [SYS/PERM] RFC 8314 4.1: encryption required,"
			  " STLS first\r\n"));
	return true;
}

static struct step
enter(struct pop3 *s, const struct identity *who, struct buf *out)
{
	size_t count;
	uint64_t octets;
	result r = maildrop_open(s->services->store, who->account, &s->drop);

	if (r.is != OK) {
		buf_add(out, VIEW("-ERR [SYS/TEMP] cannot open the mailbox"
				  " now\r\n"));
		return pop3_next();
	}
	s->state = POP3_TRANSACTION;
	auth_watch_begin(s->services->auth, who, &s->login);
	maildrop_total(&s->drop, &count, &octets);
	buf_print(out, "+OK %zu messages (%llu octets)\r\n", count,
	    (unsigned long long)octets);
	log_line(LOG_INFO, "pop3.login", "account=%lld peer=%s messages=%zu",
	    (long long)who->account, s->peer->address, count);
	return pop3_next();
}

/* RFC 3206: [AUTH] for the password's fault, [SYS/TEMP] for ours. */
static struct step
refuse_login(struct pop3 *s, result r, struct buf *out)
{
	bool ours = r.is == FAILED || r.is == NO_SPACE;

	if (ours)
		buf_add(out, VIEW("-ERR [SYS/TEMP] cannot check passwords"
				  " now\r\n"));
	else
		buf_print(out, "-ERR [%s] %s\r\n",
		    r.is == BUSY ? "SYS/TEMP" : "AUTH", r.why);
	if (++s->guesses < LIMIT_BAD_COMMANDS_UNAUTHENTICATED)
		return pop3_next();
	return (struct step){ .next = STEP_CLOSE };
}

static struct step
check(struct pop3 *s, view user, view password, struct buf *out)
{
	const struct auth_attempt attempt = {
		.user = user,
		.password = password,
		.protocol = VIEW("pop3"),
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

struct step
pop3_user(struct pop3 *s, view argument, struct buf *out)
{
	if (in_clear(s, out))
		return pop3_next();
	if (argument.n == 0 || !view_copy(argument, s->user, sizeof s->user)) {
		buf_add(out, VIEW("-ERR RFC 1939 7: USER name\r\n"));
		return pop3_next();
	}
	/* The same for everybody, whether there or not. */
	buf_add(out, VIEW("+OK now PASS\r\n"));
	return pop3_next();
}

struct step
pop3_pass(struct pop3 *s, view argument, struct buf *out)
{
	struct step step;

	if (in_clear(s, out))
		return pop3_next();
	if (s->user[0] == '\0') {
		buf_add(out, VIEW("-ERR RFC 1939 7: USER first\r\n"));
		return pop3_next();
	}
	step = check(s, view_of(s->user), argument, out);
	s->user[0] = '\0';
	return step;
}

static struct step
say_more(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	(void)session;
	buf_add(out, VIEW("+ "));
	buf_add(out, t->text);
	buf_add(out, VIEW("\r\n"));
	return pop3_next();
}

static struct step
say_passed(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	return enter(session, &t->who, out);
}

static struct step
say_refused(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	return refuse_login(session, t->r, out);
}

static struct step
say_broken(void *session, const struct sasl_login_turn *t, struct buf *out)
{
	(void)session;
	buf_print(out, "-ERR %s\r\n", t->r.why);
	return pop3_next();
}

static const struct sasl_words words = { say_more, say_passed, say_refused,
	say_broken };

struct step
pop3_auth_answer(struct pop3 *s, view line, struct buf *out)
{
	return sasl_talk_answer(&s->sasl, &words, s, line, out);
}

struct step
pop3_auth_wait(struct pop3 *s, struct buf *out)
{
	return sasl_talk_wait(&s->sasl, &words, s, out);
}

struct step
pop3_auth(struct pop3 *s, view argument, struct buf *out)
{
	view answer = view_trim(argument);
	view mechanism = view_cut(&answer, ' ');

	if (in_clear(s, out))
		return pop3_next();
	if (mechanism.n == 0) {
		/* Older clients ask so for the list (RFC 1734 had none). */
		buf_add(out, VIEW("+OK"));
		sasl_login_list(&s->sasl.way, "\r\n", out);
		buf_add(out, VIEW("\r\n.\r\n"));
		return pop3_next();
	}
	answer = view_trim(answer);
	return sasl_talk_begin(&s->sasl, &words, s, mechanism,
	    answer.n > 0 ? &answer : NULL, out);
}
