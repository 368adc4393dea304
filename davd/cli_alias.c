/* posthaste alias: addresses that are no mailbox' own. */
#include "davd/cli_command.h"

#include "mailcore/admin/alias.h"
#include "mailcore/base/date.h"
#include "mailcore/sys/clock.h"

#include <stdio.h>

enum { DAY = 86400, DAYS_MOST = 3650 };

int
cli_alias_add(struct cli *cli)
{
	unsigned days = 0;
	int64_t expires = 0;
	result r;

	if (cli->expires != NULL
	    && !cli_number("expires", cli->expires, DAYS_MOST, &days))
		return CLI_USAGE;
	if (cli->expires != NULL && days == 0) {
		(void)cli_fail("expected --expires 1 to %d, found 0; to end"
		    " it now: posthaste alias expire ADDRESS", DAYS_MOST);
		return CLI_USAGE;
	}
	if (days > 0)
		expires = clock_now() + (int64_t)days * DAY;
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_alias_put(cli->store, view_of(cli->arguments[0]),
	    view_of(cli->arguments[1]), expires);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s leads to %s now\n", cli->arguments[0],
	    cli->arguments[1]);
	return CLI_OK;
}

int
cli_alias_expire(struct cli *cli)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_alias_expire(cli->store, view_of(cli->arguments[0]),
	    clock_now());
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s is no longer valid\n", cli->arguments[0]);
	return CLI_OK;
}

int
cli_alias_remove(struct cli *cli)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_alias_remove(cli->store, view_of(cli->arguments[0]));
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s leads nowhere now\n", cli->arguments[0]);
	return CLI_OK;
}

static void
print(const struct alias *a)
{
	static const char *const kinds[] = {
		[ALIAS_MAILBOX] = "", [ALIAS_FORWARD] = "",
		[ALIAS_REFUSE] = "refuse:", [ALIAS_EVERYONE] = "everyone",
		[ALIAS_DISCARD] = "discard",
	};
	struct buf text = buf_new(256);
	view rest = a->target, line;

	(void)printf("%-40.*s %s", (int)a->address.n, a->address.p,
	    kinds[a->kind]);
	for (bool more = false; view_line(&rest, &line); more = true)
		(void)printf("%s%.*s", more ? "," : "", (int)line.n, line.p);
	if (a->expires != 0) {
		date_add_rfc3339(&text, a->expires);
		(void)printf("  until %s", buf_text(&text));
	}
	(void)putchar('\n');
	buf_free(&text);
}

int
cli_alias_list(struct cli *cli)
{
	struct alias *list = NULL;
	size_t count = 0;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_alias_list(cli->store, cli->arena,
	    view_of(cli->arguments[0]), &list, &count);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	for (size_t i = 0; i < count; i++)
		print(&list[i]);
	return CLI_OK;
}
