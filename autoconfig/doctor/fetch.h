/*
 * fetch.h - one HTTP request with its redirections, by libcurl: bounded in
 * bytes, time and hops; every connection goes where way.h says.
 */
#ifndef DOCTOR_FETCH_H
#define DOCTOR_FETCH_H

#include "autoconfig/doctor/doctor.h"
#include "autoconfig/doctor/way.h"

struct fetch;

/* `ca`: a file of CAs to trust beside the system's, or NULL.  The rest must
 * outlive it.  libcurl is made ready by the first one. */
CHECKED result fetch_new(struct fetch **, const struct way *,
    const struct person *, const char *ca);
void fetch_free(struct fetch **);

void fetch_ask(struct fetch *, struct arena *, const struct ask *,
    struct document *out);

#endif
