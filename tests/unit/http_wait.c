/* Streams that wait for something to happen: with one thread in the front,
 * other requests are answered meanwhile. */
#include "davd/http/http.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { STREAMS = 5, SECONDS = 60 };

/* Who waits, and for what; all streams share it. */
struct hub {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void (*wake[STREAMS])(void *);
	void *what[STREAMS];
	size_t waiting;
	size_t ended;
	bool news;
};

struct listener {
	struct hub *hub;
	int said;
};

static bool
next(void *context, struct buf *out)
{
	struct listener *l = context;
	bool news;

	(void)pthread_mutex_lock(&l->hub->lock);
	news = l->hub->news;
	(void)pthread_mutex_unlock(&l->hub->lock);
	if (l->said == 0)
		buf_add(out, VIEW("first\n"));
	else if (news)
		buf_add(out, VIEW("second\n"));
	l->said++;
	return !news;
}

static void
wait_for(void *context, void (*wake)(void *), void *what)
{
	struct hub *h = ((struct listener *)context)->hub;

	(void)pthread_mutex_lock(&h->lock);
	h->wake[h->waiting] = wake;
	h->what[h->waiting++] = what;
	(void)pthread_cond_signal(&h->changed);
	(void)pthread_mutex_unlock(&h->lock);
}

static void
end(void *context)
{
	struct listener *l = context;

	(void)pthread_mutex_lock(&l->hub->lock);
	l->hub->ended++;
	(void)pthread_cond_signal(&l->hub->changed);
	(void)pthread_mutex_unlock(&l->hub->lock);
	free(l);
}

static void
stream(void *services, const struct request *q, struct answer *a)
{
	struct listener *l = calloc(1, sizeof *l);

	(void)q;
	if (l == NULL)
		abort();
	l->hub = services;
	a->status = 200;
	a->stream = next;
	a->stream_wait = wait_for;
	a->stream_end = end;
	a->context = l;
}

static void
plain(void *services, const struct request *q, struct answer *a)
{
	(void)services;
	(void)q;
	answer_text(a, 200, "here");
}

static const struct route routes[] = {
	{ "/", false, plain },
	{ "/stream", false, stream },
};

static struct front *
start(struct hub *h, uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct front_options o = { .kind = FRONT_HTTP, .routes = routes,
		.route_count = COUNT(routes), .threads = 1, .services = h,
		.fd = socket(AF_INET, SOCK_STREAM, 0) };
	socklen_t n = sizeof a;
	struct front *f = NULL;

	if (o.fd < 0 || bind(o.fd, (struct sockaddr *)&a, sizeof a) != 0
	    || listen(o.fd, 64) != 0
	    || getsockname(o.fd, (struct sockaddr *)&a, &n) != 0)
		abort();
	*port = ntohs(a.sin_port);
	if (front_start(&f, &o).is != OK)
		abort();
	return f;
}

static int
ask(uint16_t port, view request)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = SECONDS };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0
	    || send(fd, request.p, request.n, MSG_NOSIGNAL)
	        != (ssize_t)request.n)
		abort();
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof patience);
	return fd;
}

/* Until `text` has come, or nothing more does. */
static bool
hear(int fd, const char *text)
{
	struct buf all = buf_new(65536);
	bool found = false;
	char byte;

	while (!found && recv(fd, &byte, 1, 0) == 1) {
		buf_add_byte(&all, byte);
		found = view_ends(buf_view(&all), view_of(text));
	}
	buf_free(&all);
	return found;
}

static void
until(struct hub *h, const size_t *count)
{
	(void)pthread_mutex_lock(&h->lock);
	while (*count < STREAMS)
		(void)pthread_cond_wait(&h->changed, &h->lock);
	(void)pthread_mutex_unlock(&h->lock);
}

int
main(void)
{
	struct hub h = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	int fds[STREAMS], other;
	struct front *f;
	uint16_t port;

	(void)signal(SIGPIPE, SIG_IGN);
	f = start(&h, &port);
	for (size_t i = 0; i < STREAMS; i++) {
		fds[i] = ask(port, VIEW("GET /stream HTTP/1.1\r\n"
		                        "Host: h\r\n\r\n"));
		ok(hear(fds[i], "first\n"), "stream %zu begins", i);
	}
	until(&h, &h.waiting);
	other = ask(port, VIEW("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	ok(hear(other, "here\n"), "another request is answered");
	(void)close(other);
	(void)close(fds[0]); /* one has gone; it is noticed when it is woken */
	(void)pthread_mutex_lock(&h.lock);
	h.news = true;
	(void)pthread_mutex_unlock(&h.lock);
	for (size_t i = 0; i < STREAMS; i++)
		h.wake[i](h.what[i]);
	for (size_t i = 1; i < STREAMS; i++) {
		ok(hear(fds[i], "second\n"), "stream %zu goes on", i);
		ok(hear(fds[i], "0\r\n\r\n"), "and ends");
		(void)close(fds[i]);
	}
	until(&h, &h.ended);
	ok(h.ended == STREAMS, "all have ended");
	front_stop(&f);
	return tap_done();
}
