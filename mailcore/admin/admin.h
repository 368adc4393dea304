/*
 * admin.h - what an operator does with domains, mailboxes and passwords.
 * The CLI and the API call these alike; each failure's `why` says to people
 * what was expected.  What returned OK is durable.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "mailcore/auth/auth.h"
#include "mailcore/store/domain.h"

CHECKED result admin_domain_add(struct store *, view name,
    view display_name);
CHECKED result admin_domain_remove(struct store *, view name);
/* Switched off, nobody logs in to its mailboxes and mail for it waits with
 * its senders; nothing in them changes. */
CHECKED result admin_domain_enable(struct store *, view name, bool);

/* Let `name` stand for the hosted domain `target`. */
CHECKED result admin_domain_alias_add(struct store *, view name,
    view target);
CHECKED result admin_domain_alias_remove(struct store *, view name);

/* `password` in clear; hashed here.  NOT_FOUND: the domain is not hosted. */
CHECKED result admin_mailbox_add(struct store *, view address, view name,
    view password);
/* The same with more said of it: a password in clear, or a hash as
 * admin_password_import takes it. */
struct admin_mailbox {
	view address, name, password, hash;
	int64_t quota; /* bytes; 0: none */
	bool disabled;
};
CHECKED result admin_mailbox_make(struct store *,
    const struct admin_mailbox *);
CHECKED result admin_mailbox_remove(struct store *, view address);
/* What the operator disables, administrators of its domain cannot enable. */
CHECKED result admin_mailbox_enable(struct store *, view address, bool);
/* How much it may hold; 0: any amount.  What is there already stays. */
CHECKED result admin_quota_set(struct store *, view address, int64_t bytes);
CHECKED result admin_password_set(struct store *, view address,
    view password);

/* Keep a hash that comes from another server ("{SHA512-CRYPT}...");
 * MALFORMED: a scheme that auth_verify does not know. */
CHECKED result admin_password_import(struct store *, view address,
    view hash);

/* A new password that people can read out: at least 80 bits. */
void admin_password_make(struct buf *out);

#endif
