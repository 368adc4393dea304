/* posthaste quota: how much a mailbox may hold. */
#include "davd/cli_command.h"

#include "mailcore/admin/admin.h"
#include "mailcore/admin/size.h"

#include <stdio.h>

enum { KIB = 1024 };

bool
cli_size(const char *text, int64_t *out)
{
	if (size_read(view_of(text), out))
		return true;
	(void)cli_fail("expected a size like 500M or 10G, or none, found"
	    " \"%s\"", text);
	return false;
}

int
cli_quota_set(struct cli *cli)
{
	int64_t bytes;
	result r;

	if (!cli_size(cli->arguments[1], &bytes))
		return CLI_USAGE;
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_quota_set(cli->store, view_of(cli->arguments[0]), bytes);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	if (bytes == 0)
		(void)printf("%s may hold any amount now\n",
		    cli->arguments[0]);
	else
		(void)printf("%s may hold %lld KiB now\n", cli->arguments[0],
		    (long long)((bytes + KIB - 1) / KIB));
	return CLI_OK;
}

int
cli_quota_show(struct cli *cli)
{
	struct account_info account;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = account_find(cli->store, cli->arena, view_of(cli->arguments[0]),
	    &account);
	if (r.is == NOT_FOUND)
		r = fail(NOT_FOUND, "there is no mailbox of that address");
	if (r.is == OK)
		r = account_get(cli->store, cli->arena, account.id, &account);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("used   %lld KiB\n",
	    (long long)((account.used + KIB - 1) / KIB));
	if (account.quota == 0)
		(void)printf("quota  none\n");
	else
		(void)printf("quota  %lld KiB\n",
		    (long long)((account.quota + KIB - 1) / KIB));
	return CLI_OK;
}
