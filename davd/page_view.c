/* What all pages for people have in common: page.h. */
#include "davd/page.h"

#include "autoconfig/question.h"
#include "davd/web/upload.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

/* Scripts, styles and pictures are files of ours; no page may be framed, and
 * no script may turn text into HTML. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'";

void
page_guard(struct answer *answer)
{
	static const char *const fields[][2] = {
		{ "Content-Security-Policy", policy },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Permissions-Policy", "camera=(), geolocation=(),"
		    " microphone=(), payment=(), usb=()" },
		{ "X-Frame-Options", "DENY" },
		{ "X-Robots-Tag", "noindex" },
	};

	for (size_t i = 0; i < COUNT(fields); i++)
		answer_header(answer, fields[i][0], view_of(fields[i][1]));
}

view
page_word(const struct page *p, const char *key)
{
	return view_of(text_find(p->language, view_of(key)));
}

bool
page_is_post(const struct page *p)
{
	return view_eq(p->request->method, VIEW("POST"));
}

/* The settings for the Host's domain; by any other name of this machine,
 * those of the server's own domain. */
static result
find_domain(const struct page_services *services,
    const struct request *request, struct service_set *out)
{
	const view hosts[] = { request->host,
		view_of(services->conf->hostname) };
	struct autoconfig_question question;
	result r = fail(NOT_FOUND, "");

	for (size_t i = 0; i < COUNT(hosts) && r.is == NOT_FOUND; i++) {
		TRY(autoconfig_ask(VIEW(""), hosts[i], request->arena,
		    &question));
		r = page_services_of(services, &question, request->arena, out);
		/* The page says that one logs in by the address. */
		if (r.is == OK && out->login != LOGIN_ADDRESS)
			r = fail(NOT_FOUND, "");
	}
	if (r.is != NOT_FOUND)
		return r;
	return service_set_make(services->conf, hosts[1], hosts[1],
	    request->arena, out);
}

/* Where the page is in another language, with what else was asked for:
 * a reference of a query alone, which keeps host and path whatever they
 * are. */
static void
add_query(struct page *p, const char *tag, struct buf *out)
{
	buf_print(out, "?lang=%s", tag);
	for (size_t i = 0; !page_is_post(p) && i < p->query.count; i++) {
		view name = p->query.fields[i].name;

		if (view_eq(name, VIEW("lang")) || view_eq(name, VIEW("done")))
			continue;
		buf_add_byte(out, '&');
		encode_percent(out, name, VIEW(""));
		buf_add_byte(out, '=');
		encode_percent(out, p->query.fields[i].value, VIEW(""));
	}
}

static void
add_languages(struct page *p)
{
	for (size_t i = 0; i < TEXT_LANGUAGES; i++) {
		struct html *row = html_row(p->html, "languages");
		struct buf href = buf_new(3 * LIMIT_HTTP_TARGET);

		add_query(p, text_names[i].tag, &href);
		html_text(row, "href", buf_view(&href));
		html_text(row, "tag", view_of(text_names[i].tag));
		html_text(row, "own_name", view_of(text_names[i].name));
		html_flag(row, "here", i == p->language);
		buf_free(&href);
	}
}

static void
choose_language(struct page *p)
{
	view field = VIEW("");

	if (text_language_of(form_value(&p->query, VIEW("lang")),
	        &p->language)) {
		p->tail = arena_print(p->request->arena, "?lang=%s",
		    text_names[p->language].tag);
		return;
	}
	(void)request_header(p->request, VIEW("Accept-Language"), &field);
	p->language = text_accepted(field);
}

static bool
read_forms(struct page *p)
{
	result r = form_read(p->request->query, p->request->arena, &p->query);

	if (r.is != OK)
		p->query = (struct form){ 0 };
	if (page_is_post(p) && upload_is(p->request))
		r = upload_read(p->request, &p->form, &p->file);
	else if (page_is_post(p))
		r = form_read(p->request->body, p->request->arena, &p->form);
	else
		r = done();
	return r.is == OK;
}

void
page_about(struct page *p, const struct service_set *set)
{
	p->set = *set;
	html_text(p->html, "name", set->display_name);
	html_text(p->html, "domain", set->domain);
	html_text(p->html, "host", set->host);
	html_text(p->html, "dav", set->dav);
}

/* Others have no meaning on a page. */
static bool
is_method(view method)
{
	return view_eq(method, VIEW("GET")) || view_eq(method, VIEW("HEAD"))
	    || view_eq(method, VIEW("POST"));
}

bool
page_begin(struct page *p, void *services, const struct request *request,
    struct answer *answer)
{
	struct service_set set;
	bool whole;
	result r;

	*p = (struct page){ .services = services, .request = request,
		.answer = answer, .tail = VIEW(""),
		.file = VIEW("") };
	whole = read_forms(p);
	choose_language(p);
	p->html = html_new(request->arena);
	html_text(p->html, "lang", view_of(text_names[p->language].tag));
	html_text(p->html, "q", p->tail);
	html_flag(p->html, "lang_field", p->tail.n > 0);
	html_text(p->html, "wrong", VIEW(""));
	html_text(p->html, "done", VIEW(""));
	html_text(p->html, "typed", VIEW(""));
	html_text(p->html, "name", VIEW(""));
	add_languages(p);
	r = find_domain(p->services, request, &set);
	if (r.is == OK)
		page_about(p, &set);
	if (r.is != OK)
		page_fault_of(p, r);
	else if (!whole)
		page_fault(p, 400, "403");
	if (r.is != OK || !whole || is_method(request->method))
		return r.is == OK && whole;
	answer_header(answer, "Allow", VIEW("GET, HEAD, POST"));
	page_fault(p, 405, "405");
	return false;
}
