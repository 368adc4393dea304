/* What a server answers, and what that means for the recipients. */
#include "mailcore/smtp/client_inside.h"

#include "mailcore/base/ascii.h"

enum {
	REPLY_LINES = 100
};

unsigned
client_wait(const struct client *c, unsigned standard)
{
	unsigned most = c->options->most_wait_ms;

	return most > 0 && most < standard ? most : standard;
}

/* Replies go into logs, rows and bounces. */
static void
add_printable(struct buf *out, view line)
{
	for (size_t i = 0; i < line.n && out->n < REPLY_TEXT; i++) {
		char c = line.p[i];

		buf_add_byte(out, c == ' ' || ascii_is_graph(c) ? c : '?');
	}
}

/* One reply of one or more lines (RFC 5321 4.2.1); 0: none came. */
int
client_read(struct client *c, unsigned wait,
    void (*each)(struct client *, view))
{
	buf_reset(&c->text);
	c->code = 0;
	for (int i = 0; i < REPLY_LINES; i++) {
		view line = link_line(c->link, client_wait(c, wait));
		uint64_t code;

		if (link_result(c->link).is != OK)
			return 0;
		if (!view_number(view_first(line, 3), 599, &code)
		    || code < 200)
			break;
		if (i > 0)
			buf_add_byte(&c->text, ' ');
		add_printable(&c->text, line);
		if (each != NULL && i > 0)
			each(c, view_from(line, 4));
		if (view_at(line, 3) != '-') {
			c->code = (int)code;
			return c->code;
		}
	}
	/* Nobody knows any more which answer is whose. */
	link_fail(c->link, "RFC 5321 4.2: not an SMTP reply");
	return 0;
}

int
client_ask(struct client *c, struct buf *command, unsigned wait)
{
	link_write(c->link, buf_view(command),
	    client_wait(c, CLIENT_WAIT_REPLY));
	buf_reset(command);
	return client_read(c, wait, NULL);
}

int
client_ask_text(struct client *c, const char *text, unsigned wait)
{
	link_write(c->link, view_of(text),
	    client_wait(c, CLIENT_WAIT_REPLY));
	return client_read(c, wait, NULL);
}

/* RFC 2034: "550 5.1.1 ..." has the status behind the code. */
static view
enhanced_of(const struct client *c)
{
	view text = view_from(buf_view(&c->text), 4);
	view word = view_cut(&text, ' ');
	size_t dots = 0;

	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '.')
			dots++;
		else if (!ascii_is_digit(word.p[i]))
			return VIEW("");
	}
	if (dots != 2 || word.n < 5 || word.n > 9
	    || view_at(word, 0) != view_at(buf_view(&c->text), 0))
		return VIEW("");
	return word;
}

void
client_report(struct client *c, struct client_report *r)
{
	view status = enhanced_of(c);

	r->outcome = c->code >= 500 ? QUEUE_FAILED
	    : c->code >= 200 && c->code < 300 ? QUEUE_SENT
					      : QUEUE_RETRY;
	if (status.n == 0)
		status = r->outcome == QUEUE_SENT ? VIEW("2.0.0")
		    : r->outcome == QUEUE_FAILED  ? VIEW("5.0.0")
						  : VIEW("4.0.0");
	r->remote = c->code != 0;
	r->status = arena_copy(c->arena, status);
	r->text = arena_copy(c->arena, buf_view(&c->text));
	if (c->code == 0) {
		r->status = VIEW("4.4.2");
		r->text = view_of(link_result(c->link).why);
	}
}

/* The last reply decides for all that are not decided yet. */
void
client_report_rest(struct client *c, const bool *open)
{
	for (size_t i = 0; i < c->mail->count; i++)
		if (open == NULL || open[i])
			client_report(c, &c->reports[i]);
}

void
client_report_none(struct client *c)
{
	for (size_t i = 0; i < c->mail->count; i++)
		c->reports[i] = (struct client_report){
			.outcome = QUEUE_RETRY, .status = VIEW("4.4.1")
		};
}

void
client_report_ours(struct client *c, enum queue_outcome outcome, view status,
    const char *text)
{
	for (size_t i = 0; i < c->mail->count; i++)
		c->reports[i] = (struct client_report){
			.outcome = outcome,
			.status = status,
			.text = view_of(text),
		};
}
