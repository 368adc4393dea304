/*
 * deliver.h - a finished message into the mailboxes of local accounts and
 * into the queue for everybody else.  Nothing is durable before store_sync.
 */
#ifndef SMTP_DELIVER_H
#define SMTP_DELIVER_H

#include "mailcore/store/body.h"

/* Deliver to INBOX of `account`, Return-Path (RFC 5321 4.4) and Delivered-To
 * in front.  NO_SPACE: over quota or disk full. */
CHECKED result deliver_local(struct store *, int64_t account, view sender,
    view recipient, view message);

/* The same into any mailbox, with flags, without adding fields: for APPEND by
 * `posthaste init` and imports.  Bare CR and LF become CRLF. */
CHECKED result deliver_append(struct store *, int64_t account, view mailbox,
    view message, int64_t received, uint32_t flags);

/* A local address and whose it is.  NOT_FOUND: an address of ours that leads
 * nowhere.  MALFORMED: not a domain of ours.  NO_SPACE: over quota.
 * DENIED: the account is switched off.  An address of "postmaster" always
 * leads somewhere (RFC 5321 4.5.1). */
CHECKED result deliver_find(struct store *, view address, view domain,
    int64_t *account);

/* Would deliver_local find room for it?  NO_SPACE: over quota. */
CHECKED result deliver_room(struct store *, int64_t account, view sender,
    view recipient, view message);

#endif
