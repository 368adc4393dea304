/*
 * session.h - one POP3 connection, as its own files see it: session.c cuts
 * lines and runs verbs, login.c is USER, PASS and AUTH, language.c is UTF8 and
 * LANG, listing.c is everything that shows messages.
 */
#ifndef POP3_SESSION_H
#define POP3_SESSION_H

#include "mailcore/auth/sasl_talk.h"
#include "mailcore/format/wire.h"
#include "mailcore/pop3/maildrop.h"
#include "mailcore/pop3/pop3.h"

/* RFC 1939 3; sets of these say where a verb is allowed. */
enum pop3_state { POP3_AUTHORIZATION = 1, POP3_TRANSACTION = 2 };

/* An answer that is sent in pieces. */
enum pop3_sending { SEND_NOTHING, SEND_LIST, SEND_UIDL, SEND_TEXT };

struct pop3 {
	const struct pop3_services *services;
	const struct peer *peer;
	enum pop3_state state;
	unsigned bad;     /* commands in a row */
	unsigned guesses; /* failed logins */
	bool skipping;    /* the rest of a line that was too long */
	size_t skipped;
	char user[LIMIT_ADDRESS + 1];
	struct sasl_talk sasl;
	struct maildrop drop;
	struct auth_watch login;
	enum pop3_sending sending;
	size_t at;     /* the next message; of SEND_TEXT: this one */
	uint64_t from; /* SEND_TEXT: octets sent, and how many to send */
	uint64_t to;
	/* SEND_TEXT: what is sent instead of so many octets at its begin. */
	struct buf surrogate;
	size_t header;
	struct wire wire;
	bool utf8; /* RFC 6856 2 */
};

typedef struct step pop3_run(struct pop3 *, view argument, struct buf *out);

static inline struct step
pop3_next(void)
{
	return (struct step){ .next = STEP_READ };
}

/* login.c */
struct step pop3_user(struct pop3 *, view argument, struct buf *out);
struct step pop3_pass(struct pop3 *, view argument, struct buf *out);
struct step pop3_auth(struct pop3 *, view argument, struct buf *out);
struct step pop3_auth_answer(struct pop3 *, view line, struct buf *out);
struct step pop3_auth_wait(struct pop3 *, struct buf *out);

/* language.c */
struct step pop3_utf8(struct pop3 *, view argument, struct buf *out);
struct step pop3_lang(struct pop3 *, view argument, struct buf *out);

/* For who has not said UTF8: a header in ASCII.  false: this one is. */
bool pop3_surrogate(view header, struct buf *out);

/* listing.c */
struct step pop3_stat(struct pop3 *, view argument, struct buf *out);
struct step pop3_list(struct pop3 *, view argument, struct buf *out);
struct step pop3_uidl(struct pop3 *, view argument, struct buf *out);
struct step pop3_retr(struct pop3 *, view argument, struct buf *out);
struct step pop3_top(struct pop3 *, view argument, struct buf *out);
struct step pop3_dele(struct pop3 *, view argument, struct buf *out);

/* The next piece of the answer under way. */
struct step pop3_send(struct pop3 *, struct buf *out);

#endif
