#include "mailcore/store/spool.h"

#include "mailcore/base/encode.h"
#include "mailcore/store/item.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static result
failed(const char *doing, const char *path)
{
	int error = errno;

	log_line(LOG_ERROR, "body.failed", "doing=%s path=%s error=\"%s\"",
	    doing, path, strerror(error));
	if (error == ENOSPC || error == EDQUOT)
		return fail(NO_SPACE, "the disk is full");
	return fail(FAILED, "a body could not be written");
}

struct spool *
spool_new(struct store *store, uint64_t limit)
{
	struct spool *s = calloc(1, sizeof *s);

	if (s == NULL || (s->digest = EVP_MD_CTX_new()) == NULL
	    || EVP_DigestInit_ex(s->digest, EVP_sha256(), NULL) != 1)
		abort();
	s->store = store;
	s->limit = limit;
	s->memory = buf_new(LIMIT_BODY_INLINE);
	s->fd = -1;
	return s;
}

static void
unmap(struct spool *s)
{
	if (s->map != NULL)
		(void)munmap(s->map, s->mapped);
	s->map = NULL;
	s->mapped = 0;
}

/* The link that item_prepare made and no item took. */
static void
forget_file(struct spool *s)
{
	char path[STORE_PATH], folder[STORE_PATH];
	int n;

	if (s->file[0] == '\0')
		return;
	(void)account_folder(s->store->data, s->prepared, folder);
	n = snprintf(path, sizeof path, "%s/bodies/%s", folder, s->file);
	if (n > 0 && n < STORE_PATH)
		(void)unlink(path);
	s->file[0] = '\0';
}

void
spool_free(struct spool **spool)
{
	struct spool *s = *spool;

	if (s == NULL)
		return;
	*spool = NULL;
	unmap(s);
	forget_file(s);
	if (s->fd >= 0) {
		(void)close(s->fd);
		(void)unlink(s->temporary);
	}
	buf_free(&s->memory);
	EVP_MD_CTX_free(s->digest);
	free(s);
}

static result
write_all(struct spool *s, view v)
{
	while (v.n > 0) {
		ssize_t n = write(s->fd, v.p, v.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed("write", s->temporary);
		v = view_from(v, (size_t)n);
	}
	return done();
}

static result
begin_file(struct spool *s)
{
	int n = snprintf(s->temporary, sizeof s->temporary,
	    "%s/tmp/%016llx", s->store->data,
	    (unsigned long long)random_number(UINT64_MAX));

	if (n < 0 || n >= STORE_PATH)
		return fail(FAILED, "the data folder's path is too long");
	s->fd = open(s->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return failed("create", s->temporary);
	TRY(write_all(s, buf_view(&s->memory)));
	buf_free(&s->memory);
	s->memory = buf_new(LIMIT_BODY_INLINE);
	return done();
}

static result
add(struct spool *s, view v)
{
	if (s->hashed)
		return fail(FAILED, "a spool that was finished");
	if (v.n > s->limit - s->size)
		return fail(OVER_LIMIT, "larger than allowed");
	if (EVP_DigestUpdate(s->digest, v.p, v.n) != 1)
		return fail(FAILED, "SHA-256 does not work");
	s->size += v.n;
	if (s->fd < 0 && s->size <= LIMIT_BODY_INLINE) {
		buf_add(&s->memory, v);
		return buf_result(&s->memory);
	}
	if (s->fd < 0)
		TRY(begin_file(s));
	return write_all(s, v);
}

void
spool_add(struct spool *s, view v)
{
	if (s->r.is == OK && v.n > 0)
		s->r = add(s, v);
}

result
spool_result(const struct spool *s)
{
	return s->r.is == OK ? done() : s->r;
}

uint64_t
spool_size(const struct spool *s)
{
	return s->size;
}

result
spool_view(struct spool *s, view *out)
{
	*out = VIEW("");
	TRY(spool_result(s));
	if (s->fd < 0) {
		*out = buf_view(&s->memory);
		return done();
	}
	if (s->mapped != s->size) {
		unmap(s);
		s->map = mmap(NULL, s->size, PROT_READ, MAP_SHARED, s->fd, 0);
		if (s->map == MAP_FAILED) {
			s->map = NULL;
			return failed("map", s->temporary);
		}
		s->mapped = s->size;
	}
	*out = (view){ s->map, s->mapped };
	return done();
}

bool
spool_is_small(const struct spool *s)
{
	return s->fd < 0;
}

view
spool_hash(struct spool *s)
{
	if (!s->hashed && EVP_DigestFinal_ex(s->digest, s->hash, NULL) != 1)
		abort();
	s->hashed = true;
	return (view){ (const char *)s->hash, sizeof s->hash };
}

/* "ab/abcd...-0123456789abcdef".  The number at the end keeps files of the
 * same bytes apart: each belongs to one row of `body`, and is removed with
 * it, whatever others do at the same moment. */
static void
name_file(struct spool *s)
{
	struct buf hex = buf_new(2 * SPOOL_HASH + 1);

	encode_hex(&hex, spool_hash(s));
	(void)snprintf(s->file, sizeof s->file, "%.2s/%s-%016llx",
	    buf_text(&hex), buf_text(&hex),
	    (unsigned long long)random_number(UINT64_MAX));
	buf_free(&hex);
}

/* The folder of `path`, made when it is not there.  It is sticky until the
 * folders above are synced, so that nobody who finds it earlier, or after a
 * sync that failed, thinks that it will outlive a power cut. */
static result
make_folder_of(const char *path, char folder[STORE_PATH])
{
	char above[STORE_PATH];
	view left = view_of(path);
	struct stat st;

	left = view_cut_last(&left, '/');
	if (!view_copy(left, folder, STORE_PATH))
		return fail(FAILED, "the data folder's path is too long");
	if (stat(folder, &st) == 0 && (st.st_mode & S_ISVTX) == 0)
		return done();
	left = view_cut_last(&left, '/');
	if (!view_copy(left, above, sizeof above))
		return fail(FAILED, "a path is too long");
	TRY(file_make_folder(above));
	if (mkdir(folder, S_IRWXU | S_ISVTX) != 0 && errno != EEXIST)
		return failed("mkdir", folder);
	TRY(file_sync_folder(above));
	/* The account's folder names `bodies`. */
	left = view_cut_last(&left, '/');
	if (!view_copy(left, above, sizeof above))
		return fail(FAILED, "a path is too long");
	TRY(file_sync_folder(above));
	return chmod(folder, S_IRWXU) == 0 ? done() : failed("chmod", folder);
}

/* Where a sandbox or a file system knows no second names. */
static result
copy_file(struct spool *s, const char *path)
{
	view bytes;
	result r = spool_view(s, &bytes);

	return r.is == OK ? file_write(path, bytes, 0600) : r;
}

/* A second name for the temporary file, so that one message may go to many
 * accounts and lie on the disk once. */
static result
link_file(struct account *a, struct spool *s)
{
	char path[STORE_PATH], folder[STORE_PATH];

	name_file(s);
	s->prepared = a->id;
	if (!body_path(a, view_of(s->file), path))
		return fail(FAILED, "the data folder's path is too long");
	TRY(make_folder_of(path, folder));
	if (link(s->temporary, path) == 0)
		return file_sync_folder(folder);
	if (errno == EXDEV || errno == EPERM || errno == EMLINK)
		return copy_file(s, path);
	return failed("link", path);
}

result
item_prepare(struct account *a, struct spool *s)
{
	result r;

	TRY(spool_result(s));
	(void)spool_hash(s);
	if (spool_is_small(s) || (s->file[0] != '\0' && s->prepared == a->id))
		return done();
	forget_file(s);
	if (fdatasync(s->fd) != 0) {
		s->r = failed("sync", s->temporary);
		return s->r;
	}
	r = link_file(a, s);
	/* Who tries again must not take it for made. */
	if (r.is != OK)
		forget_file(s);
	return r;
}

void
spool_adopt(struct account *a, struct spool *s)
{
	s->next_adopted = a->adopted;
	a->adopted = s;
}

void
spool_adopted(struct account *a, bool committed)
{
	while (a->adopted != NULL) {
		struct spool *s = a->adopted;

		a->adopted = s->next_adopted;
		if (committed)
			s->file[0] = '\0';
	}
}
