/*
 * page.h - one page for people: who asks, in which language, and what is on
 * it.
 *
 * A handler begins a page, fills its blanks (web/html.h) and sends it; what
 * fails on the way becomes a page that says so.  Every page carries the same
 * security fields, and those of somebody who is signed in are not kept by
 * anybody.
 */
#ifndef DAVD_PAGE_H
#define DAVD_PAGE_H

#include "autoconfig/service_set.h"
#include "davd/api/visit.h"
#include "davd/pages.h"
#include "davd/web/form.h"
#include "davd/web/html.h"
#include "mailcore/admin/person.h"

struct page {
	const struct page_services *services;
	const struct request *request;
	struct answer *answer;
	struct form query, form; /* `form`: of a POST */
	view file; /* that came with it, or "" */
	enum text_language language;
	view tail;             /* "?lang=fr" when that was asked for, or "" */
	struct html *html;
	struct service_set set; /* of the domain that the page is about */
	struct auth_session session; /* account 0: nobody is signed in */
	struct account_info person;  /* who is; name and address */
};

/* What everybody may see: language, domain by the Host's name.  false: it is
 * answered. */
bool page_begin(struct page *, void *services, const struct request *,
    struct answer *);

/* For who is signed in alone; others are sent to the start.  A POST must come
 * from a form of ours, and often it may not come.  false: it is answered. */
bool page_begin_person(struct page *, void *services,
    const struct request *, struct answer *);

/* It is about the domain of these services. */
void page_about(struct page *, const struct service_set *);

bool page_is_post(const struct page *);

/* A sentence, as a value. */
view page_word(const struct page *, const char *key);

/* A moment of the past or future: NAME for people, NAME_iso for scripts; both
 * must be literals. */
void page_moment(const struct page *, struct html *, const char *const name[2],
    int64_t seconds);

/* The services of the page's domain, as the table of servers wants them;
 * with an address also its own URLs. */
void page_servers(struct page *, view address);

/* "What: value", with a button that copies it. */
void page_fact(const struct page *, struct html *, const char *list,
    const char *key, view value);

/* The template of that name; `title` is a key. */
void page_send(struct page *, const char *template, const char *title);

/* The same for everybody who asks alike: with an ETag. */
void page_send_public(struct page *, const char *template, const char *title);

/* A page that says what is wrong: its keys are fault.KIND. */
void page_fault(struct page *, unsigned status, const char *kind);
void page_fault_of(struct page *, result);

/* 303 to "PATH" in the same language; `done` is a word for page_done, or
 * NULL. */
void page_go(struct page *, const char *path, const char *done);

/* Says what a form before has done, when the query tells. */
void page_done(struct page *);

/* What is wrong with the form that was sent; `key` of a sentence. */
void page_wrong(struct page *, unsigned status, const char *key);

/* The fields that every page and file of ours carries. */
void page_guard(struct answer *);

#endif
