/* /security: the password, who came by which way, and who is signed in. */
#include "davd/page_person.h"

#include "davd/web/platform.h"
#include "mailcore/sys/clock.h"

static view
label_of(const struct app_password *apps, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (apps[i].id == id)
			return apps[i].label;
	return VIEW("");
}

static const char *const used_names[] = { "used", "used_iso" };

static result
add_logins(struct page *p)
{
	struct store *store = p->services->dav.store;
	struct arena *arena = p->request->arena;
	struct app_password *apps;
	struct login_row *rows;
	size_t count, app_count;

	TRY(login_list(store, arena, p->session.account, 0, &rows, &count));
	TRY(app_password_list(store, arena, p->session.account, &apps,
	    &app_count));
	for (size_t i = count; i > 0; i--) { /* the newest first */
		const struct login_row *l = &rows[i - 1];
		struct html *row = html_row(p->html, "logins");

		html_text(row, "protocol", page_protocol(p, l->protocol));
		page_moment(p, row, used_names, l->used);
		html_text(row, "peer", l->peer);
		html_text(row, "label", label_of(apps, app_count, l->app));
	}
	return done();
}

static result
add_sessions(struct page *p)
{
	struct auth_session_rules rules = visit_rules(p->services->conf);
	int64_t now = clock_now();
	struct session_row *rows;
	size_t count;

	TRY(session_list(p->services->dav.store, p->request->arena,
	    p->session.account, now, now - rules.idle, &rows, &count));
	for (size_t i = 0; i < count; i++) {
		const char *browser = platform_browser(rows[i].agent);
		struct html *row = html_row(p->html, "sessions");

		html_number(row, "id", (uint64_t)rows[i].id);
		html_flag(row, "this", rows[i].id == p->session.id);
		html_text(row, "browser", browser[0] != '\0'
		        ? view_of(browser)
		        : page_word(p, "sessions.unknown"));
		html_text(row, "agent", rows[i].agent);
		html_text(row, "peer", rows[i].peer);
		page_moment(p, row, used_names, rows[i].used);
	}
	return done();
}

static void
show(struct page *p)
{
	result r = add_logins(p);

	if (r.is == OK)
		r = add_sessions(p);
	if (r.is != OK) {
		page_fault_of(p, r);
		return;
	}
	html_flag(p->html, "at_security", true);
	page_done(p);
	page_send(p, "security", "title.security");
}

void
page_security(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;

	if (page_begin_person(&p, services, request, answer))
		show(&p);
}

static void
say_wrong(struct page *p, result r, bool weak)
{
	if (r.is == DENIED && weak)
		page_wrong(p, 400, "password.weak");
	else if (r.is == DENIED)
		page_wrong(p, 403, "password.denied");
	else if (r.is == BUSY)
		page_wrong(p, 429, "sign_in.busy");
	else
		page_wrong(p, 400, "password.bad");
	show(p);
}

static void
change(struct page *p)
{
	struct person person = page_who(p);
	struct person_password wanted = {
		.auth = p->services->dav.auth,
		.old = { .user = p->person.address,
		    .password = form_value(&p->form, VIEW("old")),
		    .protocol = VIEW("web"),
		    .peer = p->request->peer },
		.fresh = form_value(&p->form, VIEW("fresh")),
		.least = (unsigned)p->services->conf->password_strength,
		.keep = p->session.id,
	};
	bool weak = false;
	result r;

	if (!view_eq(wanted.fresh, form_value(&p->form, VIEW("again")))) {
		page_wrong(p, 400, "password.differ");
		show(p);
		return;
	}
	r = person_set_password(&person, &wanted, &weak,
	    &p->answer->delay_ms);
	if (r.is == OK)
		page_go(p, "/security", "password");
	else if (r.is == DENIED || r.is == BUSY || r.is == MALFORMED
	    || r.is == OVER_LIMIT)
		say_wrong(p, r, weak);
	else
		page_fault_of(p, r);
}

void
page_security_password(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (page_is_post(&p))
		change(&p);
	else
		page_go(&p, "/security", NULL);
}

void
page_security_end(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;
	struct person person;
	uint64_t id;
	result r = done();

	if (!page_begin_person(&p, services, request, answer))
		return;
	person = page_who(&p);
	if (page_is_post(&p)
	    && view_number(form_value(&p.form, VIEW("id")), INT64_MAX, &id))
		r = person_session_end(&person, (int64_t)id);
	if (r.is == OK || r.is == NOT_FOUND)
		page_go(&p, "/security", page_is_post(&p) ? "ended" : NULL);
	else
		page_fault_of(&p, r);
}

void
page_security_everywhere(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;
	struct person person;
	result r;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (!page_is_post(&p)) {
		page_go(&p, "/security", NULL);
		return;
	}
	person = page_who(&p);
	r = person_sign_out_everywhere(&person);
	if (r.is == OK) {
		visit_forget(answer);
		page_go(&p, "/", "everywhere");
	} else {
		page_fault_of(&p, r);
	}
}
