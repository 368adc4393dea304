/*
 * resolve_inside.h - what the files of the resolver share.
 */
#ifndef DNS_RESOLVE_INSIDE_H
#define DNS_RESOLVE_INSIDE_H

#include "mailcore/dns/resolve.h"

struct ub_result;

/* OK also when the name is there without such data.  On OK `*out` is for
 * ub_resolve_free. */
CHECKED result resolve_ask(struct resolver *, view name, int type,
    struct ub_result **out);

#endif
