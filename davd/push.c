#include "davd/push.h"

#include "davd/push_send.h"

#include "mailcore/base/limits.h"
#include "mailcore/dns/resolve.h"
#include "mailcore/push/due.h"
#include "mailcore/push/message.h"
#include "mailcore/store/right.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	THREADS = 2,
	NONE_MS = 60000, /* an account without subscriptions is let alone */
	AGAIN_SECONDS = 60, /* until what could not be read is read again */
	LOOK_MEMORY = 16 * 1024 * 1024,
	PASS_MS = 20000, /* for one account; the others want theirs */
	MS = 1000
};

struct pusher {
	struct store *store;
	const struct conf *conf;
	struct push_way way;
	int stop;
	atomic_bool stopping;
	pthread_mutex_t lock; /* of `due` */
	pthread_cond_t news;
	struct push_due *due;
	pthread_t threads[THREADS];
	size_t count;
};

/* One look at one account. */
struct pass {
	struct pusher *p;
	struct account *account;
	struct arena *arena;
	struct push_row *row; /* of the present step */
	bool drop;
	int64_t began; /* steady ms */
	int64_t next;  /* seconds since 1970; 0: nothing waits */
};

static result
settle(struct account *a, void *context)
{
	struct pass *s = context;

	return s->drop ? push_unregister(a, s->row->token, 0)
		       : push_settle(a, s->row);
}

static void
keep(struct pass *s)
{
	result r = account_write(s->account, settle, s, DURABLE_LAZY);

	if (r.is != OK && r.is != NOT_FOUND)
		log_line(LOG_WARNING, "push.kept", "account=%lld why=\"%s\"",
		    (long long)account_id(s->account), r.why);
}

static void
drop(struct pass *s, const char *why)
{
	log_line(LOG_INFO, "push.dropped", "account=%lld collection=%lld"
	    " why=\"%s\"", (long long)account_id(s->account),
	    (long long)s->row->collection, why);
	s->drop = true;
	keep(s);
	s->drop = false;
}

static void
wait_until(struct pass *s, int64_t when)
{
	if (s->next == 0 || when < s->next)
		s->next = when;
}

/* As davd/dav writes it for the owner; what others see of a collection has
 * tokens that depend on their rights. */
static view
token_of(const struct pass *s, const struct push_news *n)
{
	if (s->row->who != account_id(s->account))
		return VIEW("");
	return arena_print(s->arena, "http://posthaste.invalid/ns/sync/"
	    "%lld-%lld", (long long)s->row->collection, (long long)n->modseq);
}

static result
send(struct pass *s, const struct push_news *n, struct push_reply *reply)
{
	struct buf topic = buf_new(64), text = buf_new(4096);
	struct push_message m = { .content = (n->triggers & PUSH_CONTENT) != 0,
		.properties = (n->triggers & PUSH_PROPERTIES) != 0,
		.token = token_of(s, n) };
	struct push_row row = *s->row;
	struct signer_point key;
	result r = signer_push_key(s->p->way.signer, &key);

	row.triggers = n->triggers;
	*reply = (struct push_reply){ .status = 0 };
	if (r.is == OK) {
		push_topic(&key, account_id(s->account), row.collection,
		    &topic);
		m.topic = buf_view(&topic);
		push_message_write(&m, &text);
		r = buf_result(&text);
	}
	if (r.is == OK)
		r = push_send(&s->p->way, &row, buf_view(&text), reply);
	buf_free(&topic);
	buf_free(&text);
	return r;
}

static void
after(struct pass *s, const struct push_news *n,
    const struct push_reply *reply, result sent)
{
	int64_t now = clock_now();

	if (sent.is == OK && push_reply_verdict(reply) == PUSH_TAKEN) {
		s->row->told = n->modseq;
		s->row->properties = n->properties;
		s->row->failures = 0;
		s->row->due = now + LIMIT_PUSH_EVERY;
		keep(s);
		return;
	}
	if (sent.is == BUSY && atomic_load(&s->p->stopping))
		return;
	s->row->failures++;
	log_line(LOG_INFO, "push.failed", "account=%lld collection=%lld"
	    " status=%u failures=%lld why=\"%s\"",
	    (long long)account_id(s->account), (long long)s->row->collection,
	    reply->status, (long long)s->row->failures, sent.why);
	if (sent.is == OK && push_reply_verdict(reply) == PUSH_GONE) {
		drop(s, "the push service does not know it any more");
	} else if (s->row->failures >= LIMIT_PUSH_FAILURES) {
		drop(s, "it has failed too often");
	} else {
		s->row->due = now + push_reply_wait(reply, s->row->failures);
		keep(s);
		wait_until(s, s->row->due);
	}
}

/* He may have been let in then, and not be any more. */
static result
still_sees(const struct pass *s, enum collection_kind kind, bool *sees)
{
	struct right_set rights;

	TRY(right_read(s->p->store, s->arena, s->row->who,
	    account_id(s->account), &rights));
	*sees = (right_in(&rights, kind, s->row->collection)
		    & (RIGHT_READ | RIGHT_TIMES)) != 0;
	return done();
}

static void
tell(struct pass *s, const struct push_news *n)
{
	struct push_reply reply;
	int64_t now = clock_now();

	if (s->row->due > now) {
		wait_until(s, s->row->due);
		return;
	}
	if (clock_steady_ms() - s->began > PASS_MS) {
		wait_until(s, now + 1);
		return;
	}
	after(s, n, &reply, send(s, n, &reply));
}

static result
look_at(struct pass *s)
{
	struct push_news n;
	bool sees = true;
	result r;

	if (s->row->expires <= clock_now()) {
		drop(s, "it has ended");
		return done();
	}
	r = push_look(s->account, s->arena, s->row, &n);
	if (r.is == NOT_FOUND) {
		drop(s, "the collection is no more");
		return done();
	}
	TRY(r);
	if (n.modseq > s->row->told)
		TRY(still_sees(s, n.kind, &sees));
	if (!sees) {
		drop(s, "it is not shared any more");
		return done();
	}
	n.triggers &= s->row->triggers;
	if (n.triggers != 0)
		tell(s, &n);
	return done();
}

/* When to look again, as push_due_done takes it. */
static int64_t
look(struct pusher *p, int64_t id)
{
	struct pass s = { .p = p, .arena = arena_new(LOOK_MEMORY),
		.began = clock_steady_ms() };
	struct push_row *rows = NULL;
	size_t count = 0;
	int64_t when = 0;
	result r = account_open(p->store, id, &s.account);

	if (r.is == OK)
		r = push_list(s.account, s.arena, &rows, &count);
	for (size_t i = 0; r.is == OK && i < count
	     && !atomic_load(&p->stopping); i++) {
		s.row = &rows[i];
		r = look_at(&s);
	}
	account_close(&s.account);
	arena_free(&s.arena);
	if (r.is != OK && r.is != NOT_FOUND) {
		log_line(LOG_WARNING, "push.look", "account=%lld why=\"%s\"",
		    (long long)id, r.why);
		wait_until(&s, clock_now() + AGAIN_SECONDS);
	} else if (count == 0) {
		return -NONE_MS;
	}
	if (s.next != 0)
		when = clock_steady_ms() + (s.next - clock_now()) * MS;
	return s.next == 0 || when > 0 ? when : 1;
}

static void
wait_for_news(struct pusher *p, int64_t next)
{
	int64_t now = clock_steady_ms(), most = now + NONE_MS;
	struct timespec until;

	if (next > most)
		next = most;
	until = (struct timespec){ .tv_sec = next / MS,
		.tv_nsec = next % MS * 1000000 };
	(void)pthread_cond_clockwait(&p->news, &p->lock, CLOCK_MONOTONIC,
	    &until);
}

static void *
run(void *pusher)
{
	struct pusher *p = pusher;
	sigset_t pipes;

	(void)sigemptyset(&pipes);
	(void)sigaddset(&pipes, SIGPIPE); /* see link.h */
	(void)pthread_sigmask(SIG_BLOCK, &pipes, NULL);
	(void)pthread_mutex_lock(&p->lock);
	while (!atomic_load(&p->stopping)) {
		int64_t next, when;
		int64_t id = push_due_take(p->due, clock_steady_ms(), &next);

		if (id == 0) {
			wait_for_news(p, next);
			continue;
		}
		(void)pthread_mutex_unlock(&p->lock);
		when = look(p, id);
		(void)pthread_mutex_lock(&p->lock);
		push_due_done(p->due, id, clock_steady_ms(), when);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

void
pusher_hear(struct pusher *p, int64_t account, bool fresh)
{
	int64_t now = clock_steady_ms();

	(void)pthread_mutex_lock(&p->lock);
	if (push_due_add(p->due, account, now, now + LIMIT_PUSH_WINDOW_MS,
		fresh))
		(void)pthread_cond_signal(&p->news);
	(void)pthread_mutex_unlock(&p->lock);
}

result
pusher_start(struct pusher **out, struct store *store, const struct conf *conf,
    struct tls *tls, struct signer *signer)
{
	struct pusher *p = calloc(1, sizeof *p);
	result r;

	if (p == NULL)
		abort();
	p->store = store;
	p->conf = conf;
	p->due = push_due_new();
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->news, NULL);
	p->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->way = (struct push_way){ .tls = tls, .signer = signer,
		.host = conf->hostname,
		.inside = conf->push == CONF_PUSH_ANY, .stop = p->stop };
	r = p->stop < 0 ? fail(FAILED, "no eventfd")
			: resolver_new(&p->way.resolver, conf->resolver);
	while (r.is == OK && p->count < THREADS) {
		if (pthread_create(&p->threads[p->count], NULL, run, p) != 0)
			r = fail(FAILED, "a thread could not be started");
		else
			p->count++;
	}
	*out = p;
	if (r.is != OK)
		pusher_stop(out);
	return r;
}

void
pusher_stop(struct pusher **pp)
{
	const uint64_t one = 1;
	struct pusher *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	atomic_store(&p->stopping, true);
	(void)pthread_cond_broadcast(&p->news);
	(void)pthread_mutex_unlock(&p->lock);
	if (write(p->stop, &one, sizeof one) < 0)
		log_line(LOG_DEBUG, "push.stop", "why=\"it is readable\"");
	for (size_t i = 0; i < p->count; i++)
		(void)pthread_join(p->threads[i], NULL);
	resolver_free(&p->way.resolver);
	if (p->stop >= 0)
		(void)close(p->stop);
	push_due_free(&p->due);
	(void)pthread_cond_destroy(&p->news);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}
