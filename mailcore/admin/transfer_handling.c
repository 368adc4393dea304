/* What a person wants done with mail, in an archive: "sieve/<name>.sieve",
 * "sieve/.active" with the name of the active one, "settings/forward" and
 * "settings/vacation". */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/address.h"
#include "mailcore/sieve/sieve.h"
#include "mailcore/store/handling.h"

enum { DAY = 86400, VACATION_LEAST = 600, VACATION_MOST = 30 * DAY };

static const char suffix[] = ".sieve";

static result
put_script(struct account *account, struct arena *arena, struct sink *sink,
    view name)
{
	struct buf path = buf_new(TRANSFER_PATH);
	view text;
	result r = script_get(account, arena, name, &text);

	buf_add(&path, VIEW("sieve/"));
	file_name_encode(name, &path);
	buf_add_text(&path, suffix);
	if (r.is == OK)
		r = buf_result(&path);
	if (r.is == OK)
		sink_file(sink, buf_view(&path), 0, text);
	buf_free(&path);
	return r;
}

static void
put_forward(const struct handling *h, struct sink *sink)
{
	struct buf text = buf_new(SIZE_MAX / 2);

	buf_print(&text, "keep %d\n", h->forward_keep ? 1 : 0);
	buf_add(&text, h->forward);
	sink_file(sink, VIEW("settings/forward"), 0, buf_view(&text));
	if (buf_result(&text).is != OK)
		sink->r = buf_result(&text);
	buf_free(&text);
}

/* Lines, an empty one, and the text. */
static void
put_vacation(const struct handling *h, struct sink *sink)
{
	struct buf text = buf_new(SIZE_MAX / 2);

	buf_print(&text, "on %d\nfrom %lld\nuntil %lld\nevery %lld\n"
	    "subject %.*s\n\n", h->vacation ? 1 : 0,
	    (long long)h->vacation_from, (long long)h->vacation_until,
	    (long long)h->vacation_every, (int)h->vacation_subject.n,
	    h->vacation_subject.p);
	buf_add(&text, h->vacation_text);
	sink_file(sink, VIEW("settings/vacation"), 0, buf_view(&text));
	if (buf_result(&text).is != OK)
		sink->r = buf_result(&text);
	buf_free(&text);
}

result
export_handling(struct account *account, struct arena *arena,
    struct sink *sink)
{
	struct handling h;
	struct script *list;
	size_t count;

	TRY(handling_get(account, arena, &h));
	TRY(script_list(account, arena, &list, &count));
	for (size_t i = 0; i < count; i++)
		TRY(put_script(account, arena, sink, list[i].name));
	if (h.script_name.n > 0)
		sink_file(sink, VIEW("sieve/.active"), 0, h.script_name);
	if (h.forward.n > 0)
		put_forward(&h, sink);
	if (h.vacation_text.n > 0)
		put_vacation(&h, sink);
	return sink->r;
}

/* One of these at work. */
struct taking {
	struct arena *arena;
	view name, text;
	struct handling h;
};

static result
same_or(bool same, const char *why)
{
	return same ? fail(EXISTS, "") : fail(EXISTS, why);
}

static result
add_script(struct account *account, void *context)
{
	const struct taking *t = context;
	view there;
	result r = script_get(account, t->arena, t->name, &there);

	if (r.is == OK)
		return same_or(view_eq(there, t->text), "another script has"
		    " its name, which is kept");
	return r.is == NOT_FOUND ? script_put(account, t->name, t->text) : r;
}

static result
activate(struct account *account, void *context)
{
	const struct taking *t = context;
	struct handling there;
	result r;

	TRY(handling_get(account, t->arena, &there));
	if (there.script_name.n > 0)
		return same_or(view_eq(there.script_name, t->name),
		    "another script is active, which stays so");
	r = script_activate(account, t->name);
	return r.is == NOT_FOUND
	    ? fail(MALFORMED, "the active script is not there") : r;
}

static result
set_forward(struct account *account, void *context)
{
	const struct taking *t = context;
	struct handling there;

	TRY(handling_get(account, t->arena, &there));
	if (there.forward.n > 0)
		return same_or(view_eq(there.forward, t->h.forward)
		        && there.forward_keep == t->h.forward_keep,
		    "mail is sent on already; that is kept");
	return handling_set_forward(account, t->h.forward,
	    t->h.forward_keep);
}

static result
set_vacation(struct account *account, void *context)
{
	const struct taking *t = context;
	struct handling there;

	TRY(handling_get(account, t->arena, &there));
	if (there.vacation_text.n > 0)
		return same_or(view_eq(there.vacation_text,
			t->h.vacation_text), "there is an automatic reply"
		    " already, which is kept");
	return handling_set_vacation(account, &t->h);
}

static result
take_script(struct import *m, struct taking *t, view file)
{
	struct buf name = buf_new(TRANSFER_PATH);
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct sieve_error error;
	struct sieve *script;
	result r = fail(MALFORMED, "not the name of a script");

	if (view_ends(file, view_of(suffix))) {
		file.n -= sizeof suffix - 1;
		r = decode_percent(&name, file); /* it may have a slash */
	}
	t->name = arena_copy(t->arena, buf_view(&name));
	if (r.is == OK && !sieve_is_script_name(t->name))
		r = fail(MALFORMED, "not the name of a script");
	if (r.is == OK)
		r = sieve_compile_stored(arena, t->text, &script, &error);
	if (r.is == OK)
		r = account_write(m->account, add_script, t, DURABLE_LATER);
	arena_free(&arena);
	buf_free(&name);
	return r;
}

/* "every 86400": the number; false: it is none. */
static bool
take_number(view *rest, const char *name, uint64_t most, int64_t *out)
{
	view line, word;
	uint64_t n;

	if (!view_line(rest, &line))
		return false;
	word = view_cut(&line, ' ');
	if (!view_eq(word, view_of(name)) || !view_number(line, most, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

static result
take_forward(struct import *m, struct taking *t)
{
	view rest = t->text, line;
	/* As many as a script of his own could send it on to. */
	size_t most = m->t->own ? LIMIT_SIEVE_REDIRECTS : LIMIT_FORWARDS;
	int64_t keep;
	size_t count = 0;

	if (!take_number(&rest, "keep", 1, &keep))
		return fail(MALFORMED, "expected to whom mail is sent on");
	t->h.forward = rest;
	t->h.forward_keep = keep == 1;
	while (view_line(&rest, &line)) {
		struct address address;

		if (address_parse(line, t->arena, &address).is != OK)
			return fail(MALFORMED, "expected an address a line");
		if (++count > most)
			return fail(OVER_LIMIT, "too many addresses");
	}
	return count == 0 ? fail(MALFORMED, "expected an address a line")
	    : account_write(m->account, set_forward, t, DURABLE_LATER);
}

/* The end of the year 9999: later has no date. */
static const uint64_t end_of_time = 253402300800;

static bool
is_vacation(const struct handling *h)
{
	return h->vacation_every >= VACATION_LEAST
	    && h->vacation_every <= VACATION_MOST
	    && h->vacation_subject.n <= LIMIT_DISPLAY_NAME
	    && utf8_is_valid(h->vacation_subject)
	    && h->vacation_text.n > 0
	    && h->vacation_text.n <= LIMIT_VACATION_TEXT
	    && utf8_is_valid(h->vacation_text)
	    && view_find_byte(h->vacation_text, '\0') == SIZE_MAX;
}

static result
take_vacation(struct import *m, struct taking *t)
{
	struct handling *h = &t->h;
	view rest = t->text, line, word, empty;
	int64_t on = 0;
	bool fine = take_number(&rest, "on", 1, &on)
	    && take_number(&rest, "from", end_of_time, &h->vacation_from)
	    && take_number(&rest, "until", end_of_time, &h->vacation_until)
	    && take_number(&rest, "every", INT64_MAX, &h->vacation_every)
	    && view_line(&rest, &line) && view_line(&rest, &empty)
	    && empty.n == 0;

	if (!fine)
		return fail(MALFORMED, "expected an automatic reply");
	word = view_cut(&line, ' ');
	h->vacation = on == 1;
	h->vacation_subject = line;
	h->vacation_text = rest;
	if (!view_eq(word, VIEW("subject")) || !is_vacation(h))
		return fail(MALFORMED, "expected an automatic reply");
	return account_write(m->account, set_vacation, t, DURABLE_LATER);
}

/* What is wrong with one does not stop the others. */
result
import_handling(struct import *m, view path, view bytes)
{
	struct taking t = { .arena = m->arena, .name = bytes,
		.text = bytes };
	view rest = path, top = view_cut(&rest, '/');
	result r;

	arena_reset(m->arena);
	if (view_eq(path, VIEW("sieve/.active")))
		r = account_write(m->account, activate, &t, DURABLE_LATER);
	else if (view_eq(top, VIEW("sieve")))
		r = take_script(m, &t, rest);
	else if (view_eq(path, VIEW("settings/forward")))
		r = take_forward(m, &t);
	else if (view_eq(path, VIEW("settings/vacation")))
		r = take_vacation(m, &t);
	else
		return done(); /* of a later version */
	if (r.is == NO_SPACE || r.is == FAILED || r.is == BUSY)
		return r;
	import_told(m, path, r);
	return done();
}
