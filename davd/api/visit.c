#include "davd/api/visit.h"

#include "mailcore/auth/throttle.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <stdio.h>

enum { COOKIE_TEXT = 256, KEY = 96 };

static const char foreign[] = "another site made this request";
static const char no_token[] =
    "the form is out of date: load the page again and send it once more";

struct auth_session_rules
visit_rules(const struct conf *conf)
{
	return (struct auth_session_rules){ .idle = conf->session_idle,
		.end = conf->session_end };
}

bool
visit_cookie(const struct request *request, view name, view *value)
{
	bool found = false;
	view rest;

	*value = VIEW("");
	if (!request_header(request, VIEW("Cookie"), &rest))
		return false;
	while (rest.n > 0) {
		view pair = view_trim(view_cut(&rest, ';'));
		view key = view_cut(&pair, '=');

		if (!view_eq(key, name))
			continue;
		/* Two of one name: somebody else has put one there. */
		*value = found ? VIEW("") : pair;
		if (found)
			return false;
		found = true;
	}
	return found;
}

static void
set_cookie(struct answer *answer, const char *name, view value, int64_t age)
{
	struct buf text = buf_new(COOKIE_TEXT);

	buf_print(&text, "%s=%.*s; Path=/; Secure; HttpOnly; SameSite=Lax;"
	    " Max-Age=%lld", name, (int)value.n, value.p, (long long)age);
	answer_header(answer, "Set-Cookie", buf_view(&text));
	buf_free(&text);
}

void
visit_forget(struct answer *answer)
{
	set_cookie(answer, VISIT_COOKIE, VIEW(""), 0);
}

result
visit_find(const struct api_services *services, const struct request *request,
    struct auth_session *out)
{
	const struct auth_session_rules rules = visit_rules(services->conf);
	view token;

	*out = (struct auth_session){ .id = 0 };
	if (!visit_cookie(request, VIEW(VISIT_COOKIE), &token))
		return fail(DENIED, "sign in first");
	return auth_session_check(services->auth, token, request->peer,
	    &rules, out);
}

/* Fetch metadata say it best; Origin comes with every POST, but as "null" from
 * pages that send no referrer (Fetch 3.1), as ours: then it says nothing. */
result
visit_from_here(const struct request *request)
{
	view value;

	if (request_header(request, VIEW("Sec-Fetch-Site"), &value)
	    && !view_same(value, VIEW("same-origin"))
	    && !view_same(value, VIEW("none")))
		return fail(DENIED, foreign);
	if (request_header(request, VIEW("Origin"), &value)
	    && !view_eq(value, VIEW("null"))
	    && !view_same(value, request->origin))
		return fail(DENIED, foreign);
	return done();
}

result
visit_may_change(const struct request *request,
    const struct auth_session *session, view token)
{
	TRY(visit_from_here(request));
	return auth_form_fits(session->form, token) ? done()
						    : fail(DENIED, no_token);
}

void
visit_guest(const struct api_services *services,
    const struct request *request, struct answer *answer,
    char form[AUTH_FORM_TOKEN + 1])
{
	struct buf made = buf_new(AUTH_SESSION_TOKEN);
	view token;

	if (!visit_cookie(request, VIEW(VISIT_GUEST_COOKIE), &token)
	    || token.n != AUTH_SESSION_TOKEN) {
		auth_guest_make(&made);
		token = buf_view(&made);
		set_cookie(answer, VISIT_GUEST_COOKIE, token,
		    services->conf->session_end);
	}
	auth_form(services->auth, token, form);
	buf_free(&made);
}

result
visit_guest_may(const struct api_services *services,
    const struct request *request, view given)
{
	char form[AUTH_FORM_TOKEN + 1];
	view token;

	TRY(visit_from_here(request));
	if (!visit_cookie(request, VIEW(VISIT_GUEST_COOKIE), &token))
		return fail(DENIED, no_token);
	auth_form(services->auth, token, form);
	return auth_form_fits(form, given) ? done() : fail(DENIED, no_token);
}

/* What the browser was signed in by before is over. */
static void
end_former(const struct api_services *services, const struct request *request)
{
	struct auth_session former;
	result r = visit_find(services, request, &former);

	if (r.is == OK)
		r = session_remove(services->store, former.account,
		    former.id);
	if (r.is != OK && r.is != DENIED && r.is != NOT_FOUND)
		log_line(LOG_WARNING, "session.end", "why=\"%s\"", r.why);
}

result
visit_sign_in(const struct api_services *services,
    const struct request *request, struct answer *answer, view address,
    view password, struct auth_session *out)
{
	const struct auth_session_rules rules = visit_rules(services->conf);
	const struct auth_attempt attempt = { .user = address,
		.password = password, .peer = request->peer };
	struct buf token = buf_new(AUTH_SESSION_TOKEN);
	view agent = VIEW("");
	result r;

	*out = (struct auth_session){ .id = 0 };
	if (!view_eq(request->scheme, VIEW("https")))
		return fail(MALFORMED, "sign in over https: over plain http"
		    " a password could be read on the way");
	(void)request_header(request, VIEW("User-Agent"), &agent);
	r = auth_session_begin(services->auth, &attempt, agent, &rules, out,
	    &token, &answer->delay_ms);
	if (r.is == OK) {
		end_former(services, request);
		set_cookie(answer, VISIT_COOKIE, buf_view(&token), rules.end);
	}
	buf_free(&token);
	return r;
}

result
visit_sign_out(const struct api_services *services,
    const struct request *request, struct answer *answer,
    const struct auth_session *session)
{
	result r = session_remove(services->store, session->account,
	    session->id);

	(void)request;
	/* Ended by another window meanwhile: what was wanted is so. */
	if (r.is == OK || r.is == NOT_FOUND) {
		visit_forget(answer);
		if (services->events != NULL)
			events_wake(services->events, session->account);
		return done();
	}
	return r;
}

/* One bound: who it is for, how many, and how it went. */
struct bound {
	const char *name;
	int64_t most;
	char key[KEY];
};

enum { BOUNDS = 3 };

static size_t
bounds_for(const struct request *request, const struct auth_session *session,
    bool changes, struct bound bounds[BOUNDS])
{
	struct auth_throttle from;
	size_t n = 0;

	auth_throttle_peer(&from, request->peer);
	if (!from.loopback) {
		bounds[n] = (struct bound){ "network", LIMIT_API_NETWORK, "" };
		(void)snprintf(bounds[n++].key, KEY, "rn %s", from.network);
	}
	if (session == NULL)
		return n;
	bounds[n] = (struct bound){ "requests", LIMIT_API_REQUESTS, "" };
	(void)snprintf(bounds[n++].key, KEY, "rr %lld/%lld",
	    (long long)session->account, (long long)session->id);
	if (!changes)
		return n;
	bounds[n] = (struct bound){ "changes", LIMIT_API_CHANGES, "" };
	(void)snprintf(bounds[n++].key, KEY, "rc %lld/%lld",
	    (long long)session->account, (long long)session->id);
	return n;
}

static void
tell_rate(struct answer *answer, const struct bound *b, const struct rate *r,
    int64_t now)
{
	struct buf text = buf_new(COOKIE_TEXT);
	int64_t left = b->most > r->count ? b->most - r->count : 0;

	buf_print(&text, "\"%s\";q=%lld;w=%d", b->name, (long long)b->most,
	    LIMIT_API_WINDOW);
	answer_header(answer, "RateLimit-Policy", buf_view(&text));
	buf_reset(&text);
	buf_print(&text, "\"%s\";r=%lld;t=%lld", b->name, (long long)left,
	    (long long)(r->ends - now));
	answer_header(answer, "RateLimit", buf_view(&text));
	if (r->count > b->most) {
		buf_reset(&text);
		buf_print(&text, "%lld", (long long)(r->ends - now));
		answer_header(answer, "Retry-After", buf_view(&text));
		answer->status = 429;
	}
	buf_free(&text);
}

result
visit_rate(const struct api_services *services, const struct request *request,
    struct answer *answer, const struct auth_session *session, bool changes)
{
	struct bound bounds[BOUNDS];
	struct rate rates[BOUNDS] = { { .count = 0 } };
	size_t n = bounds_for(request, session, changes, bounds), tightest = 0;
	int64_t now = clock_now();
	result r;

	for (size_t i = 0; i < n; i++)
		rates[i].key = view_of(bounds[i].key);
	if (n == 0)
		return done();
	r = rate_take(services->store, now, LIMIT_API_WINDOW, rates, n);
	/* What cannot be counted is let through; the store has logged why. */
	if (r.is != OK)
		return done();
	for (size_t i = 1; i < n; i++)
		if (bounds[i].most - rates[i].count
		    < bounds[tightest].most - rates[tightest].count)
			tightest = i;
	tell_rate(answer, &bounds[tightest], &rates[tightest], now);
	return rates[tightest].count > bounds[tightest].most
	    ? fail(OVER_LIMIT, "too many requests, try again in a minute")
	    : done();
}
