/* Who signs in, and what they see first: the cards. */
#include "davd/page_person.h"

#include "davd/web/platform.h"
#include "mailcore/base/limits.h"

static result
find_person(struct page *p)
{
	struct arena *arena = p->request->arena;
	struct service_set set;
	struct domain domain;
	view rest;

	TRY(account_get(p->services->dav.store, arena, p->session.account,
	    &p->person));
	rest = p->person.address;
	(void)view_cut_last(&rest, '@');
	TRY(domain_find(p->services->dav.store, arena, rest, &domain));
	TRY(service_set_make(p->services->conf, domain.name,
	    domain.display_name, arena, &set));
	page_about(p, &set);
	return done();
}

/* A form that changes something: from a page of ours, and not too often. */
static bool
may_change(struct page *p)
{
	result r = visit_may_change(p->request, &p->session,
	    form_value(&p->form, VIEW(VISIT_FORM_FIELD)));

	if (r.is == OK)
		r = visit_rate(&p->services->api, p->request, p->answer,
		    &p->session, true);
	if (r.is != OK)
		page_fault_of(p, r);
	return r.is == OK;
}

bool
page_begin_person(struct page *p, void *services,
    const struct request *request, struct answer *answer)
{
	result r;

	if (!page_begin(p, services, request, answer))
		return false;
	r = visit_find(&p->services->api, request, &p->session);
	if (r.is == DENIED) {
		page_go(p, "/", page_is_post(p) ? "again" : NULL);
		return false;
	}
	if (r.is == OK)
		r = find_person(p);
	if (r.is != OK) {
		p->session = (struct auth_session){ 0 };
		page_fault_of(p, r);
		return false;
	}
	return !page_is_post(p) || may_change(p);
}

struct person
page_who(const struct page *p)
{
	return (struct person){ .store = p->services->dav.store,
		.post = p->services->api.post,
		.account = p->session.account };
}

/* Mailcow's four: what is set up, and who types the password. */
static const struct {
	const char *value, *what, *how;
	bool dav;
} variants[] = {
	{ "full-app", "apple.full", "apple.app", true },
	{ "full-typed", "apple.full", "apple.typed", true },
	{ "mail-app", "apple.mail", "apple.app", false },
	{ "mail-typed", "apple.mail", "apple.typed", false },
};

static void
add_variants(struct page *p)
{
	bool first = true;

	for (size_t i = 0; i < COUNT(variants); i++) {
		struct html *row;

		if (variants[i].dav && p->set.dav.n == 0)
			continue;
		row = html_row(p->html, "variants");
		html_text(row, "value", view_of(variants[i].value));
		html_text(row, "what", page_word(p, variants[i].what));
		html_text(row, "how", page_word(p, variants[i].how));
		html_flag(row, "here", first);
		first = false;
	}
}

void
page_home(struct page *p)
{
	enum platform here = platform_of(p->request);

	html_flag(p->html, "at_home", true);
	html_flag(p->html, "on_apple", here == PLATFORM_IPHONE
	    || here == PLATFORM_MAC);
	html_flag(p->html, "on_android", here == PLATFORM_ANDROID);
	html_flag(p->html, "on_computer", here == PLATFORM_WINDOWS
	    || here == PLATFORM_LINUX);
	html_flag(p->html, "has_mail", p->set.incoming_count > 0);
	html_flag(p->html, "has_dav", p->set.dav.n > 0);
	add_variants(p);
	page_fact(p, p->html, "who", "sign_in.address", p->person.address);
	page_servers(p, p->person.address);
	page_done(p);
	page_send(p, "home", "title.home");
}

/* Wrong: the same form again, with what was typed but the password. */
static void
sign_in_failed(struct page *p, result r)
{
	html_text(p->html, "typed", view_first(form_value(&p->form,
	    VIEW("address")), LIMIT_ADDRESS));
	if (r.is == DENIED)
		page_wrong(p, 403, "sign_in.denied");
	else if (r.is == BUSY)
		page_wrong(p, 429, "sign_in.busy");
	else
		page_wrong(p, 400, "sign_in.plain");
	page_welcome(p);
}

void
page_sign_in(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;
	result r;

	if (!page_begin(&p, services, request, answer))
		return;
	if (!page_is_post(&p)) {
		page_go(&p, "/", NULL);
		return;
	}
	r = visit_guest_may(&p.services->api, request,
	    form_value(&p.form, VIEW(VISIT_FORM_FIELD)));
	if (r.is != OK) {
		page_fault_of(&p, r);
		return;
	}
	r = visit_sign_in(&p.services->api, request, answer,
	    form_value(&p.form, VIEW("address")),
	    form_value(&p.form, VIEW("password")), &p.session);
	if (r.is == OK)
		page_go(&p, "/", NULL);
	else if (r.is == DENIED || r.is == BUSY || r.is == MALFORMED)
		sign_in_failed(&p, r);
	else
		page_fault_of(&p, r);
}

void
page_sign_out(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;
	result r;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (!page_is_post(&p)) {
		page_go(&p, "/", NULL);
		return;
	}
	r = visit_sign_out(&p.services->api, request, answer, &p.session);
	if (r.is == OK)
		page_go(&p, "/", "out");
	else
		page_fault_of(&p, r);
}
