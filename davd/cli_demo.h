/*
 * cli_demo.h - something to look at: messages, events, a task and contacts
 * for the mailbox of `posthaste init`.
 */
#ifndef DAVD_CLI_DEMO_H
#define DAVD_CLI_DEMO_H

#include "mailcore/store/store.h"

/* Fill a new account.  `address` is local@domain; `now` is what the content
 * counts its days from.  Not durable before store_sync. */
CHECKED result cli_demo_fill(struct store *, int64_t account, view address,
    int64_t now);

/* The texts (cli_demo_text.c), a line each without its end. */
struct demo_text {
	const char *name; /* of the resource; mail: the mailbox */
	int minutes;      /* mail: how long ago it came */
	unsigned flags;   /* mail: enum item_flag */
	const char *const *lines;
	size_t count;
};
extern const struct demo_text demo_messages[];
extern const size_t demo_message_count;
extern const struct demo_text demo_events[];
extern const size_t demo_event_count;
extern const struct demo_text demo_contacts[];
extern const size_t demo_contact_count;

#endif
