/* /domains/mailbox/: a mailbox, as who administers its domain keeps it. */
#include "davd/page_domains.h"

#include "mailcore/admin/size.h"
#include "mailcore/base/secret.h"

enum { MADE_TEXT = 64, SIZE_TEXT = 64 };

static void
fill_quota(struct page *p, int64_t quota)
{
	struct buf text = buf_new(SIZE_TEXT);

	size_write(quota, &text);
	html_text(p->html, "quota", buf_view(&text));
	buf_free(&text);
}

static view
domain_of(const struct account_info *a)
{
	view rest = a->address;

	(void)view_cut_last(&rest, '@');
	return rest;
}

static void
show(struct page *p, const struct account_info *a)
{
	html_flag(p->html, "at_domains", true);
	html_number(p->html, "mailbox_id", (uint64_t)a->id);
	html_text(p->html, "mailbox", a->address);
	html_text(p->html, "person", a->name);
	html_number(p->html, "hosted_id", (uint64_t)a->domain);
	html_text(p->html, "hosted", domain_of(a));
	html_flag(p->html, "enabled", a->enabled);
	html_flag(p->html, "withheld", a->withheld);
	html_flag(p->html, "own", a->id == p->session.account);
	page_share(p->html, "space", page_size(p, a->used),
	    page_size(p, a->quota));
	fill_quota(p, a->quota);
	if (view_ends(p->request->path, VIEW("/quota")))
		html_text(p->html, "quota",
		    form_value(&p->form, VIEW("quota")));
	page_done(p);
	page_send(p, "mailbox", "title.mailbox");
}

/* `form`: a flag of the one that is wrong. */
static void
say_wrong(struct page *p, const struct account_info *a, const char *form,
    const char *key)
{
	html_flag(p->html, form, true);
	page_wrong(p, 400, key);
	show(p, a);
}

/* Browsers that show it live learn that it is signed out. */
static void
wake(struct page *p, int64_t id)
{
	if (p->services->api.events != NULL)
		events_wake(p->services->api.events, id);
}

static void
set_quota(struct page *p, const struct account_info *a)
{
	struct domain_admin w = page_admin(p);
	int64_t bytes;
	result r;

	if (!page_quota(p, &bytes)) {
		say_wrong(p, a, "wrong_quota", "quota.bad");
		return;
	}
	r = domain_admin_quota(&w, a->id, bytes);
	if (r.is == OK)
		page_go_mailbox(p, a->id, "quota");
	else if (r.is == OVER_LIMIT)
		say_wrong(p, a, "wrong_quota",
		    page_limit(p, a->domain, bytes, false));
	else
		page_fault_of(p, r);
}

/* What is DENIED is so for one's own, or for who is above.  `switches`: or for
 * what the operator has switched off. */
static const char *
why_denied(const struct page *p, const struct account_info *a, bool switches)
{
	if (switches && a->withheld)
		return "mailbox.withheld";
	return a->id == p->session.account ? "mailbox.own" : "mailbox.above";
}

static void
set_enabled(struct page *p, const struct account_info *a)
{
	struct domain_admin w = page_admin(p);
	bool on = form_has(&p->form, VIEW("enabled"), VIEW("1"));
	result r = domain_admin_enable(&w, a->id, on);

	if (r.is == OK) {
		wake(p, a->id);
		page_go_mailbox(p, a->id, on ? "enabled" : "disabled");
	} else if (r.is == DENIED) {
		say_wrong(p, a, "wrong_enabled", why_denied(p, a, true));
	} else {
		page_fault_of(p, r);
	}
}

static void
set_password(struct page *p, const struct account_info *a)
{
	struct domain_admin w = page_admin(p);
	struct buf made = buf_new(MADE_TEXT);
	bool weak = false;
	result r = domain_admin_password(&w, a->id, page_password(p, &made),
	    &weak);

	if (r.is == OK)
		wake(p, a->id);
	if (r.is == OK && made.n > 0)
		page_password_made(p, a->id, a->address, buf_view(&made));
	else if (r.is == OK)
		page_go_mailbox(p, a->id, "fresh");
	else if (weak)
		say_wrong(p, a, "wrong_password", page_weak(r));
	else if (r.is == DENIED)
		say_wrong(p, a, "wrong_password", why_denied(p, a, false));
	else
		page_fault_of(p, r);
	secret_wipe(made.p, made.n);
	buf_free(&made);
}

static void
remove_it(struct page *p, const struct account_info *a)
{
	struct domain_admin w = page_admin(p);
	result r;

	if (!view_same(view_trim(form_value(&p->form, VIEW("address"))),
	        a->address)) {
		say_wrong(p, a, "wrong_remove", "remove.bad");
		return;
	}
	r = domain_admin_mailbox_remove(&w, a->id);
	if (r.is == OK) {
		wake(p, a->id);
		page_go_domain(p, a->domain, "removed");
	} else if (r.is == DENIED) {
		say_wrong(p, a, "wrong_remove", why_denied(p, a, true));
	} else {
		page_fault_of(p, r);
	}
}

void
page_domain_mailbox(void *services, const struct request *request,
    struct answer *answer)
{
	static const struct {
		const char *what;
		void (*change)(struct page *, const struct account_info *);
	} forms[] = {
		{ "/quota", set_quota },
		{ "/enabled", set_enabled },
		{ "/password", set_password },
		{ "/remove", remove_it },
	};
	struct account_info mailbox;
	struct domain_admin w;
	struct page p;
	int64_t id = 0;
	size_t at = 0;
	view what;
	result r = fail(NOT_FOUND, "no such page");

	if (!page_begin_person(&p, services, request, answer))
		return;
	w = page_admin(&p);
	if (page_number(&p, VIEW("/domains/mailbox/"), &id, &what))
		r = domain_admin_mailbox(&w, request->arena, id, &mailbox);
	while (r.is == OK && at < COUNT(forms)
	    && !view_eq(what, view_of(forms[at].what)))
		at++;
	if (r.is == OK && at == COUNT(forms) && what.n > 0)
		r = fail(NOT_FOUND, "no such form");
	if (r.is != OK)
		page_fault_of(&p, r);
	else if (at < COUNT(forms) && page_is_post(&p))
		forms[at].change(&p, &mailbox);
	else if (at < COUNT(forms) || page_is_post(&p))
		page_go_mailbox(&p, id, NULL);
	else
		show(&p, &mailbox);
}
