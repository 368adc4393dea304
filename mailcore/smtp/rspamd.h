/*
 * rspamd.h - asking rspamd what it thinks of a message, by its HTTP protocol
 * (POST /checkv2).
 */
#ifndef SMTP_RSPAMD_H
#define SMTP_RSPAMD_H

#include "mailcore/smtp/findings.h"

struct rspamd_limits {
	int64_t deadline; /* clock_steady_ms */
	int stop;         /* readable: give up; -1: none */
};

/* Its score in the place of ours.  When it does not answer, that is logged,
 * and the findings stay as they are.  `server`: "127.0.0.1:11333". */
void rspamd_rate(const char *server, const struct rspamd_limits *,
    struct arena *, const struct inspection *, struct findings *);

/* The body of its reply.  MALFORMED: not that; `score` in tenths, at most
 * 100,000 either way. */
CHECKED result rspamd_read(view json, int *score, view *action);

#endif
