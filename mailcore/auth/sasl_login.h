/*
 * sasl_login.h - somebody logs in by SASL (RFC 4422): one exchange from its
 * first message to "that is who it is", the same for IMAP, POP3, SMTP and
 * ManageSieve, which wrap its turns in their own words.
 *
 * Mechanisms: PLAIN and LOGIN (sasl.h), SCRAM-SHA-256 (RFC 7677), where
 * configured SCRAM-SHA-1 (RFC 5802), and each with channel binding (-PLUS)
 * where the connection has something to bind to; where configured OAUTHBEARER
 * (RFC 7628) and XOAUTH2.  Only over TLS: callers refuse anything else before
 * they come here (RFC 8314 4.1).
 */
#ifndef AUTH_SASL_LOGIN_H
#define AUTH_SASL_LOGIN_H

#include "mailcore/auth/auth.h"
#include "mailcore/sys/conn.h"

/* Over which way; all of it outlives the exchange. */
struct sasl_login_way {
	struct auth *auth;
	const struct peer *peer;
	const char *protocol; /* as in auth_attempt */
	/* Its success carries data (RFC 5804 2.1); otherwise what a mechanism
	 * says last is a challenge with an empty answer (RFC 4422 4). */
	bool data_with_success;
	/* -PLUS is neither offered nor taken, as if there were nothing to
	 * bind to. */
	bool unbound;
};

struct sasl_login;

enum sasl_login_next {
	SASL_MORE,    /* send `text`; its answer is for the next turn */
	SASL_PASSED,  /* it is `who`; `text` goes with the success */
	SASL_REFUSED, /* the login is wrong: r is as of auth_password, or it
	                   * is for another's name or channel (DENIED) */
	SASL_BROKEN,  /* no such mechanism (NOT_FOUND), cancelled
	                   * (DENIED), or not what is due (MALFORMED) */
	SASL_WAITS    /* for another server: ask again after delay_ms */
};

struct sasl_login_turn {
	enum sasl_login_next next;
	view text; /* base64; as long as the sasl_login.has no other turn */
	result r;
	struct identity who;
	unsigned delay_ms; /* hold the answer back that long */
};

/* `initial`: the client's first message in base64; NULL: it sent none. */
void sasl_login_begin(struct sasl_login **, const struct sasl_login_way *,
    view mechanism, const view *initial, struct sasl_login_turn *);
void sasl_login_go_on(struct sasl_login *, view answer,
    struct sasl_login_turn *);

/* After SASL_WAITS, with nothing from the client. */
void sasl_login_wait(struct sasl_login *, struct sasl_login_turn *);

/* Wipes; to be called whatever the last turn was.  NULL is none. */
void sasl_login_free(struct sasl_login **);

/* The mechanisms' names, the strongest first, with `before` before each. */
void sasl_login_list(const struct sasl_login_way *, const char *before,
    struct buf *out);

#endif
