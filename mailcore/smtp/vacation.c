#include "mailcore/smtp/vacation.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/address.h"
#include "mailcore/format/mime.h"
#include "mailcore/format/wire.h"
#include "mailcore/format/word.h"

/* RFC 2047 2: an encoded word has 75 bytes at most. */
enum { ADDRESSES = 100, LINE = 900, SUBJECT = 300, NAME = 200, ENCODED = 45 };

/* RFC 3834 2: the names of programs. */
static bool
is_program(view local)
{
	static const char *const names[] = { "mailer-daemon", "postmaster",
		"listserv", "majordomo", "noreply", "no-reply",
		"do-not-reply", "donotreply", "bounce", "bounces" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (view_same(local, view_of(names[i])))
			return true;
	return view_starts_same(local, VIEW("owner-"))
	    || view_starts_same(local, VIEW("bounce-"))
	    || view_starts_same(local, VIEW("bounces-"))
	    || view_starts_same(local, VIEW("bounce+"))
	    || view_starts_same(local, VIEW("SRS0="))
	    || view_starts_same(local, VIEW("SRS1="))
	    || view_ends_same(local, VIEW("-request"))
	    || view_ends_same(local, VIEW("-owner"))
	    || view_ends_same(local, VIEW("-bounces"));
}

static bool
has_word(view list, const char *word)
{
	while (list.n > 0) {
		view one = view_trim(view_cut(&list, ','));

		if (view_same(one, view_of(word)))
			return true;
	}
	return false;
}

/* A field that says: do not answer. */
static bool
forbids(view name, view value)
{
	if (view_same(name, VIEW("Auto-Submitted")))
		return !view_same(view_trim(view_cut(&value, ';')),
		    VIEW("no"));
	if (view_same(name, VIEW("Precedence")))
		return view_same(value, VIEW("bulk"))
		    || view_same(value, VIEW("list"))
		    || view_same(value, VIEW("junk"));
	if (view_same(name, VIEW("X-Auto-Response-Suppress")))
		return has_word(value, "All") || has_word(value, "OOF")
		    || has_word(value, "AutoReply");
	if (view_same(name, VIEW("X-Spam-Flag")))
		return view_same(value, VIEW("YES"));
	return view_starts_same(name, VIEW("List-"));
}

bool
vacation_may_answer(view sender, view header)
{
	view domain = sender, local = view_cut_last(&domain, '@');
	view field, name, value;

	if (local.n == 0 || domain.n == 0 || is_program(local))
		return false;
	while (header_next(&header, &field, &name, &value))
		if (forbids(name, view_trim(value)))
			return false;
	return true;
}

static bool
is_destination(view name)
{
	static const char *const names[] = { "To", "Cc", "Bcc" };

	if (view_starts_same(name, VIEW("Resent-")))
		name = view_from(name, 7);
	for (size_t i = 0; i < COUNT(names); i++)
		if (view_same(name, view_of(names[i])))
			return true;
	return false;
}

bool
vacation_is_addressed(view header, struct arena *arena,
    vacation_is_own *is_own, void *context)
{
	view field, name, value;
	unsigned seen = 0;

	while (header_next(&header, &field, &name, &value)) {
		struct address_walk walk;
		struct address_item item;

		if (!is_destination(name))
			continue;
		walk = address_walk(value, arena);
		while (address_next(&walk, &item)) {
			if (item.kind != ADDRESS_MAILBOX)
				continue;
			if (++seen > ADDRESSES)
				return false;
			if (is_own(context, arena_print(arena, "%.*s@%.*s",
				(int)item.local.n, item.local.p,
				(int)item.domain.n, item.domain.p)))
				return true;
		}
	}
	return false;
}

/* One line without control characters, of so many bytes at most. */
static view
one_line(view text, size_t most, struct arena *arena)
{
	struct buf out = buf_new(text.n + 1);

	text = utf8_first(text, most);
	for (size_t i = 0; i < text.n; i++)
		buf_add_byte(&out,
		    ascii_is_control(text.p[i]) ? ' ' : text.p[i]);
	text = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return text;
}

static view
original_subject(const struct vacation_reply *r, struct arena *arena)
{
	struct buf text = buf_new(LIMIT_HEADER * 4);
	view raw;

	if (header_find(r->header, VIEW("Subject"), arena, &raw))
		word_decode(raw, &text);
	raw = one_line(buf_view(&text), SUBJECT, arena);
	buf_free(&text);
	return raw;
}

static void
add_ids(const struct vacation_reply *r, struct arena *arena, struct buf *out)
{
	view id, references;

	if (!header_find(r->header, VIEW("Message-ID"), arena, &id)
	    || id.n == 0 || id.n > LINE || !utf8_is_ascii(id))
		return;
	id = one_line(id, LINE, arena);
	buf_print(out, "In-Reply-To: %.*s\r\nReferences: ", (int)id.n, id.p);
	if (header_find(r->header, VIEW("References"), arena, &references)
	    && references.n > 0 && references.n < LINE - id.n
	    && utf8_is_ascii(references)) {
		references = one_line(references, LINE, arena);
		buf_print(out, "%.*s\r\n ", (int)references.n, references.p);
	}
	buf_print(out, "%.*s\r\n", (int)id.n, id.p);
}

/* A display name (RFC 5322 3.4): quoted, or one encoded word of it. */
static void
add_name(view name, struct buf *out)
{
	if (name.n == 0)
		return;
	if (!utf8_is_ascii(name)) {
		buf_add(out, VIEW("=?utf-8?B?"));
		encode_base64(out, utf8_first(name, ENCODED));
		buf_add(out, VIEW("?= "));
		return;
	}
	buf_add_byte(out, '"');
	for (size_t i = 0; i < name.n && i < NAME; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out,
		    ascii_is_control(name.p[i]) ? ' ' : name.p[i]);
	}
	buf_add(out, VIEW("\" "));
}

static void
add_head(const struct vacation_reply *r, struct arena *arena, struct buf *out)
{
	view subject = one_line(r->subject, SUBJECT, arena);

	if (subject.n == 0) {
		subject = original_subject(r, arena);
		subject = arena_print(arena, "Auto: %.*s", (int)subject.n,
		    subject.p);
	}
	buf_add(out, VIEW("Date: "));
	date_add_rfc5322(out, r->now);
	buf_add(out, VIEW("\r\nFrom: "));
	add_name(r->from_name, out);
	buf_print(out, "<%.*s>\r\nTo: <%.*s>\r\nSubject: ",
	    (int)r->from.n, r->from.p, (int)r->to.n, r->to.p);
	word_encode(subject, out);
	buf_print(out, "\r\nMessage-ID: <%.*s.vacation@%s>\r\n", (int)r->id.n,
	    r->id.p, r->hostname);
	add_ids(r, arena, out);
	buf_add(out, VIEW("Auto-Submitted: auto-replied (vacation)\r\n"
			  "Precedence: bulk\r\n"
			  "X-Auto-Response-Suppress: All\r\n"
			  "MIME-Version: 1.0\r\n"));
}

static bool
is_plain(view text)
{
	view line;

	if (!utf8_is_ascii(text))
		return false;
	while (view_line(&text, &line))
		if (line.n > LINE)
			return false;
	return true;
}

void
vacation_write(const struct vacation_reply *r, struct arena *arena,
    struct buf *out)
{
	struct buf text = buf_new(2 * r->text.n + 4);
	struct wire wire = { .state = WIRE_LINE_START };

	wire_add(&wire, r->text, &text);
	wire_end(&wire, &text);
	add_head(r, arena, out);
	if (r->mime) {
		buf_add(out, buf_view(&text));
	} else if (is_plain(buf_view(&text))) {
		buf_add(out, VIEW("Content-Type: text/plain;"
				  " charset=us-ascii\r\n\r\n"));
		buf_add(out, buf_view(&text));
	} else {
		buf_add(out,
		    VIEW("Content-Type: text/plain; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: base64\r\n\r\n"));
		encode_base64_lines(out, buf_view(&text));
	}
	buf_free(&text);
}

view
vacation_fill(view text, const struct vacation_reply *r, struct arena *arena)
{
	struct buf out = buf_new(2 * (size_t)LIMIT_VACATION_TEXT);
	struct buf date = buf_new(64);
	view filled;

	date_add_rfc5322(&date, r->now);
	{
		const struct {
			view name, value;
		} macros[] = {
			{ VIEW("$SUBJECT"), original_subject(r, arena) },
			{ VIEW("$FROM"), r->to },
			{ VIEW("$TO"), r->from },
			{ VIEW("$DATE"), buf_view(&date) },
		};

		while (text.n > 0) {
			size_t i = 0;

			while (i < COUNT(macros)
			    && !view_starts(text, macros[i].name))
				i++;
			buf_add(&out, i < COUNT(macros) ? macros[i].value
							: view_first(text, 1));
			text = view_from(text,
			    i < COUNT(macros) ? macros[i].name.n : 1);
		}
	}
	filled = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	buf_free(&date);
	return filled;
}
