/*
 * peer.h - one blocking connection of the load generator, in clear or TLS.
 * What cannot work ends the program with a word: there is nobody to serve.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct target {
	const char *ip;
	int port;
	bool tls;
	SSL_CTX *context;
};

struct peer {
	int fd;
	SSL *ssl;
	size_t from, to; /* unread part of `in` */
	char in[4096];
};

/* Seconds that never jump. */
double now(void);

_Noreturn void die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

void target_open(struct target *, const char *ip, const char *port, bool tls);
void peer_open(struct peer *, const struct target *);
void peer_close(struct peer *);
void peer_send(struct peer *, const void *, size_t);
void peer_say(struct peer *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The next line, without its end, cut to `size`. */
void peer_line(struct peer *, char *line, size_t size);

/* Lines until one that begins with `start`; dies when that one does not
 * begin with `good`. */
void peer_until(struct peer *, const char *start, const char *good);

/* Drop that many bytes. */
void peer_skip(struct peer *, size_t);

#endif
