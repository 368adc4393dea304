/*
 * result.h - how every function that can fail says so.
 *
 * A result is two words, returned by value.  `is` decides what the caller
 * does; `why` is for people, and is always a string literal: it never needs
 * freeing and never carries bytes from the network.
 */
#ifndef BASE_RESULT_H
#define BASE_RESULT_H

enum status {
	OK = 0,
	MALFORMED,  /* the peer sent something the rules forbid */
	OVER_LIMIT, /* well formed, but larger than we agreed to */
	NOT_FOUND,
	EXISTS,
	STALE,    /* an ETag, UIDVALIDITY or sync token moved on */
	DENIED,   /* not allowed, or not with these credentials */
	BUSY,     /* try again later: 4xx in SMTP, 503 in HTTP */
	NO_SPACE, /* quota or disk is full: 452, NO [OVERQUOTA], 507 */
	FAILED    /* disk, database or library: already logged */
};

typedef struct {
	enum status is;
	const char *why; /* "" when OK */
} result;

#define CHECKED __attribute__((warn_unused_result))

static inline result
done(void)
{
	return (result){ OK, "" };
}

/* `why` must be a string literal. */
static inline result
fail(enum status is, const char *why)
{
	return (result){ is, why };
}

/* Return early from a function returning result, when `call` did not work. */
#define TRY(call)                     \
	do {                          \
		result try_ = (call); \
		if (try_.is != OK)    \
			return try_;  \
	} while (0)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
