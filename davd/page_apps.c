/* /app-passwords: the list, and making and revoking one. */
#include "davd/page_person.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"

static const struct {
	unsigned right;
	const char *value, *key, *name;
} kinds[] = {
	{ APP_IMAP, "imap", "right.imap", "IMAP" },
	{ APP_POP3, "pop3", "right.pop3", "POP3" },
	{ APP_SMTP, "smtp", "right.smtp", "SMTP" },
	{ APP_CALDAV, "caldav", "right.caldav", "CalDAV" },
	{ APP_CARDDAV, "carddav", "right.carddav", "CardDAV" },
};

static const struct {
	const char *value, *key;
	int64_t days;
} ends[] = {
	{ "never", "apps.end.never", 0 },
	{ "7", "apps.end.7", 7 },
	{ "30", "apps.end.30", 30 },
	{ "90", "apps.end.90", 90 },
	{ "365", "apps.end.365", 365 },
};

view
page_protocol(const struct page *p, view protocol)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (view_eq(protocol, view_of(kinds[i].value)))
			return view_of(kinds[i].name);
	if (view_eq(protocol, VIEW("dav")))
		return VIEW("CalDAV, CardDAV");
	return view_eq(protocol, VIEW("web")) ? page_word(p, "logins.web")
	                                      : protocol;
}

/* "IMAP, SMTP, CalDAV" */
static void
add_rights(struct html *row, unsigned rights)
{
	struct buf text = buf_new(128);

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if ((rights & kinds[i].right) == 0)
			continue;
		if (text.n > 0)
			buf_add(&text, VIEW(", "));
		buf_add_text(&text, kinds[i].name);
	}
	html_text(row, "rights", buf_view(&text));
	buf_free(&text);
}

static void
add_app(struct page *p, const struct app_password *app, int64_t now)
{
	static const char *const created[] = { "created", "created_iso" };
	static const char *const expires[] = { "expires", "expires_iso" };
	static const char *const used[] = { "used", "used_iso" };
	struct html *row = html_row(p->html, "apps");

	html_number(row, "app", (uint64_t)app->id);
	html_text(row, "label", app->label);
	html_text(row, "networks", app->networks);
	add_rights(row, app->rights);
	page_moment(p, row, created, app->created);
	html_flag(row, "expires", false);
	html_flag(row, "ended", app->expires != 0 && app->expires <= now);
	if (app->expires > now)
		page_moment(p, row, expires, app->expires);
	html_flag(row, "used", false);
	if (app->used != 0) {
		page_moment(p, row, used, app->used);
		html_text(row, "used_peer", app->used_peer);
		html_text(row, "used_protocol",
		    page_protocol(p, app->used_protocol));
	}
}

/* What the form to make one offers, as it was sent, or as most want it. */
static void
add_choices(struct page *p)
{
	bool again = page_is_post(p);
	view chosen = form_value(&p->form, VIEW("expires"));

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct html *row = html_row(p->html, "kinds");

		html_text(row, "value", view_of(kinds[i].value));
		html_text(row, "label", page_word(p, kinds[i].key));
		html_flag(row, "here", again
		        ? form_has(&p->form, VIEW("right"),
		            view_of(kinds[i].value))
		        : (kinds[i].right & APP_POP3) == 0);
	}
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct html *row = html_row(p->html, "ends");

		html_text(row, "value", view_of(ends[i].value));
		html_text(row, "label", page_word(p, ends[i].key));
		html_flag(row, "here",
		    view_eq(chosen, view_of(ends[i].value)));
	}
	html_text(p->html, "typed_label", form_value(&p->form,
	    VIEW("label")));
	html_text(p->html, "typed_networks", form_value(&p->form,
	    VIEW("networks")));
}

static void
show_list(struct page *p)
{
	struct app_password *apps;
	size_t count;
	int64_t now = clock_now();
	result r = app_password_list(p->services->dav.store,
	    p->request->arena, p->session.account, &apps, &count);

	if (r.is != OK) {
		page_fault_of(p, r);
		return;
	}
	html_flag(p->html, "at_apps", true);
	for (size_t i = count; i > 0; i--) /* the newest first */
		add_app(p, &apps[i - 1], now);
	add_choices(p);
	page_done(p);
	page_send(p, "apps", "title.apps");
}

void
page_apps_full(struct page *p)
{
	p->form = (struct form){ 0 };
	page_wrong(p, 409, "apps.many");
	show_list(p);
}

static struct app_password
wanted_of(struct page *p, int64_t now)
{
	struct app_password app = {
		.label = view_trim(form_value(&p->form, VIEW("label"))),
	};
	view chosen = form_value(&p->form, VIEW("expires"));
	view typed = form_value(&p->form, VIEW("networks"));
	struct buf networks = buf_new(LIMIT_FORM);

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (form_has(&p->form, VIEW("right"),
		        view_of(kinds[i].value)))
			app.rights |= kinds[i].right;
	for (size_t i = 0; i < COUNT(ends); i++)
		if (ends[i].days > 0
		    && view_eq(chosen, view_of(ends[i].value)))
			app.expires = now + ends[i].days * 86400;
	for (size_t i = 0; i < typed.n; i++) /* people put spaces in */
		if (typed.p[i] != ' ')
			buf_add_byte(&networks, typed.p[i]);
	app.networks = arena_copy(p->request->arena, buf_view(&networks));
	buf_free(&networks);
	return app;
}

static void
show_made(struct page *p, const struct app_password *app, view password)
{
	html_flag(p->html, "at_apps", true);
	html_number(p->html, "app", (uint64_t)app->id);
	html_text(p->html, "label", app->label);
	html_text(p->html, "host", password);
	page_fact(p, p->html, "who", "hand.user", p->person.address);
	page_send(p, "app_made", "title.made");
}

static void
make_one(struct page *p)
{
	struct person person = page_who(p);
	int64_t now = clock_now();
	struct app_password app = wanted_of(p, now);
	struct buf password = buf_new(AUTH_APP_TEXT);
	result r = fail(MALFORMED, "not what the form asks for");

	(void)buf_reserve(&password, AUTH_APP_TEXT);
	if (app.rights != 0 && app.label.n > 0
	    && app.label.n <= LIMIT_APP_LABEL
	    && app.networks.n <= LIMIT_APP_NETWORKS)
		r = person_app_add(&person, &app, now, &password);
	if (r.is == OK) {
		show_made(p, &app, buf_view(&password));
	} else if (r.is == MALFORMED) {
		page_wrong(p, 400, "apps.bad");
		show_list(p);
	} else if (r.is == OVER_LIMIT) {
		page_apps_full(p);
	} else {
		page_fault_of(p, r);
	}
	secret_wipe(password.p, password.n);
	buf_free(&password);
}

void
page_apps(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (page_is_post(&p))
		make_one(&p);
	else
		show_list(&p);
}

/* A second press of the button is no fault. */
void
page_apps_revoke(void *services, const struct request *request,
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
		r = person_app_revoke(&person, (int64_t)id);
	if (r.is == OK || r.is == NOT_FOUND)
		page_go(&p, "/app-passwords",
		    page_is_post(&p) ? "revoked" : NULL);
	else
		page_fault_of(&p, r);
}
