/*
 * session.h - what one IMAP connection is, inside the engine.
 *
 * Input comes in units: lines, and pieces of literals.  collect.c joins them
 * to one command; dispatch.c looks it up in the table of commands, runs it,
 * and says how it ended.  A command whose answer is long sets `more` and is
 * called again for the next piece.
 */
#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include "mailcore/auth/sasl_talk.h"
#include "mailcore/base/limits.h"
#include "mailcore/imap/imap.h"
#include "mailcore/imap/parse.h"
#include "mailcore/store/body.h"

struct box;
struct imap;
struct command;
struct notify;

enum imap_state { STATE_EARLY = 1, STATE_LOGGED_IN = 2, STATE_SELECTED = 4 };

/* OK with `more` set: there is more to do.  Otherwise the end of the
 * command, told as the table in reply.c says. */
typedef result command_run(struct imap *, struct command *, struct buf *out);

enum { VERB_KEEPS_NUMBERS = 1, /* no EXPUNGE in its answer: RFC 3501 7.4.1 */
	VERB_FRESH = 2, /* look for new messages first */
	/* Rights on the selected mailbox: RFC 4314 4. */
	VERB_EXPUNGES = 4,
	VERB_MOVES = 8,
	VERB_LEAVES = 16, /* also one that can no longer be read */
	VERB_OPENS = 32 /* what it tells is new: it has just looked */
};

struct verb {
	const char *name;
	int allowed; /* set of enum imap_state */
	int traits;
	command_run *run;
};

struct command {
	struct buf text; /* the line, with the literals in it */
	struct parse in; /* over it */
	struct arena *arena;
	const struct verb *verb;
	struct account *account; /* open while this piece runs */
	view tag;
	bool uid; /* UID FETCH... */
	bool unasked; /* sets no \Seen */
	bool numbered; /* UID SEARCH of numbers: no EXPUNGE (RFC 7162 3.2.10) */

	/* How it ends: a response code like "[TRYCREATE]", and the text. */
	const char *code;
	struct buf ok_code; /* "[APPENDUID 1 2] ", for OK */
	const char *text_ok;

	command_run *more;
	bool half; /* `more` begins in the middle of a line */
	uint64_t progress, goal; /* progress.h */
	int64_t quiet_since;
	bool finishing;
	result end;
	void *state; /* of the command; freed by `drop` */
	void (*drop)(void *state);

	/* A literal that is thrown away, and why. */
	result refused;
	struct append *append;
};

struct imap {
	const struct imap_services *services;
	const struct peer *peer;
	enum imap_state state;
	int64_t account;
	struct auth_watch login;
	struct box *box;
	int64_t owner;   /* of the box: `account`, or who shares it */
	unsigned rights; /* on the box, of store/right.h */
	char *without;   /* capabilities; NULL: none; malloc */
	struct command *command; /* being collected or run */
	struct notify *notify;   /* notify.h; NULL: as before RFC 5465 */
	/* The command is a FETCH of news that nobody asked for, and under it
	 * may lie an IDLE. */
	bool news;
	struct command *under;

	uint64_t literal;   /* bytes still to come */
	bool early_literal; /* counted against the limit before login */
	struct sasl_talk sasl;
	unsigned bad; /* in a row */
	unsigned delay_ms;
	bool idle;
	bool condstore; /* RFC 7162 3.1: from the first enabling command on */
	bool qresync;
	bool utf8; /* RFC 9755 */
	bool rev2; /* RFC 9051 */
	bool metadata; /* RFC 5464 4.4: changes are told */
	bool deflate; /* RFC 4978 */
	struct idset saved; /* RFC 5182: UIDs of the last search; malloc */
	enum step_next next; /* what a command wants beside its answer */
};

/* collect.c */
struct step imap_take(struct imap *, view unit, struct buf *out);
struct command *command_new(const struct imap *);
void command_free(struct command **);

/* dispatch.c: the command is whole; or, with `unit` empty, goes on, as the
 * rights of then allow. */
struct step imap_dispatch(struct imap *, struct buf *out);
struct step imap_end(struct imap *, struct buf *out, result);
/* One more piece of a command on the selected mailbox. */
CHECKED result dispatch_more(
    struct imap *, struct command *, command_run *more, struct buf *out);

/* Is there a UID in each FETCH that nobody asked for? */
bool session_tells_uid(const struct imap *);

/* The account's database, open until this piece of the command ends: for a
 * command on the selected mailbox that of its owner. */
CHECKED result command_account(struct imap *, struct command *);
CHECKED result command_account_of(
    struct imap *, struct command *, int64_t owner);

/* cmd_select.c: FLAGS and PERMANENTFLAGS of the selected mailbox. */
void select_tell_flags(struct imap *, struct command *, struct buf *out);

/* The same, before keywords that it did not name are told. */
void select_tell_new_flags(struct imap *, struct command *, struct buf *out);

/* HIGHESTMODSEQ behind the command's OK, as messages went (RFC 7162 3.2.7,
 * RFC 6851 4.4, RFC 8508 4.5). */
CHECKED result select_end_modseq(struct imap *, struct command *);

/* CONDSTORE is on from here; with a mailbox open, that is told once (RFC 7162
 * 3.1). */
void select_enable_condstore(struct imap *, struct buf *out);

/* Changes were told, but expunges from before them were not: a client that is
 * cut off now must ask from there on (RFC 7162 5). */
void select_tell_modseq(struct imap *, struct buf *out);

/* search_answer.c: "$" means nothing any more. */
void saved_free(struct imap *);

/* cmd_idle.c */
struct step idle_take(struct imap *, view line, struct buf *out);
struct step idle_wake(struct imap *, struct buf *out);

/* cmd_auth.c */
struct step auth_take(struct imap *, view line, struct buf *out);

/* cmd_append.c */
struct append;
/* The line so far ends with a literal of `size` bytes: is that the message?
 * Then later pieces go to append_add. */
bool append_begins(struct imap *, struct command *, uint64_t size);
void append_add(struct command *, view);
void append_free(struct append **);

command_run run_capability, run_compress, run_noop, run_logout, run_starttls,
    run_authenticate, run_login, run_id, run_enable, run_select, run_examine,
    run_create, run_delete, run_rename, run_subscribe, run_unsubscribe,
    run_list, run_lsub, run_status, run_namespace, run_unselect, run_close,
    run_check, run_expunge, run_append, run_fetch, run_store, run_copy,
    run_move, run_search, run_idle, run_replace, run_sort,
    run_thread, run_getquota, run_getquotaroot, run_setquota, run_getacl,
    run_setacl, run_deleteacl, run_listrights, run_myrights,
    run_getmetadata, run_setmetadata, run_notify;

#endif
