/* The certificate store: which one for a name, what a reload does. */
#include "mailcore/sys/cert.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/tls.h"
#include "tests/tap.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT = 65536 };

static char root[] = "/tmp/cert.XXXXXX";

static const char *
path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", root, name);
	return path;
}

/* A certificate for one name, in tls/<file>. */
static void
make(const char *file, const char *name)
{
	char from[256], to[256];
	const view names[] = { view_of(name) };

	(void)snprintf(from, sizeof from, "%s/new/default.pem", root);
	(void)snprintf(to, sizeof to, "%s/tls/%s", root, file);
	if (cert_make(path_of("new"), names, 1).is != OK
	    || rename(from, to) != 0)
		abort();
}

static bool
is_for(struct certs *certs, const char *host, const char *name)
{
	struct cert *c = certs_find(certs, view_of(host));
	bool fits = X509_check_host(cert_leaf(c), name, 0,
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;

	cert_release(&c);
	return fits;
}

static void
test_make(void)
{
	const view names[] = { VIEW_INIT("a.test"), VIEW_INIT("127.0.0.1"),
		VIEW_INIT("::1") };
	struct buf before = buf_new(TEXT), after = buf_new(TEXT);
	struct certs *certs;
	struct cert *c;
	struct stat st;
	X509 *leaf;

	ok(cert_make(path_of("tls"), names, COUNT(names)).is == OK, "made");
	ok(stat(path_of("ca.key"), &st) == 0 && (st.st_mode & 0777) == 0600,
	    "the CA's key is ours alone");
	ok(stat(path_of("tls/default.pem"), &st) == 0
	    && (st.st_mode & 0777) == 0600, "the other key too");
	ok(file_read(path_of("ca.pem"), &before).is == OK
	    && cert_make(path_of("tls"), names, COUNT(names)).is == OK
	    && file_read(path_of("ca.pem"), &after).is == OK, "again");
	same(buf_view(&after), buf_view(&before), "the CA stays");
	ok(certs_open(&certs, path_of("tls")).is == OK, "opened");
	c = certs_find(certs, VIEW(""));
	leaf = cert_leaf(c);
	is_number(X509_check_host(leaf, "a.test", 0, 0, NULL), 1, "a name");
	is_number(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1, "IPv4");
	is_number(X509_check_ip_asc(leaf, "::1", 0), 1, "IPv6");
	is_number(X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0), 1,
	    "for servers");
	ok(cert_expires(c) > clock_now() + 390 * 86400
	    && cert_expires(c) < clock_now() + 398 * 86400, "for 396 days");
	ok(view_starts(cert_chain(c), VIEW("-----BEGIN CERTIFICATE-----"))
	    && view_starts(cert_key(c), VIEW("-----BEGIN PRIVATE KEY-----")),
	    "as PEM");
	cert_release(&c);
	certs_close(&certs);
	ok(cert_make(path_of("tls"), names, 0).is == MALFORMED, "no names");
	buf_free(&before);
	buf_free(&after);
}

static const struct {
	const char *host, *name;
} choices[] = {
	{ "b.test", "b.test" },
	{ "B.Test", "b.test" },
	{ "b.test.", "b.test" },
	{ "x.wild.test", "y.wild.test" },
	{ "own.wild.test", "own.wild.test" },
	{ "x.y.wild.test", "a.test" },
	{ "wild.test", "a.test" },
	{ ".wild.test", "a.test" },
	{ "unknown.test", "a.test" },
	{ "", "a.test" },
	{ ".", "a.test" },
};

static void
test_choice(void)
{
	struct certs *certs;

	make("b.pem", "b.test");
	make("a-wild.pem", "*.wild.test");
	make("own.pem", "own.wild.test");
	ok(certs_open(&certs, path_of("tls")).is == OK, "four files");
	for (size_t i = 0; i < COUNT(choices); i++)
		ok(is_for(certs, choices[i].host, choices[i].name),
		    "\"%s\" gets that for %s", choices[i].host,
		    choices[i].name);
	certs_close(&certs);
}

static void
test_reload(void)
{
	struct certs *certs;
	struct cert *held;
	struct buf text = buf_new(TEXT);

	ok(certs_open(&certs, path_of("tls")).is == OK, "opened");
	is_number((int64_t)certs_generation(certs), 1, "first generation");
	ok(certs_reload(certs).is == OK, "nothing new");
	is_number((int64_t)certs_generation(certs), 1, "changes nothing");
	held = certs_find(certs, VIEW("b.test"));
	buf_add(&text, cert_chain(held));
	make("b.pem", "c.test");
	ok(certs_reload(certs).is == OK, "another certificate");
	is_number((int64_t)certs_generation(certs), 2, "next generation");
	ok(is_for(certs, "c.test", "c.test"), "the new name is there");
	ok(is_for(certs, "b.test", "a.test"), "the old one is not");
	same(cert_chain(held), buf_view(&text), "who holds it keeps it");
	cert_release(&held);

	ok(file_write(path_of("tls/b.pem"), VIEW("nonsense"), 0600).is == OK
	    && certs_reload(certs).is == OK, "a damaged file");
	ok(is_for(certs, "c.test", "c.test"), "its former certificate stays");
	is_number((int64_t)certs_generation(certs), 2, "nothing changed");
	(void)unlink(path_of("tls/b.pem"));
	ok(certs_reload(certs).is == OK
	    && is_for(certs, "c.test", "a.test"), "a file taken away");
	certs_close(&certs);
	buf_free(&text);
}

/* Chains and keys that do not belong together, or are cut off. */
static void
test_broken(void)
{
	struct buf a = buf_new(TEXT), b = buf_new(TEXT), mixed = buf_new(TEXT);
	struct certs *certs = NULL;
	size_t cut;

	make("b.pem", "b.test");
	if (file_read(path_of("tls/default.pem"), &a).is != OK
	    || file_read(path_of("tls/b.pem"), &b).is != OK
	    || mkdir(path_of("bad"), 0700) != 0)
		abort();
	ok(certs_open(&certs, path_of("bad")).is == FAILED, "an empty folder");
	ok(certs_open(&certs, path_of("none")).is == FAILED, "no folder");
	cut = view_find(buf_view(&a), VIEW("-----BEGIN PRIVATE"));
	buf_add(&mixed, view_first(buf_view(&a), cut));
	ok(file_write(path_of("bad/x.pem"), buf_view(&mixed), 0600).is == OK
	    && certs_open(&certs, path_of("bad")).is == FAILED, "no key");
	cut = view_find(buf_view(&b), VIEW("-----BEGIN PRIVATE"));
	buf_add(&mixed, view_from(buf_view(&b), cut));
	ok(file_write(path_of("bad/x.pem"), buf_view(&mixed), 0600).is == OK
	    && certs_open(&certs, path_of("bad")).is == FAILED,
	    "another's key");
	ok(file_write(path_of("bad/x.pem"), view_first(buf_view(&a), 300),
	    0600).is == OK && certs_open(&certs, path_of("bad")).is == FAILED,
	    "cut off");
	ok(file_write(path_of("bad/y.pem"), buf_view(&a), 0600).is == OK
	    && certs_open(&certs, path_of("bad")).is == OK,
	    "a good one beside it is enough");
	certs_close(&certs);
	buf_free(&a);
	buf_free(&b);
	buf_free(&mixed);
}

/* One handshake in memory. */
static bool
shake(struct tls *tls, SSL_CTX *ctx, const char *host, const char *suites,
    char *cipher, size_t room)
{
	SSL *server = tls_accept(tls, NULL), *client = SSL_new(ctx);
	BIO *a, *b;
	bool shaken = false;
	char name[64];

	if (server == NULL || client == NULL
	    || BIO_new_bio_pair(&a, 0, &b, 0) != 1)
		abort();
	(void)snprintf(name, sizeof name, "%s", host);
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_connect_state(client);
	(void)SSL_set_tlsext_host_name(client, name);
	(void)SSL_set1_host(client, host);
	SSL_set_verify(client, SSL_VERIFY_PEER, NULL);
	if (suites != NULL) {
		(void)SSL_set_max_proto_version(client, TLS1_2_VERSION);
		(void)SSL_set_cipher_list(client, suites);
	}
	for (int i = 0; i < 10 && !shaken; i++) {
		int x = SSL_do_handshake(client), y = SSL_do_handshake(server);

		shaken = x == 1 && y == 1;
	}
	(void)snprintf(cipher, room, "%s", SSL_get_cipher_name(client));
	SSL_free(server);
	SSL_free(client);
	return shaken;
}

static void
test_tls(void)
{
	struct tls_policy policy = { TLS_1_2 };
	struct certs *certs;
	struct tls *tls;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char cipher[64];

	if (certs_open(&certs, path_of("tls")).is != OK
	    || tls_new(&tls, certs, &policy).is != OK
	    || SSL_CTX_load_verify_locations(ctx, path_of("ca.pem"), NULL)
	    != 1)
		abort();
	SSL_CTX_set_security_level(ctx, 0);
	ok(shake(tls, ctx, "b.test", NULL, cipher, sizeof cipher),
	    "verified by our CA, with the name asked for");
	ok(!shake(tls, ctx, "z.test", NULL, cipher, sizeof cipher),
	    "a name that we have no certificate for");
	ok(shake(tls, ctx, "b.test", "ALL", cipher, sizeof cipher)
	    && strncmp(cipher, "ECDHE-", 6) == 0
	    && (strstr(cipher, "GCM") || strstr(cipher, "POLY1305")),
	    "TLS 1.2 by ECDHE and AEAD: %s", cipher);
	ok(!shake(tls, ctx, "b.test", "ECDHE-ECDSA-AES128-SHA256", cipher,
	    sizeof cipher), "CBC is refused");
	ok(!shake(tls, ctx, "b.test", "AES128-GCM-SHA256", cipher,
	    sizeof cipher), "RSA key exchange is refused");
	make("b.pem", "z.test");
	ok(certs_reload(certs).is == OK
	    && shake(tls, ctx, "z.test", NULL, cipher, sizeof cipher),
	    "a reload is followed without anything else");
	tls_free(&tls);
	policy.minimum = TLS_1_3;
	if (tls_new(&tls, certs, &policy).is != OK)
		abort();
	ok(!shake(tls, ctx, "z.test", "ALL", cipher, sizeof cipher),
	    "below the minimum version");
	ok(shake(tls, ctx, "z.test", NULL, cipher, sizeof cipher), "above");
	SSL_CTX_free(ctx);
	tls_free(&tls);
	certs_close(&certs);
}

int
main(void)
{
	static const char *const left[] = { "tls/default.pem", "tls/b.pem",
		"tls/a-wild.pem", "tls/own.pem", "bad/x.pem", "bad/y.pem",
		"bad", "new", "tls", "ca.pem", "ca.key", "" };

	if (mkdtemp(root) == NULL)
		abort();
	log_open("test", LOG_ERROR);
	test_make();
	test_choice();
	test_reload();
	test_broken();
	test_tls();
	for (size_t i = 0; i < COUNT(left); i++)
		ok(remove(path_of(left[i])) == 0, "removed %s", left[i]);
	return tap_done();
}
