/*
 * context.h - which servers libunbound asks, and how patiently.
 */
#ifndef DNS_CONTEXT_H
#define DNS_CONTEXT_H

#include "mailcore/base/result.h"

struct ub_ctx;

/* To be called once, before the first question.  `server`: the address of the
 * one that is asked; NULL: those of resolv.conf, and without that file the
 * servers of the root.  FAILED: that is no address. */
CHECKED result dns_context_set_up(struct ub_ctx *, const char *server);

#endif
