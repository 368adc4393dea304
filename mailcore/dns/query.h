/*
 * query.h - many questions to many name servers at once.
 *
 * A panel asks the same questions of every member: of the resolver, and of
 * each server that a zone says is its own.  All questions run in parallel and
 * share one time budget; what is not answered by then stays silent.  Blocks
 * for that long at most; one thread uses a panel.
 */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include "mailcore/dns/record.h"

struct panel;

enum answer_kind {
	ANSWER_SILENT, /* time-out, SERVFAIL, refused */
	ANSWER_NAME_MISSING, /* NXDOMAIN */
	ANSWER_EMPTY,  /* the name is there, such data is not */
	ANSWER_DATA
};

struct dns_answer {
	enum answer_kind kind;
	unsigned ttl; /* seconds left; of a missing record too */
	struct record *records;
	size_t count;
	/* The owner after CNAMEs, when there were any; "" otherwise. */
	view canonical;
};

struct dns_question {
	view name;
	enum record_type type;
};

/* `resolver`: "127.0.0.1@5353", or NULL for /etc/resolv.conf. */
CHECKED result panel_new(struct panel **, const char *resolver);
void panel_free(struct panel **);

/* Add the servers that are authoritative for `domain` or the nearest name
 * above it; `zone` is that name.  NOT_FOUND: no such zone.  BUSY: no answer
 * within `budget_ms`. */
CHECKED result panel_find_authorities(struct panel *, struct arena *,
    view domain, unsigned budget_ms, view *zone);

/* The resolver is member 0. */
size_t panel_members(const struct panel *);
view panel_member_name(const struct panel *, size_t member);

/* out[member * count + i] is that member's answer to questions[i]. */
CHECKED result panel_ask(struct panel *, struct arena *,
    const struct dns_question *, size_t count, unsigned budget_ms,
    struct dns_answer **out);

/* The same of the resolver alone: out[i]. */
CHECKED result panel_ask_resolver(struct panel *, struct arena *,
    const struct dns_question *, size_t count, unsigned budget_ms,
    struct dns_answer **out);

#endif
