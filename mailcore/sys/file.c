#include "mailcore/sys/file.h"

#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_PIECE = 16384 };

static result
failed(const char *doing, const char *path, int error)
{
	log_line(LOG_ERROR, "file.failed", "doing=%s path=%s error=\"%s\"",
	    doing, path, strerror(error));
	if (error == ENOSPC || error == EDQUOT)
		return fail(NO_SPACE, "the disk is full");
	return fail(FAILED, "a file operation failed");
}

static result
read_all(int fd, const char *path, struct buf *out)
{
	for (;;) {
		char piece[FILE_PIECE];
		ssize_t n = read(fd, piece, sizeof piece);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed("read", path, errno);
		if (n == 0)
			return buf_result(out);
		buf_add(out, (view){ piece, (size_t)n });
		if (buf_result(out).is != OK)
			return buf_result(out);
	}
}

result
file_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	result r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return fail(NOT_FOUND, "no such file");
	if (fd < 0)
		return failed("open", path, errno);
	r = read_all(fd, path, out);
	(void)close(fd);
	return r;
}

static result
write_all(int fd, const char *path, view bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed("write", path, errno);
		bytes = view_from(bytes, (size_t)n);
	}
	return done();
}

static result
fill(int fd, const char *path, view bytes, int mode)
{
	/* Not by open: there the umask would take from it. */
	if (fchmod(fd, (mode_t)mode) != 0)
		return failed("chmod", path, errno);
	return write_all(fd, path, bytes);
}

static result
sync_file(int fd, const char *path)
{
	return fsync(fd) == 0 ? done() : failed("sync", path, errno);
}

/* The folder that holds `path`, into `to`. */
static bool
folder_of(const char *path, char *to, size_t room)
{
	view v = view_of(path);
	view folder = view_cut_last(&v, '/');

	if (folder.n == 0)
		folder = path[0] == '/' ? VIEW("/") : VIEW(".");
	return view_copy(folder, to, room);
}

static result
replace(const char *path, const char *temporary, view bytes, int mode,
    bool sync)
{
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    S_IRUSR | S_IWUSR);
	result r;

	if (fd < 0)
		return failed("create", temporary, errno);
	r = fill(fd, temporary, bytes, mode);
	if (r.is == OK && sync)
		r = sync_file(fd, temporary);
	if (close(fd) != 0 && r.is == OK)
		r = failed("close", temporary, errno);
	if (r.is == OK && rename(temporary, path) != 0)
		r = failed("rename", path, errno);
	if (r.is != OK)
		(void)unlink(temporary);
	return r;
}

static result
write_file(const char *path, view bytes, int mode, bool sync)
{
	char temporary[PATH_MAX];
	uint64_t unique;
	int n;

	random_bytes(&unique, sizeof unique);
	n = snprintf(temporary, sizeof temporary, "%s.new-%016llx", path,
	    (unsigned long long)unique);
	if (n < 0 || (size_t)n >= sizeof temporary)
		return failed("name", path, ENAMETOOLONG);
	return replace(path, temporary, bytes, mode, sync);
}

result
file_write(const char *path, view bytes, int mode)
{
	char folder[PATH_MAX];

	TRY(write_file(path, bytes, mode, true));
	if (!folder_of(path, folder, sizeof folder))
		return fail(FAILED, "a path is too long");
	return file_sync_folder(folder);
}

result
file_write_fleeting(const char *path, view bytes, int mode)
{
	return write_file(path, bytes, mode, false);
}

static result
make_one(const char *path)
{
	struct stat st;

	if (mkdir(path, S_IRWXU) == 0)
		return done();
	/* Folders above ours may exist where we may not write at all. */
	if (stat(path, &st) != 0)
		return failed("mkdir", path, errno);
	if (!S_ISDIR(st.st_mode))
		return failed("mkdir", path, ENOTDIR);
	return done();
}

result
file_make_folder(const char *path)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || !view_copy(view_of(path), part, sizeof part))
		return failed("mkdir", path, ENAMETOOLONG);
	for (size_t i = 1; i < n; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		TRY(make_one(part));
		part[i] = '/';
	}
	return make_one(part);
}

result
file_sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result r = done();

	if (fd < 0)
		return failed("open", path, errno);
	if (fsync(fd) != 0)
		r = failed("sync", path, errno);
	(void)close(fd);
	return r;
}
