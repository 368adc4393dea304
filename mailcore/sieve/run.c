/* Commands and control; what they want done is gathered. */
#include "mailcore/sieve/run.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"

enum { WEEK = 7 * 86400 };

result
run_spend(struct run *r, uint64_t steps)
{
	r->out->steps += steps;
	if (r->out->steps <= LIMIT_SIEVE_STEPS)
		return done();
	r->out->error = (struct sieve_error){ r->line,
		"the script takes too long", VIEW("") };
	return fail(OVER_LIMIT, "the script takes too long");
}

result
run_fault(struct run *r, const char *why, view what)
{
	return sieve_fault(&r->out->error, r->line, why, what);
}

result
run_slot(struct run *r, const struct sieve_node *node, enum sieve_slot slot,
    view *out)
{
	const struct sieve_value *v = &node->values[slot];

	*out = VIEW("");
	return v->count == 0 ? done() : run_text(r, v->strings[0], out);
}

result
run_strings(struct run *r, const struct sieve_node *node, enum sieve_slot slot,
    view **out, size_t *count)
{
	const struct sieve_value *v = &node->values[slot];

	*count = v->count;
	*out = v->strings;
	if (v->count == 0 || (r->script->needs & NEED_VARIABLES) == 0)
		return done();
	*out = arena_array(r->arena, v->count, sizeof **out);
	if (*out == NULL)
		return arena_result(r->arena);
	for (size_t i = 0; i < v->count; i++)
		TRY(run_text(r, v->strings[i], &(*out)[i]));
	return done();
}

static unsigned
count_kind(const struct run *r, enum sieve_action_kind kind)
{
	unsigned n = 0;

	for (const struct sieve_action *a = r->out->first; a != NULL;
	    a = a->next)
		n += a->kind == kind ? 1 : 0;
	return n;
}

/* RFC 5228 2.10.3: the same again counts once. */
static struct sieve_action *
same_one(const struct run *r, const struct sieve_action *action)
{
	for (struct sieve_action *a = r->out->first; a != NULL; a = a->next)
		if (a->kind == action->kind && view_eq(a->text, action->text)
		    && view_eq(a->special, action->special)
		    && view_eq(a->mailbox_id, action->mailbox_id)
		    && a->kind != SIEVE_VACATION && a->kind != SIEVE_REJECT
		    && a->kind != SIEVE_NOTIFY)
			return a;
	return NULL;
}

/* RFC 5429 2.1.2, RFC 5230 4.7. */
static bool
is_contrary(const struct run *r, const struct sieve_action *a)
{
	/* RFC 5435 3.8: a notification goes with all. */
	if (a->kind == SIEVE_REMEMBER || a->kind == SIEVE_NOTIFY)
		return false;
	if (a->kind == SIEVE_REJECT)
		return r->actions > count_kind(r, SIEVE_REMEMBER)
		    + count_kind(r, SIEVE_NOTIFY);
	return count_kind(r, SIEVE_REJECT) > 0
	    || (a->kind == SIEVE_VACATION
		&& count_kind(r, SIEVE_VACATION) > 0);
}

result
run_add(struct run *r, const struct sieve_action *action)
{
	struct sieve_action *copy = same_one(r, action);

	if (copy != NULL) {
		/* RFC 5232 3: the last list of flags wins. */
		copy->flags = action->flags;
		copy->create |= action->create;
		return done();
	}
	if (is_contrary(r, action))
		return run_fault(r, "RFC 5429 2.1.2, RFC 5230 4.7: it does"
		    " not go with what is to be done already", VIEW(""));
	if (r->actions >= LIMIT_SIEVE_ACTIONS)
		return run_fault(r, "RFC 5228 2.10.4: too many actions",
		    VIEW(""));
	copy = arena_alloc(r->arena, sizeof *copy);
	if (copy == NULL)
		return arena_result(r->arena);
	*copy = *action;
	copy->next = NULL;
	*r->to = copy;
	r->to = &copy->next;
	r->actions++;
	return done();
}

result
act_require(struct run *r, const struct sieve_node *node)
{
	(void)r, (void)node;
	return done();
}

result
act_if(struct run *r, const struct sieve_node *node)
{
	return run_block(r, node->block);
}

result
act_error(struct run *r, const struct sieve_node *node)
{
	view text;

	TRY(run_slot(r, node, SLOT_1, &text));
	return run_fault(r, "RFC 5463 5: the script says", text);
}

result
act_stop(struct run *r, const struct sieve_node *node)
{
	(void)node;
	r->stopped = true;
	return done();
}

/* Those of the tag, else the internal ones (RFC 5232 5). */
static result
take_flags(struct run *r, const struct sieve_node *node, view *out)
{
	view *list, flags = VIEW("");
	size_t count;

	*out = r->flags;
	if (!run_has(node, SLOT_FLAGS))
		return done();
	TRY(run_strings(r, node, SLOT_FLAGS, &list, &count));
	for (size_t i = 0; i < count; i++)
		TRY(flags_join(r, flags, list[i], false, &flags));
	*out = flags;
	return done();
}

result
act_keep(struct run *r, const struct sieve_node *node)
{
	struct sieve_action a = { .kind = SIEVE_KEEP };

	TRY(take_flags(r, node, &a.flags));
	r->cancelled = true;
	return run_add(r, &a);
}

result
act_discard(struct run *r, const struct sieve_node *node)
{
	(void)node;
	r->cancelled = true;
	return done();
}

result
act_redirect(struct run *r, const struct sieve_node *node)
{
	struct sieve_action a = { .kind = SIEVE_REDIRECT };
	view to;
	result is_address;

	TRY(run_slot(r, node, SLOT_1, &to));
	is_address = sieve_address(r->arena, to, &a.text);
	if (is_address.is == MALFORMED)
		return run_fault(r, is_address.why, to);
	TRY(is_address);
	if (++r->redirects > LIMIT_SIEVE_REDIRECTS)
		return run_fault(r, "RFC 5228 10: too many redirects",
		    VIEW(""));
	if (!run_has(node, SLOT_COPY))
		r->cancelled = true;
	return run_add(r, &a);
}

result
act_fileinto(struct run *r, const struct sieve_node *node)
{
	struct sieve_action a = { .kind = SIEVE_FILE,
		.create = run_has(node, SLOT_CREATE) };

	TRY(run_slot(r, node, SLOT_1, &a.text));
	TRY(run_slot(r, node, SLOT_SPECIAL, &a.special));
	TRY(run_slot(r, node, SLOT_MAILBOXID, &a.mailbox_id));
	TRY(take_flags(r, node, &a.flags));
	if (a.text.n == 0 || a.text.n > LIMIT_IMAP_MAILBOX_NAME
	    || !utf8_is_valid(a.text))
		return run_fault(r, "RFC 5228 4.1: not the name of a mailbox",
		    a.text);
	if (view_same(a.text, VIEW("INBOX"))) {
		bool plain = a.special.n == 0 && a.mailbox_id.n == 0;

		a.kind = plain ? SIEVE_KEEP : SIEVE_FILE;
		a.text = plain ? VIEW("") : VIEW("INBOX");
	}
	if (!run_has(node, SLOT_COPY))
		r->cancelled = true;
	return run_add(r, &a);
}

result
act_reject(struct run *r, const struct sieve_node *node)
{
	struct sieve_action a = { .kind = SIEVE_REJECT };

	TRY(run_slot(r, node, SLOT_1, &a.text));
	r->cancelled = true;
	return run_add(r, &a);
}

result
act_vacation(struct run *r, const struct sieve_node *node)
{
	struct sieve_action a = { .kind = SIEVE_VACATION, .seconds = WEEK,
		.mime = run_has(node, SLOT_MIME) };
	view *addresses;

	TRY(run_slot(r, node, SLOT_1, &a.text));
	TRY(run_slot(r, node, SLOT_SUBJECT, &a.subject));
	TRY(run_slot(r, node, SLOT_FROM, &a.from));
	TRY(run_slot(r, node, SLOT_HANDLE, &a.handle));
	TRY(run_strings(r, node, SLOT_ADDRESSES, &addresses, &a.address_count));
	a.addresses = addresses;
	if (run_has(node, SLOT_SECONDS))
		a.seconds = node->values[SLOT_SECONDS].number;
	if (!utf8_is_valid(a.text) || a.text.n > LIMIT_VACATION_TEXT)
		return run_fault(r, "RFC 5230 4.7: not a text to send",
		    VIEW(""));
	return run_add(r, &a);
}

result
run_test(struct run *r, const struct sieve_node *node, bool *answer)
{
	*answer = false;
	r->line = node->line;
	TRY(run_spend(r, 1));
	return node->word->ask(r, node, answer);
}

static bool
is_if(const struct sieve_node *node)
{
	return node->word != NULL && node->word->act == act_if;
}

/* The one of an if, elsif, else that is to be run; NULL: none.  `*node` goes
 * to the end of that chain. */
static result
choose(struct run *r, const struct sieve_node **node,
    const struct sieve_node **chosen)
{
	*chosen = NULL;
	for (;;) {
		const struct sieve_node *next = (*node)->next;
		bool yes = true;

		if (*chosen == NULL && (*node)->tests != NULL)
			TRY(run_test(r, (*node)->tests, &yes));
		if (*chosen == NULL && yes)
			*chosen = *node;
		if (next == NULL || !is_if(next)
		    || view_same(next->name, VIEW("if")))
			return done();
		*node = next;
	}
}

result
run_block(struct run *r, const struct sieve_node *node)
{
	for (; node != NULL && !r->stopped && !r->returned;
	    node = node->next) {
		const struct sieve_node *act = node;

		r->line = node->line;
		TRY(run_spend(r, 1));
		if (is_if(node))
			TRY(choose(r, &node, &act));
		if (act != NULL)
			TRY(act->word->act(r, act));
		TRY(arena_result(r->arena));
	}
	return done();
}

/* A failed script's message is kept, and nothing else is done with it. */
static result
keep_only(struct run *r, result why)
{
	if (r->out->error.why == NULL)
		r->out->error = (struct sieve_error){ r->line, why.why,
			VIEW("") };
	r->out->kept = (struct sieve_action){ .kind = SIEVE_KEEP,
		.implicit = true };
	r->out->first = &r->out->kept;
	return why;
}

result
sieve_run(const struct sieve *script, const struct sieve_mail *mail,
    struct arena *arena, struct sieve_outcome *out)
{
	struct run *r = arena_alloc(arena, sizeof *r);
	result done_so_far;

	*out = (struct sieve_outcome){ .kept = { .kind = SIEVE_KEEP } };
	out->first = &out->kept;
	if (r == NULL)
		return arena_result(arena);
	out->first = NULL;
	*r = (struct run){ .script = script, .mail = mail, .arena = arena,
		.out = out, .to = &out->first,
		.folded = buf_new(2 * (size_t)LIMIT_MIME_WORK) };
	r->header = view_first(mail->message, header_length(mail->message));
	done_so_far = run_block(r, script->first);
	if (done_so_far.is == OK && !r->cancelled) {
		const struct sieve_action keep = { .kind = SIEVE_KEEP,
			.flags = r->flags, .implicit = true };

		done_so_far = run_add(r, &keep);
	}
	buf_free(&r->folded);
	arena_free(&r->parts_arena);
	return done_so_far.is == OK ? done() : keep_only(r, done_so_far);
}
