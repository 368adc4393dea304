#include "davd/cli_doctor.h"

#include <jansson.h>

static const char *
verdict_name(enum verdict v)
{
	return v == VERDICT_OK ? "ok" : v == VERDICT_NONE ? "none" : "FAULT";
}

/* What came from the network is shown without control characters. */
static void
put(view v)
{
	for (size_t i = 0; i < v.n && i < 200; i++) {
		unsigned char c = (unsigned char)v.p[i];

		(void)putchar(c < ' ' || c == 127 ? '?' : c);
	}
}

static void
put_offer(const struct offer *o)
{
	(void)printf("%s ", offer_name(o->kind));
	if (o->url.n > 0) {
		put(o->url);
		return;
	}
	put(o->host);
	(void)printf(":%u %s", o->port, security_name(o->security));
}

static void
put_fault(const char *rule, view where, const char *fix)
{
	(void)printf("       %s", rule);
	if (where.n > 0) {
		(void)fputs("\n       at ", stdout);
		put(where);
	}
	(void)printf("\n       -> %s\n", fix);
}

static void
print_reading(const struct reading *r)
{
	(void)printf("%-6s %-19s ", verdict_name(r->verdict), r->client);
	if (r->offer_count == 0)
		(void)fputs(r->checked ? "in order" : "nothing", stdout);
	for (size_t i = 0; i < r->offer_count; i++) {
		if (i > 0)
			(void)fputs(", ", stdout);
		put_offer(&r->offers[i]);
	}
	(void)putchar('\n');
	if (r->verdict == VERDICT_FAULT)
		put_fault(r->rule, r->where, r->fix);
}

static void
print_probe(const struct live_probe *p)
{
	const struct probe_report *r = &p->report;

	(void)printf("%-6s ", r->rule == NULL ? "ok" : "FAULT");
	put_offer(&p->offer);
	if (r->tls.n > 0) {
		(void)fputs(", ", stdout);
		put(r->tls);
		(void)printf(", certificate for %d days", r->days);
	}
	if (r->logged_in) {
		(void)fputs(", logged in as ", stdout);
		put(p->offer.login);
	}
	(void)putchar('\n');
	if (r->rule != NULL)
		put_fault(r->rule, VIEW(""), r->fix);
}

void
doctor_print(const struct live_report *report)
{
	for (size_t i = 0; i < DOCTOR_READERS; i++)
		print_reading(&report->readings[i]);
	for (size_t i = 0; i < report->probe_count; i++)
		print_probe(&report->probes[i]);
}

/* Bytes that are no UTF-8 cannot be in JSON. */
static json_t *
text(view v)
{
	json_t *made = json_stringn(v.p, v.n);

	return made != NULL ? made : json_string("");
}

static json_t *
offer_json(const struct offer *o)
{
	json_t *made = json_object();

	(void)json_object_set_new(made, "protocol",
	    json_string(offer_name(o->kind)));
	(void)json_object_set_new(made, "login", text(o->login));
	if (o->url.n > 0) {
		(void)json_object_set_new(made, "url", text(o->url));
		return made;
	}
	(void)json_object_set_new(made, "host", text(o->host));
	(void)json_object_set_new(made, "port", json_integer(o->port));
	(void)json_object_set_new(made, "security",
	    json_string(security_name(o->security)));
	return made;
}

static void
add_fault(json_t *to, const char *rule, view where, const char *fix)
{
	(void)json_object_set_new(to, "rule", json_string(rule));
	(void)json_object_set_new(to, "where", text(where));
	(void)json_object_set_new(to, "fix", json_string(fix));
}

static json_t *
reading_json(const struct reading *r)
{
	json_t *made = json_object(), *offers = json_array();

	(void)json_object_set_new(made, "client", json_string(r->client));
	(void)json_object_set_new(made, "verdict",
	    json_string(verdict_name(r->verdict)));
	for (size_t i = 0; i < r->offer_count; i++)
		(void)json_array_append_new(offers,
		    offer_json(&r->offers[i]));
	(void)json_object_set_new(made, "configures", offers);
	if (r->verdict == VERDICT_FAULT)
		add_fault(made, r->rule, r->where, r->fix);
	return made;
}

static json_t *
probe_json(const struct live_probe *p)
{
	json_t *made = offer_json(&p->offer);
	const struct probe_report *r = &p->report;

	(void)json_object_set_new(made, "verdict",
	    json_string(r->rule == NULL ? "ok" : "FAULT"));
	(void)json_object_set_new(made, "tls", text(r->tls));
	(void)json_object_set_new(made, "days", json_integer(r->days));
	(void)json_object_set_new(made, "greeting", text(r->greeting));
	(void)json_object_set_new(made, "logged_in",
	    json_boolean(r->logged_in));
	if (r->rule != NULL)
		add_fault(made, r->rule, VIEW(""), r->fix);
	return made;
}

void
doctor_print_json(const struct live_report *report)
{
	json_t *root = json_object();
	json_t *clients = json_array(), *servers = json_array();

	for (size_t i = 0; i < DOCTOR_READERS; i++)
		(void)json_array_append_new(clients,
		    reading_json(&report->readings[i]));
	for (size_t i = 0; i < report->probe_count; i++)
		(void)json_array_append_new(servers,
		    probe_json(&report->probes[i]));
	(void)json_object_set_new(root, "clients", clients);
	(void)json_object_set_new(root, "servers", servers);
	(void)json_object_set_new(root, "faults",
	    json_integer((json_int_t)report->faults));
	(void)json_dumpf(root, stdout, JSON_INDENT(1));
	(void)putchar('\n');
	json_decref(root);
}
