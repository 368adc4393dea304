/*
 * held.h - head and body of an answer in one packet, also by TLS.
 *
 * libmicrohttpd writes them one after the other, each as a record of its own;
 * a client is woken twice then, and the kernel called twice.  The first
 * record of an answer that has a body waits here for the second.
 */
#ifndef HTTP_HELD_H
#define HTTP_HELD_H

#include "mailcore/base/buf.h"

#include <gnutls/gnutls.h>

struct held;

/* From now on the session writes through it.  Freed after the session has
 * written for the last time. */
struct held *held_attach(gnutls_session_t, int fd);
void held_free(struct held **);

/* The next record is followed by another at once. */
void held_next(struct held *);

#endif
