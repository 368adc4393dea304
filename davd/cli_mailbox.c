/* posthaste domain, mailbox, password. */
#include "davd/cli_command.h"

#include "mailcore/admin/admin.h"
#include "mailcore/admin/check.h"
#include "mailcore/admin/dkim.h"
#include "mailcore/admin/strength.h"
#include "mailcore/base/secret.h"

#include <stdio.h>
#include <unistd.h>

enum { PASSWORD_ROOM = LIMIT_PASSWORD + 1, ACCOUNT_ARENA = 65536 };

static view
argument(const struct cli *cli)
{
	return view_of(cli->arguments[0]);
}

/* One operation on the argument; on success `said` (with the argument). */
static int
operate(struct cli *cli, result (*run)(struct cli *), const char *said)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = run(cli);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s %s\n", cli->arguments[0], said);
	return CLI_OK;
}

/* The same on a mailbox, whose open connections then look again whether they
 * still may. */
static result
on_mailbox(struct cli *cli, result (*run)(struct cli *))
{
	struct account_info account;
	result r = account_find(cli->store, cli->arena, argument(cli),
	    &account);

	TRY(run(cli));
	if (r.is == OK)
		cli_tell(cli, account.id);
	return done();
}

static result
add_domain(struct cli *cli)
{
	struct dkim_key key;

	TRY(admin_domain_add(cli->store, argument(cli), view_of(cli->name)));
	return dkim_ensure(cli->store, cli->signer, argument(cli),
	    cli->arena, &key);
}

int
cli_domain_add(struct cli *cli)
{
	return operate(cli, add_domain, "is hosted now");
}

static result
remove_domain(struct cli *cli)
{
	return admin_domain_remove(cli->store, argument(cli));
}

int
cli_domain_remove(struct cli *cli)
{
	return operate(cli, remove_domain, "is hosted no longer");
}

static result
enable_domain(struct cli *cli)
{
	return admin_domain_enable(cli->store, argument(cli), true);
}

int
cli_domain_enable(struct cli *cli)
{
	return operate(cli, enable_domain, "is served again");
}

/* All open connections of its mailboxes look again whether they may. */
static result
disable_domain(struct cli *cli)
{
	struct account_info *list = NULL;
	size_t count = 0;
	view name;

	TRY(admin_domain_enable(cli->store, argument(cli), false));
	TRY(check_domain(argument(cli), cli->arena, &name));
	TRY(account_list(cli->store, cli->arena, name, &list, &count));
	for (size_t i = 0; i < count; i++)
		cli_tell(cli, list[i].id);
	return done();
}

int
cli_domain_disable(struct cli *cli)
{
	return operate(cli, disable_domain, "is switched off: nobody logs in,"
	    " and mail for it waits with its senders");
}

int
cli_domain_list(struct cli *cli)
{
	struct domain *list = NULL;
	size_t count = 0;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = domain_list(cli->store, cli->arena, &list, &count);
	if (r.is != OK)
		return cli_failed("domains", r);
	for (size_t i = 0; i < count; i++)
		(void)printf("%-32.*s %-8s %.*s\n", (int)list[i].name.n,
		    list[i].name.p, list[i].enabled ? "enabled" : "disabled",
		    (int)list[i].display_name.n, list[i].display_name.p);
	return CLI_OK;
}

/* What is typed, or a new one, which is shown when all went well. */
static result
choose_password(struct cli *cli, struct buf *out)
{
	(void)buf_reserve(out, PASSWORD_ROOM);
	if (cli->from_stdin != NULL)
		return cli_secret("Password: ", out);
	admin_password_make(out);
	return buf_result(out);
}

static int
with_password(struct cli *cli, result (*run)(struct cli *, view password),
    const char *said)
{
	struct buf password = buf_new(PASSWORD_ROOM);
	int code = CLI_FAILED;
	result r;

	if (choose_password(cli, &password).is == OK
	    && cli_open(cli).is == OK) {
		r = run(cli, buf_view(&password));
		if (r.is != OK)
			(void)cli_failed(cli->arguments[0], r);
		else
			code = CLI_OK;
	}
	if (code == CLI_OK) {
		(void)fprintf(stderr, "%s %s\n", cli->arguments[0], said);
		if (cli->from_stdin == NULL)
			(void)printf("%s\n", buf_text(&password));
	}
	secret_wipe(password.p, password.n);
	buf_free(&password);
	return code;
}

static result
add_mailbox(struct cli *cli, view password)
{
	return admin_mailbox_add(cli->store, argument(cli), view_of(cli->name),
	    password);
}

int
cli_mailbox_add(struct cli *cli)
{
	return with_password(cli, add_mailbox, "is a mailbox now");
}

/* An operator may set any; what is easy to guess is said to be. */
static void
warn_of_weak(struct cli *cli, const struct account_info *account,
    view password)
{
	unsigned score = strength_score(password, account->address,
	    account->name);

	if (score < cli->conf.password_strength)
		(void)cli_fail("warning: that password is easy to guess:"
		    " %u of 4, expected at least %u", score,
		    cli->conf.password_strength);
}

static result
set_password(struct cli *cli, view password)
{
	struct account_info account;

	TRY(admin_password_set(cli->store, argument(cli), password));
	TRY(account_find(cli->store, cli->arena, argument(cli), &account));
	cli_tell(cli, account.id);
	warn_of_weak(cli, &account, password);
	return done();
}

static result
import_hash(struct cli *cli)
{
	return admin_password_import(cli->store, argument(cli),
	    view_of(cli->import));
}

static result
import_password(struct cli *cli)
{
	return on_mailbox(cli, import_hash);
}

int
cli_password(struct cli *cli)
{
	if (cli->import != NULL)
		return operate(cli, import_password, "has that password now");
	return with_password(cli, set_password, "has a new password");
}

static result
remove_all(struct cli *cli)
{
	return admin_mailbox_remove(cli->store, argument(cli));
}

static result
remove_mailbox(struct cli *cli)
{
	return on_mailbox(cli, remove_all);
}

/* There is no way back: who sits at a terminal is asked, a script is not. */
static bool
is_meant(const struct cli *cli)
{
	struct buf typed = buf_new(LIMIT_ADDRESS + 1);
	char c = '\0';
	bool same;

	if (isatty(STDIN_FILENO) == 0)
		return true;
	(void)fprintf(stderr, "This removes %s with all its mail, calendars"
	    " and contacts.\nType the address again: ", cli->arguments[0]);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		buf_add_byte(&typed, c);
	same = view_same(view_trim(buf_view(&typed)), argument(cli));
	buf_free(&typed);
	if (!same)
		(void)cli_fail("expected that address, found another;"
		    " nothing is removed");
	return same;
}

int
cli_mailbox_remove(struct cli *cli)
{
	if (!is_meant(cli))
		return CLI_FAILED;
	return operate(cli, remove_mailbox, "is removed");
}

static result
enable(struct cli *cli)
{
	struct account_info account;

	TRY(admin_mailbox_enable(cli->store, argument(cli), true));
	TRY(account_find(cli->store, cli->arena, argument(cli), &account));
	return account.enabled
	    ? done()
	    : fail(DENIED, "it is enabled, but its domain is switched off:"
	          " posthaste domain enable DOMAIN");
}

int
cli_mailbox_enable(struct cli *cli)
{
	return operate(cli, enable, "may log in");
}

static result
forbid(struct cli *cli)
{
	return admin_mailbox_enable(cli->store, argument(cli), false);
}

static result
disable(struct cli *cli)
{
	return on_mailbox(cli, forbid);
}

int
cli_mailbox_disable(struct cli *cli)
{
	return operate(cli, disable, "may not log in any more");
}

static result
list_domain(struct cli *cli, view domain)
{
	struct account_info *list = NULL;
	size_t count = 0;

	TRY(account_list(cli->store, cli->arena, domain, &list, &count));
	for (size_t i = 0; i < count; i++) {
		/* Only account_get looks into the account itself. */
		struct arena *arena = arena_new(ACCOUNT_ARENA);
		struct account_info a;
		result r = account_get(cli->store, arena, list[i].id, &a);

		if (r.is == OK)
			(void)printf("%-40.*s %-8s %8lld KiB  %.*s\n",
			    (int)a.address.n, a.address.p,
			    a.enabled ? "enabled" : "disabled",
			    (long long)((a.used + 1023) / 1024),
			    (int)a.name.n, a.name.p);
		arena_free(&arena);
		if (r.is != OK && r.is != NOT_FOUND)
			return r;
	}
	return done();
}

static result
list_all(struct cli *cli)
{
	struct domain *list = NULL, hosted;
	size_t count = 0;
	view domain;
	result r;

	if (cli->domain != NULL) {
		TRY(check_domain(view_of(cli->domain), cli->arena, &domain));
		r = domain_find(cli->store, cli->arena, domain, &hosted);
		if (r.is == NOT_FOUND)
			return fail(NOT_FOUND, "that domain is not hosted"
			    " here");
		TRY(r);
		return list_domain(cli, hosted.name);
	}
	TRY(domain_list(cli->store, cli->arena, &list, &count));
	for (size_t i = 0; i < count; i++)
		TRY(list_domain(cli, list[i].name));
	return done();
}

int
cli_mailbox_list(struct cli *cli)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = list_all(cli);
	return r.is == OK
	    ? CLI_OK
	    : cli_failed(cli->domain != NULL ? cli->domain : "mailboxes", r);
}
