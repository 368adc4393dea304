#include "mailcore/push/due.h"

#include "mailcore/base/limits.h"

#include <stdlib.h>

enum { BUCKETS = 4096 };

struct entry {
	struct entry *next;
	int64_t account;
	int64_t none_until; /* it has no subscriptions, as far as we know */
	int64_t due;        /* 0: not */
	bool taken;
};

struct push_due {
	struct entry *buckets[BUCKETS];
	size_t count;
};

struct push_due *
push_due_new(void)
{
	struct push_due *d = calloc(1, sizeof *d);

	if (d == NULL)
		abort();
	return d;
}

/* Forget those that only say that there is nothing; all when `every`. */
static void
sweep(struct push_due *d, bool every)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct entry **at = &d->buckets[i];

		while (*at != NULL) {
			struct entry *e = *at;

			if (!every && (e->due != 0 || e->taken)) {
				at = &e->next;
				continue;
			}
			*at = e->next;
			free(e);
			d->count--;
		}
	}
}

void
push_due_free(struct push_due **dd)
{
	struct push_due *d = *dd;

	*dd = NULL;
	if (d == NULL)
		return;
	sweep(d, true);
	free(d);
}

static struct entry **
place_of(struct push_due *d, int64_t account)
{
	struct entry **at = &d->buckets[(uint64_t)account % BUCKETS];

	while (*at != NULL && (*at)->account != account)
		at = &(*at)->next;
	return at;
}

/* NULL: too many are waiting; the next change brings it back. */
static struct entry *
entry_of(struct push_due *d, int64_t account)
{
	struct entry **at = place_of(d, account);

	if (*at != NULL)
		return *at;
	if (d->count >= LIMIT_PUSH_ACCOUNTS) {
		sweep(d, false);
		at = place_of(d, account);
	}
	if (d->count >= LIMIT_PUSH_ACCOUNTS)
		return NULL;
	*at = calloc(1, sizeof **at);
	if (*at == NULL)
		abort();
	(*at)->account = account;
	d->count++;
	return *at;
}

bool
push_due_add(struct push_due *d, int64_t account, int64_t now, int64_t when,
    bool fresh)
{
	struct entry *e = entry_of(d, account);

	if (e == NULL)
		return false;
	if (fresh)
		e->none_until = 0;
	if (e->none_until > now || (e->due != 0 && e->due <= when))
		return false;
	e->due = when;
	return true;
}

int64_t
push_due_take(struct push_due *d, int64_t now, int64_t *next)
{
	struct entry *first = NULL;

	*next = INT64_MAX;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct entry *e = d->buckets[i]; e != NULL; e = e->next)
			if (!e->taken && e->due != 0
			    && (first == NULL || e->due < first->due))
				first = e;
	if (first == NULL)
		return 0;
	*next = first->due;
	if (first->due > now)
		return 0;
	first->taken = true;
	first->due = 0;
	return first->account;
}

void
push_due_done(struct push_due *d, int64_t account, int64_t now, int64_t when)
{
	struct entry *e = *place_of(d, account);

	if (e == NULL)
		return;
	e->taken = false;
	/* What has come meanwhile may be the first subscription. */
	e->none_until = when < 0 && e->due == 0 ? now - when : 0;
	if (when > 0 && (e->due == 0 || when < e->due))
		e->due = when;
}
