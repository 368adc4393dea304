/* The mailbox as its owner sees it, and its main password. */
#include "davd/api/routes.h"

#include "autoconfig/service_set.h"
#include "mailcore/admin/strength.h"
#include "mailcore/base/limits.h"

static void
add_entries(json_t *all, const struct service_entry *e, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all,
		    json_pack("{ss so si ss}", "protocol", e[i].protocol,
		        "host", api_string(e[i].host), "port",
		        (int)e[i].port, "security",
		        e[i].socket == SOCKET_TLS ? "tls" : "starttls"));
}

static json_t *
quota_json(const struct account_info *a)
{
	json_t *q = json_pack("{sI}", "used", (json_int_t)a->used);

	if (a->quota != 0)
		(void)json_object_set_new(q, "limit",
		    json_integer(a->quota));
	return q;
}

static json_t *
person_json(const struct account_info *a, const struct service_set *set,
    unsigned strength)
{
	json_t *services = json_array(), *p;

	add_entries(services, set->incoming, set->incoming_count);
	add_entries(services, set->outgoing, set->outgoing_count);
	p = json_pack("{so so so so si}", "address", api_string(a->address),
	    "name", api_string(a->name), "quota", quota_json(a), "services",
	    services, "password_strength", (int)strength);
	if (p != NULL && set->dav.n > 0)
		(void)json_object_set_new(p, "dav", api_string(set->dav));
	return p;
}

result
op_me(struct api_call *c)
{
	struct arena *arena = c->request->arena;
	const struct api_services *s = c->services;
	struct account_info account;
	struct service_set set;
	struct domain domain;
	view rest;

	TRY(account_get(s->store, arena, c->person.account, &account));
	rest = account.address;
	(void)view_cut_last(&rest, '@');
	TRY(domain_find(s->store, arena, rest, &domain));
	TRY(service_set_make(s->conf, domain.name, domain.display_name, arena,
	    &set));
	return api_give(c, person_json(&account, &set,
	    s->conf->password_strength));
}

static json_t *
login_json(const struct login_row *l)
{
	json_t *o = json_pack("{sI so sI so}", "number",
	    (json_int_t)l->number, "protocol", api_string(l->protocol),
	    "used", (json_int_t)l->used, "peer", api_string(l->peer));

	if (o != NULL && l->app != 0)
		(void)json_object_set_new(o, "app_password",
		    json_integer(l->app));
	return o;
}

result
op_logins(struct api_call *c)
{
	struct login_row *list;
	json_t *all;
	size_t count;

	TRY(login_list(c->services->store, c->request->arena,
	    c->person.account, 0, &list, &count));
	all = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all, login_json(&list[i]));
	return api_give(c, json_pack("{so}", "logins", all));
}

result
op_password(struct api_call *c)
{
	struct person_password w = {
		.auth = c->services->auth,
		.old = { .user = view_of(c->session.address),
		    .password = api_text(c->body, "old"),
		    .protocol = VIEW("web"),
		    .peer = c->request->peer },
		.fresh = api_text(c->body, "new"),
		.least = c->services->conf->password_strength,
		.keep = c->session.id,
	};
	bool weak;
	result r = person_set_password(&c->person, &w, &weak,
	    &c->answer->delay_ms);

	if (r.is == DENIED || r.is == MALFORMED || r.is == OVER_LIMIT) {
		bool fresh = weak || r.is != DENIED;

		api_problem(c->answer, fresh ? 422 : 403, r.why,
		    fresh ? VIEW("new") : VIEW("old"));
		return done();
	}
	if (r.is == BUSY) {
		api_problem(c->answer, 429, r.why, VIEW("old"));
		answer_header(c->answer, "Retry-After", VIEW("600"));
		return done();
	}
	TRY(r);
	if (c->services->events != NULL)
		events_wake(c->services->events, c->person.account);
	return api_give_nothing(c);
}

result
op_score(struct api_call *c)
{
	unsigned least = c->services->conf->password_strength, score;
	struct account_info account;

	TRY(account_get(c->services->store, c->request->arena,
	    c->person.account, &account));
	score = strength_score(api_text(c->body, "password"),
	    account.address, account.name);
	return api_give(c, json_pack("{si si sb}", "score", (int)score,
	    "least", (int)least, "good", score >= least));
}
