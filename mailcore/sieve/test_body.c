/* Tests of the body (RFC 5173). */
#include "mailcore/format/word.h"
#include "mailcore/sieve/run.h"

enum { SEARCHED = 8 };

static result
parts(struct run *r)
{
	if (r->parts != NULL)
		return done();
	TRY(run_spend(r, r->mail->message.n / SEARCHED));
	r->parts_arena = arena_new(LIMIT_MIME_WORK);
	return mime_parse(r->mail->message, r->parts_arena, &r->parts);
}

/* RFC 5173 5.2: "" is all, "text" a type, "text/html" one with its
 * subtype; with a slash at an end, or two of them, it is none. */
static bool
is_wanted(const struct mime_part *part, const view *types, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		view subtype = types[i];
		view type = view_cut(&subtype, '/');

		if (types[i].n == 0)
			return true;
		if (view_find_byte(subtype, '/') == SIZE_MAX
		    && view_same(type, part->type)
		    && (type.n == types[i].n
			|| view_same(subtype, part->subtype)))
			return true;
	}
	return false;
}

static result
offer_part(struct matching *m, const struct mime_part *part)
{
	struct run *r = m->run;
	struct buf bytes, text;
	result so_far;

	TRY(run_spend(r, 1 + part->body.n / SEARCHED));
	bytes = buf_new(part->body.n + 16);
	text = buf_new(4 * part->body.n + 16);
	mime_decode(part, r->parts_arena, &bytes);
	if (view_same(part->type, VIEW("text")))
		(void)word_to_utf8(mime_parameter(part, VIEW("charset")),
		    buf_view(&bytes), &text);
	else
		buf_add(&text, buf_view(&bytes));
	so_far = matching_offer(m, buf_view(&text));
	buf_free(&bytes);
	buf_free(&text);
	return so_far;
}

/* RFC 5173 5.2: of a message in a message the header, of a multipart what
 * stands around its parts. */
static result
offer_container(struct matching *m, const struct mime_part *part)
{
	view before, after;

	TRY(run_spend(m->run, 1 + part->body.n / SEARCHED));
	if (part->message != NULL) {
		before = part->message->header;
		if (view_ends(before, VIEW("\n\r\n")))
			before = view_first(before, before.n - 2);
		return matching_offer(m, before);
	}
	mime_around(part, m->run->parts_arena, &before, &after);
	TRY(matching_offer(m, before));
	return matching_offer(m, after);
}

static result
offer_parts(struct matching *m, const view *types, size_t count)
{
	TRY(parts(m->run));
	for (const struct mime_part *p = m->run->parts; p != NULL && !m->hit;
	    p = mime_next(p)) {
		TRY(run_spend(m->run, 1));
		if (!is_wanted(p, types, count))
			continue;
		if (p->child_count == 0 && p->message == NULL)
			TRY(offer_part(m, p));
		else
			TRY(offer_container(m, p));
	}
	return arena_result(m->run->parts_arena);
}

/* RFC 5173 4: what has no empty line has no body, not even an empty one. */
static bool
has_body(const struct run *r)
{
	return r->header.n < r->mail->message.n
	    || view_ends(r->header, VIEW("\n\r\n"))
	    || view_eq(r->header, VIEW("\r\n"));
}

result
ask_body(struct run *r, const struct sieve_node *node, bool *answer)
{
	static const view text[] = { VIEW_INIT("text") };
	const struct sieve_value *how = &node->values[SLOT_BODY];
	struct matching m;
	view *types;
	size_t count;

	if (!has_body(r))
		return done();
	TRY(matching_begin(r, node, SLOT_1, &m));
	m.silent = true; /* RFC 5173 6 */
	if (how->kind == KIND_NONE || how->number == BODY_TEXT) {
		TRY(offer_parts(&m, text, COUNT(text)));
	} else if (how->number == BODY_RAW) {
		TRY(matching_offer(&m,
		    view_from(r->mail->message, r->header.n)));
	} else {
		TRY(run_strings(r, node, SLOT_2, &types, &count));
		TRY(offer_parts(&m, types, count));
	}
	return matching_end(&m, answer);
}
