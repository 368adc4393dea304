#include "mailcore/smtp/client.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/format/wire.h"
#include "mailcore/smtp/link.h"
#include "mailcore/sys/log.h"

/* RFC 5321 4.5.3.2, in milliseconds. */
enum {
	WAIT_CONNECT = 30000,
	WAIT_REPLY = 300000,
	WAIT_DATA = 120000,
	WAIT_BLOCK = 180000,
	WAIT_END = 600000,
	WAIT_QUIT = 10000, /* all is said by then */

	REPLY_LINES = 100,
	REPLY_TEXT = 1000,
	BLOCK = 32768,
	/* Recipients sent ahead: their answers fit any socket buffer. */
	BATCH = 50
};

struct client {
	const struct client_options *options;
	const struct client_mail *mail;
	struct arena *arena;
	struct client_report *reports;
	struct link *link;
	bool secure;
	bool pipelining, size, eightbit, utf8, starttls, plain;
	uint64_t size_most;
	int code;        /* of the last reply */
	struct buf text; /* its lines, joined */
};

static unsigned
wait_of(const struct client *c, unsigned standard)
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
static int
read_reply(struct client *c, unsigned wait, void (*each)(struct client *, view))
{
	buf_reset(&c->text);
	c->code = 0;
	for (int i = 0; i < REPLY_LINES; i++) {
		view line = link_line(c->link, wait_of(c, wait));
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

static int
ask(struct client *c, struct buf *command, unsigned wait)
{
	link_write(c->link, buf_view(command), wait_of(c, WAIT_REPLY));
	buf_reset(command);
	return read_reply(c, wait, NULL);
}

static int
ask_text(struct client *c, const char *text, unsigned wait)
{
	link_write(c->link, view_of(text), wait_of(c, WAIT_REPLY));
	return read_reply(c, wait, NULL);
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

static void
report_reply(struct client *c, struct client_report *r)
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
static void
report_rest(struct client *c, const bool *open)
{
	for (size_t i = 0; i < c->mail->count; i++)
		if (open == NULL || open[i])
			report_reply(c, &c->reports[i]);
}

static void
report_ours(struct client *c, view status, const char *text)
{
	for (size_t i = 0; i < c->mail->count; i++)
		c->reports[i] = (struct client_report){
			.outcome = QUEUE_FAILED,
			.status = status,
			.text = view_of(text),
		};
}

static void
note_feature(struct client *c, view line)
{
	view word = view_cut(&line, ' ');

	if (view_same(word, VIEW("PIPELINING")))
		c->pipelining = true;
	else if (view_same(word, VIEW("8BITMIME")))
		c->eightbit = true;
	else if (view_same(word, VIEW("SMTPUTF8")))
		c->utf8 = true;
	else if (view_same(word, VIEW("STARTTLS")))
		c->starttls = true;
	else if (view_same(word, VIEW("SIZE")))
		c->size = view_trim(line).n == 0
		    || view_number(view_trim(line), UINT64_MAX,
			&c->size_most);
	else if (view_same(word, VIEW("AUTH")))
		c->plain = view_find_same(line, VIEW("PLAIN")) != SIZE_MAX;
}

/* EHLO, or HELO where that is all they know.  false: neither. */
static bool
greet(struct client *c)
{
	struct buf line = buf_new(LIMIT_DOMAIN + 16);
	int code;

	c->pipelining = c->size = c->eightbit = c->utf8 = false;
	c->starttls = c->plain = false;
	c->size_most = 0;
	buf_print(&line, "EHLO %s\r\n", c->options->hostname);
	link_write(c->link, buf_view(&line), wait_of(c, WAIT_REPLY));
	code = read_reply(c, WAIT_REPLY, note_feature);
	buf_reset(&line);
	if (code >= 500) {
		buf_print(&line, "HELO %s\r\n", c->options->hostname);
		code = ask(c, &line, WAIT_REPLY);
	}
	buf_free(&line);
	return code == 250;
}

static void
secure(struct client *c, view host)
{
	char name[LIMIT_DOMAIN + 1];

	if (view_starts(host, VIEW("[")))
		host = view_first(view_from(host, 1), host.n - 2);
	(void)view_copy(host, name, sizeof name);
	link_secure(c->link,
	    tls_connect(c->options->tls, name, c->options->user != NULL),
	    wait_of(c, WAIT_REPLY));
	c->secure = link_result(c->link).is == OK;
}

static bool
start_tls(struct client *c, view host)
{
	if (c->secure || c->options->tls == NULL || !c->starttls)
		return true;
	if (ask_text(c, "STARTTLS\r\n", WAIT_REPLY) != 220)
		return link_result(c->link).is == OK;
	secure(c, host);
	return c->secure && greet(c);
}

static result
log_in(struct client *c)
{
	struct buf secret = buf_new(LIMIT_SMTP_LINE);
	struct buf line = buf_new(LIMIT_SMTP_LINE);
	int code;

	if (c->options->user == NULL)
		return done();
	if (!c->secure || !c->plain)
		return fail(FAILED, "the relay offers no AUTH PLAIN over TLS");
	buf_add_byte(&secret, '\0');
	buf_add_text(&secret, c->options->user);
	buf_add_byte(&secret, '\0');
	buf_add_text(&secret, c->options->password);
	buf_add(&line, VIEW("AUTH PLAIN "));
	encode_base64(&line, buf_view(&secret));
	buf_add(&line, VIEW("\r\n"));
	code = ask(c, &line, WAIT_REPLY);
	secret_wipe(secret.p, secret.n);
	secret_wipe(line.p, line.room);
	buf_free(&secret);
	buf_free(&line);
	if (code == 235)
		return done();
	return fail(FAILED, "the relay does not take our password");
}

/* RCPT for a batch of recipients; which were taken goes to `taken`. */
static size_t
send_batch(struct client *c, size_t from, size_t n, bool *taken)
{
	struct buf lines = buf_new(BATCH * (2 * (size_t)LIMIT_ADDRESS + 32));
	size_t good = 0;

	for (size_t i = from; i < from + n; i++) {
		buf_add(&lines, VIEW("RCPT TO:<"));
		buf_add(&lines, c->mail->recipients[i]);
		buf_add(&lines, VIEW(">\r\n"));
	}
	link_write(c->link, buf_view(&lines), wait_of(c, WAIT_REPLY));
	for (size_t i = from; i < from + n; i++) {
		int code = read_reply(c, WAIT_REPLY, NULL);

		taken[i] = code >= 200 && code < 300;
		good += taken[i] ? 1 : 0;
		report_reply(c, &c->reports[i]);
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
	struct buf line = buf_new(2 * (size_t)LIMIT_ADDRESS + 128);
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
	buf_add(&line, VIEW("\r\n"));
	code = ask(c, &line, WAIT_REPLY);
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
		link_write(c->link, buf_view(&block), wait_of(c, WAIT_BLOCK));
		buf_reset(&block);
	}
	wire_end(&wire, &block);
	buf_add(&block, VIEW(".\r\n"));
	link_write(c->link, buf_view(&block), wait_of(c, WAIT_BLOCK));
	buf_free(&block);
}

static void
transact(struct client *c)
{
	bool *taken = arena_array(c->arena, c->mail->count, sizeof *taken);

	if (taken == NULL || send_sender(c) / 100 != 2) {
		report_rest(c, NULL);
		return;
	}
	if (send_recipients(c, taken) == 0)
		return;
	if (ask_text(c, "DATA\r\n", WAIT_DATA) != 354) {
		/* A 2xx here makes no sense and is no acceptance. */
		if (c->code < 400)
			link_fail(c->link, "RFC 5321 3.3: no 354 for DATA");
		c->code = c->code < 400 ? 0 : c->code;
		report_rest(c, taken);
		return;
	}
	send_text(c);
	(void)read_reply(c, WAIT_END, NULL);
	report_rest(c, taken);
}

/* Does the mail ask for what this server cannot do? */
static bool
cannot(struct client *c)
{
	if (c->mail->smtputf8 && !c->utf8)
		report_ours(c, VIEW("5.6.7"),
		    "RFC 6531 3.2: this server takes no international"
		    " addresses");
	else if (c->size_most > 0 && c->mail->data.n > c->size_most)
		report_ours(c, VIEW("5.3.4"),
		    "RFC 1870 6.1: the message is too big for this server");
	else
		return false;
	return true;
}

static result
not_so_far(struct client *c, result r)
{
	result link = link_result(c->link);

	report_rest(c, NULL);
	if (r.is == OK)
		r = link.is != OK ? link
				  : fail(BUSY, "the server is not ready");
	return r;
}

/* A connection ready for MAIL.  DENIED: TLS failed. */
static result
prepare(struct client *c, view host)
{
	result r;

	if (c->options->tls_first && c->options->tls != NULL)
		secure(c, host);
	if (read_reply(c, WAIT_REPLY, NULL) != 220 || !greet(c)
	    || !start_tls(c, host))
		return not_so_far(c, done());
	r = log_in(c);
	return r.is == OK ? r : not_so_far(c, r);
}

static result
converse(struct client *c, view host, view address, unsigned port)
{
	const struct link_options options = {
		.deadline_ms = c->options->deadline_ms,
		.stop = c->options->stop,
	};
	result r;

	c->secure = false;
	c->text = buf_new(REPLY_TEXT + 64);
	c->link = link_open(address, port, wait_of(c, WAIT_CONNECT),
	    &options);
	r = prepare(c, host);
	if (r.is == OK) {
		if (!cannot(c))
			transact(c);
		(void)ask_text(c, "QUIT\r\n", WAIT_QUIT);
	}
	link_close(&c->link);
	buf_free(&c->text);
	return r;
}

result
client_send(const struct client_options *options, view host, view address,
    unsigned port, const struct client_mail *mail, struct arena *arena,
    struct client_report *reports)
{
	struct client_options clear = *options;
	struct client c = {
		.options = options,
		.mail = mail,
		.arena = arena,
		.reports = reports,
	};
	result r = converse(&c, host, address, port);

	if (r.is == DENIED && options->user == NULL && !options->tls_first) {
		/* RFC 7435 3: broken TLS is no worse than none. */
		log_line(LOG_INFO, "smtp.clear", "host=%.*s",
		    LOG_VIEW(host));
		clear.tls = NULL;
		c.options = &clear;
		r = converse(&c, host, address, port);
	}
	if (r.is == DENIED)
		r = fail(FAILED, r.why);
	if (r.is == OK)
		r = arena_result(arena);
	return r;
}
