#include "mailcore/imap/notify_note.h"

#include "mailcore/format/nstring.h"
#include "mailcore/imap/reply.h"
#include "mailcore/store/annotation.h"

struct reading {
	struct arena *arena;
	struct notes *notes;
};

/* FNV-1a: whoever makes two values of one hash fools himself. */
static uint64_t
hash_of(view value)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < value.n; i++)
		hash = (hash ^ (unsigned char)value.p[i]) * 1099511628211u;
	return hash;
}

static void
append(struct notes *notes, struct arena *arena, struct note n)
{
	n.name = arena_copy(arena, n.name);
	notes->list = arena_more(arena, notes->list, notes->count,
	    &notes->room, sizeof n);
	if (notes->list == NULL) /* over budget, which is asked for later */
		*notes = (struct notes){ .count = 0 };
	else
		notes->list[notes->count++] = n;
}

static void
add_note(void *context, int64_t collection, bool shared,
    const struct annotation *n)
{
	const struct reading *r = context;

	append(r->notes, r->arena, (struct note){
		.collection = collection,
		.name = n->name,
		.hash = hash_of(n->value),
		.shared = shared,
	});
}

result
notes_read(struct account *a, struct arena *arena, int64_t whose,
    struct notes *out)
{
	struct reading r = { .arena = arena, .notes = out };

	*out = (struct notes){ .count = 0 };
	TRY(annotation_each(a, whose, add_note, &r));
	return arena_result(arena);
}

static bool
is_same(const struct note *a, const struct note *b)
{
	return a->collection == b->collection && a->shared == b->shared
	    && view_eq(a->name, b->name);
}

/* Mostly it is at `*next`, behind the one that was found last: both lists have
 * one order. */
static const struct note *
find(const struct notes *notes, const struct note *one, size_t *next)
{
	for (size_t i = 0; i < notes->count; i++) {
		size_t at = (*next + i) % notes->count;

		if (is_same(&notes->list[at], one)) {
			*next = at + 1;
			return &notes->list[at];
		}
	}
	return NULL;
}

bool
notes_compare(struct notes *old, struct notes *now)
{
	bool any = false;
	size_t next = 0;

	for (size_t i = 0; i < old->count; i++) {
		struct note *n = &old->list[i];

		n->differs = find(now, n, &next) == NULL;
		any = any || n->differs;
	}
	next = 0;
	for (size_t i = 0; i < now->count; i++) {
		struct note *n = &now->list[i];
		const struct note *before = find(old, n, &next);

		n->differs = before == NULL || before->hash != n->hash;
		any = any || n->differs;
	}
	return any;
}

struct line {
	const struct imap *s;
	const struct collection *box;
	struct buf *out;
	bool any;
};

/* An entry is an astring (RFC 5464 5): here always in quotes. */
static void
add_entry(struct line *l, bool shared, view name)
{
	struct buf whole = buf_new(2 * LIMIT_IMAP_METADATA_NAME);

	if (!l->any) {
		buf_add(l->out, VIEW("* METADATA "));
		reply_mailbox(l->s, l->out, l->box->name);
	}
	l->any = true;
	buf_add_text(&whole, shared ? "/shared" : "/private");
	buf_add(&whole, name);
	buf_add_byte(l->out, ' ');
	nstring_add(l->out, buf_view(&whole));
	buf_free(&whole);
}

/* They are by collection. */
static void
add_differing(struct line *l, const struct notes *notes)
{
	size_t low = 0, high = notes->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (notes->list[middle].collection < l->box->id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < notes->count; low++) {
		const struct note *n = &notes->list[low];

		if (n->collection != l->box->id)
			break;
		if (n->differs)
			add_entry(l, n->shared, n->name);
	}
}

void
notes_tell(const struct imap *s, const struct notes *old,
    const struct notes *now, const struct collection *box, bool use,
    struct buf *out)
{
	struct line l = { .s = s, .box = box, .out = out };

	add_differing(&l, old);
	add_differing(&l, now);
	if (use)
		add_entry(&l, false, VIEW("/specialuse"));
	if (l.any)
		buf_add(out, VIEW("\r\n"));
}
