/* Units of input joined to commands: lines, and literals in between. */
#include "mailcore/imap/reply.h"

#include "mailcore/base/secret.h"

#include <stdlib.h>

void
command_free(struct command **c)
{
	struct command *gone = *c;

	if (gone == NULL)
		return;
	*c = NULL;
	account_close(&gone->account);
	if (gone->drop != NULL)
		gone->drop(gone->state);
	append_free(&gone->append);
	/* There may be a password in it. */
	secret_wipe(gone->text.p, gone->text.room);
	buf_free(&gone->text);
	buf_free(&gone->ok_code);
	arena_free(&gone->arena);
	free(gone);
}

static size_t
text_limit(const struct imap *s)
{
	return s->state == STATE_EARLY ? LIMIT_IMAP_LINE_UNAUTHENTICATED
				       : LIMIT_IMAP_LINE;
}

struct command *
command_new(const struct imap *s)
{
	struct command *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	c->text = buf_new(text_limit(s));
	c->ok_code = buf_new(SIZE_MAX / 2);
	c->arena = arena_new(LIMIT_IMAP_COMMAND_MEMORY);
	c->refused = done();
	return c;
}

static struct step
bye(struct imap *s, struct buf *out, const char *why)
{
	command_free(&s->command);
	reply_bye(out, why);
	return (struct step){ .next = STEP_CLOSE };
}

/* The line without its end; false: it has none, it was too long. */
static bool
whole_line(view unit, view *line)
{
	if (unit.n == 0 || unit.p[unit.n - 1] != '\n')
		return false;
	(void)view_line(&unit, line);
	return true;
}

/* Refuse a literal.  One that waits for us ends the command; one that does
 * not is read and thrown away (RFC 7888 4), if that is bearable. */
static struct step
refuse(struct imap *s, struct literal literal, result why, struct buf *out)
{
	struct command *c = s->command;

	if (c->refused.is == OK)
		c->refused = why;
	if (!literal.plus)
		return imap_dispatch(s, out);
	if (s->state == STATE_EARLY
	    || literal.size > 2 * (uint64_t)LIMIT_MESSAGE)
		return bye(s, out, "[TOOBIG] literal too large");
	s->literal = literal.size;
	return (struct step){ .next = STEP_READ };
}

static result
check_literal(const struct imap *s, const struct literal *literal)
{
	const struct command *c = s->command;

	if (c->refused.is != OK)
		return c->refused;
	if (s->state == STATE_EARLY
	    && literal->size > LIMIT_IMAP_LITERAL_EARLY)
		return fail(OVER_LIMIT, "RFC 7888 5: literal too large");
	if (literal->size > c->text.limit - c->text.n)
		return fail(OVER_LIMIT, "command too long");
	return done();
}

static struct step
take_literal_marker(struct imap *s, const struct literal *literal,
    struct buf *out)
{
	struct command *c = s->command;
	bool message = c->refused.is == OK
	    && append_begins(s, c, literal->size);
	result r = message ? c->refused : check_literal(s, literal);

	account_close(&c->account);
	if (r.is != OK)
		return refuse(s, *literal, r, out);
	s->literal = literal->size;
	if (!literal->plus)
		buf_add(out, VIEW("+ OK\r\n"));
	return (struct step){ .next = STEP_READ };
}

/* "GET" may be a tag, so the whole of such a line is looked at. */
static bool
is_http(const struct imap *s, view line)
{
	return s->state == STATE_EARLY && view_is_http(line)
	    && view_find(line, VIEW(" HTTP/")) != SIZE_MAX;
}

static struct step
take_line(struct imap *s, view unit, struct buf *out)
{
	struct command *c = s->command;
	struct literal literal;
	view line;
	bool bad;

	if (!whole_line(unit, &line))
		return bye(s, out, "[TOOBIG] command line too long");
	/* Some clients send an empty line before a command. */
	if (c == NULL && line.n == 0)
		return (struct step){ .next = STEP_READ };
	if (c == NULL && is_http(s, line))
		return bye(s, out, "This is not HTTP");
	if (c == NULL)
		c = s->command = command_new(s);
	if (line.n > c->text.limit - c->text.n) {
		/* Enough of it to see whose command this was. */
		if (c->text.n == 0)
			buf_add(&c->text, view_first(line, 512));
		if (c->refused.is == OK)
			c->refused = fail(MALFORMED, "command too long");
		line = view_from(line, line.n > 32 ? line.n - 32 : 0);
	}
	if (!parse_literal(line, &literal, &bad)) {
		if (c->refused.is == OK)
			buf_add(&c->text, line);
		return imap_dispatch(s, out);
	}
	if (bad)
		return bye(s, out, "[TOOBIG] literal too large");
	if (c->refused.is == OK)
		buf_add(&c->text, unit);
	return take_literal_marker(s, &literal, out);
}

static void
take_literal(struct imap *s, view piece)
{
	struct command *c = s->command;

	s->literal -= piece.n;
	if (c->refused.is != OK)
		return;
	if (c->append != NULL)
		append_add(c, piece);
	else
		buf_add(&c->text, piece);
}

struct step
imap_take(struct imap *s, view unit, struct buf *out)
{
	if (s->literal > 0) {
		take_literal(s, unit);
		return (struct step){ .next = STEP_READ };
	}
	return take_line(s, unit, out);
}
