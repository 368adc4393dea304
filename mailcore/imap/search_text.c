/* Header fields and bodies as people read them. */
#include "mailcore/imap/search.h"

#include "mailcore/format/mime.h"
#include "mailcore/format/text.h"

/* Does the text hold the key's? */
static bool
holds(void *key, view text)
{
	const struct key *k = key;

	return k->text.n == 0 || view_find(text, k->text) != SIZE_MAX;
}

static bool
need_body(struct candidate *c)
{
	result r = done();

	if (!c->body_open) {
		r = body_open(c->account, c->item->body, &c->body);
		c->body_open = r.is == OK;
		c->read += c->item->size;
	}
	/* Expunged in between: it does not fit, and that is all. */
	if (r.is != OK && r.is != NOT_FOUND)
		c->r = r;
	return c->body_open;
}

bool
search_header(struct candidate *c, const struct key *k)
{
	view header = c->summary == NULL ? VIEW("") : c->summary->header;
	struct key sought = *k;

	if (header.n == 0) {
		if (!need_body(c))
			return false;
		header = view_first(c->body.bytes,
		    header_length(c->body.bytes));
	}
	return text_header(header, &k->word, false, holds, &sought);
}

/* "+0130" somewhere behind the time, in seconds. */
static int64_t
zone_of(view date)
{
	for (size_t i = date.n; i-- > 0;) {
		uint64_t n;

		if (date.n - i < 5 || (date.p[i] != '+' && date.p[i] != '-')
		    || !view_number(view_first(view_from(date, i + 1), 4),
			9999, &n))
			continue;
		n = (n / 100 * 60 + n % 100) * 60;
		return date.p[i] == '-' ? -(int64_t)n : (int64_t)n;
	}
	return 0;
}

int64_t
search_sent(const struct candidate *c)
{
	struct arena *arena;
	int64_t sent;
	view date;

	if (c->summary == NULL || c->summary->sent == 0)
		return 0;
	sent = c->summary->sent;
	arena = arena_new(LIMIT_HEADER + 4096);
	if (header_find(c->summary->header, VIEW("Date"), arena, &date))
		sent += zone_of(date);
	arena_free(&arena);
	return sent;
}

bool
search_body(struct candidate *c, const struct key *k)
{
	struct key sought = *k;

	return need_body(c)
	    && text_message(c->body.bytes, k->kind == KEY_TEXT, holds,
		&sought);
}
