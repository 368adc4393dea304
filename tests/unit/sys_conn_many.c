/* A thousand idle TLS connections: what they cost, how fast they wake. */
#include "tests/unit/sys_toy.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { COUNT_OF_CONNECTIONS = 1000, ACCOUNTS = 50, ROUNDS = 40 };

/* KiB of the process' own memory. */
static long
pss_of(pid_t pid)
{
	char path[64], line[256];
	long total = 0;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "Pss:", 4) == 0)
			total = strtol(line + 4, NULL, 10);
	if (f != NULL)
		(void)fclose(f);
	return total;
}

struct shared {
	struct toy_server server;
	_Atomic int64_t wake; /* the account to wake, 0: none */
	_Atomic int64_t begun; /* when that was done */
	_Atomic bool ready, stop;
};

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
poll_wake(void *shared)
{
	struct shared *s = shared;
	int64_t account = s->wake;

	if (s->stop)
		net_stop(s->server.net);
	if (account == 0)
		return;
	s->wake = 0;
	s->begun = now_us();
	net_wake(s->server.net, account);
}

static void
serve(struct shared *s)
{
	const struct net_options o = { .connections = 10000 };

	toy_start(&s->server, 600, &o);
	must(net_every(s->server.net, 1, poll_wake, s), "net_every");
	s->ready = true;
	(void)toy_thread(&s->server);
	toy_free(&s->server);
	_exit(s->server.services.opened == s->server.services.closed ? 0 : 1);
}

static int
by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* From the moment the account is said to have changed until the last of its
 * connections has been told. */
static void
measure_wakes(struct shared *s, struct client *all)
{
	int64_t took[ROUNDS];
	int wrong = 0;
	char line[64];

	for (int i = 0; i < ROUNDS; i++) {
		int account = 1 + i % ACCOUNTS;

		s->wake = account;
		for (int k = account - 1; k < COUNT_OF_CONNECTIONS;
		    k += ACCOUNTS)
			wrong += strcmp(client_line(&all[k], line,
			    sizeof line), "changed") != 0;
		took[i] = now_us() - s->begun;
	}
	qsort(took, ROUNDS, sizeof *took, by_size);
	is_number(wrong, 0, "all that watch are woken");
	note("20 connections of one account woken: median %lld us, worst"
	    " %lld us",
	    (long long)took[ROUNDS / 2], (long long)took[ROUNDS - 1]);
	ok(took[ROUNDS / 2] < 20000, "in less than 20 ms");
}

static void
measure(struct shared *s, pid_t pid, SSL_CTX *ctx)
{
	struct client *all = calloc(COUNT_OF_CONNECTIONS, sizeof *all);
	long before, each;
	int wrong = 0;
	char line[64];

	if (all == NULL)
		abort();
	/* One, so that what is loaded once is not counted. */
	all[0] = client_open(s->server.tls_port);
	wrong += !client_tls(&all[0], ctx, "toy");
	expect(&all[0], "hello", "a greeting");
	before = pss_of(pid);
	for (int i = 1; i < COUNT_OF_CONNECTIONS; i++) {
		all[i] = client_open(s->server.tls_port);
		wrong += !client_tls(&all[i], ctx, "toy");
	}
	for (int i = 0; i < COUNT_OF_CONNECTIONS; i++) {
		(void)snprintf(line, sizeof line, "watch %d\n",
		    1 + i % ACCOUNTS);
		client_send(&all[i], line);
	}
	for (int i = 0; i < COUNT_OF_CONNECTIONS; i++) {
		wrong += i > 0 && strcmp(client_line(&all[i], line,
		    sizeof line), "hello") != 0;
		wrong += strcmp(client_line(&all[i], line, sizeof line),
		    "watching") != 0;
	}
	is_number(wrong, 0, "1,000 TLS connections are served");
	each = (pss_of(pid) - before) * 1024 / (COUNT_OF_CONNECTIONS - 1);
	note("%ld bytes of memory each (PSS)", each);
#ifndef __SANITIZE_ADDRESS__
	ok(each < 25 * 1024, "an idle TLS connection costs under 25 KiB");
#endif
	measure_wakes(s, all);
	for (int i = 0; i < COUNT_OF_CONNECTIONS; i++)
		client_close(&all[i]);
	free(all);
}

static pid_t
start(struct shared *s, rlim_t files)
{
	const struct rlimit limit = { files, files };
	pid_t pid;

	memset(s, 0, sizeof *s);
	pid = fork();
	if (pid == 0) {
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		serve(s);
	}
	while (!s->ready)
		if (waitpid(pid, NULL, WNOHANG) != 0)
			must(fail(FAILED, "it has ended"), "server");
	return pid;
}

static void
stop(struct shared *s, pid_t pid)
{
	int status = -1;

	s->stop = true;
	(void)waitpid(pid, &status, 0);
	is_number(status, 0, "all sessions are closed at the end");
}

/* More connections than descriptors: the rest wait their turn. */
static void
test_shortage(struct shared *s)
{
	enum { MORE = 60, FILES = 40 };
	pid_t pid = start(s, FILES);
	struct client all[MORE];
	struct timeval soon = { 1, 0 };
	char line[64];
	int served = 0, wrong = 0;

	for (int i = 0; i < MORE; i++)
		all[i] = client_open(s->server.clear_port);
	while (served < MORE) {
		(void)setsockopt(all[served].fd, SOL_SOCKET, SO_RCVTIMEO,
		    &soon, sizeof soon);
		if (strcmp(client_line(&all[served], line, sizeof line),
		    "hello") != 0)
			break;
		served++;
	}
	ok(served > 10 && served < FILES, "%d of 60 with 40 descriptors",
	    served);
	for (int i = 0; i < served; i++)
		client_close(&all[i]);
	soon.tv_sec = 20;
	for (int i = served; i < MORE; i++) {
		(void)setsockopt(all[i].fd, SOL_SOCKET, SO_RCVTIMEO, &soon,
		    sizeof soon);
		wrong += strcmp(client_line(&all[i], line, sizeof line),
		    "hello") != 0;
		client_close(&all[i]);
	}
	is_number(wrong, 0, "the others once those have gone");
	stop(s, pid);
}

int
main(void)
{
	const struct rlimit files = { 4096, 4096 };
	struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	SSL_CTX *ctx;
	pid_t pid;

	if (s == MAP_FAILED)
		abort();
	(void)setrlimit(RLIMIT_NOFILE, &files);
	pid = start(s, files.rlim_max);
	ctx = SSL_CTX_new(TLS_client_method());
	measure(s, pid, ctx);
	SSL_CTX_free(ctx);
	stop(s, pid);
	test_shortage(s);
	return tap_done();
}
