#include "davd/cert_cover.h"

#include "autoconfig/dns_plan.h"
#include "mailcore/auth/signer_cms.h"
#include "mailcore/store/domain.h"
#include "mailcore/sys/cert_load.h"
#include "mailcore/sys/clock.h"

#include <dirent.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum {
	DAY = 86400,
	NAMES_OF_DOMAIN = 8,
	FILES_MOST = 10000 /* in the folder */
};

const char *const cover_states[COVER_STATES] = {
	[COVER_OK] = "ok",
	[COVER_SOON] = "soon",
	[COVER_UNTRUSTED] = "untrusted",
	[COVER_EXPIRED] = "expired",
	[COVER_MISSING] = "missing",
};

/* One usable file; its chain is looked at once, for whichever name came
 * first. */
struct candidate {
	struct cert *cert;
	bool judged, trusted;
	const char *why;
};

struct covering {
	struct cli *cli;
	struct candidate *certs;
	size_t cert_count;
	size_t room; /* for names */
	struct cover *out;
};

static int
is_pem(const struct dirent *e)
{
	return view_ends(view_of(e->d_name), VIEW(".pem"));
}

static result
read_files(struct covering *c)
{
	const char *folder = c->cli->conf.certificates;
	struct cover *out = c->out;
	struct dirent **files;
	int n = scandir(folder, &files, is_pem, alphasort);

	if (n < 0)
		return done(); /* then every name is missing */
	c->certs = arena_array(c->cli->arena, (size_t)n, sizeof *c->certs);
	out->faults = arena_array(c->cli->arena, (size_t)n,
	    sizeof *out->faults);
	for (int i = 0; i < n; i++) {
		const char *file = files[i]->d_name;
		struct cert *cert;
		result r = fail(OVER_LIMIT, "more files than are looked at");

		if (c->certs != NULL && out->faults != NULL && i < FILES_MOST)
			r = cert_load(&cert, folder, file);
		if (r.is == OK)
			c->certs[c->cert_count++] =
			    (struct candidate){ .cert = cert, .why = "" };
		else if (out->faults != NULL)
			out->faults[out->fault_count++] =
			    (struct cover_fault){ arena_copy(c->cli->arena,
			        view_of(file)), r.why };
		free(files[i]);
	}
	free(files);
	return arena_result(c->cli->arena);
}

static bool
is_for(const struct cert *cert, view name)
{
	return X509_check_host(cert_leaf(cert), name.p, name.n,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

static enum cover_state
judge(struct covering *c, struct candidate *k, struct cover_name *n)
{
	const char *host = arena_text(c->cli->arena, n->name);

	n->days = (cert_expires(k->cert) - clock_now()) / DAY;
	if (cert_expires(k->cert) <= clock_now())
		return COVER_EXPIRED;
	if (!k->judged) {
		k->judged = true;
		k->trusted = host != NULL
		    && signer_cms_trust(k->cert, host, &k->why).is == OK;
	}
	if (!k->trusted) {
		n->why = k->why;
		return COVER_UNTRUSTED;
	}
	return n->days < COVER_SOON_DAYS ? COVER_SOON : COVER_OK;
}

/* The best certificate that there is for a name. */
static void
cover_name(struct covering *c, struct cover_name *n)
{
	for (size_t i = 0; i < c->cert_count; i++) {
		struct cover_name found = *n;

		if (!is_for(c->certs[i].cert, n->name))
			continue;
		found.state = judge(c, &c->certs[i], &found);
		found.file = arena_copy(c->cli->arena,
		    view_of(cert_file(c->certs[i].cert)));
		if (found.state < n->state
		    || (found.state == n->state && found.days > n->days))
			*n = found;
	}
}

static void
add_name(struct covering *c, view domain, view name)
{
	struct cover *out = c->out;

	for (size_t i = 0; i < out->name_count; i++)
		if (view_eq(out->names[i].name, name))
			return;
	if (out->names == NULL || out->name_count == c->room)
		return;
	out->names[out->name_count] = (struct cover_name){ domain, name,
		COVER_MISSING, VIEW(""), 0, "" };
	cover_name(c, &out->names[out->name_count++]);
}

/* Those that the DNS plan makes a CNAME of the server, and the domain's
 * own, where settings, DAV and PACC are looked for. */
static result
add_domain(struct covering *c, view domain)
{
	struct cli *cli = c->cli;
	const struct dns_facts facts = { .selector = VIEW(""),
		.dkim_key = VIEW(""), .tlsa = VIEW(""), .ca = VIEW("") };
	struct dns_plan *plan = arena_alloc(cli->arena, sizeof *plan);
	struct service_set set;

	if (plan == NULL)
		return arena_result(cli->arena);
	TRY(service_set_make(&cli->conf, domain, domain, cli->arena, &set));
	TRY(dns_plan_make(&set, &facts, cli->arena, plan));
	for (size_t i = 0; i < plan->count; i++)
		if (plan->lines[i].role == DNS_NAME)
			add_name(c, set.domain, plan->lines[i].owner);
	add_name(c, set.domain, set.domain);
	return arena_result(cli->arena);
}

static result
add_all(struct covering *c)
{
	struct cli *cli = c->cli;
	struct domain_alias *aliases = NULL;
	struct domain *domains = NULL;
	size_t count = 0, alias_count = 0;

	TRY(domain_list(cli->store, cli->arena, &domains, &count));
	TRY(domain_alias_list(cli->store, cli->arena, VIEW(""), &aliases,
	    &alias_count));
	c->room = 1 + (count + alias_count + cli->conf.gateway.count)
	    * NAMES_OF_DOMAIN;
	c->out->names = arena_array(cli->arena, c->room,
	    sizeof *c->out->names);
	add_name(c, VIEW(""), view_of(cli->conf.hostname));
	for (size_t i = 0; i < count; i++)
		TRY(add_domain(c, domains[i].name));
	for (size_t i = 0; i < alias_count; i++)
		TRY(add_domain(c, aliases[i].name));
	for (size_t i = 0; i < cli->conf.gateway.count; i++)
		if (!view_eq(cli->conf.gateway.lines[i].domain, VIEW("*")))
			TRY(add_domain(c,
			    cli->conf.gateway.lines[i].domain));
	return arena_result(cli->arena);
}

result
cert_cover(struct cli *cli, struct cover *out)
{
	struct covering c = { .cli = cli, .out = out };
	result r;

	*out = (struct cover){ .name_count = 0 };
	r = read_files(&c);
	if (r.is == OK)
		r = add_all(&c);
	for (size_t i = 0; i < c.cert_count; i++)
		cert_release(&c.certs[i].cert);
	return r;
}
