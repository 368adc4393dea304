/* Flags (RFC 5232). */
#include "mailcore/base/ascii.h"
#include "mailcore/sieve/run.h"

/* To look through so many bytes of flags is a step. */
enum { SEARCHED = 4 };

static bool
has_flag(view flags, view flag)
{
	while (flags.n > 0)
		if (view_same(view_cut(&flags, ' '), flag))
			return true;
	return false;
}

/* RFC 5232 2: what cannot be a flag is passed over. */
static bool
is_flag(view flag)
{
	static const char *const known[] = { "\\Answered", "\\Flagged",
		"\\Deleted", "\\Seen", "\\Draft" };

	if (view_at(flag, 0) == '\\') {
		for (size_t i = 0; i < COUNT(known); i++)
			if (view_same(flag, view_of(known[i])))
				return true;
		return false;
	}
	for (size_t i = 0; i < flag.n; i++)
		if (!ascii_is_graph(flag.p[i])
		    || view_find_byte(VIEW("(){%*\"\\]"), flag.p[i])
			!= SIZE_MAX)
			return false;
	return flag.n > 0 && flag.n <= LIMIT_IMAP_KEYWORD;
}

static void
append(struct buf *out, view flag)
{
	if (flag.n == 0 || has_flag(buf_view(out), flag))
		return;
	if (out->n > 0)
		buf_add(out, VIEW(" "));
	buf_add(out, flag);
}

result
flags_join(struct run *r, view flags, view add, bool remove, view *out)
{
	struct buf all = buf_new(LIMIT_SIEVE_VARIABLE);
	view rest = flags;
	uint64_t steps = flags.n + add.n;
	result so_far;

	while (rest.n > 0) {
		view flag = view_cut(&rest, ' ');

		steps += (all.n + (remove ? add.n : 0)) / SEARCHED;
		if (!remove || !has_flag(add, flag))
			append(&all, flag);
	}
	while (!remove && add.n > 0) {
		view flag = view_cut(&add, ' ');

		steps += all.n / SEARCHED;
		if (is_flag(flag))
			append(&all, flag);
	}
	*out = arena_copy(r->arena, buf_view(&all));
	so_far = buf_result(&all);
	buf_free(&all);
	if (so_far.is != OK)
		return run_fault(r, "RFC 5232 2: too many flags", VIEW(""));
	TRY(run_spend(r, steps + out->n));
	return arena_result(r->arena);
}

/* Of the variable that is named, else the internal one. */
static result
change(struct run *r, const struct sieve_node *node, bool fresh, bool remove)
{
	view name, flags, *list;
	size_t count;

	TRY(run_slot(r, node, SLOT_1, &name));
	TRY(run_strings(r, node, SLOT_2, &list, &count));
	flags = name.n > 0 ? run_variable(r, name) : r->flags;
	if (fresh)
		flags = VIEW("");
	for (size_t i = 0; i < count; i++)
		TRY(flags_join(r, flags, list[i], remove, &flags));
	if (name.n > 0)
		return run_set(r, name, flags);
	r->flags = flags;
	return done();
}

result
act_setflag(struct run *r, const struct sieve_node *node)
{
	return change(r, node, true, false);
}

result
act_addflag(struct run *r, const struct sieve_node *node)
{
	return change(r, node, false, false);
}

result
act_removeflag(struct run *r, const struct sieve_node *node)
{
	return change(r, node, false, true);
}

/* RFC 5232 2: "a b" is the list of both, and "" is nothing. */
static result
split_keys(struct matching *m)
{
	size_t count = 0, n = 0;
	view *keys;

	for (size_t i = 0; i < m->count; i++)
		for (view rest = m->keys[i]; rest.n > 0;)
			count += view_cut(&rest, ' ').n > 0 ? 1 : 0;
	keys = arena_array(m->run->arena, count + 1, sizeof *keys);
	if (keys == NULL)
		return arena_result(m->run->arena);
	for (size_t i = 0; i < m->count; i++)
		for (view rest = m->keys[i]; rest.n > 0;) {
			view key = view_cut(&rest, ' ');

			if (key.n > 0)
				keys[n++] = key;
		}
	m->keys = keys;
	m->count = count;
	return run_spend(m->run, count);
}

result
ask_hasflag(struct run *r, const struct sieve_node *node, bool *answer)
{
	struct matching m;
	view *names, flags = r->flags;
	size_t count, i = 0;

	TRY(matching_begin(r, node, SLOT_2, &m));
	TRY(split_keys(&m));
	TRY(run_strings(r, node, SLOT_1, &names, &count));
	do {
		/* RFC 5232 4: each of them is counted once. */
		if (count > 0)
			TRY(flags_join(r, VIEW(""),
			    run_variable(r, names[i]), false, &flags));
		while (flags.n > 0)
			TRY(matching_offer(&m, view_cut(&flags, ' ')));
	} while (++i < count);
	return matching_end(&m, answer);
}
