/*
 * tree.h - a script as its own files see it: parse.c makes nodes of the text,
 * check.c fits them to the tables of words.c, run.c and the others walk them.
 */
#ifndef SIEVE_TREE_H
#define SIEVE_TREE_H

#include "mailcore/base/limits.h"
#include "mailcore/sieve/sieve.h"

/* Sets of these: what is required (RFC 5228 3.2). */
enum sieve_need {
	NEED_FILEINTO = 1 << 0,
	NEED_ENVELOPE = 1 << 1,
	NEED_ENCODED = 1 << 2,
	NEED_SUBADDRESS = 1 << 3,
	NEED_VARIABLES = 1 << 4,
	NEED_RELATIONAL = 1 << 5,
	NEED_COPY = 1 << 6,
	NEED_BODY = 1 << 7,
	NEED_DATE = 1 << 8,
	NEED_INDEX = 1 << 9,
	NEED_FLAGS = 1 << 10,
	NEED_VACATION = 1 << 11,
	NEED_SECONDS = 1 << 12,
	NEED_MAILBOX = 1 << 13,
	NEED_SPECIAL = 1 << 14,
	NEED_REJECT = 1 << 15,
	NEED_EREJECT = 1 << 16,
	NEED_DUPLICATE = 1 << 17,
	NEED_ENVIRONMENT = 1 << 18,
	NEED_NUMERIC = 1 << 19,
	NEED_OTHER = 1 << 20, /* nothing hangs on it */
	NEED_IHAVE = 1 << 21,
	NEED_MAILBOXID = 1 << 22,
	NEED_INCLUDE = 1 << 23,
	NEED_NOTIFY = 1 << 24
};

struct sieve_extension {
	const char *name;
	unsigned need;
};
/* The row, or NULL. */
const struct sieve_extension *sieve_extension(view name);

/* Where an argument goes. */
enum sieve_slot {
	SLOT_1, /* by position */
	SLOT_2,
	SLOT_3,
	SLOT_COMPARATOR,
	SLOT_MATCH,    /* enum sieve_match */
	SLOT_RELATION, /* "gt" ... */
	SLOT_PART,     /* enum sieve_part */
	SLOT_SIZE,     /* 1: over, 0: under */
	SLOT_COPY,
	SLOT_CREATE,
	SLOT_SPECIAL,
	SLOT_FLAGS,
	SLOT_INDEX,
	SLOT_LAST,
	SLOT_ZONE, /* number 1: the original one */
	SLOT_BODY, /* enum sieve_body */
	SLOT_SECONDS,
	SLOT_SUBJECT,
	SLOT_FROM,
	SLOT_ADDRESSES,
	SLOT_MIME,
	SLOT_HANDLE,
	SLOT_ID,      /* duplicate: number 1: a header's name, 2: the id */
	SLOT_CASE,    /* modifiers of set, by precedence */
	SLOT_FIRST,
	SLOT_QUOTE,
	SLOT_LENGTH,
	SLOTS,
	/* Other names, for words that have no use for the first ones. */
	SLOT_MAILBOXID = SLOT_HANDLE, /* of fileinto */
	SLOT_WHERE = SLOT_SPECIAL,    /* of include; number 1: global */
	SLOT_ONCE = SLOT_COPY,
	SLOT_OPTIONAL = SLOT_CREATE,
	SLOT_MESSAGE = SLOT_SUBJECT, /* of notify */
	SLOT_OPTIONS = SLOT_ADDRESSES,
	SLOT_IMPORTANCE = SLOT_HANDLE,
	SLOT_URL = SLOT_MIME /* of set */
};

enum sieve_match { MATCH_IS, MATCH_CONTAINS, MATCH_MATCHES, MATCH_COUNT,
	MATCH_VALUE };
enum sieve_part { PART_ALL, PART_LOCAL, PART_DOMAIN, PART_USER,
	PART_DETAIL };
enum sieve_body { BODY_TEXT, BODY_RAW, BODY_CONTENT };

enum sieve_kind { KIND_NONE, KIND_TAG, KIND_NUMBER, KIND_STRING, KIND_LIST };

struct sieve_value {
	enum sieve_kind kind; /* NONE: was not given */
	uint64_t number;
	view *strings;
	size_t count;
};

struct sieve_argument {
	struct sieve_argument *next;
	unsigned line;
	view tag; /* KIND_TAG */
	struct sieve_value value;
};

struct sieve_word;

/* What a test says of every message (RFC 5463 4). */
enum sieve_sure { UNSURE, SURE_NO, SURE_YES };

/* A command or a test. */
struct sieve_node {
	struct sieve_node *next;
	unsigned line;
	view name;
	struct sieve_argument *arguments;
	struct sieve_node *tests;
	struct sieve_node *block;
	bool has_tests; /* in parentheses */
	bool has_block;
	const struct sieve_word *word; /* by the check */
	struct sieve_value *values;    /* SLOTS of them */
	enum sieve_sure sure;          /* a test, by the check */
};

struct sieve {
	struct sieve_node *first;
	unsigned needs; /* all that is required */
	bool stored;    /* sieve_compile_stored */
};

struct sieve_tag {
	const char *name;
	enum sieve_slot slot;
	uint64_t number;       /* what it stands for */
	enum sieve_kind takes; /* a value, into `into` */
	enum sieve_slot into;
	unsigned need;
};

struct run;
typedef result sieve_act(struct run *, const struct sieve_node *);
typedef result sieve_ask(struct run *, const struct sieve_node *,
    bool *answer);

enum sieve_tests { TESTS_NONE, TESTS_ONE, TESTS_LIST };

struct sieve_word {
	const char *name;
	unsigned need;
	sieve_act *act; /* a command */
	sieve_ask *ask; /* a test */
	enum sieve_tests tests;
	bool block;
	enum sieve_kind positional[3];
	bool first_optional; /* of the positional ones */
	const struct sieve_tag *tags[4]; /* groups; each ends with no name */
};
const struct sieve_word *sieve_word(view name, bool command);

CHECKED result sieve_parse(struct arena *, view text, struct sieve_node **out,
    struct sieve_error *);
CHECKED result sieve_check(struct arena *, struct sieve *,
    struct sieve_error *);

/* What one word wants of its arguments, which are in their slots. */
CHECKED result sieve_check_word(struct arena *, const struct sieve *,
    const struct sieve_node *, struct sieve_error *);

/* RFC 5229 3; a prefix "global." is none of it. */
bool sieve_is_name(view);

/* What `set` takes: a name, also "global.name" (RFC 6609 3.4.2). */
bool sieve_is_variable(const struct sieve *, view name);

/* RFC 5228 2.4.2.3: "local@domain", or that in <> behind a name.  `out`: the
 * address alone, as it is sent to.  MALFORMED. */
CHECKED result sieve_address(struct arena *, view text, view *out);

/* RFC 5436 2.2: a mailto URI, taken apart into what is used of it.  `why`: a
 * literal, what is wrong. */
struct sieve_mailto {
	view *to;
	size_t count;
	view subject, body;
};
CHECKED result sieve_mailto(struct arena *, view uri,
    struct sieve_mailto *out);

/* Where the "}" stands that ends what begins with "${" before `inside`;
 * SIZE_MAX: there is none, or a "$" comes first, which stands in none.  So a
 * text is looked through once, whatever is in it. */
size_t sieve_reference_end(view inside);

/* RFC 5228 2.4.2.4: "${hex: 40}", "${unicode: 263a}" are bytes.  MALFORMED,
 * and `text` as it was: Unicode has no such character. */
CHECKED result sieve_decode(struct arena *, view *text);

static inline result
sieve_fault(struct sieve_error *e, unsigned line, const char *why, view what)
{
	*e = (struct sieve_error){ line, why, what };
	return (result){ MALFORMED, why };
}

/* MALFORMED: the script does not require what `what` needs. */
CHECKED static inline result
sieve_needs(const struct sieve *script, unsigned line, unsigned need,
    view what, struct sieve_error *e)
{
	return (need & ~script->needs) == 0 ? done()
	    : sieve_fault(e, line,
		"RFC 5228 3.2: not without its require", what);
}

#endif
