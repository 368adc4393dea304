/* posthaste domain alias: domains that stand for another. */
#include "davd/cli_command.h"

#include "mailcore/admin/admin.h"

#include <stdio.h>

int
cli_domain_alias_add(struct cli *cli)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_domain_alias_add(cli->store, view_of(cli->arguments[0]),
	    view_of(cli->arguments[1]));
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s stands for %s now\n", cli->arguments[0],
	    cli->arguments[1]);
	return CLI_OK;
}

int
cli_domain_alias_remove(struct cli *cli)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_domain_alias_remove(cli->store,
	    view_of(cli->arguments[0]));
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s stands for nothing now\n", cli->arguments[0]);
	return CLI_OK;
}

int
cli_domain_alias_list(struct cli *cli)
{
	struct domain_alias *list = NULL;
	size_t count = 0;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = domain_alias_list(cli->store, cli->arena, VIEW(""), &list,
	    &count);
	if (r.is != OK)
		return cli_failed("domain alias list", r);
	for (size_t i = 0; i < count; i++)
		(void)printf("%-40.*s %.*s\n", (int)list[i].name.n,
		    list[i].name.p, (int)list[i].target.n,
		    list[i].target.p);
	return CLI_OK;
}
