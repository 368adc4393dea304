/* What a delivery sends: mail that goes on, and automatic replies. */
#include "mailcore/base/encode.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/address.h"
#include "mailcore/format/mime.h"
#include "mailcore/smtp/deliver_inside.h"
#include "mailcore/smtp/sign.h"
#include "mailcore/smtp/srs.h"
#include "mailcore/smtp/vacation.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

static bool
is_ours(struct store *store, struct arena *arena, view address)
{
	struct domain domain;

	(void)view_cut_last(&address, '@');
	return domain_canonical(store, arena, address, &domain).is == OK;
}

/* The reverse-path for mail that `via` sends on to `to`.  Where SPF is not
 * asked, or allows us, the true one stays. */
static result
sender_for(struct store *store, struct arena *arena, view sender, view to,
    view via, view *out)
{
	unsigned char key[SRS_KEY];
	view domain = via;
	result r;

	*out = sender;
	if (sender.n == 0 || is_ours(store, arena, sender)
	    || is_ours(store, arena, to))
		return arena_result(arena);
	(void)view_cut_last(&domain, '@');
	TRY(srs_key(store, key));
	r = srs_forward(key, arena, sender, domain, clock_now(), out);
	/* Then its bounces come to whoever sends it on. */
	if (r.is == OVER_LIMIT) {
		*out = via;
		return done();
	}
	return r;
}

bool
deliver_was_here(const struct deliver_mail *mail, view via)
{
	return plan_was_here(view_first(mail->message,
	    header_length(mail->message)), via);
}

/* What we saw of the message when it came, for those that trust us. */
static void
seal(struct store *store, const struct deliver_mail *mail,
    const struct onward *on, struct buf *out)
{
	const struct sign_services signing = { .store = store,
		.signer = mail->signer, .hostname = mail->hostname };
	view domain = on->via;

	(void)view_cut_last(&domain, '@');
	sign_forwarded(&signing, domain, on->verdict, mail->message, out);
}

result
deliver_forward(struct store *store, struct arena *arena,
    const struct deliver_mail *mail, const struct onward *on)
{
	struct queue_new q = { .recipients = &on->to, .count = 1,
		.eightbit = !utf8_is_ascii(mail->message) };
	struct buf text = buf_new(mail->message.n + LIMIT_HEADER);
	int64_t id = 0;
	result r;

	if (deliver_was_here(mail, on->via))
		return fail(MALFORMED, "RFC 5321 6.3: a mail loop");
	seal(store, mail, on, &text);
	buf_print(&text, "Delivered-To: %.*s\r\n", (int)on->via.n,
	    on->via.p);
	buf_add(&text, mail->message);
	q.data = buf_view(&text);
	r = sender_for(store, arena, mail->sender, on->to, on->via,
	    &q.sender);
	q.smtputf8 = on->smtputf8 || !utf8_is_ascii(on->to)
	    || !utf8_is_ascii(q.sender);
	if (r.is == OK)
		r = buf_result(&text);
	if (r.is == OK)
		r = queue_add(store, &q, &id);
	if (r.is == OK)
		log_line(LOG_INFO, "deliver.forward",
		    "id=%.*s queue=%lld", LOG_VIEW(mail->id),
		    (long long)id);
	buf_free(&text);
	return r;
}

view
plan_from(struct plan *p, view wanted, view *name)
{
	struct account_info info;
	struct mailbox_address *list;
	size_t count;

	*name = VIEW("");
	if (wanted.n == 0 || address_list_parse(wanted, p->arena, &list,
	    &count).is != OK || count != 1)
		return p->info.address;
	wanted = arena_print(p->arena, "%.*s@%.*s", (int)list[0].local.n,
	    list[0].local.p, (int)list[0].domain.n, list[0].domain.p);
	if (account_find(p->store, p->arena, wanted, &info).is != OK
	    || info.id != p->info.id)
		return p->info.address;
	*name = list[0].name;
	return wanted;
}

void
plan_sign(const struct plan *p, view text, struct buf *out)
{
	const struct sign_services signing = { .store = p->store,
		.signer = p->mail->signer, .hostname = p->mail->hostname };
	size_t n = header_length(text);

	sign_outgoing(&signing, p->info.id, p->info.address,
	    view_first(text, n), view_from(text, n), out);
	buf_add(out, text);
}

static result
reply(struct plan *p, const struct sieve_action *a)
{
	struct buf text = buf_new(4 * (size_t)LIMIT_VACATION_TEXT + 65536);
	struct buf whole = buf_new(text.limit + LIMIT_HEADER);
	view name, from = plan_from(p, a->from, &name);
	struct vacation_reply v = {
		.hostname = p->mail->hostname,
		.id = arena_print(p->arena, "%.*s.%lld",
		    (int)p->mail->id.n, p->mail->id.p, (long long)p->info.id),
		.from = from,
		.from_name = name,
		.to = p->mail->sender,
		.subject = a->subject,
		.text = a->text,
		.mime = a->mime,
		.header = p->header,
		.now = p->now,
	};
	struct queue_new q = { .recipients = &p->mail->sender, .count = 1,
		.account = p->info.id };
	int64_t id = 0;
	result r;

	/* The plain setting knows macros, a script has variables. */
	if (view_eq(a->text, p->handling.vacation_text)) {
		v.subject = vacation_fill(v.subject, &v, p->arena);
		v.text = vacation_fill(v.text, &v, p->arena);
	}
	vacation_write(&v, p->arena, &text);
	plan_sign(p, buf_view(&text), &whole);
	q.data = buf_view(&whole);
	q.smtputf8 = !utf8_is_ascii(p->mail->sender)
	    || !utf8_is_ascii(v.from);
	q.eightbit = !utf8_is_ascii(q.data);
	r = arena_result(p->arena);
	if (r.is == OK)
		r = buf_result(&whole);
	if (r.is == OK)
		r = queue_add(p->store, &q, &id);
	buf_free(&text);
	buf_free(&whole);
	log_line(LOG_INFO, "deliver.reply", "id=%.*s account=%lld queue=%lld",
	    LOG_VIEW(p->mail->id), (long long)p->info.id, (long long)id);
	return r;
}

result
plan_send(struct plan *p, bool *queued)
{
	bool utf8 = !utf8_is_ascii(p->header);

	for (const struct sieve_action *a = p->actions; a != NULL;
	    a = a->next) {
		result r = done();

		const struct onward on = { .to = a->text,
			.via = p->info.address, .smtputf8 = utf8,
			.verdict = p->verdict };

		if (a->kind == SIEVE_REDIRECT)
			r = deliver_forward(p->store, p->arena, p->mail,
			    &on);
		else if (a->kind == SIEVE_VACATION && p->fresh)
			r = reply(p, a);
		else
			continue;
		TRY(r);
		*queued = true;
	}
	return plan_notify(p, queued);
}

/* A bounce of what we have sent on, to whom it came from. */
static result
send_back(struct store *store, const struct deliver_mail *mail, view to)
{
	const struct queue_new q = { .sender = mail->sender,
		.recipients = &to, .count = 1, .data = mail->message,
		.smtputf8 = !utf8_is_ascii(to),
		.eightbit = !utf8_is_ascii(mail->message) };
	int64_t id;

	return queue_add(store, &q, &id);
}

static result
deliver_target(struct store *store, struct arena *arena,
    const struct deliver_mail *mail, const struct target *to,
    struct deliver_outcome *out)
{
	struct deliver_outcome one = { .queued = true };
	const struct onward on = { .to = to->address, .via = to->via };

	if (to->account == 0 && to->via.n == 0)
		TRY(send_back(store, mail, to->address));
	else if (to->account == 0)
		TRY(deliver_forward(store, arena, mail, &on));
	else
		TRY(deliver_account(store, arena, mail, to, NULL, &one));
	out->queued = out->queued || one.queued;
	out->full = out->full || one.full;
	if (one.refusal.n > 0)
		out->refusal = one.refusal;
	out->taken += one.full || one.refusal.n > 0 ? 0 : 1;
	return done();
}

result
deliver_address(struct store *store, struct arena *arena,
    const struct deliver_mail *mail, view address,
    struct deliver_outcome *out)
{
	const struct expand_who who = { .null_sender = mail->sender.n == 0 };
	struct expansion e;
	result r = expand_address(store, arena, address, &who, &e);

	*out = (struct deliver_outcome){
		.refusal = deliver_line(arena, e.refusal) };
	TRY(r);
	for (const struct target *t = e.first; t != NULL; t = t->next)
		TRY(deliver_target(store, arena, mail, t, out));
	return done();
}
