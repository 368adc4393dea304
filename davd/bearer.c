#include "davd/bearer.h"

#include "mailcore/auth/bearer.h"
#include "mailcore/base/url.h"
#include "mailcore/smtp/https.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { RESOLVER_TEXT = 64 }; /* an address and a port */

/* By which names are looked up, or were: threads may still do so. */
struct lookup {
	struct lookup *next;
	struct resolver *resolver;
	char server[RESOLVER_TEXT];
};

struct bearer {
	struct role *role;
	struct lookup *_Atomic lookup; /* the newest; NULL: none yet */
	struct token_desk *desk;
	int stop;
};

result
bearer_keys_path(const struct conf *conf, char to[PATH_MAX])
{
	int n = snprintf(to, PATH_MAX, "%s/roles/oauth-keys.json", conf->data);

	return n > 0 && n < PATH_MAX
	    ? done() : fail(FAILED, "the data folder's path is too long");
}

/* The operator named the server: it may well be an inner one.  Its keys and
 * its word are believed, so it proves its name; in clear it is this machine
 * (conf_set_url). */
static result
fetch(void *bearer, struct arena *arena, const struct token_request *q,
    unsigned wait_ms, view *body)
{
	struct bearer *b = bearer;
	struct https_answer answer;
	struct https_request request;
	struct https h;
	struct url u;

	TRY(url_parse(q->url, &u));
	h = (struct https){ .resolver = b->lookup->resolver,
		.tls = b->role->tls,
		.port = u.port, .inside = true, .clear = !u.tls,
		.stop = b->stop, .agent = "Posthaste/" POSTHASTE_VERSION };
	request = (struct https_request){ .host = u.host,
		.path = u.target, .authorization = q->authorization,
		.body = q->body, .most = LIMIT_TOKEN_ANSWER,
		.wait_ms = wait_ms };
	if (view_at(u.target, 0) != '/')
		request.path = arena_print(arena, "/%.*s",
		    LOG_VIEW(u.target));
	if (q->body.n > 0)
		request.type = VIEW("application/x-www-form-urlencoded");
	TRY(arena_result(arena));
	TRY(https_ask(&h, arena, &request, &answer));
	if (answer.status != 200) {
		log_line(LOG_WARNING, "oauth.status", "url=%.*s status=%u",
		    LOG_VIEW(q->url), answer.status);
		return fail(DENIED, "its answer is no 200");
	}
	*body = answer.body;
	return done();
}

static result
read_keys(const struct conf *conf, struct buf *out)
{
	char path[PATH_MAX];

	if (view_at(view_of(conf->oauth.keys), 0) != '/')
		return done();
	TRY(bearer_keys_path(conf, path));
	return file_read(path, out);
}

/* Who has no such logins pays for no resolver. */
static result
set_lookup(struct bearer *b, const struct conf *conf)
{
	const struct conf_oauth *o = &conf->oauth;
	view server = view_of(conf->resolver);
	struct lookup *l = b->lookup;
	result r;

	if ((o->keys == NULL && o->introspection == NULL)
	    || (l != NULL && view_eq(server, view_of(l->server))))
		return done();
	l = calloc(1, sizeof *l);
	if (l == NULL)
		abort();
	r = view_copy(server, l->server, sizeof l->server)
	    ? resolver_new(&l->resolver, conf->resolver)
	    : fail(FAILED, "the name of the resolver is too long");
	if (r.is == OK) {
		l->next = b->lookup;
		b->lookup = l;
	} else {
		free(l);
	}
	return r;
}

static result
set(struct bearer *b, const struct conf *conf)
{
	const struct conf_oauth *o = &conf->oauth;
	struct buf keys = buf_new(LIMIT_TOKEN_ANSWER + 1);
	struct token_settings s = {
		.rules = { .issuer = view_of(o->issuer),
		    .audience = view_of(o->audience),
		    .scope = view_of(o->scope),
		    .claim = view_of(o->claim) },
		.keys_url = view_of(o->keys),
		.introspection = view_of(o->introspection),
		.client = view_of(o->client),
		.secret = view_of(o->client_password),
	};
	result r = set_lookup(b, conf);

	if (r.is == OK)
		r = read_keys(conf, &keys);
	if (keys.n > 0) {
		s.keys = buf_view(&keys);
		s.keys_url = VIEW("");
	}
	if (r.is == OK)
		r = token_desk_set(b->desk, &s);
	if (r.is != OK)
		log_line(LOG_ERROR, "oauth.settings", "keys=%s why=\"%s\"",
		    o->keys == NULL ? "none" : o->keys, r.why);
	buf_free(&keys);
	return r;
}

result
bearer_new(struct bearer **out, struct role *role)
{
	struct bearer *b = calloc(1, sizeof *b);
	result r;

	if (b == NULL)
		abort();
	b->role = role;
	b->desk = token_desk_new(fetch, b);
	b->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = b->stop < 0 ? fail(FAILED, "no eventfd") : set(b, &role->conf);
	if (r.is == OK) {
		auth_tokens_set(role->auth, b->desk);
		*out = b;
		b = NULL;
	}
	bearer_free(&b);
	return r;
}

void
bearer_reload(struct bearer *b, const struct conf *conf)
{
	if (set(b, conf).is != OK)
		log_line(LOG_ERROR, "reload.oauth", "kept=old");
}

void
bearer_free(struct bearer **bearer)
{
	struct bearer *b = *bearer;
	ssize_t written;

	*bearer = NULL;
	if (b == NULL)
		return;
	/* Whoever waits for another server gives up. */
	written = b->stop < 0 ? 0
	    : write(b->stop, &(uint64_t){ 1 }, sizeof(uint64_t));
	(void)written;
	token_desk_free(&b->desk);
	while (b->lookup != NULL) {
		struct lookup *l = b->lookup;

		b->lookup = l->next;
		resolver_free(&l->resolver);
		free(l);
	}
	if (b->stop >= 0)
		(void)close(b->stop);
	free(b);
}
