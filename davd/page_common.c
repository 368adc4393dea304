#include "davd/pages.h"

#include "autoconfig/question.h"
#include "autoconfig/service_set.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/store/domain.h"

#include <openssl/evp.h>

result
page_services_of(const struct page_services *services,
    const struct autoconfig_question *question, struct arena *arena,
    struct service_set *out)
{
	struct domain domain;
	result r = fail(NOT_FOUND, "that domain is not hosted here");
	view name = VIEW("");

	for (size_t i = 0; i < question->count && r.is == NOT_FOUND; i++) {
		name = question->domains[i];
		/* One of another system is known by the configuration. */
		if (gateway_names(&services->conf->gateway, name))
			return service_set_make(services->conf, name,
			    VIEW(""), arena, out);
		r = domain_canonical(services->dav.store, arena, name,
		    &domain);
	}
	if (r.is == MALFORMED)
		return fail(NOT_FOUND, "that domain is not hosted here");
	TRY(r);
	/* By the name that was asked for, which may stand for another. */
	return service_set_make(services->conf, name,
	    domain.display_name, arena, out);
}

/* An address names one domain, a Host perhaps two; the first tells both.
 * Settings that were loaded again are another conf, and old ones are never
 * freed: the address tells them apart. */
static result
document_key(const struct page_services *services,
    const struct page_document *document,
    const struct autoconfig_question *question, struct arena *arena, view *key)
{
	const struct conf *conf = __atomic_load_n(&services->conf,
	    __ATOMIC_ACQUIRE);
	view first = question->domains[0];
	int64_t changes = 0;

	/* Before anything is read. */
	if (document->exact)
		TRY(setting_changes(services->dav.store, &changes));
	*key = arena_print(arena, "%c%p,%lld,%zu%.*s", document->letter,
	    (const void *)conf, (long long)changes, question->count,
	    (int)first.n, first.p);
	return arena_result(arena);
}

result
page_document(const struct page_services *services,
    const struct page_document *document,
    const struct autoconfig_question *question, struct arena *arena,
    struct buf *out, view *etag)
{
	struct service_set set;
	view key;

	TRY(document_key(services, document, question, arena, &key));
	if (page_cache_find(services->cache, key, arena, out, etag))
		return done();
	TRY(page_services_of(services, question, arena, &set));
	TRY(document->write(services, &set, arena, out));
	*etag = page_etag(buf_view(out), arena);
	TRY(arena_result(arena));
	TRY(buf_result(out));
	page_cache_keep(services->cache, key, buf_view(out), *etag);
	return done();
}

bool
page_is_public(const struct request *request, struct answer *answer)
{
	static const char methods[] = "GET, HEAD, OPTIONS";

	answer_header(answer, "Access-Control-Allow-Origin", VIEW("*"));
	if (view_eq(request->method, VIEW("GET"))
	    || view_eq(request->method, VIEW("HEAD")))
		return true;
	if (view_eq(request->method, VIEW("OPTIONS"))) {
		/* What a preflight of a web client may know (Fetch 3.3). */
		answer->status = 204;
		answer_header(answer, "Access-Control-Allow-Methods",
		    view_of(methods));
		answer_header(answer, "Access-Control-Max-Age",
		    VIEW("86400"));
	} else {
		answer_text(answer, 405, "GET, HEAD and OPTIONS are answered.");
	}
	answer_header(answer, "Allow", view_of(methods));
	return false;
}

bool
page_query_decodes(const struct request *request)
{
	struct buf b = buf_new(LIMIT_HTTP_TARGET);
	bool good = decode_percent(&b, request->query).is == OK;

	buf_free(&b);
	return good;
}

/* Half of a SHA-256 tells two versions of a page apart. */
view
page_etag(view body, struct arena *arena)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf hash = buf_new(64);
	view etag;

	if (EVP_Digest(body.p, body.n, digest, NULL, EVP_sha256(), NULL) == 1)
		encode_hex(&hash, (view){ (const char *)digest, 16 });
	etag = arena_copy(arena, buf_view(&hash));
	buf_free(&hash);
	return etag;
}

void
page_finish(const struct request *request, struct answer *answer, view type,
    view cache_control)
{
	page_finish_known(request, answer,
	    page_etag(buf_view(&answer->body), request->arena), type,
	    cache_control);
}

void
page_finish_known(const struct request *request, struct answer *answer,
    view etag, view type, view cache_control)
{
	unsigned status = request_precondition(request, etag);

	answer->status = status == 0 ? 200 : status;
	answer_header(answer, "ETag",
	    arena_print(request->arena, "\"%.*s\"", (int)etag.n, etag.p));
	answer_header(answer, "Cache-Control", cache_control);
	if (status == 0)
		answer_header(answer, "Content-Type", type);
	else
		buf_reset(&answer->body);
}
