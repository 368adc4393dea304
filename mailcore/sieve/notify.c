/* Notifications (RFC 5435), by mail alone (RFC 5436). */
#include "mailcore/base/encode.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sieve/run.h"

static const char malformed[] = "RFC 5436 2.2: not a mailto URI";

/* A part of the URI as it is meant. */
static result
decode(struct arena *arena, view part, view *out)
{
	struct buf text = buf_new(part.n + 1);
	result r = decode_percent(&text, part);

	*out = arena_copy(arena, buf_view(&text));
	buf_free(&text);
	if (r.is != OK || !utf8_is_valid(*out)
	    || view_find_byte(*out, '\0') != SIZE_MAX)
		return fail(MALFORMED, malformed);
	return arena_result(arena);
}

/* Up to a comma that is not quoted. */
static view
cut_address(view *list)
{
	bool quoted = false;
	size_t n = 0;
	view one;

	for (; n < list->n && (quoted || list->p[n] != ','); n++) {
		if (list->p[n] == '\\' && quoted)
			n++;
		else if (list->p[n] == '"')
			quoted = !quoted;
	}
	one = view_first(*list, n);
	*list = view_from(*list, n + 1);
	return one;
}

/* RFC 2368 2 has the comma between addresses encoded, RFC 6068 2 has it as
 * it is. */
static result
add_addresses(struct arena *arena, view text, struct sieve_mailto *m)
{
	view list;

	TRY(decode(arena, text, &list));
	while (list.n > 0) {
		view address;

		if (sieve_address(arena, cut_address(&list), &address).is
		    != OK)
			return fail(MALFORMED, malformed);
		if (m->count == LIMIT_NOTIFY_ADDRESSES)
			return fail(MALFORMED,
			    "RFC 5436 2.2: too many addresses");
		m->to[m->count++] = address;
	}
	return arena_result(arena);
}

/* RFC 5322 2.2. */
static bool
is_field_name(view name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_graph(name.p[i]) || name.p[i] == ':')
			return false;
	return name.n > 0;
}

/* What else may stand there would go into the header, where it is not ours
 * to say (RFC 5436 2.7): it is left out. */
static result
add_fields(struct arena *arena, view fields, struct sieve_mailto *m)
{
	while (fields.n > 0) {
		view value = view_cut(&fields, '&');
		bool has_value = view_find_byte(value, '=') != SIZE_MAX;
		view name, text;

		TRY(decode(arena, view_cut(&value, '='), &name));
		if (!has_value || !is_field_name(name))
			return fail(MALFORMED, malformed);
		TRY(decode(arena, value, &text));
		if (view_same(name, VIEW("to"))
		    || view_same(name, VIEW("cc")))
			TRY(add_addresses(arena, value, m));
		else if (view_same(name, VIEW("subject")))
			m->subject = text;
		else if (view_same(name, VIEW("body")))
			m->body = text;
	}
	return done();
}

result
sieve_mailto(struct arena *arena, view uri, struct sieve_mailto *out)
{
	view to = uri, scheme = view_cut(&to, ':');
	view fields;

	*out = (struct sieve_mailto){ .count = 0 };
	if (!view_same(scheme, VIEW("mailto")))
		return fail(MALFORMED, "RFC 5435 3.1: no such way to notify");
	for (size_t i = 0; i < uri.n; i++)
		if (!ascii_is_graph(uri.p[i]) || uri.p[i] == '#')
			return fail(MALFORMED, malformed);
	out->to = arena_array(arena, LIMIT_NOTIFY_ADDRESSES, sizeof *out->to);
	if (out->to == NULL)
		return arena_result(arena);
	fields = to;
	to = view_cut(&fields, '?');
	TRY(add_addresses(arena, to, out));
	TRY(add_fields(arena, fields, out));
	return out->count > 0 ? done()
	    : fail(MALFORMED, "RFC 5436 2.2: it goes to nobody");
}

static result
take_importance(struct run *r, const struct sieve_node *node, unsigned *out)
{
	view text;

	TRY(run_slot(r, node, SLOT_IMPORTANCE, &text));
	*out = text.n == 1 && text.p[0] >= '1' && text.p[0] <= '3'
	    ? (unsigned)(text.p[0] - '0') : 0;
	return *out == 0 && run_has(node, SLOT_IMPORTANCE)
	    ? run_fault(r, "RFC 5435 3.4: the importance is 1, 2 or 3", text)
	    : done();
}

/* :options has no meaning with mail (RFC 5436 2.4). */
result
act_notify(struct run *r, const struct sieve_node *node)
{
	struct sieve_action a = { .kind = SIEVE_NOTIFY };
	struct sieve_mailto m;
	view method;
	result found;

	TRY(run_slot(r, node, SLOT_1, &method));
	TRY(run_slot(r, node, SLOT_MESSAGE, &a.text));
	TRY(run_slot(r, node, SLOT_FROM, &a.from));
	TRY(take_importance(r, node, &a.importance));
	found = sieve_mailto(r->arena, method, &m);
	if (found.is != OK)
		return run_fault(r, found.why, method);
	if (!utf8_is_valid(a.text) || a.text.n > LIMIT_VACATION_TEXT)
		return run_fault(r, "RFC 5435 3.5: not a text to send",
		    VIEW(""));
	if (++r->notifies > LIMIT_SIEVE_NOTIFIES)
		return run_fault(r, "RFC 5435 8: too many notifications",
		    VIEW(""));
	a.addresses = m.to;
	a.address_count = m.count;
	a.subject = m.subject;
	a.body = m.body;
	return run_add(r, &a);
}

/* RFC 5435 4. */
result
ask_valid_notify(struct run *r, const struct sieve_node *node, bool *answer)
{
	view *methods;
	size_t count;

	TRY(run_strings(r, node, SLOT_1, &methods, &count));
	*answer = true;
	for (size_t i = 0; i < count && *answer; i++) {
		struct sieve_mailto m;

		TRY(run_spend(r, 1 + methods[i].n));
		*answer = sieve_mailto(r->arena, methods[i], &m).is == OK;
	}
	return arena_result(r->arena);
}

/* RFC 5435 5: of mail nobody knows whether it is read at once. */
result
ask_notify_capability(struct run *r, const struct sieve_node *node,
    bool *answer)
{
	struct sieve_mailto to;
	struct matching m;
	view method, what;

	TRY(matching_begin(r, node, SLOT_3, &m));
	TRY(run_slot(r, node, SLOT_1, &method));
	TRY(run_slot(r, node, SLOT_2, &what));
	if (sieve_mailto(r->arena, method, &to).is != OK)
		return arena_result(r->arena);
	if (view_same(what, VIEW("online")))
		TRY(matching_offer(&m, VIEW("maybe")));
	return matching_end(&m, answer);
}
