/* "/", the files of www/, and what is not there. */
#include "davd/page_person.h"

#include "davd/web/files.h"

/* Clients that know nothing of us but the host's name begin at "/". */
static bool
is_dav(const struct request *request)
{
	return view_eq(request->path, VIEW("/"))
	    && (view_eq(request->method, VIEW("PROPFIND"))
	        || view_eq(request->method, VIEW("OPTIONS")));
}

static bool
is_get(const struct request *request)
{
	return view_eq(request->method, VIEW("GET"))
	    || view_eq(request->method, VIEW("HEAD"));
}

/* Under an address that changes with its bytes a file lasts; by its plain
 * name it is asked for again. */
static void
answer_file(const struct web_file *file, bool lasting,
    const struct request *request, struct answer *answer)
{
	page_guard(answer);
	buf_add(&answer->body, (view){ file->bytes, file->size });
	page_finish(request, answer, view_of(file->type), lasting
	        ? VIEW("public, max-age=31536000, immutable")
	        : VIEW("no-cache"));
}

static void
answer_start(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;
	view cookie;

	if (visit_cookie(request, VIEW(VISIT_COOKIE), &cookie)) {
		const struct page_services *s = services;
		struct auth_session session;
		result r = visit_find(&s->api, request, &session);

		if (r.is == OK) {
			if (page_begin_person(&p, services, request, answer))
				page_home(&p);
			return;
		}
	}
	if (page_begin(&p, services, request, answer))
		page_welcome(&p);
}

void
page_root(void *services, const struct request *request,
    struct answer *answer)
{
	bool lasting = false, start = view_eq(request->path, VIEW("/"));
	const struct web_file *file = web_file_at(request->path, &lasting);
	struct page p;

	if (is_dav(request)) {
		dav_root(services, request, answer);
	} else if (!start && file == NULL) {
		if (page_begin(&p, services, request, answer))
			page_fault(&p, 404, "404");
	} else if (!is_get(request)) {
		answer_text(answer, 405, "GET and HEAD are answered.");
		answer_header(answer, "Allow", start
		        ? VIEW("GET, HEAD, OPTIONS, PROPFIND")
		        : VIEW("GET, HEAD"));
	} else if (start) {
		answer_start(services, request, answer);
	} else {
		answer_file(file, lasting, request, answer);
	}
}
