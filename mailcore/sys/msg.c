#include "mailcore/sys/msg.h"

#include "mailcore/base/view.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	POST_GATHER_MS = 20,
	NUMBERS_MOST = 64 /* in one datagram */
};

enum { WEB = 1, MAIL = 2, QUEUE = 4, ALL = WEB | MAIL | QUEUE };

static const struct {
	const char *name;
	unsigned bit;
} roles[] = { { "web", WEB }, { "mail", MAIL }, { "queue", QUEUE } };

static const unsigned listeners[] = {
	[MSG_ACCOUNT] = MAIL | QUEUE,
	[MSG_QUEUE] = QUEUE,
	[MSG_RELOAD] = ALL,
	[MSG_STANDING] = ALL,
	[MSG_LOGIN] = WEB,
	[MSG_PUSH] = QUEUE,
};

/* What goes over the socket, as far as there are numbers: both ends are the
 * same binary. */
struct wire {
	uint32_t kind;
	uint32_t count;
	int64_t numbers[NUMBERS_MOST];
};

enum { WIRE_HEAD = offsetof(struct wire, numbers) };

struct post {
	int fd;
	int folder; /* <data>/run */
	char run[PATH_MAX];
	const char *role; /* one of roles, or NULL */
	struct wire got;
	uint32_t given; /* of those */

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t wakes;
	struct wire changed; /* accounts that are still to be told of */
	int64_t told_ms;     /* when some were last */
	bool teller_runs;
	bool telling; /* it looks again in POST_GATHER_MS */
	bool stop;
	pthread_t teller;
};

/* A socket's name holds 107 bytes; a longer path goes by the descriptor of
 * its folder. */
static bool
socket_name(const struct post *p, const char *role, struct sockaddr_un *to)
{
	int n;

	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(to->sun_path, sizeof to->sun_path, "%s/%s.sock", p->run,
	    role);
	if (n > 0 && (size_t)n < sizeof to->sun_path)
		return true;
	n = snprintf(to->sun_path, sizeof to->sun_path,
	    "/proc/self/fd/%d/%s.sock", p->folder, role);
	return n > 0 && (size_t)n < sizeof to->sun_path;
}

static result
failed(const struct post *p, const char *doing)
{
	log_line(LOG_ERROR, "msg.failed", "doing=%s folder=%s error=\"%s\"",
	    doing, p->run, strerror(errno));
	return fail(FAILED, "no socket for messages between roles");
}

static result
receive_as(struct post *p, const char *role)
{
	struct sockaddr_un name;

	for (size_t i = 0; i < COUNT(roles); i++)
		if (strcmp(role, roles[i].name) == 0)
			p->role = roles[i].name;
	if (p->role == NULL || !socket_name(p, role, &name)) {
		errno = EINVAL;
		return failed(p, "name");
	}
	/* Left by a role that died. */
	(void)unlink(name.sun_path);
	if (bind(p->fd, (const struct sockaddr *)&name, sizeof name) != 0)
		return failed(p, "bind");
	return done();
}

static result
open_folder(struct post *p, const char *data)
{
	int n = snprintf(p->run, sizeof p->run, "%s/run", data);

	if (n < 0 || (size_t)n >= sizeof p->run)
		return fail(FAILED, "the data folder's path is too long");
	TRY(file_make_folder(p->run));
	p->folder = open(p->run, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p->folder < 0)
		return failed(p, "open");
	p->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		return failed(p, "socket");
	return done();
}

result
post_open(struct post **out, const char *data, const char *role)
{
	struct post *p = calloc(1, sizeof *p);
	pthread_condattr_t steady;
	result r;

	if (p == NULL)
		abort();
	p->fd = p->folder = -1;
	p->changed.kind = MSG_ACCOUNT;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_condattr_init(&steady);
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->wakes, &steady);
	(void)pthread_condattr_destroy(&steady);
	r = open_folder(p, data);
	if (r.is == OK && role != NULL)
		r = receive_as(p, role);
	if (r.is == OK) {
		*out = p;
		p = NULL;
	}
	post_close(&p);
	return r;
}

static void
send_wire(struct post *p, const struct wire *w)
{
	size_t n = WIRE_HEAD + w->count * sizeof w->numbers[0];
	struct sockaddr_un name;

	for (size_t i = 0; i < COUNT(roles); i++) {
		if ((listeners[w->kind] & roles[i].bit) == 0)
			continue;
		if (roles[i].name == p->role && w->kind != MSG_STANDING)
			continue;
		if (!socket_name(p, roles[i].name, &name))
			continue;
		/* Not there, or too busy to take it: both are allowed. */
		(void)sendto(p->fd, w, n, MSG_DONTWAIT | MSG_NOSIGNAL,
		    (const struct sockaddr *)&name, sizeof name);
	}
}

void
post_send(struct post *p, struct msg m)
{
	const struct wire w = { (uint32_t)m.kind, 1, { m.number } };

	send_wire(p, &w);
}

/* The lock is held, and let go of for the sending. */
static void
tell(struct post *p)
{
	struct wire w = p->changed;

	p->changed.count = 0;
	p->told_ms = clock_steady_ms();
	(void)pthread_mutex_unlock(&p->lock);
	send_wire(p, &w);
	(void)pthread_mutex_lock(&p->lock);
}

/* Sends what has gathered, until nothing more comes. */
static void *
run_teller(void *post)
{
	struct post *p = post;

	(void)pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		struct timespec until;

		if (!p->telling) {
			(void)pthread_cond_wait(&p->wakes, &p->lock);
			continue;
		}
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += POST_GATHER_MS * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
		(void)pthread_cond_timedwait(&p->wakes, &p->lock, &until);
		p->telling = p->changed.count > 0;
		if (p->telling)
			tell(p);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* From the first time on that there is something to gather. */
static bool
has_teller(struct post *p)
{
	sigset_t all, before;

	if (p->teller_runs)
		return true;
	/* Signals are for the threads of the role. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	p->teller_runs
	    = pthread_create(&p->teller, NULL, run_teller, p) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return p->teller_runs;
}

/* false: there are as many as fit. */
static bool
note(struct wire *w, int64_t account)
{
	for (uint32_t i = 0; i < w->count; i++)
		if (w->numbers[i] == account)
			return true;
	w->numbers[w->count++] = account;
	return w->count < NUMBERS_MOST;
}

void
post_send_changed(struct post *p, int64_t account)
{
	bool room;

	(void)pthread_mutex_lock(&p->lock);
	room = note(&p->changed, account);
	if (!room
	    || (!p->telling
		&& (clock_steady_ms() - p->told_ms >= POST_GATHER_MS
		    || !has_teller(p)))) {
		tell(p);
	} else if (!p->telling) {
		p->telling = true;
		(void)pthread_cond_signal(&p->wakes);
	}
	(void)pthread_mutex_unlock(&p->lock);
}

static void
stop_teller(struct post *p)
{
	(void)pthread_mutex_lock(&p->lock);
	p->stop = true;
	(void)pthread_cond_signal(&p->wakes);
	(void)pthread_mutex_unlock(&p->lock);
	if (p->teller_runs)
		(void)pthread_join(p->teller, NULL);
	if (p->changed.count > 0)
		send_wire(p, &p->changed);
}

void
post_close(struct post **pp)
{
	struct post *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	stop_teller(p);
	/* The name stays: by now it may be another's, and a sender does not
	 * mind when nobody listens. */
	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->folder >= 0)
		(void)close(p->folder);
	(void)pthread_cond_destroy(&p->wakes);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}

int
post_fd(const struct post *p)
{
	return p->role == NULL ? -1 : p->fd;
}

static bool
is_whole(const struct wire *w, ssize_t n)
{
	return n >= WIRE_HEAD && w->kind >= MSG_ACCOUNT && w->kind <= MSG_PUSH
	    && w->count <= NUMBERS_MOST
	    && (size_t)n == WIRE_HEAD + w->count * sizeof w->numbers[0];
}

bool
post_receive(struct post *p, struct msg *out)
{
	while (p->given == p->got.count) {
		ssize_t n = recv(p->fd, &p->got, sizeof p->got,
		    MSG_DONTWAIT | MSG_TRUNC);

		p->given = 0;
		if (!is_whole(&p->got, n))
			p->got.count = 0;
		if (n < 0 && errno != EINTR)
			return false;
	}
	*out = (struct msg){ (enum msg_kind)p->got.kind,
		p->got.numbers[p->given++] };
	return true;
}
