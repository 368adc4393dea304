/*
 * cert_cover.h - which of the names that clients ask have a certificate here:
 * the mail host, and of every hosted domain and alias the name itself and
 * those that the DNS plan leads to this server.
 */
#ifndef DAVD_CERT_COVER_H
#define DAVD_CERT_COVER_H

#include "davd/cli_command.h"

enum cover_state {
	COVER_OK,
	COVER_SOON,      /* ends within COVER_SOON_DAYS */
	COVER_UNTRUSTED, /* its chain leads to no root that this machine has */
	COVER_EXPIRED,
	COVER_MISSING, /* no certificate has that name */
	COVER_STATES
};

enum { COVER_SOON_DAYS = 14 };

extern const char *const cover_states[COVER_STATES]; /* "ok", "missing" */

struct cover_name {
	view domain; /* to whose clients it matters; "" for the mail host */
	view name;
	enum cover_state state;
	view file;       /* in the certificate folder; "" when missing */
	int64_t days;    /* until it ends; negative: since */
	const char *why; /* of COVER_UNTRUSTED, a literal; else "" */
};

/* A file of the folder that the server cannot use. */
struct cover_fault {
	view file;
	const char *why;
};

struct cover {
	struct cover_name *names; /* each once: the mail host, then by domain */
	size_t name_count;
	struct cover_fault *faults;
	size_t fault_count;
};

/* With the store open; views live in cli->arena. */
CHECKED result cert_cover(struct cli *, struct cover *out);

/* Of each name: does http://NAME/.well-known/acme-challenge/ lead to this
 * server?  reached[i] for names[i].  It asks by DNS, or as --resolve says. */
CHECKED result cert_reach(struct cli *, const struct cover *, bool *reached);

#endif
