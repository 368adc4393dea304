/*
 * page_calendars.h - what the pages of calendars and address books share.
 */
#ifndef DAVD_PAGE_CALENDARS_H
#define DAVD_PAGE_CALENDARS_H

#include "davd/page_person.h"
#include "mailcore/admin/transfer.h"

/* The page with all of them, also to say what is wrong. */
void page_calendars_show(struct page *);

/* The latest changes, as rows of "changes". */
CHECKED result page_changes_add(struct page *, struct account *);

/* As people call it. */
view page_collection_name(const struct collection *);

#endif
