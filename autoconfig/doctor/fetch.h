/*
 * fetch.h - one HTTP request with its redirections: bounded in bytes, time
 * and hops.  The password goes by TLS alone, to who has a good certificate.
 */
#ifndef DOCTOR_FETCH_H
#define DOCTOR_FETCH_H

#include "autoconfig/doctor/call.h"

void fetch_ask(const struct caller *, struct arena *, const struct ask *,
    struct document *out);

#endif
