/*
 * append.h - messages that a client sends: APPEND (RFC 3501 6.3.11), of
 * several at once (RFC 3502), and REPLACE (RFC 8508).
 */
#ifndef IMAP_APPEND_H
#define IMAP_APPEND_H

#include "mailcore/format/wire.h"
#include "mailcore/imap/place.h"
#include "mailcore/store/item.h"

struct append_message {
	struct append_message *next;
	struct spool *spool;
	struct flag_list flags;
	int64_t received;
	struct wire wire;
	bool binary; /* literal8: RFC 3516 4.4 */
	bool utf8;   /* in "UTF8 (...)", of which the ")" is to come */
	struct item_summary summary;
	struct item made;
};

struct append {
	struct append_message *first, *last;
	size_t count;
	uint64_t size; /* of all */
	struct place to;
	view spelled; /* its name, as in struct parse */
	size_t marker_end; /* the command's text up to the last message */
	bool replace;
	int64_t from_owner;
	int64_t from;      /* the mailbox of the one that is replaced */
	uint32_t replaces; /* its UID; 0: there is none */
};

/* append_binary.c: a message of a literal8 as it is kept.  DENIED: a NUL where
 * none can be (UNKNOWN-CTE). */
CHECKED result append_convert(view raw, struct spool *to);

#endif
