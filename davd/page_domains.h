/*
 * page_domains.h - what the pages of who administers a domain share.  What a
 * person may is decided by mailcore/admin/domain_admin.h alone.
 */
#ifndef DAVD_PAGE_DOMAINS_H
#define DAVD_PAGE_DOMAINS_H

#include "davd/page_person.h"
#include "mailcore/admin/domain_admin.h"

struct domain_admin page_admin(const struct page *);

/* "PREFIX7/what", without query: 7, and "/what".  false: another path. */
bool page_number(const struct page *, view prefix, int64_t *id, view *what);

/* "3 of 25": a row `name`, a literal, for the template share.  Both may be
 * "": nothing is used, there is no limit. */
void page_share(struct html *, const char *name, view used, view limit);

/* Bytes for people; "" for 0. */
view page_size(const struct page *, int64_t bytes);

/* The quota that was typed, nothing being none.  false: it is wrong. */
bool page_quota(const struct page *, int64_t *out);

/* The key of what a domain's limits were against. */
const char *page_limit(const struct page *, int64_t domain, int64_t quota,
    bool adds);

/* The key of what is wrong with a password. */
const char *page_weak(result);

/* The password that was typed, or one that is made in `made`. */
view page_password(const struct page *, struct buf *made);

/* It is shown once, here. */
void page_password_made(struct page *, int64_t mailbox, view address,
    view password);

/* "?FIELD=LAST" of a list's next page, in the same language. */
view page_next(const struct page *, const char *field, view last);

/* Of an address of the domain, which some type whole. */
view page_local_part(const struct page *, const char *field,
    const struct domain *);

/* 303 to "/domains/ID" or "/domains/mailbox/ID". */
void page_go_domain(struct page *, int64_t id, const char *done);
void page_go_mailbox(struct page *, int64_t id, const char *done);

/* A domain's page, also to say what is wrong. */
void page_domain_show(struct page *, const struct domain *);

/* The DNS records that it wants, as a page or as a zone file. */
void page_domain_dns(struct page *, const struct domain *, bool file);

/* Its further addresses, at most a hundred. */
CHECKED result page_aliases(struct page *, const struct domain *);
void page_alias_add(struct page *, const struct domain *);
void page_alias_remove(struct page *, const struct domain *);

#endif
