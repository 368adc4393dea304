/*
 * imap_follower.h - a client that believes what it is told: it reads what a
 * session says unasked and in answers, and keeps the messages' numbers, UIDs
 * and flags as RFC 3501 7 and RFC 7162 say.  Whatever was asked for, what it
 * believes must be what the session thinks it told, and after a NOOP that
 * must be what is there.  One who was away knows messages by their UIDs, and
 * hears what went and changed since (RFC 7162 3.2.5).  Stops the program when
 * somebody is misled.
 */
#ifndef TESTS_IMAP_FOLLOWER_H
#define TESTS_IMAP_FOLLOWER_H

#include "mailcore/base/buf.h"
#include "mailcore/imap/box.h"
#include "mailcore/imap/flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLLOWED = 4096 };

struct follower {
	size_t count; /* of messages, as the last EXISTS and EXPUNGE say */
	bool lost;    /* more than are kept */
	bool silent;  /* the client itself knows flags that were not told */
	bool away;    /* what is told was before it came back */
	struct followed {
		uint32_t uid;   /* 0: it was not told */
		uint64_t flags; /* 0: they were not told */
		int64_t modseq; /* 0 */
	} list[FOLLOWED];
};

static inline void
follower_must(bool holds, const char *what, view said)
{
	if (holds)
		return;
	(void)fprintf(stderr, "the client is misled: %s\n%.*s\n", what,
	    (int)(said.n > 2000 ? 2000 : said.n), said.p);
	abort();
}

static inline void
follower_forget(struct follower *f)
{
	f->count = 0;
	f->lost = false;
}

/* Of the words between parentheses, in any order; \Recent is left out when
 * `lasting`.  Never 0. */
static inline uint64_t
follower_flags(view text, bool lasting)
{
	uint64_t sum = 1;
	view word;

	if (view_starts(text, VIEW("(")))
		text = view_first(view_from(text, 1), text.n - 2);
	while ((word = view_cut(&text, ' ')).n > 0) {
		uint64_t h = 14695981039346656037u;

		if (lasting && view_eq(word, VIEW("\\Recent")))
			continue;
		for (size_t i = 0; i < word.n; i++)
			h = (h ^ (unsigned char)word.p[i]) * 1099511628211u;
		sum += h | 1;
	}
	return sum == 0 ? 1 : sum;
}

static inline uint64_t
follower_flags_of(const struct box *b, const struct message *m, bool lasting)
{
	struct buf text = buf_new(65536);
	uint64_t sum;

	flags_add(&text, box_flags(b, m), box_keywords(b, m));
	sum = follower_flags(buf_view(&text), lasting);
	buf_free(&text);
	return sum;
}

/* A string with its quotes, or a literal whole; others: nothing. */
static inline view
follower_string(view *rest)
{
	view start = *rest, count;
	uint64_t n = 0;
	size_t i = 1;

	if (view_at(start, 0) == '"') {
		while (i < start.n && start.p[i] != '"')
			i += start.p[i] == '\\' ? 2 : 1;
		i++;
	} else {
		count = view_from(start, view_at(start, 0) == '~' ? 2 : 1);
		(void)view_number(view_cut(&count, '}'), 1u << 30, &n);
		follower_must(view_starts(count, VIEW("\r\n")),
		    "a literal", start);
		i = start.n - count.n + 2 + (size_t)n;
	}
	follower_must(i <= start.n, "a string without end", start);
	*rest = view_from(start, i);
	return view_first(start, i);
}

static inline bool
follower_is_string(view v)
{
	return view_at(v, 0) == '"' || view_at(v, 0) == '{'
	    || view_starts(v, VIEW("~{"));
}

/* What stands before the next of `ends` at this depth; strings and what is in
 * parentheses are stepped over, in the name of an item brackets, too. */
static inline view
follower_value(view *rest, const char *ends, bool name)
{
	view start = *rest;
	int depth = 0;

	while (rest->n > 0
	    && (depth > 0
		|| view_find_byte(view_of(ends), rest->p[0]) == SIZE_MAX)) {
		if (follower_is_string(*rest)) {
			(void)follower_string(rest);
			continue;
		}
		depth += rest->p[0] == '(' || (name && rest->p[0] == '[');
		depth -= rest->p[0] == ')' || (name && rest->p[0] == ']');
		*rest = view_from(*rest, 1);
	}
	follower_must(rest->n > 0 && depth == 0, "no end", start);
	return view_first(start, start.n - rest->n);
}

static inline uint64_t
follower_number(view text)
{
	uint64_t n = 0;

	if (view_starts(text, VIEW("(")))
		text = view_first(view_from(text, 1), text.n - 2);
	follower_must(view_number(text, INT64_MAX, &n), "no number", text);
	return n;
}

/* `rest` begins behind the parenthesis that opens, and is left behind the one
 * that closes. */
static inline struct followed
follower_fetch(view *rest, bool lasting)
{
	struct followed m = { .uid = 0 };

	while (view_at(*rest, 0) != ')') {
		view name = follower_value(rest, " ", true), value;

		*rest = view_from(*rest, 1);
		value = follower_value(rest, " )", false);
		if (view_eq(name, VIEW("UID")))
			m.uid = (uint32_t)follower_number(value);
		else if (view_eq(name, VIEW("FLAGS")))
			m.flags = follower_flags(value, lasting);
		else if (view_eq(name, VIEW("MODSEQ")))
			m.modseq = (int64_t)follower_number(value);
		if (view_at(*rest, 0) == ' ')
			*rest = view_from(*rest, 1);
	}
	*rest = view_from(*rest, 1);
	return m;
}

static inline void
follower_learn(struct follower *f, size_t number, const struct followed *m,
    view said)
{
	struct followed *known;

	if (f->lost)
		return;
	follower_must(number > 0 && number <= f->count,
	    "FETCH of a message that is not there", said);
	known = &f->list[number - 1];
	follower_must(m->uid == 0 || known->uid == 0 || m->uid == known->uid,
	    "another UID", said);
	follower_must(m->modseq == 0 || m->modseq >= known->modseq,
	    "MODSEQ fell", said);
	if (m->uid != 0)
		known->uid = m->uid;
	if (m->flags != 0)
		known->flags = m->flags;
	if (m->modseq != 0)
		known->modseq = m->modseq;
}

/* The same by UID. */
static inline void
follower_learn_later(struct follower *f, const struct followed *m, view said)
{
	size_t i = 0;

	follower_must(m->uid != 0 && m->flags != 0 && m->modseq != 0,
	    "FETCH without UID, FLAGS and MODSEQ", said);
	while (i < f->count && f->list[i].uid != m->uid)
		i++;
	if (i == FOLLOWED)
		f->lost = true;
	else
		f->list[i] = *m;
	if (!f->lost && i == f->count)
		f->count++;
}

static inline void
follower_expunge(struct follower *f, size_t number, view said)
{
	if (f->lost)
		return;
	follower_must(number > 0 && number <= f->count,
	    "EXPUNGE of a message that is not there", said);
	memmove(&f->list[number - 1], &f->list[number],
	    (f->count - number) * sizeof f->list[0]);
	f->count--;
}

static inline void
follower_exists(struct follower *f, size_t count, view said)
{
	follower_must(f->lost || count >= f->count, "EXISTS fell", said);
	if (count > FOLLOWED)
		f->lost = true;
	if (!f->lost && count > f->count)
		memset(&f->list[f->count], 0,
		    (count - f->count) * sizeof f->list[0]);
	f->count = count;
}

static inline void
follower_vanished(struct follower *f, view set, view said)
{
	while (set.n > 0 && !f->lost) {
		view range = view_cut(&set, ',');
		uint64_t from = follower_number(view_cut(&range, ':'));
		uint64_t to = range.n > 0 ? follower_number(range) : from;
		size_t n = 0;

		follower_must(from <= to, "a range from high to low", said);
		for (size_t i = 0; i < f->count; i++)
			if (f->list[i].uid < from || f->list[i].uid > to)
				f->list[n++] = f->list[i];
		f->count = n;
	}
}

/* "* 3 EXISTS" and so on, behind the "* ". */
static inline void
follower_hear(struct follower *f, view text, view said)
{
	view word = view_cut(&text, ' ');
	uint64_t n = 0;

	if (view_eq(word, VIEW("OK"))
	    && view_starts(text, VIEW("[CLOSED]")))
		follower_forget(f);
	else if (view_eq(word, VIEW("VANISHED"))
	    && view_starts(text, VIEW("(EARLIER) ")) == f->away)
		follower_vanished(f, view_from(text, f->away ? 10 : 0), said);
	else if (f->away || !view_number(word, UINT32_MAX, &n))
		return;
	else if (view_eq(text, VIEW("EXISTS")))
		follower_exists(f, (size_t)n, said);
	else if (view_eq(text, VIEW("EXPUNGE")))
		follower_expunge(f, (size_t)n, said);
}

/* One answer, which begins at `*rest`; it is taken off. */
static inline void
follower_take(struct follower *f, view *rest)
{
	static const char *const plain[]
	    = { "* OK ", "* NO ", "* BAD ", "* BYE " };
	view said = *rest, text, number;
	bool whole = !view_starts(said, VIEW("* "));
	uint64_t n = 0;

	for (size_t i = 0; i < COUNT(plain); i++)
		whole |= view_starts(said, view_of(plain[i]));
	text = view_from(said, 2);
	number = view_cut(&text, ' ');
	if (whole) {
		(void)view_line(rest, &text);
		follower_hear(f, view_from(text, 2), said);
	} else if (view_number(number, UINT32_MAX, &n)
	    && view_starts(text, VIEW("FETCH ("))) {
		struct followed m;

		*rest = view_from(text, 7);
		m = follower_fetch(rest, f->away);
		follower_must(view_starts(*rest, VIEW("\r\n")),
		    "FETCH without end", said);
		*rest = view_from(*rest, 2);
		if (f->away)
			follower_learn_later(f, &m, said);
		else
			follower_learn(f, (size_t)n, &m, said);
	} else { /* strings may hold ends of lines */
		text = follower_value(rest, "\r", false);
		*rest = view_from(*rest, 2);
		follower_hear(f, view_from(text, 2), said);
	}
}

/* All that a session said. */
static inline void
follower_read(struct follower *f, view said)
{
	while (said.n > 0)
		follower_take(f, &said);
}

/* What the client believes is what the session thinks that it told. */
static inline void
follower_agree(struct follower *f, const struct box *b, view said)
{
	if (b == NULL) {
		follower_forget(f);
		return;
	}
	follower_must(f->count == b->told, "how many there are", said);
	for (size_t i = 0; i < f->count && !f->lost; i++) {
		struct followed *known = &f->list[i];
		const struct message *m = &b->messages[i];

		follower_must(known->uid == 0 || known->uid == m->uid,
		    "which UID a number has", said);
		known->uid = m->uid;
		if (known->flags == 0 || f->silent
		    || (m->flags & (MARK_FLAGS | MARK_GONE)) != 0)
			continue;
		follower_must(known->flags == follower_flags_of(b, m, false),
		    "which flags a message has", said);
	}
}

/* It went away when the mailbox was as in `b`. */
static inline void
follower_leave(struct follower *f, const struct box *b)
{
	*f = (struct follower){ .away = true, .lost = b->count > FOLLOWED };
	for (size_t i = 0; i < b->count && !f->lost; i++)
		f->list[f->count++] = (struct followed){ b->messages[i].uid,
			follower_flags_of(b, &b->messages[i], true),
			b->messages[i].modseq };
}

/* It came back, and was told of all that is not as in `before`. */
static inline void
follower_is_back(struct follower *f, const struct box *before,
    const struct box *now, view said)
{
	if (f->lost)
		return;
	follower_must(f->count == now->count, "how many it has now", said);
	for (size_t i = 0; i < now->count; i++) {
		const struct message *m = &now->messages[i];
		size_t at = 0, old = box_find(before, m->uid);

		while (at < f->count && f->list[at].uid != m->uid)
			at++;
		follower_must(at < f->count, "which ones it has", said);
		follower_must(f->list[at].modseq == m->modseq
		        && f->list[at].flags == follower_flags_of(now, m, true),
		    "what it knows of one", said);
		follower_must(old != SIZE_MAX
		        ? m->modseq >= before->messages[old].modseq
		        : m->uid >= before->uid_next
		            && m->modseq > before->modseq,
		    "a UID that was known, or an old MODSEQ", said);
	}
}

#endif
