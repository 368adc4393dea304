/* The sandbox, each try in a child of its own. */
#include "mailcore/sys/log.h"
#include "mailcore/sys/msg.h"
#include "mailcore/sys/random.h"
#include "mailcore/sys/sandbox.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { SECCOMP = 0 };
#else
enum { SECCOMP = 1 };
#endif

static char folder[] = "/tmp/sandbox.XXXXXX";

static int
can_open(const char *path, int how)
{
	int fd = open(path, how | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

static int
write_inside(void)
{
	char a[64], b[64];

	(void)snprintf(a, sizeof a, "%s/a", folder);
	(void)snprintf(b, sizeof b, "%s/b", folder);
	if (can_open(a, O_CREAT | O_RDWR) != 0 || rename(a, b) != 0
	    || truncate(b, 0) != 0 || unlink(b) != 0)
		return errno;
	return 0;
}

static int
read_outside(void)
{
	return can_open("/root", O_RDONLY | O_DIRECTORY);
}

static int
write_outside(void)
{
	return can_open("/tmp/posthaste-sandbox-test", O_CREAT | O_WRONLY);
}

static int
read_what_libraries_read(void)
{
	int r = can_open("/etc/hosts", O_RDONLY);

	return r != 0 ? r : can_open("/proc/self/status", O_RDONLY);
}

static void *
nothing(void *context)
{
	return context;
}

static int
start_thread(void)
{
	pthread_t t;
	int r = pthread_create(&t, NULL, nothing, NULL);

	return r != 0 ? r : pthread_join(t, NULL);
}

static int
connect_out(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(1) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return errno;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)connect(fd, (struct sockaddr *)&a, sizeof a);
	return errno;
}

static int
listen_anew(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)listen(fd, 1);
	return 0;
}

static int
run_program(void)
{
	(void)execl("/bin/true", "true", (char *)NULL);
	return 0;
}

static int
make_process(void)
{
	return fork() == 0 ? 0 : 1;
}

static int
trace(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	return 0;
}

static const struct {
	const char *name;
	int (*act)(void);
	bool connect;
	int error;  /* what `act` returns */
	bool kills; /* by seccomp */
} cases[] = {
	{ "write in its folder", write_inside, false, 0, false },
	{ "read elsewhere", read_outside, false, EACCES, false },
	{ "write elsewhere", write_outside, false, EACCES, false },
	{ "read /etc and /proc/self", read_what_libraries_read, false, 0,
	    false },
	{ "start a thread", start_thread, false, 0, false },
	{ "connect when allowed", connect_out, true, ECONNREFUSED, false },
	{ "listen", listen_anew, true, 0, true },
	{ "execve", run_program, false, 0, true },
	{ "fork", make_process, false, 0, true },
	{ "ptrace", trace, false, 0, true },
};

static int
in_child(int (*act)(void), bool may_connect)
{
	const char *const writable[] = { folder };
	const struct sandbox s = { .writable = writable, .writable_count = 1,
		.connect = may_connect };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		log_open("test", LOG_ERROR);
		if (sandbox_enter(&s).is != OK)
			_exit(250);
		_exit(act());
	}
	if (waitpid(pid, &status, 0) != pid)
		abort();
	return status;
}

static void
test_cases(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		int status = in_child(cases[i].act, cases[i].connect);

		if (!SECCOMP && cases[i].kills)
			continue;
		if (cases[i].kills)
			ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
			    "%s: killed", cases[i].name);
		else
			ok(WIFEXITED(status)
			    && WEXITSTATUS(status) == cases[i].error,
			    "%s: error %d, status %x", cases[i].name,
			    cases[i].error, (unsigned)status);
	}
	if (SECCOMP)
		ok(WEXITSTATUS(in_child(connect_out, false)) == EACCES,
		    "connect when not allowed");
}

static void
test_messages(void)
{
	struct post *mail, *web, *sender;
	struct msg m;

	if (post_open(&mail, folder, "mail").is != OK
	    || post_open(&web, folder, "web").is != OK
	    || post_open(&sender, folder, NULL).is != OK)
		abort();
	ok(!post_receive(mail, &m), "nothing yet");
	post_send(web, (struct msg){ MSG_ACCOUNT, 42 });
	ok(post_receive(mail, &m) && m.kind == MSG_ACCOUNT && m.number == 42,
	    "a message to the others");
	ok(!post_receive(web, &m), "not to oneself");
	post_send(sender, (struct msg){ MSG_RELOAD, 0 });
	ok(post_receive(mail, &m) && m.kind == MSG_RELOAD, "from outside");
	ok(post_receive(web, &m) && m.kind == MSG_RELOAD, "to all");
	is_number(post_fd(sender), -1, "a sender has nothing to wait for");
	post_close(&mail);
	post_send(web, (struct msg){ MSG_QUEUE, 0 });
	ok(post_open(&mail, folder, "mail").is == OK, "a role comes again");
	ok(!post_receive(mail, &m), "what was sent meanwhile is lost");
	for (int64_t i = 0; i < 10000; i++)
		post_send(web, (struct msg){ MSG_ACCOUNT, i });
	ok(post_receive(mail, &m), "more than fits: the first ones arrive");
	post_close(&mail);
	post_close(&web);
	post_close(&sender);
	ok(post_open(&mail, folder, "nobody").is == FAILED, "unknown role");
}

/* How many of the accounts 1 to 64 a role has heard of, until all or, with
 * `wait`, as long as it may take. */
static uint64_t
hear(struct post *p, bool wait, uint64_t heard)
{
	struct pollfd ready = { .fd = post_fd(p), .events = POLLIN };
	struct msg m;

	do {
		while (post_receive(p, &m))
			if (m.kind == MSG_ACCOUNT && m.number >= 1
			    && m.number <= 64)
				heard |= UINT64_C(1) << (m.number - 1);
	} while (wait && heard != UINT64_MAX && poll(&ready, 1, 60000) > 0);
	return heard;
}

static void
test_changes(void)
{
	struct post *mail, *queue, *web;
	const uint64_t last = UINT64_C(1) << 63 | 1;
	uint64_t at_mail = last, at_queue = last;
	struct msg m;

	if (post_open(&mail, folder, "mail").is != OK
	    || post_open(&queue, folder, "queue").is != OK
	    || post_open(&web, folder, "web").is != OK)
		abort();
	/* Each more than once. */
	for (int64_t i = 0; i < 512; i++) {
		post_send_changed(web, i / 4 % 62 + 2);
		at_mail = hear(mail, false, at_mail);
		at_queue = hear(queue, false, at_queue);
	}
	ok(hear(mail, true, at_mail) == UINT64_MAX, "every account is told");
	ok(hear(queue, true, at_queue) == UINT64_MAX, "to all who listen");
	post_send_changed(web, 64);
	post_send_changed(web, 1);
	post_close(&web);
	ok(hear(mail, true, ~last) == UINT64_MAX,
	    "what is left is sent at the end");
	if (post_open(&web, folder, "web").is != OK)
		abort();
	post_send(mail, (struct msg){ MSG_ACCOUNT, 1 });
	ok(!post_receive(web, &m), "nothing to who does not listen");
	post_close(&mail);
	post_close(&queue);
	post_close(&web);
}

static void
test_random(void)
{
	uint64_t seen = 0;

	for (int i = 0; i < 10000; i++) {
		uint64_t n = random_number(10);

		seen |= UINT64_C(1) << n;
	}
	is_number((int64_t)seen, 1023, "every number below 10, none above");
}

int
main(void)
{
	char path[64];
	static const char *const files[] = { "run/mail.sock", "run/web.sock",
		"run", "" };

	if (mkdtemp(folder) == NULL)
		abort();
	test_cases();
	log_open("test", LOG_ERROR);
	test_messages();
	test_changes();
	test_random();
	for (size_t i = 0; i < COUNT(files); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
		(void)remove(path);
	}
	return tap_done();
}
