/*
 * verify.h - looking at mail from strangers without holding anybody up.
 *
 * What a message claims is checked by threads of their own, which wait for
 * name servers and for rspamd, never longer than LIMIT_VERIFY_MS for one
 * message: what is not known by then is a temporary error in the findings,
 * and the message goes on.  The session's worker waits a moment, in case it is
 * quick, and else comes back later.
 */
#ifndef SMTP_VERIFY_H
#define SMTP_VERIFY_H

#include "mailcore/smtp/findings.h"

struct spool;
struct verify;
struct verify_job;

struct verify_options {
	const char *resolver; /* NULL: /etc/resolv.conf */
	const char *rspamd;   /* "127.0.0.1:11333"; NULL: the built-in score */
	bool everybody; /* also those who come from this machine */
};

/* Starts threads: not to be followed by fork. */
CHECKED result verify_new(struct verify **, const struct verify_options *);

/* No session has a job any more.  NULL is nothing to free. */
void verify_free(struct verify **);

/* Is mail from there looked at? */
bool verify_wants(const struct verify *, bool loopback);

/* All views of the inspection are copied, but for the message. */
struct verify_job *verify_begin(struct verify *, const struct inspection *);

/* Wait for it, a moment when there is nothing else to wait for.  true: the
 * findings are there. */
bool verify_done(struct verify_job *);

/* Valid until the job ends. */
const struct findings *verify_findings(const struct verify_job *);
const struct inspection *verify_inspection(const struct verify_job *);

/* End it at any time.  While it still runs it takes `*text`, which holds the
 * message, and frees it when it can. */
void verify_end(struct verify_job **, struct spool **text);

#endif
