/*
 * deliver_inside.h - one delivery to one account, as its files see it:
 * deliver_plan.c decides, deliver_file.c writes, deliver_send.c sends.
 */
#ifndef SMTP_DELIVER_INSIDE_H
#define SMTP_DELIVER_INSIDE_H

#include "mailcore/base/limits.h"
#include "mailcore/sieve/sieve.h"
#include "mailcore/smtp/deliver.h"
#include "mailcore/store/alias.h"
#include "mailcore/store/handling.h"
#include "mailcore/store/item.h"

struct plan {
	struct store *store;
	struct arena *arena;
	const struct deliver_mail *mail;
	const struct target *to;
	const struct verdict *verdict; /* may be NULL */
	struct account *account;       /* open */
	struct account_info info;
	struct handling handling;
	int64_t now;
	view header; /* of the message */
	struct arena *script; /* its own: what it uses up is not missed */
	struct sieve_action *actions;
	uint64_t steps; /* that the script took */
	bool fresh;     /* the sender has had no reply of late */
	uint64_t size;  /* of the message as it is filed */
};

/* What is to be done. */
CHECKED result plan_make(struct plan *);

/* A new action at the end. */
CHECKED result plan_add(struct plan *, const struct sieve_action *);
const struct sieve_action *plan_find(const struct plan *,
    enum sieve_action_kind);

/* Does the message bear Delivered-To: `address`? */
bool plan_was_here(view header, view address);

/* "\\Junk" and its like (RFC 6154); USE_NONE: no such use. */
enum special_use plan_use(view name);

/* "F12" (RFC 8474 4): the mailbox of that number.  NOT_FOUND. */
CHECKED result plan_mailbox_id(struct account *, struct arena *, view id,
    struct collection *out);

/* All that concerns the account's own database, in one transaction. */
CHECKED result plan_file(struct plan *);

/* What people say to senders, as one printable line in ASCII. */
view deliver_line(struct arena *, view text);

/* What is in it for the calendar (RFC 6047), when it is known who says so;
 * the mail is there whatever becomes of it. */
void plan_invite(const struct plan *);

/* Redirects and the reply. */
CHECKED result plan_send(struct plan *, bool *queued);

/* The notifications (RFC 5436): none for mail that a program sent, and no
 * more than LIMIT_NOTIFIES_HOUR. */
CHECKED result plan_notify(struct plan *, bool *queued);

/* `text` behind the signatures of our domain. */
void plan_sign(const struct plan *, view text, struct buf *out);

/* The address that replies come from, one of the person's own, and the name
 * that `wanted` has with it. */
view plan_from(struct plan *, view wanted, view *name);

/* What the script wants to know again (RFC 7352): when all else is done, so
 * that a next try is no duplicate of one that failed. */
CHECKED result plan_remember(struct plan *);

/* Write `bytes` (with its summary) in a transaction of `account`. */
struct deliver_item {
	struct item_new item;
	account_work *work; /* context: this struct, first in a larger one */
};
CHECKED result deliver_write(struct account *, struct deliver_item *);

#endif
