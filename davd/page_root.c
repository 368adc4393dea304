#include "davd/pages.h"

#include "autoconfig/question.h"
#include "autoconfig/service_set.h"

static const char policy[] =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'";

static void
add_escaped(struct buf *out, view text)
{
	for (size_t i = 0; i < text.n; i++)
		switch (text.p[i]) {
		case '&':
			buf_add(out, VIEW("&amp;"));
			break;
		case '<':
			buf_add(out, VIEW("&lt;"));
			break;
		case '>':
			buf_add(out, VIEW("&gt;"));
			break;
		case '"':
			buf_add(out, VIEW("&quot;"));
			break;
		default:
			buf_add_byte(out, text.p[i]);
		}
}

static void
add_row(struct buf *out, const char *what, view host, unsigned port,
    const char *security)
{
	buf_print(out, "<tr><th scope=\"row\">%s</th><td><code>", what);
	add_escaped(out, host);
	buf_print(out, "</code></td><td>%u</td><td>%s</td></tr>\n", port,
	    security);
}

static const char *
words_for(view protocol)
{
	if (view_eq(protocol, VIEW("imap")))
		return "Mail (IMAP)";
	if (view_eq(protocol, VIEW("pop3")))
		return "Mail (POP3)";
	return "Sending (SMTP)";
}

static void
add_entries(struct buf *out, const struct service_entry *entries, size_t count,
    view host)
{
	for (size_t i = 0; i < count; i++)
		add_row(out, words_for(view_of(entries[i].protocol)), host,
		    entries[i].port,
		    entries[i].socket == SOCKET_TLS ? "SSL/TLS" : "STARTTLS");
}

static void
add_servers(const struct service_set *set, struct buf *out)
{
	add_entries(out, set->incoming, set->incoming_count, set->host);
	add_entries(out, set->outgoing, set->outgoing_count, set->host);
}

static void
add_dav(const struct service_set *set, struct buf *out)
{
	add_escaped(out, set->dav.n > 0 ? set->dav : VIEW("switched off"));
}

static void
add_domain(const struct service_set *set, struct buf *out)
{
	add_escaped(out, set->domain);
}

static void
add_name(const struct service_set *set, struct buf *out)
{
	add_escaped(out, set->display_name);
}

static const struct blank {
	const char *name;
	void (*fill)(const struct service_set *, struct buf *out);
} blanks[] = {
	{ "name", add_name },
	{ "domain", add_domain },
	{ "servers", add_servers },
	{ "dav", add_dav },
};

/* A line of a page: "{{name}}" stands for what `blanks` puts there. */
static void
add_line(view line, const struct service_set *set, struct buf *out)
{
	size_t open;

	while ((open = view_find(line, VIEW("{{"))) != SIZE_MAX) {
		view name = view_from(line, open + 2);
		size_t close = view_find(name, VIEW("}}"));

		buf_add(out, view_first(line, open));
		line = view_from(name, close == SIZE_MAX ? name.n : close + 2);
		name = view_first(name, close);
		for (size_t i = 0; i < COUNT(blanks); i++)
			if (view_eq(name, view_of(blanks[i].name)))
				blanks[i].fill(set, out);
	}
	buf_add(out, line);
}

/* `set`: NULL for a file without blanks. */
static void
answer_file(const struct page_file *file, const struct service_set *set,
    const struct request *request, struct answer *answer)
{
	for (size_t i = 0; i < file->count; i++) {
		view line = view_of(file->lines[i]);

		if (set != NULL)
			add_line(line, set, &answer->body);
		else
			buf_add(&answer->body, line);
	}
	answer_header(answer, "Content-Security-Policy", view_of(policy));
	answer_header(answer, "Referrer-Policy", VIEW("no-referrer"));
	page_finish(request, answer, view_of(file->type),
	    set != NULL ? VIEW("no-cache") : VIEW("public, max-age=3600"));
}

/* The settings for the Host's domain; by any other name of this machine,
 * those of the server's own domain. */
static result
find_services(const struct page_services *services,
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
	}
	if (r.is != NOT_FOUND)
		return r;
	return service_set_make(services->conf, hosts[1], hosts[1],
	    request->arena, out);
}

static const struct page_file *
file_find(view path)
{
	for (size_t i = 0; i < page_file_count; i++)
		if (view_eq(path, view_of(page_files[i].path)))
			return &page_files[i];
	return NULL;
}

static void
answer_page(const struct page_services *services,
    const struct request *request, struct answer *answer,
    const struct page_file *file)
{
	struct service_set set;
	result r = find_services(services, request, &set);

	if (r.is == OK)
		answer_file(file, &set, request, answer);
	else
		answer_text(answer, 503, "Try again later.");
}

/* Clients that know nothing of us but the host's name begin at "/". */
static bool
is_dav(const struct request *request)
{
	return view_eq(request->path, VIEW("/"))
	    && (view_eq(request->method, VIEW("PROPFIND"))
	        || view_eq(request->method, VIEW("OPTIONS")));
}

void
page_root(void *services, const struct request *request,
    struct answer *answer)
{
	const struct page_file *file = file_find(request->path);

	if (is_dav(request)) {
		dav_root(services, request, answer);
	} else if (file == NULL) {
		answer_text(answer, 404, "There is nothing here.");
	} else if (!view_eq(request->method, VIEW("GET"))
	    && !view_eq(request->method, VIEW("HEAD"))) {
		answer_text(answer, 405, "GET and HEAD are answered.");
		answer_header(answer, "Allow",
		    view_eq(request->path, VIEW("/"))
		        ? VIEW("GET, HEAD, OPTIONS, PROPFIND")
		        : VIEW("GET, HEAD"));
	} else if (view_eq(request->path, VIEW("/"))) {
		answer_page(services, request, answer, file);
	} else {
		answer_file(file, NULL, request, answer);
	}
}
