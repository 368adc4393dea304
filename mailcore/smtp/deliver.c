#include "mailcore/smtp/deliver.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/message.h"
#include "mailcore/format/wire.h"
#include "mailcore/smtp/header.h"
#include "mailcore/store/alias.h"
#include "mailcore/store/item.h"
#include "mailcore/sys/clock.h"

enum {
	/* Envelope and structure of the worst message that the MIME limits
	 * allow; only what is used is allocated. */
	SUMMARY_BUDGET = 64 * 1024 * 1024,
	LOOKUP_BUDGET = 64 * 1024 * 1024,
	/* Two addresses, whose local parts may be quoted byte by byte. */
	HEAD_MOST = 4 * LIMIT_ADDRESS + 1024
};

/* One message for one mailbox. */
struct delivery {
	view mailbox;
	struct item_new item;
};

static result
add_item(struct account *account, void *context)
{
	struct delivery *d = context;
	struct arena *arena = arena_new(LIMIT_SMTP_LINE);
	struct collection mailbox;
	struct item item;
	result r = collection_find(account, arena, COLLECTION_MAILBOX,
	    d->mailbox, &mailbox);

	if (r.is == OK)
		r = item_add(account, mailbox.id, &d->item, &item);
	arena_free(&arena);
	return r;
}

static result
write_item(struct store *store, int64_t id, struct delivery *d)
{
	struct account *account = NULL;
	result r = account_open(store, id, &account);

	if (r.is != OK)
		return r;
	r = item_prepare(account, d->item.bytes);
	if (r.is == OK)
		r = account_write(account, add_item, d, DURABLE_LATER);
	account_close(&account);
	return r;
}

static result
deliver_spool(struct store *store, int64_t account, struct delivery *d)
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
		r = write_item(store, account, d);
		d->item.summary = NULL;
	}
	arena_free(&arena);
	return r;
}

result
deliver_local(struct store *store, int64_t account, view sender,
    view recipient, view message)
{
	struct buf head = buf_new(HEAD_MOST);
	struct spool *spool;
	struct delivery d = { .mailbox = VIEW("INBOX") };
	result r;

	header_delivery(&head, sender, recipient);
	spool = spool_new(store, head.limit + message.n);
	spool_add(spool, buf_view(&head));
	spool_add(spool, message);
	d.item.received = clock_now();
	d.item.bytes = spool;
	r = buf_result(&head);
	if (r.is == OK)
		r = deliver_spool(store, account, &d);
	spool_free(&spool);
	buf_free(&head);
	return r;
}

result
deliver_append(struct store *store, int64_t account, view mailbox,
    view message, int64_t received, uint32_t flags)
{
	struct buf text = buf_new(2 * message.n + 2);
	struct wire wire = { .state = WIRE_LINE_START };
	struct spool *spool = spool_new(store, 2 * message.n + 2);
	struct delivery d = { .mailbox = mailbox };
	result r;

	wire_add(&wire, message, &text);
	wire_end(&wire, &text);
	spool_add(spool, buf_view(&text));
	d.item.received = received;
	d.item.flags = flags;
	d.item.bytes = spool;
	r = buf_result(&text);
	if (r.is == OK)
		r = deliver_spool(store, account, &d);
	spool_free(&spool);
	buf_free(&text);
	return r;
}

/* The first enabled account of `domain`, by the store's order. */
static result
find_any(struct store *store, struct arena *arena, view domain,
    struct account_info *out)
{
	struct account_info *all;
	size_t count;

	TRY(account_list(store, arena, domain, &all, &count));
	for (size_t i = 0; i < count; i++) {
		if (all[i].enabled) {
			*out = all[i];
			return done();
		}
	}
	return fail(NOT_FOUND, "RFC 5321 3.6.2: no such mailbox");
}

static result
find_info(struct store *store, struct arena *arena, view address, view domain,
    struct account_info *out)
{
	view rest = address;
	view local = view_cut_last(&rest, '@');
	struct domain hosted;
	struct destination to;
	result r = domain_canonical(store, arena, domain, &hosted);

	if (r.is == NOT_FOUND)
		return fail(MALFORMED, "not a domain of ours");
	TRY(r);
	r = alias_resolve(store, arena, address, clock_now(), &to);
	if (r.is == OK && to.kind != ALIAS_MAILBOX)
		r = fail(NOT_FOUND, "RFC 5321 3.6.2: no such mailbox");
	if (r.is == STALE)
		r = fail(NOT_FOUND, "this address is no longer valid");
	if (r.is == OK)
		*out = to.account;
	if (r.is == NOT_FOUND && view_same(local, VIEW("postmaster")))
		return find_any(store, arena, hosted.name, out);
	return r;
}

/* RFC 5321 4.5.1: <postmaster> without a domain is ours, whatever we host. */
static result
find_postmaster(struct store *store, struct arena *arena,
    struct account_info *out)
{
	struct domain *domains;
	size_t count;
	result r = fail(NOT_FOUND, "RFC 5321 4.5.1: no postmaster yet");

	TRY(domain_list(store, arena, &domains, &count));
	for (size_t i = 0; i < count && r.is == NOT_FOUND; i++)
		r = find_info(store, arena,
		    arena_print(arena, "postmaster@%.*s",
			(int)domains[i].name.n, domains[i].name.p),
		    domains[i].name, out);
	return r;
}

static result
has_room(struct store *store, int64_t account, uint64_t size)
{
	struct arena *arena = arena_new(LOOKUP_BUDGET);
	struct account_info info;
	result r = account_get(store, arena, account, &info);

	if (r.is == OK && info.quota > 0
	    && (info.used >= info.quota
		|| size > (uint64_t)(info.quota - info.used)))
		r = fail(NO_SPACE, "this mailbox is full");
	arena_free(&arena);
	return r;
}

result
deliver_room(struct store *store, int64_t account, view sender,
    view recipient, view message)
{
	struct buf head = buf_new(HEAD_MOST);
	result r;

	header_delivery(&head, sender, recipient);
	r = has_room(store, account, head.n + message.n);
	buf_free(&head);
	return r;
}

result
deliver_find(struct store *store, view address, view domain, int64_t *id)
{
	struct arena *arena = arena_new(LOOKUP_BUDGET);
	struct account_info info = { .id = 0 };
	result r = domain.n == 0
	    ? find_postmaster(store, arena, &info)
	    : find_info(store, arena, address, domain, &info);

	if (r.is == OK && !info.enabled)
		r = fail(DENIED, "this mailbox is switched off");
	else if (r.is == OK && info.quota > 0)
		r = has_room(store, info.id, 1);
	if (r.is == OK)
		*id = info.id;
	arena_free(&arena);
	return r;
}
