/*
 * search.h - search keys (RFC 3501 6.4.4, 5032, 7162 3.1.5) as a tree, and
 * whether a message fits.
 */
#ifndef IMAP_SEARCH_H
#define IMAP_SEARCH_H

#include "mailcore/imap/box.h"
#include "mailcore/imap/session.h"

struct search_hits;

/* What must be read to decide a key, from cheap to dear. */
enum cost { COST_MEMORY, COST_ITEM, COST_SUMMARY, COST_BODY };

enum key_kind {
	KEY_ALL,
	KEY_NONE,
	KEY_FLAG,
	KEY_NO_FLAG,
	KEY_RECENT, /* RFC 3501 6.4.4 */
	KEY_NEW,
	KEY_OLD,
	KEY_KEYWORD,
	KEY_NO_KEYWORD,
	KEY_NUMBERS,
	KEY_UIDS,
	KEY_MODSEQ,
	KEY_BEFORE, /* INTERNALDATE, by day */
	KEY_ON,
	KEY_SINCE,
	KEY_SAVEDBEFORE, /* RFC 8514 */
	KEY_SAVEDON,
	KEY_SAVEDSINCE,
	KEY_OLDER, /* by the second */
	KEY_YOUNGER,
	KEY_SENTBEFORE,
	KEY_SENTON,
	KEY_SENTSINCE,
	KEY_EMAILID, /* RFC 8474 */
	KEY_LARGER,
	KEY_SMALLER,
	KEY_HEADER,
	KEY_BODY,
	KEY_TEXT,
	KEY_NOT,
	KEY_OR,
	KEY_AND
};

struct key {
	enum key_kind kind;
	enum cost cost;
	uint32_t flag;
	int64_t number; /* modseq, date, size, seconds */
	view word;      /* keyword, field name */
	view text;      /* folded (format/text.h) */
	struct idset set;
	struct search_hits *hits; /* store/search.h; NULL: not asked */
	struct key *first; /* NOT, OR, AND: what is inside */
	struct key *next;  /* beside it */
};

/* The keys up to the end, as one AND, cheap ones first. */
struct key *search_parse(struct parse *, const struct box *);
bool search_wants_modseq(const struct key *);
/* Message numbers stand in it. */
bool search_has_numbers(const struct key *);

/* One message while it is looked at. */
struct candidate {
	const struct box *box;
	size_t at;
	const struct item *item;
	const struct item_summary *summary;
	struct account *account;
	int64_t now;
	struct body body;
	bool body_open;
	struct buf *scratch;
	enum cost most; /* keys above that cost count as true */
	result r;       /* the first failure */
	uint64_t read;  /* bytes of bodies looked at */
};

bool search_fits(struct candidate *, const struct key *);

/* search_text.c: does the header field, the body, or any of it hold the
 * text? */
bool search_header(struct candidate *, const struct key *);
bool search_body(struct candidate *, const struct key *);

/* The Date field as its writer's clock showed it; 0: there is none. */
int64_t search_sent(const struct candidate *);

#endif
