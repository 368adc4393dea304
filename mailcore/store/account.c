/* The pool of open databases. */
#include "mailcore/db/schema.h"
#include "mailcore/store/epoch.h"
#include "mailcore/store/inside.h"
#include "mailcore/sys/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	/* Idle handles that keep the pages they have read; the others keep
	 * their descriptors and statements only. */
	IDLE_WARM = 128,
	/* Handles that wait to be tidied up before they are closed. */
	LEAVING_MOST = 32
};

bool
account_folder(const char *data, int64_t id, char to[STORE_PATH])
{
	int n = snprintf(to, STORE_PATH, "%s/accounts/%02x/%lld", data,
	    (unsigned)(id & 255), (long long)id);

	return n > 0 && n < STORE_PATH;
}

bool
account_path(const char *data, int64_t id, char to[STORE_PATH])
{
	int n;

	if (id == HOUSE)
		n = snprintf(to, STORE_PATH, "%s/house/posthaste.db", data);
	else
		n = snprintf(to, STORE_PATH, "%s/accounts/%02x/%lld/account.db",
		    data, (unsigned)(id & 255), (long long)id);
	return n > 0 && n < STORE_PATH;
}

static struct slot **
find_slot(struct store *s, int64_t id)
{
	struct slot **at = &s->slots[(uint64_t)id % POOL_BUCKETS];

	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static struct slot *
take_slot(struct store *s, int64_t id)
{
	struct slot **at = find_slot(s, id);

	if (*at == NULL) {
		*at = calloc(1, sizeof **at);
		if (*at == NULL)
			abort();
		(*at)->id = id;
		(void)pthread_mutex_init(&(*at)->writing, NULL);
		(void)account_path(s->data, id, (*at)->path);
	}
	(*at)->handles++;
	s->open++;
	return *at;
}

static void
release_slot(struct store *s, struct slot *slot)
{
	struct slot **at = find_slot(s, slot->id);

	s->open--;
	if (--slot->handles > 0)
		return;
	*at = slot->next;
	(void)pthread_mutex_destroy(&slot->writing);
	free(slot);
}

void
pool_unlink(struct store *s, struct account *a)
{
	struct account **at = &a->slot->idle;

	while (*at != a)
		at = &(*at)->next_idle;
	*at = a->next_idle;
	if (a->older != NULL)
		a->older->newer = a->newer;
	else
		s->oldest = a->newer;
	if (a->newer != NULL)
		a->newer->older = a->older;
	else
		s->newest = a->older;
	s->idle--;
	if (a->warm) {
		if (s->coolest == a)
			s->coolest = a->newer;
		s->warm--;
	}
	a->warm = false;
	a->older = a->newer = a->next_idle = NULL;
}

void
pool_cool(struct store *s)
{
	struct account *a = s->coolest;

	s->coolest = a->newer;
	s->warm--;
	a->warm = false;
	db_close(&a->search);
	db_rest(a->db);
	buf_free(&a->record);
	a->record = buf_new(LIMIT_JOURNAL_RECORD);
}

static void
link_idle(struct store *s, struct account *a)
{
	a->next_idle = a->slot->idle;
	a->slot->idle = a;
	a->older = s->newest;
	if (s->newest != NULL)
		s->newest->newer = a;
	else
		s->oldest = a;
	s->newest = a;
	s->idle++;
	a->idle_since = clock_steady_ms();
	if (s->tender_sleeps) {
		s->tender_sleeps = false;
		(void)pthread_cond_signal(&s->tender_wakes);
	}
	a->warm = true;
	if (s->warm++ == 0)
		s->coolest = a;
	if (s->warm > IDLE_WARM)
		pool_cool(s);
}

static void
give_to_tender(struct store *s, struct account *a)
{
	a->next_idle = s->tired;
	s->tired = a;
	(void)pthread_cond_signal(&s->tender_wakes);
}

void
pool_destroy(struct account *a)
{
	struct store *s = a->store;

	db_close(&a->search);
	db_close(&a->db);
	buf_free(&a->record);
	(void)pthread_mutex_lock(&s->lock);
	release_slot(s, a->slot);
	(void)pthread_mutex_unlock(&s->lock);
	free(a);
}

static result
open_db(struct account *a)
{
	bool house = a->id == HOUSE;

	/* Only account_add makes databases. */
	if (access(a->slot->path, F_OK) != 0)
		return fail(NOT_FOUND, "no such account");
	TRY(db_open(&a->db, a->slot->path));
	if (house)
		return db_migrate(a->db, schema_house, schema_house_count);
	TRY(db_migrate(a->db, schema_account, schema_account_count));
	return epoch_follow(a);
}

static result
open_new(struct store *s, struct slot *slot, struct account **out)
{
	struct account *a = calloc(1, sizeof *a);
	result r;

	if (a == NULL)
		abort();
	a->store = s;
	a->slot = slot;
	a->id = slot->id;
	a->record = buf_new(LIMIT_JOURNAL_RECORD);
	r = open_db(a);
	if (r.is == OK)
		*out = a;
	else
		pool_destroy(a);
	return r;
}

static result
open_any(struct store *s, int64_t id, struct account **out)
{
	struct account *a;
	struct slot *slot = NULL;
	bool full = false;

	*out = NULL;
	(void)pthread_mutex_lock(&s->lock);
	slot = *find_slot(s, id);
	a = slot == NULL ? NULL : slot->idle;
	slot = NULL;
	if (a != NULL)
		pool_unlink(s, a);
	else if (s->open - s->idle >= LIMIT_OPEN_ACCOUNTS)
		full = true;
	else
		slot = take_slot(s, id);
	(void)pthread_mutex_unlock(&s->lock);
	if (full)
		return fail(BUSY, "too many accounts are in use");
	if (a == NULL)
		return open_new(s, slot, out);
	/* Another process may have removed it meanwhile; never the house. */
	if (id != HOUSE && access(a->slot->path, F_OK) != 0) {
		pool_destroy(a);
		return fail(NOT_FOUND, "no such account");
	}
	*out = a;
	return done();
}

result
account_open(struct store *s, int64_t id, struct account **out)
{
	*out = NULL;
	if (id <= HOUSE)
		return fail(NOT_FOUND, "no such account");
	return open_any(s, id, out);
}

result
house_open(struct store *s, struct account **out)
{
	return open_any(s, HOUSE, out);
}

/* The oldest of too many idle ones, unless the tender closes it. */
static struct account *
take_oldest(struct store *s)
{
	struct account *old = s->oldest;

	if (s->idle <= s->idle_most)
		return NULL;
	pool_unlink(s, old);
	if (db_waiting(old->db) < DB_WAL_PAGES_LEFT
	    || s->leaving >= LEAVING_MOST)
		return old;
	old->leaving = true;
	s->leaving++;
	give_to_tender(s, old);
	return NULL;
}

void
pool_put_back(struct store *s, struct account *a)
{
	struct account *old;

	link_idle(s, a);
	old = take_oldest(s);
	if (old == NULL)
		return;
	(void)pthread_mutex_unlock(&s->lock);
	pool_destroy(old);
	(void)pthread_mutex_lock(&s->lock);
}

/* A WAL that is written all the time is never moved whole, so that it does
 * not begin anew: then once in so many pages is enough. */
bool
pool_needs_checkpoint(struct slot *slot)
{
	if (slot->pages < slot->tried)
		slot->tried = 0;
	return slot->pages >= slot->tried + DB_WAL_PAGES;
}

void
account_close(struct account **account)
{
	struct account *a = *account;
	struct store *s;

	if (a == NULL)
		return;
	*account = NULL;
	s = a->store;
	(void)pthread_mutex_lock(&s->lock);
	if ((!pool_needs_checkpoint(a->slot) && a->prune == 0 && !a->forgets)
	    || a->slot->tired) {
		pool_put_back(s, a);
	} else {
		a->slot->tired = true;
		give_to_tender(s, a);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

int64_t
account_id(const struct account *a)
{
	return a->id;
}

void
pool_drop(struct store *s, int64_t id)
{
	struct account *a;
	struct slot *slot;

	do {
		(void)pthread_mutex_lock(&s->lock);
		slot = *find_slot(s, id);
		a = slot == NULL ? NULL : slot->idle;
		if (a != NULL)
			pool_unlink(s, a);
		(void)pthread_mutex_unlock(&s->lock);
		if (a != NULL)
			pool_destroy(a);
	} while (a != NULL);
}
