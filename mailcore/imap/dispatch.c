/* The table of commands, and how each is begun, continued and ended. */
#include "mailcore/imap/notify.h"
#include "mailcore/imap/place.h"
#include "mailcore/imap/progress.h"
#include "mailcore/imap/reply.h"
#include "mailcore/imap/without.h"

enum {
	ANY = STATE_EARLY | STATE_LOGGED_IN | STATE_SELECTED,
	IN = STATE_LOGGED_IN | STATE_SELECTED,
	BOX = STATE_SELECTED
};

static const struct verb verbs[] = {
	{ "CAPABILITY", ANY, 0, run_capability },
	{ "NOOP", ANY, 0, run_noop },
	{ "LOGOUT", ANY, 0, run_logout },
	{ "ID", ANY, 0, run_id },
	{ "STARTTLS", STATE_EARLY, 0, run_starttls },
	{ "AUTHENTICATE", STATE_EARLY, 0, run_authenticate },
	{ "LOGIN", STATE_EARLY, 0, run_login },
	{ "ENABLE", IN, 0, run_enable },
	{ "COMPRESS", IN, 0, run_compress },
	{ "SELECT", IN, VERB_OPENS, run_select },
	{ "EXAMINE", IN, VERB_OPENS, run_examine },
	{ "CREATE", IN, 0, run_create },
	{ "DELETE", IN, 0, run_delete },
	{ "RENAME", IN, 0, run_rename },
	{ "SUBSCRIBE", IN, 0, run_subscribe },
	{ "UNSUBSCRIBE", IN, 0, run_unsubscribe },
	{ "LIST", IN, 0, run_list },
	{ "LSUB", IN, 0, run_lsub },
	{ "STATUS", IN, 0, run_status },
	{ "NAMESPACE", IN, 0, run_namespace },
	{ "GETQUOTA", IN, 0, run_getquota },
	{ "GETQUOTAROOT", IN, 0, run_getquotaroot },
	{ "SETQUOTA", IN, 0, run_setquota },
	{ "GETACL", IN, 0, run_getacl },
	{ "SETACL", IN, 0, run_setacl },
	{ "DELETEACL", IN, 0, run_deleteacl },
	{ "LISTRIGHTS", IN, 0, run_listrights },
	{ "MYRIGHTS", IN, 0, run_myrights },
	{ "GETMETADATA", IN, 0, run_getmetadata },
	{ "SETMETADATA", IN, 0, run_setmetadata },
	{ "APPEND", IN, 0, run_append },
	{ "IDLE", IN, 0, run_idle },
	{ "NOTIFY", IN, 0, run_notify },
	{ "CHECK", BOX, 0, run_check },
	{ "CLOSE", BOX, VERB_LEAVES, run_close },
	{ "UNSELECT", BOX, VERB_LEAVES, run_unselect },
	{ "EXPUNGE", BOX, VERB_EXPUNGES, run_expunge },
	{ "FETCH", BOX, VERB_KEEPS_NUMBERS, run_fetch },
	{ "STORE", BOX, VERB_KEEPS_NUMBERS, run_store },
	{ "SEARCH", BOX, VERB_KEEPS_NUMBERS, run_search },
	{ "SORT", BOX, VERB_KEEPS_NUMBERS, run_sort },
	{ "THREAD", BOX, VERB_KEEPS_NUMBERS, run_thread },
	{ "COPY", BOX, 0, run_copy },
	{ "MOVE", BOX, VERB_MOVES, run_move },
	{ "REPLACE", BOX, VERB_MOVES, run_replace },
};

static const struct verb uid_verbs[] = {
	{ "EXPUNGE", BOX, VERB_FRESH | VERB_EXPUNGES, run_expunge },
	{ "FETCH", BOX, VERB_FRESH, run_fetch },
	{ "STORE", BOX, VERB_FRESH, run_store },
	{ "SEARCH", BOX, VERB_FRESH, run_search },
	{ "SORT", BOX, VERB_FRESH, run_sort },
	{ "THREAD", BOX, VERB_FRESH, run_thread },
	{ "COPY", BOX, VERB_FRESH, run_copy },
	{ "MOVE", BOX, VERB_FRESH | VERB_MOVES, run_move },
	{ "REPLACE", BOX, VERB_MOVES, run_replace },
};

static const struct verb *
find_verb(const struct verb *table, size_t count, view name)
{
	for (size_t i = 0; i < count; i++)
		if (view_same(name, view_of(table[i].name)))
			return &table[i];
	return NULL;
}

result
command_account_of(struct imap *s, struct command *c, int64_t owner)
{
	if (c->account != NULL && account_id(c->account) == owner)
		return done();
	account_close(&c->account);
	return account_open(s->services->store, owner, &c->account);
}

result
command_account(struct imap *s, struct command *c)
{
	bool box = c->verb != NULL && c->verb->allowed == BOX;

	return command_account_of(s, c, box ? s->owner : s->account);
}

/* Look for changes; a box that may no longer be read is as good as gone. */
static void
look(struct imap *s, struct command *c)
{
	if ((s->rights & RIGHT_READ) == 0)
		box_lose(s->box);
	else if (command_account_of(s, c, s->owner).is == OK)
		/* A failure spoils no command: the next one looks again. */
		(void)box_merge(s->box, c->account).is;
}

/* RFC 7162 3.2.4, RFC 5465 5.1, RFC 9051 7.5.2. */
bool
session_tells_uid(const struct imap *s)
{
	return s->condstore || s->rev2 || notify_asked(s);
}

static struct telling
telling_of(const struct imap *s, const struct command *c)
{
	return (struct telling){
		.expunges = !c->numbered
		    && (c->verb == NULL
			|| (c->verb->traits & VERB_KEEPS_NUMBERS) == 0),
		.uid = c->uid || session_tells_uid(s),
		.modseq = s->condstore,
		.vanished = s->qresync,
		.recent = !s->rev2,
	};
}

/* Look for what others did, and tell it.  true: there is more to tell. */
static bool
tell(struct imap *s, struct command *c, struct buf *out)
{
	struct telling how = telling_of(s, c);

	/* Nothing behind a BYE. */
	if (s->box == NULL || s->next == STEP_CLOSE)
		return false;
	if (!c->finishing
	    && (c->verb == NULL || (c->verb->traits & VERB_OPENS) == 0))
		look(s, c);
	if (notify_tell(s, &how, out))
		return true;
	select_tell_modseq(s, out);
	return false;
}

/* Words that are no commands come from what does not speak IMAP; a command
 * at the wrong time or with a slip comes from a mail program. */
static struct step
count_bad(struct imap *s, result r, bool known, struct buf *out)
{
	unsigned most = s->state == STATE_EARLY
	    ? LIMIT_BAD_COMMANDS_UNAUTHENTICATED
	    : LIMIT_BAD_COMMANDS;

	if (r.is != MALFORMED) {
		s->bad = 0;
		return (struct step){ .next = STEP_READ };
	}
	if (known || ++s->bad < most)
		return (struct step){ .next = STEP_READ };
	reply_bye(out, "too many commands that cannot be read");
	return (struct step){ .next = STEP_CLOSE };
}

struct step
imap_end(struct imap *s, struct buf *out, result r)
{
	struct command *c = s->command;
	bool known = c->verb != NULL;
	struct step step;

	if (r.is != MALFORMED && tell(s, c, out)) {
		c->finishing = true;
		c->end = r;
		account_close(&c->account);
		return (struct step){ .next = STEP_CONTINUE };
	}
	reply_end(s, c, r, out);
	command_free(&s->command);
	step = count_bad(s, r, known, out);
	step.delay_ms = s->delay_ms;
	s->delay_ms = 0;
	if (s->next != STEP_READ)
		step.next = s->next;
	s->next = STEP_READ;
	return notify_after(s, step, out);
}

/* What a command does to the selected mailbox, by the rights of now. */
static result
check_rights(struct imap *s, struct command *c, struct buf *out)
{
	unsigned had = s->rights, need = 0;

	if (s->box == NULL || s->owner == s->account)
		return done();
	TRY(place_of_box(s, c));
	/* RFC 4314 5.1.1 */
	if (s->rights != had && (s->rights & RIGHT_READ) != 0)
		select_tell_flags(s, c, out);
	if (c->verb->allowed != BOX || (c->verb->traits & VERB_LEAVES) != 0)
		return done();
	if ((s->rights & RIGHT_READ) == 0)
		return fail(NOT_FOUND, "no such mailbox");
	if ((c->verb->traits & VERB_EXPUNGES) != 0)
		need = RIGHT_EXPUNGE;
	if ((c->verb->traits & VERB_MOVES) != 0)
		need = RIGHT_EXPUNGE | RIGHT_DELETE;
	return (s->rights & need) == need
	    ? done()
	    : fail(DENIED, "RFC 4314 4: the owner has not granted that");
}

static result
begin(struct imap *s, struct command *c, struct buf *out)
{
	view name = parse_atom(&c->in);

	TRY(scan_result(&c->in.s));
	c->verb = find_verb(verbs, COUNT(verbs), name);
	if (view_same(name, VIEW("UID"))) {
		parse_space(&c->in);
		name = parse_atom(&c->in);
		TRY(scan_result(&c->in.s));
		c->verb = find_verb(uid_verbs, COUNT(uid_verbs), name);
		c->uid = true;
	}
	if (c->verb == NULL)
		return fail(MALFORMED, "RFC 3501 6: no such command");
	if ((c->verb->allowed & (int)s->state) == 0)
		return fail(MALFORMED, "RFC 3501 3: not in this state");
	TRY(without_check_verb(s, c->verb));
	TRY(check_rights(s, c, out));
	if ((c->verb->traits & VERB_FRESH) != 0) {
		struct telling how = telling_of(s, c);

		how.expunges = false;
		look(s, c);
		(void)notify_tell(s, &how, out);
	}
	return c->verb->run(s, c, out);
}

static result
first_piece(struct imap *s, struct command *c, struct buf *out)
{
	TRY(buf_result(&c->text));
	c->in = parse_over(&c->text, c->arena);
	c->in.saved = &s->saved;
	c->in.utf8 = s->utf8 || s->rev2;
	c->tag = parse_tag(&c->in);
	if (!scan_ok(&c->in.s))
		c->tag = VIEW("");
	parse_space(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(c->refused);
	return begin(s, c, out);
}

/* The answer is not yet whole. */
static struct step
go_on(struct imap *s, enum step_next next)
{
	struct step step = { .next = next, .delay_ms = s->delay_ms };

	account_close(&s->command->account);
	s->delay_ms = 0;
	return step;
}

result
dispatch_more(struct imap *s, struct command *c, command_run *more,
    struct buf *out)
{
	bool half = c->half;

	c->half = false;
	TRY(place_of_box(s, c));
	if ((s->rights & RIGHT_READ) != 0)
		return more(s, c, out);
	if (half)
		s->next = STEP_CLOSE;
	return fail(NOT_FOUND, "no such mailbox");
}

struct step
imap_dispatch(struct imap *s, struct buf *out)
{
	struct command *c = s->command;
	command_run *more = c->more;
	result r;

	if (c->finishing)
		return imap_end(s, out, c->end);
	c->more = NULL;
	r = more == NULL ? first_piece(s, c, out)
			 : dispatch_more(s, c, more, out);
	if (c->in.impossible)
		c->code = "[CANNOT] ";
	if (r.is == OK && c->more != NULL) {
		progress_tell(s, c, out);
		return go_on(s, STEP_CONTINUE);
	}
	c->more = NULL;
	/* IDLE and AUTHENTICATE go on with the client's next line. */
	if (r.is == OK && (s->idle || s->sasl.login != NULL))
		return notify_after(s, go_on(s, STEP_READ), out);
	return imap_end(s, out, r);
}
