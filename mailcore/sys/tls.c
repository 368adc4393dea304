#include "mailcore/sys/tls.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/log.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct tls {
	struct certs *certs;
	SSL_CTX *server;
	pthread_mutex_t lock; /* of the next */
	SSL_CTX *client; /* NULL until somebody has connected */
	int alpn; /* index of the wanted protocol id in an SSL */
};

/* OpenSSL's words and GnuTLS' words for one policy: keep them side by side.
 * TLS 1.3 has only AEAD suites and forward secrecy anyway. */
static const char suites_1_2[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char *const gnutls_priorities[] = {
	[TLS_1_2] = "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA"
	    ":+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:+AEAD"
	    ":+COMP-NULL:+SIGN-ALL:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1"
	    ":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"
	    ":+CTYPE-X509:%SERVER_PRECEDENCE",
	[TLS_1_3] = "NONE:+VERS-TLS1.3:+ECDHE-ECDSA:+ECDHE-RSA"
	    ":+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:+AEAD"
	    ":+COMP-NULL:+SIGN-ALL:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1"
	    ":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"
	    ":+CTYPE-X509:%SERVER_PRECEDENCE",
};

const char *
tls_gnutls_priority(const struct tls_policy *p)
{
	return gnutls_priorities[p->minimum];
}

static result
broken(const char *doing)
{
	log_line(LOG_ERROR, "tls.failed", "doing=%s error=\"%s\"", doing,
	    ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return fail(FAILED, "TLS could not be set up");
}

/* Called in each handshake once the client's SNI is known; 1: go on. */
static int
choose_cert(SSL *ssl, void *context)
{
	struct tls *t = context;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct cert *c = certs_find(t->certs, view_of(name));
	int worked = SSL_use_cert_and_key(ssl, cert_leaf(c), cert_private(c),
	    cert_issuers(c), 1);

	cert_release(&c);
	return worked;
}

/* RFC 7301 3.2: none in common is fatal, so that a browser cannot be made to
 * talk to a mail port (ALPACA). */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *offered, unsigned offered_n, void *context)
{
	const struct tls *t = context;
	const char *wanted = SSL_get_ex_data(ssl, t->alpn);
	size_t n = wanted == NULL ? 0 : strlen(wanted);

	if (wanted == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	for (unsigned i = 0; i < offered_n; i += 1U + offered[i]) {
		if (offered[i] != n || i + 1 + n > offered_n
		    || memcmp(offered + i + 1, wanted, n) != 0)
			continue;
		*out = offered + i + 1;
		*out_n = offered[i];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool
set_policy(SSL_CTX *ctx, const struct tls_policy *p)
{
	char groups[] = "X25519:P-256:P-384";

	(void)SSL_CTX_set_options(ctx,
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	/* An idle connection keeps no record buffers; a write may be taken up
	 * again from another address, as queues move. */
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS
	    | SSL_MODE_ENABLE_PARTIAL_WRITE
	    | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return SSL_CTX_set_min_proto_version(ctx,
	    p->minimum == TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1
	    && SSL_CTX_set_cipher_list(ctx, suites_1_2) == 1
	    && SSL_CTX_set1_groups_list(ctx, groups) == 1;
}

static result
new_server(struct tls *t, const struct tls_policy *p)
{
	t->server = SSL_CTX_new(TLS_server_method());
	if (t->server == NULL || !set_policy(t->server, p))
		return broken("server");
	/* No resumption: a mail connection lives for minutes or hours, and
	 * tickets would put a key next to the forward secrecy. */
	(void)SSL_CTX_set_options(t->server, SSL_OP_NO_TICKET
	    | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	(void)SSL_CTX_set_session_cache_mode(t->server, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(t->server, 0);
	SSL_CTX_set_cert_cb(t->server, choose_cert, t);
	SSL_CTX_set_alpn_select_cb(t->server, choose_alpn, t);
	return done();
}

static result
new_client(SSL_CTX **out)
{
	/* Towards others no minimum above 1.2, whatever ours: mail that cannot
	 * be sent safely today would be sent in clear instead. */
	const struct tls_policy any = { TLS_1_2 };
	SSL_CTX *client = SSL_CTX_new(TLS_client_method());

	if (client == NULL || !set_policy(client, &any)
	    || SSL_CTX_set_default_verify_paths(client) != 1
	    || SSL_CTX_dane_enable(client) != 1) {
		SSL_CTX_free(client);
		return broken("client");
	}
	(void)SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_OFF);
	*out = client;
	return done();
}

static bool
trusts_somebody(SSL_CTX *client)
{
	X509_STORE *store = SSL_CTX_get_cert_store(client);

	return sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) > 0;
}

/* Made when it is first wanted: reading all that the system trusts takes
 * longer than the rest of a start, and most roles never connect.  OpenSSL does
 * not say that it could not read it, for want of a descriptor perhaps: then it
 * is read again the next time.  The caller's own; NULL: logged. */
static SSL_CTX *
client_of(struct tls *t)
{
	SSL_CTX *client = NULL;

	(void)pthread_mutex_lock(&t->lock);
	if (t->client != NULL && SSL_CTX_up_ref(t->client) == 1)
		client = t->client;
	else if (new_client(&client).is == OK && t->client == NULL
	    && trusts_somebody(client) && SSL_CTX_up_ref(client) == 1)
		t->client = client;
	(void)pthread_mutex_unlock(&t->lock);
	return client;
}

result
tls_new(struct tls **out, struct certs *certs, const struct tls_policy *p)
{
	struct tls *t = calloc(1, sizeof *t);
	result r = done();

	if (t == NULL)
		abort();
	(void)pthread_mutex_init(&t->lock, NULL);
	t->certs = certs;
	t->alpn = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (t->alpn < 0)
		r = broken("index");
	/* The queue role has no certificates: it only connects. */
	if (r.is == OK && certs != NULL)
		r = new_server(t, p);
	if (r.is == OK) {
		*out = t;
		t = NULL;
	}
	tls_free(&t);
	return r;
}

void
tls_free(struct tls **tt)
{
	struct tls *t = *tt;

	*tt = NULL;
	if (t == NULL)
		return;
	SSL_CTX_free(t->server);
	SSL_CTX_free(t->client);
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

struct ssl_st *
tls_accept(struct tls *t, const char *alpn)
{
	SSL *ssl = SSL_new(t->server);

	if (ssl == NULL)
		return NULL;
	/* Never written through; the library has no const for it. */
	if (SSL_set_ex_data(ssl, t->alpn, (void *)(uintptr_t)alpn) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}

/* RFC 5929 4.1: by the hash of the certificate's own signature; by SHA-256
 * where that is MD5 or SHA-1. */
static unsigned char
hash_certificate(const X509 *certificate, unsigned char to[TLS_BINDING])
{
	int hash = NID_undef;
	unsigned n = 0;
	const EVP_MD *md;

	if (certificate == NULL
	    || X509_get_signature_info((X509 *)(uintptr_t)certificate, &hash,
	        NULL, NULL, NULL) != 1)
		return 0;
	if (hash == NID_md5 || hash == NID_sha1)
		hash = NID_sha256;
	md = EVP_get_digestbynid(hash);
	if (md == NULL || EVP_MD_get_size(md) > TLS_BINDING
	    || X509_digest(certificate, md, to, &n) != 1)
		return 0;
	return (unsigned char)n;
}

void
tls_bind(struct ssl_st *ssl, struct tls_binding *b)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	*b = (struct tls_binding){ .exporter_n = 0 };
	if (SSL_version(ssl) >= TLS1_3_VERSION
	    && SSL_export_keying_material(ssl, b->exporter, TLS_EXPORTER,
	        label, sizeof label - 1, (const unsigned char *)"", 0, 1) == 1)
		b->exporter_n = TLS_EXPORTER;
	b->end_point_n
	    = hash_certificate(SSL_get_certificate(ssl), b->end_point);
}

static bool
is_ip(const char *host)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1
	    || inet_pton(AF_INET6, host, bytes) == 1;
}

static bool
expect_host(SSL *ssl, const char *host, bool verify)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	char name[LIMIT_DOMAIN + 1];

	if (!view_copy(view_of(host), name, sizeof name))
		return false;
	/* RFC 6066 3: SNI holds names only. */
	if (!is_ip(host) && SSL_set_tlsext_host_name(ssl, name) != 1)
		return false;
	if (!verify)
		return true;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	return is_ip(host) ? X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1
	                   : SSL_set1_host(ssl, host) == 1;
}

struct ssl_st *
tls_connect(struct tls *t, const char *host, bool verify)
{
	SSL_CTX *client = client_of(t);
	SSL *ssl = client == NULL ? NULL : SSL_new(client);

	SSL_CTX_free(client); /* `ssl` holds it */
	if (ssl == NULL)
		return NULL;
	SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	if (!expect_host(ssl, host, verify)) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_connect_state(ssl);
	return ssl;
}
