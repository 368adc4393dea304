/*
 * dns_check.h - does the world see the DNS records that a domain wants?
 *
 * Every authoritative server and the resolver is asked for each line of the
 * plan; each line gets one state, with what to do about it.
 */
#ifndef DOCTOR_DNS_CHECK_H
#define DOCTOR_DNS_CHECK_H

#include "autoconfig/dns_plan.h"

enum dns_state {
	DNS_OK,
	DNS_FINE,        /* not what the plan says, and as good */
	DNS_MISSING,     /* no such record on any server */
	DNS_SPREADING,   /* right on some servers, or not yet everywhere */
	DNS_WRONG,       /* there, and none of them is what is wanted */
	DNS_DUPLICATE,   /* more than one where one may be, even if one fits */
	DNS_CONFLICTING, /* ours, and something beside it that spoils it */
	DNS_INSECURE,    /* in order, and it protects nothing */
	DNS_BROKEN,      /* against the rules of its kind */
	DNS_SILENT,      /* no answer, so nothing can be said */
	DNS_STATES
};

/* "ok", "also fine", "missing", ... */
const char *dns_state_name(enum dns_state);
bool dns_state_is_good(enum dns_state);

struct dns_row {
	const struct dns_line *line;
	enum dns_state state;

	/* What was found that matters for this line, of the server that this
	 * state comes from. */
	struct record *found;
	size_t found_count;

	view note;   /* what exactly, in one sentence; "" when ok */
	view advice; /* what to do; "" when good */
};

struct dns_report {
	struct dns_row *rows;
	size_t count;
	size_t core, core_good;
	view zone;         /* whose servers were asked; "" when unknown */
	size_t authorities;
	view trouble; /* why the zone's servers could not be asked; or "" */
};

/* Everything takes `budget_ms` at most.  `resolver` as in query.h; `plan`
 * must live as long as the report.  FAILED: libunbound cannot start. */
CHECKED result dns_check(const struct dns_plan *, const char *resolver,
    unsigned budget_ms, struct arena *, struct dns_report *out);

/* Is there a DS for the zone that `name` is in?  false also without an
 * answer. */
bool dns_zone_is_signed(view name, const char *resolver, unsigned budget_ms);

/* All core lines are good. */
bool dns_report_is_good(const struct dns_report *);

/* The line's record has still to be brought into the zone. */
bool dns_row_lacks(const struct dns_row *);

/* For people, and for programs. */
void dns_report_text(const struct dns_report *, struct buf *out);
void dns_report_json(const struct dns_report *, struct buf *out);

/* What to delete and what to add, one record a line in full, as
 * named-journalprint(8) has it: "del NAME TTL IN TYPE DATA", "add ...". */
void dns_report_diff(const struct dns_report *, struct buf *out);

#endif
