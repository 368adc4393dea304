/* posthaste dkim: a second key that signs a domain's mail. */
#include "davd/cli_command.h"

#include "mailcore/admin/dkim.h"
#include "mailcore/store/domain.h"

#include <stdio.h>

static int
start(struct cli *cli, view domain)
{
	struct dkim_key key;
	result r = dkim_second(cli->store, cli->signer, domain, cli->arena,
	    &key);

	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%.*s._domainkey.%s. TXT \"v=DKIM1; k=ed25519; p=%.*s\"\n",
	    (int)key.selector.n, key.selector.p, cli->arguments[0],
	    (int)key.key.n, key.key.p);
	return CLI_OK;
}

int
cli_dkim_ed25519(struct cli *cli)
{
	view domain = view_of(cli->arguments[0]);
	view what = view_of(cli->arguments[1]);
	struct domain hosted;
	result r;

	if (!view_eq(what, VIEW("on")) && !view_eq(what, VIEW("off"))) {
		(void)cli_fail("%s: expected on or off", cli->arguments[1]);
		return CLI_USAGE;
	}
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = domain_find(cli->store, cli->arena, domain, &hosted);
	if (r.is == OK && view_eq(what, VIEW("on")))
		return start(cli, hosted.name);
	if (r.is == OK)
		r = dkim_second_end(cli->store, hosted.name, cli->arena);
	return r.is == OK ? CLI_OK : cli_failed(cli->arguments[0], r);
}
