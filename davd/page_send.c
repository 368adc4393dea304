/* How a page ends: sent, somewhere else, or as a fault. */
#include "davd/page.h"

#include "autoconfig/service_set.h"
#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/store/administrator.h"
#include "mailcore/sys/log.h"

#include <string.h>

static const char type[] = "text/html; charset=utf-8";

/* Where the domains are, for who administers some. */
static void
add_domains(struct page *p)
{
	struct domain *list;
	size_t count;

	if (administrator_domains(p->services->dav.store, p->request->arena,
	        p->session.account, &list, &count).is != OK)
		return;
	html_flag(p->html, "administers", count > 0);
	html_flag(p->html, "several", count > 1);
}

/* false: it did not become a page, which is a fault of ours. */
static bool
render(struct page *p, const char *template, const char *title)
{
	result r;

	html_flag(p->html, "signed_in", p->session.account != 0);
	html_text(p->html, "title", page_word(p, title));
	if (p->session.account != 0) {
		html_text(p->html, "address", p->person.address);
		html_text(p->html, "form_token", view_of(p->session.form));
		add_domains(p);
	}
	page_guard(p->answer);
	r = html_render(p->html, template, p->language, &p->answer->body);
	if (r.is == OK)
		return true;
	log_line(LOG_ERROR, "page.broken", "template=%s why=\"%s\"",
	    template, r.why);
	answer_text(p->answer, 500, "This did not work.");
	return false;
}

void
page_send(struct page *p, const char *template, const char *title)
{
	if (!render(p, template, title))
		return;
	if (p->answer->status == 0)
		p->answer->status = 200;
	answer_header(p->answer, "Content-Type", view_of(type));
	answer_header(p->answer, "Cache-Control", VIEW("no-store"));
}

void
page_send_public(struct page *p, const char *template, const char *title)
{
	if (!render(p, template, title))
		return;
	answer_header(p->answer, "Vary", VIEW("Accept-Language, User-Agent,"
	    " Sec-CH-UA-Platform"));
	page_finish(p->request, p->answer, view_of(type), VIEW("no-cache"));
}

void
page_fault(struct page *p, unsigned status, const char *kind)
{
	struct arena *arena = p->request->arena;
	view key = arena_print(arena, "fault.%s", kind);
	view said = arena_print(arena, "fault.%s.said", kind);

	buf_reset(&p->answer->body);
	p->answer->status = status;
	html_number(p->html, "status", status);
	html_text(p->html, "heading",
	    view_of(text_find(p->language, key)));
	html_text(p->html, "said", view_of(text_find(p->language, said)));
	page_send(p, "fault", "title.fault");
}

void
page_fault_of(struct page *p, result r)
{
	if (r.is == DENIED)
		page_fault(p, 403, "403");
	else if (r.is == NOT_FOUND)
		page_fault(p, 404, "404");
	else if (r.is == OVER_LIMIT)
		page_fault(p, 429, "429");
	else
		page_fault(p, 503, "503");
}

void
page_go(struct page *p, const char *path, const char *done)
{
	view at = arena_print(p->request->arena, "%s%.*s%s%s", path,
	    (int)p->tail.n, p->tail.p,
	    done == NULL ? "" : p->tail.n > 0 ? "&done=" : "?done=",
	    done == NULL ? "" : done);

	answer_header(p->answer, "Cache-Control", VIEW("no-store"));
	answer_redirect(p->answer, 303, at);
}

void
page_done(struct page *p)
{
	static const char *const words[] = { "again", "revoked", "password",
		"ended", "out", "everywhere", "undone", "forward",
		"reply", "quiet", "mailbox", "quota", "enabled", "disabled",
		"fresh", "removed", "alias", "unalias" };
	view done = form_value(&p->query, VIEW("done"));

	for (size_t i = 0; i < COUNT(words); i++)
		if (view_eq(done, view_of(words[i])))
			html_text(p->html, "done",
			    view_of(text_find(p->language,
			        arena_print(p->request->arena, "done.%s",
			            words[i]))));
}

void
page_wrong(struct page *p, unsigned status, const char *key)
{
	p->answer->status = status;
	html_text(p->html, "wrong", page_word(p, key));
}

void
page_moment(const struct page *p, struct html *row,
    const char *const name[2], int64_t seconds)
{
	struct buf text = buf_new(128), iso = buf_new(64);

	text_moment(p->language, seconds, &text);
	date_add_rfc3339(&iso, seconds);
	html_text(row, name[0], buf_view(&text));
	html_text(row, name[1], buf_view(&iso));
	buf_free(&text);
	buf_free(&iso);
}

void
page_fact(const struct page *p, struct html *html, const char *list,
    const char *key, view value)
{
	struct html *row = html_row(html, list);

	html_text(row, "what", page_word(p, key));
	html_text(row, "host", value);
}

static void
add_entries(struct page *p, const struct service_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *protocol = entries[i].protocol;
		struct html *row = html_row(p->html, "entries");

		html_text(row, "what", page_word(p,
		    strcmp(protocol, "imap") == 0 ? "hand.imap"
		    : strcmp(protocol, "pop3") == 0 ? "hand.pop3"
		                                    : "hand.smtp"));
		html_text(row, "host", entries[i].host);
		html_number(row, "port", entries[i].port);
		html_text(row, "socket", entries[i].socket == SOCKET_TLS
		        ? VIEW("SSL/TLS")
		        : VIEW("STARTTLS"));
	}
}

void
page_servers(struct page *p, view address)
{
	static const char *const homes[][2] = {
		{ "hand.calendar", "/Calendar/personal/" },
		{ "hand.contacts", "/Contacts/personal/" },
	};
	const struct service_set *set = &p->set;

	add_entries(p, set->incoming, set->incoming_count);
	add_entries(p, set->outgoing, set->outgoing_count);
	if (address.n > 0)
		page_fact(p, p->html, "facts", "hand.user", address);
	if (set->dav.n == 0)
		return;
	page_fact(p, p->html, "facts", "hand.dav", set->dav);
	for (size_t i = 0; address.n > 0 && i < COUNT(homes); i++) {
		struct buf url = buf_new(LIMIT_HTTP_TARGET);

		buf_add(&url, set->dav);
		encode_percent(&url, address, VIEW("@"));
		buf_add_text(&url, homes[i][1]);
		page_fact(p, p->html, "facts", homes[i][0], buf_view(&url));
		buf_free(&url);
	}
}
