/* posthaste quota: how much a mailbox may hold. */
#include "davd/cli_command.h"

#include "mailcore/admin/admin.h"

#include <stdio.h>

enum { KIB = 1024 };

/* 8 TiB: more than a disk of today, and far from what overflows. */
static const uint64_t most = (uint64_t)1 << 43;

static bool
read_size(view text, int64_t *out)
{
	static const char units[] = "KMG";
	uint64_t n, unit = 1;

	*out = 0;
	if (view_eq(text, VIEW("none")))
		return true;
	for (size_t i = 0; text.n > 0 && i < sizeof units - 1; i++)
		if (text.p[text.n - 1] == units[i])
			unit = (uint64_t)KIB << (10 * i);
	if (unit > 1)
		text = view_first(text, text.n - 1);
	if (!view_number(text, most / unit, &n) || n == 0)
		return false;
	*out = (int64_t)(n * unit);
	return true;
}

bool
cli_size(const char *text, int64_t *out)
{
	if (read_size(view_of(text), out))
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
