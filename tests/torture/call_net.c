/* Sockets, processes, chance. */
#include "tests/torture/call.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int
socket(int domain, int type, int protocol)
{
	return call_fails("socket", CALLER)
	    ? -1 : NEXT(socket)(domain, type, protocol);
}

int
accept(int fd, struct sockaddr *address, socklen_t *n)
{
	return call_fails("accept", CALLER) ? -1
					    : NEXT(accept)(fd, address, n);
}

int
accept4(int fd, struct sockaddr *address, socklen_t *n, int flags)
{
	return call_fails("accept", CALLER)
	    ? -1 : NEXT(accept4)(fd, address, n, flags);
}

ssize_t
recv(int fd, void *p, size_t n, int flags)
{
	return call_bytes_fail(NULL, "recv", fd, &n, CALLER)
	    ? -1 : NEXT(recv)(fd, p, n, flags);
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	return call_bytes_fail(NULL, "send", fd, &n, CALLER)
	    ? -1 : NEXT(send)(fd, p, n, flags);
}

/* Of pieces: the first byte of the first. */
ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct iovec first;
	struct msghdr less = *m;
	size_t n = 2; /* any that is more than one */

	if (m->msg_iovlen == 0 || m->msg_iov[0].iov_len == 0)
		return NEXT(sendmsg)(fd, m, flags);
	if (call_bytes_fail(NULL, "send", fd, &n, CALLER))
		return -1;
	if (n != 1)
		return NEXT(sendmsg)(fd, m, flags);
	first = (struct iovec){ m->msg_iov[0].iov_base, 1 };
	less.msg_iov = &first;
	less.msg_iovlen = 1;
	return NEXT(sendmsg)(fd, &less, flags);
}

int
connect(int fd, const struct sockaddr *address, socklen_t n)
{
	return call_fails("connect", CALLER) ? -1
					     : NEXT(connect)(fd, address, n);
}

int
epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	/* To take one out needs nothing. */
	if (what != EPOLL_CTL_DEL && call_fails("epoll_ctl", CALLER))
		return -1;
	return NEXT(epoll_ctl)(epoll, what, fd, event);
}

int
epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
	return call_fails("epoll_wait", CALLER)
	    ? -1 : NEXT(epoll_wait)(epoll, events, most, timeout);
}

int
eventfd(unsigned first, int flags)
{
	return call_fails("eventfd", CALLER) ? -1 : NEXT(eventfd)(first, flags);
}

int
pipe2(int ends[2], int flags)
{
	return call_fails("pipe2", CALLER) ? -1 : NEXT(pipe2)(ends, flags);
}

pid_t
fork(void)
{
	return call_fails("fork", CALLER) ? -1 : NEXT(fork)();
}

ssize_t
getrandom(void *to, size_t n, unsigned flags)
{
	if (call_fails("getrandom", CALLER)) {
		if (errno != 0)
			return -1;
		n = n > 0;
	}
	return NEXT(getrandom)(to, n, flags);
}
