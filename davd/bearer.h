/*
 * bearer.h - logins by access tokens, as the configuration wants them: the
 * desk that looks at tokens (token_desk.h), and how it asks other servers.
 */
#ifndef DAVD_BEARER_H
#define DAVD_BEARER_H

#include "davd/role.h"
#include "mailcore/auth/token_desk.h"

struct bearer;

/* FAILED, MALFORMED: logged. */
CHECKED result bearer_new(struct bearer **, struct role *);

/* Other settings from now on, as far as they are good. */
void bearer_reload(struct bearer *, const struct conf *);

/* No session is left. */
void bearer_free(struct bearer **);

/* Where the supervisor copies the file of oauth-keys to, for the roles. */
CHECKED result bearer_keys_path(const struct conf *, char to[PATH_MAX]);

#endif
