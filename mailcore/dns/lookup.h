/*
 * lookup.h - one question to the DNS and its answer, whoever gives it: the
 * resolver of this machine (client.h) or, in tests, a table.
 *
 * What checks mail asks through this alone, and so does no I/O of its own.
 */
#ifndef DNS_LOOKUP_H
#define DNS_LOOKUP_H

#include "mailcore/base/arena.h"

enum lookup_type {
	LOOKUP_A = 1,
	LOOKUP_PTR = 12,
	LOOKUP_MX = 15,
	LOOKUP_TXT = 16,
	LOOKUP_AAAA = 28
};

enum lookup_kind {
	LOOKUP_FAILED,  /* no answer in time, SERVFAIL: try again later */
	LOOKUP_MISSING, /* NXDOMAIN */
	LOOKUP_EMPTY,   /* the name is there, such data is not */
	LOOKUP_DATA
};

struct lookup_answer {
	enum lookup_kind kind;
	/* A: 4 octets, AAAA: 16; MX, PTR: a name in lower case without the
	 * last dot; TXT: its strings joined. */
	view *values;
	size_t count;
};

/* The answer lives in the arena; one that does not fit is LOOKUP_FAILED. */
typedef void lookup_function(void *context, struct arena *, view name,
    enum lookup_type, struct lookup_answer *out);

struct lookup {
	lookup_function *ask;
	void *context;
};

static inline void
lookup_ask(const struct lookup *l, struct arena *arena, view name,
    enum lookup_type type, struct lookup_answer *out)
{
	*out = (struct lookup_answer){ .kind = LOOKUP_FAILED };
	l->ask(l->context, arena, name, type, out);
}

#endif
