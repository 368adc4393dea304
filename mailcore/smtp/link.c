#include "mailcore/smtp/link.h"

#include "mailcore/sys/clock.h"
#include "mailcore/sys/tls_dane.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	/* RFC 5321 4.5.3.1.5 asks for 512. */
	LINE_MOST = 4096,
	READ_SIZE = 4096
};

struct link {
	int fd;
	SSL *ssl;
	struct link_options options;
	struct buf in;
	size_t used; /* of `in`: the line given out last */
	bool closed;
	result r;
};

static void
give_up(struct link *l, enum status is, const char *why)
{
	if (l->r.is == OK)
		l->r = fail(is, why);
}

static void
closed(struct link *l)
{
	l->closed = true;
	give_up(l, BUSY, "the connection was closed");
}

/* Until `fd` is ready for `events`; false when it was not in time. */
static bool
wait_for(struct link *l, short events, int64_t until)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = l->fd, .events = events },
			{ .fd = l->options.stop, .events = POLLIN },
		};
		int64_t left = until - clock_steady_ms();

		if (left <= 0)
			break;
		if (poll(fds, COUNT(fds), (int)left) < 0 && errno != EINTR)
			break;
		if (fds[1].revents != 0) {
			give_up(l, BUSY, "this server is stopping");
			return false;
		}
		if (fds[0].revents != 0)
			return true;
	}
	give_up(l, BUSY, "RFC 5321 4.5.3.2: timed out");
	return false;
}

static int64_t
until(const struct link *l, unsigned wait_ms)
{
	int64_t then = clock_steady_ms() + wait_ms;

	return then < l->options.deadline_ms ? then : l->options.deadline_ms;
}

static socklen_t
make_address(view address, unsigned port, struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	char text[INET6_ADDRSTRLEN];

	memset(out, 0, sizeof *out);
	if (view_starts(address, VIEW("/"))) {
		struct sockaddr_un *local = (struct sockaddr_un *)out;

		local->sun_family = AF_UNIX;
		return view_copy(address, local->sun_path,
		    sizeof local->sun_path) ? sizeof *local : 0;
	}
	if (!view_copy(address, text, sizeof text))
		return 0;
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof *four;
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		return sizeof *six;
	}
	return 0;
}

static void
connect_to(struct link *l, view address, unsigned port, unsigned wait_ms)
{
	struct sockaddr_storage to;
	socklen_t n = make_address(address, port, &to);
	int error = 0;
	socklen_t room = sizeof error;

	if (n == 0) {
		give_up(l, BUSY, "not an address");
		return;
	}
	l->fd = socket(to.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0
	    || (connect(l->fd, (struct sockaddr *)&to, n) != 0
		&& errno != EINPROGRESS)) {
		give_up(l, BUSY, "cannot connect");
		return;
	}
	if (!wait_for(l, POLLOUT, until(l, wait_ms)))
		return;
	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &room) != 0
	    || error != 0)
		give_up(l, BUSY,
		    error == ECONNREFUSED ? "connection refused"
					  : "cannot connect");
}

struct link *
link_open(view address, unsigned port, unsigned wait_ms,
    const struct link_options *options)
{
	struct link *l = calloc(1, sizeof *l);

	if (l == NULL)
		abort();
	l->fd = -1;
	l->options = *options;
	l->in = buf_new(LINE_MOST + READ_SIZE);
	l->r = done();
	connect_to(l, address, port, wait_ms);
	return l;
}

void
link_close(struct link **link)
{
	struct link *l = *link;

	if (l == NULL)
		return;
	if (l->ssl != NULL && l->r.is == OK)
		(void)SSL_shutdown(l->ssl);
	SSL_free(l->ssl);
	if (l->fd >= 0)
		(void)close(l->fd);
	buf_free(&l->in);
	free(l);
	ERR_clear_error();
	*link = NULL;
}

/* What OpenSSL waits for after `returned`; 0: it failed. */
static short
ssl_wants(struct link *l, int returned)
{
	switch (SSL_get_error(l->ssl, returned)) {
	case SSL_ERROR_WANT_READ:
		return POLLIN;
	case SSL_ERROR_WANT_WRITE:
		return POLLOUT;
	default:
		return 0;
	}
}

void
link_secure(struct link *l, SSL *ssl, unsigned wait_ms)
{
	int64_t then = until(l, wait_ms);
	int n;

	SSL_free(l->ssl);
	l->ssl = ssl;
	buf_reset(&l->in);
	l->used = 0;
	if (l->r.is != OK)
		return;
	if (ssl == NULL || SSL_set_fd(ssl, l->fd) != 1) {
		give_up(l, DENIED, "RFC 3207 4: no TLS with this server");
		return;
	}
	while (l->r.is == OK && (n = SSL_connect(ssl)) != 1) {
		short events = ssl_wants(l, n);

		if (events == 0)
			give_up(l, DENIED,
			    "RFC 3207 4: the TLS handshake failed");
		else
			(void)wait_for(l, events, then);
	}
	ERR_clear_error();
}

const char *
link_tls_words(const struct link *l, const char **type)
{
	return tls_fault_words(l->ssl, type);
}

/* As read(2) and send(2), but 0 to try again after `*events`, -1 at the end.
 */
static ssize_t
some(struct link *l, char *to, view from, short *events)
{
	ssize_t n;

	if (l->ssl != NULL) {
		int ready = to != NULL ? SSL_read(l->ssl, to, READ_SIZE)
				       : SSL_write(l->ssl, from.p,
					     (int)from.n);

		if (ready > 0)
			return ready;
		*events = ssl_wants(l, ready);
		ERR_clear_error();
		return *events == 0 ? -1 : 0;
	}
	*events = to != NULL ? POLLIN : POLLOUT;
	n = to != NULL ? recv(l->fd, to, READ_SIZE, 0)
		       : send(l->fd, from.p, from.n, MSG_NOSIGNAL);
	if (n > 0)
		return n;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

void
link_write(struct link *l, view bytes, unsigned wait_ms)
{
	int64_t then = until(l, wait_ms);
	short events = 0;

	while (l->r.is == OK && bytes.n > 0) {
		ssize_t n = some(l, NULL, view_first(bytes, 65536), &events);

		if (n < 0)
			closed(l);
		else if (n == 0)
			(void)wait_for(l, events, then);
		else
			bytes = view_from(bytes, (size_t)n);
	}
}

static void
read_more(struct link *l, int64_t then)
{
	char *to = buf_reserve(&l->in, READ_SIZE);
	short events = 0;
	ssize_t n;

	if (to == NULL) {
		give_up(l, BUSY, "RFC 5321 4.5.3.1.5: reply line too long");
		return;
	}
	n = some(l, to, VIEW(""), &events);
	if (n < 0)
		closed(l);
	else if (n == 0)
		(void)wait_for(l, events, then);
	else
		l->in.n += (size_t)n;
}

view
link_line(struct link *l, unsigned wait_ms)
{
	int64_t then = until(l, wait_ms);
	view rest, line;

	buf_drop(&l->in, l->used);
	l->used = 0;
	while (l->r.is == OK
	    && view_find_byte(buf_view(&l->in), '\n') == SIZE_MAX)
		read_more(l, then);
	rest = buf_view(&l->in);
	if (l->r.is != OK || !view_line(&rest, &line))
		return VIEW("");
	l->used = l->in.n - rest.n;
	return line;
}

view
link_some(struct link *l, unsigned wait_ms)
{
	int64_t then = until(l, wait_ms);

	buf_drop(&l->in, l->used);
	l->used = 0;
	while (l->r.is == OK && l->in.n == 0)
		read_more(l, then);
	if (l->r.is != OK)
		return VIEW("");
	l->used = l->in.n;
	return buf_view(&l->in);
}

void
link_fail(struct link *l, const char *why)
{
	give_up(l, BUSY, why);
}

void
link_extend(struct link *l, int64_t deadline_ms)
{
	l->options.deadline_ms = deadline_ms;
}

bool
link_is_closed(const struct link *l)
{
	return l->closed;
}

bool
link_is_quiet(const struct link *l)
{
	return l->r.is == OK && l->in.n == l->used
	    && (l->ssl == NULL || SSL_pending(l->ssl) == 0);
}

result
link_result(const struct link *l)
{
	return l->r;
}
