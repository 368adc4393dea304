/* What the roles have counted, for programs of this machine. */
#include "davd/pages.h"

#include "davd/role.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/count.h"

#include <limits.h>
#include <stdio.h>

/* Not what somebody else's proxy passes on from outside, nor a page that a
 * browser on this machine was led to by a name of its own. */
static bool
is_local(const struct request *request)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]",
		"::1" };
	view value;

	if (!view_starts(request->peer, VIEW("127."))
	    && !view_eq(request->peer, VIEW("::1")))
		return false;
	if (request_header(request, VIEW("Forwarded"), &value)
	    || request_header(request, VIEW("X-Forwarded-For"), &value))
		return false;
	for (size_t i = 0; i < COUNT(names); i++)
		if (view_eq(request->host, view_of(names[i])))
			return true;
	return view_starts(request->host, VIEW("127."));
}

static void
add_head(struct buf *out, const char *name, const char *type,
    const char *help)
{
	buf_print(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

struct counted {
	const char *role;
	struct count list[COUNT_SLOTS];
	size_t n;
};

static void
add_counts(struct buf *out, const struct counted *roles, size_t n, bool level)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < roles[i].n; k++) {
			const struct count *c = &roles[i].list[k];

			if (c->level != level)
				continue;
			buf_print(out, level
			        ? "posthaste_connections{role=\"%s\","
			          "protocol=\"%s\"} %lld\n"
			        : "posthaste_events_total{role=\"%s\","
			          "event=\"%s\"} %lld\n",
			    roles[i].role, c->name, (long long)c->value);
		}
}

/* The roles of one machine share a data folder. */
static void
add_roles(struct buf *out, struct arena *arena, const char *data)
{
	struct counted *roles = arena_alloc(arena, ROLE_COUNT * sizeof *roles);
	char path[PATH_MAX];
	size_t n = 0;

	for (size_t i = 0; roles != NULL && i < ROLE_COUNT; i++) {
		struct counted *c = &roles[n];

		c->role = role_kinds[i].name;
		if (snprintf(path, sizeof path, "%s/run/count.%s", data,
		        c->role) < (int)sizeof path
		    && count_read(path, c->list, &c->n).is == OK)
			n++;
	}
	add_head(out, "posthaste_events_total", "counter",
	    "Lines of the log by event, also those below its level.");
	add_counts(out, roles, n, false);
	add_head(out, "posthaste_connections", "gauge",
	    "Connections that are open now.");
	add_counts(out, roles, n, true);
}

static void
add_number(struct buf *out, const char *name, const char *help, int64_t value)
{
	add_head(out, name, "gauge", help);
	buf_print(out, "%s %lld\n", name, (long long)value);
}

static result
add_queue(struct buf *out, struct store *store)
{
	int64_t messages, recipients, oldest;

	TRY(queue_counts(store, &messages, &recipients, &oldest));
	add_number(out, "posthaste_queue_messages",
	    "Messages that wait to be sent.", messages);
	add_number(out, "posthaste_queue_recipients",
	    "Recipients that they still wait for.", recipients);
	add_number(out, "posthaste_queue_oldest_seconds",
	    "When the oldest of them came, in seconds since 1970; 0: none.",
	    messages > 0 ? oldest : 0);
	return done();
}

void
page_metrics(void *services, const struct request *request,
    struct answer *answer)
{
	const struct page_services *s = services;
	struct buf *body = &answer->body;
	result r;

	if (!s->conf->metrics || !is_local(request)) {
		answer_text(answer, 404, "There is nothing here.");
		return;
	}
	if (!view_eq(request->method, VIEW("GET"))
	    && !view_eq(request->method, VIEW("HEAD"))) {
		answer_header(answer, "Allow", VIEW("GET, HEAD"));
		answer_text(answer, 405, "Only GET and HEAD work here.");
		return;
	}
	add_head(body, "posthaste_build_info", "gauge", "The version.");
	buf_print(body, "posthaste_build_info{version=\"%s\"} 1\n",
	    POSTHASTE_VERSION);
	add_roles(body, request->arena, s->conf->data);
	r = add_queue(body, s->dav.store);
	if (r.is == OK)
		r = buf_result(body);
	if (r.is != OK) {
		buf_reset(body);
		answer_text(answer, 500, r.why);
		return;
	}
	answer->status = 200;
	answer_header(answer, "Content-Type",
	    VIEW("text/plain; version=0.0.4; charset=utf-8"));
	answer_header(answer, "Cache-Control", VIEW("no-store"));
}
