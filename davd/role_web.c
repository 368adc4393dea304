/* CalDAV, CardDAV, autoconfig and pages. */
#include "davd/role.h"

#include "davd/http/http.h"
#include "davd/pages.h"
#include "davd/routes.h"
#include "davd/web/zones.h"

#include "davd/dav/schedule.h"
#include "mailcore/smtp/sign.h"
#include "mailcore/sys/clock.h"

#include <poll.h>
#include <signal.h>

enum { DELIVER_MS = 15000 };

struct web {
	struct role *role;
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
		struct arena *arena = NULL;
		struct conf fresh;
		bool reloads;
		int signal;

		deliver_left(w);
		(void)poll(p, COUNT(p), DELIVER_MS);
		reloads = take_post(w);
		signal = role_signal(r);
		if (signal == SIGTERM || signal == SIGINT)
			return;
		if (reloads || signal == SIGHUP)
			arena = role_reload(r, &fresh);
		arena_free(&arena);
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
	return started;
}
