/*
 * report.h - the reports (RFC 3253 3.6), a file each.  Every one gets the
 * root element of the request.
 */
#ifndef DAV_REPORT_H
#define DAV_REPORT_H

#include "davd/dav/stream.h"

void report_sync(struct dav *, const struct xml_element *);
void report_sync_home(struct dav *, const struct xml_element *);
void report_multiget(struct dav *, const struct xml_element *);
void report_calendar_query(struct dav *, const struct xml_element *);
void report_book_query(struct dav *, const struct xml_element *);
void report_busy(struct dav *, const struct xml_element *);
void report_principal_search(struct dav *, const struct xml_element *);
void report_principal_properties(struct dav *, const struct xml_element *);
void report_principal_match(struct dav *, const struct xml_element *);
void report_member_match(struct dav *, const struct xml_element *);
void report_acl_principals(struct dav *, const struct xml_element *);
void report_expand(struct dav *, const struct xml_element *);

/* The DAV:prop, DAV:allprop or DAV:propname of a report; getetag alone when
 * there is none of them. */
CHECKED result report_wanted(
    struct dav *, const struct xml_element *, struct prop_wanted *out);

/* What a PROPFIND asks for; `root` may be NULL. */
CHECKED result propfind_wanted(
    struct dav *, const struct xml_element *root, struct prop_wanted *out);

/* The filter and limit (0: none) of an addressbook-query; false: refused. */
bool report_book_filter(struct dav *, const struct xml_element *root,
    const struct xml_element **filter, uint64_t *limit);

/* DAV:limit/DAV:nresults and its twin of CardDAV: 0 without; MALFORMED. */
CHECKED result report_limit(const struct xml_element *, view ns, uint64_t *out);

#endif
