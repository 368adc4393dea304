/*
 * session.h - browsers that are signed in.
 *
 * A session is 256 random bits in a cookie; the store keeps their hash.  It
 * ends when unused for `idle` seconds, `end` seconds after its beginning,
 * with a new password, and when its owner says so.
 *
 * The form token of a session is an HMAC of its cookie under a secret of the
 * house (the setting "form-key"): a page of ours can show it, who has only
 * the cookie cannot make it.  Before there is a session, the same is made of
 * a random cookie that names nobody (a guest).
 */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "mailcore/auth/auth.h"
#include "mailcore/store/session.h"

enum { AUTH_SESSION_TOKEN = 43, AUTH_FORM_TOKEN = 43 };

struct auth_session_rules {
	int64_t idle; /* seconds without use */
	int64_t end;  /* seconds from the beginning */
};

struct auth_session {
	int64_t id;
	int64_t account;
	int64_t created;
	int64_t expires; /* unless it is idle before */
	char address[LIMIT_ADDRESS + 1];
	char form[AUTH_FORM_TOKEN + 1];
};

/* Sign in, as auth_password (protocol "web", so never by an app password);
 * `agent`: the User-Agent.  Appends the cookie's value to `token`. */
CHECKED result auth_session_begin(struct auth *, const struct auth_attempt *,
    view agent, const struct auth_session_rules *, struct auth_session *out,
    struct buf *token, unsigned *delay_ms);

/* DENIED: no session, or one that has ended.  Notes the use. */
CHECKED result auth_session_check(struct auth *, view token, view peer,
    const struct auth_session_rules *, struct auth_session *out);

/* Appends the value of a guest's cookie. */
void auth_guest_make(struct buf *token);

/* The form token of a session's or guest's cookie. */
void auth_form(const struct auth *, view token,
    char form[AUTH_FORM_TOKEN + 1]);

/* Is it that one?  In a time that says nothing. */
bool auth_form_fits(const char *form, view given);

#endif
