#include "davd/cli_probe.h"

#include "davd/cli_command.h"

#include "mailcore/base/limits.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PROBE_SECONDS = 10, PROBE_LINE = 2048, PROBE_LINES = 64 };

SSL_CTX *
probe_trust(const char *ca)
{
	SSL_CTX *trust = SSL_CTX_new(TLS_client_method());

	if (trust == NULL)
		abort();
	(void)SSL_CTX_set_default_verify_paths(trust);
	(void)SSL_CTX_load_verify_locations(trust, ca, NULL);
	SSL_CTX_set_verify(trust, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_min_proto_version(trust, TLS1_2_VERSION);
	return trust;
}

struct talk {
	int fd;
	SSL *ssl; /* NULL: still in clear */
};

/* false: the other side ended it, or time is over. */
static bool
talk_read(struct talk *t, char *to, size_t room, size_t *n)
{
	ssize_t got;

	if (t->ssl != NULL)
		return SSL_read_ex(t->ssl, to, room, n) == 1;
	got = read(t->fd, to, room);
	*n = got > 0 ? (size_t)got : 0;
	return got > 0;
}

static bool
talk_write(struct talk *t, view bytes)
{
	size_t n;

	if (t->ssl != NULL)
		return SSL_write_ex(t->ssl, bytes.p, bytes.n, &n) == 1;
	return send(t->fd, bytes.p, bytes.n, MSG_NOSIGNAL)
	    == (ssize_t)bytes.n;
}

static bool
talk_line(struct talk *t, struct buf *line)
{
	char c = '\0';
	size_t n;

	buf_reset(line);
	while (c != '\n' && line->n < PROBE_LINE) {
		if (!talk_read(t, &c, 1, &n))
			return false;
		buf_add_byte(line, c);
	}
	return true;
}

/* Read lines up to the first that begins with `wanted`. */
static result
expect(struct talk *t, const char *wanted, const char *why)
{
	struct buf line = buf_new(PROBE_LINE + 1);
	result r = fail(FAILED, why);

	for (int i = 0; i < PROBE_LINES && r.is != OK; i++) {
		if (!talk_line(t, &line))
			break;
		if (view_starts(buf_view(&line), view_of(wanted)))
			r = done();
	}
	buf_free(&line);
	return r;
}

/* What the certificate is not, in words for who must mend it. */
static const char *
certificate_fault(long code)
{
	switch (code) {
	case X509_V_OK:
		return "the TLS handshake does not succeed";
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "the certificate is for other names; make one that has"
		       " this host in it";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "the certificate has expired; renew it";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "the certificate is not valid yet; is the clock right?";
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "the chain does not lead to a known CA; put the"
		       " intermediate certificates into the .pem file";
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return "the certificate is self-signed; clients refuse it";
	default:
		return "the certificate does not verify";
	}
}

static result
handshake(struct talk *t, const struct probe *p)
{
	char name[LIMIT_DOMAIN + 1]; /* OpenSSL's macro drops a const */

	t->ssl = SSL_new(p->trust);
	if (!view_copy(view_of(p->host), name, sizeof name)
	    || t->ssl == NULL || SSL_set_fd(t->ssl, t->fd) != 1
	    || SSL_set1_host(t->ssl, p->host) != 1
	    || SSL_set_tlsext_host_name(t->ssl, name) != 1)
		return fail(FAILED, "OpenSSL cannot begin a connection");
	if (SSL_connect(t->ssl) == 1)
		return done();
	return fail(FAILED,
	    certificate_fault(SSL_get_verify_result(t->ssl)));
}

static const struct dialogue {
	enum service service;
	bool tls; /* from the start */
	const char *greeting;
	const char *hello, *known; /* before STARTTLS; NULL: none */
	const char *ask, *agreed;
} dialogues[] = {
	{ SERVICE_IMAPS, true, "* OK", NULL, NULL, NULL, NULL },
	{ SERVICE_POP3S, true, "+OK", NULL, NULL, NULL, NULL },
	{ SERVICE_SUBMISSIONS, true, "220 ", NULL, NULL, NULL, NULL },
	{ SERVICE_IMAP, false, "* OK", NULL, NULL, "a STARTTLS\r\n", "a OK" },
	{ SERVICE_POP3, false, "+OK", NULL, NULL, "STLS\r\n", "+OK" },
	{ SERVICE_SUBMISSION, false, "220 ", "EHLO doctor.invalid\r\n",
	    "250 ", "STARTTLS\r\n", "220 " },
	{ SERVICE_SMTP, false, "220 ", "EHLO doctor.invalid\r\n", "250 ",
	    "STARTTLS\r\n", "220 " },
};

static result
converse(struct talk *t, const struct probe *p, const struct dialogue *d)
{
	if (d->tls)
		TRY(handshake(t, p));
	TRY(expect(t, d->greeting, "no greeting of this protocol comes"));
	if (d->tls)
		return done();
	if (d->hello != NULL) {
		if (!talk_write(t, view_of(d->hello)))
			return fail(FAILED, "the connection breaks");
		TRY(expect(t, d->known, "EHLO is refused"));
	}
	if (!talk_write(t, view_of(d->ask)))
		return fail(FAILED, "the connection breaks");
	TRY(expect(t, d->agreed, "STARTTLS is refused"));
	return handshake(t, p);
}

static result
begin(struct talk *t, const struct probe *p)
{
	struct timeval patience = { .tv_sec = PROBE_SECONDS };

	*t = (struct talk){ .ssl = NULL };
	t->fd = cli_connect(p->address, p->port, PROBE_SECONDS * 1000);
	if (t->fd < 0)
		return fail(FAILED, "nothing answers on that port; is the"
		    " server running?");
	(void)setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof patience);
	(void)setsockopt(t->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof patience);
	return done();
}

static void
end(struct talk *t)
{
	SSL_free(t->ssl);
	if (t->fd >= 0)
		(void)close(t->fd);
}

result
probe_greeting(const struct probe *p)
{
	struct talk t;
	result r = begin(&t, p);

	for (size_t i = 0; i < COUNT(dialogues) && r.is == OK; i++)
		if (dialogues[i].service == p->service)
			r = converse(&t, p, &dialogues[i]);
	end(&t);
	return r;
}

result
probe_http(const struct probe *p, view request, struct buf *out)
{
	char piece[4096];
	struct talk t;
	size_t n;
	result r = begin(&t, p);

	if (r.is == OK)
		r = handshake(&t, p);
	if (r.is == OK && !talk_write(&t, request))
		r = fail(FAILED, "the connection breaks");
	while (r.is == OK && talk_read(&t, piece, sizeof piece, &n))
		buf_add(out, (view){ piece, n });
	end(&t);
	if (r.is == OK && out->n == 0)
		r = fail(FAILED, "no answer comes");
	return r.is == OK ? buf_result(out) : r;
}
