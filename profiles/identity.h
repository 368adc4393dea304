/*
 * identity.h - the names by which a device knows a profile again.
 *
 * Apple's devices replace a profile by one of the same PayloadIdentifier, and
 * update a payload in place when its PayloadUUID is the same too.  Both are
 * derived from the house and the whole address by a hash, so two downloads
 * agree, and no two addresses do.
 */
#ifndef PROFILES_IDENTITY_H
#define PROFILES_IDENTITY_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

enum {
	PROFILE_HOUSE = 16,      /* bytes that name the server */
	PROFILE_IDENTIFIER = 80, /* room, with the NUL */
	PROFILE_UUID = 37
};

struct profile_name {
	char identifier[PROFILE_IDENTIFIER];
	char uuid[PROFILE_UUID];
};

/* `part`: "" for the whole, ".mail" and the like for its payloads.  The
 * address counts without case. */
CHECKED result profile_name_make(struct profile_name *,
    const unsigned char house[PROFILE_HOUSE], view address, const char *part);

#endif
