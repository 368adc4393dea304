/*
 * push_send.h - one message to a push service (RFC 8030 5), over TLS with a
 * certificate that is checked, and to no address inside unless it is allowed.
 */
#ifndef DAVD_PUSH_SEND_H
#define DAVD_PUSH_SEND_H

#include "mailcore/push/reply.h"
#include "mailcore/store/push.h"

struct push_way {
	struct resolver *resolver;
	struct tls *tls;
	struct signer *signer;
	const char *host; /* ours */
	bool inside;      /* also to addresses of private networks */
	int stop;         /* readable: give up */
};

/* `text`: what the client shall read.  OK: `reply` has the answer.  DENIED:
 * an address inside.  BUSY: not reached.  MALFORMED: what answers is no push
 * service, or the row is damaged. */
CHECKED result push_send(const struct push_way *, const struct push_row *,
    view text, struct push_reply *reply);

#endif
