/*
 * signer_wire.h - requests and answers between signer.c and signer_desk.c,
 * one a packet.
 *
 * Both ends are of one build, and neither trusts the other: whichever side a
 * stranger has taken over can send anything.  Numbers are big-endian; a field
 * is its length in four bytes, then its bytes.  Nothing may follow the last.
 *
 *	request  op(1) algorithm(1) id(8) name selector bytes
 *	answer   status(1) algorithm(1) id(8) bytes
 *	key      algorithm(1) selector text     (several in an answer's bytes)
 */
#ifndef AUTH_SIGNER_WIRE_H
#define AUTH_SIGNER_WIRE_H

#include "mailcore/auth/signer.h"

enum signer_op {
	SIGNER_OP_KEYS,
	SIGNER_OP_MAKE,
	SIGNER_OP_DKIM,
	SIGNER_OP_CMS,
	SIGNER_OP_PUSH_KEY,
	SIGNER_OP_PUSH_SIGN,
	SIGNER_OPS
};

struct signer_request {
	enum signer_op op;
	enum signer_algorithm algorithm;
	uint64_t id;   /* the answer has the same */
	view name;     /* domain or host: letters, digits, '-', '.' */
	view selector; /* the same without '.', with '_'; may be empty */
	view bytes;
};

void signer_request_write(const struct signer_request *, struct buf *);

/* MALFORMED: no request, or one with a name that is none.  Views are of
 * `packet`. */
CHECKED result signer_request_read(view packet, struct signer_request *);

struct signer_answer {
	enum status is;
	enum signer_algorithm algorithm;
	uint64_t id;
	view bytes;
};

void signer_answer_write(const struct signer_answer *, struct buf *);
CHECKED result signer_answer_read(view packet, struct signer_answer *);

void signer_key_write(const struct signer_key *, struct buf *);

/* Take one off `*rest`. */
CHECKED result signer_key_read(view *rest, struct signer_key *);

/* Lower case, no empty label: what may stand in a file's name. */
bool signer_is_name(view);
bool signer_is_selector(view);

#endif
