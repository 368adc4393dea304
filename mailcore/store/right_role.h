/*
 * right_role.h - SOGo's roles as rights, for its clients (acl-query) and for
 * what comes from a SOGo (sogo-tool backup).  Where a role asks for less than
 * our nearest right gives, the lesser right is given.
 */
#ifndef STORE_RIGHT_ROLE_H
#define STORE_RIGHT_ROLE_H

#include "mailcore/store/right.h"

struct right_role {
	const char *name;
	bool of_calendars, of_books;
	unsigned gives; /* when it is set */
	unsigned tells; /* who has all of these has it; 0: never told */
};

extern const struct right_role right_roles[];
extern const size_t right_role_count;

/* Adds what the role gives.  Of a role's rights those that the others of a
 * list do not make good are harmless: without RIGHT_READ the classes say
 * nothing.  false: there is none of that name for calendars, or for address
 * books. */
bool right_role_add(enum collection_kind, view name, unsigned *rights);

#endif
