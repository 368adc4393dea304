/*
 * posthaste init: a folder from which `posthaste serve` runs.
 *
 * On a loopback address it is a demo, with a mailbox whose password
 * demo.json keeps; elsewhere it has a domain and waits for mailboxes.  Run
 * again, it adds what is missing and keeps what is there.
 */
#include "davd/cli_init.h"

#include "mailcore/admin/admin.h"
#include "mailcore/admin/check.h"
#include "mailcore/admin/dkim.h"
#include "mailcore/format/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { USERS_MAX = 9999, BASE_PORT_MAX = 65535 - 8080 };

static bool
is_loopback(const char *address)
{
	unsigned char four[4], six[16];

	if (address == NULL)
		return false;
	if (inet_pton(AF_INET, address, four) == 1)
		return four[0] == 127;
	return inet_pton(AF_INET6, address, six) == 1
	    && memcmp(six, &in6addr_loopback, sizeof six) == 0;
}

static bool
is_address(const char *address)
{
	unsigned char bytes[16];

	return address == NULL || inet_pton(AF_INET, address, bytes) == 1
	    || inet_pton(AF_INET6, address, bytes) == 1;
}

/* `about`: which of them is meant. */
static result
read_names(struct cli *cli, struct init *init, const char **about)
{
	view hostname;

	*about = cli->domain;
	TRY(check_domain(view_of(cli->domain), cli->arena, &init->domain));
	if (cli->hostname != NULL)
		*about = cli->hostname;
	hostname = cli->hostname != NULL ? view_of(cli->hostname)
	    : arena_print(cli->arena, "mail.%.*s", (int)init->domain.n,
	        init->domain.p);
	TRY(check_domain(hostname, cli->arena, &hostname));
	init->hostname = arena_text(cli->arena, hostname);
	return arena_result(cli->arena);
}

static int
read_options(struct cli *cli, struct init *init)
{
	const char *about;
	result r;

	*init = (struct init){ .loopback = is_loopback(cli->address) };
	if (cli->domain == NULL) {
		(void)cli_fail("expected --domain NAME, found none; name the"
		    " domain of the addresses, like --domain example.org");
		return CLI_USAGE;
	}
	r = read_names(cli, init, &about);
	if (r.is != OK) {
		(void)cli_failed(about, r);
		return CLI_USAGE;
	}
	if (!is_address(cli->address)) {
		(void)cli_fail("expected an IP address after --address,"
		    " found \"%s\"", cli->address);
		return CLI_USAGE;
	}
	if ((cli->base_port != NULL
	        && !cli_number("base-port", cli->base_port, BASE_PORT_MAX,
	            &init->base_port))
	    || (cli->users != NULL
	        && !cli_number("users", cli->users, USERS_MAX, &init->users)))
		return CLI_USAGE;
	if (init->users > 0 && !init->loopback) {
		(void)cli_fail("--users makes mailboxes whose passwords"
		    " everybody can guess; expected a loopback address after"
		    " --address, found %s",
		    cli->address != NULL ? cli->address : "none");
		return CLI_USAGE;
	}
	return CLI_OK;
}

/* A server that runs has its store in order, and it is not ours to repair. */
static result
open_store(struct cli *cli)
{
	struct cli_process processes[CLI_PROCESSES];

	if (cli_processes(cli, processes) == 0)
		TRY(store_recover(cli->conf.data));
	return cli_open(cli);
}

static result
host_domain(struct cli *cli, const struct init *init)
{
	struct dkim_key key;
	result r = admin_domain_add(cli->store, init->domain,
	    view_of(cli->name));

	if (r.is == OK || r.is == EXISTS)
		r = dkim_ensure(cli->store, cli->signer, init->domain,
		    cli->arena, &key);
	return r;
}

int
cli_init(struct cli *cli)
{
	struct init init;
	int code = read_options(cli, &init);
	result r;

	if (code != CLI_OK)
		return code;
	r = init_place(cli, &init);
	if (r.is == OK)
		r = open_store(cli);
	if (r.is == OK)
		r = host_domain(cli, &init);
	if (r.is == OK && init.loopback)
		r = init_demo(cli, &init);
	if (r.is == OK)
		r = store_sync(cli->store);
	if (r.is != OK)
		return cli_failed("init", r);
	(void)printf("%s is ready for: posthaste serve --data %s\n",
	    cli->conf.data, cli->conf.data);
	if (!init.loopback)
		(void)printf("Add a mailbox by: posthaste mailbox add"
		    " NAME@%.*s --data %s\n", (int)init.domain.n,
		    init.domain.p, cli->conf.data);
	return CLI_OK;
}
