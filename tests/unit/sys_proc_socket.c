/* Unix sockets in a folder whose owner puts something else in their place,
 * right after they are made. */
#include "mailcore/sys/proc.h"

#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[] = "/tmp/posthaste-socket-XXXXXX";
static char at[64], dear[64];
static int (*swap)(const char *, const char *);

/* As libc's; put back when the socket is there, with somebody else at work. */
mode_t
umask(mode_t mask)
{
	mode_t before = (mode_t)syscall(SYS_umask, mask);
	struct stat st;

	if (swap != NULL && lstat(at, &st) == 0
	    && (unlink(at) != 0 || swap(dear, at) != 0))
		abort();
	return before;
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

static uid_t
owner_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_uid : (uid_t)-1;
}

static result
listen_there(const char *owner, unsigned mode)
{
	const struct proc_socket s = { .path = at, .owner = owner,
		.mode = mode };
	int fd;
	result r = proc_listen_at(&s, &fd);

	if (r.is == OK)
		(void)close(fd);
	return r;
}

static void
test_modes(void)
{
	static const unsigned modes[] = { 0600, 0660, 0666, 0777, 0200 };
	mode_t before = umask(027);

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		ok(listen_there(NULL, modes[i]).is == OK, "listens");
		is_number(mode_of(at), modes[i], "its mode, whatever the mask");
	}
	is_number(umask(before), 027, "the mask is as it was");
	(void)unlink(at);
}

static void
test_link(int (*with)(const char *, const char *), const char *name)
{
	swap = with;
	(void)listen_there(NULL, 0666);
	swap = NULL;
	is_number(mode_of(dear), 0600, name);
	(void)unlink(at);
	if (geteuid() != 0)
		return;
	swap = with;
	ok(listen_there("daemon", 0666).is == FAILED, "told");
	swap = NULL;
	is_number(owner_of(dear), 0, "and it is nobody else's");
	is_number(mode_of(dear), 0600, "with its mode");
	(void)unlink(at);
}

int
main(void)
{
	FILE *file;

	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(at, sizeof at, "%s/socket", folder);
	(void)snprintf(dear, sizeof dear, "%s/dear", folder);
	(void)umask(077);
	file = fopen(dear, "we");
	if (file == NULL || fclose(file) != 0)
		return 1;
	test_modes();
	test_link(symlink, "a link in its place changes no file");
	test_link(link, "nor does a hard one");
	(void)unlink(dear);
	(void)rmdir(folder);
	return tap_done();
}
