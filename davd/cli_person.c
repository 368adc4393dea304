/* posthaste mailbox logins, sign-out. */
#include "davd/cli_command.h"

#include "mailcore/admin/person.h"
#include "mailcore/base/date.h"

#include <stdio.h>

enum { LINE = 512 };

/* The account of the argument; says when there is none. */
static result
open_person(struct cli *cli, struct person *out)
{
	struct account_info account;
	result r;

	TRY(cli_open(cli));
	r = account_find(cli->store, cli->arena, view_of(cli->arguments[0]),
	    &account);
	if (r.is != OK)
		(void)cli_failed(cli->arguments[0], r);
	*out = (struct person){ .store = cli->store, .account = account.id };
	return r;
}

static void
print_login(const struct login_row *l)
{
	struct buf line = buf_new(LINE);

	date_add_rfc3339(&line, l->used);
	buf_print(&line, "  %-8.*s %.*s", (int)l->protocol.n, l->protocol.p,
	    (int)l->peer.n, l->peer.p);
	if (l->app != 0)
		buf_print(&line, "  app password %lld", (long long)l->app);
	(void)printf("%s\n", buf_text(&line));
	buf_free(&line);
}

int
cli_mailbox_logins(struct cli *cli)
{
	struct login_row *list;
	struct person person;
	size_t count;
	result r;

	if (open_person(cli, &person).is != OK)
		return CLI_FAILED;
	r = login_list(cli->store, cli->arena, person.account, 0, &list,
	    &count);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	for (size_t i = 0; i < count; i++)
		print_login(&list[i]);
	return CLI_OK;
}

int
cli_mailbox_sign_out(struct cli *cli)
{
	struct person person;
	result r;

	if (open_person(cli, &person).is != OK)
		return CLI_FAILED;
	r = person_sign_out_everywhere(&person);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	cli_tell(cli, person.account);
	(void)printf("%s is signed out everywhere\n", cli->arguments[0]);
	return CLI_OK;
}
