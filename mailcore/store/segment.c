#include "mailcore/store/segment.h"

#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEP_LEAST = 262144, STEP_MOST = 4194304, ZEROS = 65536 };

static const char magic[8] = "PHJRNL1\n";

static void
put_number(char *to, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		to[i] = (char)(number >> (8 * i) & 255);
}

static uint64_t
get_number(const char *from)
{
	uint64_t number = 0;

	for (int i = 8; i > 0; i--)
		number = number << 8 | (unsigned char)from[i - 1];
	return number;
}

/* Of all bytes of a record behind its check. */
static uint64_t
check_of(const char *record, size_t n)
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	if (EVP_Digest(record + 8, n - 8, hash, NULL, EVP_sha256(), NULL) != 1)
		abort();
	return get_number((const char *)hash);
}

void
segment_begin_record(struct buf *record)
{
	static const char zeros[SEGMENT_RECORD_HEAD];

	buf_add(record, (view){ zeros, sizeof zeros });
}

void
segment_seal_record(struct buf *record, int64_t account, int64_t seq)
{
	put_number(record->p + 8, record->n - SEGMENT_RECORD_HEAD);
	put_number(record->p + 16, (uint64_t)account);
	put_number(record->p + 24, (uint64_t)seq);
	put_number(record->p, check_of(record->p, record->n));
}

static result
failed(const char *doing, const char *path)
{
	int error = errno;

	log_line(LOG_ERROR, "journal.failed", "doing=%s path=%s error=\"%s\"",
	    doing, path, strerror(error));
	if (error == ENOSPC || error == EDQUOT)
		return fail(NO_SPACE, "the disk is full");
	return fail(FAILED, "the journal does not work");
}

static result
write_at(const struct segment *s, view v, uint64_t at)
{
	while (v.n > 0) {
		ssize_t n = pwrite(s->fd, v.p, v.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed("write", s->path);
		at += (uint64_t)n;
		v = view_from(v, (size_t)n);
	}
	return done();
}

/* Take the spare file of the role, or make one, under the name `path`. */
static result
open_file(struct segment *s, const char *path, const char *data,
    const char *role)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char spare[SEGMENT_PATH];
	struct stat st;
	int n = snprintf(spare, sizeof spare, "%s/journal/%s.spare", data,
	    role);

	if (n < 0 || n >= SEGMENT_PATH)
		return fail(FAILED, "the data folder's path is too long");
	if (rename(spare, path) != 0 && errno != ENOENT)
		return failed("rename", spare);
	s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->fd < 0 || fcntl(s->fd, F_OFD_SETLKW, &lock) != 0
	    || fstat(s->fd, &st) != 0)
		return failed("open", path);
	s->allocated = (uint64_t)st.st_size;
	return done();
}

static result
begin(struct segment *s, const char *data, const char *role)
{
	char head[SEGMENT_HEAD], path[SEGMENT_PATH], folder[SEGMENT_PATH];
	int n = snprintf(path, sizeof path, "%s/journal/%s.%016llx", data,
	    role, (unsigned long long)random_number(UINT64_MAX));

	if (n < 0 || n >= SEGMENT_PATH)
		return fail(FAILED, "the data folder's path is too long");
	/* It gets its name when it is locked: nobody may find it and think
	 * that it was left behind. */
	TRY(open_file(s, path, data, role));
	memcpy(head, magic, sizeof magic);
	put_number(head + 8, s->writer);
	put_number(head + 16, s->number);
	TRY(write_at(s, (view){ head, sizeof head }, 0));
	s->end = SEGMENT_HEAD;
	if (s->allocated < SEGMENT_HEAD)
		s->allocated = SEGMENT_HEAD;
	if (rename(path, s->path) != 0)
		return failed("rename", path);
	(void)snprintf(folder, sizeof folder, "%s/journal", data);
	return file_sync_folder(folder);
}

result
segment_open(struct segment **out, const char *data, const char *role,
    uint64_t writer, uint64_t number)
{
	struct segment *s = calloc(1, sizeof *s);
	result r = fail(FAILED, "the data folder's path is too long");
	int n;

	*out = NULL;
	if (s == NULL)
		abort();
	s->fd = -1;
	s->writer = writer;
	s->number = number;
	n = snprintf(s->path, sizeof s->path, "%s/journal/%s-%016llx", data,
	    role, (unsigned long long)random_number(UINT64_MAX));
	if (n > 0 && n < SEGMENT_PATH)
		r = begin(s, data, role);
	if (r.is == OK) {
		*out = s;
		return r;
	}
	if (s->fd >= 0)
		(void)unlink(s->path);
	segment_leave(&s);
	return r;
}

/* Make the file longer than is needed now, in few steps. */
static result
extend(struct segment *s, uint64_t end)
{
	static const char zeros[ZEROS];
	uint64_t step = s->allocated;

	if (step < STEP_LEAST)
		step = STEP_LEAST;
	if (step > STEP_MOST)
		step = STEP_MOST;
	end = (end / step + 1) * step;
	while (s->allocated < end) {
		TRY(write_at(s, (view){ zeros, sizeof zeros }, s->allocated));
		s->allocated += sizeof zeros;
	}
	return done();
}

static void
number_records(struct segment *s, struct buf *records)
{
	char *p = records->p;
	char *end = records->p + records->n;

	while (p < end) {
		put_number(p, get_number(p) ^ (s->writer + s->number++));
		p += SEGMENT_RECORD_HEAD + get_number(p + 8);
	}
}

result
segment_write(struct segment *s, struct buf *records)
{
	uint64_t end = s->end + records->n;

	number_records(s, records);
	if (end > s->allocated)
		TRY(extend(s, end));
	TRY(write_at(s, buf_view(records), s->end));
	if (fdatasync(s->fd) != 0)
		return failed("sync", s->path);
	s->end = end;
	return done();
}

void
segment_leave(struct segment **segment)
{
	struct segment *s = *segment;

	if (s == NULL)
		return;
	*segment = NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	idset_free(&s->touched);
	free(s);
}

void
segment_retire(struct segment **segment, const char *data, const char *role)
{
	struct segment *s = *segment;
	char spare[SEGMENT_PATH];
	int n = snprintf(spare, sizeof spare, "%s/journal/%s.spare", data,
	    role);

	if (s->distrusted || n < 0 || n >= SEGMENT_PATH
	    || rename(s->path, spare) != 0)
		(void)unlink(s->path);
	segment_leave(segment);
}

void
segment_read(view file, segment_visit *visit, void *context)
{
	uint64_t writer, number;

	if (file.n < SEGMENT_HEAD
	    || !view_eq(view_first(file, sizeof magic),
		(view){ magic, sizeof magic }))
		return;
	writer = get_number(file.p + 8);
	number = get_number(file.p + 16);
	file = view_from(file, SEGMENT_HEAD);
	while (file.n >= SEGMENT_RECORD_HEAD) {
		uint64_t length = get_number(file.p + 8);
		size_t n = SEGMENT_RECORD_HEAD + (size_t)length;

		if (length > file.n - SEGMENT_RECORD_HEAD
		    || (check_of(file.p, n) ^ (writer + number))
			!= get_number(file.p))
			return;
		visit(context, (int64_t)get_number(file.p + 16),
		    (int64_t)get_number(file.p + 24),
		    view_from(view_first(file, n), SEGMENT_RECORD_HEAD));
		file = view_from(file, n);
		number++;
	}
}
