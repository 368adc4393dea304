/* /domains: what somebody administers, and one of them with its mailboxes. */
#include "davd/page_domains.h"

#include "mailcore/admin/check.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"

enum { PAGE = 100, MADE_TEXT = 64 };

static view
number(const struct page *p, int64_t n)
{
	return n > 0 ? arena_print(p->request->arena, "%lld", (long long)n)
		     : VIEW("");
}

/* Mailboxes and quota of a domain, as rows "boxes" and "given". */
static result
add_shares(struct page *p, struct html *html, int64_t domain)
{
	struct domain_share limit, used;

	TRY(domain_share_get(p->services->dav.store, domain, &limit, &used));
	page_share(html, "boxes", number(p, used.mailboxes),
	    number(p, limit.mailboxes));
	page_share(html, "given", page_size(p, used.quota),
	    page_size(p, limit.quota));
	return done();
}

static result
add_domains(struct page *p, const struct domain *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct html *row = html_row(p->html, "domains");

		html_number(row, "hosted_id", (uint64_t)list[i].id);
		html_text(row, "hosted", list[i].name);
		TRY(add_shares(p, row, list[i].id));
	}
	return done();
}

static void
show_list(struct page *p)
{
	struct domain *list;
	size_t count;
	result r = administrator_domains(p->services->dav.store,
	    p->request->arena, p->session.account, &list, &count);

	if (r.is == OK && count == 0)
		r = fail(NOT_FOUND, "administers nothing");
	if (r.is == OK && count > 1)
		r = add_domains(p, list, count);
	if (r.is != OK) {
		page_fault_of(p, r);
	} else if (count == 1) {
		page_go_domain(p, list[0].id, NULL);
	} else if (page_is_post(p)) {
		page_go(p, "/domains", NULL);
	} else {
		html_flag(p->html, "at_domains", true);
		page_send(p, "domains", "title.domains");
	}
}

static void
add_mailbox(struct page *p, const struct account_info *a)
{
	struct html *row = html_row(p->html, "mailboxes");

	html_number(row, "mailbox_id", (uint64_t)a->id);
	html_text(row, "mailbox", a->address);
	html_text(row, "person", a->name);
	html_flag(row, "enabled", a->enabled);
	page_share(row, "space", page_size(p, a->used),
	    page_size(p, a->quota));
}

static result
add_mailboxes(struct page *p, int64_t domain)
{
	struct domain_admin w = page_admin(p);
	view after = form_value(&p->query, VIEW("after")), last = VIEW("");
	struct account_info *list;
	size_t count;

	TRY(domain_admin_mailboxes(&w, p->request->arena, domain, after,
	    PAGE + 1, &list, &count));
	for (size_t i = 0; i < count && i < PAGE; i++) {
		add_mailbox(p, &list[i]);
		last = list[i].address;
	}
	html_flag(p->html, "mailboxes_shown", last.n > 0);
	html_flag(p->html, "later", after.n > 0);
	html_text(p->html, "next", count > PAGE && last.n > 0
	        ? page_next(p, "after", last)
	        : VIEW(""));
	return done();
}

static void
fill_typed(struct page *p)
{
	static const char *const names[] = { "part", "person", "quota" };

	for (size_t i = 0; i < COUNT(names); i++)
		html_text(p->html, names[i],
		    form_value(&p->form, view_of(names[i])));
}

void
page_domain_show(struct page *p, const struct domain *hosted)
{
	result r = add_shares(p, p->html, hosted->id);

	if (r.is == OK)
		r = add_mailboxes(p, hosted->id);
	if (r.is == OK)
		r = page_aliases(p, hosted);
	if (r.is != OK) {
		page_fault_of(p, r);
		return;
	}
	html_flag(p->html, "at_domains", true);
	html_number(p->html, "hosted_id", (uint64_t)hosted->id);
	html_text(p->html, "hosted", hosted->name);
	html_flag(p->html, "off", !hosted->enabled);
	fill_typed(p);
	page_done(p);
	page_send(p, "domain", "title.domain");
}

/* The key of why there is no such mailbox; NULL: that is no fault of the
 * form. */
static const char *
why_not(const struct page *p, int64_t domain,
    const struct mailbox_wanted *wanted, result r, bool weak)
{
	if (weak)
		return page_weak(r);
	if (r.is == EXISTS)
		return "add.taken";
	if (r.is != MALFORMED && r.is != OVER_LIMIT)
		return NULL;
	if (check_name(wanted->name).is != OK)
		return "add.bad_name";
	return r.is == MALFORMED ? "add.bad_part"
				 : page_limit(p, domain, wanted->quota, true);
}

static void
say_wrong(struct page *p, const struct domain *hosted, const char *key)
{
	html_flag(p->html, "wrong_add", true);
	page_wrong(p, 400, key);
	page_domain_show(p, hosted);
}

/* As it is kept, whatever was typed. */
static view
address_of(const struct page *p, const struct domain *hosted,
    const struct mailbox_wanted *wanted)
{
	struct arena *arena = p->request->arena;

	return arena_lower(arena, arena_print(arena, "%.*s@%.*s",
	    (int)wanted->local_part.n, wanted->local_part.p,
	    (int)hosted->name.n, hosted->name.p));
}

static void
add_one(struct page *p, const struct domain *hosted)
{
	struct domain_admin w = page_admin(p);
	struct buf made = buf_new(MADE_TEXT);
	struct mailbox_wanted wanted = {
		.local_part = page_local_part(p, "part", hosted),
		.name = view_trim(form_value(&p->form, VIEW("person"))),
		.password = page_password(p, &made),
	};
	const char *wrong = NULL;
	bool weak = false;
	int64_t id = 0;
	result r = done();

	if (wanted.local_part.n > LIMIT_LOCAL_PART)
		wrong = "add.bad_part";
	else if (!page_quota(p, &wanted.quota))
		wrong = "quota.bad";
	else
		r = domain_admin_mailbox_add(&w, hosted->id, &wanted, &id,
		    &weak);
	if (r.is != OK)
		wrong = why_not(p, hosted->id, &wanted, r, weak);
	if (wrong != NULL)
		say_wrong(p, hosted, wrong);
	else if (r.is != OK)
		page_fault_of(p, r);
	else if (made.n == 0)
		page_go_domain(p, hosted->id, "mailbox");
	else
		page_password_made(p, id, address_of(p, hosted, &wanted),
		    buf_view(&made));
	secret_wipe(made.p, made.n);
	buf_free(&made);
}

static void
show_dns(struct page *p, const struct domain *hosted)
{
	page_domain_dns(p, hosted, false);
}

static void
send_zone(struct page *p, const struct domain *hosted)
{
	page_domain_dns(p, hosted, true);
}

static void
go_back(struct page *p, const struct domain *hosted)
{
	page_go_domain(p, hosted->id, NULL);
}

static void
answer_one(struct page *p)
{
	static const struct {
		const char *what;
		void (*get)(struct page *, const struct domain *);
		void (*post)(struct page *, const struct domain *);
	} parts[] = {
		{ "", page_domain_show, add_one },
		{ "/alias", go_back, page_alias_add },
		{ "/alias/remove", go_back, page_alias_remove },
		{ "/dns", show_dns, go_back },
		{ "/dns/zone", send_zone, go_back },
	};
	struct domain hosted;
	int64_t id;
	size_t at = 0;
	view what;
	result r = fail(NOT_FOUND, "no such page");

	if (page_number(p, VIEW("/domains/"), &id, &what))
		r = administrator_may(p->services->dav.store,
		    p->request->arena, p->session.account, id, &hosted);
	while (r.is == OK && at < COUNT(parts)
	    && !view_eq(what, view_of(parts[at].what)))
		at++;
	if (r.is == OK && at == COUNT(parts))
		r = fail(NOT_FOUND, "no such page");
	if (r.is != OK)
		page_fault_of(p, r);
	else if (page_is_post(p))
		parts[at].post(p, &hosted);
	else
		parts[at].get(p, &hosted);
}

void
page_domains(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (view_eq(request->path, VIEW("/domains")))
		show_list(&p);
	else
		answer_one(&p);
}
