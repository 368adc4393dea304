/* App passwords. */
#include "davd/api/routes.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"

enum { DAY = 86400, LIST_TEXT = 1024 };

/* "a,b" as an array. */
static json_t *
array_of(view list)
{
	json_t *all = json_array();

	while (list.n > 0)
		(void)json_array_append_new(all,
		    api_string(view_trim(view_cut(&list, ','))));
	return all;
}

static void
add_number(json_t *o, const char *name, int64_t number)
{
	if (number != 0)
		(void)json_object_set_new(o, name, json_integer(number));
}

static json_t *
app_json(const struct app_password *p)
{
	struct buf rights = buf_new(LIST_TEXT);
	json_t *o;

	auth_app_rights_write(p->rights, &rights);
	o = json_pack("{sI so so so sI}", "id", (json_int_t)p->id, "label",
	    api_string(p->label), "rights", array_of(buf_view(&rights)),
	    "networks", array_of(p->networks), "created",
	    (json_int_t)p->created);
	buf_free(&rights);
	if (o == NULL)
		return NULL;
	add_number(o, "expires", p->expires);
	add_number(o, "used", p->used);
	if (p->used != 0) {
		(void)json_object_set_new(o, "used_peer",
		    api_string(p->used_peer));
		(void)json_object_set_new(o, "used_protocol",
		    api_string(p->used_protocol));
	}
	return o;
}

result
op_apps(struct api_call *c)
{
	struct app_password *list;
	json_t *all;
	size_t count;

	TRY(app_password_list(c->services->store, c->request->arena,
	    c->person.account, &list, &count));
	all = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all, app_json(&list[i]));
	return api_give(c, json_pack("{so}", "app_passwords", all));
}

result
op_app(struct api_call *c)
{
	struct app_password *list;
	size_t count;

	TRY(app_password_list(c->services->store, c->request->arena,
	    c->person.account, &list, &count));
	for (size_t i = 0; i < count; i++)
		if (list[i].id == c->id)
			return api_give(c, app_json(&list[i]));
	return fail(NOT_FOUND, "there is no such app password");
}

/* An array of strings as "a,b"; a comma in one would make two of it. */
static result
join(struct api_call *c, const char *name, view *out)
{
	const json_t *all = json_object_get(c->body, name);
	struct buf text = buf_new(LIST_TEXT);
	result r = done();

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *s = json_array_get(all, i);
		view one = { json_string_value(s), json_string_length(s) };

		if (view_find_byte(one, ',') != SIZE_MAX)
			r = fail(MALFORMED, "expected one in each element");
		if (i > 0)
			buf_add_byte(&text, ',');
		buf_add(&text, one);
	}
	*out = arena_copy(c->request->arena, buf_view(&text));
	if (r.is == OK)
		r = buf_result(&text);
	buf_free(&text);
	return r.is == OVER_LIMIT
	    ? fail(MALFORMED, "expected fewer elements")
	    : r;
}

static result
read_wanted(struct api_call *c, struct app_password *out)
{
	json_int_t days =
	    json_integer_value(json_object_get(c->body, "expires_days"));
	view rights;

	*out = (struct app_password){ .rights = APP_ALL,
		.label = api_text(c->body, "label") };
	if (days > 0)
		out->expires = clock_now() + days * DAY;
	c->field = VIEW("rights");
	TRY(join(c, "rights", &rights));
	if (json_object_get(c->body, "rights") != NULL)
		TRY(auth_app_rights(rights, &out->rights));
	c->field = VIEW("networks");
	TRY(join(c, "networks", &out->networks));
	TRY(auth_app_networks(out->networks));
	c->field = VIEW("");
	return done();
}

static result
give_made(struct api_call *c, const struct app_password *p, view password)
{
	json_t *o = app_json(p);
	struct buf location = buf_new(64);

	if (o != NULL)
		(void)json_object_set_new(o, "password",
		    api_string(password));
	buf_print(&location, "/api/v1/app-passwords/%lld", (long long)p->id);
	answer_header(c->answer, "Location", buf_view(&location));
	buf_free(&location);
	return api_give(c, o);
}

result
op_app_add(struct api_call *c)
{
	struct buf password = buf_new(AUTH_APP_TEXT);
	struct app_password wanted;
	result r = read_wanted(c, &wanted);

	if (r.is == OVER_LIMIT)
		r = fail(MALFORMED, r.why);
	(void)buf_reserve(&password, AUTH_APP_TEXT);
	if (r.is == OK)
		r = person_app_add(&c->person, &wanted, clock_now(),
		    &password);
	if (r.is == OK)
		r = give_made(c, &wanted, buf_view(&password));
	secret_wipe(password.p, password.n);
	buf_free(&password);
	return r;
}

result
op_app_revoke(struct api_call *c)
{
	TRY(person_app_revoke(&c->person, c->id));
	return api_give_nothing(c);
}
