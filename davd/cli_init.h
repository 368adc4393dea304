/*
 * cli_init.h - the parts of `posthaste init`, and what it leaves for
 * `wait-ready`.
 */
#ifndef DAVD_CLI_INIT_H
#define DAVD_CLI_INIT_H

#include "davd/cli_command.h"
#include "mailcore/base/limits.h"

struct init {
	view domain;          /* normalised */
	const char *hostname;
	bool loopback;        /* a demo */
	unsigned base_port;
	unsigned users;
};

/* Folder, configuration, certificate: cli->conf is loaded afterwards. */
CHECKED result init_place(struct cli *, const struct init *);

/* What <data>/demo.json keeps. */
struct demo_note {
	char address[LIMIT_ADDRESS + 1];
	char password[128];
	char calendar[128];    /* display names */
	char addressbook[128];
	unsigned users;
};

/* NOT_FOUND: no demo here. */
CHECKED result demo_note_read(struct cli *, struct demo_note *);
CHECKED result demo_note_write(struct cli *, const struct demo_note *);

/* The demo mailbox with its content, and the users; keeps what is there. */
CHECKED result init_demo(struct cli *, const struct init *);

#endif
