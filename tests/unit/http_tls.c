/* HTTPS: certificates by name, changed under way, and ALPN. */
#include "davd/http/http.h"
#include "mailcore/sys/file.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct place {
	char folder[64];
	char tls[80];
	struct certs *certs;
	uint16_t port;
};

static void
hello(void *services, const struct request *q, struct answer *a)
{
	(void)services;
	a->status = 200;
	buf_print(&a->body, "hello %.*s", (int)q->origin.n, q->origin.p);
}

enum { LONG_ANSWERS = 250, LONG_BODY = 12000 };

static void
at_length(void *services, const struct request *q, struct answer *a)
{
	(void)services;
	a->status = 200;
	buf_print(&a->body, "<%.*s>", (int)q->query.n, q->query.p);
	while (a->body.n < LONG_BODY)
		buf_add_byte(&a->body, '.');
}

static const struct route routes[] = {
	{ "/", false, hello },
	{ "/long", false, at_length },
};

static void
must(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s\n", what);
	exit(1);
}

/* A certificate for `name`, as <tls>/<file>. */
static void
make_certificate(const struct place *p, view name, const char *file)
{
	char from[128], to[128], folder[96];

	snprintf(folder, sizeof folder, "%s/new", p->folder);
	must(cert_make(folder, &name, 1).is == OK, "cert_make");
	snprintf(from, sizeof from, "%s/default.pem", folder);
	snprintf(to, sizeof to, "%s/%s", p->tls, file);
	must(rename(from, to) == 0, "rename");
}

static struct front *
start(struct place *p)
{
	static const struct tls_policy policy = { TLS_1_2 };
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct front_options o = { .kind = FRONT_HTTPS,
		.routes = routes,
		.route_count = COUNT(routes),
		.tls = &policy };
	socklen_t n = sizeof a;
	struct front *f = NULL;
	int small = 4096;

	snprintf(p->folder, sizeof p->folder, "/tmp/http_tls.XXXXXX");
	must(mkdtemp(p->folder) != NULL, "mkdtemp");
	snprintf(p->tls, sizeof p->tls, "%s/tls", p->folder);
	must(file_make_folder(p->tls).is == OK, "folder");
	make_certificate(p, VIEW("one.example"), "default.pem");
	make_certificate(p, VIEW("two.example"), "two.pem");
	must(certs_open(&p->certs, p->tls).is == OK, "certs_open");
	o.certs = p->certs;
	o.fd = socket(AF_INET, SOCK_STREAM, 0);
	/* What is accepted takes it over: less than one answer fits. */
	(void)setsockopt(o.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	must(bind(o.fd, (struct sockaddr *)&a, sizeof a) == 0
		&& listen(o.fd, 64) == 0
		&& getsockname(o.fd, (struct sockaddr *)&a, &n) == 0,
	    "listen");
	p->port = ntohs(a.sin_port);
	must(front_start(&f, &o).is == OK, "front_start");
	return f;
}

struct client {
	int fd;
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	int handshake;
};

static void
client_open(
    struct client *c, const struct place *p, const char *name, const char *alpn)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(p->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char protocol[16];
	gnutls_datum_t id = { (unsigned char *)protocol, 0 };

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(c->fd, (struct sockaddr *)&a, sizeof a) == 0, "connect");
	must(gnutls_init(&c->session, GNUTLS_CLIENT) == 0, "gnutls_init");
	(void)gnutls_certificate_allocate_credentials(&c->credentials);
	(void)gnutls_credentials_set(
	    c->session, GNUTLS_CRD_CERTIFICATE, c->credentials);
	(void)gnutls_set_default_priority(c->session);
	if (name != NULL)
		(void)gnutls_server_name_set(
		    c->session, GNUTLS_NAME_DNS, name, strlen(name));
	if (alpn != NULL) {
		id.size = (unsigned)snprintf(
		    protocol, sizeof protocol, "%s", alpn);
		(void)gnutls_alpn_set_protocols(c->session, &id, 1, 0);
	}
	gnutls_transport_set_int(c->session, c->fd);
	gnutls_handshake_set_timeout(c->session, 20000);
	do
		c->handshake = gnutls_handshake(c->session);
	while (c->handshake < 0 && !gnutls_error_is_fatal(c->handshake));
}

static void
client_close(struct client *c)
{
	gnutls_deinit(c->session);
	gnutls_certificate_free_credentials(c->credentials);
	(void)close(c->fd);
}

/* Is the certificate that we were shown for that name? */
static bool
shown(const struct client *c, const char *name)
{
	unsigned count = 0;
	const gnutls_datum_t *list = gnutls_certificate_get_peers(
	    c->session, &count);
	gnutls_x509_crt_t leaf;
	bool fits;

	if (c->handshake != 0 || count == 0)
		return false;
	(void)gnutls_x509_crt_init(&leaf);
	fits = gnutls_x509_crt_import(leaf, list, GNUTLS_X509_FMT_DER) == 0
	    && gnutls_x509_crt_check_hostname(leaf, name) != 0;
	gnutls_x509_crt_deinit(leaf);
	return fits;
}

static bool
asks(const struct client *c)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: h:1\r\n\r\n";
	char reply[1024] = "";
	size_t n = 0;
	ssize_t got = 1;

	(void)gnutls_record_send(c->session, request, sizeof request - 1);
	while (got > 0 && strstr(reply, "hello https://h:1") == NULL
	    && n + 1 < sizeof reply) {
		got = gnutls_record_recv(
		    c->session, reply + n, sizeof reply - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	return strstr(reply, "hello https://h:1") != NULL;
}

static void
test_names(const struct place *p)
{
	static const struct {
		const char *sni, *shown;
	} cases[] = {
		{ "one.example", "one.example" },
		{ "two.example", "two.example" },
		{ "TWO.example", "two.example" },
		{ "else.example", "one.example" },
		{ NULL, "one.example" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct client c;

		client_open(&c, p, cases[i].sni, NULL);
		ok(shown(&c, cases[i].shown), "%s: that of %s",
		    cases[i].sni == NULL ? "no name" : cases[i].sni,
		    cases[i].shown);
		client_close(&c);
	}
}

static void
test_reload(const struct place *p)
{
	struct client before, after;

	client_open(&before, p, "three.example", NULL);
	ok(shown(&before, "one.example"), "no certificate of its own yet");
	make_certificate(p, VIEW("three.example"), "three.pem");
	ok(certs_reload(p->certs).is == OK, "reload");
	client_open(&after, p, "three.example", "http/1.1");
	ok(shown(&after, "three.example"), "who comes now gets the new one");
	ok(asks(&before), "who was there goes on");
	ok(asks(&after), "and so does the new one");
	client_close(&before);
	client_close(&after);
}

/* RFC 7301 3.2: a client that wants to talk IMAP must not be answered. */
static void
test_alpn(const struct place *p)
{
	struct client c;

	client_open(&c, p, "one.example", "imap");
	ok(c.handshake < 0, "imap is refused: %s",
	    gnutls_strerror(c.handshake));
	client_close(&c);
	client_open(&c, p, "one.example", "http/1.1");
	ok(c.handshake == 0 && asks(&c), "http/1.1 is not");
	client_close(&c);
}

/* All requests at once, and nothing is read until the server cannot write
 * any more: heads and bodies still come in order and whole. */
static void
test_backlog(const struct place *p)
{
	struct buf got = buf_new((size_t)LONG_ANSWERS * (LONG_BODY + 1024));
	int n = 1, next = 0;
	char line[128];
	struct client c;
	view rest;

	client_open(&c, p, "one.example", NULL);
	for (int i = 0; i < LONG_ANSWERS; i++) {
		n = snprintf(line, sizeof line, "%s /long?%d HTTP/1.1\r\n"
		    "Host: h:1\r\n%s\r\n", i % 7 == 3 ? "HEAD" : "GET", i,
		    i + 1 == LONG_ANSWERS ? "Connection: close\r\n" : "");
		must(gnutls_record_send(c.session, line, (size_t)n) == n,
		    "send");
	}
	for (char *to = NULL; n > 0;) {
		to = buf_reserve(&got, LONG_BODY);
		n = to == NULL ? 0 : (int)gnutls_record_recv(c.session, to,
		    LONG_BODY);
		got.n += n > 0 ? (size_t)n : 0;
	}
	rest = buf_view(&got);
	for (size_t at = 0; at != SIZE_MAX; next++) {
		if (next % 7 == 3)
			continue;
		n = snprintf(line, sizeof line, "\r\n\r\n<%d>....", next);
		at = view_find(rest, (view){ line, (size_t)n });
		rest = view_from(rest, at == SIZE_MAX ? 0 : at);
	}
	ok(next - 1 == LONG_ANSWERS && rest.n == LONG_BODY + 4,
	    "%d answers in their order, the last %zu bytes", next - 1,
	    rest.n);
	buf_free(&got);
	client_close(&c);
}

int
main(void)
{
	struct place p = { .port = 0 };
	struct front *f = start(&p);
	char command[128];

	(void)signal(SIGPIPE, SIG_IGN);
	test_names(&p);
	test_reload(&p);
	test_alpn(&p);
	test_backlog(&p);
	front_stop(&f);
	certs_close(&p.certs);
	snprintf(command, sizeof command, "rm -rf '%s'", p.folder);
	ok(system(command) == 0, "nothing is left");
	return tap_done();
}
