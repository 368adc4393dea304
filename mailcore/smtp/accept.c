/*
 * DATA and BDAT: the text into a spool, then into mailboxes and the queue,
 * then one sync, then the answer.  After any failure nothing is acknowledged;
 * what was written before it may exist, so the client's next try can make a
 * duplicate but never a loss (RFC 5321 6.1).
 */
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/mime.h"
#include "mailcore/smtp/header.h"
#include "mailcore/smtp/session.h"
#include "mailcore/smtp/sign.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <string.h>

enum {
	TRACE_MOST = 4096,
	WAIT_MS = 50 /* between two looks at what others find out */
};

/* The text itself breaks a rule. */
static const struct smtp_code text_codes[FAILED + 1] = {
	[MALFORMED] = { 550, "5.6.11" },
	[OVER_LIMIT] = { 554, "5.6.0" },
};

/* It cannot be kept. */
static const struct smtp_code keep_codes[FAILED + 1] = {
	[OVER_LIMIT] = { 552, "5.3.4" },
	[MALFORMED] = { 554, "5.4.6" }, /* a loop */
	[DENIED] = { 552, "5.2.2" },    /* nobody has room for it */
	[NO_SPACE] = { 452, "4.3.1" },
};

static void
make_id(char id[SMTP_ID + 1])
{
	char bytes[SMTP_ID / 2];
	struct buf hex = buf_new(SMTP_ID + 1);

	random_bytes(bytes, sizeof bytes);
	encode_hex(&hex, (view){ bytes, sizeof bytes });
	memcpy(id, buf_text(&hex), SMTP_ID + 1);
	buf_free(&hex);
}

static void
add_trace(const struct smtp *s, struct buf *out)
{
	const struct transaction *t = &s->mail;
	const struct header_trace trace = {
		.id = view_of(t->id),
		.hello = view_of(s->hello),
		.peer = view_of(s->peer->address),
		.hostname = view_of(s->services->hostname),
		/* RFC 5321 7.6: nobody is shown to another. */
		.recipient = t->recipients == 1 && t->asked_count == 0
		    ? t->first->address : VIEW(""),
		.extended = s->extended,
		.tls = s->peer->tls,
		.authenticated = s->identity.account != 0,
		.lmtp = s->services->lmtp,
		.utf8 = t->mail.utf8,
		.now = clock_now(),
	};

	header_received(out, &trace);
}

/* Our Received field goes in front at once, so that a received message is
 * written only once. */
static void
begin_text(struct smtp *s, bool framed)
{
	struct transaction *t = &s->mail;
	struct buf trace = buf_new(TRACE_MOST);

	make_id(t->id);
	add_trace(s, &trace);
	t->text = spool_new(s->services->store,
	    s->services->message_limit + trace.n);
	spool_add(t->text, buf_view(&trace));
	t->trace = trace.n;
	t->data = data_start(framed);
	buf_free(&trace);
}

static void
take_text(struct smtp *s, view unit)
{
	struct transaction *t = &s->mail;

	while (unit.n > 0 && t->data.state != DATA_END) {
		view piece = data_next(&t->data, &unit);

		/* A spoilt message is only read to its end. */
		if (t->data.r.is == OK)
			spool_add(t->text, piece);
	}
}

static bool
goes_away(const struct transaction *t)
{
	for (const struct recipient *r = t->first; r != NULL; r = r->next)
		if (r->account == 0)
			return true;
	return t->asked != NULL;
}

/* Our domain's word for what was submitted and leaves. */
static void
add_signatures(const struct smtp *s, view header, view body,
    struct buf *out)
{
	const struct sign_services signing = { .store = s->services->store,
		.signer = s->services->signer,
		.hostname = s->services->hostname };

	if (s->services->submission && goes_away(&s->mail))
		sign_outgoing(&signing, s->identity.account,
		    s->mail.mail.sender, header, body, out);
}

/* The message as it is kept where the header must change: what clients leave
 * to the submission server (RFC 6409 8), or a header that is not there, or
 * claims to be ours. */
static result
rewrite(struct smtp *s, view all, struct spool *out)
{
	view trace = view_first(all, s->mail.trace);
	view text = view_from(all, trace.n);
	bool headed = header_is_there(text);
	view header = headed ? view_first(text, header_length(text)) : VIEW("");
	/* What is received may be larger; nothing but lines is added. */
	struct buf head = buf_new(LIMIT_HEADER + TRACE_MOST
	    + (s->services->submission ? 0 : header.n));
	struct buf signatures = buf_new(LIMIT_HEADER);
	const struct header_repair fix = {
		.id = view_of(s->mail.id),
		.hostname = view_of(s->services->hostname),
		.account = view_of(s->identity.address),
		.now = clock_now(),
	};
	result r;

	buf_add(&head, trace);
	if (s->services->submission)
		header_repaired(&head, header, &fix);
	else if (headed)
		findings_strip(header, view_of(s->services->hostname), &head);
	else
		buf_add(&head, VIEW("\r\n"));
	add_signatures(s, view_from(buf_view(&head), trace.n),
	    view_from(text, header.n), &signatures);
	spool_add(out, buf_view(&signatures));
	spool_add(out, buf_view(&head));
	spool_add(out, view_from(text, header.n));
	r = buf_result(&head);
	buf_free(&head);
	buf_free(&signatures);
	return r;
}

/* The whole message in `*message`; `*made` is its spool when it is not the
 * one that came. */
static result
compose(struct smtp *s, struct spool **made, view *message)
{
	view text;

	TRY(spool_view(s->mail.text, message));
	text = view_from(*message, s->mail.trace);
	if (header_hops(text) > LIMIT_SMTP_HOPS)
		return fail(MALFORMED,
		    "RFC 5321 6.3: too many hops, a mail loop");
	if (!s->services->submission && header_is_there(text)
	    && !smtp_is_forged(s, view_first(text, header_length(text))))
		return done();
	*made = spool_new(s->services->store,
	    s->services->message_limit + 2 * LIMIT_HEADER + 2 * TRACE_MOST);
	TRY(rewrite(s, *message, *made));
	return spool_view(*made, message);
}

static result
keep(struct smtp *s)
{
	struct spool *made = NULL;
	bool queued = false;
	view message;
	result r = compose(s, &made, &message);

	if (r.is == OK)
		r = smtp_keep(s, message, &queued);
	if (r.is == OK)
		r = store_sync(s->services->store);
	spool_free(&made);
	if (r.is == OK && queued && s->services->post != NULL)
		post_send(s->services->post,
		    (struct msg){ .kind = MSG_QUEUE });
	return r;
}

/* Answer for the text and end the transaction. */
static struct step
finish(struct smtp *s, const struct smtp_code *codes, result r,
    struct buf *out)
{
	struct transaction *t = &s->mail;

	if (r.is == OK) {
		codes = keep_codes;
		r = keep(s);
	}
	log_line(r.is == OK ? LOG_INFO : LOG_WARNING,
	    r.is == OK ? "smtp.accept" : "smtp.refuse",
	    "id=%s peer=%s account=%lld recipients=%zu size=%llu why=%s",
	    t->id, s->peer->address, (long long)s->identity.account,
	    t->recipients, (unsigned long long)spool_size(t->text), r.why);
	if (s->services->lmtp)
		smtp_answer_each(s, codes, r, out);
	else if (r.is == OK)
		buf_print(out, "250 2.0.0 Ok: queued as %s\r\n", t->id);
	else if (r.is == DENIED && t->refusal.n > 0)
		smtp_say_refusal(out, t->refusal, t->loops);
	else
		smtp_say_why(out, codes, r);
	smtp_reset(s);
	s->mode = MODE_COMMAND;
	return smtp_next();
}

/* The text has come whole. */
static struct step
answer(struct smtp *s, struct buf *out)
{
	struct transaction *t = &s->mail;
	const struct smtp_code *codes = text_codes;
	result r = t->data.r;

	if (r.is == OK) {
		codes = keep_codes;
		r = spool_result(t->text);
	}
	if (r.is == OK) {
		r = smtp_allowance(s);
		if (r.is == BUSY || r.is == OVER_LIMIT)
			codes = smtp_allowance_codes;
	}
	if (r.is == OK)
		r = smtp_check_begin(s);
	if (r.is == OK && t->job != NULL) {
		s->mode = MODE_WAIT;
		return smtp_waited(s, out);
	}
	return finish(s, codes, r, out);
}

/* What was found out about it decides first. */
struct step
smtp_waited(struct smtp *s, struct buf *out)
{
	const struct smtp_code *codes = keep_codes;
	result r;

	if (!verify_done(s->mail.job))
		return (struct step){ .next = STEP_CONTINUE,
			.delay_ms = WAIT_MS };
	r = smtp_check_end(s, &codes);
	return finish(s, codes, r, out);
}

struct step
smtp_data(struct smtp *s, view argument, struct buf *out)
{
	if (view_trim(argument).n > 0) {
		smtp_say(out, 501, "5.5.4",
		    "RFC 5321 4.1.1.4: DATA takes no argument");
		return smtp_next();
	}
	begin_text(s, false);
	s->mode = MODE_DATA;
	buf_add(out, VIEW("354 End data with <CR><LF>.<CR><LF>\r\n"));
	return smtp_next();
}

struct step
smtp_data_text(struct smtp *s, view unit, struct buf *out)
{
	take_text(s, unit);
	if (s->mail.data.state != DATA_END)
		return smtp_next();
	return answer(s, out);
}

/* RFC 3030 2: every chunk gets its answer, the last one for the message. */
static struct step
end_chunk(struct smtp *s, struct buf *out)
{
	struct transaction *t = &s->mail;

	s->mode = MODE_COMMAND;
	if (s->refuse_chunk) {
		smtp_say(out, 503, "5.5.1",
		    "RFC 3030 2: MAIL and a good RCPT first");
		return smtp_next();
	}
	if (s->last_chunk) {
		data_finish(&t->data);
		if (t->data.state != DATA_LINE)
			spool_add(t->text, VIEW("\r\n"));
	}
	if (s->last_chunk || t->data.r.is != OK
	    || spool_result(t->text).is != OK)
		return answer(s, out);
	smtp_say(out, 250, "2.0.0", "Ok, more");
	return smtp_next();
}

struct step
smtp_chunk(struct smtp *s, view unit, struct buf *out)
{
	s->chunk -= unit.n;
	if (!s->refuse_chunk)
		take_text(s, unit);
	return s->chunk > 0 ? smtp_next() : end_chunk(s, out);
}

struct step
smtp_bdat(struct smtp *s, view argument, struct buf *out)
{
	result r = smtp_parse_bdat(argument, &s->chunk, &s->last_chunk);

	/* Without a size nobody knows where the next command begins; and who
	 * closes says 421 (RFC 5321 3.8). */
	if (r.is != OK) {
		smtp_say(out, 501, "5.5.4", r.why);
		smtp_say(out, 421, "4.5.0", "Closing, as what follows cannot"
		    " be told apart");
		return (struct step){ .next = STEP_CLOSE };
	}
	s->refuse_chunk = (s->state & (SMTP_RCPT | SMTP_CHUNKS)) == 0;
	if (!s->refuse_chunk && s->state != SMTP_CHUNKS) {
		begin_text(s, true);
		s->state = SMTP_CHUNKS;
	}
	s->mode = MODE_CHUNK;
	return s->chunk > 0 ? smtp_next() : end_chunk(s, out);
}
