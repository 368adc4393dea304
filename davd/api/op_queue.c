/*
 * A person's mail on its way out, by the words of `posthaste queue`; but for
 * hold and release, as what an operator holds is not the sender's to let go.
 */
#include "davd/api/routes.h"

#include "mailcore/store/queue.h"
#include "mailcore/sys/clock.h"

enum { RECIPIENTS_MOST = 10000, EVERY_ONE = -1 };

static json_t *
json_of_recipient(const struct queue_recipient *r)
{
	json_t *o = json_pack("{so si sb so}", "address",
	    api_string(r->address), "attempts", r->attempts, "held",
	    r->next == QUEUE_HELD, "error", api_string(r->error));

	if (o != NULL && r->next != QUEUE_HELD)
		(void)json_object_set_new(o, "next", json_integer(r->next));
	return o;
}

static json_t *
json_of_message(const struct queue_message *m, json_t *recipients)
{
	json_t *o = json_pack("{sI so sI sI so}", "id", (json_int_t)m->id,
	    "sender", api_string(m->sender), "created",
	    (json_int_t)m->created, "size", (json_int_t)m->size,
	    "recipients", recipients);

	if (o != NULL && m->released > 0)
		(void)json_object_set_new(o, "released",
		    json_integer(m->released));
	return o;
}

struct listing {
	json_t *all, *recipients;
	int64_t only; /* this message, or EVERY_ONE */
	int64_t last;
};

static result
list_one(void *context, const struct queue_message *m,
    const struct queue_recipient *r)
{
	struct listing *l = context;

	if (l->only != EVERY_ONE && m->id != l->only)
		return done();
	if (m->id != l->last) {
		l->recipients = json_array();
		(void)json_array_append_new(l->all,
		    json_of_message(m, l->recipients));
	}
	l->last = m->id;
	(void)json_array_append_new(l->recipients, json_of_recipient(r));
	return done();
}

static result
list(struct api_call *c, int64_t only, json_t **out)
{
	struct listing l = { .all = json_array(), .only = only };
	result r = queue_each_of(c->services->store, c->person.account,
	    RECIPIENTS_MOST, list_one, &l);

	*out = l.all;
	if (r.is == OK && only != EVERY_ONE && json_array_size(l.all) == 0)
		r = fail(NOT_FOUND, "no such message of yours is on its way");
	if (r.is != OK)
		json_decref(l.all);
	return r;
}

result
op_queue(struct api_call *c)
{
	json_t *all;

	TRY(list(c, EVERY_ONE, &all));
	return api_give(c, json_pack("{so}", "messages", all));
}

result
op_queue_show(struct api_call *c)
{
	json_t *all, *one;

	TRY(list(c, c->id, &all));
	one = json_incref(json_array_get(all, 0));
	json_decref(all);
	return api_give(c, one);
}

static result
change(struct api_call *c, enum queue_change what)
{
	json_t *own;

	/* Another's is as none. */
	TRY(list(c, c->id, &own));
	json_decref(own);
	TRY(queue_change(c->services->store, c->id, what, clock_now()));
	if (c->services->post != NULL)
		post_send(c->services->post,
		    (struct msg){ .kind = MSG_QUEUE });
	return api_give_nothing(c);
}

result
op_queue_retry(struct api_call *c)
{
	return change(c, QUEUE_RETRY_NOW);
}

result
op_queue_delete(struct api_call *c)
{
	return change(c, QUEUE_DELETE);
}
