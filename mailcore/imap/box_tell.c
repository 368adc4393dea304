/* What changed in the selected mailbox, told to the client. */
#include "mailcore/imap/box.h"

#include "mailcore/base/limits.h"
#include "mailcore/imap/flags.h"

/* Messages from here to there may have marks. */
static size_t
marks_end(const struct box *b, size_t most)
{
	if (!b->marked)
		return 0;
	return b->mark_end < most ? b->mark_end : most;
}

static size_t
marks_from(const struct box *b)
{
	return b->marked ? b->mark_from : b->count;
}

/* From the last to the first: so each number is still the message's own. */
static void
tell_expunges(const struct box *b, struct buf *out)
{
	for (size_t i = marks_end(b, b->told); i > marks_from(b); i--)
		if ((b->messages[i - 1].flags & MARK_GONE) != 0)
			buf_print(out, "* %zu EXPUNGE\r\n", i);
}

static void
tell_vanished(const struct box *b, struct buf *out)
{
	struct idset_writer w = idset_to(out);

	buf_add(out, VIEW("* VANISHED "));
	for (size_t i = marks_from(b); i < marks_end(b, b->told); i++)
		if ((b->messages[i].flags & MARK_GONE) != 0)
			idset_put(&w, b->messages[i].uid);
	idset_end(&w);
	buf_add(out, VIEW("\r\n"));
}

static size_t
count_gone(const struct box *b, size_t up_to)
{
	size_t n = 0;

	for (size_t i = marks_from(b); i < marks_end(b, up_to); i++)
		n += (b->messages[i].flags & MARK_GONE) != 0;
	return n;
}

static void
drop_gone(struct box *b)
{
	size_t n = marks_from(b);
	struct message *own;

	if (count_gone(b, b->count) == 0)
		return;
	own = box_own(b);
	for (size_t i = n; i < b->count; i++)
		if ((own[i].flags & MARK_GONE) == 0)
			own[n++] = own[i];
	b->count = n;
}

static void
tell_gone(struct box *b, const struct telling *how, struct buf *out)
{
	size_t told = count_gone(b, b->told);

	if (told > 0 && how->vanished)
		tell_vanished(b, out);
	else if (told > 0)
		tell_expunges(b, out);
	drop_gone(b);
	b->gone_modseq = 0;
	b->told -= told;
}

static void
tell_message(const struct box *b, size_t at, const struct telling *how,
    struct buf *out)
{
	const struct message *m = &b->messages[at];

	buf_print(out, "* %zu FETCH (", at + 1);
	if (how->uid)
		buf_print(out, "UID %u ", m->uid);
	if (how->modseq)
		buf_print(out, "MODSEQ (%lld)", (long long)m->modseq);
	if (how->modseq && (m->flags & MARK_FLAGS) != 0)
		buf_add_byte(out, ' ');
	if ((m->flags & MARK_FLAGS) != 0) {
		buf_add(out, VIEW("FLAGS "));
		flags_add(out, box_flags(b, m), box_keywords(b, m));
	}
	buf_add(out, VIEW(")\r\n"));
}

/* Flags of messages that the client knows. */
static bool
tell_flags(struct box *b, const struct telling *how, struct buf *out)
{
	int what = how->modseq ? MARK_FLAGS | MARK_MODSEQ : MARK_FLAGS;
	size_t before = out->n;

	for (size_t i = marks_from(b); i < marks_end(b, b->told); i++) {
		uint16_t flags = b->messages[i].flags;

		if ((flags & what) != 0)
			tell_message(b, i, how, out);
		box_told_flags(b, i);
		if (out->n - before > LIMIT_IMAP_PIECE)
			return true;
	}
	return false;
}

/* RFC 3501 7.3.2; expunges lower it, too. */
static void
tell_recent(struct box *b, bool grown, struct buf *out)
{
	size_t recent = box_count_recent(b);

	if (grown || recent != b->recent_told)
		buf_print(out, "* %zu RECENT\r\n", recent);
	b->recent_told = recent;
}

bool
box_tell(struct box *b, const struct telling *how, struct buf *out)
{
	bool grown;

	if (b->marked && how->expunges)
		tell_gone(b, how, out);
	grown = b->count != b->told;
	if (grown) {
		/* Their flags are asked for with FETCH. */
		for (size_t i = b->told; i < b->count; i++)
			box_told_flags(b, i);
		buf_print(out, "* %zu EXISTS\r\n", b->count);
		b->told = b->count;
	}
	if (how->recent)
		tell_recent(b, grown, out);
	if (!b->marked || how->no_flags)
		return false;
	if (tell_flags(b, how, out))
		return true;
	b->marked = count_gone(b, b->count) > 0; /* these still wait */
	return false;
}
