#include "davd/api/domain_dns.h"

#include "autoconfig/doctor/dns_check.h"
#include "mailcore/admin/dkim.h"
#include "mailcore/base/encode.h"
#include "mailcore/sys/cert.h"
#include "mailcore/sys/clock.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

enum { SIGNED_MS = 2000, ISSUER_TEXT = 128 };

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
learn_certificate(const struct domain_dns *w, const struct service_set *set,
    struct arena *arena, struct dns_facts *facts)
{
	struct certs *certs = NULL;
	struct cert *cert;

	if (certs_open(&certs, w->conf->certificates).is != OK)
		return;
	cert = certs_find(certs, set->host);
	facts->ca = authority_of(cert_leaf(cert));
	/* The host's records are the business of the host's own zone. */
	if (w->ask && view_ends(set->host, set->domain)
	    && dns_zone_is_signed(set->domain, w->conf->resolver, SIGNED_MS))
		facts->tlsa = key_digest(cert_leaf(cert), arena);
	cert_release(&cert);
	certs_close(&certs);
}

static result
learn_pacc(const struct domain_dns *w, const struct service_set *set,
    struct arena *arena, struct pacc_roll *roll, struct dns_facts *facts)
{
	if (w->announce)
		TRY(pacc_roll_announce(w->store, set, clock_now(), arena,
		    roll));
	else
		TRY(pacc_roll_look(w->store, set, clock_now(), arena, roll));
	facts->pacc[0] = roll->served;
	facts->pacc[1] = roll->other;
	return done();
}

result
domain_dns_plan(const struct domain_dns *w, const struct service_set *set,
    struct arena *arena, struct pacc_roll *roll, struct dns_plan *out)
{
	struct dns_facts facts = { .selector = VIEW(""),
		.dkim_key = VIEW(""), .ca = VIEW(""), .tlsa = VIEW("") };
	struct dkim_key key;

	TRY(learn_pacc(w, set, arena, roll, &facts));
	/* Another system signs with keys of its own. */
	if (set->foreign)
		return dns_plan_make(set, &facts, arena, out);
	if (w->signer == NULL)
		return fail(BUSY, "the signer does not run");
	TRY(dkim_ensure(w->store, w->signer, set->domain, arena, &key));
	facts.selector = key.selector;
	facts.dkim_key = key.key;
	learn_certificate(w, set, arena, &facts);
	return dns_plan_make(set, &facts, arena, out);
}
