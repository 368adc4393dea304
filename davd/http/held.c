#include "davd/http/held.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	HELD_MOST = 16384, /* a head is shorter, or is sent by itself */
	PIECES = 16
};

struct held {
	int fd;
	bool next;
	struct buf waiting;
};

static size_t
total(const giovec_t *pieces, int count)
{
	size_t n = 0;

	for (int i = 0; i < count; i++)
		n += pieces[i].iov_len;
	return n;
}

static ssize_t
send_all(struct held *h, const giovec_t *pieces, int count)
{
	struct iovec list[PIECES];
	struct msghdr m = { .msg_iov = list };

	if (h->waiting.n > 0)
		list[m.msg_iovlen++] = (struct iovec){ h->waiting.p,
			h->waiting.n };
	for (int i = 0; i < count && m.msg_iovlen < PIECES; i++)
		list[m.msg_iovlen++] = (struct iovec){ pieces[i].iov_base,
			pieces[i].iov_len };
	return sendmsg(h->fd, &m, MSG_NOSIGNAL);
}

/* What waits goes first.  As writev: how much was taken, or -1 and errno;
 * what is not taken comes again, when the socket has room. */
static ssize_t
push(gnutls_transport_ptr_t at, const giovec_t *pieces, int count)
{
	struct held *h = at;
	size_t wanted = total(pieces, count), before = h->waiting.n;
	ssize_t sent;

	if (h->next && wanted < HELD_MOST - before) {
		h->next = false;
		for (int i = 0; i < count; i++)
			buf_add(&h->waiting, (view){ pieces[i].iov_base,
			    pieces[i].iov_len });
		return (ssize_t)wanted;
	}
	h->next = false;
	sent = send_all(h, pieces, count);
	if (before == 0 || sent < 0)
		return sent;
	if ((size_t)sent >= before) {
		buf_free(&h->waiting);
		h->waiting = buf_new(HELD_MOST);
		if ((size_t)sent > before || wanted == 0)
			return sent - (ssize_t)before;
	} else {
		buf_drop(&h->waiting, (size_t)sent);
	}
	errno = EAGAIN;
	return -1;
}

struct held *
held_attach(gnutls_session_t session, int fd)
{
	struct held *h = calloc(1, sizeof *h);

	if (h == NULL)
		abort();
	h->fd = fd;
	h->waiting = buf_new(HELD_MOST);
	gnutls_transport_set_ptr2(session,
	    (gnutls_transport_ptr_t)(intptr_t)fd, h);
	gnutls_transport_set_vec_push_function(session, push);
	return h;
}

void
held_free(struct held **at)
{
	if (*at == NULL)
		return;
	buf_free(&(*at)->waiting);
	free(*at);
	*at = NULL;
}

void
held_next(struct held *h)
{
	h->next = true;
}
