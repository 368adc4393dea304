/*
 * item_row.h - the columns of an item, for the item files.
 */
#ifndef STORE_ITEM_ROW_H
#define STORE_ITEM_ROW_H

#include "mailcore/store/inside.h"
#include "mailcore/store/item.h"

#define ITEM_COLUMNS                                                 \
	"i.collection, i.uid, i.modseq, i.name, i.key, i.received,"  \
	" i.flags, i.keywords, i.size, i.etag, i.component,"         \
	" i.span_from, i.span_to, i.body, i.saved, i.properties"

enum { ITEM_COLUMN_COUNT = 16 };

/* Of the present row; views live as long as the row. */
void item_of_row(struct db_query *, struct item *out);

/* The same with views in `arena`. */
void item_keep(struct arena *, struct item *);

/* How long a span is, in steps. */
int64_t item_reach(int64_t from, int64_t to);

/* What a change needs to know of the item before it. */
struct item_old {
	int64_t modseq;
	uint32_t flags;
	bool same_keywords;
	int64_t size;
	int64_t properties; /* their octets count like its own */
	bool same_etag;
	int64_t body;
	struct buf name;
	struct buf key;
};

/* `keywords` and `etag` are compared with those of the item.  The caller
 * calls item_old_free, also after a failure. */
CHECKED result item_old(struct account *, int64_t collection, uint32_t uid,
    view keywords, view etag, struct item_old *);

void item_old_free(struct item_old *);

/* No item but `but` has this name or key.  Asked before anything is changed,
 * so that EXISTS spoils nothing. */
CHECKED result item_check_free(struct account *, int64_t collection,
    view name, view key, uint32_t but);

/* A name that lives again is not gone. */
CHECKED result item_gone_forget(struct account *, int64_t collection,
    view name);

/* The properties of an item that goes, stays beside its copy, or moves; no
 * question when it has none. */
CHECKED result item_property_forget(struct account *, int64_t collection,
    uint32_t uid, const struct item_old *);
CHECKED result item_property_follow(struct account *, int64_t collection,
    uint32_t uid, const struct item_old *, const struct item *to, bool moved);

/* What it counts as. */
static inline int64_t
item_unseen(uint32_t flags)
{
	return (flags & FLAG_SEEN) == 0;
}

#endif
