/*
 * judge.h - from what was found out about a message to what one recipient
 * wants done with it: the domain's own policy (RFC 9989), allow and deny
 * lists, the score against that mailbox's thresholds.
 */
#ifndef SMTP_JUDGE_H
#define SMTP_JUDGE_H

#include "mailcore/smtp/findings.h"
#include "mailcore/smtp/verdict.h"
#include "mailcore/store/store.h"

/* What is done with mail that fails a policy of reject. */
enum judge_dmarc {
	JUDGE_DMARC_FOLLOW, /* refuse it */
	JUDGE_DMARC_JUNK,   /* mark it, as with quarantine */
	JUDGE_DMARC_SCORE   /* let the score decide */
};

/* One recipient's verdict; views live in `arena`.  `before`: that of another
 * one, whose fields are taken when they are the same; or NULL.
 * DENIED: it does not want the message.  Everything else is a failure. */
CHECKED result judge(struct store *, struct arena *,
    const struct inspection *, const struct findings *, enum judge_dmarc,
    int64_t account, const struct verdict *before, struct verdict *out);

/* What holds for everybody.  DENIED: the domain of From wants it refused.
 * BUSY: rspamd wants it refused for now. */
CHECKED result judge_all(const struct findings *, enum judge_dmarc);

#endif
