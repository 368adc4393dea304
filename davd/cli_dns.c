/* posthaste dns: the records that a domain wants, and whether it has them. */
#include "davd/cli_command.h"

#include "autoconfig/doctor/dns_check.h"
#include "davd/api/domain_dns.h"
#include "mailcore/admin/check.h"
#include "mailcore/base/date.h"
#include "mailcore/store/domain.h"
#include "mailcore/sys/clock.h"

#include <stdio.h>
#include <string.h>

enum {
	CHECK_MS = 21000,
	DNS_TEXT = 4 << 20
};

static result
find_set(struct cli *cli, struct service_set *out)
{
	struct domain domain;
	view name;

	TRY(check_domain(view_of(cli->arguments[0]), cli->arena, &name));
	if (gateway_names(&cli->conf.gateway, name))
		return service_set_make(&cli->conf, name, VIEW(""),
		    cli->arena, out);
	TRY(domain_canonical(cli->store, cli->arena, name, &domain));
	return service_set_make(&cli->conf, name, domain.display_name,
	    cli->arena, out);
}

/* Beside the plan, which a program may read. */
static void
tell_roll(const struct pacc_roll *roll)
{
	struct buf when = buf_new(64);

	date_add_rfc3339(&when, roll->switches);
	if (roll->unannounced)
		(void)fputs("posthaste: PACC still has the old settings;"
		    " announce the new ones by: posthaste dns plan DOMAIN\n",
		    stderr);
	else if (roll->switches > clock_now())
		(void)fprintf(stderr, "posthaste: PACC has the new settings"
		    " from %s on; until then publish both digests\n",
		    buf_text(&when));
	buf_free(&when);
}

static result
make_plan(struct cli *cli, bool announce, struct dns_plan *out)
{
	const struct domain_dns where = { .store = cli->store,
		.signer = cli->signer, .conf = &cli->conf,
		.announce = announce, .ask = true };
	struct service_set set;
	struct pacc_roll roll;

	TRY(find_set(cli, &set));
	TRY(domain_dns_plan(&where, &set, cli->arena, &roll, out));
	tell_roll(&roll);
	return done();
}

/* Says what went wrong. */
static bool
planned(struct cli *cli, bool announce, struct dns_plan *out)
{
	result r;

	if (cli_open(cli).is != OK)
		return false;
	r = make_plan(cli, announce, out);
	if (r.is == NOT_FOUND)
		(void)cli_fail("expected a hosted domain, found \"%s\"; add"
		    " it by: posthaste domain add %s", cli->arguments[0],
		    cli->arguments[0]);
	else if (r.is != OK)
		(void)cli_failed(cli->arguments[0], r);
	return r.is == OK;
}

static bool
checked(struct cli *cli, const struct dns_plan *plan, struct dns_report *out)
{
	result r = dns_check(plan, cli->conf.resolver, CHECK_MS, cli->arena,
	    out);

	if (r.is != OK)
		(void)cli_failed(cli->arguments[0], r);
	return r.is == OK;
}

static int
print(struct buf *text)
{
	result r = buf_result(text);
	bool written = r.is == OK
	    && fwrite(text->p, 1, text->n, stdout) == text->n
	    && fflush(stdout) == 0;

	buf_free(text);
	return written ? CLI_OK : cli_fail("standard output: not written");
}

static const struct format {
	const char *name;
	void (*write)(const struct dns_plan *, struct buf *);
} formats[] = {
	{ "zone", dns_plan_zone },
	{ "csv", dns_plan_csv },
	{ "json", dns_plan_json },
	{ "bind-diff", NULL }, /* of a report */
};

static const struct format *
find_format(const char *name)
{
	for (size_t i = 0; i < COUNT(formats); i++)
		if (name == NULL || strcmp(formats[i].name, name) == 0)
			return &formats[i];
	(void)cli_fail("expected --format zone, csv, json or bind-diff, found"
	    " \"%s\"", name);
	return NULL;
}

/* Only the lines that the zone lacks stay. */
static bool
keep_missing(struct dns_plan *plan, const struct dns_report *report)
{
	struct dns_plan kept = { .domain = plan->domain, .host = plan->host };
	bool silent = false;

	for (size_t i = 0; i < report->count; i++) {
		silent = silent || report->rows[i].state == DNS_SILENT;
		if (dns_row_lacks(&report->rows[i]))
			kept.lines[kept.count++] = *report->rows[i].line;
	}
	*plan = kept;
	return !silent;
}

int
cli_dns_plan(struct cli *cli)
{
	const struct format *format = find_format(cli->format);
	struct buf text = buf_new(DNS_TEXT);
	struct dns_plan plan, kept;
	struct dns_report report;
	bool sure = true;
	int code;

	if (format == NULL)
		return CLI_USAGE;
	if (!planned(cli, true, &plan))
		return CLI_FAILED;
	kept = plan;
	if (cli->missing != NULL || format->write == NULL) {
		if (!checked(cli, &plan, &report))
			return CLI_FAILED;
		sure = keep_missing(&kept, &report);
	}
	if (format->write != NULL)
		format->write(&kept, &text);
	else
		dns_report_diff(&report, &text);
	code = print(&text);
	if (!sure)
		return cli_fail("%s: some questions had no answer; see"
		    " posthaste dns check", cli->arguments[0]);
	return code;
}

int
cli_dns_check(struct cli *cli)
{
	struct buf text = buf_new(DNS_TEXT);
	struct dns_plan plan;
	struct dns_report report;
	int code;

	if (!planned(cli, false, &plan) || !checked(cli, &plan, &report))
		return CLI_FAILED;
	if (cli->json != NULL)
		dns_report_json(&report, &text);
	else
		dns_report_text(&report, &text);
	code = print(&text);
	return code == CLI_OK && !dns_report_is_good(&report) ? CLI_FAILED
	                                                      : code;
}

int
cli_dns_switch(struct cli *cli)
{
	const char *name = cli->arguments[0];
	struct pacc_roll roll;
	struct service_set set;
	unsigned hours;
	result r;

	if (!cli_number("HOURS", cli->arguments[1], PACC_DELAY_HOURS_MOST,
	    &hours))
		return CLI_USAGE;
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = find_set(cli, &set);
	if (r.is == OK)
		r = pacc_roll_switch(cli->store, &set,
		    clock_now() + (int64_t)hours * 3600, cli->arena);
	if (r.is == OK)
		r = pacc_roll_look(cli->store, &set, clock_now(), cli->arena,
		    &roll);
	if (r.is != OK)
		return cli_failed(name, r);
	tell_roll(&roll);
	return CLI_OK;
}
