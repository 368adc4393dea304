/*
 * managesieve.h - ManageSieve (RFC 5804) as a protocol for sys/conn.h: how
 * people's programs keep their Sieve scripts here.  A script is compiled
 * before it is kept or made active, so what is active can be run.
 */
#ifndef MANAGESIEVE_MANAGESIEVE_H
#define MANAGESIEVE_MANAGESIEVE_H

#include "mailcore/auth/auth.h"
#include "mailcore/store/store.h"
#include "mailcore/sys/conn.h"

struct managesieve_services {
	struct store *store;
	struct auth *auth;
	const char *hostname;
	bool starttls;
};

extern const struct protocol managesieve_protocol;

#endif
