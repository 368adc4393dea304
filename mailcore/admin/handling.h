/*
 * handling.h - what happens to a person's mail, set by an operator or by the
 * person: scripts, forwarding, automatic replies.  Each failure's `why` says
 * to people what was expected.  What returned OK is durable.
 */
#ifndef ADMIN_HANDLING_H
#define ADMIN_HANDLING_H

#include "mailcore/sieve/sieve.h"
#include "mailcore/store/handling.h"

/* Views live in `arena`.  NOT_FOUND: no such mailbox. */
CHECKED result admin_handling_get(struct store *, struct arena *,
    view address, struct handling *out);

/* `targets`: addresses, a comma between; empty ends it. */
CHECKED result admin_forward_set(struct store *, view address, view targets,
    bool keep);

/* The days count whole, in UTC: "2026-12-24" or empty; `every` in seconds. */
struct admin_vacation {
	view subject, text;
	view since, until;
	int64_t every;
};
CHECKED result admin_vacation_set(struct store *, view address,
    const struct admin_vacation *);
CHECKED result admin_vacation_end(struct store *, view address);

/* Check it, keep it.  MALFORMED: `fault` says where. */
CHECKED result admin_script_put(struct store *, view address, view name,
    view text, struct buf *fault);
/* `name` empty: none is active. */
CHECKED result admin_script_activate(struct store *, view address, view name);
CHECKED result admin_script_remove(struct store *, view address, view name);
CHECKED result admin_script_list(struct store *, struct arena *,
    view address, struct script **out, size_t *count);

/* "a@b.example, c@d.example" as lines, each normalised; at most `most`. */
CHECKED result admin_addresses(view text, size_t most, struct arena *,
    view *lines);

#endif
