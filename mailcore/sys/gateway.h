/*
 * gateway.h - mail systems that are not ours, for which we answer what
 * programs ask to find them; the setting "gateway", one line a fact:
 *
 *	gateway DOMAIN imap tls|starttls HOST[:PORT]      (pop3, smtp the same)
 *	gateway DOMAIN dav https://HOST[:PORT]/PATH
 *	gateway DOMAIN login address|local-part
 *
 * DOMAIN "*" is for every hosted domain that has no lines of its own; a domain
 * that has some need not be hosted.
 */
#ifndef SYS_GATEWAY_H
#define SYS_GATEWAY_H

#include "mailcore/base/arena.h"

enum gateway_what {
	GATEWAY_IMAP,
	GATEWAY_POP3,
	GATEWAY_SMTP,
	GATEWAY_DAV,
	GATEWAY_LOGIN
};

struct gateway_line {
	view domain; /* lower case, A-labels; "*" */
	enum gateway_what what;
	bool starttls;   /* of the first three; else TLS from the start */
	bool local_part; /* of GATEWAY_LOGIN; else the address */
	view host;
	unsigned port;
	view url;        /* of GATEWAY_DAV */
	unsigned number; /* of the line in the file, by the caller */
};

struct gateway {
	struct gateway_line *lines;
	size_t count, room;
};

/* One more line, from the setting's value; views live in `arena`.  false: it
 * is not like those above, or its domain has such a line already. */
bool gateway_add(struct gateway *, struct arena *, view value);

/* The lines that count for a domain are those of this name: its own, "*", or
 * "" for none. */
view gateway_section(const struct gateway *, view domain);

/* One line of a section; NULL: it has none.  `starttls` counts for servers
 * alone. */
const struct gateway_line *gateway_line(const struct gateway *, view section,
    enum gateway_what, bool starttls);

/* Does it have lines of its own? */
bool gateway_names(const struct gateway *, view domain);

/* A section that does not say how mail is read, or how it is sent: its last
 * line; NULL: there is none. */
const struct gateway_line *gateway_incomplete(const struct gateway *);

#endif
