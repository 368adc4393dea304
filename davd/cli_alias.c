/* posthaste alias: further addresses of a mailbox. */
#include "davd/cli_command.h"

#include "mailcore/admin/alias.h"

#include <stdio.h>

int
cli_alias_add(struct cli *cli)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_alias_add(cli->store, view_of(cli->arguments[0]),
	    view_of(cli->arguments[1]));
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s leads to %s now\n", cli->arguments[0],
	    cli->arguments[1]);
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
		(void)printf("%-40.*s %.*s\n", (int)list[i].address.n,
		    list[i].address.p, (int)list[i].target.n,
		    list[i].target.p);
	return CLI_OK;
}
