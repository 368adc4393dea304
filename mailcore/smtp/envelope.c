/* MAIL and RCPT: who sends to whom, and whether that is allowed here. */
#include "mailcore/base/limits.h"
#include "mailcore/smtp/expand.h"
#include "mailcore/smtp/session.h"
#include "mailcore/store/domain.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

enum {
	/* A thousand recipients of the longest addresses. */
	TRANSACTION_BUDGET = 2 * 1024 * 1024,
	/* As many addresses behind one alias. */
	COMMAND_BUDGET = 16 * 1024 * 1024,
	UNKNOWN_DELAY_MS = 1000
};

static const struct smtp_code mail_codes[FAILED + 1] = {
	[MALFORMED] = { 501, "5.5.4" },
	[NOT_FOUND] = { 555, "5.5.4" },
	[OVER_LIMIT] = { 552, "5.3.4" },
	[DENIED] = { 553, "5.6.7" },
	[NO_SPACE] = { 452, "4.3.1" },
};

/* RFC 3463 3.2: an address is not what another argument is. */
static const struct smtp_code mail_path_codes[FAILED + 1] = {
	[MALFORMED] = { 501, "5.1.7" },
};

static const struct smtp_code rcpt_path_codes[FAILED + 1] = {
	[MALFORMED] = { 501, "5.1.3" },
};

static const struct smtp_code sender_codes[FAILED + 1] = {
	[DENIED] = { 553, "5.7.1" },
};

static const struct smtp_code rcpt_codes[FAILED + 1] = {
	[MALFORMED] = { 501, "5.5.4" },
	[NOT_FOUND] = { 555, "5.5.4" },
	[OVER_LIMIT] = { 452, "4.5.3" },
	[DENIED] = { 553, "5.6.7" },
};

static const struct smtp_code unqualified_codes[FAILED + 1] = {
	[MALFORMED] = { 554, "5.1.2" },
};

static const struct smtp_code local_codes[FAILED + 1] = {
	[MALFORMED] = { 550, "5.7.1" },
	[NOT_FOUND] = { 550, "5.1.1" },
	[STALE] = { 550, "5.1.6" },
	[DENIED] = { 550, "5.2.1" },
	[NO_SPACE] = { 452, "4.2.2" },
	[OVER_LIMIT] = { 452, "4.5.3" },
	[BUSY] = { 450, "4.2.1" },
};

/* RFC 6409 6.1: an account sends as one of its own addresses.  The null
 * sender is for disposition notifications (RFC 8098 3). */
static result
may_send_as(struct smtp *s, struct arena *arena, view sender)
{
	struct account_info info;
	struct domain domain;
	view name = sender;
	result r;

	if (!s->services->submission || sender.n == 0)
		return done();
	(void)view_cut_last(&name, '@');
	r = domain_canonical(s->services->store, arena, name, &domain);
	if (r.is == OK && !domain.enabled)
		return fail(DENIED, "that domain is switched off");
	r = account_find(s->services->store, arena, sender, &info);
	if (r.is == NOT_FOUND || (r.is == OK && info.id != s->identity.account))
		return fail(DENIED,
		    "RFC 6409 6.1: this is not an address of your account");
	return r;
}

static bool
must_log_in(const struct smtp *s, struct buf *out)
{
	if (!s->services->submission || s->identity.account != 0)
		return false;
	if (s->peer->tls)
		smtp_say(out, 530, "5.7.0",
		    "RFC 6409 4.3: Authentication required");
	else
		smtp_say(out, 530, "5.7.0",
		    "RFC 3207 4: Must issue a STARTTLS command first");
	return true;
}

/* On a failure everything about it is for smtp_reset. */
static const struct smtp_code *
begin(struct smtp *s, view argument, result *r)
{
	struct transaction *t = &s->mail;

	t->arena = arena_new(TRANSACTION_BUDGET);
	*r = smtp_parse_mail(argument, t->arena, &t->mail);
	if (r->is == MALFORMED && t->mail.bad_path)
		return mail_path_codes;
	if (r->is == OK && t->mail.auth && !s->services->submission)
		*r = fail(NOT_FOUND, "RFC 4954 5: AUTH is not offered");
	if (r->is == OK && t->mail.ask.any && !s->services->submission)
		*r = fail(NOT_FOUND, "RFC 5321 4.1.1.11: not offered here");
	if (r->is == OK)
		*r = ask_release(&t->mail.ask, clock_now(), &t->release);
	if (r->is == OK && t->mail.size > s->services->message_limit)
		*r = fail(OVER_LIMIT, "RFC 1870 6.1: message too big");
	if (r->is != OK)
		return mail_codes;
	*r = may_send_as(s, t->arena, t->mail.sender);
	return sender_codes;
}

struct step
smtp_mail(struct smtp *s, view argument, struct buf *out)
{
	const struct smtp_code *codes;
	result r;

	if (must_log_in(s, out))
		return smtp_next();
	codes = begin(s, argument, &r);
	if (r.is != OK) {
		smtp_say_why(out, codes, r);
		smtp_reset(s);
		return smtp_next();
	}
	s->state = SMTP_MAIL;
	smtp_say(out, 250, "2.1.0", "Ok");
	return smtp_next();
}

/* The same mailbox, however it was addressed, gets one copy. */
static bool
is_known(const struct transaction *t, const struct target *to)
{
	const struct recipient *r = t->first;

	for (; r != NULL; r = r->next)
		if (r->account == to->account
		    && (to->account != 0
			|| view_eq(r->address, to->address)))
			return true;
	return false;
}

static result
add_recipient(struct transaction *t, view asked, const struct target *to)
{
	struct recipient *r;

	if (is_known(t, to))
		return done();
	r = arena_alloc(t->arena, sizeof *r);
	if (r == NULL)
		return arena_result(t->arena);
	r->address = arena_copy(t->arena, to->address);
	r->via = arena_copy(t->arena, to->via);
	r->asked = asked;
	TRY(arena_result(t->arena));
	r->account = to->account;
	r->rcpt = t->rcpts;
	if (t->last == NULL)
		t->first = r;
	else
		t->last->next = r;
	t->last = r;
	t->recipients++;
	return done();
}

static result
add_asked(struct transaction *t, const struct smtp_rcpt *rcpt)
{
	struct asked **end = &t->asked;

	while (*end != NULL) {
		if (view_eq((*end)->address, rcpt->address))
			return done();
		end = &(*end)->next;
	}
	if (t->recipients + t->asked_count >= LIMIT_SMTP_RECIPIENTS)
		return fail(OVER_LIMIT, "RFC 5321 4.5.3.1.10: too many");
	*end = arena_alloc(t->arena, sizeof **end);
	if (*end == NULL)
		return arena_result(t->arena);
	(*end)->address = arena_copy(t->arena, rcpt->address);
	(*end)->want.notify = rcpt->want.notify;
	(*end)->want.original = arena_copy(t->arena, rcpt->want.original);
	t->asked_count++;
	return arena_result(t->arena);
}

/* All or none: what is refused must not be delivered in part. */
static result
add_recipients(struct transaction *t, view asked, const struct expansion *e)
{
	asked = arena_copy(t->arena, asked);
	if (e->count
	    > LIMIT_SMTP_RECIPIENTS - t->recipients - t->asked_count)
		return fail(OVER_LIMIT, "RFC 5321 4.5.3.1.10: too many");
	for (const struct target *to = e->first; to != NULL; to = to->next)
		TRY(add_recipient(t, asked, to));
	return done();
}

/* Whose it is: accounts here, or, for those who logged in, anybody's. */
static result
resolve(struct smtp *s, struct arena *arena, const struct smtp_rcpt *rcpt,
    struct expansion *e)
{
	const struct expand_who who = { .account = s->identity.account,
		.null_sender = s->mail.mail.sender.n == 0 };
	struct target *elsewhere = arena_alloc(arena, sizeof *elsewhere);
	result r = expand_address(s->services->store, arena, rcpt->address,
	    &who, e);

	TRY(arena_result(arena));
	if (r.is == NOT_FOUND)
		return fail(NOT_FOUND, "RFC 5321 3.6.2: no such mailbox");
	if (r.is != MALFORMED)
		return r;
	if (!s->services->submission)
		return fail(MALFORMED, "Relaying denied");
	elsewhere->address = rcpt->address;
	*e = (struct expansion){ elsewhere, elsewhere, 1, VIEW("") };
	return done();
}

/* "host", which nobody else would understand; what is ours has any name. */
static bool
is_unqualified(const struct smtp_rcpt *rcpt, const struct expansion *e)
{
	return e->count == 1 && e->first->account == 0
	    && view_eq(e->first->address, rcpt->address)
	    && view_at(rcpt->domain, 0) != '['
	    && view_find_byte(rcpt->domain, '.') == SIZE_MAX;
}

static const struct smtp_code *
take_recipient(struct smtp *s, view argument, struct arena *arena,
    struct expansion *e, result *r)
{
	struct smtp_rcpt rcpt;

	*r = smtp_parse_rcpt(argument, arena, &rcpt);
	if (r->is == MALFORMED && rcpt.bad_path)
		return rcpt_path_codes;
	if (r->is == OK && rcpt.asks && !s->services->submission)
		*r = fail(NOT_FOUND, "RFC 5321 4.1.1.11: not offered here");
	if (r->is == OK && rcpt.utf8 && !s->mail.mail.utf8)
		*r = fail(DENIED, "RFC 6531 3.5: needs SMTPUTF8");
	if (r->is != OK)
		return rcpt_codes;
	*r = resolve(s, arena, &rcpt, e);
	if (r->is != OK)
		return local_codes;
	if (is_unqualified(&rcpt, e)) {
		*r = fail(MALFORMED, "RFC 6409 4.2: a domain in full");
		return unqualified_codes;
	}
	if (e->count > 0)
		*r = smtp_check_recipient(s, rcpt.address, e->first->account);
	if (r->is == BUSY)
		return smtp_policy_codes;
	if (r->is == OK)
		*r = rcpt.asks || s->mail.release != 0
		    ? add_asked(&s->mail, &rcpt)
		    : add_recipients(&s->mail, rcpt.address, e);
	return local_codes;
}

struct step
smtp_rcpt(struct smtp *s, view argument, struct buf *out)
{
	struct arena *arena = arena_new(COMMAND_BUDGET);
	struct step step = smtp_next();
	struct expansion e = { .count = 0 };
	result r;
	const struct smtp_code *codes
	    = take_recipient(s, argument, arena, &e, &r);

	if (codes == local_codes && r.is == NOT_FOUND
	    && ++s->unknown > LIMIT_SMTP_UNKNOWN)
		step.delay_ms = UNKNOWN_DELAY_MS;
	if (r.is == OK) {
		s->state = SMTP_RCPT;
		s->mail.rcpts++;
		smtp_say(out, 250, "2.1.5", "Ok");
	} else if (r.is == DENIED && e.refusal.n > 0) {
		smtp_say_text(out, 550, "5.2.1", e.refusal);
	} else {
		smtp_say_why(out, codes, r);
	}
	arena_free(&arena);
	return step;
}
