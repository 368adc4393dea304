/* What changed in calendars and address books, and back. */
#include "davd/api/routes.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/store/history.h"

static const char *const words[] = {
	[HISTORY_ADDED] = "added",
	[HISTORY_CHANGED] = "changed",
	[HISTORY_REMOVED] = "removed",
	[HISTORY_GONE] = "removed-all",
};

static json_t *
event_json(const struct history_event *e)
{
	json_t *o = json_pack("{sI ss sI ss so so sI}", "id",
	    (json_int_t)e->id, "what", words[e->what], "at",
	    (json_int_t)e->at, "kind",
	    e->kind == COLLECTION_ADDRESSBOOK ? "addressbook" : "calendar",
	    "collection", api_string(e->place), "name", api_string(e->name),
	    "size", (json_int_t)e->size);

	if (o != NULL && e->component.n > 0)
		(void)json_object_set_new(o, "component",
		    api_string(e->component));
	if (o != NULL && e->what == HISTORY_GONE)
		(void)json_object_set_new(o, "items",
		    json_integer((json_int_t)e->items));
	return o;
}

static result
list(struct api_call *c, struct account *a)
{
	struct history_event *events;
	size_t count;
	json_t *all;

	TRY(history_list(a, c->request->arena, 0, LIMIT_HISTORY_SHOWN,
	    &events, &count));
	all = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all, event_json(&events[i]));
	return api_give(c, json_pack("{so}", "changes", all));
}

static result
show(struct api_call *c, struct account *a)
{
	struct history_event e;
	struct body body;
	json_t *o;

	TRY(history_find(a, c->request->arena, c->id, &e));
	o = event_json(&e);
	if (o != NULL && e.what != HISTORY_GONE
	    && body_open(a, e.body, &body).is == OK) {
		/* Nothing else is taken in, but old stores may hold it. */
		if (utf8_is_valid(body.bytes))
			(void)json_object_set_new(o, "text",
			    api_string(body.bytes));
		body_close(&body);
	}
	return api_give(c, o);
}

static result
undo(struct api_call *c, struct account *a)
{
	struct history_undone out;
	result r = history_undo(a, c->request->arena, c->id, &out);

	/* Where it goes now is not free, or not there. */
	if (r.is == STALE)
		r = fail(EXISTS, r.why);
	TRY(r);
	return api_give(c, json_pack("{ss so}", "undone", words[out.what],
	    "name", api_string(out.name)));
}

static result
with_account(struct api_call *c,
    result (*run)(struct api_call *, struct account *))
{
	struct account *a;
	result r = account_open(c->services->store, c->person.account, &a);

	if (r.is == OK)
		r = run(c, a);
	account_close(&a);
	return r;
}

result
op_history(struct api_call *c)
{
	return with_account(c, list);
}

result
op_history_show(struct api_call *c)
{
	return with_account(c, show);
}

result
op_history_undo(struct api_call *c)
{
	return with_account(c, undo);
}
