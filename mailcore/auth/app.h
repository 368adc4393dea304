/*
 * app.h - app passwords: 140 random bits in readable groups, made for one
 * device, with rights, an end and networks of their own.
 *
 * What is kept is HMAC-SHA-256 under a secret of the house: nothing shorter
 * than the password finds it, so it needs no slow hash, and an index does.
 * The secret is the setting "app-password-key".
 */
#ifndef AUTH_APP_H
#define AUTH_APP_H

#include "mailcore/auth/auth.h"
#include "mailcore/store/app_password.h"

enum { AUTH_APP_KEY = 32, AUTH_APP_TEXT = 40 };

/* Loads a secret of the house, makes it when there is none. */
CHECKED result auth_key(struct store *, view setting,
    unsigned char key[AUTH_APP_KEY]);

/* "imap,caldav" as a set of enum app_right; "dav" is caldav and carddav.
 * MALFORMED: another word. */
CHECKED result auth_app_rights(view text, unsigned *out);
void auth_app_rights_write(unsigned rights, struct buf *out);

/* Every part is a network "192.0.2.0/24", "2001:db8::/32" or an address. */
CHECKED result auth_app_networks(view text);

/* Make one: `wanted` says account, label, rights, networks and expires; its
 * id is set.  `password` gets what the person or the device is told, once.
 * MALFORMED: label or networks.  OVER_LIMIT: too many of them. */
CHECKED result auth_app_add(struct store *, struct app_password *wanted,
    int64_t now, struct buf *password);

/* Is the attempt's password one of `account`, good for this protocol, from
 * this peer, now?  Sets the app password and its rights in `out`.  DENIED:
 * no. */
CHECKED result auth_app_check(struct auth *, struct arena *, int64_t account,
    const struct auth_attempt *, int64_t now, struct identity *out);

#endif
