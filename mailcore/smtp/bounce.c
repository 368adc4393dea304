#include "mailcore/smtp/bounce.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/mime.h"
#include "mailcore/format/wire.h"
#include "mailcore/smtp/deliver.h"
#include "mailcore/smtp/sign.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/log.h"

enum {
	/* A thousand recipients and a header. */
	BOUNCE_MOST = 4 * 1024 * 1024,
	/* Of the message that RET=FULL gives back. */
	ORIGINAL_MOST = 1024 * 1024,
	/* RFC 5322 2.1.1: lines of at most 998. */
	DIAGNOSTIC_MOST = 800
};

static const struct {
	const char *subject, *first, *last, *action;
} words[] = {
	[BOUNCE_FAILED] = { "Undelivered mail returned to sender",
	    "Your message could not be delivered to:",
	    "No further attempt will be made.", "failed" },
	[BOUNCE_DELAYED] = { "Mail is late",
	    "Your message could not be delivered yet to:",
	    "It will be tried on; there is nothing that you need to do.",
	    "delayed" },
	[BOUNCE_SUCCESS] = { "Mail delivered",
	    "Your message was delivered to:",
	    "You have asked for this notice.", "delivered" },
};

static void
add_date(struct buf *out, const char *name, int64_t when)
{
	buf_print(out, "%s: ", name);
	date_add_rfc5322(out, when);
	buf_add(out, VIEW("\r\n"));
}

/* RFC 6533 4: what tells of addresses beyond ASCII has types of its own. */
static bool
is_global(const struct bounce *b)
{
	bool global = !utf8_is_ascii(b->sender);

	for (size_t i = 0; i < b->count && !global; i++)
		global = !utf8_is_ascii(b->recipients[i].address)
		    || !utf8_is_ascii(b->recipients[i].original);
	return global;
}

static void
add_head(struct buf *out, const struct bounce *b)
{
	buf_print(out,
	    "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n"
	    "To: <%.*s>\r\n"
	    "Subject: %s\r\n",
	    b->hostname, LOG_VIEW(b->sender), words[b->kind].subject);
	add_date(out, "Date", b->now);
	buf_print(out,
	    "Message-ID: <%.*s.bounce@%s>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report;"
	    " report-type=%sdelivery-status;\r\n"
	    "\tboundary=\"=_%.*s\"\r\n\r\n",
	    LOG_VIEW(b->id), b->hostname, is_global(b) ? "global-" : "",
	    LOG_VIEW(b->id));
}

static void
add_boundary(struct buf *out, const struct bounce *b, const char *end)
{
	buf_print(out, "\r\n--=_%.*s%s\r\n", LOG_VIEW(b->id), end);
}

static view
diagnostic(const struct bounce_recipient *r)
{
	return view_first(r->diagnostic, DIAGNOSTIC_MOST);
}

/* RFC 3461 4.3: of failures alone.  RFC 8689 5: what must not be read by
 * others is not sent back. */
static bool
gives_all(const struct bounce *b)
{
	return b->full && b->kind == BOUNCE_FAILED && !b->requiretls
	    && b->message.n <= ORIGINAL_MOST;
}

/* One of a printable line, which is ASCII in a report that is not global
 * (RFC 3464 2.1). */
static void
add_octet(struct buf *out, char c, bool global)
{
	bool fits = c == ' ' || ascii_is_graph(c)
	    || (global && (unsigned char)c >= 0x80);

	buf_add_byte(out, fits ? c : '?');
}

/* RFC 3461 4: "+XX" is an octet. */
static void
add_xtext(struct buf *out, view text, bool global)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		struct buf octet = buf_new(1);

		if (c == '+' && decode_hex(&octet, view_first(
		        view_from(text, i + 1), 2)).is == OK && octet.n == 1) {
			c = octet.p[0];
			i += 2;
		}
		buf_free(&octet);
		add_octet(out, c, global);
	}
}

/* What is said of a recipient, in words; nothing of one who has it. */
static void
add_reason(struct buf *out, const struct bounce_recipient *r)
{
	if (r->remote.n == 0 && r->diagnostic.n == 0 && !r->relayed)
		return;
	buf_add(out, VIEW("    "));
	if (r->remote.n > 0) {
		buf_add(out, r->remote);
		buf_add(out, VIEW(" said: "));
	}
	buf_add(out, diagnostic(r));
	if (r->relayed)
		buf_add(out, VIEW(" (that server does not tell what"
		    " becomes of it)"));
	buf_add(out, VIEW("\r\n"));
}

static void
add_text(struct buf *out, const struct bounce *b)
{
	add_boundary(out, b, "");
	buf_print(out,
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
	    words[b->kind].first);
	for (size_t i = 0; i < b->count; i++) {
		const struct bounce_recipient *r = &b->recipients[i];

		buf_add(out, VIEW("\r\n  "));
		buf_add(out, r->address);
		buf_add(out, VIEW("\r\n"));
		add_reason(out, r);
	}
	buf_print(out, "\r\n%s  %s\r\n", words[b->kind].last,
	    gives_all(b) ? "Your message follows."
			 : "The header of your message follows.");
}

/* RFC 3464 2.3.5, 2.3.6 */
static void
add_diagnostic(struct buf *out, const struct bounce_recipient *r, bool global)
{
	view text = diagnostic(r);

	if (r->remote.n > 0) {
		buf_add(out, VIEW("Remote-MTA: dns; "));
		buf_add(out, r->remote);
		buf_add(out, VIEW("\r\n"));
	}
	if (text.n == 0)
		return;
	buf_print(out, "Diagnostic-Code: %s; ",
	    r->remote.n > 0 ? "smtp" : "x-posthaste");
	for (size_t i = 0; i < text.n; i++)
		add_octet(out, text.p[i], global);
	buf_add(out, VIEW("\r\n"));
}

/* RFC 3464 2.3; addresses beyond ASCII by RFC 6533 3. */
static void
add_recipient(struct buf *out, const struct bounce *b,
    const struct bounce_recipient *r)
{
	view original = r->original;
	view type = view_cut(&original, ';');

	buf_add(out, VIEW("\r\n"));
	if (original.n > 0) {
		buf_print(out, "Original-Recipient: %.*s; ", LOG_VIEW(type));
		add_xtext(out, original, is_global(b));
		buf_add(out, VIEW("\r\n"));
	}
	buf_add_text(out, utf8_is_ascii(r->address)
		? "Final-Recipient: rfc822; "
		: "Final-Recipient: utf-8; ");
	buf_add(out, r->address);
	buf_print(out, "\r\nAction: %s\r\nStatus: ",
	    r->relayed ? "relayed" : words[b->kind].action);
	buf_add(out, r->status);
	buf_add(out, VIEW("\r\n"));
	add_diagnostic(out, r, is_global(b));
	add_date(out, "Last-Attempt-Date", b->now);
	if (b->kind == BOUNCE_DELAYED)
		add_date(out, "Will-Retry-Until", b->until);
}

static void
add_status(struct buf *out, const struct bounce *b)
{
	add_boundary(out, b, "");
	buf_print(out,
	    "Content-Type: message/%sdelivery-status\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    is_global(b) ? "global-" : "", is_global(b) ? "8bit" : "7bit");
	if (b->envelope_id.n > 0) {
		buf_add(out, VIEW("Original-Envelope-Id: "));
		add_xtext(out, b->envelope_id, is_global(b));
		buf_add(out, VIEW("\r\n"));
	}
	buf_print(out, "Reporting-MTA: dns; %s\r\n", b->hostname);
	add_date(out, "Arrival-Date", b->arrived);
	for (size_t i = 0; i < b->count; i++)
		add_recipient(out, b, &b->recipients[i]);
}

/* RFC 6532 3: a header beyond ASCII that is well formed. */
static bool
is_utf8_header(view message)
{
	view header = view_first(message, header_length(message));

	return !utf8_is_ascii(header) && utf8_is_valid(header);
}

static void
add_original(struct buf *out, const struct bounce *b)
{
	static const char *const types[2][2] = {
		{ "text/rfc822-headers", "message/global-headers" },
		{ "message/rfc822", "message/global" },
	};
	bool all = gives_all(b);
	view header = all ? b->message
		: view_first(b->message, header_length(b->message));
	struct wire wire = { .state = WIRE_LINE_START };

	if (header.n > LIMIT_HEADER && !all)
		header = VIEW("");
	add_boundary(out, b, "");
	buf_print(out,
	    "Content-Type: %s\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    types[all][is_utf8_header(b->message)]);
	wire_add(&wire, header, out);
	wire_end(&wire, out);
}

void
bounce_write(struct buf *out, const struct bounce *b)
{
	add_head(out, b);
	add_text(out, b);
	add_status(out, b);
	add_original(out, b);
	add_boundary(out, b, "--");
}

static result
send_away(struct store *store, const struct bounce *b, view text)
{
	const struct sign_services signing = { .store = store,
		.signer = b->signer, .hostname = b->hostname };
	size_t header = header_length(text);
	struct buf whole = buf_new(text.n + LIMIT_HEADER);
	struct queue_new q = {
		.sender = VIEW(""),
		.smtputf8 = !utf8_is_ascii(b->sender),
		.eightbit = !utf8_is_ascii(text),
		.requiretls = b->requiretls,
		.recipients = &b->sender,
		.count = 1,
	};
	int64_t id;
	result r;

	sign_outgoing(&signing, 0, VIEW(""), view_first(text, header),
	    view_from(text, header), &whole);
	buf_add(&whole, text);
	q.data = buf_view(&whole);
	r = buf_result(&whole);
	if (r.is == OK)
		r = queue_add(store, &q, &id);
	buf_free(&whole);
	return r;
}

static result
hand_over(struct store *store, const struct bounce *b, view text,
    bool *queued)
{
	const struct deliver_mail mail = { .hostname = b->hostname,
		.id = b->id, .message = text };
	struct arena *arena = arena_new(DELIVER_MEMORY);
	struct deliver_outcome out;
	result r = deliver_address(store, arena, &mail, b->sender, &out);
	bool lost = out.full || out.refusal.n > 0;

	*queued = out.queued;
	arena_free(&arena);
	if (r.is == MALFORMED || r.is == BUSY) {
		*queued = true;
		return send_away(store, b, text);
	}
	lost = lost || r.is == NOT_FOUND || r.is == DENIED
	    || r.is == NO_SPACE || r.is == STALE;
	/* Who cannot be told is not told: RFC 5321 4.5.5. */
	if (lost) {
		log_line(LOG_WARNING, "smtp.bounce", "id=%.*s lost=1 why=%s",
		    LOG_VIEW(b->id), r.why);
		return done();
	}
	return r;
}

result
bounce_send(struct store *store, const struct bounce *b, bool *queued)
{
	struct buf text = buf_new(BOUNCE_MOST);
	result r;

	*queued = false;
	if (b->sender.n == 0 || b->count == 0) {
		buf_free(&text);
		return done();
	}
	bounce_write(&text, b);
	r = buf_result(&text);
	if (r.is == OK)
		r = hand_over(store, b, buf_view(&text), queued);
	buf_free(&text);
	return r;
}
