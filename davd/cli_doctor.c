/*
 * posthaste doctor: what every client would make of an address, and whether
 * the servers that they would configure work; for an address of ours also
 * whether this server does all that its configuration says.
 */
#include "davd/cli_doctor.h"

#include "mailcore/admin/check.h"
#include "mailcore/base/limits.h"
#include "mailcore/store/domain.h"

#include <unistd.h>

struct visit {
	struct cli *cli;
	struct person person;
	struct live_options options;
	struct buf password;
	bool ours;
};

/* Does a configuration of this machine, found without being named, host the
 * domain?  Otherwise it is somebody else's, and nothing here matters. */
static bool
is_hosted(struct visit *v)
{
	struct domain domain;

	if (v->cli->data != NULL || v->cli->config != NULL)
		return true;
	if (v->cli->resolve != NULL
	    || access(cli_path(v->cli, "posthaste.conf"), R_OK) != 0
	    || cli_open(v->cli).is != OK)
		return false;
	return domain_canonical(v->cli->store, v->cli->arena,
	    v->person.domain, &domain).is == OK;
}

/* A demo listens on loopback, and DNS knows nothing of it. */
static void
use_own_ports(struct visit *v)
{
	const struct conf *conf = &v->cli->conf;
	view first = conf->address_count > 0 ? view_of(conf->addresses[0])
	    : VIEW("");
	unsigned port = conf->ports[SERVICE_HTTPS];

	v->options.inside = true;
	if (!view_starts(first, VIEW("127.")) && !view_eq(first,
	    VIEW("::1")))
		return;
	v->options.alone = true;
	v->options.at = first;
	v->options.ca = cli_path(v->cli, "ca.pem");
	v->options.base_port = port > 443 ? port - 443 : 0;
}

static result
prepare(struct visit *v)
{
	struct cli *cli = v->cli;
	view local = VIEW("");
	result r = check_address(view_of(cli->arguments[0]), cli->arena,
	    &v->person.address, &v->person.domain);

	if (r.is != OK) {
		(void)cli_failed(cli->arguments[0], r);
		return r;
	}
	local = view_first(v->person.address,
	    v->person.address.n - v->person.domain.n - 1);
	v->person.local = local;
	v->options.resolver = cli->resolver;
	v->options.ca = cli->ca;
	v->options.at = view_of(cli->resolve);
	v->options.inside = cli->resolve != NULL;
	if (cli->base_port != NULL && !cli_number("base-port",
	    cli->base_port, 60000, &v->options.base_port))
		return fail(MALFORMED, "not a port");
	if (cli->from_stdin != NULL)
		TRY(cli_secret("password: ", &v->password));
	v->person.password = buf_view(&v->password);
	return done();
}

static int
examine(struct visit *v)
{
	struct cli *cli = v->cli;
	struct live_report *report = arena_alloc(cli->arena, sizeof *report);
	unsigned faults = 0;
	result r;

	v->ours = is_hosted(v);
	if (v->ours && cli->store == NULL && cli_open(cli).is != OK)
		return CLI_FAILED;
	if (v->ours && doctor_local(cli, v->person.address,
	    cli->json != NULL, &faults).is != OK)
		return CLI_FAILED;
	if (v->ours && cli->resolve == NULL)
		use_own_ports(v);
	if (report == NULL)
		return cli_fail("no memory");
	r = live_run(&v->options, cli->arena, &v->person, report);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	report->faults += faults;
	if (cli->json != NULL)
		doctor_print_json(report);
	else
		doctor_print(report);
	if (report->faults > 0)
		return cli_fail("%zu faults", report->faults);
	return CLI_OK;
}

int
cli_doctor(struct cli *cli)
{
	struct visit v = { .cli = cli,
		.password = buf_new(LIMIT_DOCTOR_LINE) };
	int code = CLI_FAILED;

	if (prepare(&v).is == OK)
		code = examine(&v);
	buf_free(&v.password);
	return code;
}
