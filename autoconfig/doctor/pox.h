/*
 * pox.h - an Autodiscover answer (MS-OXDSCLI) by the rules of those who read
 * it.
 */
#ifndef DOCTOR_POX_H
#define DOCTOR_POX_H

#include "autoconfig/doctor/doctor.h"

enum pox_rules {
	POX_OUTLOOK,
	POX_THUNDERBIRD, /* the port decides between TLS and STARTTLS */
	POX_FAIREMAIL,   /* so too; AccountType and Action come first */
	POX_EMCLIENT     /* CalDAV and CardDAV beside */
};

/* Adds the offers, or says the first fault. */
void pox_read(struct reading *, const struct document *, struct arena *,
    const struct person *, enum pox_rules);

#endif
