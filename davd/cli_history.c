/* posthaste history: what changed in calendars and address books, and back. */
#include "davd/cli_command.h"

#include "mailcore/admin/admin.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/store/history.h"

#include <inttypes.h>
#include <stdio.h>

enum { MOMENT = 64 };

static const char *const words[] = {
	[HISTORY_ADDED] = "added",
	[HISTORY_CHANGED] = "changed",
	[HISTORY_REMOVED] = "removed",
	[HISTORY_GONE] = "removed-all",
};

/* The account of the first argument, open. */
static result
begin(struct cli *cli, struct account **out)
{
	struct account_info info;
	result r = cli_open(cli);

	*out = NULL;
	if (r.is != OK)
		return r;
	r = account_find(cli->store, cli->arena, view_of(cli->arguments[0]),
	    &info);
	if (r.is == OK)
		r = account_open(cli->store, info.id, out);
	if (r.is != OK)
		(void)cli_failed(cli->arguments[0], r);
	return r;
}

static int
failed(struct cli *cli, struct account **account, result r)
{
	account_close(account);
	return cli_failed(cli->arguments[cli->argument_count > 1 ? 1 : 0], r);
}

static bool
read_id(const struct cli *cli, int64_t *id)
{
	uint64_t n;

	if (!view_number(view_of(cli->arguments[1]), INT64_MAX, &n)) {
		(void)cli_fail("expected the number of a change, as"
		    " \"posthaste history list\" shows it");
		return false;
	}
	*id = (int64_t)n;
	return true;
}

static void
print_event(const struct history_event *e)
{
	struct buf when = buf_new(MOMENT);

	date_add_rfc3339(&when, e->at);
	(void)printf("%-8" PRId64 " %s %-11s %s/%.*s %.*s\n", e->id,
	    buf_text(&when), words[e->what],
	    e->kind == COLLECTION_ADDRESSBOOK ? "Contacts" : "Calendar",
	    (int)e->place.n, e->place.p, (int)e->name.n, e->name.p);
	buf_free(&when);
}

int
cli_history_list(struct cli *cli)
{
	struct history_event *list;
	struct account *account;
	size_t count;
	result r;

	if (begin(cli, &account).is != OK)
		return CLI_FAILED;
	r = history_list(account, cli->arena, 0, LIMIT_HISTORY_SHOWN, &list,
	    &count);
	if (r.is != OK)
		return failed(cli, &account, r);
	for (size_t i = 0; i < count; i++)
		print_event(&list[i]);
	account_close(&account);
	return CLI_OK;
}

int
cli_history_show(struct cli *cli)
{
	struct history_event event;
	struct account *account;
	struct body body;
	int64_t id;
	result r;

	if (!read_id(cli, &id))
		return CLI_USAGE;
	if (begin(cli, &account).is != OK)
		return CLI_FAILED;
	r = history_find(account, cli->arena, id, &event);
	if (r.is == OK && event.what != HISTORY_GONE) {
		r = body_open(account, event.body, &body);
		if (r.is == OK) {
			(void)fwrite(body.bytes.p, 1, body.bytes.n, stdout);
			body_close(&body);
		}
	} else if (r.is == OK) {
		print_event(&event);
	}
	if (r.is != OK)
		return failed(cli, &account, r);
	account_close(&account);
	return CLI_OK;
}

int
cli_history_undo(struct cli *cli)
{
	struct history_undone out;
	struct account *account;
	int64_t id;
	result r;

	if (!read_id(cli, &id))
		return CLI_USAGE;
	if (begin(cli, &account).is != OK)
		return CLI_FAILED;
	r = history_undo(account, cli->arena, id, &out);
	if (r.is != OK)
		return failed(cli, &account, r);
	cli_tell(cli, account_id(account));
	(void)printf("%.*s: %s\n", (int)out.name.n, out.name.p,
	    out.what == HISTORY_ADDED ? "removed" : "as it was before");
	account_close(&account);
	return CLI_OK;
}
