#include "mailcore/dns/query.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>

enum {
	CLASS_IN = 1,
	RCODE_NXDOMAIN = 3,
	MEMBERS_MOST = 9,   /* the resolver and eight servers of the zone */
	ADDRESSES_MOST = 4, /* of one server */
	ANCESTORS_MOST = 8,
	RECORDS_MOST = 64,  /* of one answer */
	SERVER_TEXT = 128
};

struct member {
	struct ub_ctx *ctx;
	view name;
};

struct panel {
	struct arena *arena;
	const char *resolver;
	struct member members[MEMBERS_MOST];
	size_t count;
};

static const struct {
	const char *name, *value;
} options[] = {
	{ "do-not-query-localhost:", "no" },
	{ "outbound-msg-retry:", "2" },
	/* Every question goes to the server that is looked at. */
	{ "qname-minimisation:", "no" },
	{ "minimal-responses:", "yes" },
};

/* A context that asks `resolver` for everything; to be told more, and then
 * finished. */
static struct ub_ctx *
context_new(const char *resolver, result *r)
{
	struct ub_ctx *ctx = ub_ctx_create();

	*r = done();
	if (ctx == NULL || ub_ctx_async(ctx, 1) != 0)
		abort();
	for (size_t i = 0; i < COUNT(options); i++)
		if (ub_ctx_set_option(ctx, options[i].name, options[i].value)
		    != 0)
			log_line(LOG_WARNING, "dns.option", "name=%s",
			    options[i].name);
	if (resolver != NULL && ub_ctx_set_fwd(ctx, resolver) != 0)
		*r = fail(FAILED, "the resolver's address is not usable");
	if (resolver == NULL && ub_ctx_resolvconf(ctx, NULL) != 0)
		log_line(LOG_WARNING, "dns.resolvconf", "missing=1");
	return ctx;
}

/* libunbound answers for .test itself (RFC 6761 6.2); who names a server
 * means that one.  Nothing can be set after this. */
static void
context_finish(struct ub_ctx *ctx, const char *resolver)
{
	if (resolver != NULL && ub_ctx_zone_remove(ctx, "test.") != 0)
		log_line(LOG_WARNING, "dns.zone", "name=test");
}

result
panel_new(struct panel **out, const char *resolver)
{
	struct panel *p = calloc(1, sizeof *p);
	result r;

	if (p == NULL)
		abort();
	p->arena = arena_new(LIMIT_CONFIGURATION);
	p->resolver = resolver;
	p->members[0].name = VIEW("the resolver");
	p->members[0].ctx = context_new(resolver, &r);
	p->count = 1;
	if (r.is == OK) {
		context_finish(p->members[0].ctx, resolver);
		*out = p;
		p = NULL;
	}
	panel_free(&p);
	return r;
}

void
panel_free(struct panel **p)
{
	if (*p == NULL)
		return;
	for (size_t i = 0; i < (*p)->count; i++)
		ub_ctx_delete((*p)->members[i].ctx);
	arena_free(&(*p)->arena);
	free(*p);
	*p = NULL;
}

size_t
panel_members(const struct panel *p)
{
	return p->count;
}

view
panel_member_name(const struct panel *p, size_t member)
{
	return p->members[member].name;
}

/* Asking. */

struct pending {
	struct arena *arena;
	struct dns_answer *answer;
	enum record_type type;
	int id;
	bool over;
};

static void
read_data(const struct ub_result *u, struct pending *p)
{
	struct dns_answer *a = p->answer;

	a->records = arena_array(p->arena, RECORDS_MOST, sizeof *a->records);
	if (a->records == NULL)
		return;
	for (size_t i = 0; u->data[i] != NULL && a->count < RECORDS_MOST; i++)
		if (record_read(p->type, (view){ u->data[i],
		        (size_t)u->len[i] }, p->arena,
		        &a->records[a->count]).is == OK)
			a->count++;
}

static void
take_result(void *context, int error, struct ub_result *u)
{
	struct pending *p = context;
	struct dns_answer *a = p->answer;

	p->over = true;
	if (error != 0 || u == NULL)
		return;
	a->ttl = u->ttl > 0 ? (unsigned)u->ttl : 0;
	if (u->canonname != NULL) {
		view name = view_of(u->canonname);

		if (view_ends(name, VIEW(".")))
			name.n--;
		if (!view_same(name, view_of(u->qname)))
			a->canonical = arena_copy(p->arena, name);
	}
	if (u->havedata) {
		read_data(u, p);
		a->kind = a->count > 0 ? ANSWER_DATA : ANSWER_EMPTY;
	} else if (u->nxdomain || u->rcode == RCODE_NXDOMAIN) {
		a->kind = ANSWER_NAME_MISSING;
	} else if (u->rcode == 0) {
		a->kind = ANSWER_EMPTY;
	}
	ub_resolve_free(u);
}

static void
send_question(struct member *m, const struct dns_question *q, struct pending *p)
{
	char name[LIMIT_DOMAIN + 1];

	p->type = q->type;
	p->over = !view_copy(q->name, name, sizeof name)
	    || ub_resolve_async(m->ctx, name, (int)q->type, CLASS_IN, p,
	        take_result, &p->id) != 0;
}

/* Until all is answered or the time is over; what is left is called off. */
static void
gather(struct panel *p, size_t members, struct pending *pending, size_t each,
    int64_t until)
{
	struct pollfd waiting[MEMBERS_MOST];
	size_t left = 1;
	int64_t now;

	while (left > 0 && (now = clock_steady_ms()) < until) {
		left = 0;
		for (size_t i = 0; i < members * each; i++)
			left += !pending[i].over;
		for (size_t i = 0; i < members; i++)
			waiting[i] = (struct pollfd){
				.fd = ub_fd(p->members[i].ctx),
				.events = POLLIN };
		if (left == 0 || poll(waiting, (nfds_t)members,
		        (int)(until - now)) <= 0)
			continue;
		for (size_t i = 0; i < members; i++)
			if (waiting[i].revents != 0)
				(void)ub_process(p->members[i].ctx);
	}
	for (size_t i = 0; i < members * each; i++)
		if (!pending[i].over)
			(void)ub_cancel(p->members[i / each].ctx,
			    pending[i].id);
}

static result
ask(struct panel *p, size_t members, struct arena *arena,
    const struct dns_question *questions, size_t count, unsigned budget_ms,
    struct dns_answer **out)
{
	struct pending *pending =
	    arena_array(arena, members * count, sizeof *pending);
	struct dns_answer *answers =
	    arena_array(arena, members * count, sizeof *answers);

	TRY(arena_result(arena));
	for (size_t i = 0; i < members * count; i++) {
		answers[i].canonical = VIEW("");
		pending[i].arena = arena;
		pending[i].answer = &answers[i];
		send_question(&p->members[i / count], &questions[i % count],
		    &pending[i]);
	}
	gather(p, members, pending, count, clock_steady_ms() + budget_ms);
	*out = answers;
	return arena_result(arena);
}

result
panel_ask(struct panel *p, struct arena *arena,
    const struct dns_question *questions, size_t count, unsigned budget_ms,
    struct dns_answer **out)
{
	return ask(p, p->count, arena, questions, count, budget_ms, out);
}

result
panel_ask_resolver(struct panel *p, struct arena *arena,
    const struct dns_question *questions, size_t count, unsigned budget_ms,
    struct dns_answer **out)
{
	return ask(p, 1, arena, questions, count, budget_ms, out);
}

/* Who is authoritative. */

static bool
is_loopback(view address)
{
	return view_starts(address, VIEW("127."))
	    || view_eq(address, VIEW("::1"))
	    || view_starts(address, VIEW("::1@"));
}

/* A zone's server on this machine is where the resolver on this machine is,
 * and without such a resolver nobody else's zone may point us there. */
static bool
server_text(const struct panel *p, view address, char *text, size_t room)
{
	view port = view_of(p->resolver);
	view at_home = view_cut(&port, '@');
	int n;

	if (is_loopback(address) && !is_loopback(at_home))
		return false;
	if (!is_loopback(address) || port.n == 0)
		return view_copy(address, text, room);
	n = snprintf(text, room, "%.*s@%.*s", (int)address.n, address.p,
	    (int)port.n, port.p);
	return n > 0 && (size_t)n < room;
}

static void
add_addresses(const struct panel *p, struct member *m, const char *zone,
    const struct dns_answer *a, size_t *added)
{
	char text[SERVER_TEXT];

	for (size_t i = 0; i < a->count && *added < ADDRESSES_MOST; i++)
		if (server_text(p, a->records[i].value, text, sizeof text)
		    && ub_ctx_set_stub(m->ctx, zone, text, 0) == 0)
			++*added;
}

/* One more server, unless it has no address that we may ask. */
static void
add_member(struct panel *p, view name, const char *zone,
    const struct dns_answer *four, const struct dns_answer *six)
{
	struct member *m = &p->members[p->count];
	size_t added = 0;
	result r;

	if (p->count == MEMBERS_MOST)
		return;
	m->ctx = context_new(p->resolver, &r);
	m->name = arena_copy(p->arena, name);
	add_addresses(p, m, zone, four, &added);
	add_addresses(p, m, zone, six, &added);
	if (r.is == OK && added > 0) {
		context_finish(m->ctx, p->resolver);
		p->count++;
	} else {
		ub_ctx_delete(m->ctx);
	}
}

static result
add_servers(struct panel *p, struct arena *arena, view zone,
    const struct dns_answer *ns, unsigned budget_ms)
{
	size_t count = ns->count < MEMBERS_MOST ? ns->count : MEMBERS_MOST;
	struct dns_question *questions =
	    arena_array(arena, 2 * count, sizeof *questions);
	const char *text = arena_text(arena, zone);
	struct dns_answer *answers;

	TRY(arena_result(arena));
	for (size_t i = 0; i < count; i++) {
		questions[2 * i] = (struct dns_question){ ns->records[i].value,
			RECORD_A };
		questions[2 * i + 1] = (struct dns_question){
			ns->records[i].value, RECORD_AAAA };
	}
	TRY(panel_ask_resolver(p, arena, questions, 2 * count, budget_ms,
	    &answers));
	for (size_t i = 0; i < count; i++)
		add_member(p, ns->records[i].value, text, &answers[2 * i],
		    &answers[2 * i + 1]);
	return p->count > 1 ? done()
	                    : fail(BUSY, "no name server has an address");
}

result
panel_find_authorities(struct panel *p, struct arena *arena, view domain,
    unsigned budget_ms, view *zone)
{
	struct dns_question questions[ANCESTORS_MOST] = { 0 };
	struct dns_answer *answers;
	size_t count = 0;
	view rest = domain;
	int64_t until = clock_steady_ms() + budget_ms;
	bool silent = false;

	for (; rest.n > 0 && count < ANCESTORS_MOST;
	     (void)view_cut(&rest, '.'))
		questions[count++] = (struct dns_question){ rest, RECORD_NS };
	TRY(panel_ask_resolver(p, arena, questions, count, budget_ms / 2,
	    &answers));
	for (size_t i = 0; i < count; i++) {
		int64_t left = until - clock_steady_ms();

		silent = silent || answers[i].kind == ANSWER_SILENT;
		if (answers[i].kind != ANSWER_DATA
		    || answers[i].canonical.n > 0)
			continue;
		*zone = questions[i].name;
		return add_servers(p, arena, *zone, &answers[i],
		    left > 0 ? (unsigned)left : 0);
	}
	return silent ? fail(BUSY, "no answer from the resolver")
	              : fail(NOT_FOUND, "no such zone");
}
