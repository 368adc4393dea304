/* Jobs over SMTP (RFC 5321) and POP3 (RFC 1939). */
#include "tests/bench/load/load.h"
#include "tests/bench/load/mail.h"
#include "tests/bench/load/message.h"

bool
smtp_reply(struct hand *h, int first_digit)
{
	struct load *l = h->load;
	view line;

	do {
		if (!wire_line(h->wire, &line))
			return load_wrong(l, "smtp: connection lost");
	} while (view_at(line, 3) == '-');
	if (view_at(line, 0) != first_digit)
		return load_wrong(l, "smtp: %.*s", (int)line.n, line.p);
	return true;
}

bool
smtp_prepare(struct hand *h)
{
	struct load *l = h->load;
	unsigned port = l->o.smtp_port != 0 ? l->o.smtp_port : l->o.port;

	h->wire = wire_open(l, port, false, h->index);
	if (h->wire == NULL || !smtp_reply(h, '2'))
		return false;
	buf_reset(&h->out);
	buf_print(&h->out, "%s bench.example\r\n", l->o.greeting);
	return wire_send(h->wire, buf_view(&h->out)) && smtp_reply(h, '2');
}

bool
smtp_offer(struct hand *h, const struct load_user *to)
{
	buf_reset(&h->out);
	buf_print(&h->out,
	    "MAIL FROM:<sender@elsewhere.example>\r\nRCPT TO:<%s>\r\n"
	    "DATA\r\n",
	    to->address);
	return wire_send(h->wire, buf_view(&h->out)) && smtp_reply(h, '2')
	    && smtp_reply(h, '2') && smtp_reply(h, '3');
}

static bool
smtp_deliver(struct hand *h, unsigned ticket)
{
	if (!smtp_offer(h, load_user_at(h->load, ticket)))
		return false;
	buf_reset(&h->out);
	message_add(&h->out, ticket, h->load->o.size);
	buf_add(&h->out, VIEW(".\r\n"));
	return wire_send(h->wire, buf_view(&h->out)) && smtp_reply(h, '2');
}

void
smtp_finish(struct hand *h)
{
	if (h->wire != NULL && wire_send(h->wire, VIEW("QUIT\r\n")))
		(void)wire_fill(h->wire);
}

static bool
pop3_reply(struct hand *h, view *line)
{
	if (!wire_line(h->wire, line))
		return load_wrong(h->load, "pop3: connection lost");
	if (!view_starts(*line, VIEW("+OK")))
		return load_wrong(h->load, "pop3: %.*s", (int)line->n, line->p);
	return true;
}

static bool
pop3_prepare(struct hand *h)
{
	struct load *l = h->load;
	uint64_t messages = 0;
	view line;

	h->wire = wire_open(l, l->o.port, l->o.tls != 0, h->index);
	if (h->wire == NULL || !pop3_reply(h, &line))
		return false;
	buf_reset(&h->out);
	buf_print(&h->out, "USER %s\r\nPASS %s\r\nSTAT\r\n", h->user->address,
	    h->user->password);
	if (!wire_send(h->wire, buf_view(&h->out)) || !pop3_reply(h, &line)
	    || !pop3_reply(h, &line) || !pop3_reply(h, &line))
		return false;
	line = view_from(line, 4);
	if (!view_number(view_cut(&line, ' '), 1000000, &messages)
	    || messages == 0)
		return load_wrong(l, "pop3: nothing in %s", h->user->address);
	h->objects = (unsigned)messages;
	return true;
}

static bool
pop3_message(struct hand *h)
{
	uint64_t before;
	view line;

	if (!pop3_reply(h, &line))
		return false;
	before = h->wire->received - (h->wire->in.n - h->wire->at);
	do {
		if (!wire_line(h->wire, &line))
			return load_wrong(h->load, "pop3: connection lost");
	} while (!view_eq(line, VIEW(".")));
	load_count(h->load,
	    h->wire->received - (h->wire->in.n - h->wire->at) - before, 1);
	return true;
}

/* As many RETR as `batch` says in one go (RFC 2449 6.6). */
static bool
pop3_retrieve(struct hand *h, unsigned ticket)
{
	unsigned batch = h->load->o.batch;

	buf_reset(&h->out);
	for (unsigned i = 0; i < batch; i++)
		buf_print(&h->out, "RETR %u\r\n",
		    1 + (ticket * batch + i) % h->objects);
	if (!wire_send(h->wire, buf_view(&h->out)))
		return load_wrong(h->load, "pop3: connection lost");
	for (unsigned i = 0; i < batch; i++)
		if (!pop3_message(h))
			return false;
	return true;
}

const struct job mail_jobs[] = {
	{ .name = "smtp",
	    .prepare = smtp_prepare,
	    .once = smtp_deliver,
	    .finish = smtp_finish },
	{ .name = "pop3",
	    .prepare = pop3_prepare,
	    .once = pop3_retrieve,
	    .finish = smtp_finish },
};
const size_t mail_job_count = sizeof(mail_jobs) / sizeof(mail_jobs[0]);
