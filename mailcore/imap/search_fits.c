#include "mailcore/imap/search.h"

#include "mailcore/imap/keywords.h"

enum { DAY = 86400 };

/* RFC 3501 6.4.4 disregards time and zone: INTERNALDATE is compared as we
 * show it, in UTC, and Date as it was written. */
static int64_t
day_of(int64_t seconds)
{
	return seconds < 0 ? -((DAY - 1 - seconds) / DAY) : seconds / DAY;
}

static bool
fits_memory(const struct candidate *c, const struct key *k)
{
	const struct message *m = &c->box->messages[c->at];

	switch ((int)k->kind) {
	case KEY_FLAG:
		return (m->flags & k->flag) != 0;
	case KEY_NO_FLAG:
		return (m->flags & k->flag) == 0;
	case KEY_RECENT:
		return box_is_recent(c->box, m->uid);
	case KEY_NEW:
		return (m->flags & FLAG_SEEN) == 0
		    && box_is_recent(c->box, m->uid);
	case KEY_OLD:
		return !box_is_recent(c->box, m->uid);
	case KEY_KEYWORD:
		return keywords_has(box_keywords(c->box, m), k->word);
	case KEY_NO_KEYWORD:
		return !keywords_has(box_keywords(c->box, m), k->word);
	case KEY_NUMBERS:
		return idset_has(&k->set, (uint32_t)c->at + 1);
	case KEY_UIDS:
		return idset_has(&k->set, m->uid);
	case KEY_MODSEQ:
		return m->modseq >= k->number;
	default:
		return k->kind == KEY_ALL;
	}
}

static bool
fits_date(const struct candidate *c, const struct key *k)
{
	int64_t received = c->item->received, wanted = day_of(k->number);
	int64_t saved = c->item->saved;
	int64_t sent = k->cost == COST_SUMMARY ? search_sent(c) : 0;

	/* Without them, when it came is the best we know (RFC 8514 4.3). */
	sent = sent == 0 ? received : sent;
	saved = saved == 0 ? received : saved;
	switch ((int)k->kind) {
	case KEY_BEFORE:
		return day_of(received) < wanted;
	case KEY_ON:
		return day_of(received) == wanted;
	case KEY_SINCE:
		return day_of(received) >= wanted;
	case KEY_SAVEDBEFORE:
		return day_of(saved) < wanted;
	case KEY_SAVEDON:
		return day_of(saved) == wanted;
	case KEY_SAVEDSINCE:
		return day_of(saved) >= wanted;
	case KEY_SENTBEFORE:
		return day_of(sent) < wanted;
	case KEY_SENTON:
		return day_of(sent) == wanted;
	case KEY_SENTSINCE:
		return day_of(sent) >= wanted;
	case KEY_OLDER: /* RFC 5032 */
		return received <= c->now - k->number;
	default:
		return received >= c->now - k->number;
	}
}

/* Recursion is bounded by the parser: LIMIT_IMAP_NESTING. */
static bool
fits_inside(struct candidate *c, const struct key *k)
{
	if (k->kind == KEY_NOT)
		return !search_fits(c, k->first);
	if (k->kind == KEY_OR)
		return search_fits(c, k->first)
		    || search_fits(c, k->first->next);
	for (const struct key *in = k->first; in != NULL; in = in->next)
		if (in->cost <= c->most && !search_fits(c, in))
			return false;
	return true;
}

bool
search_fits(struct candidate *c, const struct key *k)
{
	switch (k->kind) {
	case KEY_ALL:
	case KEY_NONE:
	case KEY_FLAG:
	case KEY_NO_FLAG:
	case KEY_RECENT:
	case KEY_NEW:
	case KEY_OLD:
	case KEY_KEYWORD:
	case KEY_NO_KEYWORD:
	case KEY_NUMBERS:
	case KEY_UIDS:
	case KEY_MODSEQ:
		return fits_memory(c, k);
	case KEY_BEFORE:
	case KEY_ON:
	case KEY_SINCE:
	case KEY_SAVEDBEFORE:
	case KEY_SAVEDON:
	case KEY_SAVEDSINCE:
	case KEY_OLDER:
	case KEY_YOUNGER:
	case KEY_SENTBEFORE:
	case KEY_SENTON:
	case KEY_SENTSINCE:
		return fits_date(c, k);
	case KEY_EMAILID:
		return c->item->body == k->number;
	case KEY_LARGER:
		return c->item->size > (uint64_t)k->number;
	case KEY_SMALLER:
		return c->item->size < (uint64_t)k->number;
	case KEY_HEADER:
		return search_header(c, k);
	case KEY_BODY:
	case KEY_TEXT:
		return search_body(c, k);
	case KEY_NOT:
	case KEY_OR:
	case KEY_AND:
		break;
	}
	return fits_inside(c, k);
}
