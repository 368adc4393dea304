#include "mailcore/sys/msg.h"

#include "mailcore/base/view.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const roles[] = { "web", "mail", "queue" };

/* What goes over the socket: both ends are the same binary. */
struct wire {
	uint32_t kind;
	uint32_t zero;
	int64_t number;
};

struct post {
	int fd;
	int folder; /* <data>/run */
	char run[PATH_MAX];
	const char *role; /* one of roles, or NULL */
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
		if (strcmp(role, roles[i]) == 0)
			p->role = roles[i];
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
	result r;

	if (p == NULL)
		abort();
	p->fd = p->folder = -1;
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

void
post_close(struct post **pp)
{
	struct post *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	/* The name stays: by now it may be another's, and a sender does not
	 * mind when nobody listens. */
	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->folder >= 0)
		(void)close(p->folder);
	free(p);
}

void
post_send(struct post *p, struct msg m)
{
	const struct wire wire = { (uint32_t)m.kind, 0, m.number };
	struct sockaddr_un name;

	for (size_t i = 0; i < COUNT(roles); i++) {
		if (roles[i] == p->role && m.kind != MSG_STANDING)
			continue;
		if (!socket_name(p, roles[i], &name))
			continue;
		/* Not there, or too busy to take it: both are allowed. */
		(void)sendto(p->fd, &wire, sizeof wire,
		    MSG_DONTWAIT | MSG_NOSIGNAL,
		    (const struct sockaddr *)&name, sizeof name);
	}
}

int
post_fd(const struct post *p)
{
	return p->role == NULL ? -1 : p->fd;
}

bool
post_receive(struct post *p, struct msg *out)
{
	struct wire wire;

	for (;;) {
		ssize_t n = recv(p->fd, &wire, sizeof wire,
		    MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n != (ssize_t)sizeof wire || wire.kind < MSG_ACCOUNT
		    || wire.kind > MSG_PUSH)
			continue;
		*out = (struct msg){ (enum msg_kind)wire.kind, wire.number };
		return true;
	}
}
