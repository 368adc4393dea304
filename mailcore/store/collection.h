/*
 * collection.h - mailboxes, calendars, address books and folders of files of
 * one account.
 *
 * Calls that change something are made inside account_write, the others
 * anywhere.  Each change of a collection or of an item in it takes the
 * account's next modseq.
 */
#ifndef STORE_COLLECTION_H
#define STORE_COLLECTION_H

#include "mailcore/store/store.h"

/* The mailboxes of others are named below it (RFC 2342 5), so that no own one
 * can be. */
#define COLLECTION_OTHERS "Other Users"

enum collection_kind {
	COLLECTION_MAILBOX = 1,
	COLLECTION_CALENDAR = 2,
	COLLECTION_ADDRESSBOOK = 3,
	COLLECTION_INBOX = 4, /* of scheduling messages; see schedule.h */
	COLLECTION_FILES = 5, /* a folder of files */
	COLLECTION_ATTACHMENTS = 6 /* of events; nothing lists it */
};

/* RFC 6154. */
enum special_use {
	USE_NONE,
	USE_ARCHIVE,
	USE_DRAFTS,
	USE_JUNK,
	USE_SENT,
	USE_TRASH,
	USE_FLAGGED,
	USE_ALL
};

struct collection {
	int64_t id; /* never given out again */
	enum collection_kind kind;
	view name;         /* mailbox: UTF-8, '/' between levels, "INBOX";
	                    * files: the same, "Files" the first;
	                    * DAV: the path segment, decoded */
	view display_name; /* DAV; mailboxes: empty */
	enum special_use use;
	bool subscribed;
	uint32_t uid_validity;
	uint32_t uid_next;
	int64_t modseq;  /* of the last change to it or in it */
	int64_t pruned;  /* tombstones up to this modseq are gone */
	int64_t created; /* modseq of its making */
	int64_t items;
	int64_t unseen; /* mailbox: without \Seen */
	int64_t bytes;
	int64_t recent_from; /* mailbox: the first uid nobody was told of */
};

/* All of one kind, by name (INBOX and "personal" first).  Views live in
 * `arena`. */
CHECKED result collection_list(struct account *, struct arena *,
    enum collection_kind, struct collection **out, size_t *count);
CHECKED result collection_find(struct account *, struct arena *,
    enum collection_kind, view name, struct collection *out);
CHECKED result collection_get(struct account *, struct arena *, int64_t id,
    struct collection *out);

/* EXISTS: name taken.  OVER_LIMIT: too many collections. */
CHECKED result collection_add(struct account *, enum collection_kind,
    view name, view display_name, enum special_use, int64_t *id);
CHECKED result collection_rename(struct account *, int64_t id, view name);
CHECKED result collection_remove(struct account *, int64_t id);
CHECKED result collection_subscribe(struct account *, int64_t id, bool);
CHECKED result collection_set_display_name(struct account *, int64_t id,
    view display_name);
CHECKED result collection_set_use(struct account *, int64_t id,
    enum special_use);

/* A session was told of all messages with a uid below `up_to`.  No change that
 * anybody hears of: it takes no modseq. */
CHECKED result collection_claim_recent(struct account *, int64_t id,
    int64_t up_to);
/* So many items have that uid or a higher one. */
CHECKED result collection_count_from(struct account *, int64_t id,
    int64_t uid, int64_t *count);

/* Other properties by "namespace name" (RFC 4918 dead properties, colours):
 * the inner XML.  An empty value removes. */
CHECKED result property_get(struct account *, struct arena *, int64_t id,
    view name, view *value);
CHECKED result property_set(struct account *, int64_t id, view name,
    view value);

/* The same with the language that they are in (RFC 4918 4.3); here an empty
 * value is one.  OVER_LIMIT: more than LIMIT_DAV_DEAD with the others, or all
 * collections together more than 32 of them may have. */
struct property {
	view name;
	view language;
	view value;
};
CHECKED result property_read(struct account *, struct arena *, int64_t id,
    view name, struct property *out);
CHECKED result property_put(struct account *, int64_t id,
    const struct property *);

/* By name.  Views live until it returns; what it returns other than OK ends
 * the walk and is returned. */
typedef result property_visit(void *context, const struct property *);
CHECKED result property_each(struct account *, int64_t id, property_visit *,
    void *context);

/* All of `from` to `to`, which has none. */
CHECKED result property_copy(struct account *, int64_t from, int64_t to);

/* After copies.  OVER_LIMIT: those of all collections are too much. */
CHECKED result property_check(struct account *);

/* Something among what is below it has changed: it takes a new modseq. */
CHECKED result collection_touch(struct account *, int64_t id);

/* Mailboxes removed from the list but still subscribed (RFC 9051 6.3.9) are
 * not kept: removing unsubscribes. */

/* What changed among the collections of `kind` since `modseq`: a removed one
 * is told with its name and `gone`. */
struct collection_change {
	int64_t id;
	view name;
	bool gone;
};
CHECKED result collection_changes(struct account *, struct arena *,
    enum collection_kind, int64_t since, struct collection_change **out,
    size_t *count);

#endif
