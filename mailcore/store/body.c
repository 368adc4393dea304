#include "mailcore/store/spool.h"
#include "mailcore/sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BODY_GET };

static const char *const sql[] = {
	[BODY_GET] = "SELECT size, file, data FROM body"
		     " WHERE account_id = $1 AND id = $2",
};

/* Either a mapped file or bytes of its own. */
struct inside {
	void *map;
	size_t mapped;
	char bytes[];
};

bool
body_path(const struct account *a, view file, char to[STORE_PATH])
{
	char folder[STORE_PATH];
	int n;

	if (!account_folder(a->store->data, a->id, folder))
		return false;
	n = snprintf(to, STORE_PATH, "%s/bodies/%.*s", folder, (int)file.n,
	    file.p);
	return n > 0 && n < STORE_PATH;
}

static struct inside *
new_inside(size_t n)
{
	struct inside *i = calloc(1, sizeof *i + n);

	if (i == NULL)
		abort();
	return i;
}

static void
copy_bytes(struct body *out, view bytes)
{
	struct inside *i = new_inside(bytes.n);

	if (bytes.n > 0)
		memcpy(i->bytes, bytes.p, bytes.n);
	out->inside = i;
	out->bytes = (view){ i->bytes, bytes.n };
}

static result
map_fd(int fd, size_t size, const char *path, struct body *out)
{
	struct stat st;
	struct inside *i;
	void *map;

	if (fstat(fd, &st) != 0 || st.st_size < 0
	    || (size_t)st.st_size != size) {
		log_line(LOG_ERROR, "body.size", "path=%s wanted=%zu", path,
		    size);
		return fail(FAILED, "a body's file has another size");
	}
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return fail(FAILED, "a body's file cannot be mapped");
	i = new_inside(0);
	i->map = map;
	i->mapped = size;
	out->inside = i;
	out->bytes = (view){ map, size };
	return done();
}

static result
map_file(struct account *a, view file, size_t size, struct body *out)
{
	char path[STORE_PATH];
	result r;
	int fd;

	if (!body_path(a, file, path))
		return fail(FAILED, "a path is too long");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* Its row went between the question and now. */
	if (fd < 0 && errno == ENOENT)
		return fail(NOT_FOUND, "the item is gone");
	if (fd < 0) {
		log_line(LOG_ERROR, "body.open", "path=%s error=\"%s\"", path,
		    strerror(errno));
		return fail(FAILED, "a body cannot be read");
	}
	r = map_fd(fd, size, path, out);
	(void)close(fd);
	return r;
}

result
body_open(struct account *a, int64_t id, struct body *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id) };
	struct db_query q;
	result r = fail(NOT_FOUND, "the item is gone");

	*out = (struct body){ .bytes = VIEW("") };
	db_ask(a->db, &q, sql[BODY_GET], args, COUNT(args));
	while (db_next(&q)) {
		view file = db_text_at(&q, 1);

		r = done();
		if (file.n == 0)
			copy_bytes(out, db_blob_at(&q, 2));
		else
			r = map_file(a, file, (size_t)db_int_at(&q, 0), out);
	}
	TRY(db_end(&q));
	return r;
}

void
body_close(struct body *b)
{
	struct inside *i = b->inside;

	if (i != NULL && i->map != NULL)
		(void)munmap(i->map, i->mapped);
	free(i);
	*b = (struct body){ .bytes = VIEW("") };
}
