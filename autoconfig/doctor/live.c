#include "autoconfig/doctor/live.h"

#include "autoconfig/doctor/fetch.h"
#include "mailcore/dns/query.h"

#include <signal.h>

enum { LIVE_CACHE = 128, LIVE_DNS_MS = 5000 };

struct kept_document {
	struct ask ask;
	struct document d;
};

struct kept_records {
	view name;
	enum record_type type;
	struct record *records;
	size_t count;
};

struct live {
	struct way way;
	struct panel *panel; /* NULL: no DNS */
	struct caller caller;
	struct kept_document documents[LIVE_CACHE];
	size_t document_count;
	struct kept_records names[LIVE_CACHE];
	size_t name_count;
};

static bool
same_ask(const struct ask *a, const struct ask *b)
{
	return a->method == b->method && view_eq(a->url, b->url)
	    && a->log_in == b->log_in && a->follow == b->follow
	    && a->untyped == b->untyped && view_eq(a->body, b->body);
}

static void
live_fetch(void *self, struct arena *arena, const struct ask *ask,
    struct document *out)
{
	struct live *l = self;

	for (size_t i = 0; i < l->document_count; i++)
		if (same_ask(&l->documents[i].ask, ask)) {
			*out = l->documents[i].d;
			return;
		}
	fetch_ask(&l->caller, arena, ask, out);
	if (l->document_count < LIVE_CACHE)
		l->documents[l->document_count++] =
		    (struct kept_document){ *ask, *out };
}

static size_t
live_lookup(void *self, struct arena *arena, view name,
    enum record_type type, struct record **out)
{
	const struct dns_question question = { name, type };
	struct live *l = self;
	struct kept_records kept = { name, type, NULL, 0 };
	struct dns_answer *answer = NULL;

	for (size_t i = 0; i < l->name_count; i++)
		if (l->names[i].type == type
		    && view_same(l->names[i].name, name)) {
			*out = l->names[i].records;
			return l->names[i].count;
		}
	if (l->panel != NULL
	    && panel_ask_resolver(l->panel, arena, &question, 1,
	        LIVE_DNS_MS, &answer).is == OK
	    && answer->kind == ANSWER_DATA) {
		kept.records = answer->records;
		kept.count = answer->count;
	}
	if (l->name_count < LIVE_CACHE)
		l->names[l->name_count++] = kept;
	*out = kept.records;
	return kept.count;
}

static bool
is_known(const struct live_report *out, const struct offer *o)
{
	for (size_t i = 0; i < out->probe_count; i++) {
		const struct offer *k = &out->probes[i].offer;

		if (k->kind == o->kind && k->port == o->port
		    && k->security == o->security && view_same(k->host,
		        o->host) && view_eq(k->login, o->login))
			return true;
	}
	return false;
}

/* Every server that any reader would configure.  DAV was tried already. */
static void
gather(struct live_report *out)
{
	for (size_t i = 0; i < DOCTOR_READERS; i++)
		for (size_t k = 0; k < out->readings[i].offer_count; k++) {
			const struct offer *o = &out->readings[i].offers[k];

			if (o->kind < OFFER_CALDAV && !is_known(out, o)
			    && out->probe_count < LIVE_PROBES)
				out->probes[out->probe_count++].offer = *o;
		}
}

static void
run(struct live *l, const struct live_options *options, struct arena *arena,
    const struct person *p, struct live_report *out)
{
	const struct world world = { l, live_fetch, live_lookup };

	l->caller = (struct caller){ call_trust(options->ca), &l->way, p };
	doctor_read(&world, arena, p, out->readings);
	gather(out);
	for (size_t i = 0; i < out->probe_count; i++)
		probe_mail(&l->caller, arena, &out->probes[i].offer,
		    &out->probes[i].report);
	SSL_CTX_free(l->caller.trust);
	for (size_t i = 0; i < DOCTOR_READERS; i++)
		out->faults += out->readings[i].verdict == VERDICT_FAULT;
	for (size_t i = 0; i < out->probe_count; i++)
		out->faults += out->probes[i].report.rule != NULL;
}

result
live_run(const struct live_options *options, struct arena *arena,
    const struct person *p, struct live_report *out)
{
	struct live *l = arena_alloc(arena, sizeof *l);
	result r;

	*out = (struct live_report){ .faults = 0 };
	if (l == NULL)
		return arena_result(arena);
	(void)signal(SIGPIPE, SIG_IGN);
	l->way = (struct way){ .domain = p->domain, .at = options->at,
		.base_port = options->base_port, .inside = options->inside };
	r = options->alone ? done() : resolver_new(&l->way.resolver,
	    options->resolver);
	if (r.is == OK && !options->alone)
		r = panel_new(&l->panel, options->resolver);
	if (r.is == OK)
		run(l, options, arena, p, out);
	if (l->panel != NULL)
		panel_free(&l->panel);
	if (l->way.resolver != NULL)
		resolver_free(&l->way.resolver);
	return r.is == OK ? arena_result(arena) : r;
}
