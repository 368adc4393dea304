/*
 * exchange.h - one request and its answer, as front.c carries them; knows
 * nothing of libmicrohttpd.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "davd/http/request.h"

#include <stdatomic.h>

struct exchange {
	const struct front_options *options;
	_Atomic uint64_t *bodies; /* bytes of all bodies being received */
	struct arena *arena;
	struct request request;
	struct answer answer;
	struct request_fields fields;
	struct request_field *room; /* fields.list, to be filled */
	size_t field_room;
	result target; /* of request_target */
	struct buf body;
	uint64_t body_limit;
	uint64_t dropped; /* bytes past the limit */
	int64_t began_ms;
	struct buf piece; /* of a stream, not yet sent */
	size_t piece_sent;
	bool stream_done;
	bool stream_broken; /* done, and not whole */
	bool answered;
	void *connection; /* front.c's */
};

struct exchange *exchange_new(
    const struct front_options *, _Atomic uint64_t *bodies, view target);
void exchange_free(struct exchange **);

/* The head of the request is there: method, fields and the peer's address.
 * false: refused, the answer is made. */
void exchange_field_room(struct exchange *, size_t count);
void exchange_field(struct exchange *, view name, view value);
bool exchange_begin(
    struct exchange *, const char *method, view peer, bool from_loopback);

/* A piece of the body; false: drop the connection. */
bool exchange_body(struct exchange *, view bytes);

/* All is there: find the route and make the answer. */
void exchange_run(struct exchange *);

/* Up to `room` bytes of a streamed answer; 0 at the end (stream_done), or when
 * it has to wait. */
size_t exchange_read(struct exchange *, char *to, size_t room);

/* Take one header field off what answer_header wrote; false at the end. */
bool exchange_header(view *headers, const char **name, const char **value);

#endif
