/* What somebody does who administers a domain (admin/domain_admin.h). */
#include "davd/api/domain_dns.h"
#include "davd/api/routes.h"

#include "mailcore/admin/admin.h"
#include "mailcore/admin/domain_admin.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"

enum { PAGE = 100, MADE_TEXT = 64, PLAN_TEXT = 1 << 20 };

static struct domain_admin
who(const struct api_call *c)
{
	return (struct domain_admin){ .store = c->services->store,
		.post = c->services->post, .account = c->person.account,
		.strength = c->services->conf->password_strength };
}

static void
add_limit(json_t *o, const char *name, int64_t limit)
{
	if (o != NULL && limit > 0)
		(void)json_object_set_new(o, name, json_integer(limit));
}

static result
add_domain(const struct api_call *c, const struct domain *d, json_t *all)
{
	struct domain_share limit, used;
	json_t *o;

	TRY(domain_share_get(c->services->store, d->id, &limit, &used));
	o = json_pack("{sI so so sb sI sI}", "id", (json_int_t)d->id, "name",
	    api_string(d->name), "display_name", api_string(d->display_name),
	    "enabled", d->enabled, "mailboxes", (json_int_t)used.mailboxes,
	    "quota", (json_int_t)used.quota);
	add_limit(o, "mailbox_limit", limit.mailboxes);
	add_limit(o, "quota_limit", limit.quota);
	(void)json_array_append_new(all, o);
	return done();
}

result
op_domains(struct api_call *c)
{
	struct domain *list;
	json_t *all;
	size_t count;
	result r = done();

	TRY(administrator_domains(c->services->store, c->request->arena,
	    c->person.account, &list, &count));
	all = json_array();
	for (size_t i = 0; r.is == OK && i < count; i++)
		r = add_domain(c, &list[i], all);
	if (r.is != OK) {
		json_decref(all);
		return r;
	}
	return api_give(c, json_pack("{so}", "domains", all));
}

static json_t *
json_of_mailbox(const struct account_info *a)
{
	return json_pack("{sI so so sb sb sI sI}", "id", (json_int_t)a->id,
	    "address", api_string(a->address), "name", api_string(a->name),
	    "enabled", a->enabled, "withheld", a->withheld, "used",
	    (json_int_t)a->used, "quota", (json_int_t)a->quota);
}

result
op_domain_mailboxes(struct api_call *c)
{
	struct domain_admin w = who(c);
	struct account_info *list;
	json_t *all;
	size_t count;
	view after;
	bool more;

	TRY(api_parameter(c, "after", &after));
	TRY(domain_admin_mailboxes(&w, c->request->arena, c->id, after,
	    PAGE + 1, &list, &count));
	more = count > PAGE;
	all = json_array();
	for (size_t i = 0; i < count - more; i++)
		(void)json_array_append_new(all, json_of_mailbox(&list[i]));
	return api_give(c, json_pack("{so sb}", "mailboxes", all, "more",
	    more));
}

result
op_domain_mailbox(struct api_call *c)
{
	struct domain_admin w = who(c);
	struct account_info mailbox;

	TRY(domain_admin_mailbox(&w, c->request->arena, c->id, &mailbox));
	return api_give(c, json_of_mailbox(&mailbox));
}

/* The password that was sent, or one that is made in `made`. */
static view
password_of(const struct api_call *c, struct buf *made)
{
	view given = api_text(c->body, "password");

	if (given.n > 0)
		return given;
	admin_password_make(made);
	return buf_view(made);
}

static void
forget(struct buf *made)
{
	secret_wipe(made->p, made->n);
	buf_free(made);
}

/* `made` is told to who asked, and nowhere else. */
static result
give_made(struct api_call *c, int64_t id, const struct buf *made)
{
	struct account_info mailbox;
	json_t *o;

	TRY(account_get(c->services->store, c->request->arena, id, &mailbox));
	o = json_pack("{sI so}", "id", (json_int_t)id, "address",
	    api_string(mailbox.address));
	if (o != NULL && made->n > 0)
		(void)json_object_set_new(o, "password",
		    api_string(buf_view(made)));
	return api_give(c, o);
}

/* One that is too weak is told by a status of its own.  true: it is told. */
static bool
tell_weak(struct api_call *c, result r, bool weak)
{
	if (r.is != OK && weak)
		api_problem(c->answer, 422, r.why, VIEW("password"));
	return r.is != OK && weak;
}

result
op_domain_mailbox_add(struct api_call *c)
{
	const json_t *quota = json_object_get(c->body, "quota");
	struct domain_admin w = who(c);
	struct buf made = buf_new(MADE_TEXT);
	struct mailbox_wanted wanted = {
		.local_part = api_text(c->body, "local_part"),
		.name = api_text(c->body, "name"),
		.password = password_of(c, &made),
		.quota = json_integer_value(quota),
	};
	int64_t id;
	bool weak;
	result r = domain_admin_mailbox_add(&w, c->id, &wanted, &id, &weak);

	if (r.is == OK)
		r = give_made(c, id, &made);
	else if (tell_weak(c, r, weak))
		r = done();
	forget(&made);
	return r;
}

result
op_domain_mailbox_password(struct api_call *c)
{
	struct domain_admin w = who(c);
	struct buf made = buf_new(MADE_TEXT);
	bool weak;
	result r = domain_admin_password(&w, c->id, password_of(c, &made),
	    &weak);

	if (r.is == OK)
		r = give_made(c, c->id, &made);
	else if (tell_weak(c, r, weak))
		r = done();
	forget(&made);
	if (r.is == OK && c->services->events != NULL)
		events_wake(c->services->events, c->id);
	return r;
}

result
op_domain_mailbox_set(struct api_call *c)
{
	struct domain_admin w = who(c);

	TRY(domain_admin_state(&w, c->id, api_is(c->body, "enabled"),
	    json_integer_value(json_object_get(c->body, "quota"))));
	if (c->services->events != NULL)
		events_wake(c->services->events, c->id);
	return api_give_nothing(c);
}

result
op_domain_mailbox_remove(struct api_call *c)
{
	struct domain_admin w = who(c);

	TRY(domain_admin_mailbox_remove(&w, c->id));
	if (c->services->events != NULL)
		events_wake(c->services->events, c->id);
	return api_give_nothing(c);
}

static json_t *
joined(view lines)
{
	struct buf all = buf_new(LIMIT_ALIAS_TEXT);
	json_t *text;
	view line;

	while (view_line(&lines, &line))
		buf_print(&all, "%s%.*s", all.n > 0 ? "," : "", (int)line.n,
		    line.p);
	text = api_string(buf_view(&all));
	buf_free(&all);
	return text;
}

/* As domain_admin_alias_add reads it. */
static json_t *
json_of_target(const struct alias *a, struct arena *arena)
{
	switch (a->kind) {
	case ALIAS_EVERYONE:
		return json_string("everyone");
	case ALIAS_DISCARD:
		return json_string("discard");
	case ALIAS_REFUSE:
		return api_string(arena_print(arena, "refuse:%.*s",
		    (int)a->target.n, a->target.p));
	case ALIAS_MAILBOX:
	case ALIAS_FORWARD:
		break;
	}
	return joined(a->target);
}

result
op_domain_aliases(struct api_call *c)
{
	struct domain_admin w = who(c);
	struct alias *list;
	json_t *all;
	size_t count;

	TRY(domain_admin_aliases(&w, c->request->arena, c->id, &list,
	    &count));
	all = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all, json_pack("{so so}",
		    "address", api_string(list[i].address), "target",
		    json_of_target(&list[i], c->request->arena)));
	return api_give(c, json_pack("{so}", "aliases", all));
}

result
op_domain_alias_add(struct api_call *c)
{
	struct domain_admin w = who(c);

	TRY(domain_admin_alias_add(&w, c->id, api_text(c->body, "address"),
	    api_text(c->body, "target")));
	return api_give_nothing(c);
}

result
op_domain_alias_remove(struct api_call *c)
{
	struct domain_admin w = who(c);
	view address;

	TRY(api_parameter(c, "address", &address));
	TRY(domain_admin_alias_remove(&w, c->id, address));
	return api_give_nothing(c);
}

result
op_domain_dns(struct api_call *c)
{
	const struct api_services *s = c->services;
	const struct domain_dns where = { .store = s->store,
		.signer = s->signer, .conf = s->conf };
	struct arena *arena = c->request->arena;
	struct buf text = buf_new(PLAN_TEXT);
	struct service_set set;
	struct pacc_roll roll;
	struct dns_plan plan;
	struct domain domain;
	json_t *records;

	TRY(administrator_may(s->store, arena, c->person.account, c->id,
	    &domain));
	TRY(service_set_make(s->conf, domain.name, domain.display_name, arena,
	    &set));
	TRY(domain_dns_plan(&where, &set, arena, &roll, &plan));
	dns_plan_json(&plan, &text);
	records = json_loadb(text.p, text.n, 0, NULL);
	buf_free(&text);
	return api_give(c, json_pack("{so}", "records", records));
}
