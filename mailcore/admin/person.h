/*
 * person.h - what a person does with their own mailbox: by the pages, by the
 * API, and for them by the CLI.  Each failure's `why` says to people what was
 * expected.  What returned OK is durable, and the other roles were told
 * (`post` may be NULL: they find out within a second of the next command).
 *
 * Reading is the store's: account_get, app_password_list, login_list,
 * session_list.
 */
#ifndef ADMIN_PERSON_H
#define ADMIN_PERSON_H

#include "mailcore/auth/app.h"
#include "mailcore/auth/session.h"
#include "mailcore/sys/msg.h"

struct person {
	struct store *store;
	struct post *post;
	int64_t account;
};

/* A new password, whose strength is at least `least` (strength.h).  `old` has
 * protocol "web" and is checked as any login, with its slow-down.  Ends all
 * sessions but `keep`, and open connections that logged in by the old one.
 * DENIED: the old one is wrong, or the new one too weak: `*weak` tells. */
struct person_password {
	struct auth *auth;
	struct auth_attempt old;
	view fresh;
	unsigned least;
	int64_t keep;
};
CHECKED result person_set_password(const struct person *,
    const struct person_password *, bool *weak, unsigned *delay_ms);

/* As auth_app_add; `wanted->account` is set here. */
CHECKED result person_app_add(const struct person *,
    struct app_password *wanted, int64_t now, struct buf *password);

/* Stops connections that logged in with it, too. */
CHECKED result person_app_revoke(const struct person *, int64_t id);

CHECKED result person_session_end(const struct person *, int64_t id);

/* Every session, and every open connection of the account. */
CHECKED result person_sign_out_everywhere(const struct person *);

/* Tell the other roles to look again at who is logged in to the account. */
void person_tell(struct post *, int64_t account);

#endif
