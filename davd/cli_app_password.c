/* posthaste app-password. */
#include "davd/cli_command.h"

#include "mailcore/admin/person.h"
#include "mailcore/base/date.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"

#include <stdio.h>

enum { DAY = 86400, LINE = 1024 };

/* The account of the first argument. */
static result
open_account(struct cli *cli, struct account_info *out)
{
	TRY(cli_open(cli));
	{
		result r = account_find(cli->store, cli->arena,
		    view_of(cli->arguments[0]), out);

		if (r.is != OK)
			(void)cli_failed(cli->arguments[0], r);
		return r;
	}
}

/* What the options say; says what is wrong with them. */
static bool
read_wanted(const struct cli *cli, struct app_password *wanted)
{
	unsigned days = 0;
	result r = done();

	*wanted = (struct app_password){ .label = view_of(cli->label),
		.rights = APP_ALL, .networks = view_of(cli->networks) };
	if (cli->expires != NULL
	    && !cli_number("expires", cli->expires, LIMIT_APP_DAYS, &days))
		return false;
	if (cli->expires != NULL)
		wanted->expires = clock_now() + (int64_t)days * DAY;
	if (cli->rights != NULL)
		r = auth_app_rights(view_of(cli->rights), &wanted->rights);
	if (r.is == OK)
		r = auth_app_networks(wanted->networks);
	if (r.is != OK)
		(void)cli_failed("app password", r);
	return r.is == OK;
}

int
cli_app_password_add(struct cli *cli)
{
	struct buf password = buf_new(AUTH_APP_TEXT);
	struct app_password wanted;
	struct account_info account;
	result r;

	if (cli->label == NULL) {
		(void)cli_fail("expected --label: what the device is called");
		return CLI_USAGE;
	}
	if (!read_wanted(cli, &wanted))
		return CLI_USAGE;
	if (open_account(cli, &account).is != OK)
		return CLI_FAILED;
	(void)buf_reserve(&password, AUTH_APP_TEXT);
	r = person_app_add(&(struct person){ .store = cli->store,
	    .account = account.id }, &wanted, clock_now(), &password);
	if (r.is == OK) {
		(void)fprintf(stderr, "app password %lld for %s\n",
		    (long long)wanted.id, cli->arguments[0]);
		(void)printf("%s\n", buf_text(&password));
	}
	secret_wipe(password.p, password.n);
	buf_free(&password);
	return r.is == OK ? CLI_OK : cli_failed(cli->arguments[0], r);
}

static void
add_time(struct buf *out, const char *what, int64_t seconds)
{
	buf_print(out, "  %s ", what);
	if (seconds == 0)
		buf_add_text(out, "never");
	else
		date_add_rfc3339(out, seconds);
}

static void
print_one(const struct app_password *p)
{
	struct buf line = buf_new(LINE);

	buf_print(&line, "%-4lld ", (long long)p->id);
	auth_app_rights_write(p->rights, &line);
	add_time(&line, "made", p->created);
	add_time(&line, "ends", p->expires);
	add_time(&line, "used", p->used);
	if (p->used != 0)
		buf_print(&line, " by %.*s from %.*s",
		    (int)p->used_protocol.n, p->used_protocol.p,
		    (int)p->used_peer.n, p->used_peer.p);
	if (p->networks.n > 0)
		buf_print(&line, "  only from %.*s", (int)p->networks.n,
		    p->networks.p);
	buf_print(&line, "  %.*s", (int)p->label.n, p->label.p);
	(void)printf("%s\n", buf_text(&line));
	buf_free(&line);
}

int
cli_app_password_list(struct cli *cli)
{
	struct app_password *list;
	struct account_info account;
	size_t count;
	result r;

	if (open_account(cli, &account).is != OK)
		return CLI_FAILED;
	r = app_password_list(cli->store, cli->arena, account.id, &list,
	    &count);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	for (size_t i = 0; i < count; i++)
		print_one(&list[i]);
	return CLI_OK;
}

int
cli_app_password_revoke(struct cli *cli)
{
	struct account_info account;
	uint64_t id;
	result r;

	if (!view_number(view_of(cli->arguments[1]), INT64_MAX, &id)) {
		(void)cli_fail("expected the number of an app password,"
		    " found \"%s\"", cli->arguments[1]);
		return CLI_USAGE;
	}
	if (open_account(cli, &account).is != OK)
		return CLI_FAILED;
	r = person_app_revoke(&(struct person){ .store = cli->store,
	    .account = account.id }, (int64_t)id);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	cli_tell(cli, account.id);
	(void)printf("app password %s of %s is revoked\n", cli->arguments[1],
	    cli->arguments[0]);
	return CLI_OK;
}
