/*
 * item.h - messages, events, tasks, contacts and files.
 *
 * An item has a uid (RFC 9051 2.3.1.1: ascending, never given out again in
 * its collection) and the modseq of its last change.  Mail never changes its
 * bytes; a DAV resource keeps its uid when it is replaced.  A removed item
 * leaves a tombstone.  Calls that change something are made inside
 * account_write.
 */
#ifndef STORE_ITEM_H
#define STORE_ITEM_H

#include "mailcore/store/body.h"
#include "mailcore/store/collection.h"

enum item_flag { /* RFC 9051 2.3.2 */
	FLAG_SEEN = 1,
	FLAG_ANSWERED = 2,
	FLAG_FLAGGED = 4,
	FLAG_DELETED = 8,
	FLAG_DRAFT = 16
};

struct item {
	int64_t collection;
	uint32_t uid;
	int64_t modseq;
	view name;        /* DAV path segment; mail: empty */
	view key;         /* iCalendar or vCard UID; mail: empty */
	int64_t received; /* seconds: INTERNALDATE; DAV: last modified */
	uint32_t flags;
	view keywords; /* space-separated, as first spelled, sorted */
	uint64_t size;
	view etag;         /* DAV: hash of the bytes, without quotes */
	view component;    /* "VEVENT"...; of a file its media type; mail:
	                    * empty */
	int64_t span_from; /* calendar: first instance begins, seconds */
	int64_t span_to;   /* last one ends; INT64_MAX: never */
	view times;        /* ical_facts.times, vcard_facts.words; given by
	                    * item_each_in_span and item_each_times alone */
	int64_t body;
	int64_t saved; /* seconds: when it came into the collection; 0: before
	                * that was kept */
	int64_t properties; /* octets of them; 0: it has none */
};

/* What is computed once at delivery (format/message.h), ready to send. */
struct item_summary {
	view envelope;      /* RFC 9051 ENVELOPE value */
	view body;          /* BODY value */
	view bodystructure; /* BODYSTRUCTURE value */
	view header;        /* the header block with its blank line; empty when
	                     * over LIMIT_HEADER */
	int64_t sent;       /* Date: field, seconds; 0 without */
};

struct item_new {
	view name;
	view key;
	int64_t received;
	uint32_t flags;
	view keywords;
	view etag;
	view component;
	int64_t span_from;
	int64_t span_to;
	view times;
	struct spool *bytes;                 /* finished or not */
	const struct item_summary *summary; /* mail only */
};

/* The bytes are ready to be named by an item of that account.  item_add would
 * see to it, but inside account_write, where others wait meanwhile. */
CHECKED result item_prepare(struct account *, struct spool *);

/* Add an item; `out` gets uid, modseq, body.  Counts into the quota:
 * NO_SPACE.  EXISTS: that name or that key is taken (see item_by_key). */
CHECKED result item_add(struct account *, int64_t collection,
    const struct item_new *, struct item *out);

/* Replace the bytes of DAV resource `uid`, whose ETag must be `expected`
 * (empty: any).  STALE: somebody else was faster. */
CHECKED result item_replace(struct account *, int64_t collection,
    uint32_t uid, view expected, const struct item_new *, struct item *out);

/* NOT_FOUND: there is none (any more). */
CHECKED result item_remove(struct account *, int64_t collection,
    uint32_t uid, int64_t *modseq);

/* Same bytes, flags and INTERNALDATE in another collection of the account;
 * the body is shared. */
CHECKED result item_copy(struct account *, int64_t from, uint32_t uid,
    int64_t to, struct item *out);
CHECKED result item_move(struct account *, int64_t from, uint32_t uid,
    int64_t to, struct item *out);

/* The same for a DAV resource, under another name; within one collection a
 * move keeps the uid.  EXISTS: that name, or its key, is taken there. */
CHECKED result item_copy_as(struct account *, const struct item *, int64_t to,
    view name, struct item *out);
CHECKED result item_move_as(struct account *, const struct item *, int64_t to,
    view name, struct item *out);

/* When it came, for a resource that took another's place: there it is new. */
CHECKED result item_set_received(
    struct account *, const struct item *, int64_t received);

/* What clients keep with a DAV resource, as with a collection.  It counts into
 * the quota, goes where the item goes and with it; each change takes a modseq,
 * and no change of the ETag.  `item` is kept up to date.
 * OVER_LIMIT: more than LIMIT_DAV_DEAD octets of one item. */
CHECKED result item_property_put(struct account *, struct item *,
    const struct property *);
CHECKED result item_property_drop(struct account *, struct item *, view name);
CHECKED result item_property_each(struct account *, const struct item *,
    property_visit *, void *context);

/* New flags and keywords for one item; takes a new modseq only when they
 * differ.  With `unchanged_since` >= 0 and a newer modseq: STALE (RFC 7162
 * 3.1.3). `modseq` gets the item's modseq. */
CHECKED result item_set_flags(struct account *, int64_t collection,
    uint32_t uid, uint32_t flags, view keywords, int64_t unchanged_since,
    int64_t *modseq);

/* Find one.  Views live in `arena`. */
CHECKED result item_get(struct account *, struct arena *, int64_t collection,
    uint32_t uid, struct item *out);
CHECKED result item_by_name(struct account *, struct arena *,
    int64_t collection, view name, struct item *out);
CHECKED result item_by_key(struct account *, struct arena *,
    int64_t collection, view key, struct item *out);
CHECKED result item_summary(struct account *, struct arena *, int64_t body,
    struct item_summary *out);

/* Called for each item, in the order of the function.  Views live until it
 * returns.  What it returns other than OK ends the walk and is returned. */
typedef result item_visit(void *context, const struct item *);

/* By uid, `from` to `to`. */
CHECKED result item_each(struct account *, int64_t collection, uint32_t from,
    uint32_t to, item_visit *, void *context);

/* The same with what was stored at delivery. */
typedef result item_summary_visit(void *context, const struct item *,
    const struct item_summary *);
CHECKED result item_each_summary(struct account *, int64_t collection,
    uint32_t from, uint32_t to, item_summary_visit *, void *context);

/* Calendar items of `component` (empty: any) whose span touches
 * from <= t < to. */
CHECKED result item_each_in_span(struct account *, int64_t collection,
    view component, int64_t from, int64_t to, item_visit *, void *context);

/* By uid, as few columns as a search over thousands needs: uid, modseq and
 * times. */
CHECKED result item_each_times(struct account *, int64_t collection,
    item_visit *, void *context);

/* All that changed after `since`, by modseq: an item now there, or one that
 * is gone (`gone`: only uid, name and modseq are set).  At most `limit` (0:
 * all).  STALE: `since` is older than the tombstones kept, or newer than the
 * account. */
typedef result item_change_visit(void *context, const struct item *,
    bool gone);
CHECKED result item_changes(struct account *, int64_t collection,
    int64_t since, size_t limit, item_change_visit *, void *context);

/* Keep about the last `keep` tombstones of a collection, in several writes;
 * item_changes since before those is STALE then.  The store does it by itself
 * now and then, with LIMIT_TOMBSTONES. */
CHECKED result item_prune(struct account *, int64_t collection, size_t keep);

#endif
