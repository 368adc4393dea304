#include "mailcore/admin/handling.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/date.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/address.h"
#include "mailcore/store/domain.h"

enum { DAY = 86400, VACATION_LEAST = 600, VACATION_MOST = 30 * DAY };

/* One change of one account. */
struct change {
	view name, text;
	bool keep;
	struct handling vacation;
};

static result
change_account(struct store *store, view address, account_work *work,
    struct change *change)
{
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct account_info info;
	struct account *account = NULL;
	result r = account_find(store, arena, address, &info);

	if (r.is == NOT_FOUND)
		r = fail(NOT_FOUND, "there is no such mailbox");
	if (r.is == OK)
		r = account_open(store, info.id, &account);
	if (r.is == OK)
		r = account_write(account, work, change, DURABLE);
	account_close(&account);
	arena_free(&arena);
	return r;
}

static result
open_one(struct store *store, struct arena *arena, view address,
    struct account **out)
{
	struct account_info info;
	result r = account_find(store, arena, address, &info);

	if (r.is == NOT_FOUND)
		return fail(NOT_FOUND, "there is no such mailbox");
	TRY(r);
	return account_open(store, info.id, out);
}

result
admin_handling_get(struct store *store, struct arena *arena, view address,
    struct handling *out)
{
	struct account *account;
	result r;

	TRY(open_one(store, arena, address, &account));
	r = handling_get(account, arena, out);
	account_close(&account);
	return r;
}

result
admin_addresses(view text, size_t most, struct arena *arena, view *lines)
{
	struct buf out = buf_new(LIMIT_ALIAS_TEXT);
	size_t n = 0;
	result r = done();

	while (text.n > 0 && r.is == OK) {
		view one = view_trim(view_cut(&text, ','));
		struct address address;

		if (one.n == 0)
			continue;
		if (address_parse(one, arena, &address).is != OK)
			r = fail(MALFORMED, "expected addresses like"
			    " fred@example.org, a comma between");
		else if (++n > most)
			r = fail(OVER_LIMIT, "so many addresses are not"
			    " allowed there");
		if (r.is != OK)
			break;
		buf_add(&out, address_text(&address, arena));
		buf_add(&out, VIEW("\n"));
	}
	if (r.is == OK)
		r = buf_result(&out);
	*lines = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return r.is == OK ? arena_result(arena) : r;
}

static result
set_forward(struct account *account, void *context)
{
	const struct change *c = context;

	return handling_set_forward(account, c->text, c->keep);
}

result
admin_forward_set(struct store *store, view address, view targets, bool keep)
{
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct change c = { .keep = keep };
	result r = admin_addresses(targets, LIMIT_FORWARDS, arena, &c.text);

	if (r.is == OK)
		r = change_account(store, address, set_forward, &c);
	arena_free(&arena);
	return r;
}

/* "2026-12-24": its midnight in UTC. */
static result
parse_day(view text, int64_t *out)
{
	view rest = text;
	uint64_t year, month, day;
	struct date d;

	*out = 0;
	if (text.n == 0)
		return done();
	if (!view_number(view_cut(&rest, '-'), 9999, &year)
	    || !view_number(view_cut(&rest, '-'), 12, &month)
	    || !view_number(rest, 31, &day))
		return fail(MALFORMED, "expected a day like 2026-12-24");
	d = (struct date){ .year = (int)year, .month = (int)month,
		.day = (int)day };
	if (!date_is_valid(&d))
		return fail(MALFORMED, "expected a day like 2026-12-24");
	*out = date_seconds(&d);
	return done();
}

static result
set_vacation(struct account *account, void *context)
{
	const struct change *c = context;

	return handling_set_vacation(account, &c->vacation);
}

result
admin_vacation_set(struct store *store, view address,
    const struct admin_vacation *v)
{
	struct change c = { .vacation = { .vacation = true,
				.vacation_subject = v->subject,
				.vacation_text = v->text,
				.vacation_every = v->every } };

	if (v->text.n == 0 || v->text.n > LIMIT_VACATION_TEXT
	    || !utf8_is_valid(v->text)
	    || view_find_byte(v->text, '\0') != SIZE_MAX)
		return fail(MALFORMED, "expected a text of at most 64 KiB");
	if (v->subject.n > LIMIT_DISPLAY_NAME || !utf8_is_valid(v->subject)
	    || view_find_byte(v->subject, '\n') != SIZE_MAX
	    || view_find_byte(v->subject, '\r') != SIZE_MAX)
		return fail(MALFORMED, "expected a short subject, one line");
	if (v->every < VACATION_LEAST || v->every > VACATION_MOST)
		return fail(MALFORMED, "expected ten minutes to 30 days"
		    " between two replies");
	TRY(parse_day(v->since, &c.vacation.vacation_from));
	TRY(parse_day(v->until, &c.vacation.vacation_until));
	if (c.vacation.vacation_until != 0)
		c.vacation.vacation_until += DAY;
	if (c.vacation.vacation_until != 0
	    && c.vacation.vacation_until <= c.vacation.vacation_from)
		return fail(MALFORMED, "its last day is before its first");
	return change_account(store, address, set_vacation, &c);
}

result
admin_vacation_end(struct store *store, view address)
{
	struct change c = { .vacation = { .vacation_every = DAY } };

	return change_account(store, address, set_vacation, &c);
}

static result
put_script(struct account *account, void *context)
{
	const struct change *c = context;

	return script_put(account, c->name, c->text);
}

result
admin_script_put(struct store *store, view address, view name, view text,
    struct buf *fault)
{
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct change c = { .name = name, .text = text };
	struct sieve_error error;
	struct sieve *script;
	result r = sieve_compile(arena, text, &script, &error);

	if (r.is == OK)
		r = change_account(store, address, put_script, &c);
	else
		sieve_error_write(&error, fault);
	arena_free(&arena);
	return r;
}

static result
activate_script(struct account *account, void *context)
{
	const struct change *c = context;

	return script_activate(account, c->name);
}

result
admin_script_activate(struct store *store, view address, view name)
{
	struct change c = { .name = name };

	return change_account(store, address, activate_script, &c);
}

static result
remove_script(struct account *account, void *context)
{
	const struct change *c = context;

	return script_remove(account, c->name);
}

result
admin_script_remove(struct store *store, view address, view name)
{
	struct change c = { .name = name };

	return change_account(store, address, remove_script, &c);
}

result
admin_script_list(struct store *store, struct arena *arena, view address,
    struct script **out, size_t *count)
{
	struct account *account;
	result r;

	*count = 0;
	TRY(open_one(store, arena, address, &account));
	r = script_list(account, arena, out, count);
	account_close(&account);
	return r;
}
