/*
 * move_in.h - mailboxes and aliases of another server, or of a list of people,
 * from a table (rows.h).  What is there already stays as it is, so a table
 * can be read again; what is wrong with one row does not stop the others.
 */
#ifndef ADMIN_MOVE_IN_H
#define ADMIN_MOVE_IN_H

#include "mailcore/store/store.h"

/* Of one row.  EXISTS: it is there already.  `password`: one that was made,
 * or "". */
typedef void move_in_told(void *context, view address, view password,
    result);

/* Columns: address; name; hash (as admin_password_import takes it) or
 * password, else one is made; quota, as size_read takes it; enabled: 0 or
 * "no" (mailcow's 2, "f") makes one that may not log in.  What was told OK is
 * durable when this returns.  MALFORMED: not such a table.  Otherwise the
 * store. */
CHECKED result move_in_mailboxes(struct store *, view table, move_in_told *,
    void *context);

/* Columns: address; target, as admin_alias_put takes it; enabled: aliases
 * that are not are passed over. */
CHECKED result move_in_aliases(struct store *, view table, move_in_told *,
    void *context);

#endif
