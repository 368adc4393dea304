/*
 * dkim_inside.h - what the files of DKIM and ARC share.
 *
 *	dkim_canon.c  what is hashed (RFC 6376 3.4, 3.7)
 *	dkim_field.c  the tags of a signature (3.5)
 *	dkim_key.c    keys in the DNS (3.6), and whether a signature fits
 *	dkim.c        a message's signatures
 *	dkim_sign.c   ours
 *	arc.c         chains of signatures (RFC 8617)
 *	arc_seal.c    our link in them
 */
#ifndef DNS_DKIM_INSIDE_H
#define DNS_DKIM_INSIDE_H

#include "mailcore/dns/dkim.h"
#include "mailcore/dns/tag_list.h"

enum { DKIM_HASH = 32 };

enum dkim_canon { CANON_SIMPLE, CANON_RELAXED, CANONS };

struct dkim_field {
	view field; /* with its CRLF */
	view name;
	view value;
};

struct dkim_message {
	struct dkim_field *fields;
	size_t count;
	view body;
	struct {
		bool known;
		unsigned char hash[DKIM_HASH];
		uint64_t length; /* in canonical form */
	} bodies[CANONS];
};

/* OVER_LIMIT: a header that is too large to be looked at. */
CHECKED result dkim_message_read(view message, struct arena *,
    struct dkim_message *out);

/* Hash and length of the whole body, computed once. */
void dkim_body(struct dkim_message *, enum dkim_canon);

/* The value of b= in a field, which is not part of what it signs. */
struct dkim_hole {
	size_t at, n; /* in the field's value */
};

/* The field in canonical form, CRLF behind it. */
void dkim_add_field(struct buf *out, const struct dkim_field *,
    enum dkim_canon);

/* The same of the field that signs: with a hole, without the CRLF. */
void dkim_add_signing_field(struct buf *out, const struct dkim_field *,
    enum dkim_canon, struct dkim_hole);

void dkim_hash(view bytes, unsigned char out[DKIM_HASH]);

enum dkim_kind { KIND_DKIM, KIND_ARC_MESSAGE, KIND_ARC_SEAL };

/* A signature as it is spelled. */
struct dkim_signature {
	enum dkim_kind kind;
	const struct dkim_field *field;
	struct tag_list tags;
	enum dkim_canon header_canon, body_canon;
	view algorithm, domain, selector;
	struct dkim_hole hole;
	view b, bh;     /* bytes */
	view headers;   /* h= */
	view identity;  /* the domain of i=, of DKIM */
	uint64_t length; /* l=, or UINT64_MAX */
};

/* MALFORMED: it cannot be used; `out` then has the domain and selector as far
 * as they are there.  DENIED: its algorithm is too weak.  STALE: expired. */
CHECKED result dkim_signature_read(struct dkim_signature *out, enum dkim_kind,
    const struct dkim_field *, int64_t now, struct arena *);

/* Does b= of the signature fit what is hashed? */
enum dkim_result dkim_key_check(const struct lookup *, struct arena *,
    const struct dkim_signature *, const unsigned char hash[DKIM_HASH],
    bool *testing, const char **why);

/* The whole of a DKIM or an ARC message signature: body, fields, key. */
void dkim_signature_check(const struct lookup *, struct arena *,
    struct dkim_message *, const struct dkim_signature *,
    struct dkim_check *out);

/* A signature field of ours: `head` is "Name: tags" up to and with "b=",
 * `before` what is hashed in front of it.  Appends the finished field. */
CHECKED result dkim_seal_field(const struct dkim_signing *,
    const struct dkim_signing_key *, view head, view before, struct buf *out);

/* "h=...;" for fields that are there and those that must not be added; their
 * canonical form in `hashed`. */
void dkim_choose_fields(const struct dkim_message *, struct buf *h,
    struct buf *hashed);

#endif
