/* posthaste mailbox kind: a room answers invitations by itself. */
#include "davd/cli_command.h"

#include "mailcore/store/domain.h"
#include "mailcore/store/schedule.h"

#include <stdio.h>

static const struct {
	const char *word;
	enum schedule_kind kind;
	const char *said;
} kinds[] = {
	{ "person", SCHEDULE_PERSON, "answers for himself" },
	{ "room", SCHEDULE_ROOM, "is a room and answers by itself" },
	{ "resource", SCHEDULE_RESOURCE,
	    "is a resource and answers by itself" },
};

static result
work(struct account *account, void *context)
{
	const enum schedule_kind *kind = context;

	return schedule_set_kind(account, *kind);
}

static result
set(struct cli *cli, enum schedule_kind kind)
{
	struct account_info info;
	struct account *account;
	result r;

	TRY(account_find(cli->store, cli->arena,
	    view_of(cli->arguments[0]), &info));
	TRY(account_open(cli->store, info.id, &account));
	r = account_write(account, work, &kind, DURABLE);
	account_close(&account);
	return r;
}

int
cli_mailbox_kind(struct cli *cli)
{
	size_t i = 0;
	result r;

	while (i < COUNT(kinds)
	    && !view_eq(view_of(kinds[i].word), view_of(cli->arguments[1])))
		i++;
	if (i == COUNT(kinds)) {
		(void)cli_fail("a mailbox is a person, a room or a resource,"
			       " not \"%s\"", cli->arguments[1]);
		return CLI_USAGE;
	}
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = set(cli, kinds[i].kind);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s %s\n", cli->arguments[0], kinds[i].said);
	return CLI_OK;
}
