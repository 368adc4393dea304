#include "mailcore/smtp/deliver.h"

#include "mailcore/base/ascii.h"
#include "mailcore/format/message.h"
#include "mailcore/format/wire.h"
#include "mailcore/smtp/deliver_inside.h"
#include "mailcore/smtp/header.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

enum {
	/* Envelope and structure of the worst message that the MIME limits
	 * allow; only what is used is allocated. */
	SUMMARY_BUDGET = 64 * 1024 * 1024,
	LINE_MOST = 400
};

result
deliver_write(struct account *account, struct deliver_item *d)
{
	struct arena *arena = arena_new(SUMMARY_BUDGET);
	struct message_summary m;
	struct item_summary summary;
	view message;
	result r = spool_view(d->item.bytes, &message);

	if (r.is == OK)
		r = message_summarise(message, arena, &m);
	if (r.is == OK) {
		summary = (struct item_summary){
			.envelope = m.envelope,
			.body = m.body,
			.bodystructure = m.bodystructure,
			.header = m.header,
			.sent = m.sent,
		};
		d->item.summary = &summary;
		r = item_prepare(account, d->item.bytes);
	}
	if (r.is == OK)
		r = account_write(account, d->work, d, DURABLE_LATER);
	d->item.summary = NULL;
	arena_free(&arena);
	return r;
}

/* One message for one mailbox. */
struct append {
	struct deliver_item item; /* first: it is the context */
	view mailbox;
};

static result
append_item(struct account *account, void *context)
{
	struct append *a = context;
	struct arena *arena = arena_new(LIMIT_SMTP_LINE);
	struct collection mailbox;
	struct item item;
	result r = collection_find(account, arena, COLLECTION_MAILBOX,
	    a->mailbox, &mailbox);

	if (r.is == OK)
		r = item_add(account, mailbox.id, &a->item.item, &item);
	arena_free(&arena);
	return r;
}

result
deliver_append(struct store *store, int64_t id, view mailbox, view message,
    int64_t received, uint32_t flags)
{
	struct buf text = buf_new(2 * message.n + 2);
	struct wire wire = { .state = WIRE_LINE_START };
	struct spool *spool = spool_new(store, 2 * message.n + 2);
	struct append a = { .item = { .work = append_item },
		.mailbox = mailbox };
	struct account *account = NULL;
	result r;

	wire_add(&wire, message, &text);
	wire_end(&wire, &text);
	spool_add(spool, buf_view(&text));
	a.item.item.received = received;
	a.item.item.flags = flags;
	a.item.item.bytes = spool;
	r = buf_result(&text);
	if (r.is == OK)
		r = account_open(store, id, &account);
	if (r.is == OK)
		r = deliver_write(account, &a.item);
	account_close(&account);
	spool_free(&spool);
	buf_free(&text);
	return r;
}

view
deliver_line(struct arena *arena, view text)
{
	char *to;

	text = view_first(view_trim(text), LINE_MOST);
	to = arena_alloc(arena, text.n + 1);
	for (size_t i = 0; to != NULL && i < text.n; i++)
		to[i] = ascii_is_graph(text.p[i]) ? text.p[i]
		    : ascii_is_space(text.p[i]) ? ' ' : '?';
	return to == NULL ? VIEW("") : (view){ to, text.n };
}

static bool
is_full(struct plan *p)
{
	struct account_info info;

	if (account_get(p->store, p->arena, p->info.id, &info).is != OK)
		return false;
	return info.quota > 0
	    && (info.used >= info.quota
		|| p->size > (uint64_t)(info.quota - info.used));
}

/* Without room the mail is still sent on (and then not missed here). */
static result
file(struct plan *p, struct deliver_outcome *out)
{
	result r = plan_file(p);

	if (r.is != NO_SPACE || !is_full(p))
		return r;
	if (plan_find(p, SIEVE_REDIRECT) == NULL) {
		out->full = true;
		return done();
	}
	log_line(LOG_WARNING, "deliver.full", "id=%.*s account=%lld",
	    LOG_VIEW(p->mail->id), (long long)p->info.id);
	return done();
}

static result
deliver(struct plan *p, struct deliver_outcome *out)
{
	const struct sieve_action *reject;

	TRY(plan_make(p));
	reject = plan_find(p, SIEVE_REJECT);
	if (reject != NULL) {
		TRY(plan_notify(p, &out->queued));
		out->refusal = deliver_line(p->arena, reject->text.n > 0
		    ? reject->text : VIEW("The recipient refuses this mail"));
		return arena_result(p->arena);
	}
	TRY(file(p, out));
	if (out->full)
		return done();
	plan_invite(p);
	TRY(plan_send(p, &out->queued));
	return plan_remember(p);
}

result
deliver_account(struct store *store, struct arena *arena,
    const struct deliver_mail *mail, const struct target *to,
    const struct verdict *verdict, struct deliver_outcome *out)
{
	struct plan p = { .store = store, .arena = arena, .mail = mail,
		.to = to, .verdict = verdict, .now = clock_now() };
	result r;

	*out = (struct deliver_outcome){ .full = false };
	TRY(account_open(store, to->account, &p.account));
	r = deliver(&p, out);
	account_close(&p.account);
	arena_free(&p.script);
	return r;
}
