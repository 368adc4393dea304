/* What everybody may see: the start with its sign-in, and how a device is set
 * up.  Nothing here looks a mailbox up, so nothing can tell whether there is
 * one. */
#include "davd/page_person.h"

#include "autoconfig/question.h"
#include "davd/web/platform.h"
#include "mailcore/base/limits.h"

/* A browser would say it is signed in to what shows a sign-in form. */
void
page_welcome(struct page *p)
{
	char form[AUTH_FORM_TOKEN + 1];

	p->session = (struct auth_session){ 0 };
	visit_guest(&p->services->api, p->request, p->answer, form);
	html_text(p->html, "form_token", view_of(form));
	page_done(p);
	page_send(p, "welcome", "title.welcome");
}

/* The domain of the address that was typed; by one that is not ours, the
 * page stays with the Host's. */
static void
find_asked(struct page *p)
{
	view typed = view_trim(form_value(&p->query, VIEW("address")));
	struct autoconfig_question question;
	struct service_set set;
	struct address address;
	result r = autoconfig_address(typed, p->request->arena, &address);

	html_text(p->html, "typed", view_first(typed, LIMIT_ADDRESS));
	html_flag(p->html, "foreign", false);
	if (r.is == OK)
		r = autoconfig_ask(typed, VIEW(""), p->request->arena,
		    &question);
	if (r.is == OK)
		r = page_services_of(p->services, &question,
		    p->request->arena, &set);
	if (r.is == OK && set.login == LOGIN_ADDRESS) {
		page_about(p, &set);
	} else if (typed.n > 0) {
		html_flag(p->html, "foreign", true);
		(void)view_cut(&typed, '@');
		html_text(p->html, "asked", view_first(typed, LIMIT_DOMAIN));
	}
}

static const char *const flags[PLATFORM_COUNT] = {
	[PLATFORM_OTHER] = "is_other",
	[PLATFORM_IPHONE] = "is_iphone",
	[PLATFORM_MAC] = "is_mac",
	[PLATFORM_ANDROID] = "is_android",
	[PLATFORM_WINDOWS] = "is_windows",
	[PLATFORM_LINUX] = "is_linux",
};

static const char *const platform_keys[PLATFORM_COUNT] = {
	[PLATFORM_OTHER] = "platform.other",
	[PLATFORM_IPHONE] = "platform.iphone",
	[PLATFORM_MAC] = "platform.mac",
	[PLATFORM_ANDROID] = "platform.android",
	[PLATFORM_WINDOWS] = "platform.windows",
	[PLATFORM_LINUX] = "platform.linux",
};

static void
add_platforms(struct page *p)
{
	view named = form_value(&p->query, VIEW("device"));
	enum platform here = named.n > 0
	    ? platform_named(named)
	    : platform_of(p->request);

	html_flag(p->html, flags[here], true);
	for (size_t i = 1; i <= PLATFORM_COUNT; i++) {
		size_t at = i % PLATFORM_COUNT; /* "other" comes last */
		struct html *row = html_row(p->html, "platforms");

		html_text(row, "value", view_of(platform_names[at]));
		html_text(row, "label", page_word(p, platform_keys[at]));
		html_flag(row, "here", at == here);
	}
}

void
page_help(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;

	if (!page_begin(&p, services, request, answer))
		return;
	find_asked(&p);
	add_platforms(&p);
	page_servers(&p, VIEW(""));
	page_send_public(&p, "help", "title.help");
}
