/* Tests of the mailboxes, of what was seen before and of the server. */
#include "mailcore/sieve/run.h"

enum { WEEK = 7 * 86400 };

result
ask_mailboxexists(struct run *r, const struct sieve_node *node, bool *answer)
{
	const struct sieve_host *host = r->mail->host;
	view *names;
	size_t count;

	TRY(run_strings(r, node, SLOT_1, &names, &count));
	TRY(run_spend(r, 1000 * count));
	*answer = true;
	for (size_t i = 0; i < count && *answer; i++)
		*answer = host->mailbox(host->context, names[i]);
	return done();
}

result
ask_mailboxidexists(struct run *r, const struct sieve_node *node,
    bool *answer)
{
	const struct sieve_host *host = r->mail->host;
	view *ids;
	size_t count;

	TRY(run_strings(r, node, SLOT_1, &ids, &count));
	TRY(run_spend(r, 1000 * count));
	*answer = true;
	for (size_t i = 0; i < count && *answer; i++)
		*answer = host->mailbox_id(host->context, ids[i]);
	return done();
}

/* RFC 5463 4: the names are as they stand, and were looked up. */
result
ask_ihave(struct run *r, const struct sieve_node *node, bool *answer)
{
	(void)r;
	*answer = node->sure == SURE_YES;
	return done();
}

result
ask_specialuse(struct run *r, const struct sieve_node *node, bool *answer)
{
	const struct sieve_host *host = r->mail->host;
	view name, *uses;
	size_t count;

	TRY(run_slot(r, node, SLOT_1, &name));
	TRY(run_strings(r, node, SLOT_2, &uses, &count));
	TRY(run_spend(r, 1000 * count));
	*answer = true;
	for (size_t i = 0; i < count && *answer; i++)
		*answer = host->special(host->context, name, uses[i]);
	return done();
}

static result
first_value(void *context, view name, view value)
{
	view *out = context;

	(void)name;
	if (out->p == NULL)
		*out = view_trim(value);
	return done();
}

/* What the message is known by (RFC 7352 3.1); without a value there is no
 * duplicate. */
static result
unique_id(struct run *r, const struct sieve_node *node, view *out)
{
	static view message_id[] = { VIEW_INIT("Message-ID") };
	struct sieve_value values[SLOTS] = {
		[SLOT_1] = { .kind = KIND_STRING, .strings = message_id,
		    .count = 1 } };
	struct sieve_node plain = { .values = values };

	*out = (view){ NULL, 0 };
	if (run_has(node, SLOT_ID) && node->values[SLOT_ID].number == 2)
		return run_slot(r, node, SLOT_1, out);
	if (run_has(node, SLOT_ID))
		values[SLOT_1] = node->values[SLOT_1];
	return fields_each(r, &plain, SLOT_1, first_value, out);
}

result
ask_duplicate(struct run *r, const struct sieve_node *node, bool *answer)
{
	struct sieve_action a = { .kind = SIEVE_REMEMBER, .seconds = WEEK };
	view id, handle;

	TRY(unique_id(r, node, &id));
	TRY(run_slot(r, node, SLOT_HANDLE, &handle));
	if (id.n == 0)
		return done();
	if (run_has(node, SLOT_SECONDS))
		a.seconds = node->values[SLOT_SECONDS].number;
	a.text = arena_print(r->arena, "duplicate\n%.*s\n%.*s",
	    (int)handle.n, handle.p, (int)view_first(id, 4096).n, id.p);
	TRY(arena_result(r->arena));
	TRY(run_spend(r, 1000));
	*answer = r->mail->host->seen(r->mail->host->context, a.text);
	/* RFC 7352 3: without :last the first sight counts. */
	return *answer && !run_has(node, SLOT_LAST) ? done() : run_add(r, &a);
}

/* RFC 5183 4.1; an unknown item matches nothing, not even :count "eq" "0". */
result
ask_environment(struct run *r, const struct sieve_node *node, bool *answer)
{
	const struct {
		view name, value;
	} items[] = {
		{ VIEW("domain"), VIEW("") },
		{ VIEW("host"), r->mail->hostname },
		{ VIEW("location"), VIEW("MS") },
		{ VIEW("name"), VIEW("Posthaste") },
		{ VIEW("phase"), VIEW("during") },
		{ VIEW("remote-ip"), r->mail->remote },
		{ VIEW("version"), VIEW(POSTHASTE_VERSION) },
	};
	struct matching m;
	view wanted;

	TRY(matching_begin(r, node, SLOT_2, &m));
	TRY(run_slot(r, node, SLOT_1, &wanted));
	for (size_t i = 0; i < COUNT(items); i++)
		if (view_same(wanted, items[i].name) && items[i].value.n > 0)
			TRY(matching_offer(&m, items[i].value));
	return m.found > 0 ? matching_end(&m, answer) : done();
}
