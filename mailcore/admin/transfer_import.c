#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/date.h"

#include <stdio.h>

void
import_told(struct import *m, view what, result r)
{
	m->t->told(m->t->context, what, r);
}

result
import_mailbox_name(struct import *m, view folder, struct buf *out)
{
	struct buf name = buf_new(TRANSFER_PATH);
	result r = folder_decode(m->t, folder, &name);

	buf_add(out, m->t->mailbox);
	if (m->t->mailbox.n == 0)
		buf_add(out, buf_view(&name));
	else if (folder.n > 0)
		buf_print(out, "/%.*s", (int)name.n, name.p);
	buf_free(&name);
	return r.is == OK ? buf_result(out) : r;
}

static result
enter_folder(struct import *m, view folder)
{
	struct buf name = buf_new(TRANSFER_PATH);
	int64_t before = m->collection;
	result r = import_mailbox_name(m, folder, &name);

	if (r.is == OK)
		r = import_enter(m, buf_view(&name));
	buf_free(&name);
	if (m->collection != before)
		m->keywords = (struct keywords){ .count = 0 };
	return r;
}

result
import_maildir_file(struct import *m, view path, int64_t when, view bytes)
{
	view folder = VIEW("");
	struct incoming in = { .what = path, .text = bytes,
		.received = when };
	view part;

	if (view_at(path, 0) == '.')
		folder = view_cut(&path, '/');
	if (view_eq(path, VIEW("maildirfolder")))
		return enter_folder(m, folder);
	if (view_eq(path, VIEW("dovecot-keywords"))) {
		TRY(enter_folder(m, folder));
		keywords_read(&m->keywords, m->folder_arena, bytes);
		return arena_result(m->folder_arena);
	}
	part = view_cut(&path, '/');
	if ((!view_eq(part, VIEW("cur")) && !view_eq(part, VIEW("new")))
	    || path.n == 0 || view_at(path, 0) == '.'
	    || view_find_byte(path, '/') != SIZE_MAX)
		return done();
	TRY(enter_folder(m, folder));
	arena_reset(m->arena);
	maildir_read_flags(path, &m->keywords, m->arena, &in.flags,
	    &in.keywords);
	return import_message(m, &in);
}

/* "From a@b Fri Nov 21 09:55:06 1997"; below 0: no date. */
static int64_t
separator_date(view line)
{
	view words[3] = { VIEW("") }; /* the last ones: month, day, time */
	struct buf text = buf_new(256);
	int64_t out = -1;
	view year = VIEW("");

	while (line.n > 0) {
		view word = view_cut(&line, ' ');

		if (word.n == 0)
			continue;
		if (view_find_byte(words[2], ':') != SIZE_MAX
		    && view_find_byte(words[0], ':') == SIZE_MAX) {
			year = word; /* a zone may come before it */
			continue;
		}
		words[0] = words[1];
		words[1] = words[2];
		words[2] = word;
	}
	buf_print(&text, "%.*s %.*s %.*s %.*s +0000", (int)words[1].n,
	    words[1].p, (int)words[0].n, words[0].p, (int)year.n, year.p,
	    (int)words[2].n, words[2].p);
	if (buf_result(&text).is != OK
	    || date_parse_rfc5322(buf_view(&text), &out).is != OK)
		out = -1;
	buf_free(&text);
	return out;
}

/* One '>' less before "From ". */
static void
unquote(struct buf *out, view line)
{
	size_t quotes = 0;

	while (view_at(line, quotes) == '>')
		quotes++;
	if (quotes > 0
	    && view_starts(view_from(line, quotes), VIEW("From ")))
		line = view_from(line, 1);
	buf_add(out, line);
	buf_add_byte(out, '\n');
}

/* Up to the next separator, which follows an empty line that belongs to
 * it. */
static void
take_message(view *rest, struct buf *out)
{
	bool empty = false;

	while (rest->n > 0) {
		view line;

		if (empty && view_starts(*rest, VIEW("From ")))
			break;
		if (empty)
			buf_add_byte(out, '\n');
		(void)view_line(rest, &line);
		empty = line.n == 0;
		if (!empty)
			unquote(out, line);
	}
}

result
import_mbox(struct import *m, view text)
{
	view line;
	size_t number = 0;

	if (text.n > 0 && !view_starts(text, VIEW("From ")))
		return fail(MALFORMED, "RFC 4155: an mbox begins with From");
	while (view_line(&text, &line)) {
		struct buf message = buf_new(2 * (size_t)LIMIT_MESSAGE);
		char what[32];
		struct incoming in = { .received = separator_date(line) };
		result r = done();

		(void)snprintf(what, sizeof what, "message %zu", ++number);
		in.what = view_of(what);
		take_message(&text, &message);
		in.text = buf_view(&message);
		if (buf_result(&message).is == OK)
			r = import_message(m, &in);
		else
			import_told(m, in.what, buf_result(&message));
		buf_free(&message);
		TRY(r);
	}
	return done();
}
