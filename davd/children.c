#include "davd/children.h"

#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LONG_MS = 10000,  /* who lives that long died by chance */
	FIRST_MS = 100,
	SERVED_MS = 800,  /* at most, for one that has served */
	FAILED_MS = 5000, /* at most, for one that has not */
	START_TEXT = 4096
};

struct child {
	const struct role_kind *kind; /* NULL: not ours to run */
	pid_t pid;                    /* 0: not running */
	int hears;                    /* -1: nothing more to hear */
	bool serves;
	unsigned quick_deaths;
	int64_t started, due; /* steady ms */
	struct role_socket sockets[ROLE_SOCKETS];
	size_t socket_count;
	/* To the signer: this role's end, and the signer's.  Both stay open
	 * here, so that whoever is started again finds the same line, with what
	 * waits in it.  -1: it asks for nothing. */
	int asks, answers;
};

struct children {
	struct child child[ROLE_COUNT];
	const char *config;
	int lock;
	bool stopping;
	bool changed;
};

static result
open_line(struct child *c)
{
	int ends[2];

	if (c->kind->asks == 0)
		return done();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		log_line(LOG_ERROR, "role.line", "error=\"%s\"",
		    strerror(errno));
		return fail(FAILED, "no line to the signer");
	}
	c->asks = ends[0];
	c->answers = ends[1];
	return done();
}

static result
open_sockets(struct children *all, const struct conf *conf, const char *only)
{
	bool found = false;

	for (size_t i = 0; i < ROLE_COUNT; i++) {
		struct child *c = &all->child[i];
		struct role_start s = { .socket_count = 0 };
		result r;

		/* The signer serves whichever runs. */
		if (only != NULL && i != ROLE_SIGNER
		    && strcmp(only, role_kinds[i].name) != 0)
			continue;
		found = found || i != ROLE_SIGNER;
		c->kind = &role_kinds[i];
		r = sockets_open(conf, c->kind->services, &s);
		memcpy(c->sockets, s.sockets, sizeof c->sockets);
		c->socket_count = s.socket_count;
		TRY(r);
		TRY(open_line(c));
	}
	return found ? done() : fail(NOT_FOUND, "no role of that name");
}

result
children_new(struct children **out, const struct conf *conf,
    const char *config, const char *only, int lock)
{
	struct children *all = calloc(1, sizeof *all);
	result r;

	if (all == NULL)
		abort();
	all->config = config;
	all->lock = lock;
	for (size_t i = 0; i < ROLE_COUNT; i++)
		all->child[i].hears = all->child[i].asks =
		    all->child[i].answers = -1;
	r = open_sockets(all, conf, only);
	if (r.is == OK) {
		*out = all;
		all = NULL;
	}
	children_free(&all);
	return r;
}

static void
stop_hearing(struct child *c)
{
	if (c->hears >= 0)
		(void)close(c->hears);
	c->hears = -1;
}

void
children_free(struct children **a)
{
	struct children *all = *a;

	*a = NULL;
	if (all == NULL)
		return;
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		struct child *c = &all->child[i];

		stop_hearing(c);
		for (size_t k = 0; k < c->socket_count; k++)
			(void)close(c->sockets[k].fd);
		if (c->asks >= 0)
			(void)close(c->asks);
		if (c->answers >= 0)
			(void)close(c->answers);
	}
	free(all);
}

/* Returns only when it cannot. */
static void
run_binary(const char *path, const struct children *all,
    const struct child *c, const char *start)
{
	(void)execl(path, "posthaste", "serve", "--role", c->kind->name,
	    "--config", all->config, "--inherit", start, (char *)NULL);
}

static void
give_links(const struct children *all, const struct child *c,
    struct role_start *s)
{
	s->link_count = 0;
	if (c->asks >= 0)
		s->links[s->link_count++] =
		    (struct role_link){ ROLE_SIGNER, c->asks };
	if (c->kind != &role_kinds[ROLE_SIGNER])
		return;
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (all->child[i].answers >= 0)
			s->links[s->link_count++] = (struct role_link){
				(enum role_name)i, all->child[i].answers };
}

/* In the child: the binary again, with its own descriptors only. */
static void
become(const struct children *all, const struct child *c, pid_t supervisor,
    int ready)
{
	struct role_start s = { .supervisor = supervisor, .ready = ready,
		.socket_count = c->socket_count };
	struct buf text = buf_new(START_TEXT);

	memcpy(s.sockets, c->sockets, sizeof s.sockets);
	(void)close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < c->socket_count; i++)
		(void)fcntl(c->sockets[i].fd, F_SETFD, 0);
	give_links(all, c, &s);
	for (size_t i = 0; i < s.link_count; i++)
		(void)fcntl(s.links[i].fd, F_SETFD, 0);
	(void)fcntl(ready, F_SETFD, 0);
	(void)fcntl(all->lock, F_SETFD, 0);
	role_start_write(&s, &text);
	run_binary("/proc/self/exe", all, c, buf_text(&text));
	/* In a root without /proc: by the name that we were started by. */
	run_binary((const char *)getauxval(AT_EXECFN), all, c,
	    buf_text(&text));
	log_line(LOG_ERROR, "role.exec", "role=%s error=\"%s\"",
	    c->kind->name, strerror(errno));
	_exit(EXIT_FAILURE);
}

static void
start(struct children *all, struct child *c)
{
	pid_t supervisor = getpid();
	int ends[2];

	c->started = clock_steady_ms();
	c->due = c->started + FAILED_MS;
	c->serves = false;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
		log_line(LOG_ERROR, "role.pipe", "error=\"%s\"",
		    strerror(errno));
		return;
	}
	c->pid = fork();
	if (c->pid == 0)
		become(all, c, supervisor, ends[1]);
	(void)close(ends[1]);
	c->hears = ends[0];
	if (c->pid > 0)
		return;
	log_line(LOG_ERROR, "role.fork", "error=\"%s\"", strerror(errno));
	c->pid = 0;
	stop_hearing(c);
}

int
children_start_due(struct children *all)
{
	int64_t now = clock_steady_ms(), next = -1;

	for (size_t i = 0; i < ROLE_COUNT; i++) {
		struct child *c = &all->child[i];

		if (c->kind == NULL || c->pid != 0 || all->stopping)
			continue;
		if (c->due <= now)
			start(all, c);
		if (c->pid == 0 && (next < 0 || c->due - now < next))
			next = c->due - now;
	}
	return (int)next;
}

size_t
children_poll(const struct children *all, struct pollfd to[ROLE_COUNT])
{
	size_t n = 0;

	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (all->child[i].hears >= 0)
			to[n++] = (struct pollfd){ .fd = all->child[i].hears,
				.events = POLLIN };
	return n;
}

void
children_hear(struct children *all)
{
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		struct child *c = &all->child[i];
		char byte;
		ssize_t n;

		if (c->hears < 0)
			continue;
		n = read(c->hears, &byte, 1);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n == 1) {
			c->serves = true;
			all->changed = true;
		}
		stop_hearing(c);
	}
}

static int64_t
wait_before(struct child *c, int64_t now)
{
	int64_t most = c->serves ? SERVED_MS : FAILED_MS;
	int64_t wait = FIRST_MS;

	if (now - c->started >= LONG_MS) {
		c->quick_deaths = 0;
		return 0;
	}
	c->quick_deaths++;
	/* The first time is an accident like any other. */
	if (c->serves && c->quick_deaths == 1)
		return 0;
	for (unsigned i = 1; i < c->quick_deaths && wait < most; i++)
		wait *= 2;
	return wait < most ? wait : most;
}

static void
note_end(struct children *all, struct child *c, int status)
{
	int64_t now = clock_steady_ms();
	int64_t wait = wait_before(c, now);

	c->pid = 0;
	stop_hearing(c);
	c->serves = false;
	c->due = now + wait;
	if (WIFSIGNALED(status))
		log_line(LOG_ERROR, "role.died",
		    "role=%s signal=%d restart_ms=%lld", c->kind->name,
		    WTERMSIG(status), (long long)wait);
	else if (!all->stopping)
		log_line(LOG_WARNING, "role.ended",
		    "role=%s exit=%d restart_ms=%lld", c->kind->name,
		    WEXITSTATUS(status), (long long)wait);
}

void
children_reap(struct children *all)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < ROLE_COUNT; i++)
			if (all->child[i].pid == pid)
				note_end(all, &all->child[i], status);
}

void
children_signal(const struct children *all, int signal)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (all->child[i].pid != 0)
			(void)kill(all->child[i].pid, signal);
}

void
children_stop(struct children *all)
{
	all->stopping = true;
	children_signal(all, SIGTERM);
}

bool
children_gone(const struct children *all)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (all->child[i].pid != 0)
			return false;
	return true;
}

bool
children_changed(const struct children *all)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (all->child[i].kind != NULL && !all->child[i].serves)
			return false;
	return all->changed;
}

void
children_told(struct children *all)
{
	all->changed = false;
}

void
children_list(const struct children *all, struct buf *out)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (all->child[i].pid != 0)
			buf_print(out, "%s %ld\n", all->child[i].kind->name,
			    (long)all->child[i].pid);
}
