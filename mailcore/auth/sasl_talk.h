/*
 * sasl_talk.h - AUTH in a session of IMAP, POP3, SMTP or ManageSieve: its
 * turns (sasl_login.h) said in the protocol's words.
 *
 * A session holds one sasl_talk, all zero but for `way`.  While `login` is
 * there, what the client sends is for sasl_talk_answer; while it `waits`, the
 * step is STEP_CONTINUE, and the empty unit is for sasl_talk_wait.
 */
#ifndef AUTH_SASL_TALK_H
#define AUTH_SASL_TALK_H

#include "mailcore/auth/sasl_login.h"

struct sasl_talk {
	struct sasl_login_way way;
	struct sasl_login *login; /* NULL: no exchange is going on */
	bool waits;
};

/* Each adds its answer.  Of what ends the exchange the delay is the turn's,
 * whatever the step says. */
typedef struct step sasl_word(void *session, const struct sasl_login_turn *,
    struct buf *out);

struct sasl_words {
	sasl_word *more; /* the challenge in t->text */
	sasl_word *passed, *refused, *broken;
};

/* As sasl_login_begin. */
struct step sasl_talk_begin(struct sasl_talk *, const struct sasl_words *,
    void *session, view mechanism, const view *initial, struct buf *out);
struct step sasl_talk_answer(struct sasl_talk *, const struct sasl_words *,
    void *session, view answer, struct buf *out);
struct step sasl_talk_wait(struct sasl_talk *, const struct sasl_words *,
    void *session, struct buf *out);

/* At any time. */
void sasl_talk_end(struct sasl_talk *);

#endif
