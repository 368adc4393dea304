/*
 * tag_list.h - "name=value; name=value", as DKIM (RFC 6376 3.2), ARC and DMARC
 * write it.
 */
#ifndef DNS_TAG_LIST_H
#define DNS_TAG_LIST_H

#include "mailcore/base/arena.h"

enum { TAGS_MOST = 64 };

struct tag {
	view name;
	view value;   /* trimmed */
	size_t at, n; /* all between '=' and ';', in the text read */
};

struct tag_list {
	struct tag tag[TAGS_MOST];
	size_t count;
};

/* MALFORMED: no tag list, or a tag is there twice (RFC 6376 3.2).
 * OVER_LIMIT: more than TAGS_MOST.  Views point into `text`. */
CHECKED result tag_list_read(view text, struct tag_list *out);

/* NULL: it is not there.  Names are compared with their case. */
const struct tag *tag_list_find(const struct tag_list *, const char *name);

/* Its value; empty when it is not there. */
view tag_list_value(const struct tag_list *, const char *name);

/* Is `word` one of the words between colons, or "*"?  Without the tag: yes,
 * which is what the defaults of a key record mean. */
bool tag_list_has(const struct tag_list *, const char *name, view word);

/* Base64 with any white space in it.  Empty: it is none. */
view tag_list_bytes(view text, struct arena *);

#endif
