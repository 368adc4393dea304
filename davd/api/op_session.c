/* Signing in and out, and where else one is. */
#include "davd/api/routes.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"

static json_t *
session_json(const struct auth_session *s)
{
	return json_pack("{sI ss sI sI ss}", "id", (json_int_t)s->id,
	    "address", s->address, "created", (json_int_t)s->created,
	    "expires", (json_int_t)s->expires, "form_token", s->form);
}

result
op_sign_in(struct api_call *c)
{
	result r = visit_sign_in(c->services, c->request, c->answer,
	    api_text(c->body, "address"), api_text(c->body, "password"),
	    &c->session);

	if (r.is == DENIED || r.is == BUSY) {
		/* No challenge: it was not asked for by one. */
		api_problem(c->answer, r.is == DENIED ? 401 : 429, r.why,
		    VIEW(""));
		if (r.is == BUSY)
			answer_header(c->answer, "Retry-After", VIEW("600"));
		else
			answer_header(c->answer, "WWW-Authenticate",
			    VIEW("Cookie realm=\"Posthaste\""));
		return done();
	}
	TRY(r);
	return api_give(c, session_json(&c->session));
}

result
op_session(struct api_call *c)
{
	return api_give(c, session_json(&c->session));
}

static void
wake(struct api_call *c)
{
	if (c->services->events != NULL)
		events_wake(c->services->events, c->person.account);
}

result
op_sign_out(struct api_call *c)
{
	TRY(visit_sign_out(c->services, c->request, c->answer, &c->session));
	return api_give_nothing(c);
}

static json_t *
row_json(const struct session_row *s, int64_t own)
{
	return json_pack("{sI sI sI sI so so sb}", "id", (json_int_t)s->id,
	    "created", (json_int_t)s->created, "used", (json_int_t)s->used,
	    "expires", (json_int_t)s->expires, "peer", api_string(s->peer),
	    "agent", api_string(s->agent), "current", s->id == own);
}

result
op_sessions(struct api_call *c)
{
	const struct auth_session_rules rules = visit_rules(c->services->conf);
	int64_t now = clock_now();
	struct session_row *list;
	json_t *all;
	size_t count;

	TRY(session_list(c->services->store, c->request->arena,
	    c->person.account, now, now - rules.idle, &list, &count));
	all = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all,
		    row_json(&list[i], c->session.id));
	return api_give(c, json_pack("{so}", "sessions", all));
}

result
op_session_end(struct api_call *c)
{
	TRY(person_session_end(&c->person, c->id));
	if (c->id == c->session.id)
		visit_forget(c->answer);
	wake(c);
	return api_give_nothing(c);
}

result
op_everywhere(struct api_call *c)
{
	TRY(person_sign_out_everywhere(&c->person));
	if (c->session.id != 0)
		visit_forget(c->answer);
	wake(c);
	return api_give_nothing(c);
}

result
op_events(struct api_call *c)
{
	view after;

	if (c->services->events == NULL)
		return fail(BUSY, "there are no events now");
	TRY(api_parameter(c, "after", &after));
	/* What a browser saw last, when it comes back by itself. */
	(void)request_header(c->request, VIEW("Last-Event-ID"), &after);
	return events_answer(c->services->events, c->person.account,
	    c->session.id, after, c->answer);
}
