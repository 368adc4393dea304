#include "mailcore/sys/net.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPT_AT_ONCE = 64, ACCEPT_PAUSE_MS = 200 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

/* As text; IPv4 in IPv6 (RFC 4291 2.5.5.2) as IPv4. */
static void
put_address(const union address *a, char *to, socklen_t room)
{
	const void *bytes = &a->v4.sin_addr;
	int family = AF_INET;

	if (a->any.sa_family == AF_INET6
	    && IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr)) {
		bytes = a->v6.sin6_addr.s6_addr + 12;
	} else if (a->any.sa_family == AF_INET6) {
		bytes = &a->v6.sin6_addr;
		family = AF_INET6;
	}
	if (inet_ntop(family, bytes, to, room) == NULL)
		to[0] = '\0';
}

/* What counts as one peer: an IPv4 address, or an IPv6 /64, which is what
 * one customer is given at least. */
static struct in6_addr
peer_key(const union address *a)
{
	struct in6_addr key = { 0 };

	if (a->any.sa_family == AF_INET) {
		memcpy(key.s6_addr + 12, &a->v4.sin_addr, 4);
		return key;
	}
	key = a->v6.sin6_addr;
	if (!IN6_IS_ADDR_V4MAPPED(&key))
		memset(key.s6_addr + 8, 0, 8);
	return key;
}

static struct peer
describe(int fd, const union address *a)
{
	union address local = { 0 };
	socklen_t n = sizeof local;
	struct peer p = { 0 };

	if (a->any.sa_family == AF_UNIX) {
		/* This machine, by a way that has no numbers. */
		memcpy(p.address, "127.0.0.1", sizeof "127.0.0.1");
		memcpy(p.local, p.address, sizeof p.address);
		p.loopback = true;
		return p;
	}
	put_address(a, p.address, sizeof p.address);
	p.port = ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port
	                                            : a->v4.sin_port);
	if (getsockname(fd, &local.any, &n) == 0)
		put_address(&local, p.local, sizeof p.local);
	p.loopback = strncmp(p.address, "127.", 4) == 0
	    || strcmp(p.address, "::1") == 0;
	return p;
}

static void
refuse(const struct listener *s, int fd, const struct peer *p)
{
	struct buf text = buf_new(1024);

	log_line(LOG_INFO, "net.too_many", "protocol=%s peer=%s",
	    s->protocol->name, p->address);
	if (s->mode == NET_CLEAR) {
		s->protocol->farewell(NULL, FAREWELL_TOO_MANY, &text);
		(void)send(fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	buf_free(&text);
	(void)close(fd);
}

static void
welcome(const struct listener *s, int fd, const union address *a)
{
	struct net *n = s->net;
	struct peer p = describe(fd, a);
	struct in6_addr key = peer_key(a);
	struct peer_count *count = NULL;
	bool counted = n->count_loopback || !p.loopback;
	struct conn *c;
	int on = 1;

	if (counted)
		count = peers_add(n, &key);
	if ((counted && count == NULL) || n->connections >= n->limit) {
		if (count != NULL)
			peers_drop(n, count);
		refuse(s, fd, &p);
		return;
	}
	n->connections++;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	c = conn_new(s, fd, &p, count);
	c->loop = n->loops[n->loop_next++ % n->loop_count];
	loop_post(c->loop, c, POST_ADOPT);
}

/* Out of descriptors or memory: the connection stays in the kernel's queue
 * and the listener silent for a moment, instead of spinning. */
static void
pause_listener(struct listener *s)
{
	const struct timeval t = { 0, ACCEPT_PAUSE_MS * 1000 };

	log_line(LOG_ERROR, "net.accept", "error=\"%s\"", strerror(errno));
	(void)event_del(s->ready);
	(void)evtimer_add(s->again, &t);
}

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS
	    || error == ENOMEM;
}

static void
on_accept(int fd, short what, void *listener)
{
	struct listener *s = listener;

	(void)what;
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		union address a = { 0 };
		socklen_t n = sizeof a;
		int peer = accept4(fd, &a.any, &n,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (peer >= 0) {
			welcome(s, peer, &a);
			continue;
		}
		if (is_shortage(errno))
			pause_listener(s);
		/* Other errors are of one connection that has gone. */
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void
on_again(int fd, short what, void *listener)
{
	struct listener *s = listener;

	(void)fd;
	(void)what;
	(void)event_add(s->ready, NULL);
}

static unsigned
or_default(unsigned wanted, unsigned otherwise, unsigned most)
{
	if (wanted == 0)
		wanted = otherwise;
	return wanted < most ? wanted : most;
}

result
net_new(struct net **out, const struct net_options *o)
{
	struct net *n = calloc(1, sizeof *n);
	unsigned loops = or_default(o->io_threads, NET_IO_THREADS,
	    NET_LOOPS_MAX);
	unsigned workers = or_default(o->workers, NET_WORKERS,
	    NET_WORKERS_MAX);
	result r = done();

	if (n == NULL)
		abort();
	/* OpenSSL writes to sockets by write(2). */
	(void)signal(SIGPIPE, SIG_IGN);
	n->tls = o->tls;
	n->limit = or_default(o->connections, LIMIT_CONNECTIONS, UINT32_MAX);
	n->limit_per_peer = or_default(o->connections_per_peer,
	    LIMIT_CONNECTIONS_PER_PEER, UINT32_MAX);
	n->count_loopback = o->count_loopback;
	(void)pthread_mutex_init(&n->job_lock, NULL);
	(void)pthread_cond_init(&n->job_there, NULL);
	(void)pthread_mutex_init(&n->watch_lock, NULL);
	(void)pthread_mutex_init(&n->peer_lock, NULL);
	while (r.is == OK && n->loop_count < loops) {
		r = loop_new(&n->loops[n->loop_count], n);
		if (r.is == OK)
			n->loop_count++;
	}
	if (r.is == OK)
		r = worker_start(n, workers);
	if (r.is == OK) {
		*out = n;
		n = NULL;
	}
	net_free(&n);
	return r;
}

result
net_listen(struct net *n, int fd, enum net_tls mode,
    const struct protocol *protocol, void *services)
{
	struct listener *s = calloc(1, sizeof *s);
	struct event_base *base = n->loops[0]->base;

	if (s == NULL)
		abort();
	*s = (struct listener){ .net = n, .fd = fd, .mode = mode,
		.protocol = protocol, .services = services,
		.next = n->listeners };
	(void)evutil_make_socket_nonblocking(fd);
	s->ready = event_new(base, fd, EV_READ | EV_PERSIST, on_accept, s);
	s->again = evtimer_new(base, on_again, s);
	n->listeners = s;
	if (s->ready == NULL || s->again == NULL
	    || event_add(s->ready, NULL) != 0) {
		log_line(LOG_ERROR, "net.listen", "protocol=%s",
		    protocol->name);
		return fail(FAILED, "a listener could not be added");
	}
	return done();
}

void
net_limit(struct net *n, unsigned connections, unsigned per_peer)
{
	if (connections > 0)
		n->limit = connections;
	if (per_peer > 0)
		n->limit_per_peer = per_peer;
}

static void
on_watched(int fd, short what, void *watched)
{
	const struct watched *w = watched;

	(void)fd;
	(void)what;
	w->run(w->context);
}

result
net_watch_fd(struct net *n, int fd, void (*run)(void *), void *context)
{
	struct watched *w = calloc(1, sizeof *w);

	if (w == NULL)
		abort();
	w->run = run;
	w->context = context;
	w->event = event_new(n->loops[0]->base, fd, EV_READ | EV_PERSIST,
	    on_watched, w);
	w->next = n->watched;
	n->watched = w;
	if (w->event == NULL || event_add(w->event, NULL) != 0)
		return fail(FAILED, "a descriptor could not be watched");
	return done();
}

static void
on_every(int fd, short what, void *every)
{
	(void)fd;
	(void)what;
	worker_queue_every(every);
}

result
net_every(struct net *n, unsigned ms, void (*run)(void *), void *context)
{
	const struct timeval t = { ms / 1000,
		(suseconds_t)(ms % 1000) * 1000 };
	struct every *e = calloc(1, sizeof *e);

	if (e == NULL)
		abort();
	e->net = n;
	e->run = run;
	e->context = context;
	e->timer = event_new(n->loops[0]->base, -1, EV_PERSIST, on_every, e);
	e->next = n->every;
	n->every = e;
	if (e->timer == NULL || event_add(e->timer, &t) != 0)
		return fail(FAILED, "a timer could not be set");
	return done();
}

result
net_run(struct net *n, unsigned grace_ms)
{
	result r = done();
	size_t started = 1;

	n->grace_ms = grace_ms;
	for (; r.is == OK && started < n->loop_count; started++) {
		struct loop *l = n->loops[started];

		if (pthread_create(&l->thread, NULL, loop_run, l) != 0) {
			r = fail(FAILED, "a thread could not be started");
			break;
		}
	}
	if (r.is != OK)
		net_stop(n);
	(void)loop_run(n->loops[0]);
	for (size_t i = 1; i < started; i++)
		(void)pthread_join(n->loops[i]->thread, NULL);
	worker_stop(n);
	return r;
}

void
net_stop(struct net *n)
{
	n->stopping = true;
	loop_call(n->loops[0]);
}

static void
free_events(struct net *n)
{
	struct listener *s;
	struct watched *w;
	struct every *e;

	while ((s = n->listeners) != NULL) {
		n->listeners = s->next;
		if (s->ready != NULL)
			event_free(s->ready);
		if (s->again != NULL)
			event_free(s->again);
		if (s->fd >= 0)
			(void)close(s->fd);
		free(s);
	}
	while ((w = n->watched) != NULL) {
		n->watched = w->next;
		if (w->event != NULL)
			event_free(w->event);
		free(w);
	}
	while ((e = n->every) != NULL) {
		n->every = e->next;
		if (e->timer != NULL)
			event_free(e->timer);
		free(e);
	}
}

void
net_free(struct net **nn)
{
	struct net *n = *nn;

	*nn = NULL;
	if (n == NULL)
		return;
	worker_stop(n);
	free_events(n);
	for (size_t i = 0; i < n->loop_count; i++)
		loop_free(&n->loops[i]);
	(void)pthread_mutex_destroy(&n->job_lock);
	(void)pthread_cond_destroy(&n->job_there);
	(void)pthread_mutex_destroy(&n->watch_lock);
	(void)pthread_mutex_destroy(&n->peer_lock);
	free(n);
}

unsigned
net_connections(const struct net *n)
{
	return n->connections;
}
