/*
 * store_help.h - a store in a temporary folder, for the tests of the store.
 */
#ifndef TESTS_STORE_HELP_H
#define TESTS_STORE_HELP_H

#include "mailcore/store/domain.h"
#include "mailcore/store/item.h"
#include "tests/tap.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct home {
	char data[256];
	struct store *store;
	struct arena *arena;
};

/* Stops the test: what follows makes no sense without. */
static inline void
must(result r, const char *what)
{
	if (r.is == OK)
		return;
	printf("Bail out! %s: %s\n", what, r.why);
	exit(1);
}

static inline bool
is_result(result r, enum status wanted, const char *what)
{
	return ok(r.is == wanted, "%s (%d: %s)", what, (int)r.is, r.why);
}

static inline void
home_reopen(struct home *h, const char *journal)
{
	struct store_options options = { .data = h->data,
		.journal = journal, .idle_accounts = 256 };

	must(store_open(&h->store, &options), "store_open");
}

static inline void
home_begin(struct home *h)
{
	const char *tmp = getenv("TMPDIR");
	int64_t id;

	(void)snprintf(h->data, sizeof h->data, "%s/store-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(h->data) == NULL)
		must(fail(FAILED, "mkdtemp"), h->data);
	must(store_recover(h->data), "store_recover");
	home_reopen(h, "test");
	h->arena = arena_new(1 << 26);
	must(domain_add(h->store, VIEW("example.org"), VIEW(""), &id),
	    "domain_add");
}

static inline int
home_remove_one(const char *path, const struct stat *st, int kind,
    struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline void
home_end(struct home *h)
{
	store_close(&h->store);
	arena_free(&h->arena);
	(void)nftw(h->data, home_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* An account user<n>@example.org; returns its id. */
static inline int64_t
home_person(struct home *h, int n)
{
	view address = arena_print(h->arena, "user%d@example.org", n);
	int64_t id;

	must(account_add(h->store, address, VIEW("Somebody"), VIEW("{X}x"),
		 &id),
	    "account_add");
	return id;
}

static inline struct account *
home_open(struct home *h, int64_t id)
{
	struct account *a;

	must(account_open(h->store, id, &a), "account_open");
	return a;
}

static inline int64_t
home_collection(struct home *h, struct account *a, enum collection_kind kind,
    const char *name)
{
	struct collection c;

	must(collection_find(a, h->arena, kind, view_of(name), &c), name);
	return c.id;
}

/* Every write of these tests: fill in what is needed, run, look at r. */
enum change_kind { ADD, REPLACE, REMOVE, COPY, MOVE, FLAGS, MAKE, RENAME,
	DROP };

struct change {
	enum change_kind kind;
	enum collection_kind of;
	int64_t collection;
	int64_t to;
	uint32_t uid;
	uint32_t flags;
	int64_t unchanged_since;
	int64_t modseq;
	view name;
	view expected;
	view bytes;
	struct item_new item;
	struct item out;
};

static inline result
change_work(struct account *a, void *context)
{
	struct change *c = context;

	switch (c->kind) {
	case ADD:
		return item_add(a, c->collection, &c->item, &c->out);
	case REPLACE:
		return item_replace(a, c->collection, c->uid, c->expected,
		    &c->item, &c->out);
	case REMOVE:
		return item_remove(a, c->collection, c->uid, &c->modseq);
	case COPY:
		return item_copy(a, c->collection, c->uid, c->to, &c->out);
	case MOVE:
		return item_move(a, c->collection, c->uid, c->to, &c->out);
	case FLAGS:
		return item_set_flags(a, c->collection, c->uid, c->flags,
		    c->item.keywords, c->unchanged_since, &c->modseq);
	case MAKE:
		return collection_add(a, c->of, c->name, VIEW(""), USE_NONE,
		    &c->to);
	case RENAME:
		return collection_rename(a, c->collection, c->name);
	case DROP:
		return collection_remove(a, c->collection);
	}
	return fail(FAILED, "no such change");
}

static inline result
change_run_as(struct home *h, struct account *a, struct change *c,
    enum durable durable)
{
	bool bytes = c->kind == ADD || c->kind == REPLACE;
	result r = done();

	if (bytes) {
		c->item.bytes = spool_new(h->store, UINT64_MAX);
		spool_add(c->item.bytes, c->bytes);
		r = item_prepare(a, c->item.bytes);
	}
	if (r.is == OK)
		r = account_write(a, change_work, c, durable);
	if (bytes)
		spool_free(&c->item.bytes);
	return r;
}

static inline result
change_run(struct home *h, struct account *a, struct change *c)
{
	return change_run_as(h, a, c, DURABLE);
}

#endif
