/* One mail over a connection that is ready for it. */
#include "mailcore/smtp/client_inside.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/wire.h"

enum {
	BLOCK = 32768,
	/* Recipients sent ahead: their answers fit any socket buffer. */
	BATCH = 50,
	/* An address, and what RFC 3461 adds to it. */
	RECIPIENT_LINE = 2 * LIMIT_ADDRESS + 640
};

/* RFC 3461 4.1, 4.2 */
static void
add_want(const struct queue_want *want, struct buf *out)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {
		{ QUEUE_NOTIFY_NEVER, "NEVER" },
		{ QUEUE_NOTIFY_SUCCESS, "SUCCESS" },
		{ QUEUE_NOTIFY_FAILURE, "FAILURE" },
		{ QUEUE_NOTIFY_DELAY, "DELAY" },
	};
	const char *before = " NOTIFY=";

	for (size_t i = 0; i < COUNT(words); i++) {
		if ((want->notify & words[i].bit) == 0)
			continue;
		buf_print(out, "%s%s", before, words[i].word);
		before = ",";
	}
	if (want->original.n > 0) {
		buf_add(out, VIEW(" ORCPT="));
		buf_add(out, want->original);
	}
}

/* RFC 3461 4.3, 4.4 */
static void
add_envelope(const struct client_mail *m, struct buf *out)
{
	if (m->ret != QUEUE_RET_ANY)
		buf_add_text(out, m->ret == QUEUE_RET_FULL ? " RET=FULL"
							   : " RET=HDRS");
	if (m->envelope_id.n > 0) {
		buf_add(out, VIEW(" ENVID="));
		buf_add(out, m->envelope_id);
	}
}

/* RCPT for a batch of recipients; which were taken goes to `taken`. */
static size_t
send_batch(struct client *c, size_t from, size_t n, bool *taken)
{
	struct buf lines = buf_new(BATCH * (size_t)RECIPIENT_LINE);
	size_t good = 0;

	for (size_t i = from; i < from + n; i++) {
		buf_add(&lines, VIEW("RCPT TO:<"));
		buf_add(&lines, c->mail->recipients[i]);
		buf_add_byte(&lines, '>');
		if (c->dsn && c->mail->wants != NULL)
			add_want(&c->mail->wants[i], &lines);
		buf_add(&lines, VIEW("\r\n"));
	}
	link_write(c->link, buf_view(&lines),
	    client_wait(c, CLIENT_WAIT_REPLY));
	for (size_t i = from; i < from + n; i++) {
		int code = client_read(c, CLIENT_WAIT_REPLY, NULL);

		taken[i] = code >= 200 && code < 300;
		good += taken[i] ? 1 : 0;
		client_report(c, &c->reports[i]);
		c->reports[i].dsn = c->dsn;
	}
	buf_free(&lines);
	return good;
}

static size_t
send_recipients(struct client *c, bool *taken)
{
	size_t most = c->pipelining ? BATCH : 1, good = 0;

	for (size_t i = 0; i < c->mail->count; i += most) {
		size_t left = c->mail->count - i;

		good += send_batch(c, i, left < most ? left : most, taken);
	}
	return good;
}

static int
send_sender(struct client *c)
{
	struct buf line = buf_new(2 * (size_t)LIMIT_ADDRESS + 512);
	int code;

	buf_add(&line, VIEW("MAIL FROM:<"));
	buf_add(&line, c->mail->sender);
	buf_add(&line, VIEW(">"));
	if (c->size)
		buf_print(&line, " SIZE=%zu", c->mail->data.n);
	if (c->mail->eightbit && c->eightbit)
		buf_add(&line, VIEW(" BODY=8BITMIME"));
	if (c->mail->smtputf8)
		buf_add(&line, VIEW(" SMTPUTF8"));
	if (c->mail->requiretls && c->requiretls)
		buf_add(&line, VIEW(" REQUIRETLS"));
	if (c->dsn)
		add_envelope(c->mail, &line);
	buf_add(&line, VIEW("\r\n"));
	code = client_ask(c, &line, CLIENT_WAIT_REPLY);
	buf_free(&line);
	return code;
}

static void
send_text(struct client *c)
{
	struct wire wire = { .state = WIRE_LINE_START, .stuff = true };
	struct buf block = buf_new(2 * (size_t)BLOCK + 16);
	view rest = c->mail->data;

	while (rest.n > 0 && link_result(c->link).is == OK) {
		wire_add(&wire, view_first(rest, BLOCK), &block);
		rest = view_from(rest, BLOCK);
		link_write(c->link, buf_view(&block),
		    client_wait(c, CLIENT_WAIT_BLOCK));
		buf_reset(&block);
	}
	wire_end(&wire, &block);
	buf_add(&block, VIEW(".\r\n"));
	link_write(c->link, buf_view(&block),
	    client_wait(c, CLIENT_WAIT_BLOCK));
	buf_free(&block);
}

/* RFC 2033 4.2: LMTP answers for each recipient that was taken. */
static void
read_verdict(struct client *c, const bool *taken)
{
	for (size_t i = 0; i < c->mail->count; i++) {
		if (!taken[i])
			continue;
		(void)client_read(c, CLIENT_WAIT_END, NULL);
		if (!c->options->lmtp) {
			client_report_rest(c, taken);
			break;
		}
		client_report(c, &c->reports[i]);
	}
	for (size_t i = 0; i < c->mail->count; i++)
		c->reports[i].dsn = c->dsn;
}

bool
client_transact(struct client *c)
{
	bool *taken = arena_array(c->arena, c->mail->count, sizeof *taken);

	if (taken == NULL || send_sender(c) / 100 != 2) {
		client_report_rest(c, NULL);
		return false;
	}
	if (send_recipients(c, taken) == 0)
		return true;
	if (client_ask_text(c, "DATA\r\n", CLIENT_WAIT_DATA) != 354) {
		/* A 2xx here makes no sense and is no acceptance. */
		if (c->code < 400)
			link_fail(c->link, "RFC 5321 3.3: no 354 for DATA");
		c->code = c->code < 400 ? 0 : c->code;
		client_report_rest(c, taken);
		return true;
	}
	send_text(c);
	read_verdict(c, taken);
	return true;
}
