/*
 * pop3.h - POP3 (RFC 1939) with CAPA (2449), STLS (2595), SASL (5034), UIDL,
 * TOP, as a protocol for sys/conn.h.
 */
#ifndef POP3_POP3_H
#define POP3_POP3_H

#include "mailcore/auth/auth.h"
#include "mailcore/store/store.h"
#include "mailcore/sys/conn.h"

struct pop3_services {
	struct store *store;
	struct auth *auth;
	const char *hostname;
	bool starttls;
};

extern const struct protocol pop3_protocol;

#endif
