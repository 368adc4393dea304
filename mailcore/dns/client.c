#include "mailcore/dns/client.h"

#include "mailcore/base/limits.h"
#include "mailcore/dns/context.h"
#include "mailcore/dns/record.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unbound.h>
#include <unistd.h>

enum {
	CLASS_IN = 1,
	VALUES_MOST = 64, /* of one answer */
	/* What waits for an answer, wanted or not any more. */
	PENDING_MOST = 4096,
	/* One question does not use up what others need; and where so many in
	 * a row got no answer, the next ones wait less, until one does. */
	ASK_MS = 5000,
	SILENT_MOST = 3,
	SILENT_MS = 1000
};

/* One question; whoever is the last to need it frees it. */
struct pending {
	struct dns_client *client;
	struct pending *next, *previous;
	pthread_cond_t answered;
	struct ub_result *result; /* NULL: an error */
	bool no_name; /* RFC 1035 2.3.4 */
	bool done;
	bool abandoned; /* nobody waits for it any more */
};

struct dns_client {
	struct ub_ctx *ctx;
	pthread_t thread;
	bool started;
	int wake; /* eventfd: the thread ends */
	pthread_mutex_t lock; /* for the next four and all that is pending */
	struct pending *first;
	size_t count;
	unsigned silent; /* questions in a row that got no answer in time */
	bool stopping;
};

static result
set_up(struct ub_ctx *ctx, const char *server)
{
	if (ub_ctx_async(ctx, 1) != 0)
		return fail(FAILED, "libunbound has no threads");
	return dns_context_set_up(ctx, server);
}

static void *
pump(void *client)
{
	struct dns_client *c = client;
	struct pollfd fds[2] = {
		{ .fd = ub_fd(c->ctx), .events = POLLIN },
		{ .fd = c->wake, .events = POLLIN },
	};

	for (;;) {
		int n = poll(fds, COUNT(fds), -1);

		if (n > 0 && fds[1].revents != 0)
			break;
		if (n > 0 && fds[0].revents != 0)
			(void)ub_process(c->ctx);
		if (n < 0 && errno != EINTR)
			break;
	}
	return NULL;
}

result
dns_client_new(struct dns_client **out, const char *server)
{
	struct dns_client *c = calloc(1, sizeof *c);
	result r;

	if (c == NULL || (c->ctx = ub_ctx_create()) == NULL)
		abort();
	(void)pthread_mutex_init(&c->lock, NULL);
	c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = set_up(c->ctx, server);
	if (r.is == OK && (c->wake < 0
	        || pthread_create(&c->thread, NULL, pump, c) != 0))
		r = fail(FAILED, "a thread could not be started");
	else
		c->started = r.is == OK;
	if (r.is == OK) {
		*out = c;
		c = NULL;
	}
	dns_client_free(&c);
	return r;
}

static void
unlink_pending(struct pending *p)
{
	struct dns_client *c = p->client;

	if (p->previous != NULL)
		p->previous->next = p->next;
	else
		c->first = p->next;
	if (p->next != NULL)
		p->next->previous = p->previous;
	c->count--;
	ub_resolve_free(p->result);
	(void)pthread_cond_destroy(&p->answered);
	free(p);
}

void
dns_client_stop(struct dns_client *c)
{
	(void)pthread_mutex_lock(&c->lock);
	c->stopping = true;
	for (struct pending *p = c->first; p != NULL; p = p->next)
		(void)pthread_cond_signal(&p->answered);
	(void)pthread_mutex_unlock(&c->lock);
}

void
dns_client_free(struct dns_client **client)
{
	struct dns_client *c = *client;

	if (c == NULL)
		return;
	if (c->started) {
		(void)eventfd_write(c->wake, 1);
		(void)pthread_join(c->thread, NULL);
	}
	ub_ctx_delete(c->ctx);
	while (c->first != NULL)
		unlink_pending(c->first);
	if (c->wake >= 0)
		(void)close(c->wake);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
	*client = NULL;
}

static void
on_answer(void *pending, int error, struct ub_result *u)
{
	struct pending *p = pending;
	struct dns_client *c = p->client;

	(void)pthread_mutex_lock(&c->lock);
	p->result = error == 0 ? u : NULL;
	p->no_name = error == UB_SYNTAX;
	p->done = true;
	if (p->abandoned)
		unlink_pending(p);
	else
		(void)pthread_cond_signal(&p->answered);
	(void)pthread_mutex_unlock(&c->lock);
}

static struct pending *
add_pending(struct dns_client *c)
{
	struct pending *p = calloc(1, sizeof *p);
	pthread_condattr_t monotonic;

	if (p == NULL)
		abort();
	p->client = c;
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->answered, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	(void)pthread_mutex_lock(&c->lock);
	p->next = c->first;
	if (p->next != NULL)
		p->next->previous = p;
	c->first = p;
	c->count++;
	(void)pthread_mutex_unlock(&c->lock);
	return p;
}

static view
data_at(const struct ub_result *u, size_t i)
{
	return (view){ u->data[i], (size_t)u->len[i] };
}

/* One value as lookup.h has it. */
static bool
read_value(enum lookup_type type, view rdata, struct arena *arena, view *out)
{
	struct record r;

	if (type == LOOKUP_A || type == LOOKUP_AAAA) {
		*out = arena_copy(arena, rdata);
		return rdata.n == (type == LOOKUP_A ? 4 : 16);
	}
	/* The data of a PTR has the form of an NS. */
	if (record_read(type == LOOKUP_PTR ? RECORD_NS
	        : (enum record_type)type, rdata, arena, &r).is != OK)
		return false;
	*out = r.value;
	return true;
}

static void
read_answer(const struct ub_result *u, enum lookup_type type,
    struct arena *arena, struct lookup_answer *out)
{
	if (!u->havedata) {
		if (u->nxdomain)
			out->kind = LOOKUP_MISSING;
		else if (u->rcode == 0)
			out->kind = LOOKUP_EMPTY;
		return;
	}
	out->values = arena_array(arena, VALUES_MOST, sizeof *out->values);
	if (out->values == NULL)
		return;
	for (size_t i = 0; u->data[i] != NULL && out->count < VALUES_MOST; i++)
		if (read_value(type, data_at(u, i), arena,
		        &out->values[out->count]))
			out->count++;
	out->kind = out->count > 0 ? LOOKUP_DATA : LOOKUP_EMPTY;
	if (arena_result(arena).is != OK)
		*out = (struct lookup_answer){ .kind = LOOKUP_FAILED };
}

/* Under the lock: until it is answered or too late. */
static void
wait_for(struct pending *p, int64_t deadline)
{
	const struct timespec end = { .tv_sec = deadline / 1000,
		.tv_nsec = (long)(deadline % 1000) * 1000000 };

	while (!p->done && !p->client->stopping
	    && clock_steady_ms() < deadline)
		(void)pthread_cond_timedwait(&p->answered, &p->client->lock,
		    &end);
}

/* Also shortens `*deadline` to what one question may take. */
static bool
may_ask(struct dns_client *c, int64_t *deadline)
{
	int64_t now = clock_steady_ms(), latest;
	bool may;

	(void)pthread_mutex_lock(&c->lock);
	may = !c->stopping && c->count < PENDING_MOST;
	latest = now + (c->silent >= SILENT_MOST ? SILENT_MS : ASK_MS);
	(void)pthread_mutex_unlock(&c->lock);
	if (latest < *deadline)
		*deadline = latest;
	return may && now < *deadline;
}

void
dns_client_ask(void *budget, struct arena *arena, view name,
    enum lookup_type type, struct lookup_answer *out)
{
	const struct dns_client_budget *b = budget;
	struct dns_client *c = b->client;
	char text[LIMIT_DOMAIN + 1];
	int64_t deadline = b->deadline;
	struct pending *p;
	int error;

	*out = (struct lookup_answer){ .kind = LOOKUP_MISSING };
	if (name.n == 0 || !view_copy(name, text, sizeof text))
		return;
	out->kind = LOOKUP_FAILED;
	if (!may_ask(c, &deadline))
		return;
	p = add_pending(c);
	error = ub_resolve_async(c->ctx, text, (int)type, CLASS_IN, p,
	    on_answer, NULL);
	(void)pthread_mutex_lock(&c->lock);
	if (error == 0)
		wait_for(p, deadline);
	c->silent = p->done ? 0 : c->silent + 1;
	if (p->done && p->result != NULL)
		read_answer(p->result, type, arena, out);
	if (error == UB_SYNTAX || p->no_name)
		out->kind = LOOKUP_MISSING;
	if (p->done || error != 0)
		unlink_pending(p);
	else
		p->abandoned = true;
	(void)pthread_mutex_unlock(&c->lock);
}
