/*
 * question.h - which domain does somebody ask about?
 */
#ifndef AUTOCONFIG_QUESTION_H
#define AUTOCONFIG_QUESTION_H

#include "mailcore/format/address.h"

/* Domains to look for, the likeliest first. */
struct autoconfig_question {
	view domains[2];
	size_t count;
};

/* One address as people type it and programs send it: spaces around it and a
 * dot at its end are dropped, its domain becomes A-labels.  MALFORMED. */
CHECKED result autoconfig_address(view text, struct arena *,
    struct address *out);

/* `address`: the emailaddress parameter, decoded ("" : none); its domain
 * wins.  Without one: the host, then the host without "autoconfig." and the
 * like.  Nothing is looked for when neither can be a hosted domain.
 * MALFORMED: an address that is none. */
CHECKED result autoconfig_ask(view address, view host, struct arena *,
    struct autoconfig_question *out);

#endif
