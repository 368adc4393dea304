/* posthaste sending: to how many people somebody may send. */
#include "davd/cli_command.h"

#include "mailcore/store/domain.h"
#include "mailcore/store/sending.h"
#include "mailcore/sys/clock.h"

#include <stdio.h>

enum { MOST = 1000000 };

static result
find(struct cli *cli, struct account_info *out)
{
	result r = account_find(cli->store, cli->arena,
	    view_of(cli->arguments[0]), out);

	if (r.is == NOT_FOUND)
		return fail(NOT_FOUND, "there is no mailbox of that address");
	return r;
}

static bool
read_number(const char *text, int64_t *out)
{
	uint64_t n = 0;

	if (view_eq(view_of(text), VIEW("any"))) {
		*out = SENDING_ANY;
		return true;
	}
	if (!view_number(view_of(text), MOST, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

static int
done_with(struct cli *cli, result r, const char *what)
{
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s %s\n", cli->arguments[0], what);
	return CLI_OK;
}

int
cli_sending_set(struct cli *cli)
{
	struct account_info account;
	struct sending_limit limit;
	result r;

	if (!read_number(cli->arguments[1], &limit.hour)
	    || !read_number(cli->arguments[2], &limit.day))
		return cli_fail("expected numbers of people in an hour and in"
				" a day, or the word any");
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = find(cli, &account);
	if (r.is == OK)
		r = sending_limit_set(cli->store, account.id, &limit);
	return done_with(cli, r, "has limits of its own now");
}

int
cli_sending_remove(struct cli *cli)
{
	struct account_info account;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = find(cli, &account);
	if (r.is == OK)
		r = sending_limit_remove(cli->store, account.id);
	return done_with(cli, r, "has the usual limits now");
}

static void
put_limit(const char *what, int64_t count, bool own, int64_t limit)
{
	(void)printf("%-5s %lld", what, (long long)count);
	if (own && limit == SENDING_ANY)
		(void)printf(" of any number");
	else if (own)
		(void)printf(" of %lld", (long long)limit);
	(void)printf("\n");
}

int
cli_sending_show(struct cli *cli)
{
	struct sending_limit limit = { .hour = 0 }, sent = { .hour = 0 };
	struct account_info account;
	bool own;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = find(cli, &account);
	if (r.is == OK)
		r = sending_count(cli->store, account.id, clock_now(), &sent);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	r = sending_limit_get(cli->store, account.id, &limit);
	own = r.is == OK;
	if (!own && r.is != NOT_FOUND)
		return cli_failed(cli->arguments[0], r);
	put_limit("hour", sent.hour, own, limit.hour);
	put_limit("day", sent.day, own, limit.day);
	return CLI_OK;
}
