/*
 * order.h - those found, in an order: by number (SEARCH), by criteria (SORT,
 * RFC 5256, 5957), or in threads (THREAD).
 */
#ifndef IMAP_ORDER_H
#define IMAP_ORDER_H

#include "mailcore/imap/search.h"

enum order_kind { ORDER_NUMBER, ORDER_SORT, ORDER_SUBJECT, ORDER_REFERENCES };

enum sort_key {
	SORT_ARRIVAL,
	SORT_CC,
	SORT_DATE,
	SORT_FROM,
	SORT_SIZE,
	SORT_SUBJECT,
	SORT_TO,
	SORT_DISPLAYFROM,
	SORT_DISPLAYTO
};

struct criterion {
	enum sort_key key;
	bool reverse;
	size_t at; /* of its text in `texts` */
};

/* What an order needs to know of a message. */
struct ordered {
	uint32_t at; /* in the box */
	bool reply;  /* the subject says so */
	int64_t received, sent;
	uint64_t size;
	view *texts;
	view *ids; /* THREAD: its Message-ID, then its references */
	size_t id_count;
};

struct ordering {
	enum order_kind kind;
	struct criterion criteria[LIMIT_IMAP_SORT_KEYS];
	size_t count;
	size_t text_count;
	struct ordered *list;
	size_t length;
	size_t done; /* of `list`, that are read */
	struct arena *arena;
};

/* "(REVERSE DATE SUBJECT)" */
void order_parse(struct parse *, struct ordering *);

/* Look at list[order->done], of which item and summary are at hand. */
void order_read(struct ordering *, struct candidate *);

/* All are read: put them in order. */
CHECKED result order_sort(struct ordering *);

void order_free(struct ordering *);

/* thread.c: "(2)(3 6 (4 23)(44 7 96))", of what `number` gives. */
CHECKED result thread_write(struct ordering *,
    uint32_t (*number)(void *, size_t at), void *context, struct buf *out);

/* Text as it is compared (RFC 5051 2): folded, and in capitals, so that "_"
 * stands behind letters. */
void order_fold(view text, struct buf *out);

/* subject.c: the base subject (RFC 5256 2.1) of a raw Subject field, folded;
 * `*reply`: "Re:", "Fwd:" and so on stood around it. */
view subject_base(view raw, struct arena *, bool *reply);

#endif
