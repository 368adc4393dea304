/*
 * search.h - which messages may hold a text, and what FETCH tells of many
 * messages at once, without reading each.
 *
 * Both come from search.db beside account.db, which a thread (searcher_new)
 * fills behind: in pieces, once an account is quiet, never while mail is
 * taken in.  What is not in it yet is unknown here, and the caller looks
 * itself; so all answers are right however much is there.  A search.db that
 * is missing, damaged or not of this account.db is made again.
 *
 * Items of mailboxes never change but for flags, uids and body ids are never
 * given out again: so what stands there stays right.  It may tell of messages
 * that are gone.
 */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include "mailcore/store/item.h"

/* The bodies, in order, that may hold a text; all above `known` may too. */
struct search_hits {
	int64_t *bodies;
	size_t n;
	size_t room;
	int64_t known;
};

/* `text` as format/text.h folds it.  Fewer than three bytes: any body may.
 * Free the hits with search_hits_free, also after a failure. */
CHECKED result search_find(struct account *, view text, struct search_hits *);
bool search_may_hold(const struct search_hits *, int64_t body);
void search_hits_free(struct search_hits *);

/* The bodies of a mailbox's messages, by uid; `*upto`: those of all messages
 * up to there were given, of the others nothing is known. */
typedef void search_body_visit(void *context, uint32_t uid, int64_t body);
CHECKED result search_each_body(struct account *, int64_t collection,
    search_body_visit *, void *context, uint32_t *upto);

/* What is wanted of each message: the other texts of its summary are empty.
 * Of header blocks there are only such fields as search_keeps_field. */
enum search_text {
	SEARCH_ENVELOPE = 1,
	SEARCH_STRUCTURES = 2, /* BODY and BODYSTRUCTURE */
	SEARCH_HEADS = 4
};

struct search_list {
	int64_t collection;
	uint32_t from, to;
	unsigned texts; /* of enum search_text */
	item_summary_visit *visit;
	/* NULL, or: has `context` seen enough?  Asked now and then, when
	 * going on from there another time reads nothing twice. */
	bool (*enough)(const void *context);
	void *context;
};

/* Like item_each_summary, for messages up to `*upto`, to where this knows all
 * or there was enough: the rest is to be read with that.  Items come without
 * flags, keywords, modseq, and ones that are gone may come too. */
CHECKED result search_each_summary(struct account *,
    const struct search_list *, uint32_t *upto);
bool search_keeps_field(view name);

/* The thread.  It belongs to one process of a store's. */
struct searcher;
CHECKED result searcher_new(struct searcher **, struct store *);

/* Stops what it is at; before store_close. */
void searcher_free(struct searcher **);

/* Something came into the account, or is not known of it.  Any thread; costs
 * nothing worth speaking of.  NULL: no searcher. */
void searcher_note(struct searcher *, int64_t account);

/* All that there is to do for one account, now. */
CHECKED result search_fill(struct account *);

#endif
