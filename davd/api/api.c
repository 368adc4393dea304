#include "davd/api/api.h"

#include "davd/api/routes.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "/api/v1"

enum { ALLOW = 128 };

static const struct fault {
	unsigned status;
	const char *title;
} faults[] = {
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 503, "Service Unavailable" },
	{ 507, "Insufficient Storage" },
};

static const unsigned statuses[] = {
	[MALFORMED] = 400,
	[OVER_LIMIT] = 409, /* there are as many as there may be */
	[NOT_FOUND] = 404,
	[EXISTS] = 409,
	[STALE] = 410,
	[DENIED] = 403,
	[BUSY] = 503,
	[NO_SPACE] = 507,
	[FAILED] = 500,
};

json_t *
api_string(view text)
{
	json_t *s = json_stringn(text.p == NULL ? "" : text.p, text.n);

	return s != NULL ? s : json_string("");
}

static void
write_json(struct answer *a, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	if (text == NULL)
		abort();
	buf_add_text(&a->body, text);
	free(text);
}

void
api_problem(struct answer *a, unsigned status, const char *detail, view field)
{
	const char *title = "Internal Server Error";
	json_t *p;

	for (size_t i = 0; i < COUNT(faults); i++)
		if (faults[i].status == status)
			title = faults[i].title;
	p = json_pack("{ss ss si ss}", "type", "about:blank", "title", title,
	    "status", (int)status, "detail", detail);
	if (p == NULL)
		abort();
	if (field.n > 0)
		(void)json_object_set_new(p, "field", api_string(field));
	a->status = status;
	buf_reset(&a->body);
	write_json(a, p);
	json_decref(p);
	answer_header(a, "Content-Type", VIEW("application/problem+json"));
}

void
api_fail(struct api_call *c, result r)
{
	unsigned status = statuses[r.is];

	if (r.is == FAILED || r.is == NO_SPACE)
		r.why = "the server could not do this; its log says why";
	api_problem(c->answer, status, r.why, c->field);
}

result
api_give(struct api_call *c, json_t *value)
{
	if (value == NULL)
		return fail(FAILED, "an answer could not be made");
	c->answer->status = c->route->status;
	write_json(c->answer, value);
	json_decref(value);
	answer_header(c->answer, "Content-Type", VIEW("application/json"));
	return done();
}

result
api_give_nothing(struct api_call *c)
{
	c->answer->status = c->route->status;
	return done();
}

static const struct api_field *
parameter_find(const struct api_route *route, view name)
{
	for (size_t i = 0; i < route->query_count; i++)
		if (view_eq(view_of(route->query[i].name), name))
			return &route->query[i];
	return NULL;
}

result
api_parameter(struct api_call *c, const char *name, view *out)
{
	const struct api_field *f = parameter_find(c->route, view_of(name));

	*out = VIEW("");
	if (f == NULL || !request_query(c->request, view_of(name), out))
		return done();
	c->field = view_of(name);
	if (f->words != NULL && f->words[api_word(f->words, *out)] == NULL)
		return fail(MALFORMED, "expected one of the known words");
	if (out->n > (size_t)f->most)
		return fail(MALFORMED, "expected fewer characters");
	c->field = VIEW("");
	return done();
}

/* Nothing that the row does not name. */
static result
check_query(struct api_call *c)
{
	view rest = c->request->query;

	while (rest.n > 0) {
		view pair = view_cut(&rest, '&');
		view name = view_cut(&pair, '=');

		if (parameter_find(c->route, name) != NULL)
			continue;
		c->field = arena_copy(c->request->arena, name);
		return fail(MALFORMED, "there is no such parameter here");
	}
	return done();
}

/* "/app-passwords/{id}" and the like. */
static bool
path_fits(view pattern, view path, int64_t *id)
{
	uint64_t n;

	while (pattern.n > 0 && path.n > 0) {
		view wanted = view_cut(&pattern, '/');
		view given = view_cut(&path, '/');

		if (view_eq(wanted, VIEW("{id}"))) {
			if (!view_number(given, INT64_MAX, &n))
				return false;
			*id = (int64_t)n;
		} else if (!view_eq(wanted, given)) {
			return false;
		}
	}
	return pattern.n == 0 && path.n == 0;
}

static bool
method_fits(const struct api_route *route, view method)
{
	return view_eq(method, view_of(route->method))
	    || (view_eq(method, VIEW("HEAD"))
	        && strcmp(route->method, "GET") == 0 && route->media == NULL);
}

/* The row, or an answer that says why there is none. */
static bool
find_route(struct api_call *c)
{
	view path = view_from(c->request->path, sizeof PREFIX - 1);
	struct buf allow = buf_new(ALLOW);

	if (view_ends(path, VIEW("/")) && path.n > 1)
		path = VIEW("//"); /* one name for each thing */
	for (size_t i = 0; c->route == NULL && i < api_route_count; i++) {
		const struct api_route *r = &api_routes[i];

		if (!path_fits(view_of(r->path), path, &c->id))
			continue;
		if (method_fits(r, c->request->method))
			c->route = r;
		buf_print(&allow, "%s%s", allow.n > 0 ? ", " : "", r->method);
		if (strcmp(r->method, "GET") == 0 && r->media == NULL)
			buf_add_text(&allow, ", HEAD");
	}
	if (c->route == NULL && allow.n == 0) {
		api_problem(c->answer, 404, "there is nothing here; see "
		    PREFIX "/openapi.json", VIEW(""));
	} else if (c->route == NULL) {
		answer_header(c->answer, "Allow", buf_view(&allow));
		api_problem(c->answer, 405, "not by this method", VIEW(""));
	}
	buf_free(&allow);
	return c->route != NULL;
}

/* A browser must not ask for a password by itself: we have pages for that. */
static void
challenge(struct api_call *c, const char *why)
{
	view ignored;
	bool browser = request_header(c->request, VIEW("Sec-Fetch-Mode"),
	    &ignored);

	answer_header(c->answer, "WWW-Authenticate",
	    browser ? VIEW("Cookie realm=\"Posthaste\"")
	            : VIEW("Basic realm=\"Posthaste\", charset=\"UTF-8\""));
	api_problem(c->answer, 401, why, VIEW(""));
}

static result
by_basic(struct api_call *c, view user, view password)
{
	const struct auth_attempt attempt = { .user = user,
		.password = password, .protocol = VIEW("web"),
		.peer = c->request->peer };
	struct identity who;

	if (!view_eq(c->request->scheme, VIEW("https")))
		return fail(MALFORMED, "over https: over plain http a"
		    " password could be read on the way");
	TRY(auth_password(c->services->auth, &attempt, &who,
	    &c->answer->delay_ms));
	c->session.account = who.account;
	memcpy(c->session.address, who.address, sizeof c->session.address);
	return done();
}

static bool
is_change(const struct api_call *c)
{
	return strcmp(c->route->method, "GET") != 0;
}

static bool
refuse_rate(struct api_call *c)
{
	const struct auth_session *session =
	    c->session.account != 0 ? &c->session : NULL;
	result r = visit_rate(c->services, c->request, c->answer, session,
	    is_change(c));

	if (r.is != OK)
		api_problem(c->answer, 429, r.why, VIEW(""));
	return r.is != OK;
}

/* Who it is.  DENIED: nobody. */
static result
identify(struct api_call *c)
{
	view user, password;

	if (c->route->access == API_ANYBODY)
		return done();
	if (request_basic(c->request, &user, &password))
		return by_basic(c, user, password);
	return visit_find(c->services, c->request, &c->session);
}

/* They are somebody; may they?  false: it is answered. */
static bool
permit(struct api_call *c)
{
	view token = VIEW("");
	result r = done();

	(void)request_header(c->request, VIEW(VISIT_FORM_HEADER), &token);
	if (c->session.account != 0 && c->session.id == 0
	    && c->route->access == API_SESSION)
		r = fail(DENIED, "only for who is signed in by a cookie");
	else if (is_change(c) && c->session.id != 0)
		r = visit_may_change(c->request, &c->session, token);
	if (r.is != OK)
		api_fail(c, r);
	return r.is == OK;
}

/* Scripts of our pages always say their origin, other than forms. */
static result
from_here(const struct request *request)
{
	view origin;

	if (request_header(request, VIEW("Origin"), &origin)
	    && view_eq(origin, VIEW("null")))
		return fail(DENIED, "another site made this request");
	return visit_from_here(request);
}

static bool
admit(struct api_call *c)
{
	result r = done();

	/* Of what is for everybody any site may speak. */
	if (c->route->access != API_ANYBODY || is_change(c))
		r = from_here(c->request);
	if (r.is != OK) {
		api_fail(c, r);
		return false;
	}
	r = identify(c);
	if (refuse_rate(c))
		return false;
	if (r.is == OK)
		return permit(c);
	if (r.is == DENIED) {
		challenge(c, r.why);
	} else if (r.is == BUSY) {
		answer_header(c->answer, "Retry-After", VIEW("600"));
		api_problem(c->answer, 429, r.why, VIEW(""));
	} else {
		api_fail(c, r);
	}
	return false;
}

static bool
is_of(const struct request *request, view wanted)
{
	view type;

	if (request_header(request, VIEW("Content-Encoding"), &type)
	    || !request_header(request, VIEW("Content-Type"), &type))
		return false;
	return view_same(view_trim(view_cut(&type, ';')), wanted);
}

/* A file, which the operation itself reads.  false: it is answered. */
static bool
take_file(struct api_call *c)
{
	view wanted = view_of(c->route->takes->media);

	if (c->request->body.n > LIMIT_IMPORT) {
		api_problem(c->answer, 413, API_TOO_LARGE, VIEW(""));
		return false;
	}
	if (is_of(c->request, wanted))
		return true;
	answer_header(c->answer, "Accept", wanted);
	api_problem(c->answer, 415, "send one file of the type that is"
	    " described, without a Content-Encoding", VIEW(""));
	return false;
}

/* What was sent, by the row's table.  false: it is answered. */
static bool
take_body(struct api_call *c)
{
	const struct request *q = c->request;
	result r;

	if (c->route->takes != NULL && c->route->takes->media != NULL)
		return take_file(c);
	if (q->body.n > LIMIT_API_BODY) {
		api_problem(c->answer, 413, "the body is larger than allowed",
		    VIEW(""));
		return false;
	}
	if (c->route->takes == NULL && q->body.n == 0)
		return true;
	if (c->route->takes != NULL
	    && !is_of(q, VIEW("application/json"))) {
		answer_header(c->answer, "Accept", VIEW("application/json"));
		api_problem(c->answer, 415, "send application/json, without"
		    " a Content-Encoding", VIEW(""));
		return false;
	}
	r = c->route->takes == NULL
	    ? fail(MALFORMED, "nothing is to be sent with this")
	    : api_read(c->route->takes, q->body, q->arena, &c->body,
	        &c->field);
	if (r.is != OK)
		api_fail(c, r);
	return r.is == OK;
}

static void
run(struct api_call *c)
{
	result r = check_query(c);

	c->person = (struct person){ .store = c->services->store,
		.post = c->services->post, .account = c->session.account };
	if (r.is == OK)
		r = c->route->run(c);
	if (r.is != OK)
		api_fail(c, r);
}

void
api_handle(void *services, const struct request *request,
    struct answer *answer)
{
	struct api_call c = { .services = services, .request = request,
		.answer = answer, .field = VIEW("") };

	if (!find_route(&c))
		return;
	if (c.route->run != op_openapi)
		answer_header(answer, "Cache-Control", VIEW("no-store"));
	if (admit(&c) && take_body(&c))
		run(&c);
	json_decref(c.body);
}
