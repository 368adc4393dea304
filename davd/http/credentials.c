#include "davd/http/credentials.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	CHAIN_MOST = 16,
	/* A handshake may still use what a reload replaced; connections that
	 * have not finished theirs by then are long timed out. */
	RETIRED_MS = 10 * 60 * 1000
};

struct parsed {
	struct parsed *next;
	struct cert *cert; /* held */
	gnutls_pcert_st chain[CHAIN_MOST];
	unsigned chain_count;
	gnutls_privkey_t key;
	int64_t retired_at;
};

struct credentials {
	struct certs *certs;
	pthread_mutex_t lock;
	uint64_t generation;
	struct parsed *now;
	struct parsed *retired;
};

struct credentials *
credentials_new(struct certs *certs)
{
	struct credentials *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	c->certs = certs;
	c->generation = certs_generation(certs);
	(void)pthread_mutex_init(&c->lock, NULL);
	return c;
}

static void
parsed_free(struct parsed *p)
{
	for (unsigned i = 0; i < p->chain_count; i++)
		gnutls_pcert_deinit(&p->chain[i]);
	if (p->key != NULL)
		gnutls_privkey_deinit(p->key);
	cert_release(&p->cert);
	free(p);
}

static void
list_free(struct parsed *p)
{
	while (p != NULL) {
		struct parsed *next = p->next;

		parsed_free(p);
		p = next;
	}
}

void
credentials_free(struct credentials **c)
{
	if (*c == NULL)
		return;
	list_free((*c)->now);
	list_free((*c)->retired);
	(void)pthread_mutex_destroy(&(*c)->lock);
	free(*c);
	*c = NULL;
}

void
credentials_attach(struct credentials *c, gnutls_session_t session)
{
	static unsigned char http_1_1[] = "http/1.1";
	gnutls_datum_t protocol = { http_1_1, sizeof http_1_1 - 1 };

	gnutls_session_set_ptr(session, c);
	(void)gnutls_alpn_set_protocols(
	    session, &protocol, 1, GNUTLS_ALPN_MANDATORY);
}

/* GnuTLS takes its input as bytes that it does not change. */
static gnutls_datum_t
datum_of(view v)
{
	union {
		const char *in;
		unsigned char *out;
	} bytes = { .in = v.p };

	return (gnutls_datum_t){ bytes.out, (unsigned)v.n };
}

/* Takes `cert`. */
static struct parsed *
parse(struct cert *cert)
{
	struct parsed *p = calloc(1, sizeof *p);
	gnutls_datum_t chain = datum_of(cert_chain(cert));
	gnutls_datum_t key = datum_of(cert_key(cert));
	int e;

	if (p == NULL)
		abort();
	p->cert = cert;
	p->chain_count = CHAIN_MOST;
	e = gnutls_pcert_list_import_x509_raw(
	    p->chain, &p->chain_count, &chain, GNUTLS_X509_FMT_PEM, 0);
	if (e < 0)
		p->chain_count = 0;
	if (e >= 0)
		e = gnutls_privkey_init(&p->key);
	if (e >= 0)
		e = gnutls_privkey_import_x509_raw(
		    p->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (e >= 0)
		return p;
	log_line(
	    LOG_ERROR, "http.certificate", "why=\"%s\"", gnutls_strerror(e));
	parsed_free(p);
	return NULL;
}

static void
retire(struct credentials *c)
{
	int64_t now = clock_steady_ms();
	struct parsed **at = &c->retired;

	while (*at != NULL) {
		struct parsed *p = *at;

		if (now - p->retired_at < RETIRED_MS) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		parsed_free(p);
	}
	while (c->now != NULL) {
		struct parsed *p = c->now;

		c->now = p->next;
		p->next = c->retired;
		p->retired_at = now;
		c->retired = p;
	}
}

/* With the lock held. */
static struct parsed *
find(struct credentials *c, view name)
{
	uint64_t generation = certs_generation(c->certs);
	struct cert *cert;
	struct parsed *p;

	if (generation != c->generation) {
		retire(c);
		c->generation = generation;
	}
	cert = certs_find(c->certs, name);
	if (cert == NULL)
		return NULL;
	for (p = c->now; p != NULL; p = p->next) {
		if (p->cert != cert)
			continue;
		cert_release(&cert);
		return p;
	}
	p = parse(cert);
	if (p != NULL) {
		p->next = c->now;
		c->now = p;
	}
	return p;
}

int
credentials_choose(gnutls_session_t session,
    const struct gnutls_cert_retr_st *info, gnutls_pcert_st **pcerts,
    unsigned *count, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_count,
    gnutls_privkey_t *key, unsigned *flags)
{
	struct credentials *c = gnutls_session_get_ptr(session);
	char name[LIMIT_DOMAIN + 1];
	size_t n = sizeof name;
	unsigned kind = 0;
	struct parsed *p;

	(void)info;
	if (gnutls_server_name_get(session, name, &n, &kind, 0) != 0
	    || kind != GNUTLS_NAME_DNS)
		name[0] = '\0';
	(void)pthread_mutex_lock(&c->lock);
	p = find(c, view_of(name));
	(void)pthread_mutex_unlock(&c->lock);
	if (p == NULL)
		return -1;
	*pcerts = p->chain;
	*count = p->chain_count;
	*key = p->key;
	*ocsp = NULL;
	*ocsp_count = 0;
	*flags = 0; /* all of it stays ours */
	return 0;
}
