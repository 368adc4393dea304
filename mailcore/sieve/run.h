/*
 * run.h - a script that runs: its state, and what commands and tests share.
 */
#ifndef SIEVE_RUN_H
#define SIEVE_RUN_H

#include "mailcore/format/mime.h"
#include "mailcore/sieve/tree.h"

struct variable {
	view name;
	view value;
	unsigned frame; /* 0: of all scripts (RFC 6609 3.4) */
	bool global;    /* this frame's name for one of frame 0 */
};

enum { CAPTURES = 10 };

struct run {
	const struct sieve *script;
	const struct sieve_mail *mail;
	struct arena *arena;
	struct sieve_outcome *out;
	struct sieve_action **to; /* the next one goes there */
	unsigned actions, redirects, notifies;
	bool stopped;
	bool returned; /* from the script at work */
	bool cancelled; /* the implicit keep */
	unsigned line;  /* of the command or test at work */
	view header;    /* of the message */
	struct variable variable[LIMIT_SIEVE_VARIABLES];
	size_t variable_count;
	/* RFC 6609: the scripts at work, and all that were included. */
	view including[LIMIT_SIEVE_INCLUDE_DEPTH];
	size_t depth;
	view included[LIMIT_SIEVE_INCLUDES];
	size_t included_count;
	view flags; /* RFC 5232's internal variable */
	view captures[CAPTURES];
	struct buf folded; /* a value in lower case */
	struct arena *parts_arena;
	struct mime_part *parts; /* once a test of the body wants them */
};

/* So much was done.  OVER_LIMIT: too much in all. */
CHECKED result run_spend(struct run *, uint64_t steps);

/* A fault while running: the script's line goes along. */
CHECKED result run_fault(struct run *, const char *why, view what);

/* With its variables replaced. */
CHECKED result run_text(struct run *, view raw, view *out);

/* The one string of a slot; empty when it was not given. */
CHECKED result run_slot(struct run *, const struct sieve_node *,
    enum sieve_slot, view *out);

/* The strings of a slot. */
CHECKED result run_strings(struct run *, const struct sieve_node *,
    enum sieve_slot, view **out, size_t *count);

static inline bool
run_has(const struct sieve_node *node, enum sieve_slot slot)
{
	return node->values[slot].kind != KIND_NONE;
}

/* variable.c */
view run_variable(const struct run *, view name);
CHECKED result run_set(struct run *, view name, view value);
/* All variables of the frame at work are gone. */
void run_forget(struct run *);

/* flags.c: `add` (or what is in it taken away) and `flags`, a space between
 * and each once. */
CHECKED result flags_join(struct run *, view flags, view add, bool remove,
    view *out);

/* Comparators and match types (RFC 5228 2.7, RFC 5231). */
struct matching {
	struct run *run;
	enum sieve_match how;
	view comparator; /* lower case; empty: i;ascii-casemap */
	view relation;
	const view *keys; /* folded as the comparator wants it */
	size_t count;
	uint64_t found; /* values offered so far, for :count */
	bool silent; /* it sets no match variables (RFC 5173 6) */
	bool hit;
};

/* The keys are in `slot`. */
CHECKED result matching_begin(struct run *, const struct sieve_node *,
    enum sieve_slot, struct matching *);

/* Offer one value.  Once there is a hit, no more are looked at. */
CHECKED result matching_offer(struct matching *, view value);

/* After the last value. */
CHECKED result matching_end(struct matching *, bool *answer);

/* `captures` may be NULL.  RFC 5228 2.7.1: * and ? with \ before a literal
 * one; as little as possible for each (RFC 5229 3.2). */
CHECKED result glob_match(struct run *, view pattern, view value,
    bool octets, view *captures, bool *hit);

/* Call `visit` for each field of the names in `slot`, as :index says. */
typedef result field_visit(void *context, view name, view value);
CHECKED result fields_each(struct run *, const struct sieve_node *,
    enum sieve_slot, field_visit *, void *context);

/* The commands and tests of the tables. */
sieve_act act_require, act_if, act_stop, act_keep, act_discard,
    act_redirect, act_fileinto, act_reject, act_vacation, act_set,
    act_setflag, act_addflag, act_removeflag, act_error, act_include,
    act_return, act_global, act_notify;
sieve_ask ask_true, ask_false, ask_not, ask_allof, ask_anyof, ask_address,
    ask_envelope, ask_header, ask_exists, ask_size, ask_string, ask_body,
    ask_date, ask_currentdate, ask_hasflag, ask_mailboxexists,
    ask_specialuse, ask_duplicate, ask_environment, ask_ihave,
    ask_mailboxidexists, ask_valid_notify, ask_notify_capability;

/* run.c */
CHECKED result run_test(struct run *, const struct sieve_node *,
    bool *answer);
CHECKED result run_block(struct run *, const struct sieve_node *first);
CHECKED result run_add(struct run *, const struct sieve_action *);

#endif
