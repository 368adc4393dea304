/* posthaste domain admin, domain limit: who keeps a domain beside the
 * operator, and how much they may give out. */
#include "davd/cli_command.h"

#include "mailcore/admin/domain_admin.h"
#include "mailcore/admin/size.h"
#include "mailcore/base/limits.h"

#include <stdio.h>

enum { SIZE_TEXT = 64 };

static view
argument(const struct cli *cli, int i)
{
	return view_of(cli->arguments[i]);
}

/* It may be either that is not there. */
static int
failed(struct cli *cli, result r)
{
	view both = arena_print(cli->arena, "%s, %s", cli->arguments[0],
	    cli->arguments[1]);

	return cli_failed(both.p, r);
}

int
cli_domain_admin_add(struct cli *cli)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = domain_admin_add(cli->store, argument(cli, 0), argument(cli, 1));
	if (r.is != OK)
		return failed(cli, r);
	(void)printf("%s administers %s now\n", cli->arguments[1],
	    cli->arguments[0]);
	return CLI_OK;
}

int
cli_domain_admin_remove(struct cli *cli)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = domain_admin_remove(cli->store, argument(cli, 0),
	    argument(cli, 1));
	if (r.is != OK)
		return failed(cli, r);
	(void)printf("%s does not administer %s any more\n",
	    cli->arguments[1], cli->arguments[0]);
	return CLI_OK;
}

int
cli_domain_admin_list(struct cli *cli)
{
	view *list = NULL;
	size_t count = 0;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = domain_admin_list(cli->store, cli->arena, argument(cli, 0),
	    &list, &count);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	for (size_t i = 0; i < count; i++)
		(void)printf("%.*s\n", (int)list[i].n, list[i].p);
	return CLI_OK;
}

/* "25", or "none", which is 0. */
static bool
read_count(const char *text, int64_t *out)
{
	uint64_t n = 0;

	if (!view_eq(view_of(text), VIEW("none"))
	    && (!view_number(view_of(text), INT32_MAX, &n) || n == 0)) {
		(void)cli_fail("expected a number of mailboxes, or none,"
		    " found \"%s\"", text);
		return false;
	}
	*out = (int64_t)n;
	return true;
}

int
cli_domain_limit_set(struct cli *cli)
{
	struct domain_share limit;
	result r;

	if (!read_count(cli->arguments[1], &limit.mailboxes)
	    || !cli_size(cli->arguments[2], &limit.quota))
		return CLI_USAGE;
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = domain_admin_limit(cli->store, argument(cli, 0), &limit);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("the administrators of %s keep to that now\n",
	    cli->arguments[0]);
	return CLI_OK;
}

/* As domain limit set reads it. */
static void
print_size(int64_t bytes)
{
	struct buf text = buf_new(SIZE_TEXT);

	size_write(bytes, &text);
	(void)printf("%s", bytes == 0 ? "0" : buf_text(&text));
	buf_free(&text);
}

int
cli_domain_limit_show(struct cli *cli)
{
	struct domain_share limit, used;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = domain_admin_share(cli->store, argument(cli, 0), &limit, &used);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("mailboxes  %lld", (long long)used.mailboxes);
	if (limit.mailboxes > 0)
		(void)printf(" of %lld", (long long)limit.mailboxes);
	(void)printf("\nquotas     ");
	print_size(used.quota);
	if (limit.quota > 0) {
		(void)printf(" of ");
		print_size(limit.quota);
	}
	(void)printf("\n");
	return CLI_OK;
}
