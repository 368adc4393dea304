/* The description of the API (OpenAPI 3.1), from its own tables. */
#include "davd/api/routes.h"

#include "davd/api/schemas.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG = 40, STATUS = 16 };

static void
put(json_t *o, const char *name, json_t *value)
{
	if (json_object_set_new(o, name, value) != 0)
		abort();
}

static json_t *
reference(const char *kind, const char *name)
{
	json_t *o = json_object();

	put(o, "$ref", json_sprintf("#/components/%s/%s", kind, name));
	return o;
}

static json_t *
string_schema(const struct api_field *f)
{
	json_t *o = json_pack("{ss}", "type", "string");

	if (f->words != NULL) {
		json_t *words = json_array();

		for (size_t i = 0; f->words[i] != NULL; i++)
			(void)json_array_append_new(words,
			    json_string(f->words[i]));
		put(o, "enum", words);
		return o;
	}
	if (f->least > 0)
		put(o, "minLength", json_integer(f->least));
	if (f->most > 0)
		put(o, "maxLength", json_integer(f->most));
	if (f->format != NULL)
		put(o, "format", json_string(f->format));
	return o;
}

static json_t *
array_schema(const struct api_field *f, json_t *of)
{
	json_t *o = json_pack("{ss so}", "type", "array", "items", of);

	if (f->items > 0)
		put(o, "maxItems", json_integer(f->items));
	if (f->type == API_STRINGS)
		put(o, "uniqueItems", json_true());
	return o;
}

static json_t *
integer_schema(const struct api_field *f)
{
	json_t *o = json_pack("{ss ss sI}", "type", "integer", "format",
	    "int64", "minimum", (json_int_t)f->least);

	if (f->most > 0)
		put(o, "maximum", json_integer(f->most));
	return o;
}

static json_t *
field_schema(const struct api_field *f)
{
	switch (f->type) {
	case API_STRING:
		return string_schema(f);
	case API_INTEGER:
		return integer_schema(f);
	case API_BOOLEAN:
		return json_pack("{ss}", "type", "boolean");
	case API_STRINGS:
		return array_schema(f, string_schema(f));
	case API_OBJECT:
		return reference("schemas", f->of->name);
	case API_OBJECTS:
		return array_schema(f, reference("schemas", f->of->name));
	}
	abort();
}

static json_t *
object_schema(const struct api_schema *s)
{
	json_t *properties = json_object(), *required = json_array();

	for (size_t i = 0; i < s->count; i++) {
		const struct api_field *f = &s->fields[i];
		json_t *v = field_schema(f);

		put(v, "description", json_string(f->about));
		put(properties, f->name, v);
		if (!f->optional)
			(void)json_array_append_new(required,
			    json_string(f->name));
	}
	return json_pack("{ss ss so so sb}", "type", "object", "description",
	    s->about, "properties", properties, "required", required,
	    "additionalProperties", 0);
}

/* That one and all that it names. */
static void
add_schema(json_t *schemas, const struct api_schema *s)
{
	if (s == NULL || s->media != NULL
	    || json_object_get(schemas, s->name) != NULL)
		return;
	put(schemas, s->name, object_schema(s));
	for (size_t i = 0; i < s->count; i++)
		add_schema(schemas, s->fields[i].of);
}

static json_t *
content(const char *media, json_t *schema)
{
	json_t *type = json_pack("{so}", "schema", schema);
	json_t *o = json_object();

	put(o, media, type);
	return o;
}

static json_t *
success(const struct api_route *r)
{
	json_t *o = json_pack("{ss}", "description", r->about);

	if (r->gives != NULL)
		put(o, "content", content("application/json",
		    reference("schemas", r->gives->name)));
	else if (r->media != NULL
	    && strcmp(r->media, "application/json") == 0)
		put(o, "content", content(r->media,
		    json_pack("{ss}", "type", "object")));
	else if (r->media != NULL)
		put(o, "content", content(r->media,
		    json_pack("{ss}", "type", "string")));
	return o;
}

static json_t *
answers(const struct api_route *r)
{
	json_t *o = json_object();
	char status[STATUS];

	(void)snprintf(status, sizeof status, "%u", r->status);
	put(o, status, success(r));
	put(o, "default", reference("responses", "problem"));
	return o;
}

static json_t *
parameter(const char *name, const char *where, const char *about, bool needed,
    json_t *schema)
{
	return json_pack("{ss ss ss sb so}", "name", name, "in", where,
	    "description", about, "required", needed, "schema", schema);
}

static json_t *
parameters(const struct api_route *r)
{
	json_t *all = json_array();

	if (strstr(r->path, "{id}") != NULL)
		(void)json_array_append_new(all,
		    parameter("id", "path", "Which one.", true,
		        json_pack("{ss ss si}", "type", "integer", "format",
		            "int64", "minimum", 0)));
	for (size_t i = 0; i < r->query_count; i++)
		(void)json_array_append_new(all,
		    parameter(r->query[i].name, "query", r->query[i].about,
		        !r->query[i].optional, string_schema(&r->query[i])));
	return all;
}

static json_t *
security(const struct api_route *r)
{
	bool change = strcmp(r->method, "GET") != 0;

	if (r->access == API_ANYBODY)
		return json_array();
	if (r->access == API_SESSION)
		return change
		    ? json_pack("[{s[] s[]}]", "cookie", "form")
		    : json_pack("[{s[]}]", "cookie");
	return change ? json_pack("[{s[] s[]} {s[]}]", "cookie", "form",
	                    "basic")
		      : json_pack("[{s[]} {s[]}]", "cookie", "basic");
}

static json_t *
request_body(const struct api_schema *s)
{
	if (s->media == NULL)
		return json_pack("{sb so}", "required", 1, "content",
		    content("application/json",
		        reference("schemas", s->name)));
	return json_pack("{ss sb so}", "description", s->about, "required", 1,
	    "content", content(s->media, json_pack("{ss sI}", "type",
	        "string", "maxLength", (json_int_t)LIMIT_IMPORT)));
}

static json_t *
operation(const struct api_route *r)
{
	json_t *o = json_pack("{ss ss so so so}", "operationId", r->name,
	    "summary", r->about, "parameters", parameters(r), "responses",
	    answers(r), "security", security(r));

	if (o != NULL && r->takes != NULL)
		put(o, "requestBody", request_body(r->takes));
	return o;
}

static void
add_route(json_t *paths, const struct api_route *r)
{
	json_t *path = json_object_get(paths, r->path);
	char method[16];
	size_t n = 0;

	if (path == NULL) {
		path = json_object();
		put(paths, r->path, path);
	}
	for (; r->method[n] != '\0' && n + 1 < sizeof method; n++)
		method[n] = (char)(r->method[n] | 0x20);
	method[n] = '\0';
	put(path, method, operation(r));
}

static json_t *
schemes(void)
{
	return json_pack("{s{ss ss ss ss} s{ss ss ss ss} s{ss ss ss}}",
	    "cookie", "type", "apiKey", "in", "cookie", "name", VISIT_COOKIE,
	    "description", "Set by signIn.",
	    "form", "type", "apiKey", "in", "header", "name",
	    VISIT_FORM_HEADER, "description", "form_token of the session.",
	    "basic", "type", "http", "scheme", "basic", "description",
	    "Address and main password, for scripts.");
}

static json_t *
components(void)
{
	json_t *schemas = json_object();
	json_t *problem = json_pack("{ss so}", "description",
	    "What is wrong.", "content", content("application/problem+json",
	        reference("schemas", schema_problem.name)));

	add_schema(schemas, &schema_problem);
	for (size_t i = 0; i < api_route_count; i++) {
		add_schema(schemas, api_routes[i].takes);
		add_schema(schemas, api_routes[i].gives);
	}
	return json_pack("{so s{so} so}", "schemas", schemas, "responses",
	    "problem", problem, "securitySchemes", schemes());
}

json_t *
openapi_make(void)
{
	json_t *paths = json_object();

	for (size_t i = 0; i < api_route_count; i++)
		add_route(paths, &api_routes[i]);
	return json_pack("{ss s{ss ss ss} s[{ss}] so so}", "openapi", "3.1.0",
	    "info", "title", "Posthaste", "version", POSTHASTE_VERSION,
	    "description", "What a person does with their own mailbox.",
	    "servers", "url", "/api/v1", "paths", paths, "components",
	    components());
}

/* Half of a SHA-256 tells two versions apart. */
static view
tag_of(view bytes, struct buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(bytes.p, bytes.n, digest, NULL, EVP_sha256(), NULL)
	    == 1)
		encode_hex(out, (view){ (const char *)digest, 16 });
	return buf_view(out);
}

result
op_openapi(struct api_call *c)
{
	struct buf hash = buf_new(TAG);
	unsigned status;
	view tag;

	TRY(api_give(c, openapi_make()));
	tag = tag_of(buf_view(&c->answer->body), &hash);
	status = request_precondition(c->request, tag);
	answer_header(c->answer, "ETag", arena_print(c->request->arena,
	    "\"%.*s\"", (int)tag.n, tag.p));
	answer_header(c->answer, "Cache-Control", VIEW("no-cache"));
	if (status != 0) {
		c->answer->status = status;
		buf_reset(&c->answer->body);
	}
	buf_free(&hash);
	return done();
}
