/*
 * apple.h - configuration profiles for iOS, iPadOS and macOS: mail, or mail
 * with calendars and contacts; with an app password in them, or without, and
 * then the device asks for one.  Keys are those of Apple's published schema
 * (tests/data/apple), no others.
 */
#ifndef PROFILES_APPLE_H
#define PROFILES_APPLE_H

#include "autoconfig/service_set.h"
#include "profiles/identity.h"

enum profile_kind { PROFILE_MAIL, PROFILE_FULL };

enum profile_language {
	PROFILE_EN,
	PROFILE_FR,
	PROFILE_NL,
	PROFILE_DE,
	PROFILE_LANGUAGES
};

struct profile_order {
	const struct service_set *services;
	const unsigned char *house; /* PROFILE_HOUSE bytes */
	view address;
	view name;     /* of the person; may be empty */
	view password; /* an app password; "": the person types theirs */
	enum profile_kind kind;
	enum profile_language language;
};

/* "en" and so on, also with a region ("de-AT"); English for others. */
enum profile_language profile_language_of(view tag);
extern const char *const profile_language_tags[PROFILE_LANGUAGES];

/* NOT_FOUND: the server has no mail (for PROFILE_FULL: no DAV) to offer.
 * `out` holds the property list. */
CHECKED result profile_apple(const struct profile_order *, struct buf *out);

#endif
