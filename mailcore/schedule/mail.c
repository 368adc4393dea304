/* A scheduling message as a mail (RFC 6047 2). */
#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/word.h"
#include "mailcore/schedule/inside.h"

enum { SUBJECT_MOST = 200, TEXT_MOST = 4096 };

struct writing {
	const struct schedule_mail *m;
	struct arena *arena;
	struct buf *out;
	struct itip *i;
	view summary, partstat;
};

static view
one_line(view text, size_t most, struct arena *arena)
{
	view v = view_first(text, most);
	char *to = arena_alloc(arena, v.n + 1);

	/* Not in the middle of a character. */
	while (v.n > 0 && v.n < text.n
	    && ((unsigned char)text.p[v.n] & 0xc0) == 0x80)
		v.n--;
	if (to == NULL)
		return VIEW("");
	for (size_t i = 0; i < v.n; i++)
		to[i] = (unsigned char)v.p[i] < ' ' || v.p[i] == 127
		    ? ' ' : v.p[i];
	return (view){ to, v.n };
}

static view
text_of(const struct writing *w, view name, size_t most)
{
	return one_line(
	    content_unescape(itip_value(w->i->list[0].part, name), w->arena),
	    most, w->arena);
}

static const char *
verb(const struct writing *w)
{
	static const struct {
		view partstat;
		const char *verb;
	} answers[] = {
		{ VIEW_INIT("ACCEPTED"), "Accepted" },
		{ VIEW_INIT("DECLINED"), "Declined" },
		{ VIEW_INIT("TENTATIVE"), "Tentative" },
		{ VIEW_INIT("DELEGATED"), "Delegated" },
	};

	if (w->m->method == ITIP_CANCEL)
		return "Cancelled";
	if (w->m->method == ITIP_REQUEST)
		return w->i->list[0].sequence > 0 ? "Updated invitation"
						  : "Invitation";
	for (size_t i = 0; i < COUNT(answers); i++)
		if (view_same(w->partstat, answers[i].partstat))
			return answers[i].verb;
	return "Answer";
}

static void
add_field(struct writing *w, const char *name, view value)
{
	buf_add_text(w->out, name);
	buf_add(w->out, VIEW(": "));
	word_encode(value, w->out);
	buf_add(w->out, VIEW("\r\n"));
}

/* A quoted string, or encoded words. */
static void
add_name(struct writing *w)
{
	view name = one_line(w->m->name, SUBJECT_MOST, w->arena);

	if (name.n == 0)
		return;
	if (!utf8_is_ascii(name)) {
		word_encode(name, w->out);
		buf_add_byte(w->out, ' ');
		return;
	}
	buf_add_byte(w->out, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			buf_add_byte(w->out, '\\');
		buf_add_byte(w->out, name.p[i]);
	}
	buf_add(w->out, VIEW("\" "));
}

static void
add_address(struct writing *w, view address)
{
	buf_add_byte(w->out, '<');
	buf_add(w->out, one_line(address, LIMIT_ADDRESS, w->arena));
	buf_add_byte(w->out, '>');
}

static void
add_header(struct writing *w)
{
	view domain = w->m->sender;

	(void)view_cut_last(&domain, '@');
	buf_add(w->out, VIEW("From: "));
	add_name(w);
	add_address(w, w->m->sender);
	buf_add(w->out, VIEW("\r\nTo: "));
	for (size_t i = 0; i < w->m->count; i++) {
		if (i > 0)
			buf_add(w->out, VIEW(",\r\n "));
		add_address(w, w->m->to[i]);
	}
	buf_add(w->out, VIEW("\r\n"));
	add_field(w, "Subject",
	    arena_print(w->arena, "%s: %.*s", verb(w), (int)w->summary.n,
		w->summary.p));
	buf_add(w->out, VIEW("Date: "));
	date_add_rfc5322(w->out, w->m->now);
	buf_print(w->out, "\r\nMessage-ID: <%.*s.schedule@%.*s>\r\n",
	    (int)w->m->id.n, w->m->id.p, (int)domain.n, domain.p);
	buf_add(w->out, VIEW("MIME-Version: 1.0\r\n"
		"Content-Type: multipart/alternative;"
		" boundary=\"=_schedule\"\r\n\r\n"));
}

static void
add_when(struct writing *w, struct buf *text)
{
	const struct itip_instance *n = &w->i->list[0];
	const struct itip_line *l = itip_line_find(
	    n->part, VIEW("DTSTART"));
	view value, zone;
	char form[] = "0000-00-00 00:00";
	static const size_t from[] = { 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12 };
	static const size_t to[] = { 0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15 };

	if (l == NULL)
		return;
	value = view_trim(l->text.value);
	zone = one_line(itip_parameter(l, VIEW("TZID")), 100, w->arena);
	for (size_t i = 0; i < COUNT(to); i++)
		if (from[i] < value.n)
			form[to[i]] = value.p[from[i]];
	if (n->date)
		form[10] = '\0';
	buf_print(text, "When: %s", form);
	if (zone.n > 0)
		buf_print(text, " (%.*s)", (int)zone.n, zone.p);
	else if (view_ends(value, VIEW("Z")))
		buf_add(text, VIEW(" UTC"));
	if (itip_line_find(n->part, VIEW("RRULE")) != NULL)
		buf_add(text, VIEW(", repeating"));
	buf_add(text, VIEW("\r\n"));
}

static void
add_text(struct writing *w)
{
	struct buf text = buf_new(8 * TEXT_MOST);
	view where = text_of(w, VIEW("LOCATION"), SUBJECT_MOST);

	buf_print(&text, "%s: %.*s\r\n\r\n", verb(w), (int)w->summary.n,
	    w->summary.p);
	add_when(w, &text);
	if (where.n > 0)
		buf_print(&text, "Where: %.*s\r\n", (int)where.n, where.p);
	buf_print(&text, "Organizer: %.*s\r\n",
	    (int)view_first(w->i->organizer, LIMIT_ADDRESS).n,
	    w->i->organizer.p);
	buf_add(w->out, VIEW("--=_schedule\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"));
	if (utf8_is_ascii(buf_view(&text))) {
		buf_add(w->out, VIEW("\r\n"));
		buf_add(w->out, buf_view(&text));
	} else {
		buf_add(w->out,
		    VIEW("Content-Transfer-Encoding: base64\r\n\r\n"));
		encode_base64_lines(w->out, buf_view(&text));
	}
	buf_free(&text);
}

static void
add_calendar(struct writing *w)
{
	buf_print(w->out,
	    "--=_schedule\r\n"
	    "Content-Type: text/calendar; charset=utf-8; method=%s;\r\n"
	    " component=%.*s\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n",
	    itip_method_name(w->m->method), (int)w->i->component.n,
	    w->i->component.p);
	encode_base64_lines(w->out, w->m->text);
	buf_add(w->out, VIEW("--=_schedule--\r\n"));
}

result
schedule_mail_write(const struct schedule_mail *m, struct arena *arena,
    struct buf *out)
{
	struct writing w = { .m = m, .arena = arena, .out = out,
		.partstat = VIEW("") };

	TRY(itip_read(m->text, arena, &w.i));
	if (w.i->list[0].attendee_count > 0)
		w.partstat = itip_partstat(w.i->list[0].attendees[0].line);
	w.summary = text_of(&w, VIEW("SUMMARY"), SUBJECT_MOST);
	if (w.summary.n == 0)
		w.summary = VIEW("(no title)");
	add_header(&w);
	add_text(&w);
	add_calendar(&w);
	TRY(arena_result(arena));
	return buf_result(out);
}
