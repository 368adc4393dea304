/*
 * smtp.h - SMTP (RFC 5321) as a protocol for sys/conn.h: reception on port
 * 25, submission (RFC 6409) on 587 and 465, and LMTP (RFC 2033) for those who
 * keep another server in front, on loopback.
 */
#ifndef SMTP_SMTP_H
#define SMTP_SMTP_H

#include "mailcore/auth/auth.h"
#include "mailcore/auth/signer.h"
#include "mailcore/smtp/judge.h"
#include "mailcore/smtp/verify.h"
#include "mailcore/store/store.h"
#include "mailcore/sys/conn.h"
#include "mailcore/sys/msg.h"

struct smtp_services {
	struct store *store;
	struct auth *auth;
	const char *hostname;
	uint64_t message_limit;
	bool starttls;
	bool submission;   /* false: reception */
	bool lmtp;         /* reception from a server of ours (RFC 2033) */
	struct post *post; /* told of queued work; may be NULL */
	struct signer *signer; /* for what is submitted; may be NULL */

	/* Of submission: recipients, where an account has no limits of its own
	 * (store/sending.h); 0: as many as they like. */
	int64_t send_per_hour, send_per_day;

	/* Of reception. */
	struct verify *verify; /* NULL: strangers are believed */
	enum judge_dmarc dmarc;
	unsigned greylist_seconds;
};

extern const struct protocol smtp_protocol;

#endif
