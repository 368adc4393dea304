#include "mailcore/sys/proc.h"

#include "mailcore/base/view.h"
#include "mailcore/sys/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTEN_QUEUE = 4096 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool
make_address(const char *text, unsigned port, union address *a, socklen_t *n)
{
	*a = (union address){ .any = { 0 } };
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons((uint16_t)port);
		*n = sizeof a->v4;
		return true;
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons((uint16_t)port);
		*n = sizeof a->v6;
		return true;
	}
	errno = EINVAL;
	return false;
}

static bool
set_and_bind(int fd, const union address *a, socklen_t n)
{
	int on = 1;

	/* IPv4 has sockets of its own. */
	if (a->any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof on) != 0)
		return false;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
	    && bind(fd, &a->any, n) == 0
	    && listen(fd, LISTEN_QUEUE) == 0;
}

result
proc_listen(const char *address, unsigned port, int *fd)
{
	union address a;
	socklen_t n = 0;
	const char *advice = "";

	*fd = -1;
	if (make_address(address, port, &a, &n))
		*fd = socket(a.any.sa_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd >= 0 && set_and_bind(*fd, &a, n))
		return done();
	if (*fd < 0 && errno == EAFNOSUPPORT) {
		log_line(LOG_WARNING, "listen.skipped", "address=%s"
		    " why=\"this machine has no such protocol\"", address);
		return fail(NOT_FOUND, "no such protocol here");
	}
	if (errno == EADDRINUSE)
		advice = "; another program has it: stop that or choose"
		    " another port";
	else if (errno == EACCES)
		advice = "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
	else if (errno == EADDRNOTAVAIL)
		advice = "; this machine does not have that address";
	log_line(LOG_ERROR, "listen.failed",
	    "address=%s port=%u error=\"%s%s\"", address, port,
	    strerror(errno), advice);
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return fail(FAILED, "cannot listen on an address");
}

bool
proc_user(const char *user, uid_t *uid, gid_t *gid)
{
	const struct passwd *p = getpwnam(user);

	if (p == NULL) {
		log_line(LOG_ERROR, "user.unknown", "user=%s"
		    " do=\"create it, or set user in the configuration\"",
		    user);
		return false;
	}
	*uid = p->pw_uid;
	*gid = p->pw_gid;
	return true;
}

/* What systemd gave a server without root, so that it can bind port 25. */
static result
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[2] = { { 0, 0, 0 },
		{ 0, 0, 0 } };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0
	    && syscall(SYS_capset, &head, none) == 0)
		return done();
	log_line(LOG_ERROR, "user.capabilities", "error=\"%s\"",
	    strerror(errno));
	return fail(FAILED, "capabilities cannot be given up");
}

result
proc_become(const char *user)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0)
		return drop_capabilities();
	if (!proc_user(user, &uid, &gid))
		return fail(FAILED, "no such user");
	if (initgroups(user, gid) != 0 || setresgid(gid, gid, gid) != 0
	    || setresuid(uid, uid, uid) != 0) {
		log_line(LOG_ERROR, "user.change", "user=%s error=\"%s\"",
		    user, strerror(errno));
		return fail(FAILED, "the rights of root cannot be given up");
	}
	return done();
}

result
proc_bind_to(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0
	    || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_line(LOG_ERROR, "process.bind", "error=\"%s\"",
		    strerror(errno));
		return fail(FAILED, "prctl");
	}
	/* It may have gone before the first of these. */
	return getppid() == parent ? done()
	                           : fail(FAILED, "the supervisor has gone");
}

void
proc_raise_files(unsigned long wanted)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max;
	if (r.rlim_max < wanted) {
		struct rlimit more = { wanted, wanted };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return;
		log_line(LOG_WARNING, "files.limit",
		    "allowed=%llu wanted=%lu"
		    " do=\"raise LimitNOFILE or lower connections\"",
		    (unsigned long long)r.rlim_max, wanted);
	}
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

void
proc_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = path == NULL ? 0 : strlen(path);
	int fd;

	if (n == 0 || n >= sizeof a.sun_path)
		return;
	memcpy(a.sun_path, path, n);
	if (a.sun_path[0] == '@') /* the abstract name space */
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&a,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	(void)close(fd);
}
