#include "mailcore/pop3/maildrop.h"

#include "mailcore/base/heap.h"
#include "mailcore/store/item.h"

#include <stdlib.h>

enum { LOOKUP_BUDGET = 65536 };

struct filling {
	struct maildrop *drop;
	size_t room;
};

static result
add_message(void *context, const struct item *item)
{
	struct filling *f = context;
	struct maildrop *d = f->drop;

	d->messages = heap_more(d->messages, d->count, &f->room,
	    sizeof *d->messages);
	d->messages[d->count++] = (struct message){
		.body = item->body, .size = item->size, .uid = item->uid
	};
	return done();
}

static result
fill(struct account *account, void *context)
{
	struct filling *f = context;
	struct arena *arena = arena_new(LOOKUP_BUDGET);
	struct collection inbox;
	result r = collection_find(account, arena, COLLECTION_MAILBOX,
	    VIEW("INBOX"), &inbox);

	f->drop->count = 0;
	if (r.is == OK) {
		f->drop->collection = inbox.id;
		f->drop->uid_validity = inbox.uid_validity;
		r = item_each(account, inbox.id, 1, UINT32_MAX, add_message,
		    f);
	}
	arena_free(&arena);
	return r;
}

result
maildrop_open(struct store *store, int64_t id, struct maildrop *d)
{
	struct filling f = { .drop = d };
	struct account *account = NULL;
	result r;

	*d = (struct maildrop){ .account = id };
	r = account_open(store, id, &account);
	if (r.is != OK)
		return r;
	r = account_read(account, fill, &f);
	account_close(&account);
	if (r.is != OK)
		maildrop_close(d);
	return r;
}

void
maildrop_close(struct maildrop *d)
{
	free(d->messages);
	*d = (struct maildrop){ .account = 0 };
}

void
maildrop_total(const struct maildrop *d, size_t *count, uint64_t *octets)
{
	*count = 0;
	*octets = 0;
	for (size_t i = 0; i < d->count; i++) {
		if (d->messages[i].deleted)
			continue;
		++*count;
		*octets += d->messages[i].size;
	}
}

void
maildrop_reset(struct maildrop *d)
{
	for (size_t i = 0; i < d->count; i++)
		d->messages[i].deleted = false;
}

static result
remove_marked(struct account *account, void *context)
{
	const struct maildrop *d = context;

	for (size_t i = 0; i < d->count; i++) {
		int64_t modseq;
		result r;

		if (!d->messages[i].deleted)
			continue;
		r = item_remove(account, d->collection, d->messages[i].uid,
		    &modseq);
		if (r.is != OK && r.is != NOT_FOUND)
			return r;
	}
	return done();
}

result
maildrop_update(struct store *store, struct maildrop *d)
{
	struct account *account = NULL;
	size_t marked = 0;
	result r;

	for (size_t i = 0; i < d->count; i++)
		marked += d->messages[i].deleted ? 1 : 0;
	if (marked == 0)
		return done();
	r = account_open(store, d->account, &account);
	if (r.is != OK)
		return r;
	r = account_write(account, remove_marked, d, DURABLE);
	account_close(&account);
	return r;
}

result
maildrop_read(struct store *store, const struct maildrop *d,
    const struct message *m, maildrop_use *use, void *context)
{
	struct account *account = NULL;
	struct body body;
	result r = account_open(store, d->account, &account);

	if (r.is != OK)
		return r;
	r = body_open(account, m->body, &body);
	if (r.is == OK) {
		use(context, body.bytes);
		body_close(&body);
	}
	account_close(&account);
	return r;
}
