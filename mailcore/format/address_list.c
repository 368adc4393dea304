#include "mailcore/format/address.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/buf.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/header.h"
#include "mailcore/format/word.h"

struct address_walk
address_walk(view field, struct arena *arena)
{
	return (struct address_walk){
		.rest = view_first(header_unfold(field, arena), LIMIT_HEADER),
		.arena = arena,
	};
}

static bool
is_word(char c)
{
	return header_is_atom(c) || c == '.';
}

static view
take_atom(view *v)
{
	size_t n = 0;

	while (n < v->n && is_word(v->p[n]))
		n++;
	view atom = view_first(*v, n);
	*v = view_from(*v, n);
	return atom;
}

/* Words up to the first byte that is none: as a phrase with spaces, and as
 * a local part without. */
static void
take_words(struct address_walk *w, struct buf *phrase, struct buf *local)
{
	for (;;) {
		view word;

		header_skip(&w->rest);
		if (view_at(w->rest, 0) == '"')
			word = header_quoted(&w->rest, w->arena);
		else if (w->rest.n > 0 && is_word(w->rest.p[0]))
			word = take_atom(&w->rest);
		else
			return;
		if (phrase->n > 0)
			buf_add_byte(phrase, ' ');
		buf_add(phrase, word);
		buf_add(local, word);
	}
}

/* Without the white space in front. */
static view
skip_space(view v)
{
	while (v.n > 0 && ascii_is_space(v.p[0]))
		v = view_from(v, 1);
	return v;
}

/* "a . b" is one domain, "a b" is one with junk behind it. */
static bool
goes_on(const struct buf *domain, view rest)
{
	return domain->n == 0 || domain->p[domain->n - 1] == '.'
	    || rest.p[0] == '.';
}

/* Behind the '@'. */
static view
take_domain(struct address_walk *w)
{
	struct buf domain = buf_new(LIMIT_HEADER);
	view copy;

	for (;;) {
		view before = w->rest;

		header_skip(&w->rest);
		if (view_at(w->rest, 0) == '[') {
			size_t end = view_find_byte(w->rest, ']');
			view literal = end == SIZE_MAX ? w->rest
			    : view_first(w->rest, end + 1);

			buf_add(&domain, literal);
			w->rest = view_from(w->rest, literal.n);
		} else if (w->rest.n > 0 && is_word(w->rest.p[0])
		    && goes_on(&domain, w->rest)) {
			buf_add(&domain, take_atom(&w->rest));
		} else {
			w->rest = before; /* a comment may be a name */
			break;
		}
	}
	copy = arena_copy(w->arena, buf_view(&domain));
	buf_free(&domain);
	return copy;
}

/* "@a,@b:" in front of the address (RFC 5322 4.4 obs-route). */
static view
take_route(struct address_walk *w)
{
	view all = w->rest;
	size_t end = view_find_byte(all, ':');

	if (view_at(all, 0) != '@' || end == SIZE_MAX
	    || view_find_byte(view_first(all, end), '>') != SIZE_MAX)
		return VIEW("");
	w->rest = view_from(all, end + 1);
	return view_first(all, end);
}

/* Behind the '<'. */
static void
take_angle(struct address_walk *w, struct address_item *out)
{
	struct buf phrase = buf_new(LIMIT_HEADER), local = phrase;

	header_skip(&w->rest);
	out->route = take_route(w);
	take_words(w, &phrase, &local);
	out->local = arena_copy(w->arena, buf_view(&local));
	if (view_at(w->rest, 0) == '@') {
		w->rest = view_from(w->rest, 1);
		out->domain = take_domain(w);
	}
	header_skip(&w->rest);
	/* Junk before the '>' is dropped, but not the rest of the list. */
	while (w->rest.n > 0 && w->rest.p[0] != '>' && w->rest.p[0] != ',')
		w->rest = view_from(w->rest, 1);
	if (view_at(w->rest, 0) == '>')
		w->rest = view_from(w->rest, 1);
	buf_free(&phrase);
	buf_free(&local);
}

/* "user@host (Full Name)": a comment in the place of a name. */
static view
take_comment(struct address_walk *w)
{
	view rest = skip_space(w->rest);
	size_t end;

	if (view_at(rest, 0) != '(')
		return VIEW("");
	end = view_find_byte(rest, ')');
	return view_first(view_from(rest, 1),
	    end == SIZE_MAX ? rest.n : end - 1);
}

static bool
is_mailbox_end(int c)
{
	return c == ',' || c == ';' || c == -1;
}

/* One item after its words; false: there was none. */
static bool
finish_item(struct address_walk *w, const struct buf *phrase,
    const struct buf *local, struct address_item *out)
{
	int c = view_at(w->rest, 0);

	if (c == ':' && !w->in_group) {
		w->in_group = true;
		out->kind = ADDRESS_GROUP;
		out->name = arena_copy(w->arena, buf_view(phrase));
		w->rest = view_from(w->rest, 1);
		return true;
	}
	if (c == '<') {
		out->name = arena_copy(w->arena, buf_view(phrase));
		w->rest = view_from(w->rest, 1);
		take_angle(w, out);
		return true;
	}
	if (c == '@') {
		out->local = arena_copy(w->arena, buf_view(local));
		w->rest = view_from(w->rest, 1);
		out->domain = take_domain(w);
		out->name = take_comment(w);
		return true;
	}
	if (is_mailbox_end(c) && local->n > 0) {
		out->local = arena_copy(w->arena, buf_view(local));
		return true;
	}
	if (c == ';' && w->in_group) {
		w->in_group = false;
		out->kind = ADDRESS_GROUP_END;
	}
	w->rest = view_from(w->rest, 1);
	return out->kind == ADDRESS_GROUP_END;
}

bool
address_next(struct address_walk *w, struct address_item *out)
{
	struct buf phrase = buf_new(LIMIT_HEADER), local = phrase;
	bool found = false;

	*out = (struct address_item){ .kind = ADDRESS_MAILBOX };
	while (!found && w->rest.n > 0 && w->count < LIMIT_HEADER_ADDRESSES) {
		buf_reset(&phrase);
		buf_reset(&local);
		take_words(w, &phrase, &local);
		found = finish_item(w, &phrase, &local, out);
	}
	buf_free(&phrase);
	buf_free(&local);
	if (!found && w->in_group) {
		/* The list ended inside a group. */
		w->in_group = false;
		out->kind = ADDRESS_GROUP_END;
		return true;
	}
	w->count += found;
	return found;
}

static result
add_mailbox(const struct address_item *item, struct arena *arena,
    struct mailbox_address *to)
{
	struct buf name = buf_new(LIMIT_HEADER);

	word_decode(item->name, &name);
	to->name = arena_copy(arena, buf_view(&name));
	to->local = item->local;
	to->domain = item->domain;
	buf_free(&name);
	return arena_result(arena);
}

result
address_list_parse(view field, struct arena *arena,
    struct mailbox_address **out, size_t *count)
{
	struct address_walk w = address_walk(field, arena);
	struct address_walk again = w;
	struct address_item item;
	size_t n = 0;

	*count = 0;
	while (address_next(&w, &item))
		n += item.kind == ADDRESS_MAILBOX;
	*out = arena_array(arena, n + 1, sizeof **out);
	TRY(arena_result(arena));
	while (address_next(&again, &item) && *count < n)
		if (item.kind == ADDRESS_MAILBOX)
			TRY(add_mailbox(&item, arena, &(*out)[(*count)++]));
	return arena_result(arena);
}
