/*
 * spf_inside.h - what the files of SPF share.
 *
 *	spf_parse.c  a record's terms, by the grammar of RFC 7208 12
 *	spf_macro.c  %{...} (section 7)
 *	spf.c        check_host() (sections 4 to 6)
 */
#ifndef DNS_SPF_INSIDE_H
#define DNS_SPF_INSIDE_H

#include "mailcore/dns/spf.h"

enum {
	SPF_NAME_MOST = 253, /* RFC 7208 7.3 */
	SPF_TERMS_MOST = 512
};

enum spf_kind {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
	SPF_MECHANISMS
};

struct spf_term {
	enum spf_kind kind;
	enum spf_result qualifier;
	view domain;       /* as it is spelled; empty: the present one */
	char address[16];  /* of ip4 and ip6 */
	unsigned bits4, bits6;
};

struct spf_record {
	struct spf_term *terms;
	size_t count;
	view redirect, explanation; /* empty: none */
	bool all;
};

/* MALFORMED: a permerror. */
CHECKED result spf_parse(view text, struct arena *, struct spf_record *out);

/* One %{...} and the like. */
struct spf_macro {
	char letter;      /* in lower case; '%', '_' or '-': a literal */
	bool escaped;     /* an upper-case letter */
	unsigned keep;    /* right-hand parts, 0: all */
	bool reversed;
	view delimiters;
};

/* Take one off the front of `*text`, which begins with '%'.  `explaining`:
 * c, r and t are there too. */
CHECKED result spf_macro_next(view *text, bool explaining,
    struct spf_macro *out);

/* What one check knows. */
struct spf {
	const struct lookup *lookup;
	struct arena *arena;
	const struct spf_question *question;
	view ip; /* 4 octets or 16 */
	view local, sender_domain;
	unsigned terms, voids;
	view validated; /* %{p} */
	bool has_validated;
};

/* The text with its macros filled in; `domain` is the present one.  A name
 * that is too long loses labels from the left, text does not.  Empty: it
 * cannot be. */
view spf_expand(struct spf *, view text, view domain, bool explaining);

/* The name that the address maps to, by PTR and back; `under` is tried first
 * (RFC 7208 7.3).  "unknown" when there is none. */
view spf_validated_name(struct spf *, view under);

#endif
