/*
 * oauth.h - the messages of OAUTHBEARER (RFC 7628) and of XOAUTH2, which is
 * what it was before it was a standard.  Pure.
 *
 *	n,a=mia@example.org,^Ahost=...^Aport=...^Aauth=Bearer TOKEN^A^A
 *	user=mia@example.org^Aauth=Bearer TOKEN^A^A
 */
#ifndef AUTH_OAUTH_H
#define AUTH_OAUTH_H

#include "mailcore/base/buf.h"
#include "mailcore/base/limits.h"

enum oauth_form { OAUTH_BEARER, OAUTH_X2 };

struct oauth_message {
	char user[LIMIT_ADDRESS + 1]; /* "": not named */
	view token; /* of the message; empty: it asks what is needed */
};

/* MALFORMED: no such message.  DENIED: bound to a channel (RFC 7628 3.1). */
CHECKED result oauth_read(enum oauth_form, view message,
    struct oauth_message *out);

/* Why a token was refused, as JSON (RFC 7628 3.2.2).  `scope` and `issuer`
 * may be empty, and hold nothing that JSON would have to escape. */
void oauth_refuse(enum oauth_form, view scope, view issuer, struct buf *out);

#endif
