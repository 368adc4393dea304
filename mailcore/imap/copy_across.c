/* COPY and MOVE between accounts. */
#include "mailcore/imap/copying.h"

#include "mailcore/imap/box.h"
#include "mailcore/imap/notify.h"
#include "mailcore/store/item.h"

enum { MESSAGES = 64 }; /* at a time; and LIMIT_IMAP_PIECE times as many */

struct crossing {
	uint32_t uid;
	struct item item;
	struct item_summary summary;
	struct spool *spool;
	uint32_t made;
};

struct batch {
	struct copying *x;
	struct arena *arena;
	struct crossing list[MESSAGES];
	size_t count;
	uint64_t size;
	struct idset_writer from, to;
};

static void
batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		spool_free(&b->list[i].spool);
	b->count = 0;
	b->size = 0;
	arena_reset(b->arena);
}

static result
load(struct batch *b, uint32_t uid)
{
	struct account *a = b->x->c->account;
	struct crossing *m = &b->list[b->count];
	struct body body;

	*m = (struct crossing){ .uid = uid };
	TRY(item_get(a, b->arena, b->x->s->box->collection, uid, &m->item));
	TRY(item_summary(a, b->arena, m->item.body, &m->summary));
	TRY(arena_result(b->arena));
	TRY(body_open(a, m->item.body, &body));
	m->spool = spool_new(b->x->s->services->store, body.bytes.n);
	spool_add(m->spool, body.bytes);
	b->size += body.bytes.n;
	body_close(&body);
	b->count++;
	return spool_result(m->spool);
}

static result
add_batch(struct account *a, void *context)
{
	struct batch *b = context;

	for (size_t i = 0; i < b->count; i++) {
		struct crossing *m = &b->list[i];
		struct item_new new = { .received = m->item.received,
			.flags = m->item.flags,
			.keywords = m->item.keywords,
			.bytes = m->spool,
			.summary = &m->summary };
		struct item made;

		copying_flags(b->x, &new.flags, &new.keywords);
		TRY(item_add(a, b->x->to.there.id, &new, &made));
		m->made = made.uid;
	}
	return done();
}

static result
remove_sources(struct account *a, void *context)
{
	struct batch *b = context;
	int64_t modseq;

	for (size_t i = 0; i < b->count; i++) {
		result r = item_remove(a, b->x->s->box->collection,
		    b->list[i].uid, &modseq);

		if (r.is != OK && r.is != NOT_FOUND)
			return r;
	}
	return done();
}

static result
remove_made(struct account *a, void *context)
{
	struct batch *b = context;
	int64_t modseq;

	for (size_t i = 0; i < b->count; i++) {
		result r = item_remove(a, b->x->to.there.id, b->list[i].made,
		    &modseq);

		if (r.is != OK && r.is != NOT_FOUND)
			return r;
	}
	return done();
}

static result
take_away(struct batch *b)
{
	struct copying *x = b->x;
	result r = command_account_of(x->s, x->c, x->s->owner);

	if (r.is == OK)
		r = account_write(x->c->account, remove_sources, b, DURABLE);
	if (r.is == OK)
		return r;
	/* Rather once than twice. */
	if (command_account_of(x->s, x->c, x->to.owner).is == OK)
		(void)notify_write(x->s, x->c->account, remove_made, b,
		    x->out).is;
	return r;
}

static result
flush(struct batch *b)
{
	struct copying *x = b->x;

	if (b->count == 0)
		return done();
	TRY(command_account_of(x->s, x->c, x->to.owner));
	for (size_t i = 0; i < b->count; i++)
		TRY(item_prepare(x->c->account, b->list[i].spool));
	TRY(notify_write(x->s, x->c->account, add_batch, b, x->out));
	if (x->move)
		TRY(take_away(b));
	for (size_t i = 0; i < b->count; i++) {
		idset_put(&b->from, b->list[i].uid);
		idset_put(&b->to, b->list[i].made);
		x->copied++;
	}
	batch_clear(b);
	return command_account_of(x->s, x->c, x->s->owner);
}

static result
cross(struct batch *b)
{
	struct copying *x = b->x;
	const struct box *box = x->s->box;

	for (size_t i = 0; i < box->told; i++) {
		result r;

		if (!box_in(box, &x->set, x->c->uid, i))
			continue;
		r = load(b, box->messages[i].uid);
		/* One that somebody else expunged is no failure. */
		if (r.is != OK && r.is != NOT_FOUND)
			return r;
		if (b->count == MESSAGES
		    || b->size > (uint64_t)MESSAGES * LIMIT_IMAP_PIECE)
			TRY(flush(b));
	}
	return flush(b);
}

struct undoing {
	struct copying *x;
	const struct idset *made;
};

static result
remove_range(struct account *a, void *context)
{
	const struct undoing *u = context;
	int64_t modseq;

	for (size_t i = 0; i < u->made->count; i++)
		for (uint32_t uid = u->made->ranges[i].from;
		    uid <= u->made->ranges[i].to; uid++) {
			result r = item_remove(a, u->x->to.there.id, uid,
			    &modseq);

			if (r.is != OK && r.is != NOT_FOUND)
				return r;
		}
	return done();
}

/* What the batches before have copied goes again. */
static void
undo(struct copying *x)
{
	struct idset made;
	struct undoing u = { .x = x, .made = &made };
	struct parse in = parse_over(&x->to_uids, x->c->arena);

	if (x->copied == 0)
		return;
	parse_set(&in, &made);
	if (scan_ok(&in.s)
	    && command_account_of(x->s, x->c, x->to.owner).is == OK)
		(void)notify_write(x->s, x->c->account, remove_range, &u,
		    x->out).is;
	x->copied = 0;
}

result
copy_across(struct copying *x)
{
	struct batch b = { .x = x, .arena = arena_new(
				       LIMIT_IMAP_COMMAND_MEMORY),
		.from = idset_to(&x->from_uids),
		.to = idset_to(&x->to_uids) };
	result r = command_account_of(x->s, x->c, x->s->owner);

	if (r.is == OK)
		r = cross(&b);
	batch_clear(&b);
	arena_free(&b.arena);
	idset_end(&b.from);
	idset_end(&b.to);
	if (r.is != OK && !x->move)
		undo(x);
	return r;
}
