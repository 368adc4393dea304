#include "mailcore/auth/signer_packet.h"

#include <errno.h>
#include <sys/socket.h>

enum signer_packet
signer_packet_take(int fd, struct buf *to)
{
	ssize_t n = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	char nothing[1];
	char *room;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR
		    ? SIGNER_PACKET_NONE : SIGNER_PACKET_BAD;
	buf_reset(to);
	room = n == 0 ? NULL : buf_reserve(to, (size_t)n);
	if (room == NULL) {
		/* A packet goes whole, however little of it is read. */
		(void)recv(fd, nothing, sizeof nothing, MSG_DONTWAIT);
		return SIGNER_PACKET_BAD;
	}
	n = recv(fd, room, (size_t)n, MSG_DONTWAIT);
	if (n <= 0)
		return SIGNER_PACKET_BAD;
	to->n += (size_t)n;
	return SIGNER_PACKET_TAKEN;
}

bool
signer_packet_send(int fd, view packet)
{
	return send(fd, packet.p, packet.n, MSG_DONTWAIT | MSG_NOSIGNAL)
	    == (ssize_t)packet.n;
}
