/* Unix sockets, in folders that may be another program's. */
#include "mailcore/sys/proc.h"

#include "mailcore/sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { QUEUE = 1024 };

/* What a server that was killed has left; nobody answers there. */
static bool
remove_left(const struct sockaddr_un *a)
{
	struct stat st;
	int fd;
	bool answers;

	if (lstat(a->sun_path, &st) != 0)
		return errno == ENOENT;
	errno = EEXIST;
	if (!S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	answers = connect(fd, (const struct sockaddr *)a, sizeof *a) == 0
	    || errno == EAGAIN;
	(void)close(fd);
	errno = EADDRINUSE;
	return !answers && unlink(a->sun_path) == 0;
}

/* The socket itself, whatever its name has become meanwhile: the folder may
 * be another user's, who would be given a file of ours. */
static bool
give_to(const char *path, uid_t uid, gid_t gid)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool given = false;

	if (fd < 0)
		return false;
	errno = EEXIST;
	if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)
	    && st.st_uid == geteuid())
		given = fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == 0;
	(void)close(fd);
	return given;
}

/* Whose it is; nobody changes what is not named. */
static bool
give(const char *path, const struct proc_socket *s)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	const struct group *g;

	if (s->owner != NULL && !proc_user(s->owner, &uid, &gid)) {
		errno = EINVAL;
		return false;
	}
	if (s->group != NULL) {
		g = getgrnam(s->group);
		errno = EINVAL;
		if (g == NULL)
			return false;
		gid = g->gr_gid;
	}
	return (uid == (uid_t)-1 && gid == (gid_t)-1)
	    || give_to(path, uid, gid);
}

static bool
bind_there(int fd, const struct sockaddr_un *a, const struct proc_socket *s)
{
	/* It is made with its mode: chmod would follow a link that the
	 * folder's owner put in its place.  The socket's own mode also holds
	 * where a folder's ACL takes the place of the mask. */
	mode_t before = umask(0777 & ~(mode_t)s->mode);
	bool bound = fchmod(fd, (mode_t)s->mode) == 0
	    && bind(fd, (const struct sockaddr *)a, sizeof *a) == 0;

	(void)umask(before);
	return bound && give(a->sun_path, s) && listen(fd, QUEUE) == 0;
}

result
proc_listen_at(const struct proc_socket *s, int *fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	*fd = -1;
	errno = ENAMETOOLONG;
	if (strlen(s->path) < sizeof a.sun_path) {
		memcpy(a.sun_path, s->path, strlen(s->path) + 1);
		if (remove_left(&a))
			*fd = socket(AF_UNIX,
			    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (*fd >= 0 && bind_there(*fd, &a, s))
		return done();
	log_line(LOG_ERROR, "listen.failed", "path=%s error=\"%s\""
	    " do=\"see that its folder is there and may be written to, and"
	    " that owner and group exist\"", s->path, strerror(errno));
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return fail(FAILED, "cannot listen at a path");
}
