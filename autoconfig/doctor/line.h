/*
 * line.h - a connection that speaks in lines, in clear or in TLS, blocking
 * and bounded in time.  The first failure sticks.
 */
#ifndef DOCTOR_LINE_H
#define DOCTOR_LINE_H

#include "mailcore/base/buf.h"

#include <openssl/ssl.h>

struct line {
	int fd;
	SSL *ssl; /* NULL: in clear */
	struct buf last; /* with its end cut off */
	bool broken;
};

/* false: nothing answers there. */
bool line_open(struct line *, view address, unsigned port);
void line_close(struct line *);

/* `trust` outlives the connection.  false: no TLS comes about.  The
 * certificate is looked at afterwards: SSL_get_verify_result. */
bool line_encrypt(struct line *, SSL_CTX *trust, view host);

void line_send(struct line *, view);

/* Into l->last.  false: broken, or too long. */
bool line_read(struct line *);

#endif
