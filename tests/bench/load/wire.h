/*
 * wire.h - a client's connection: plain or TLS, read by lines and by bytes.
 */
#ifndef LOAD_WIRE_H
#define LOAD_WIRE_H

#include "tests/bench/load/load.h"

struct wire {
	int fd;
	int quickack;
	void *ssl;
	struct buf in;
	size_t at; /* read so far */
	uint64_t received;
};

/* Once, before any session.  Peers are not verified: that would measure the
 * client. */
bool wire_begin(struct load *);

/* Connects and greets by TLS when asked; NULL after load_wrong.  `session`
 * chooses the address that it comes from, because servers bound the
 * connections of one. */
struct wire *wire_open(
    struct load *, unsigned port, bool tls, unsigned session);
void wire_close(struct wire **);

bool wire_send(struct wire *, view);

/* More bytes into `in`; false at the end of the connection. */
bool wire_fill(struct wire *);

/* The next line without its CRLF; valid until the next call.  false at the
 * end of the connection. */
bool wire_line(struct wire *, view *line);

/* `n` bytes; valid until the next call. */
bool wire_bytes(struct wire *, size_t n, view *bytes);

/* Read over `n` bytes, keeping none. */
bool wire_skip(struct wire *, uint64_t n);

/* From now on wire_fill returns at once; false when nothing is there. */
void wire_hurry(struct wire *);

#endif
