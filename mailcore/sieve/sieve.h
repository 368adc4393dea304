/*
 * sieve.h - Sieve (RFC 5228): scripts that say what happens to a message.
 *
 * A text is compiled into a checked tree, in which every name, tag and count
 * is right; running it is a pure function of the tree and the message.  What
 * it needs to know of the mailboxes it asks through struct sieve_host; what
 * it wants done is a list of actions.  Extensions: sieve_extensions.
 *
 * A run is bounded by steps (LIMIT_SIEVE_STEPS), actions and redirects.  When
 * it fails, the outcome is one keep: a script never loses mail (2.10.6).
 */
#ifndef SIEVE_SIEVE_H
#define SIEVE_SIEVE_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

/* All that `require` takes, a space between. */
extern const char sieve_extensions[];

struct sieve; /* lives in the arena that it was compiled in */

struct sieve_error {
	unsigned line;
	const char *why; /* a literal */
	view what;       /* the word in question, of the text; may be empty */
};

/* MALFORMED: a fault of the script.  OVER_LIMIT: too large or too deep.
 * `error` is set for both.  `text` must live as long as the arena. */
CHECKED result sieve_compile(struct arena *, view text, struct sieve **out,
    struct sieve_error *error);

/* Of a script that was taken once.  What a single argument has to be is held
 * against it only when the run comes there, and passed over where it can be:
 * a rule that is checked earlier than it was ends nobody's sorting of mail.
 * All that sieve_compile takes is taken. */
CHECKED result sieve_compile_stored(struct arena *, view text,
    struct sieve **out, struct sieve_error *error);

/* "line 3: no such command: \"fileit\"". */
void sieve_error_write(const struct sieve_error *, struct buf *out);

/* RFC 5804 1.6: UTF-8 of at least one sign, without control characters and
 * separators of lines, up to LIMIT_SIEVE_SCRIPT_NAME. */
bool sieve_is_script_name(view);

struct sieve_host {
	void *context;
	/* Is there a mailbox of that name (RFC 5490 3.1)? */
	bool (*mailbox)(void *context, view name);
	/* Is there one of that use, "\\Junk" (RFC 8579 3)?  `name` empty:
	 * any, else this one. */
	bool (*special)(void *context, view name, view use);
	/* Is there one of that MAILBOXID (RFC 9042)? */
	bool (*mailbox_id)(void *context, view id);
	/* The person's script of that name (RFC 6609); NOT_FOUND. */
	result (*script)(void *context, struct arena *, view name,
	    view *text);
	/* Has `id` been remembered (RFC 7352)? */
	bool (*seen)(void *context, view id);
};

struct sieve_mail {
	view message;   /* CRLF lines */
	view sender;    /* reverse-path; empty for <> */
	view recipient; /* as it was addressed */
	view hostname;
	view remote; /* address of the client; empty: unknown */
	int64_t now; /* seconds */
	const struct sieve_host *host;
};

enum sieve_action_kind {
	SIEVE_KEEP, /* also of the implicit keep */
	SIEVE_FILE,
	SIEVE_REDIRECT,
	SIEVE_REJECT,
	SIEVE_VACATION,
	SIEVE_REMEMBER, /* for `duplicate` of later messages */
	SIEVE_NOTIFY
};

struct sieve_action {
	struct sieve_action *next;
	enum sieve_action_kind kind;
	view text;        /* mailbox, address, reason; REMEMBER: the id */
	view special;     /* FILE: the use to prefer; may be empty */
	view mailbox_id;  /* FILE: the one to prefer; may be empty */
	bool create;      /* FILE: make the mailbox */
	view flags;       /* KEEP, FILE: a space between */
	bool implicit;    /* KEEP: nothing else was said */
	uint64_t seconds; /* VACATION: between two replies; REMEMBER */
	/* Only VACATION; NOTIFY has `subject`, `from`, and `addresses` that
	 * it goes to. */
	view subject, from, handle;
	const view *addresses;
	size_t address_count;
	bool mime;
	/* Only NOTIFY: `text` is its message. */
	view body;
	unsigned importance; /* 1: high, 2, 3: low; 0: not said */
};

struct sieve_outcome {
	struct sieve_action *first; /* none: the message is discarded */
	uint64_t steps;             /* what it cost */
	struct sieve_error error;   /* when sieve_run has failed */
	struct sieve_action kept;   /* what `first` is then */
};

/* Views live in `arena`, the script's and the message.  Not OK: a fault or a
 * limit; `out` then says to keep the message, and why. */
CHECKED result sieve_run(const struct sieve *, const struct sieve_mail *,
    struct arena *, struct sieve_outcome *out);

#endif
