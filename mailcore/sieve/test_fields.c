/* Tests of header fields, addresses and the envelope (RFC 5228 5). */
#include "mailcore/format/address.h"
#include "mailcore/format/header.h"
#include "mailcore/format/word.h"
#include "mailcore/sieve/run.h"

enum { SEARCHED = 8 };

/* RFC 5228 2.7.2: text is compared decoded. */
static result
decoded(struct run *r, view raw, view *out)
{
	struct buf text = buf_new(4 * raw.n + 16);

	TRY(run_spend(r, raw.n / SEARCHED));
	word_decode(view_trim(header_unfold(raw, r->arena)), &text);
	*out = arena_copy(r->arena, buf_view(&text));
	buf_free(&text);
	return arena_result(r->arena);
}

/* Fields of one name, up to the one that :index wants. */
static uint64_t
count_fields(view header, view wanted)
{
	view field, name, value;
	uint64_t n = 0;

	while (header_next(&header, &field, &name, &value))
		n += view_same(name, wanted) ? 1 : 0;
	return n;
}

static result
fields_of(struct run *r, const struct sieve_node *node, view wanted,
    field_visit *visit, void *context)
{
	view header = r->header, field, name, value;
	uint64_t index = node->values[SLOT_INDEX].number, n = 0, most;

	TRY(run_spend(r, 1 + header.n / SEARCHED));
	if (run_has(node, SLOT_INDEX) && run_has(node, SLOT_LAST)) {
		most = count_fields(header, wanted);
		if (index == 0 || index > most)
			return done();
		index = most + 1 - index;
	}
	while (header_next(&header, &field, &name, &value)) {
		if (!view_same(name, wanted))
			continue;
		n++;
		if (!run_has(node, SLOT_INDEX) || n == index)
			TRY(visit(context, name, value));
	}
	return done();
}

result
fields_each(struct run *r, const struct sieve_node *node,
    enum sieve_slot slot, field_visit *visit, void *context)
{
	view *names;
	size_t count;

	TRY(run_strings(r, node, slot, &names, &count));
	for (size_t i = 0; i < count; i++)
		TRY(fields_of(r, node, names[i], visit, context));
	return done();
}

static result
offer_header(void *context, view name, view value)
{
	struct matching *m = context;
	view text;

	(void)name;
	if (m->hit)
		return done();
	TRY(decoded(m->run, value, &text));
	return matching_offer(m, text);
}

result
ask_header(struct run *r, const struct sieve_node *node, bool *answer)
{
	struct matching m;

	TRY(matching_begin(r, node, SLOT_2, &m));
	TRY(fields_each(r, node, SLOT_1, offer_header, &m));
	return matching_end(&m, answer);
}

static result
see(void *context, view name, view value)
{
	(void)name, (void)value;
	*(bool *)context = true;
	return done();
}

result
ask_exists(struct run *r, const struct sieve_node *node, bool *answer)
{
	view *names;
	size_t count;

	TRY(run_strings(r, node, SLOT_1, &names, &count));
	*answer = true;
	for (size_t i = 0; i < count && *answer; i++) {
		*answer = false;
		TRY(fields_of(r, node, names[i], see, answer));
	}
	return done();
}

/* The part of an address that is compared; false: it has none such. */
static bool
part_of(struct arena *arena, enum sieve_part part, view local, view domain,
    view *out)
{
	size_t plus = view_find_byte(local, '+');

	switch (part) {
	case PART_ALL:
		*out = domain.n == 0 ? local
				     : arena_print(arena, "%.*s@%.*s",
					   (int)local.n, local.p,
					   (int)domain.n, domain.p);
		return true;
	case PART_LOCAL:
		*out = local;
		return true;
	case PART_DOMAIN:
		*out = domain;
		return true;
	case PART_USER:
		*out = view_first(local, plus);
		return true;
	case PART_DETAIL:
		*out = plus == SIZE_MAX ? VIEW("")
					: view_from(local, plus + 1);
		return plus != SIZE_MAX;
	}
	return false;
}

static result
offer_address(struct matching *m, enum sieve_part part, view local,
    view domain)
{
	view text;

	/* RFC 5228 2.7.4: what is no address matches only as a whole. */
	if ((part != PART_ALL && (local.n == 0 || domain.n == 0))
	    || !part_of(m->run->arena, part, local, domain, &text))
		return done();
	TRY(arena_result(m->run->arena));
	return matching_offer(m, text);
}

struct addresses {
	struct matching m;
	enum sieve_part part;
};

static result
offer_addresses(void *context, view name, view value)
{
	struct addresses *a = context;
	struct address_walk walk
	    = address_walk(value, a->m.run->arena);
	struct address_item item;

	(void)name;
	TRY(run_spend(a->m.run, value.n));
	while (!a->m.hit && address_next(&walk, &item))
		if (item.kind == ADDRESS_MAILBOX)
			TRY(offer_address(&a->m, a->part, item.local,
			    item.domain));
	return arena_result(a->m.run->arena);
}

result
ask_address(struct run *r, const struct sieve_node *node, bool *answer)
{
	struct addresses a = {
		.part = (enum sieve_part)node->values[SLOT_PART].number };

	TRY(matching_begin(r, node, SLOT_2, &a.m));
	TRY(fields_each(r, node, SLOT_1, offer_addresses, &a));
	return matching_end(&a.m, answer);
}

/* RFC 5228 5.4: <> is the empty string in every part.  A local part alone is
 * an address here: <postmaster>. */
static result
offer_path(struct matching *m, enum sieve_part part, view path)
{
	view domain = path, local = view_cut_last(&domain, '@'), text = path;

	if (local.n == 0) {
		local = path;
		domain = VIEW("");
	}
	if (path.n > 0
	    && !part_of(m->run->arena, part, local, domain, &text))
		return done();
	TRY(arena_result(m->run->arena));
	return matching_offer(m, text);
}

result
ask_envelope(struct run *r, const struct sieve_node *node, bool *answer)
{
	enum sieve_part part = (enum sieve_part)node->values[SLOT_PART].number;
	struct matching m;
	view *names;
	size_t count;

	TRY(matching_begin(r, node, SLOT_2, &m));
	TRY(run_strings(r, node, SLOT_1, &names, &count));
	for (size_t i = 0; i < count; i++) {
		if (view_same(names[i], VIEW("to")))
			TRY(offer_path(&m, part, r->mail->recipient));
		else if (view_same(names[i], VIEW("from")))
			TRY(offer_path(&m, part, r->mail->sender));
		else if (!r->script->stored
		    || !view_eq(names[i], node->values[SLOT_1].strings[i]))
			return run_fault(r,
			    "RFC 5228 5.4: no such part of an envelope",
			    names[i]);
	}
	return matching_end(&m, answer);
}

result
ask_size(struct run *r, const struct sieve_node *node, bool *answer)
{
	uint64_t wanted = node->values[SLOT_1].number;

	*answer = node->values[SLOT_SIZE].number == 1
	    ? r->mail->message.n > wanted
	    : r->mail->message.n < wanted;
	return done();
}

result
ask_true(struct run *r, const struct sieve_node *node, bool *answer)
{
	(void)r, (void)node;
	*answer = true;
	return done();
}

result
ask_false(struct run *r, const struct sieve_node *node, bool *answer)
{
	(void)r, (void)node;
	*answer = false;
	return done();
}

result
ask_not(struct run *r, const struct sieve_node *node, bool *answer)
{
	TRY(run_test(r, node->tests, answer));
	*answer = !*answer;
	return done();
}

result
ask_allof(struct run *r, const struct sieve_node *node, bool *answer)
{
	*answer = true;
	for (node = node->tests; node != NULL && *answer; node = node->next)
		TRY(run_test(r, node, answer));
	return done();
}

result
ask_anyof(struct run *r, const struct sieve_node *node, bool *answer)
{
	*answer = false;
	for (node = node->tests; node != NULL && !*answer; node = node->next)
		TRY(run_test(r, node, answer));
	return done();
}
