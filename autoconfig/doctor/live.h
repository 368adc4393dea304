/*
 * live.h - the world as it is: names by libunbound, documents by HTTP,
 * each asked for once however many readers want it; then the servers that
 * the readers would configure, each tried once.
 */
#ifndef DOCTOR_LIVE_H
#define DOCTOR_LIVE_H

#include "autoconfig/doctor/doctor.h"
#include "autoconfig/doctor/probe.h"

struct live_options {
	const char *resolver; /* "127.0.0.1@53", or NULL for the system's */
	const char *ca;       /* trusted beside the system's, or NULL */
	view at;              /* the domain's names are there; "" */
	unsigned base_port;   /* added to ports below 1024 */
	bool inside;          /* private addresses are fine */
	bool alone;           /* a demo: no name but the domain's, no DNS */
};

enum { LIVE_PROBES = 48 };

struct live_probe {
	struct offer offer;
	struct probe_report report;
};

struct live_report {
	struct reading readings[DOCTOR_READERS];
	struct live_probe probes[LIVE_PROBES];
	size_t probe_count;
	size_t faults;
};

/* Views live in the arena.  Blocks, for a minute when names are dead. */
CHECKED result live_run(const struct live_options *, struct arena *,
    const struct person *, struct live_report *out);

#endif
