/* Client connections over OpenSSL. */
#include "tests/bench/load/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	PER_ADDRESS = 100, /* sessions that come from one address */
	PATIENCE = 120,    /* seconds for an answer */
	PIECE = 65536,     /* read at once */
	PIECE_IDLE = 4096, /* of a connection that says little */
	LINE_MAX_BYTES = 1 << 26
};

static SSL_CTX *context; /* shared by all sessions, set once */
static pthread_mutex_t negotiated = PTHREAD_MUTEX_INITIALIZER;

bool
wire_begin(struct load *l)
{
	context = SSL_CTX_new(TLS_client_method());
	if (context == NULL)
		return load_wrong(l, "no TLS");
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	if (l->o.cipher != NULL
	    && !SSL_CTX_set_ciphersuites(context, l->o.cipher))
		return load_wrong(l, "no cipher %s", l->o.cipher);
	return true;
}

/* Sessions come from 127.8.x.y when the server is on loopback. */
static void
come_from(int fd, uint32_t server, unsigned session)
{
	uint32_t number = session / PER_ADDRESS;
	int yes = 1;
	struct sockaddr_in from = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f080001 + number),
	};

	if ((server >> 24) != 127)
		return;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0)
		perror("bind");
}

static int
connect_to(struct load *l, unsigned port, unsigned session)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1;

	if (fd < 0 || inet_pton(AF_INET, l->o.host, &to.sin_addr) != 1)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	come_from(fd, ntohl(to.sin_addr.s_addr), session);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool
start_tls(struct load *l, struct wire *w)
{
	SSL *ssl = SSL_new(context);
	char name[256];

	w->ssl = ssl;
	if (ssl == NULL || !SSL_set_fd(ssl, w->fd)
	    || !view_copy(view_of(l->o.name), name, sizeof(name))
	    || !SSL_set_tlsext_host_name(ssl, name) || SSL_connect(ssl) != 1)
		return false;
	pthread_mutex_lock(&negotiated);
	snprintf(l->tls, sizeof(l->tls), "%s %s", SSL_get_version(ssl),
	    SSL_get_cipher_name(ssl));
	pthread_mutex_unlock(&negotiated);
	return true;
}

struct wire *
wire_open(struct load *l, unsigned port, bool tls, unsigned session)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	w->in = buf_new(LINE_MAX_BYTES);
	w->quickack = l->o.quickack != 0;
	w->fd = connect_to(l, port, session);
	if (w->fd < 0) {
		load_wrong(l, "%s:%u: %s", l->o.host, port, strerror(errno));
		wire_close(&w);
	} else if (tls && !start_tls(l, w)) {
		load_wrong(l, "%s:%u: no TLS handshake", l->o.host, port);
		wire_close(&w);
	}
	return w;
}

void
wire_close(struct wire **wire)
{
	struct wire *w = *wire;

	if (w == NULL)
		return;
	*wire = NULL;
	if (w->ssl != NULL) {
		SSL_set_quiet_shutdown(w->ssl, 1);
		SSL_free(w->ssl);
	}
	if (w->fd >= 0)
		close(w->fd);
	buf_free(&w->in);
	free(w);
}

bool
wire_send(struct wire *w, view v)
{
	while (v.n > 0) {
		int part = v.n > 16384 ? 16384 : (int)v.n;
		ssize_t n = w->ssl != NULL
		    ? SSL_write(w->ssl, v.p, part)
		    : send(w->fd, v.p, v.n, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		v = view_from(v, (size_t)n);
	}
	return true;
}

bool
wire_fill(struct wire *w)
{
	int want = w->received < PIECE ? PIECE_IDLE : PIECE;
	char *room;
	ssize_t n;

	if (w->at > 0 && (w->at == w->in.n || w->at >= PIECE)) {
		buf_drop(&w->in, w->at);
		w->at = 0;
	}
	room = buf_reserve(&w->in, (size_t)want);
	if (room == NULL)
		return false;
	if (w->quickack) /* it does not last */
		setsockopt(w->fd, IPPROTO_TCP, TCP_QUICKACK, &w->quickack,
		    sizeof(w->quickack));
	n = w->ssl != NULL ? SSL_read(w->ssl, room, want)
			   : recv(w->fd, room, (size_t)want, 0);
	if (n <= 0)
		return false;
	w->in.n += (size_t)n;
	w->received += (uint64_t)n;
	return true;
}

bool
wire_line(struct wire *w, view *line)
{
	size_t looked = 0;

	for (;;) {
		view rest = view_from(buf_view(&w->in), w->at);
		size_t end = view_find_byte(view_from(rest, looked), '\n');

		if (end != SIZE_MAX) {
			end += looked;
			w->at += end + 1;
			*line = view_first(rest, end);
			if (view_ends(*line, VIEW("\r")))
				line->n--;
			return true;
		}
		looked = rest.n;
		if (!wire_fill(w))
			return false;
	}
}

bool
wire_bytes(struct wire *w, size_t n, view *bytes)
{
	while (w->in.n - w->at < n)
		if (!wire_fill(w))
			return false;
	*bytes = view_first(view_from(buf_view(&w->in), w->at), n);
	w->at += n;
	return true;
}

bool
wire_skip(struct wire *w, uint64_t n)
{
	for (;;) {
		size_t there = w->in.n - w->at;

		if (there >= n) {
			w->at += (size_t)n;
			return true;
		}
		n -= there;
		w->at += there;
		if (!wire_fill(w))
			return false;
	}
}

void
wire_hurry(struct wire *w)
{
	fcntl(w->fd, F_SETFL, fcntl(w->fd, F_GETFL) | O_NONBLOCK);
}
