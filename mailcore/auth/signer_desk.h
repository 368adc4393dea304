/*
 * signer_desk.h - requests for signatures answered, by whoever holds the keys:
 * the signer role, or signer.c in the same process.
 *
 * A packet in, a packet out; what is not a request gets no answer.  Work is
 * bounded: one packet is one signature, one new key, or one look at the
 * folder.  A key that was put there or replaced is seen by itself, without a
 * reload.  Not thread-safe.
 */
#ifndef AUTH_SIGNER_DESK_H
#define AUTH_SIGNER_DESK_H

#include "mailcore/auth/signer_wire.h"

struct signer_desk;

/* `keys`, `certificates`: folders. */
CHECKED result signer_desk_new(struct signer_desk **, const char *keys,
    const char *certificates);
void signer_desk_free(struct signer_desk **);

/* `may`: the set of 1 << enum signer_op that this peer may ask for; others
 * are DENIED.  MALFORMED: no answer, nothing is in `answer`. */
CHECKED result signer_desk_answer(struct signer_desk *, unsigned may,
    view packet, struct buf *answer);

/* Certificates and keys again, from their files. */
void signer_desk_reload(struct signer_desk *);

#endif
