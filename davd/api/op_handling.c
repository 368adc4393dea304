/* What becomes of a person's mail: sent on to others, and answered. */
#include "davd/api/routes.h"

#include "mailcore/admin/handling.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"

#include <stdio.h>

enum { DAY = 86400, DAY_TEXT = 32 };

static result
get(struct api_call *c, struct handling *h)
{
	return admin_handling_get(c->services->store, c->request->arena,
	    view_of(c->session.address), h);
}

result
op_forwarding(struct api_call *c)
{
	struct handling h;
	json_t *all;
	view line;

	TRY(get(c, &h));
	all = json_array();
	while (view_line(&h.forward, &line))
		(void)json_array_append_new(all, api_string(line));
	return api_give(c, json_pack("{so sb}", "targets", all, "keep",
	    json_array_size(all) == 0 || h.forward_keep));
}

result
op_forwarding_set(struct api_call *c)
{
	const json_t *all = json_object_get(c->body, "targets");
	const json_t *keep = json_object_get(c->body, "keep");
	struct buf targets = buf_new(LIMIT_ALIAS_TEXT);
	result r = done();

	c->field = VIEW("targets");
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *s = json_array_get(all, i);
		view one = { json_string_value(s), json_string_length(s) };

		if (view_find_byte(one, ',') != SIZE_MAX)
			r = fail(MALFORMED, "expected one in each element");
		buf_add(&targets, one);
		buf_add_byte(&targets, ',');
	}
	if (r.is == OK)
		r = buf_result(&targets);
	if (r.is == OK)
		r = admin_forward_set(c->services->store,
		    view_of(c->session.address), buf_view(&targets),
		    keep == NULL || json_is_true(keep));
	buf_free(&targets);
	TRY(r);
	return api_give_nothing(c);
}

/* Nothing for no bound. */
static void
add_day(json_t *o, const char *name, int64_t seconds)
{
	struct date d = date_of(seconds);
	char text[DAY_TEXT];

	if (seconds == 0)
		return;
	(void)snprintf(text, sizeof text, "%04d-%02d-%02d", d.year, d.month,
	    d.day);
	(void)json_object_set_new(o, name, json_string(text));
}

result
op_reply(struct api_call *c)
{
	struct handling h;
	json_t *o;

	TRY(get(c, &h));
	o = json_pack("{sb}", "active", h.vacation);
	if (o == NULL || !h.vacation)
		return api_give(c, o);
	(void)json_object_set_new(o, "subject",
	    api_string(h.vacation_subject));
	(void)json_object_set_new(o, "text", api_string(h.vacation_text));
	(void)json_object_set_new(o, "every",
	    json_integer((h.vacation_every + DAY - 1) / DAY));
	add_day(o, "since", h.vacation_from);
	add_day(o, "until", h.vacation_until == 0 ? 0
						  : h.vacation_until - DAY);
	return api_give(c, o);
}

result
op_reply_set(struct api_call *c)
{
	const json_t *every = json_object_get(c->body, "every");
	struct admin_vacation v = {
		.subject = api_text(c->body, "subject"),
		.text = api_text(c->body, "text"),
		.since = api_text(c->body, "since"),
		.until = api_text(c->body, "until"),
		.every = (every == NULL ? 1 : json_integer_value(every)) * DAY,
	};

	TRY(admin_vacation_set(c->services->store,
	    view_of(c->session.address), &v));
	return api_give_nothing(c);
}

result
op_reply_end(struct api_call *c)
{
	TRY(admin_vacation_end(c->services->store,
	    view_of(c->session.address)));
	return api_give_nothing(c);
}
