/* Logins that last: is what they rest on still there? */
#include "mailcore/auth/inside.h"
#include "mailcore/store/session.h"
#include "mailcore/sys/clock.h"

enum { LOOK_MS = 1000 };

static const char ended[] = "the login has ended: sign in again";

static bool
stands(const struct auth_watch *w, const struct standing *now)
{
	return now->enabled && now->sign_outs == w->sign_outs
	    && (w->app != 0 ? now->app
	        : now->password_version == w->password_version);
}

void
auth_watch_begin(struct auth *a, const struct identity *who,
    struct auth_watch *w)
{
	struct standing now;
	result r;

	*w = (struct auth_watch){ .account = who->account, .app = who->app,
		.password_version = who->password_version,
		.seen = a->changes, .looked_ms = clock_steady_ms() };
	r = standing_get(a->store, who->account, who->app, clock_now(), &now);
	/* Not to be seen now, it is another later. */
	w->sign_outs = r.is == OK ? now.sign_outs : -1;
	/* A new password, while an exchange about the old one went on: the
	 * next look is the first. */
	if (r.is == NOT_FOUND || (r.is == OK && !stands(w, &now)))
		w->seen--;
}

result
auth_still(struct auth *a, struct auth_watch *w)
{
	struct standing now;
	uint64_t changes;
	int64_t ms;
	result r;

	if (w->account == 0)
		return done();
	changes = a->changes;
	ms = clock_steady_ms();
	if (changes == w->seen && ms - w->looked_ms < LOOK_MS)
		return done();
	r = standing_get(a->store, w->account, w->app, clock_now(), &now);
	if (r.is == NOT_FOUND || (r.is == OK && !stands(w, &now)))
		return fail(DENIED, ended);
	/* What the store cannot say now, it says at the next command. */
	if (r.is == OK) {
		w->seen = changes;
		w->looked_ms = ms;
	}
	return done();
}

void
auth_changed(struct auth *a)
{
	a->changes++;
}
