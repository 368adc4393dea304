/* CalDAV, CardDAV, autoconfig and pages. */
#include "davd/role.h"

#include "davd/http/http.h"
#include "davd/pages.h"
#include "davd/routes.h"
#include "davd/web/zones.h"

#include "davd/dav/schedule.h"
#include "mailcore/base/limits.h"
#include "mailcore/smtp/sign.h"
#include "mailcore/sys/clock.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

enum { DELIVER_MS = 15000, CONF_TEXT = 4 * LIMIT_CONFIGURATION };

/* What is set, or was: requests may still read it. */
struct setting_set {
	struct setting_set *next;
	struct arena *arena;
	struct conf conf;
};

struct web {
	struct role *role;
	struct setting_set *sets;
	int64_t deliver_next;
	struct sign_services signing;
	struct page_services services;
	struct front *fronts[ROLE_SOCKETS];
	size_t front_count;
};

static result
start_front(struct web *w, const struct role_socket *s)
{
	const struct conf *c = &w->role->conf;
	bool plain = s->service == SERVICE_HTTP;
	struct front_options o = {
		.kind = FRONT_PROXY,
		.fd = s->fd,
		.routes = plain ? routes_plain : routes,
		.route_count = plain ? route_plain_count : route_count,
		.limit_of = routes_body_limit,
		.too_large = routes_too_large,
		.services = &w->services,
		.certs = w->role->certs,
		.tls = &c->tls,
		.connections = c->connections,
		.connections_per_peer = c->connections_per_peer,
	};

	if (s->service == SERVICE_HTTPS)
		o.kind = FRONT_HTTPS;
	else if (plain)
		o.kind = FRONT_HTTP;
	TRY(front_start(&w->fronts[w->front_count], &o));
	w->front_count++;
	return done();
}

static void
on_change(void *role, int64_t account)
{
	struct role *r = role;

	post_send_changed(r->post, account);
}

/* Here, or in another role: browsers that look on may see it. */
static void
on_login(void *events, int64_t account)
{
	events_wake(events, account);
}

static bool
take_post(struct web *w)
{
	bool reloads = false;
	struct msg msg;

	while (post_receive(w->role->post, &msg)) {
		if (msg.kind == MSG_LOGIN || msg.kind == MSG_STANDING)
			events_wake(w->services.api.events, msg.number);
		reloads = reloads || msg.kind == MSG_RELOAD;
	}
	return reloads;
}

/* Invitations that a crash has left, or that could not be delivered. */
static void
deliver_left(struct web *w)
{
	struct schedule s;
	int64_t now = clock_steady_ms();

	if (now < w->deliver_next)
		return;
	scheduling_services(&w->services.dav, &s);
	schedule_drain_all(&s);
	w->deliver_next = now + DELIVER_MS;
}

static bool
says_the_same(const struct conf *a, const struct conf *b)
{
	struct buf one = buf_new(CONF_TEXT), other = buf_new(CONF_TEXT);
	bool same;

	conf_write(a, &one);
	conf_write(b, &other);
	same = view_eq(buf_view(&one), buf_view(&other));
	buf_free(&one);
	buf_free(&other);
	return same;
}

/* Requests read each of them at any time, one word. */
static void
apply(struct web *w, const struct conf *c)
{
	struct dav_services *dav = &w->services.dav;
	struct signer *push = c->push == CONF_PUSH_OFF ? NULL
	                                               : w->role->signer;

	__atomic_store_n(&w->services.conf, c, __ATOMIC_RELEASE);
	__atomic_store_n(&w->services.api.conf, c, __ATOMIC_RELEASE);
	__atomic_store_n(&w->signing.hostname, c->hostname, __ATOMIC_RELEASE);
	__atomic_store_n(&dav->push, push, __ATOMIC_RELEASE);
	__atomic_store_n(&dav->push_inside, c->push == CONF_PUSH_ANY,
	    __ATOMIC_RELAXED);
	__atomic_store_n(&dav->publish, c->publish, __ATOMIC_RELAXED);
	__atomic_store_n(&dav->directory, c->directory, __ATOMIC_RELAXED);
	events_idle(w->services.api.events, c->session_idle);
}

static void
reload(struct web *w)
{
	struct setting_set *set;
	struct conf fresh;
	struct arena *arena = role_reload(w->role, &fresh);

	if (arena == NULL)
		return;
	if (says_the_same(&fresh, w->services.conf)) {
		arena_free(&arena);
		return;
	}
	set = malloc(sizeof *set);
	if (set == NULL)
		abort();
	*set = (struct setting_set){ w->sets, arena, fresh };
	w->sets = set;
	apply(w, &set->conf);
}

static void
forget_sets(struct web *w)
{
	while (w->sets != NULL) {
		struct setting_set *set = w->sets;

		w->sets = set->next;
		arena_free(&set->arena);
		free(set);
	}
}

/* Until a signal says to stop. */
static void
wait_for_end(struct web *w)
{
	struct role *r = w->role;
	struct pollfd p[] = {
		{ .fd = r->signals, .events = POLLIN },
		{ .fd = post_fd(r->post), .events = POLLIN },
	};

	for (;;) {
		bool reloads;
		int signal;

		deliver_left(w);
		(void)poll(p, COUNT(p), DELIVER_MS);
		reloads = take_post(w);
		signal = role_signal(r);
		if (signal == SIGTERM || signal == SIGINT)
			return;
		if (reloads || signal == SIGHUP)
			reload(w);
	}
}

result
role_web(struct role *r)
{
	struct web w = { .role = r };
	result started = done();

	w.signing = (struct sign_services){ .store = r->store,
		.signer = r->signer, .hostname = r->conf.hostname };
	w.services = (struct page_services){
		.dav = { .store = r->store,
		    .auth = r->auth,
		    .post = r->post,
		    .signing = &w.signing,
		    .push = r->conf.push == CONF_PUSH_OFF ? NULL
							  : r->signer,
		    .push_inside = r->conf.push == CONF_PUSH_ANY,
		    .publish = r->conf.publish,
		    .directory = r->conf.directory },
		.conf = &r->conf,
		.cache = page_cache_new(),
		.zones = zones_new(),
		.signer = r->signer,
		.api = { .store = r->store,
		    .auth = r->auth,
		    .conf = &r->conf,
		    .post = r->post,
		    .events = events_new(r->store, r->conf.session_idle),
		    .signer = r->signer },
	};
	store_listen(r->store, on_change, r);
	auth_listen(r->auth, on_login, w.services.api.events);
	for (size_t i = 0; started.is == OK && i < r->start->socket_count; i++)
		started = start_front(&w, &r->start->sockets[i]);
	if (started.is == OK) {
		role_ready(r);
		wait_for_end(&w);
	}
	events_stop(w.services.api.events);
	for (size_t i = 0; i < w.front_count; i++)
		front_stop(&w.fronts[i]);
	page_cache_free(&w.services.cache);
	zones_free(&w.services.zones);
	events_free(&w.services.api.events);
	forget_sets(&w);
	return started;
}
