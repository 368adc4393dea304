/*
 * vcard_list.h - SOGo's distribution lists ("VLIST", text/x-vlist) as the
 * groups that every other program knows.
 *
 * A member stands in a VLIST by the name of its vCard's resource; in a group
 * by its UID.  SOGo's own vCards have the name as their UID; of others the
 * caller may know better.
 */
#ifndef FORMAT_VCARD_LIST_H
#define FORMAT_VCARD_LIST_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

/* Does the text begin as a VLIST? */
bool vcard_list_is(view text);

/* The UID of the vCard of that name, in the arena; the name itself when it is
 * not known.  May be NULL: none is. */
typedef view vcard_list_uid(void *context, view name);

/* Appends a vCard 3.0 with X-ADDRESSBOOKSERVER-KIND:group; what a VLIST has
 * beside its members (FN, NICKNAME, DESCRIPTION, X-...) stays.  MALFORMED:
 * not a VLIST with a UID. */
CHECKED result vcard_list_convert(view text, struct arena *,
    vcard_list_uid *uid, void *context, struct buf *out);

#endif
