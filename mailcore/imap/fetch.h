/*
 * fetch.h - what FETCH asks for, and how it is written (RFC 3501 6.4.5).
 */
#ifndef IMAP_FETCH_H
#define IMAP_FETCH_H

#include "mailcore/format/mime.h"
#include "mailcore/imap/box.h"
#include "mailcore/imap/session.h"
#include "mailcore/imap/window.h"

enum fetch_kind {
	FETCH_FLAGS,
	FETCH_UID,
	FETCH_INTERNALDATE,
	FETCH_SAVEDATE, /* RFC 8514 */
	FETCH_SIZE,
	FETCH_ENVELOPE,
	FETCH_BODY,
	FETCH_BODYSTRUCTURE,
	FETCH_MODSEQ,
	FETCH_SECTION,
	FETCH_BINARY,      /* RFC 3516 */
	FETCH_BINARY_SIZE,
	FETCH_PREVIEW,     /* RFC 8970 */
	FETCH_EMAILID,     /* RFC 8474 */
	FETCH_THREADID
};

enum section_what {
	SECTION_ALL,
	SECTION_HEADER,
	SECTION_FIELDS,
	SECTION_FIELDS_NOT,
	SECTION_TEXT,
	SECTION_MIME
};

struct section {
	uint32_t numbers[LIMIT_MIME_DEPTH];
	size_t count;
	enum section_what what;
	view *fields;
	size_t field_count;
};

struct fetch_item {
	enum fetch_kind kind;
	const char *name; /* "RFC822"; NULL: BODY[...] */
	view title;       /* how it is called in each answer */
	struct section section;
	bool peek;
	bool partial;
	uint64_t from, length;
};

struct fetch {
	struct idset set;
	struct fetch_item *items;
	size_t count;
	int64_t changed_since; /* -1: not asked */
	bool vanished;         /* RFC 7162 3.2.6 */
	struct window window;
	bool sets_seen, has_flags, has_modseq, has_uid;
	bool needs_item, needs_summary;
	unsigned texts;   /* of the summary: store/search.h */
	bool needs_bytes; /* other fields, or the message itself */
};

/* "(FLAGS BODY.PEEK[1.MIME]<0.100>)", "FULL", "FLAGS"... and modifiers. */
void fetch_parse(struct parse *, bool uid, struct fetch *out);
/* "(FLAGS UID)" alone. */
void fetch_parse_list(struct parse *, struct fetch *out);

/* One message while its answer is written. */
struct fetched {
	const struct message *message;
	uint32_t flags; /* to be shown */
	view keywords;
	const struct item *item;
	const struct item_summary *summary;
	struct account *account;
	struct body body;
	bool body_open;
	struct arena *arena; /* of this message */
	struct mime_part *mime;
	bool utf8; /* the session takes raw UTF-8 */
	const char *code; /* of the NO, when there is a special one */
};

void fetched_close(struct fetched *);

/* o->mime and o->arena are there. */
CHECKED result fetched_mime(struct fetched *);

/* o->mime and o->arena are there. */
CHECKED result fetched_mime(struct fetched *);

/* A piece of the body that did not go out yet. */
struct fetch_tail {
	int64_t body;
	size_t from, to;
};

/* Write one item.  A large literal goes out in part, and the rest is `tail`
 * (tail->from < tail->to). */
CHECKED result fetch_write(struct fetched *, const struct fetch_item *,
    struct fetch_tail *tail, struct buf *out);

/* "BODY[1]<0>" */
void fetch_add_name(const struct fetch_item *, struct buf *out);

/* A literal; of a long one that lies in the body, the first piece. */
void fetch_add_literal(const struct fetched *, view content,
    struct fetch_tail *tail, struct buf *out);

/* fetch_decode.c */
CHECKED result fetch_write_binary(struct fetched *, const struct fetch_item *,
    struct fetch_tail *tail, struct buf *out);
CHECKED result fetch_write_preview(struct fetched *, struct buf *out);

/* An ENVELOPE with the encoded words of its quoted strings decoded: the
 * message had them in raw UTF-8 (RFC 9755 3). */
void fetch_upgrade(view envelope, struct buf *out);
/* A BODYSTRUCTURE with the parameters of RFC 2231 decoded: "filename*"
 * "utf-8''%C3%A4" becomes "filename" and the letter itself. */
void fetch_upgrade_structure(view structure, struct buf *out);

#endif
