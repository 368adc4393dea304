/*
 * parse.h - the words of IMAP commands (RFC 3501 9), over a command that was
 * collected whole: literals lie in it as {n} CRLF and n bytes.
 *
 * Failures stick in `s` and name the rule.  Views live as long as the
 * command; escapes are undone in place, so that wiping the text wipes all.
 */
#ifndef IMAP_PARSE_H
#define IMAP_PARSE_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"
#include "mailcore/imap/idset.h"

struct parse {
	struct scan s;
	struct buf *text; /* what `s` runs over */
	struct arena *arena;
	bool binary; /* a literal may hold NUL */
	bool utf8; /* names are UTF-8: RFC 9755 3, RFC 9051 5.1 */
	view spelled; /* the last name, as given, when it was not composed */
	bool impossible; /* a name that no mailbox can have was read */
	const struct idset *saved; /* what "$" stands for; NULL: nothing */
};

struct parse parse_over(struct buf *text, struct arena *);

void parse_space(struct parse *);
/* A space and something behind it. */
bool parse_more(struct parse *);
void parse_end(struct parse *);

view parse_tag(struct parse *);
view parse_atom(struct parse *);
view parse_string(struct parse *);
view parse_astring(struct parse *);
/* false: NIL. */
bool parse_nstring(struct parse *, view *out);
/* The same, or a literal8 (RFC 3516 4.4) with NUL in it. */
bool parse_nstring8(struct parse *, view *out);
uint64_t parse_number(struct parse *, uint64_t max);

/* "1:5,9:*", or "$" (RFC 5182). */
void parse_set(struct parse *, struct idset *out);

/* A mailbox name as the store has it: UTF-8, INBOX in capitals. */
view parse_mailbox(struct parse *);
/* The same with % and * (list-mailbox). */
view parse_pattern(struct parse *);

/* "(\Seen $Junk)" or, with `bare`, also without parentheses.  Keywords are
 * as the store wants them: sorted, once each, between single spaces. */
struct flag_list {
	uint32_t flags; /* enum item_flag */
	view keywords;
};
void parse_flags(struct parse *, bool bare, struct flag_list *out);

/* "17-Jul-1996 02:44:25 +0000" in quotes. */
int64_t parse_date_time(struct parse *);
/* 1-Feb-1994, quoted or not. */
int64_t parse_date(struct parse *);

/* A literal marker at the end of a line, "{42}" or "{42+}". */
struct literal {
	uint64_t size;
	bool plus; /* does not wait for us (RFC 7888) */
};
/* false: the line does not end with one.  `*bad`: it does, but the number is
 * beyond any sense. */
bool parse_literal(view line, struct literal *out, bool *bad);

#endif
