/* posthaste share: what somebody lets others see and do. */
#include "davd/cli_command.h"

#include "mailcore/admin/share.h"

#include <stdio.h>

int
cli_share_add(struct cli *cli)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_share_add(cli->store, view_of(cli->arguments[0]),
	    view_of(cli->arguments[1]), view_of(cli->arguments[2]),
	    view_of(cli->arguments[3]));
	if (r.is != OK)
		return cli_failed(cli->arguments[1], r);
	(void)printf("%s of %s is shared with %s now\n", cli->arguments[1],
	    cli->arguments[0], cli->arguments[2]);
	return CLI_OK;
}

int
cli_share_remove(struct cli *cli)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_share_remove(cli->store, view_of(cli->arguments[0]),
	    view_of(cli->arguments[1]), view_of(cli->arguments[2]));
	if (r.is != OK)
		return cli_failed(cli->arguments[1], r);
	(void)printf("%s of %s is no longer shared with %s\n",
	    cli->arguments[1], cli->arguments[0], cli->arguments[2]);
	return CLI_OK;
}

int
cli_share_list(struct cli *cli)
{
	struct share *list;
	size_t count;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_share_list(cli->store, cli->arena,
	    view_of(cli->arguments[0]), &list, &count);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	for (size_t i = 0; i < count; i++)
		(void)printf("%-32.*s %-32.*s %.*s\n",
		    (int)list[i].collection.n, list[i].collection.p,
		    (int)list[i].who.n, list[i].who.p, (int)list[i].rights.n,
		    list[i].rights.p);
	return CLI_OK;
}
