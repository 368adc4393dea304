/*
 * findings.h - what can be known of a message from a stranger: who may send
 * for whom, by the DNS, and how much it looks like spam.  The same for all
 * its recipients; verdict.h is what one of them makes of it.
 */
#ifndef SMTP_FINDINGS_H
#define SMTP_FINDINGS_H

#include "mailcore/base/buf.h"
#include "mailcore/dns/arc.h"
#include "mailcore/dns/dkim.h"
#include "mailcore/dns/dmarc.h"
#include "mailcore/dns/spf.h"

/* A message and how it came. */
struct inspection {
	view peer;     /* textual address */
	view hello;
	view hostname; /* ours */
	view sender;   /* of the envelope */
	view id;
	const view *recipients;
	size_t recipient_count;
	view message;  /* as it came */
	int64_t now;
};

enum { FINDINGS_HITS = 24 };

struct findings {
	struct spf_answer spf;
	struct dkim_report dkim;
	struct arc_chain arc;
	struct dmarc_answer dmarc;

	size_t authors;     /* addresses in From, in all such fields; with more
	                     * than one `dmarc` is of the worst of them */
	view author;        /* the one: "local@domain"; else empty */
	view author_domain; /* A-labels, lower case */
	bool proven;        /* SPF or DKIM speak for author_domain */

	int score; /* tenths */
	struct {
		const char *name;
		int score;
	} hits[FINDINGS_HITS];
	size_t hit_count;

	bool rated;  /* rspamd has: `score` is its score, no hits */
	bool later;  /* it wants the message refused for now */
	view action; /* of rspamd, in its words */
};

/* Fill in all but the score.  Asks the DNS through `lookup` alone. */
void findings_check(const struct lookup *, struct arena *,
    const struct inspection *, struct findings *out);

/* Fill in score and hits, from what is there. */
void findings_score(const struct inspection *, struct findings *);

/* The value of Authentication-Results behind our name, on lines of their own
 * with `fold` between them: "; spf=pass ...; dkim=...". */
void findings_results(const struct findings *, const struct inspection *,
    view fold, struct buf *out);

/* Has the header fields that claim to be ours: Authentication-Results of our
 * name (RFC 8601 5), X-Spam-Flag, X-Spam-Status? */
bool findings_are_forged(view header, view hostname);

/* The header without them. */
void findings_strip(view header, view hostname, struct buf *out);

#endif
