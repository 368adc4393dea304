/* A message that was taken, into mailboxes and the queue. */
#include "mailcore/base/utf8.h"
#include "mailcore/format/mime.h"
#include "mailcore/smtp/bounce.h"
#include "mailcore/smtp/deliver.h"
#include "mailcore/smtp/session.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

static result
deliver_one(struct smtp *s, const struct deliver_mail *mail,
    struct recipient *to, bool *queued)
{
	const struct target target = { .account = to->account,
		.address = to->address };
	struct arena *arena = arena_new(DELIVER_MEMORY);
	struct deliver_outcome out;
	result r = deliver_account(s->services->store, arena, mail, &target,
	    to->verdict, &out);

	to->full = out.full;
	if (out.refusal.n > 0)
		to->refusal = arena_copy(s->mail.arena,
		    view_first(out.refusal, LIMIT_SMTP_LINE));
	*queued = *queued || out.queued;
	arena_free(&arena);
	return r;
}

/* Whether our alias sends it on, and why not. */
static void
check_onward(struct recipient *r, const struct deliver_mail *mail)
{
	if (r->via.n == 0)
		return;
	if (r->verdict != NULL && r->verdict->junk) {
		r->refusal = VIEW("this looks like spam, and is not sent on");
	} else if (deliver_was_here(mail, r->via)) {
		r->refusal = VIEW("RFC 5321 6.3: it came back to an alias,"
				  " a mail loop");
		r->loops = true;
	}
}

/* For the queue to try again: with what was found out in front. */
static result
put_off(struct smtp *s, const struct deliver_mail *mail,
    const struct recipient *to, result why)
{
	struct store *store = s->services->store;
	view fields = to->verdict != NULL ? to->verdict->fields : VIEW("");
	struct buf text = buf_new(fields.n + mail->message.n);
	struct account_info info;
	struct queue_new q = { .sender = mail->sender,
		.recipients = &info.address, .count = 1,
		.smtputf8 = s->mail.mail.utf8 };
	int64_t id = 0;
	result r = account_get(store, s->mail.arena, to->account, &info);

	buf_add(&text, fields);
	buf_add(&text, mail->message);
	q.data = buf_view(&text);
	q.eightbit = !utf8_is_ascii(q.data);
	if (r.is == OK)
		r = buf_result(&text);
	if (r.is == OK)
		r = queue_add(store, &q, &id);
	if (r.is == OK)
		log_line(LOG_WARNING, "deliver.later",
		    "id=%s account=%lld queue=%lld why=\"%s\"", s->mail.id,
		    (long long)to->account, (long long)id, why.why);
	buf_free(&text);
	return r;
}

/* Where some mailboxes are in trouble, the others would get the mail anew
 * with each try of the client's. */
static result
put_off_failed(struct smtp *s, const struct deliver_mail *mail, size_t failed,
    result why, bool *queued)
{
	if (failed == s->mail.recipients)
		return why;
	for (struct recipient *to = s->mail.first; to != NULL; to = to->next)
		if (to->failed)
			TRY(put_off(s, mail, to, why));
	*queued = *queued || failed > 0;
	return done();
}

/* One answer stands for all recipients, so one without room, or whose script
 * refuses, is refused by it only when there is nobody else; `*refused` counts
 * them. */
static result
deliver_all(struct smtp *s, const struct deliver_mail *mail, size_t *refused,
    bool *queued)
{
	struct transaction *t = &s->mail;
	result why = done();
	size_t failed = 0;

	*refused = 0;
	for (struct recipient *to = t->first; to != NULL; to = to->next) {
		result r = done();

		if (to->account == 0)
			check_onward(to, mail);
		else
			r = deliver_one(s, mail, to, queued);
		to->failed = r.is != OK;
		failed += to->failed ? 1 : 0;
		why = to->failed ? r : why;
		*refused += to->full || to->refusal.n > 0 ? 1 : 0;
		if (to->refusal.n > 0 && t->refusal.n == 0) {
			t->refusal = to->refusal;
			t->loops = to->loops;
		}
	}
	if (failed > 0)
		TRY(put_off_failed(s, mail, failed, why, queued));
	if (*refused == 0 || *refused < t->recipients)
		return done();
	if (t->refusal.n > 0)
		return fail(DENIED, t->loops ? "RFC 5321 6.3: a mail loop"
					     : "the recipient refuses it");
	return fail(DENIED, "the mailbox is full");
}

void
smtp_say_refusal(struct buf *out, view why, bool loops)
{
	smtp_say_text(out, loops ? 554 : 550, loops ? "5.4.6" : "5.7.1", why);
}

/* RFC 5429 2.1: whoever sent it as somebody else must not be told for it. */
static bool
is_forged(const struct recipient *r)
{
	return r->verdict != NULL
	    && (r->verdict->junk || r->verdict->forged
		|| r->verdict->dmarc == VERDICT_DMARC_FAIL);
}

/* Whether a RCPT led anywhere, and to somebody who takes the mail. */
static bool
is_taken(const struct transaction *t, unsigned rcpt,
    const struct recipient **refused)
{
	bool any = false, taken = false;

	for (const struct recipient *r = t->first; r != NULL; r = r->next) {
		if (r->rcpt != rcpt)
			continue;
		any = true;
		if (r->full || r->refusal.n > 0)
			*refused = r;
		else
			taken = true;
	}
	return taken || !any;
}

void
smtp_answer_each(const struct smtp *s, const struct smtp_code *codes, result r,
    struct buf *out)
{
	const struct transaction *t = &s->mail;

	for (unsigned i = 0; i < t->rcpts; i++) {
		const struct recipient *refused = NULL;
		bool taken = is_taken(t, i, &refused);

		if (!taken && refused->refusal.n > 0)
			smtp_say_refusal(out, refused->refusal,
			    refused->loops);
		else if (!taken)
			smtp_say(out, 552, "5.2.2", "the mailbox is full");
		else if (r.is == OK)
			buf_print(out, "250 2.0.0 Ok: queued as %s\r\n",
			    t->id);
		else
			smtp_say_why(out, codes, r);
	}
}

/* By the answer to its RCPT in LMTP. */
static bool
is_told(const struct smtp *s, const struct recipient *r)
{
	const struct recipient *refused;

	return s->services->lmtp && !is_taken(&s->mail, r->rcpt, &refused);
}

/* Two behind one alias are one address to the sender. */
static bool
is_listed(const struct bounce *b, const struct bounce_recipient *one)
{
	for (size_t i = 0; i < b->count; i++)
		if (view_eq(b->recipients[i].address, one->address)
		    && view_eq(b->recipients[i].diagnostic, one->diagnostic))
			return true;
	return false;
}

/* The sender hears of them by mail (RFC 5321 6.1). */
static result
tell_refused(struct smtp *s, view message, size_t refused, bool *queued)
{
	struct transaction *t = &s->mail;
	struct bounce_recipient *list
	    = arena_array(t->arena, refused + 1, sizeof *list);
	struct bounce b = {
		.hostname = s->services->hostname,
		.id = view_of(t->id),
		.sender = t->mail.sender,
		.message = message,
		.arrived = clock_now(),
		.now = clock_now(),
		.recipients = list,
		.signer = s->services->signer,
	};
	bool more = false;
	result done_so_far;

	TRY(arena_result(t->arena));
	for (const struct recipient *r = t->first; r != NULL; r = r->next) {
		const struct bounce_recipient one = {
			.address = r->asked, /* not where an alias leads */
			.status = r->full ? VIEW("5.2.2")
			    : r->loops    ? VIEW("5.4.6")
					  : VIEW("5.7.1"),
			.diagnostic = r->full ? VIEW("the mailbox is full")
					      : r->refusal,
		};

		if ((r->full || r->refusal.n > 0) && !is_forged(r)
		    && !is_told(s, r) && !is_listed(&b, &one))
			list[b.count++] = one;
	}
	done_so_far = bounce_send(s->services->store, &b, &more);
	*queued = *queued || more;
	return done_so_far;
}

static result
keep_local(struct smtp *s, view message, bool *queued)
{
	const struct deliver_mail mail = {
		.hostname = s->services->hostname,
		.id = view_of(s->mail.id),
		.sender = s->mail.mail.sender,
		.message = message,
		.remote = view_of(s->peer->address),
		.signer = s->services->signer,
		.submitter = s->services->submission ? s->identity.account : 0,
	};
	size_t refused;

	TRY(deliver_all(s, &mail, &refused, queued));
	return refused == 0 ? done()
			    : tell_refused(s, message, refused, queued);
}

/* Clients ask for SMTPUTF8 more often than their mail needs it, and a host
 * without it would then refuse (RFC 6531 3.2). */
static bool
needs_utf8(const struct transaction *t, const view *to, size_t n, view message)
{
	if (!t->mail.utf8)
		return false;
	if (!utf8_is_ascii(t->mail.sender))
		return true;
	for (size_t i = 0; i < n; i++)
		if (!utf8_is_ascii(to[i]))
			return true;
	return !utf8_is_ascii(view_first(message, header_length(message)));
}

static result
keep_remote(struct smtp *s, view message, bool *queued)
{
	struct transaction *t = &s->mail;
	view *to = arena_array(t->arena, t->recipients + 1, sizeof *to);
	struct queue_new q = { .sender = t->mail.sender, .data = message,
		.requiretls = t->mail.ask.requiretls,
		.ret = t->mail.ask.ret,
		.envelope_id = t->mail.ask.envelope_id };
	int64_t id = 0;

	TRY(arena_result(t->arena));
	for (const struct recipient *r = t->first; r != NULL; r = r->next)
		if (r->account == 0 && r->via.n == 0)
			to[q.count++] = r->address;
	if (q.count == 0)
		return done();
	q.recipients = to;
	q.account = s->identity.account;
	q.smtputf8 = needs_utf8(t, to, q.count, message);
	q.eightbit = !utf8_is_ascii(message);
	TRY(queue_add(s->services->store, &q, &id));
	*queued = true;
	log_line(LOG_INFO, "smtp.queue", "id=%s queue=%lld recipients=%zu",
	    t->id, (long long)id, q.count);
	return done();
}

/* What our aliases send on, each with a sender of its own. */
static result
keep_forwarded(struct smtp *s, view message, bool *queued)
{
	const struct deliver_mail mail = {
		.hostname = s->services->hostname,
		.id = view_of(s->mail.id),
		.sender = s->mail.mail.sender,
		.message = message,
		.signer = s->services->signer,
	};

	for (const struct recipient *r = s->mail.first; r != NULL;
	    r = r->next) {
		const struct onward on = { .to = r->address, .via = r->via,
			.smtputf8 = needs_utf8(&s->mail, &r->address, 1,
			    message),
			.verdict = r->verdict };

		if (r->account != 0 || r->via.n == 0 || r->refusal.n > 0)
			continue;
		TRY(deliver_forward(s->services->store, s->mail.arena, &mail,
		    &on));
		*queued = true;
	}
	return done();
}

/* The queue knows what each of them wants, and delivers here, too. */
static result
keep_asked(struct smtp *s, view message, bool *queued)
{
	struct transaction *t = &s->mail;
	view *to = arena_array(t->arena, t->asked_count + 1, sizeof *to);
	struct queue_want *wants
	    = arena_array(t->arena, t->asked_count + 1, sizeof *wants);
	struct queue_new q = { .sender = t->mail.sender, .data = message,
		.account = s->identity.account,
		.requiretls = t->mail.ask.requiretls,
		.ret = t->mail.ask.ret,
		.envelope_id = t->mail.ask.envelope_id,
		.released = t->release,
		.recipients = to, .wants = wants };
	int64_t id = 0;

	TRY(arena_result(t->arena));
	for (const struct asked *a = t->asked; a != NULL; a = a->next) {
		to[q.count] = a->address;
		wants[q.count++] = a->want;
	}
	if (q.count == 0)
		return done();
	q.smtputf8 = needs_utf8(t, to, q.count, message);
	q.eightbit = !utf8_is_ascii(message);
	TRY(queue_add(s->services->store, &q, &id));
	*queued = true;
	log_line(LOG_INFO, "smtp.queue",
	    "id=%s queue=%lld recipients=%zu release=%lld", t->id,
	    (long long)id, q.count, (long long)t->release);
	return done();
}

result
smtp_keep(struct smtp *s, view message, bool *queued)
{
	TRY(keep_local(s, message, queued));
	TRY(keep_forwarded(s, message, queued));
	TRY(keep_remote(s, message, queued));
	return keep_asked(s, message, queued);
}
