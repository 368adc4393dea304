/* Last logins: written once a minute at most, and mostly known here to have
 * been, without a look into the store. */
#include "mailcore/auth/inside.h"
#include "mailcore/store/session.h"
#include "mailcore/sys/log.h"

#include <pthread.h>
#include <stdlib.h>

enum { PLACES = 1024, NAME = 8 };

struct place {
	int64_t account;
	int64_t app;
	char protocol[NAME];
	int64_t at;
};

struct notes {
	pthread_mutex_t lock;
	struct place places[PLACES];
};

struct notes *
notes_new(void)
{
	struct notes *n = calloc(1, sizeof *n);

	if (n == NULL || pthread_mutex_init(&n->lock, NULL) != 0)
		abort();
	return n;
}

void
notes_free(struct notes **notes)
{
	struct notes *n = *notes;

	*notes = NULL;
	if (n == NULL)
		return;
	(void)pthread_mutex_destroy(&n->lock);
	free(n);
}

static struct place *
place_of(struct notes *n, const struct identity *who, view protocol)
{
	uint64_t hash = (uint64_t)who->account * 31 + (uint64_t)who->app;

	for (size_t i = 0; i < protocol.n; i++)
		hash = hash * 31 + (unsigned char)protocol.p[i];
	return &n->places[hash % PLACES];
}

/* false: it was noted less than a minute ago. */
static bool
is_due(struct notes *n, const struct identity *who, view protocol, int64_t now)
{
	struct place *p = place_of(n, who, protocol);
	bool same, due;

	(void)pthread_mutex_lock(&n->lock);
	same = p->account == who->account && p->app == who->app
	    && view_eq(view_of(p->protocol), protocol);
	due = !same || now < p->at || now - p->at >= LIMIT_LOGIN_SECONDS;
	if (due && view_copy(protocol, p->protocol, sizeof p->protocol)) {
		p->account = who->account;
		p->app = who->app;
		p->at = now;
	}
	(void)pthread_mutex_unlock(&n->lock);
	return due;
}

void
auth_note(struct auth *a, const struct identity *who,
    const struct auth_attempt *attempt, int64_t now)
{
	bool kept = false;
	result r;

	if (!is_due(a->notes, who, attempt->protocol, now))
		return;
	r = login_note(a->store, who->account, who->app, attempt->protocol,
	    attempt->peer, now, &kept);
	/* The login is right all the same. */
	if (r.is != OK)
		log_line(LOG_WARNING, "auth.note", "why=\"%s\"", r.why);
	if (kept && a->listener != NULL)
		a->listener(a->listener_context, who->account);
}

void
auth_listen(struct auth *a, auth_listener *listener, void *context)
{
	a->listener_context = context;
	a->listener = listener;
}
