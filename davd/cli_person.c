/* posthaste mailbox logins, sessions, end-session, sign-out. */
#include "davd/cli_command.h"

#include "mailcore/admin/person.h"
#include "mailcore/base/date.h"
#include "mailcore/sys/clock.h"

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

static void
print_session(const struct session_row *s)
{
	struct buf line = buf_new(LINE);

	buf_print(&line, "%-4lld ", (long long)s->id);
	date_add_rfc3339(&line, s->used);
	buf_print(&line, "  %.*s  %.*s", (int)s->peer.n, s->peer.p,
	    (int)s->agent.n, s->agent.p);
	(void)printf("%s\n", buf_text(&line));
	buf_free(&line);
}

int
cli_mailbox_sessions(struct cli *cli)
{
	int64_t now = clock_now();
	struct session_row *list;
	struct person person;
	size_t count;
	result r;

	if (open_person(cli, &person).is != OK)
		return CLI_FAILED;
	r = session_list(cli->store, cli->arena, person.account, now,
	    now - cli->conf.session_idle, &list, &count);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	for (size_t i = 0; i < count; i++)
		print_session(&list[i]);
	return CLI_OK;
}

int
cli_mailbox_end_session(struct cli *cli)
{
	struct person person;
	uint64_t id;
	result r;

	if (!view_number(view_of(cli->arguments[1]), INT64_MAX, &id)) {
		(void)cli_fail("expected the number of a session, found"
		    " \"%s\"", cli->arguments[1]);
		return CLI_USAGE;
	}
	if (open_person(cli, &person).is != OK)
		return CLI_FAILED;
	r = person_session_end(&person, (int64_t)id);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	cli_tell(cli, person.account);
	(void)printf("session %s of %s is ended\n", cli->arguments[1],
	    cli->arguments[0]);
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
