/* What an account wants done with a message. */
#include "mailcore/base/limits.h"
#include "mailcore/format/mime.h"
#include "mailcore/smtp/deliver_inside.h"
#include "mailcore/smtp/vacation.h"
#include "mailcore/sys/log.h"

const struct sieve_action *
plan_find(const struct plan *p, enum sieve_action_kind kind)
{
	const struct sieve_action *a = p->actions;

	while (a != NULL && a->kind != kind)
		a = a->next;
	return a;
}

result
plan_add(struct plan *p, const struct sieve_action *action)
{
	struct sieve_action **to = &p->actions;
	struct sieve_action *copy = arena_alloc(p->arena, sizeof *copy);

	if (copy == NULL)
		return arena_result(p->arena);
	*copy = *action;
	copy->next = NULL;
	while (*to != NULL)
		to = &(*to)->next;
	*to = copy;
	return done();
}

bool
plan_was_here(view header, view address)
{
	view field, name, value;

	while (header_next(&header, &field, &name, &value))
		if (view_same(name, VIEW("Delivered-To"))
		    && view_same(view_trim(value), address))
			return true;
	return false;
}

static bool
has_mailbox(void *context, view name)
{
	const struct plan *p = context;
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct collection found;
	bool has = collection_find(p->account, arena, COLLECTION_MAILBOX,
	    name, &found).is == OK;

	arena_free(&arena);
	return has;
}

result
plan_mailbox_id(struct account *account, struct arena *arena, view id,
    struct collection *out)
{
	uint64_t number;

	if (view_at(id, 0) != 'F'
	    || !view_number(view_from(id, 1), INT64_MAX, &number))
		return fail(NOT_FOUND, "no such mailbox");
	TRY(collection_get(account, arena, (int64_t)number, out));
	return out->kind == COLLECTION_MAILBOX ? done()
	    : fail(NOT_FOUND, "no such mailbox");
}

static bool
has_mailbox_id(void *context, view id)
{
	const struct plan *p = context;
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct collection found;
	bool has = plan_mailbox_id(p->account, arena, id, &found).is == OK;

	arena_free(&arena);
	return has;
}

static result
find_script(void *context, struct arena *arena, view name, view *text)
{
	const struct plan *p = context;

	return script_get(p->account, arena, name, text);
}

static bool
has_special(void *context, view name, view use)
{
	const struct plan *p = context;
	enum special_use wanted = plan_use(use);
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct collection *list = NULL;
	size_t count = 0;
	bool has = false;

	if (wanted != USE_NONE
	    && collection_list(p->account, arena, COLLECTION_MAILBOX, &list,
		&count).is != OK)
		count = 0;
	for (size_t i = 0; i < count && !has; i++)
		has = list[i].use == wanted
		    && (name.n == 0 || view_eq(name, list[i].name));
	arena_free(&arena);
	return has;
}

static bool
has_seen(void *context, view id)
{
	const struct plan *p = context;
	bool found;

	return remembered(p->account, id, p->now, &found).is == OK && found;
}

/* Its actions, or one keep when it cannot be run. */
static result
run_script(struct plan *p)
{
	const struct sieve_host host = { p, has_mailbox, has_special,
		has_mailbox_id, find_script, has_seen };
	const struct sieve_mail mail = {
		.message = p->mail->message,
		.sender = p->mail->sender,
		.recipient = p->to->address,
		.hostname = view_of(p->mail->hostname),
		.remote = p->mail->remote,
		.now = p->now,
		.host = &host,
	};
	struct sieve_outcome *out = arena_alloc(p->arena, sizeof *out);
	struct sieve_error error;
	struct sieve *script;
	struct buf text = buf_new(1024);
	result r = arena_result(p->arena);

	p->script = arena_new(2 * (size_t)LIMIT_SIEVE_MEMORY);
	if (r.is == OK)
		r = sieve_compile_stored(p->script, p->handling.script,
		    &script, &error);
	if (r.is == OK) {
		r = sieve_run(script, &mail, p->script, out);
		p->actions = out->first;
		p->steps = out->steps;
		error = out->error;
	}
	if (r.is != OK && out != NULL) {
		sieve_error_write(&error, &text);
		log_line(LOG_WARNING, "sieve.fault",
		    "id=%.*s account=%lld script=%.*s why=%s",
		    LOG_VIEW(p->mail->id), (long long)p->info.id,
		    LOG_VIEW(p->handling.script_name), buf_text(&text));
	}
	buf_free(&text);
	return r;
}

static result
keep(struct plan *p)
{
	const struct sieve_action a = { .kind = SIEVE_KEEP,
		.implicit = true };

	p->actions = NULL;
	return plan_add(p, &a);
}

static result
begin(struct plan *p)
{
	int64_t steps;

	if (p->handling.script_name.n == 0)
		return keep(p);
	TRY(script_cost(p->account, p->now, &steps));
	if (steps > LIMIT_SIEVE_STEPS_HOUR) {
		log_line(LOG_WARNING, "sieve.rest", "account=%lld steps=%lld",
		    (long long)p->info.id, (long long)steps);
		return keep(p);
	}
	if (run_script(p).is != OK)
		return keep(p);
	return done();
}

static struct sieve_action *
implicit_keep(struct plan *p)
{
	struct sieve_action *a = p->actions;

	while (a != NULL && !a->implicit)
		a = a->next;
	return a;
}

static void
drop(struct plan *p, const struct sieve_action *gone)
{
	struct sieve_action **at = &p->actions;

	while (*at != NULL && *at != gone)
		at = &(*at)->next;
	if (*at != NULL)
		*at = (*at)->next;
}

/* The plain setting, beside any script. */
static result
forward(struct plan *p)
{
	view rest = p->handling.forward, line;
	const struct sieve_action *kept = implicit_keep(p);
	bool any = false;

	while (view_line(&rest, &line)) {
		const struct sieve_action a = { .kind = SIEVE_REDIRECT,
			.text = line };

		if (line.n == 0)
			continue;
		TRY(plan_add(p, &a));
		any = true;
	}
	if (any && kept != NULL && !p->handling.forward_keep)
		drop(p, kept);
	return done();
}

/* What went out from here once and is back stays (RFC 9228). */
static result
stop_loops(struct plan *p)
{
	const struct sieve_action kept = { .kind = SIEVE_KEEP }, *a;
	bool loop = plan_was_here(p->header, p->info.address)
	    || plan_was_here(p->header, p->to->address);

	if (!loop || plan_find(p, SIEVE_REDIRECT) == NULL)
		return done();
	while ((a = plan_find(p, SIEVE_REDIRECT)) != NULL)
		drop(p, a);
	log_line(LOG_WARNING, "deliver.loop", "id=%.*s account=%lld",
	    LOG_VIEW(p->mail->id), (long long)p->info.id);
	if (plan_find(p, SIEVE_KEEP) != NULL
	    || plan_find(p, SIEVE_FILE) != NULL)
		return done();
	return plan_add(p, &kept);
}

static bool
is_own(void *context, view address)
{
	const struct plan *p = context;
	const struct sieve_action *a = plan_find(p, SIEVE_VACATION);
	struct account_info info;

	for (size_t i = 0; a != NULL && i < a->address_count; i++)
		if (view_same(address, a->addresses[i]))
			return true;
	return account_find(p->store, p->arena, address, &info).is == OK
	    && info.id == p->info.id;
}

static result
add_vacation(struct plan *p)
{
	const struct handling *h = &p->handling;
	const struct sieve_action a = { .kind = SIEVE_VACATION,
		.text = h->vacation_text, .subject = h->vacation_subject,
		.seconds = (uint64_t)h->vacation_every };

	if (!h->vacation || plan_find(p, SIEVE_VACATION) != NULL
	    || plan_find(p, SIEVE_REJECT) != NULL || p->actions == NULL
	    || p->now < h->vacation_from
	    || (h->vacation_until != 0 && p->now >= h->vacation_until))
		return done();
	return plan_add(p, &a);
}

/* Mail from oneself, from programs, and what was not sent to the person gets
 * no answer. */
static result
vacation(struct plan *p)
{
	struct account_info sender;
	const struct sieve_action *a;
	bool junk = p->verdict != NULL
	    && (p->verdict->junk || p->verdict->forged);

	TRY(add_vacation(p));
	a = plan_find(p, SIEVE_VACATION);
	if (a == NULL)
		return done();
	if (junk || !vacation_may_answer(p->mail->sender, p->header)
	    || !vacation_is_addressed(p->header, p->arena, is_own, p)
	    || (account_find(p->store, p->arena, p->mail->sender, &sender).is
		    == OK && sender.id == p->info.id))
		drop(p, a);
	return arena_result(p->arena);
}

result
plan_make(struct plan *p)
{
	struct sieve_action *kept;
	bool junk = p->verdict != NULL && p->verdict->junk;

	p->header = view_first(p->mail->message,
	    header_length(p->mail->message));
	TRY(handling_get(p->account, p->arena, &p->handling));
	p->info.id = p->to->account;
	if (p->handling.script_name.n > 0 || p->handling.forward.n > 0
	    || p->handling.vacation)
		TRY(account_get(p->store, p->arena, p->to->account,
		    &p->info));
	TRY(begin(p));
	kept = implicit_keep(p);
	if (junk && kept != NULL) {
		kept->kind = SIEVE_FILE;
		kept->text = VIEW("Junk");
		kept->special = VIEW("\\Junk");
	} else {
		TRY(forward(p));
		TRY(stop_loops(p));
	}
	return vacation(p);
}
