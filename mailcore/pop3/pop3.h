/*
 * pop3.h - POP3 (RFC 1939) with CAPA (2449), STLS (2595), SASL (5034), UIDL,
 * TOP, UTF8 and LANG (6856), as a protocol for sys/conn.h.
 *
 * A session shows the INBOX as it was at login.  It takes no exclusive lock
 * on it (RFC 1939 4): a lock in one process would not hold in another, one in
 * the store would outlive a process that dies, and it would keep IMAP from
 * nothing.  Nothing needs it: uids are never given out again, a removal of
 * what is gone already is a success, and nobody's new mail is in another
 * session's snapshot.
 *
 * Sizes are those of the stored bytes: what RETR sends, before dots are
 * doubled.  RETR always sends CRLF lines; only a message that was stored with
 * bare LF (no mail that came by SMTP is) is longer on the wire than its size,
 * as finding out would mean to read every message at login; and one whose
 * header is not ASCII, for who has not said UTF8, which the answer to RETR then
 * says.
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
