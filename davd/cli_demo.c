#include "davd/cli_demo.h"

#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/ical.h"
#include "mailcore/format/vcard.h"
#include "mailcore/smtp/deliver.h"
#include "mailcore/store/item.h"

#include <openssl/evp.h>

enum { DEMO_TEXT = 16384, DEMO_ARENA = 1 << 20, DAY = 86400 };

struct demo {
	struct store *store;
	struct arena *arena;
	view address;
	int64_t now;
	int64_t shown; /* {date} */
};

static void
add_day(const struct demo *d, int64_t days, struct buf *out)
{
	struct date date = date_of(d->now + days * DAY);

	buf_print(out, "%04d%02d%02d", date.year, date.month, date.day);
}

static void
add_blank(const struct demo *d, view name, struct buf *out)
{
	view domain = d->address;
	int weekday = date_of(d->now).weekday;
	uint64_t days;

	(void)view_cut(&domain, '@');
	if (view_eq(name, VIEW("address")))
		buf_add(out, d->address);
	else if (view_eq(name, VIEW("domain")))
		buf_add(out, domain);
	else if (view_eq(name, VIEW("date")))
		date_add_rfc5322(out, d->shown);
	else if (view_eq(name, VIEW("monday")))
		add_day(d, 1 - (weekday == 0 ? 7 : weekday), out);
	else if (view_starts(name, VIEW("day+"))
	    && view_number(view_from(name, 4), 365, &days))
		add_day(d, (int64_t)days, out);
}

static void
make_text(const struct demo *d, const struct demo_text *text, struct buf *out)
{
	for (size_t i = 0; i < text->count; i++) {
		view line = view_of(text->lines[i]);
		size_t open;

		while ((open = view_find_byte(line, '{')) != SIZE_MAX) {
			buf_add(out, view_first(line, open));
			line = view_from(line, open + 1);
			add_blank(d, view_cut(&line, '}'), out);
		}
		buf_add(out, line);
		buf_add(out, VIEW("\r\n"));
	}
}

static result
add_message(struct demo *d, int64_t account, const struct demo_text *text)
{
	struct buf bytes = buf_new(DEMO_TEXT);
	result r;

	d->shown = d->now - (int64_t)text->minutes * 60;
	make_text(d, text, &bytes);
	r = buf_result(&bytes);
	if (r.is == OK)
		r = deliver_append(d->store, account, view_of(text->name),
		    buf_view(&bytes), d->shown, text->flags);
	buf_free(&bytes);
	return r;
}

/* As DAV has it: half the hash of the very bytes. */
static view
etag_of(struct arena *arena, view bytes)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf hex = buf_new(2 * sizeof digest);
	view etag = VIEW("");

	if (EVP_Digest(bytes.p, bytes.n, digest, NULL, EVP_sha256(), NULL)
	    == 1) {
		encode_hex(&hex, (view){ (const char *)digest, 16 });
		etag = arena_copy(arena, buf_view(&hex));
	}
	buf_free(&hex);
	return etag;
}

struct resource {
	enum collection_kind kind;
	struct arena *arena;
	struct item_new item;
};

static result
add_item(struct account *account, void *context)
{
	struct resource *resource = context;
	struct collection collection;
	struct item item;

	TRY(collection_find(account, resource->arena, resource->kind,
	    VIEW("personal"), &collection));
	return item_add(account, collection.id, &resource->item, &item);
}

static result
examine(struct resource *resource, view bytes)
{
	struct ical_facts event;
	struct vcard_facts card;

	if (resource->kind == COLLECTION_ADDRESSBOOK) {
		TRY(vcard_examine(bytes, resource->arena, &card));
		resource->item.key = card.uid;
		return done();
	}
	TRY(ical_examine(bytes, resource->arena, &event));
	resource->item.key = event.uid;
	resource->item.component = event.component;
	resource->item.span_from = event.span_from;
	resource->item.span_to = event.span_to;
	resource->item.times = event.times;
	return done();
}

static result
add_resource(struct demo *d, struct account *account,
    enum collection_kind kind, const struct demo_text *text)
{
	struct buf bytes = buf_new(DEMO_TEXT);
	struct spool *spool = spool_new(d->store, LIMIT_CALENDAR_OBJECT);
	struct resource resource = { kind, d->arena,
		{ .name = view_of(text->name), .received = d->now,
		    .bytes = spool } };
	result r;

	make_text(d, text, &bytes);
	r = examine(&resource, buf_view(&bytes));
	resource.item.etag = etag_of(d->arena, buf_view(&bytes));
	spool_add(spool, buf_view(&bytes));
	if (r.is == OK)
		r = spool_result(spool);
	if (r.is == OK)
		r = item_prepare(account, spool);
	if (r.is == OK)
		r = account_write(account, add_item, &resource, DURABLE_LATER);
	spool_free(&spool);
	buf_free(&bytes);
	return r;
}

static result
add_resources(struct demo *d, int64_t id)
{
	struct account *account = NULL;
	result r = account_open(d->store, id, &account);

	for (size_t i = 0; i < demo_event_count && r.is == OK; i++)
		r = add_resource(d, account, COLLECTION_CALENDAR,
		    &demo_events[i]);
	for (size_t i = 0; i < demo_contact_count && r.is == OK; i++)
		r = add_resource(d, account, COLLECTION_ADDRESSBOOK,
		    &demo_contacts[i]);
	if (account != NULL)
		account_close(&account);
	return r;
}

result
cli_demo_fill(struct store *store, int64_t account, view address, int64_t now)
{
	struct demo d = { .store = store, .arena = arena_new(DEMO_ARENA),
		.address = address, .now = now };
	result r = done();

	for (size_t i = 0; i < demo_message_count && r.is == OK; i++)
		r = add_message(&d, account, &demo_messages[i]);
	if (r.is == OK)
		r = add_resources(&d, account);
	arena_free(&d.arena);
	return r;
}
