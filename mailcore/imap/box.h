/*
 * box.h - the selected mailbox, as this session knows it.
 *
 * 16 bytes a message.  What changed since is merged in (box_merge) at any
 * time, as marks; message numbers stay what the client believes until
 * box_tell announces it all (RFC 3501 7.4.1, 5.5).
 */
#ifndef IMAP_BOX_H
#define IMAP_BOX_H

#include "mailcore/imap/idset.h"
#include "mailcore/store/item.h"

enum mark {
	MARK_GONE = 0x8000,  /* expunged, not told */
	MARK_FLAGS = 0x4000, /* flags to be told */
	MARK_MODSEQ = 0x2000, /* only the modseq to be told */
	MARK_ALL = MARK_GONE | MARK_FLAGS | MARK_MODSEQ
};

struct message {
	uint32_t uid;
	uint16_t flags;    /* enum item_flag and marks */
	uint16_t keywords; /* index into box->sets */
	int64_t modseq;
};

struct box {
	int64_t collection;
	uint32_t uid_validity;
	uint32_t uid_next;
	int64_t modseq; /* all up to here is merged */
	bool read_only;
	bool marked;
	size_t mark_from, mark_end; /* where marks may be, if marked */
	/* The lowest modseq of an expunge that was not told; 0: all were. */
	int64_t gone_modseq;
	/* By uid; `own` is the same, or NULL as long as they are shared: use
	 * box_own. */
	const struct message *messages;
	struct message *own;
	struct box_shared *shared;
	size_t count;
	size_t room;
	size_t told; /* the number of the last EXISTS */
	char **sets; /* different sets of keywords; the first is "" */
	size_t set_count;
	size_t set_room;
	size_t sets_told; /* all words of those stand in `words` */
	char *words; /* that FLAGS has named; NULL: nothing was told; malloc */
	/* UIDs that are \Recent here, ascending; malloc.  recent.h */
	struct idrange *recent;
	size_t recent_count, recent_room;
	size_t recent_told;  /* the number of the last RECENT */
	int64_t recent_from; /* as the store keeps it */
};

/* Messages that several boxes show.  They never change. */
struct box_shared;
struct box_shared *box_shared_new(const struct message *, size_t count);
struct box_shared *box_shared_take(struct box_shared *); /* once more */
void box_shared_free(struct box_shared **); /* the last one frees */

/* Show them in place of the box's own. */
void box_share(struct box *, struct box_shared *, size_t count);

/* The messages, to be changed: of this box alone from now on.  NULL: it has
 * had none yet. */
struct message *box_own(struct box *);

/* Room for so many, all its own. */
void box_room(struct box *, size_t count);
void box_drop(struct box *); /* it has no messages */

struct box_cache;
/* `cache` may be NULL. */
CHECKED result box_open(struct account *, struct box_cache *cache,
    int64_t collection, bool read_only, struct box **out);
/* The same inside account_write. */
CHECKED result box_open_here(struct account *, int64_t collection,
    struct box **out);
void box_free(struct box **);

/* Look what has changed.  STALE is handled inside.  NOT_FOUND: the mailbox
 * itself is gone; all its messages are marked so. */
CHECKED result box_merge(struct box *, struct account *);

/* The same inside account_write. */
CHECKED result box_merge_here(struct box *, struct account *);

/* All its messages are gone for this session. */
void box_lose(struct box *);

/* Message `at` is about to get a mark. */
void box_mark(struct box *, size_t at);

/* The client knows its flags now. */
void box_told_flags(struct box *, size_t at);

/* How to tell. */
struct telling {
	bool expunges; /* may be told now */
	bool uid;      /* UID in FETCH */
	bool modseq;   /* MODSEQ in FETCH: RFC 7162 */
	bool recent;   /* RECENT behind EXISTS: not in RFC 9051 */
	bool vanished; /* VANISHED for EXPUNGE: RFC 7162 3.2.10 */
	bool no_flags; /* those wait */
};
/* true: the output has grown to a piece; tell the rest later. */
bool box_tell(struct box *, const struct telling *, struct buf *out);

/* The flags of a message to be shown, \Recent among them (flags.h). */
uint32_t box_flags(const struct box *, const struct message *);
bool box_is_recent(const struct box *, uint32_t uid);
/* So many messages are \Recent. */
size_t box_count_recent(const struct box *);
/* Those are, too; they are above all others. */
void box_add_recent(struct box *, uint32_t from, uint32_t to);

view box_keywords(const struct box *, const struct message *);
/* OVER_LIMIT: too many different sets. */
CHECKED result box_intern(struct box *, view keywords, uint16_t *out);
/* All keywords of the mailbox, as one set in the arena. */
view box_all_keywords(const struct box *, struct arena *);

/* FLAGS has named these. */
void box_words_told(struct box *, view words);
/* Keywords are in use that FLAGS has not named. */
bool box_has_new_words(struct box *);

/* The index of the first message with that uid or above. */
size_t box_at_or_above(const struct box *, uint32_t uid);
/* SIZE_MAX: there is none. */
size_t box_find(const struct box *, uint32_t uid);
uint32_t box_last_uid(const struct box *);

/* Make `set` final.  MALFORMED: a number that no message has (RFC 3501 9,
 * seq-number); UIDs that nobody has are fine. */
CHECKED result box_resolve(const struct box *, struct idset *, bool uid);

/* Is message `at` in the set of UIDs or of numbers? */
bool box_in(const struct box *, const struct idset *, bool uid, size_t at);

/* The first message of the set that is not before `at`; SIZE_MAX: none.  Its
 * cost is that of the set, not of the mailbox. */
size_t box_next_in(const struct box *, const struct idset *, bool uid,
    size_t at);

#endif
