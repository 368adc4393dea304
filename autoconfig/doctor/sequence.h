/*
 * sequence.h - a program's requests for a settings document, one after the
 * other, until one is taken.
 *
 * In a URL, %D stands for the domain, %E for the address as JavaScript's
 * encodeURIComponent writes it, %R for the address as it is, %A for the
 * address with every byte but letters and digits encoded, %M for the MD5 of
 * the address, %X for the mail exchanger without its first label, %B for its
 * last two labels, %F for all of it.  A step whose exchanger is in the domain
 * itself is skipped.
 */
#ifndef DOCTOR_SEQUENCE_H
#define DOCTOR_SEQUENCE_H

#include "autoconfig/doctor/doctor.h"

struct step {
	const char *url;
	enum ask_method method;
	bool no_follow;
	bool untyped;
	bool database; /* somebody else's: its troubles are not ours */
};

struct sequence {
	const struct step *steps;
	size_t count;
	/* Is this answer taken, before it is read? */
	bool (*chosen)(const struct document *);
	/* Read it: offers, or a fault. */
	void (*read)(struct reading *, const struct document *,
	    struct arena *, const struct person *);
	/* One that cannot be read ends the search. */
	bool stops;
};

/* Runs it; true when offers came of it. */
bool sequence_run(const struct sequence *, struct reading *,
    const struct world *, struct arena *, const struct person *);

/* For `chosen`. */
bool sequence_is_200(const struct document *);
bool sequence_is_2xx(const struct document *);

/* The last two labels: near enough to what can be registered. */
view sequence_site(view host);

/* A step's URL; empty when the step is to be skipped. */
view sequence_url(const char *pattern, const struct world *, struct arena *,
    const struct person *);

#endif
