/* Jobs over IMAP (RFC 9051). */
#include "tests/bench/load/load.h"
#include "tests/bench/load/mail.h"
#include "tests/bench/load/message.h"

#include <stdio.h>

/* A line that ends in {n} is followed by n bytes and the rest of it. */
static bool
skip_literals(struct wire *w, view line)
{
	uint64_t n = 0;

	while (view_ends(line, VIEW("}"))) {
		view head = line, number;

		(void)view_cut_last(&head, '{');
		number = view_first(head, head.n - 1);
		if (head.n == line.n || !view_number(number, UINT32_MAX, &n))
			return true;
		if (!wire_skip(w, n) || !wire_line(w, &line))
			return false;
	}
	return true;
}

bool
imap_answer(struct hand *h, unsigned *responses)
{
	unsigned count = 0;
	view line;

	for (;;) {
		if (!wire_line(h->wire, &line))
			return load_wrong(h->load, "imap: connection lost");
		if (view_starts(line, VIEW("a ")))
			break;
		count++;
		if (!skip_literals(h->wire, line))
			return load_wrong(h->load, "imap: connection lost");
	}
	if (responses != NULL)
		*responses = count;
	if (!view_starts_same(line, VIEW("a OK")))
		return load_wrong(h->load, "imap: %.*s", (int)line.n, line.p);
	return true;
}

bool
imap_command(struct hand *h, const char *command, unsigned *responses)
{
	buf_reset(&h->out);
	buf_print(&h->out, "a %s\r\n", command);
	return wire_send(h->wire, buf_view(&h->out))
	    && imap_answer(h, responses);
}

bool
imap_login(struct hand *h)
{
	struct load *l = h->load;
	view greeting;

	h->wire = wire_open(l, l->o.port, l->o.tls != 0, h->index);
	if (h->wire == NULL)
		return false;
	if (!wire_line(h->wire, &greeting)
	    || !view_starts(greeting, VIEW("* OK")))
		return load_wrong(l, "imap: no greeting");
	buf_reset(&h->out);
	buf_print(&h->out, "a LOGIN \"%s\" \"%s\"\r\n", h->user->address,
	    h->user->password);
	return wire_send(h->wire, buf_view(&h->out)) && imap_answer(h, NULL);
}

static bool
select_mailbox(struct hand *h)
{
	if (!imap_login(h))
		return false;
	buf_reset(&h->out);
	buf_print(&h->out, "a SELECT \"%s\"\r\n", h->load->o.mailbox);
	return wire_send(h->wire, buf_view(&h->out)) && imap_answer(h, NULL);
}

static void
log_out(struct hand *h)
{
	if (h->wire != NULL && wire_send(h->wire, VIEW("a LOGOUT\r\n")))
		(void)wire_fill(h->wire);
}

/* LITERAL+ (RFC 7888); `batch` of them in flight. */
static bool
append_once(struct hand *h, unsigned ticket)
{
	const struct load_options *o = &h->load->o;
	struct buf message = buf_new(1 << 26);

	buf_reset(&h->out);
	for (unsigned i = 0; i < o->batch; i++) {
		buf_reset(&message);
		message_add(&message, o->base + ticket * o->batch + i, o->size);
		buf_print(&h->out, "a APPEND \"%s\" (%s) {%zu+}\r\n",
		    o->mailbox, i % 3 == 1 ? "\\Seen" : "", message.n);
		buf_add(&h->out, buf_view(&message));
		buf_add(&h->out, VIEW("\r\n"));
	}
	buf_free(&message);
	if (!wire_send(h->wire, buf_view(&h->out)))
		return load_wrong(h->load, "imap: connection lost");
	for (unsigned i = 0; i < o->batch; i++)
		if (!imap_answer(h, NULL))
			return false;
	return true;
}

static bool
store_once(struct hand *h, unsigned ticket)
{
	char command[96];

	(void)snprintf(command, sizeof(command), "STORE %u %cFLAGS (%s)",
	    1 + hand_random(h, h->load->o.objects), ticket % 2 ? '-' : '+',
	    ticket / 2 % 2 ? "\\Flagged" : "\\Answered");
	return imap_command(h, command, NULL);
}

static bool
command_once(struct hand *h, unsigned ticket)
{
	uint64_t before = h->wire->received;
	unsigned responses = 0;

	(void)ticket;
	if (!imap_command(h, h->load->o.command, &responses))
		return false;
	load_count(h->load, h->wire->received - before, responses);
	return true;
}

/* A whole visit: handshake, LOGIN, LOGOUT. */
static bool
login_once(struct hand *h, unsigned ticket)
{
	bool good;

	h->user = load_user_at(h->load, ticket);
	good = imap_login(h) && imap_command(h, "LOGOUT", NULL);
	wire_close(&h->wire);
	return good;
}

/* The same with a SELECT, as the first thing that most programs do. */
static bool
visit_once(struct hand *h, unsigned ticket)
{
	bool good;

	h->user = load_user_at(h->load, ticket);
	good = select_mailbox(h) && imap_command(h, "LOGOUT", NULL);
	wire_close(&h->wire);
	return good;
}

const struct job imap_jobs[] = {
	{ .name = "append",
	    .prepare = imap_login,
	    .once = append_once,
	    .finish = log_out },
	{ .name = "store",
	    .prepare = select_mailbox,
	    .once = store_once,
	    .finish = log_out },
	{ .name = "command",
	    .prepare = select_mailbox,
	    .once = command_once,
	    .finish = log_out },
	{ .name = "login", .once = login_once },
	{ .name = "visit", .once = visit_once },
	{ .name = "idle", .alone = idle_run },
};
const size_t imap_job_count = sizeof(imap_jobs) / sizeof(imap_jobs[0]);
