/* posthaste dns: the records that a domain wants, and whether it has them. */
#include "davd/cli_command.h"

#include "autoconfig/doctor/dns_check.h"
#include "autoconfig/pacc_roll.h"
#include "mailcore/admin/check.h"
#include "mailcore/admin/dkim.h"
#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/store/domain.h"
#include "mailcore/sys/cert.h"
#include "mailcore/sys/clock.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

enum {
	CHECK_MS = 21000,
	SIGNED_MS = 2000,
	DNS_TEXT = 4 << 20,
	ISSUER_TEXT = 128
};

/* Who may issue certificates, by the issuer's O (RFC 8659 4.2). */
static const struct {
	const char *organisation, *name;
} authorities[] = {
	{ "Let's Encrypt", "letsencrypt.org" },
	{ "ZeroSSL", "sectigo.com" },
	{ "ZeroSSL GmbH", "sectigo.com" },
	{ "Sectigo Limited", "sectigo.com" },
	{ "Buypass AS-983163327", "buypass.com" },
	{ "Google Trust Services", "pki.goog" },
	{ "Google Trust Services LLC", "pki.goog" },
	{ "SSL Corporation", "ssl.com" },
	{ "DigiCert Inc", "digicert.com" },
	{ "GlobalSign nv-sa", "globalsign.com" },
	{ "Actalis S.p.A.", "actalis.it" },
	{ "HARICA", "harica.gr" },
};

static view
authority_of(X509 *leaf)
{
	char issuer[ISSUER_TEXT];

	if (X509_NAME_get_text_by_NID(X509_get_issuer_name(leaf),
	        NID_organizationName, issuer, sizeof issuer) > 0)
		for (size_t i = 0; i < COUNT(authorities); i++)
			if (strcmp(issuer, authorities[i].organisation) == 0)
				return view_of(authorities[i].name);
	return VIEW("");
}

/* RFC 6698 2.1: selector 1 and matching type 1. */
static view
key_digest(X509 *leaf, struct arena *arena)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	int n = i2d_PUBKEY(X509_get0_pubkey(leaf), &der);
	struct buf hex = buf_new((size_t)2 * EVP_MAX_MD_SIZE + 1);
	unsigned size = 0;
	view text;

	if (n > 0 && EVP_Digest(der, (size_t)n, digest, &size, EVP_sha256(),
	        NULL) == 1)
		encode_hex(&hex, (view){ (const char *)digest, size });
	text = arena_copy(arena, buf_view(&hex));
	OPENSSL_free(der);
	buf_free(&hex);
	return text;
}

static void
learn_certificate(struct cli *cli, const struct service_set *set,
    struct dns_facts *facts)
{
	struct certs *certs = NULL;
	struct cert *cert;

	if (certs_open(&certs, cli->conf.certificates).is != OK)
		return;
	cert = certs_find(certs, set->host);
	facts->ca = authority_of(cert_leaf(cert));
	/* The host's records are the business of the host's own zone. */
	if (view_ends(set->host, set->domain)
	    && dns_zone_is_signed(set->domain, cli->conf.resolver, SIGNED_MS))
		facts->tlsa = key_digest(cert_leaf(cert), cli->arena);
	cert_release(&cert);
	certs_close(&certs);
}

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
learn_pacc(struct cli *cli, const struct service_set *set, bool announce,
    struct dns_facts *facts)
{
	struct pacc_roll roll;

	if (announce)
		TRY(pacc_roll_announce(cli->store, set, clock_now(),
		    cli->arena, &roll));
	else
		TRY(pacc_roll_look(cli->store, set, clock_now(), cli->arena,
		    &roll));
	facts->pacc[0] = roll.served;
	facts->pacc[1] = roll.other;
	tell_roll(&roll);
	return done();
}

static result
make_plan(struct cli *cli, bool announce, struct dns_plan *out)
{
	struct dns_facts facts = { .selector = VIEW(""),
		.dkim_key = VIEW(""), .ca = VIEW(""), .tlsa = VIEW("") };
	struct dkim_key key;
	struct service_set set;

	TRY(find_set(cli, &set));
	TRY(learn_pacc(cli, &set, announce, &facts));
	/* Another system signs with keys of its own. */
	if (set.foreign)
		return dns_plan_make(&set, &facts, cli->arena, out);
	TRY(dkim_ensure(cli->store, cli->signer, set.domain, cli->arena,
	    &key));
	facts.selector = key.selector;
	facts.dkim_key = key.key;
	learn_certificate(cli, &set, &facts);
	return dns_plan_make(&set, &facts, cli->arena, out);
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
