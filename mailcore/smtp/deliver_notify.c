/* Notifications by mail (RFC 5436). */
#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/mime.h"
#include "mailcore/format/wire.h"
#include "mailcore/format/word.h"
#include "mailcore/smtp/deliver_inside.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/log.h"

#include <stdio.h>

enum { SUBJECT = 300, HOUR = 3600 };

/* Is it mail of a person, which has not been here?  RFC 5436 2.7: what a
 * program sent gets no notification, or two of them never end; a null sender
 * alone does not make it such. */
static bool
may_notify(const struct plan *p)
{
	view rest = p->header, field, name, value;

	if (plan_was_here(p->header, p->info.address)
	    || (p->verdict != NULL
		&& (p->verdict->junk || p->verdict->forged)))
		return false;
	while (header_next(&rest, &field, &name, &value))
		if (view_same(name, VIEW("Auto-Submitted"))
		    && !view_same(view_trim(view_cut(&value, ';')),
			VIEW("no")))
			return false;
	return true;
}

/* One line, cut where a sign ends. */
static view
one_line(view text, struct arena *arena)
{
	size_t n = text.n < SUBJECT ? text.n : SUBJECT;
	char *to = arena_alloc(arena, n + 1);

	while (n < text.n && n > 0 && (text.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; to != NULL && i < n; i++)
		to[i] = ascii_is_control(text.p[i]) ? ' ' : text.p[i];
	return to == NULL ? VIEW("") : (view){ to, n };
}

/* RFC 5436 2.7: the message, what the URI says, or the original's. */
static view
subject_of(struct plan *p, const struct sieve_action *a)
{
	struct buf text = buf_new(4 * (size_t)LIMIT_HEADER);
	view raw, subject;

	if (a->text.n > 0)
		buf_add(&text, a->text);
	else if (a->subject.n > 0)
		buf_add(&text, a->subject);
	else if (header_find(p->header, VIEW("Subject"), p->arena, &raw))
		word_decode(raw, &text);
	subject = one_line(buf_view(&text), p->arena);
	buf_free(&text);
	return subject;
}

/* RFC 5436 2.7.1: by whose script it comes. */
static void
add_owner(view address, struct buf *out)
{
	buf_add(out, VIEW("Auto-Submitted: auto-notified;"
			  " owner-email=\""));
	for (size_t i = 0; i < address.n; i++) {
		if (address.p[i] == '"' || address.p[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, address.p[i]);
	}
	buf_add(out, VIEW("\"\r\n"));
}

static void
add_head(struct plan *p, const struct sieve_action *a, view from,
    unsigned number, struct buf *out)
{
	static const char *const importance[] = { "", "high", "normal",
		"low" };

	buf_add(out, VIEW("Date: "));
	date_add_rfc5322(out, p->now);
	buf_print(out, "\r\nFrom: <%.*s>\r\nTo:", (int)from.n, from.p);
	for (size_t i = 0; i < a->address_count; i++)
		buf_print(out, "%s<%.*s>", i == 0 ? " " : ",\r\n ",
		    (int)a->addresses[i].n, a->addresses[i].p);
	buf_add(out, VIEW("\r\nSubject: "));
	word_encode(subject_of(p, a), out);
	buf_print(out, "\r\nMessage-ID: <%.*s.%lld.%u.notify@%s>\r\n",
	    (int)p->mail->id.n, p->mail->id.p, (long long)p->info.id, number,
	    p->mail->hostname);
	if (a->importance > 0)
		buf_print(out, "Importance: %s\r\n",
		    importance[a->importance]);
	add_owner(p->info.address, out);
	buf_add(out, VIEW("MIME-Version: 1.0\r\n"
			  "Content-Type: text/plain; charset=utf-8\r\n"
			  "Content-Transfer-Encoding: base64\r\n\r\n"));
}

static result
send(struct plan *p, const struct sieve_action *a, unsigned number)
{
	view body = a->body.n > 0 ? a->body : a->text;
	view name, from = plan_from(p, a->from, &name);
	struct buf text = buf_new(4 * (size_t)LIMIT_VACATION_TEXT + 65536);
	struct buf whole = buf_new(text.limit + LIMIT_HEADER);
	struct buf lines = buf_new(text.limit);
	struct wire wire = { .state = WIRE_LINE_START };
	/* RFC 5436 2.7: what has no sender makes mail without one. */
	struct queue_new q = { .sender = p->mail->sender.n > 0
		    ? p->info.address : VIEW(""),
		.recipients = a->addresses, .count = a->address_count,
		.account = p->info.id };
	int64_t id = 0;
	result r;

	add_head(p, a, from, number, &text);
	wire_add(&wire, body, &lines);
	wire_end(&wire, &lines);
	encode_base64_lines(&text, buf_view(&lines));
	plan_sign(p, buf_view(&text), &whole);
	q.data = buf_view(&whole);
	/* Of the data only the header may need it. */
	q.smtputf8 = !utf8_is_ascii(q.data);
	for (size_t i = 0; i < a->address_count; i++)
		q.smtputf8 = q.smtputf8 || !utf8_is_ascii(a->addresses[i]);
	q.eightbit = !utf8_is_ascii(q.data);
	r = arena_result(p->arena);
	if (r.is == OK)
		r = buf_result(&whole);
	if (r.is == OK)
		r = buf_result(&text);
	if (r.is == OK)
		r = queue_add(p->store, &q, &id);
	if (r.is == OK)
		log_line(LOG_INFO, "deliver.notify",
		    "id=%.*s account=%lld queue=%lld", LOG_VIEW(p->mail->id),
		    (long long)p->info.id, (long long)id);
	buf_free(&lines);
	buf_free(&text);
	buf_free(&whole);
	return r;
}

/* One of the places of this hour; `p->fresh`: there was one. */
static result
take_place(struct account *account, void *context)
{
	struct plan *p = context;
	char what[64];

	p->fresh = false;
	for (int i = 0; i < LIMIT_NOTIFIES_HOUR && !p->fresh; i++) {
		result r;

		(void)snprintf(what, sizeof what, "notify\n%d", i);
		r = remember(account, view_of(what), p->now, p->now + HOUR,
		    &p->fresh);
		if (r.is == OVER_LIMIT)
			return done();
		TRY(r);
	}
	return done();
}

result
plan_notify(struct plan *p, bool *queued)
{
	unsigned number = 0;

	if (plan_find(p, SIEVE_NOTIFY) == NULL || !may_notify(p))
		return done();
	for (const struct sieve_action *a = p->actions; a != NULL;
	    a = a->next) {
		if (a->kind != SIEVE_NOTIFY)
			continue;
		TRY(account_write(p->account, take_place, p, DURABLE_LATER));
		if (!p->fresh) {
			log_line(LOG_WARNING, "deliver.notify",
			    "id=%.*s account=%lld why=\"too many in an"
			    " hour\"", LOG_VIEW(p->mail->id),
			    (long long)p->info.id);
			return done();
		}
		TRY(send(p, a, ++number));
		*queued = true;
	}
	return done();
}
