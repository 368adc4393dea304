/*
 * mail.h - the steps of SMTP and IMAP that more than one job takes.
 */
#ifndef LOAD_MAIL_H
#define LOAD_MAIL_H

#include "tests/bench/load/load.h"
#include "tests/bench/load/wire.h"

/* The next reply begins with that digit; false after load_wrong. */
bool smtp_reply(struct hand *, int first_digit);

/* Connect, EHLO. */
bool smtp_prepare(struct hand *);

/* MAIL, RCPT, DATA in one packet (RFC 2920). */
bool smtp_offer(struct hand *, const struct load_user *to);

void smtp_finish(struct hand *);

/* Connect, LOGIN. */
bool imap_login(struct hand *);

/* Sends `command` with a tag and reads until that tag's OK.  Counts untagged
 * responses into `*responses`, which may be NULL. */
bool imap_command(struct hand *, const char *command, unsigned *responses);

/* The answer to what was sent with tag "a". */
bool imap_answer(struct hand *, unsigned *responses);

#endif
