/*
 * signer_packet.h - one packet off a socket to or from the signer, whatever
 * the other side sent.  Never waits.
 */
#ifndef AUTH_SIGNER_PACKET_H
#define AUTH_SIGNER_PACKET_H

#include "mailcore/base/buf.h"

enum signer_packet {
	SIGNER_PACKET_NONE,  /* nothing is waiting */
	SIGNER_PACKET_TAKEN, /* `to` holds it, and nothing else */
	/* An empty one or one past the buf's limit, thrown away; or the other
	 * end is closed, which looks the same. */
	SIGNER_PACKET_BAD
};

enum signer_packet signer_packet_take(int fd, struct buf *to);

/* false: it cannot go now. */
bool signer_packet_send(int fd, view packet);

#endif
