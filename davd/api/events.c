#include "davd/api/events.h"

#include "mailcore/base/limits.h"
#include "mailcore/store/session.h"
#include "mailcore/sys/clock.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { LOOK_ARENA = 262144, MS = 1000 };

struct stream {
	struct stream *prev, *next; /* by `due` */
	struct events *events;
	int64_t account;
	int64_t session;
	struct standing standing; /* when there is no session */
	int64_t number;           /* told up to there */
	uint64_t serial;          /* by age */
	bool begun;

	/* Under the lock. */
	int64_t due; /* of the next comment, steady milliseconds */
	bool news;
	bool evicted;
	void (*wake)(void *what); /* NULL: not waiting */
	void *what;
};

struct events {
	struct store *store;
	_Atomic int64_t idle;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct stream *first, *last;
	size_t count;
	uint64_t serial;
	bool stopping;
	bool ending; /* the thread */
};

/* With the lock held. */
static void
leave(struct events *e, struct stream *s)
{
	if (s->prev == NULL)
		e->first = s->next;
	else
		s->prev->next = s->next;
	if (s->next == NULL)
		e->last = s->prev;
	else
		s->next->prev = s->prev;
	s->prev = s->next = NULL;
}

static void
join(struct events *e, struct stream *s)
{
	s->due = clock_steady_ms() + EVENTS_BEAT_SECONDS * MS;
	s->prev = e->last;
	if (e->last == NULL)
		e->first = s;
	else
		e->last->next = s;
	e->last = s;
}

static void
rouse(struct stream *s)
{
	void (*wake)(void *) = s->wake;

	s->news = true;
	s->wake = NULL;
	if (wake != NULL)
		wake(s->what);
}

/* Those whose time it is.  Each is asked soon, and then goes behind all
 * others; until then it is not due again. */
static void
rouse_due(struct events *e)
{
	int64_t now = clock_steady_ms();

	while (e->first != NULL && e->first->due <= now) {
		struct stream *s = e->first;

		leave(e, s);
		join(e, s);
		rouse(s);
	}
}

static void *
beat(void *context)
{
	struct events *e = context;

	(void)pthread_mutex_lock(&e->lock);
	while (!e->ending) {
		struct timespec until;

		rouse_due(e);
		if (e->first == NULL) {
			(void)pthread_cond_wait(&e->changed, &e->lock);
			continue;
		}
		until.tv_sec = e->first->due / MS;
		until.tv_nsec = e->first->due % MS * 1000000;
		(void)pthread_cond_timedwait(&e->changed, &e->lock, &until);
	}
	(void)pthread_mutex_unlock(&e->lock);
	return NULL;
}

struct events *
events_new(struct store *store, int64_t idle)
{
	struct events *e = calloc(1, sizeof *e);
	pthread_condattr_t steady;

	if (e == NULL)
		abort();
	e->store = store;
	e->idle = idle;
	(void)pthread_mutex_init(&e->lock, NULL);
	(void)pthread_condattr_init(&steady);
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&e->changed, &steady);
	(void)pthread_condattr_destroy(&steady);
	if (pthread_create(&e->thread, NULL, beat, e) != 0)
		abort();
	return e;
}

void
events_idle(struct events *e, int64_t idle)
{
	e->idle = idle;
}

void
events_wake(struct events *e, int64_t account)
{
	(void)pthread_mutex_lock(&e->lock);
	for (struct stream *s = e->first; s != NULL; s = s->next)
		if (s->account == account)
			rouse(s);
	(void)pthread_mutex_unlock(&e->lock);
}

void
events_stop(struct events *e)
{
	(void)pthread_mutex_lock(&e->lock);
	e->stopping = true;
	for (struct stream *s = e->first; s != NULL; s = s->next)
		rouse(s);
	(void)pthread_mutex_unlock(&e->lock);
}

void
events_free(struct events **at)
{
	struct events *e = *at;

	*at = NULL;
	if (e == NULL)
		return;
	(void)pthread_mutex_lock(&e->lock);
	e->ending = true;
	(void)pthread_cond_signal(&e->changed);
	(void)pthread_mutex_unlock(&e->lock);
	(void)pthread_join(e->thread, NULL);
	(void)pthread_cond_destroy(&e->changed);
	(void)pthread_mutex_destroy(&e->lock);
	free(e);
}

/* Is whoever opened it still signed in?  Only a clear no is one. */
static bool
has_ended(const struct stream *s, struct arena *arena)
{
	struct store *store = s->events->store;
	int64_t now = clock_now();
	struct session_row *list;
	struct standing standing;
	size_t count;
	result r;

	if (s->session == 0) {
		r = standing_get(store, s->account, 0, now, &standing);
		return r.is == NOT_FOUND
		    || (r.is == OK
		        && (!standing.enabled
		            || standing.sign_outs != s->standing.sign_outs
		            || standing.password_version
		                != s->standing.password_version));
	}
	r = session_list(store, arena, s->account, now,
	    now - s->events->idle, &list, &count);
	for (size_t i = 0; r.is == OK && i < count; i++)
		if (list[i].id == s->session)
			return false;
	return r.is == OK;
}

static void
tell_login(const struct login_row *l, struct buf *out)
{
	json_t *data = json_pack("{sI ss% sI ss%}", "app_password",
	    (json_int_t)l->app, "protocol", l->protocol.p, l->protocol.n,
	    "used", (json_int_t)l->used, "peer", l->peer.p, l->peer.n);
	char *text = data == NULL ? NULL : json_dumps(data, JSON_COMPACT);

	if (text != NULL)
		buf_print(out, "event: login\nid: %lld\ndata: %s\n\n",
		    (long long)l->number, text);
	free(text);
	json_decref(data);
}

static void
tell_news(struct stream *s, struct arena *arena, struct buf *out)
{
	struct login_row *list = NULL;
	size_t count = 0;
	result r = login_list(s->events->store, arena, s->account, s->number,
	    &list, &count);

	for (size_t i = 0; r.is == OK && i < count; i++) {
		tell_login(&list[i], out);
		s->number = list[i].number;
	}
}

/* What the lock guards, taken at once.  false: it is over. */
static bool
take_turn(struct stream *s, bool *news)
{
	struct events *e = s->events;
	bool over;

	(void)pthread_mutex_lock(&e->lock);
	over = e->stopping || s->evicted;
	*news = s->news;
	s->news = false;
	(void)pthread_mutex_unlock(&e->lock);
	return !over;
}

static bool
next(void *context, struct buf *out)
{
	struct stream *s = context;
	struct arena *arena;
	bool news, ended;

	if (!take_turn(s, &news))
		return false;
	if (!s->begun) {
		buf_add(out, VIEW("retry: 5000\n\n"));
		s->begun = true;
		news = true;
	}
	if (!news)
		return true;
	arena = arena_new(LOOK_ARENA);
	ended = has_ended(s, arena);
	if (ended)
		buf_add(out, VIEW("event: session-ended\ndata: {}\n\n"));
	else
		tell_news(s, arena, out);
	arena_free(&arena);
	/* It is the time, or somebody woke it for nothing. */
	if (out->n == 0)
		buf_add(out, VIEW(":\n\n"));
	return !ended;
}

static void
wait_for_news(void *context, void (*wake)(void *what), void *what)
{
	struct stream *s = context;
	struct events *e = s->events;
	bool at_once;

	(void)pthread_mutex_lock(&e->lock);
	at_once = s->news || s->evicted || e->stopping;
	if (!at_once) {
		s->wake = wake;
		s->what = what;
	}
	(void)pthread_mutex_unlock(&e->lock);
	if (at_once)
		wake(what);
}

static void
end(void *context)
{
	struct stream *s = context;
	struct events *e = s->events;

	(void)pthread_mutex_lock(&e->lock);
	leave(e, s);
	e->count--;
	(void)pthread_mutex_unlock(&e->lock);
	free(s);
}

/* Where it begins, and what it rests on. */
static result
look_first(struct events *e, struct stream *s, view after)
{
	struct arena *arena = arena_new(LOOK_ARENA);
	struct login_row *list = NULL;
	size_t count = 0;
	uint64_t number;
	result r = done();

	if (s->session == 0)
		r = standing_get(e->store, s->account, 0, clock_now(),
		    &s->standing);
	if (view_number(after, INT64_MAX, &number)) {
		s->number = (int64_t)number;
	} else if (r.is == OK) {
		r = login_list(e->store, arena, s->account, 0, &list,
		    &count);
		if (count > 0)
			s->number = list[count - 1].number;
	}
	arena_free(&arena);
	return r;
}

/* With the lock held: room for one more of the account. */
static void
make_room(struct events *e, int64_t account)
{
	struct stream *oldest = NULL;
	size_t count = 0;

	for (struct stream *s = e->first; s != NULL; s = s->next) {
		if (s->account != account || s->evicted)
			continue;
		count++;
		if (oldest == NULL || s->serial < oldest->serial)
			oldest = s;
	}
	if (oldest != NULL && count >= LIMIT_STREAMS_PER_ACCOUNT) {
		oldest->evicted = true;
		rouse(oldest);
	}
}

static result
enter(struct events *e, struct stream *s)
{
	result r = done();

	(void)pthread_mutex_lock(&e->lock);
	if (e->stopping || e->count >= LIMIT_STREAMS) {
		r = fail(BUSY, "too many event streams; try again later");
	} else {
		make_room(e, s->account);
		join(e, s);
		e->count++;
		s->serial = ++e->serial;
		(void)pthread_cond_signal(&e->changed);
	}
	(void)pthread_mutex_unlock(&e->lock);
	return r;
}

result
events_answer(struct events *e, int64_t account, int64_t session,
    view after, struct answer *a)
{
	struct stream *s = calloc(1, sizeof *s);
	result r;

	if (s == NULL)
		abort();
	s->events = e;
	s->account = account;
	s->session = session;
	r = look_first(e, s, after);
	if (r.is == OK)
		r = enter(e, s);
	if (r.is != OK) {
		free(s);
		return r;
	}
	a->status = 200;
	answer_header(a, "Content-Type", VIEW("text/event-stream"));
	answer_header(a, "Cache-Control", VIEW("no-store"));
	/* nginx would gather what is to come at once. */
	answer_header(a, "X-Accel-Buffering", VIEW("no"));
	a->stream = next;
	a->stream_wait = wait_for_news;
	a->stream_end = end;
	a->context = s;
	return done();
}
