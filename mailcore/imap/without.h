/*
 * without.h - capabilities that the administrator has switched off, for all
 * or for one person: they are not told of, and what they would allow is not
 * understood.
 */
#ifndef IMAP_WITHOUT_H
#define IMAP_WITHOUT_H

#include "mailcore/imap/fetch.h"

/* Read at the login what is switched off for that person alone. */
CHECKED result without_read(struct imap *);

CHECKED result without_check_verb(const struct imap *, const struct verb *);
CHECKED result without_check_fetch(
    const struct imap *, const struct fetch *);

#endif
