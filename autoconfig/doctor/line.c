#include "autoconfig/doctor/line.h"

#include "mailcore/base/limits.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static socklen_t
socket_address(view address, unsigned port, struct sockaddr_storage *out)
{
	char text[INET6_ADDRSTRLEN];
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (!view_copy(address, text, sizeof text))
		return 0;
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof *four;
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1)
		return 0;
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	return sizeof *six;
}

bool
line_open(struct line *l, view address, unsigned port)
{
	/* Bounds connect() too. */
	struct timeval patience = { .tv_sec = LIMIT_DOCTOR_MS / 1000 };
	struct sockaddr_storage to;
	socklen_t n = socket_address(address, port, &to);

	*l = (struct line){ .fd = -1, .last = buf_new(LIMIT_DOCTOR_LINE) };
	if (n == 0)
		return false;
	l->fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return false;
	(void)setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof patience);
	(void)setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof patience);
	return connect(l->fd, (struct sockaddr *)&to, n) == 0;
}

void
line_close(struct line *l)
{
	SSL_free(l->ssl);
	if (l->fd >= 0)
		(void)close(l->fd);
	buf_free(&l->last);
	*l = (struct line){ .fd = -1, .last = buf_new(0) };
}

bool
line_encrypt(struct line *l, SSL_CTX *trust, view host)
{
	char name[LIMIT_DOMAIN + 1];

	ERR_clear_error();
	l->ssl = SSL_new(trust);
	l->broken = l->ssl == NULL || !view_copy(host, name, sizeof name)
	    || SSL_set_fd(l->ssl, l->fd) != 1
	    || SSL_set1_host(l->ssl, name) != 1
	    || SSL_set_tlsext_host_name(l->ssl, name) != 1
	    || SSL_connect(l->ssl) != 1;
	return !l->broken;
}

void
line_send(struct line *l, view v)
{
	size_t n;

	if (l->broken || v.n == 0)
		return;
	if (l->ssl != NULL)
		l->broken = SSL_write_ex(l->ssl, v.p, v.n, &n) != 1;
	else
		l->broken = send(l->fd, v.p, v.n, MSG_NOSIGNAL)
		    != (ssize_t)v.n;
}

static bool
read_byte(struct line *l, char *c)
{
	size_t n;

	if (l->ssl != NULL)
		return SSL_read_ex(l->ssl, c, 1, &n) == 1;
	return read(l->fd, c, 1) == 1;
}

bool
line_read(struct line *l)
{
	char c = '\0';

	buf_reset(&l->last);
	while (!l->broken) {
		l->broken = !read_byte(l, &c)
		    || buf_result(&l->last).is != OK;
		if (!l->broken && c == '\n')
			break;
		buf_add_byte(&l->last, c);
	}
	while (l->last.n > 0 && l->last.p[l->last.n - 1] == '\r')
		buf_cut(&l->last, l->last.n - 1);
	return !l->broken;
}
