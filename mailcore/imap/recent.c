#include "mailcore/imap/recent.h"

#include "mailcore/imap/box_cache.h"
#include "mailcore/store/right.h"

/* RFC 3501 2.3.2: only a session that may change the mailbox takes \Recent
 * from those after it.  RFC 4314 4: what was seen is the right "s". */
static bool
keeps(const struct imap *s)
{
	return !s->rev2 && !s->box->read_only
	    && (s->rights & RIGHT_SEEN) != 0;
}

static void
take(struct imap *s, int64_t from, int64_t to)
{
	if (s->rev2 || from > to)
		return;
	from = box_cache_claim(s->services->cache, s->owner,
	    s->box->collection, from, to, keeps(s));
	if (from <= to)
		box_add_recent(s->box, (uint32_t)from, (uint32_t)to);
}

static result
claim(struct account *a, void *context)
{
	const struct box *b = context;

	return collection_claim_recent(a, b->collection, b->recent_from);
}

/* When it fails, messages are \Recent once more: no reason to fail. */
static void
keep(struct imap *s, struct account *a, int64_t up_to)
{
	s->box->recent_from = up_to;
	(void)account_write(a, claim, s->box, DURABLE_LAZY).is;
}

void
recent_opened(struct imap *s, struct command *c)
{
	const struct box *b = s->box;

	take(s, b->recent_from, (int64_t)b->uid_next - 1);
	if (b->recent_from < b->uid_next && keeps(s))
		keep(s, c->account, b->uid_next);
}

void
recent_arrived(struct imap *s)
{
	const struct box *b = s->box;

	if (b->count > b->told)
		take(s, b->messages[b->told].uid, box_last_uid(b));
}

void
recent_left(struct imap *s)
{
	const struct box *b = s->box;
	struct account *a = NULL;
	int64_t up_to;

	if (b == NULL || b->recent_count == 0 || !keeps(s))
		return;
	up_to = (int64_t)b->recent[b->recent_count - 1].to + 1;
	if (up_to <= b->recent_from)
		return;
	if (account_open(s->services->store, s->owner, &a).is == OK)
		keep(s, a, up_to);
	account_close(&a);
}

void
recent_forget(struct imap *s)
{
	if (s->box != NULL)
		s->box->recent_count = s->box->recent_told = 0;
}

uint64_t
recent_count(const struct imap *s, const struct collection *c)
{
	struct account *a = s->command->account;
	int64_t from, known = c->recent_from, more = 0;
	size_t count = 0;

	if (s->rev2)
		return 0;
	from = box_cache_claim(s->services->cache, account_id(a), c->id, known,
	    0, false);
	if (s->box != NULL && s->owner == account_id(a)
	    && s->box->collection == c->id) {
		int64_t next = (int64_t)box_last_uid(s->box) + 1;

		count = box_count_recent(s->box);
		from = from > next ? from : next;
	}
	if (from < c->uid_next
	    && collection_count_from(a, c->id, from, &more).is != OK)
		more = 0; /* it goes meanwhile */
	return count + (uint64_t)more;
}
