/*
 * page_person.h - the pages of somebody who is signed in, one file each.
 */
#ifndef DAVD_PAGE_PERSON_H
#define DAVD_PAGE_PERSON_H

#include "davd/page.h"

/* "/" for who is signed in, and for who is not. */
void page_home(struct page *);
void page_welcome(struct page *);

/* For mailcore/admin/person.h. */
struct person page_who(const struct page *);

/* "imap" as people write it. */
view page_protocol(const struct page *, view protocol);

/* The list, which says that there are too many. */
void page_apps_full(struct page *);

#endif
