/*
 * question.h - which domain does somebody ask about?
 */
#ifndef AUTOCONFIG_QUESTION_H
#define AUTOCONFIG_QUESTION_H

#include "mailcore/base/arena.h"

/* Domains to look for, the likeliest first. */
struct autoconfig_question {
	view domains[2];
	size_t count;
};

/* `address`: the emailaddress parameter, decoded ("" : none); its domain
 * wins.  Without one: the host, then the host without "autoconfig." and the
 * like.  Nothing is looked for when neither can be a hosted domain.
 * MALFORMED: an address that is none. */
CHECKED result autoconfig_ask(view address, view host, struct arena *,
    struct autoconfig_question *out);

#endif
