/* posthaste imap: what one person's mail programs are not to use. */
#include "davd/cli_command.h"

#include "mailcore/admin/capability.h"

#include <stdio.h>
#include <string.h>

int
cli_imap_without(struct cli *cli)
{
	const char *words = cli->arguments[1];
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	if (strcmp(words, "none") == 0)
		words = "";
	r = admin_imap_without(cli->store, view_of(cli->arguments[0]),
	    view_of(words));
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s: counts from the next login on\n",
	    cli->arguments[0]);
	return CLI_OK;
}

int
cli_imap_show(struct cli *cli)
{
	view words;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_imap_without_get(cli->store, cli->arena,
	    view_of(cli->arguments[0]), &words);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("without: %.*s\n", (int)words.n, words.p);
	return CLI_OK;
}
