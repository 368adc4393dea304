/* Files in a folder, or entries of a tar (POSIX.1-2017 pax, Interchange
 * Format). */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, NAME = 100, CHECKSUM_AT = 148, CHECKSUM = 8 };

static result
disk_failure(const char *path)
{
	int error = errno;

	log_line(LOG_ERROR, "transfer.write", "path=%s why=%s", path,
	    strerror(error));
	return error == ENOSPC || error == EDQUOT
	    ? fail(NO_SPACE, "the disk is full")
	    : fail(FAILED, "a file could not be written");
}

static bool
write_all(int fd, view bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = view_from(bytes, (size_t)n);
	}
	return true;
}

static void
put(struct sink *s, view bytes)
{
	if (s->to != NULL) {
		buf_add(s->to, bytes);
		s->r = buf_result(s->to);
	} else if (!write_all(s->tar, bytes)) {
		s->r = disk_failure(s->folder);
	}
}

static bool
path_in(struct sink *s, view path, char to[TRANSFER_PATH])
{
	int n = snprintf(to, TRANSFER_PATH, "%s/%.*s%.*s", s->folder,
	    (int)s->prefix.n, s->prefix.p, (int)path.n, path.p);

	if (n > 0 && n < TRANSFER_PATH)
		return true;
	s->r = fail(OVER_LIMIT, "a path is too long");
	return false;
}

static void
write_file(struct sink *s, view path, int64_t when, view bytes)
{
	const struct timespec times[2] = { { .tv_sec = when },
		{ .tv_sec = when } };
	char to[TRANSFER_PATH];
	int fd;

	if (!path_in(s, path, to))
		return;
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd < 0 || !write_all(fd, bytes) || futimens(fd, times) != 0)
		s->r = disk_failure(to);
	if (fd >= 0 && close(fd) != 0)
		s->r = disk_failure(to);
}

/* Octal with a NUL behind it. */
static void
put_octal(char *to, size_t room, uint64_t n)
{
	to[--room] = '\0';
	while (room > 0) {
		to[--room] = (char)('0' + n % 8);
		n /= 8;
	}
}

static void
write_header(struct sink *s, view path, char type, int64_t when, size_t size)
{
	char h[BLOCK] = { 0 };
	unsigned sum = 0;

	memcpy(h, path.p, path.n < NAME ? path.n : NAME);
	put_octal(h + 100, 8, type == '5' ? 0700 : 0600);
	put_octal(h + 108, 8, 0);
	put_octal(h + 116, 8, 0);
	put_octal(h + 124, 12, size);
	put_octal(h + 136, 12, when > 0 ? (uint64_t)when : 0);
	h[156] = type;
	/* Magic with its NUL, then the version without one. */
	memcpy(h + 257, "ustar", 6);
	h[263] = h[264] = '0';
	memset(h + CHECKSUM_AT, ' ', CHECKSUM);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	put_octal(h + CHECKSUM_AT, CHECKSUM - 1, sum);
	put(s, (view){ h, BLOCK });
}

void
sink_pad(struct sink *s, size_t size)
{
	static const char zeroes[BLOCK];

	if (s->r.is == OK && size % BLOCK > 0)
		put(s, (view){ zeroes, BLOCK - size % BLOCK });
}

static void
write_padded(struct sink *s, view bytes)
{
	put(s, bytes);
	sink_pad(s, bytes.n);
}

/* "<length> path=<path>\n", whose length counts itself. */
static void
write_long_path(struct sink *s, view path)
{
	struct buf record = buf_new(TRANSFER_PATH + 64);
	size_t rest = path.n + sizeof " path=\n" - 1;
	size_t n = rest + 1;
	char digits[24];

	while ((size_t)snprintf(digits, sizeof digits, "%zu", n) + rest != n)
		n = (size_t)snprintf(digits, sizeof digits, "%zu", n) + rest;
	buf_print(&record, "%zu path=%.*s\n", n, (int)path.n, path.p);
	write_header(s, VIEW("path"), 'x', 0, record.n);
	if (s->r.is == OK)
		write_padded(s, buf_view(&record));
	buf_free(&record);
}

static void
write_head(struct sink *s, view path, char type, int64_t when, size_t size)
{
	struct buf whole = buf_new(TRANSFER_PATH);

	buf_add(&whole, s->prefix);
	buf_add(&whole, path);
	if (type == '5')
		buf_add_byte(&whole, '/');
	s->r = buf_result(&whole);
	if (s->r.is == OK && whole.n > NAME)
		write_long_path(s, buf_view(&whole));
	if (s->r.is == OK)
		write_header(s, buf_view(&whole), type, when, size);
	buf_free(&whole);
}

static bool
is_tar(const struct sink *s)
{
	return s->tar >= 0 || s->to != NULL;
}

void
sink_head(struct sink *s, view path, int64_t when, size_t size)
{
	if (s->r.is == OK)
		write_head(s, path, '0', when, size);
}

void
sink_folder(struct sink *s, view path)
{
	char to[TRANSFER_PATH];

	if (s->r.is != OK)
		return;
	if (is_tar(s))
		write_head(s, path, '5', 0, 0);
	else if (path_in(s, path, to))
		s->r = file_make_folder(to);
}

void
sink_file(struct sink *s, view path, int64_t when, view bytes)
{
	if (s->r.is != OK)
		return;
	if (!is_tar(s)) {
		write_file(s, path, when, bytes);
		return;
	}
	write_head(s, path, '0', when, bytes.n);
	if (s->r.is == OK)
		write_padded(s, bytes);
}

void
sink_open_tar(struct sink *s, const char *path)
{
	if (s->r.is != OK)
		return;
	s->tar = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (s->tar < 0)
		s->r = disk_failure(path);
}

void
sink_end(struct sink *s)
{
	static const char end[2 * BLOCK];

	if (is_tar(s) && s->r.is == OK)
		put(s, (view){ end, sizeof end });
}

void
sink_close(struct sink *s)
{
	int fd = s->tar;

	sink_end(s);
	if (fd < 0)
		fd = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->r.is == OK && (fd < 0 || syncfs(fd) != 0))
		s->r = disk_failure(s->folder);
	if (fd >= 0)
		(void)close(fd);
	s->tar = -1;
}
