/*
 * api_talk.h - requests to the API, without a socket: a store in a temporary
 * folder, one mailbox in it, and a way to ask.
 */
#ifndef TESTS_API_TALK_H
#define TESTS_API_TALK_H

#include "davd/api/visit.h"
#include "davd/http/exchange.h"
#include "mailcore/sys/clock.h"
#include "tests/unit/store_help.h"

enum { TALK_FIELDS = 32 };

struct talk {
	struct home home;
	struct auth *auth;
	struct conf conf;
	struct api_services services;
	struct front_options options;
	_Atomic uint64_t bodies;
	int64_t account;
	char cookie[128]; /* "Cookie: ...\n" and more, once signed in */
	char token[128];  /* "X-Form-Token: ...\n" */
};

static const struct route talk_routes[] = { { "/api/v1/", false,
	api_handle } };

static inline void
talk_open(struct talk *t)
{
	struct buf hash = buf_new(512);

	memset(t, 0, sizeof *t);
	home_begin(&t->home);
	must(auth_hash(VIEW("secret"), &hash), "auth_hash");
	must(account_add(t->home.store, VIEW("user@example.org"),
		 VIEW("User"), buf_view(&hash), &t->account),
	    "account_add");
	buf_free(&hash);
	must(auth_new(&t->auth, t->home.store), "auth_new");
	conf_defaults(&t->conf, 0);
	t->conf.hostname = "mail.example.org";
	t->services = (struct api_services){ .store = t->home.store,
		.auth = t->auth, .conf = &t->conf,
		.events = events_new(t->home.store, LIMIT_SESSION_IDLE) };
	t->options = (struct front_options){ .kind = FRONT_HTTPS,
		.routes = talk_routes, .route_count = COUNT(talk_routes),
		.services = &t->services, .body_limit = 1 << 20 };
}

static inline void
talk_close(struct talk *t)
{
	events_stop(t->services.events);
	events_free(&t->services.events);
	auth_free(&t->auth);
	home_end(&t->home);
}

/* A session, without a password: for what is not about signing in. */
static inline void
talk_sign_in(struct talk *t)
{
	const struct auth_session_rules rules = visit_rules(&t->conf);
	const struct auth_attempt attempt = {
		.user = VIEW("user@example.org"),
		.password = VIEW("secret"),
		.peer = VIEW("127.0.0.1"),
	};
	struct buf token = buf_new(AUTH_SESSION_TOKEN);
	struct auth_session s;
	unsigned delay;

	must(auth_session_begin(t->auth, &attempt, VIEW("Test"), &rules, &s,
		 &token, &delay),
	    "auth_session_begin");
	(void)snprintf(t->cookie, sizeof t->cookie,
	    "Cookie: a=b; " VISIT_COOKIE "=%.*s\n", (int)token.n, token.p);
	(void)snprintf(t->token, sizeof t->token, VISIT_FORM_HEADER ": %s\n",
	    s.form);
	buf_free(&token);
}

/* An exchange that is answered; NULL: the front has refused it. */
static inline struct exchange *
talk_ask(struct talk *t, const char *method, view target, view fields,
    view body)
{
	struct exchange *x = exchange_new(&t->options, &t->bodies, target);
	view line;

	exchange_field_room(x, TALK_FIELDS);
	exchange_field(x, VIEW("Host"), VIEW("mail.example.org"));
	while (view_line(&fields, &line)) {
		view name = view_cut(&line, ':');

		exchange_field(x, name, view_trim(line));
	}
	if (exchange_begin(x, method, VIEW("127.0.0.1"), true)) {
		if (body.n > 0)
			(void)exchange_body(x, body);
		exchange_run(x);
	}
	return x;
}

#endif
