/* posthaste verify: are the books of the mailboxes right? */
#include "davd/cli_command.h"

#include "mailcore/admin/admin.h"
#include "mailcore/store/domain.h"
#include "mailcore/store/verify.h"

#include <inttypes.h>
#include <stdio.h>

struct tally {
	view address; /* whose turn it is */
	size_t accounts, faults;
};

static void
print_finding(void *context, const struct verify_finding *f)
{
	const struct tally *t = context;

	(void)printf("%.*s: %s (collection %" PRId64 ", number %" PRId64 ")\n",
	    (int)t->address.n, t->address.p, f->what, f->collection,
	    f->number);
}

static result
verify_one(struct cli *cli, const struct account_info *info, struct tally *t)
{
	struct account *account;
	size_t faults = 0;
	result r = account_open(cli->store, info->id, &account);

	/* It may have been removed since it was listed. */
	if (r.is == NOT_FOUND)
		return done();
	TRY(r);
	t->address = info->address;
	r = account_verify(account, cli->bodies != NULL, print_finding, t,
	    &faults);
	account_close(&account);
	t->accounts++;
	t->faults += faults;
	return r;
}

static result
verify_domain(struct cli *cli, view domain, struct tally *t)
{
	struct account_info *list = NULL;
	size_t count = 0;

	TRY(account_list(cli->store, cli->arena, domain, &list, &count));
	for (size_t i = 0; i < count; i++)
		TRY(verify_one(cli, &list[i], t));
	return done();
}

static result
verify_all(struct cli *cli, struct tally *t)
{
	struct domain *list = NULL;
	size_t count = 0;

	if (cli->domain != NULL)
		return verify_domain(cli, view_of(cli->domain), t);
	TRY(domain_list(cli->store, cli->arena, &list, &count));
	for (size_t i = 0; i < count; i++)
		TRY(verify_domain(cli, list[i].name, t));
	return done();
}

int
cli_verify(struct cli *cli)
{
	struct tally t = { .address = VIEW("mailboxes") };
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = verify_all(cli, &t);
	if (r.is != OK)
		return cli_failed("verify", r);
	(void)printf("%zu mailboxes, %zu faults\n", t.accounts, t.faults);
	if (t.faults > 0)
		return cli_fail("expected books that are right, found %zu"
		    " faults; stop the server, keep a copy of the folder,"
		    " restore these mailboxes from a backup, and report it",
		    t.faults);
	return CLI_OK;
}
