#include "mailcore/store/recover.h"

#include "mailcore/base/heap.h"
#include "mailcore/store/flush.h"
#include "mailcore/sys/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEQ_GET };

static const char *const sql[] = {
	[SEQ_GET] = "SELECT seq FROM state WHERE account_id = $1",
};

/* A segment that was left behind. */
struct left {
	struct left *next;
	int fd;
	void *map;
	size_t n;
	char path[STORE_PATH];
};

struct entry {
	int64_t account;
	int64_t seq;
	view payload;
};

struct recovery {
	const char *data;
	int lock;
	struct left *left;
	struct entry *entries;
	size_t count;
	size_t room;
	bool lost;
};

static result
failed(const char *doing, const char *path)
{
	log_line(LOG_ERROR, "recover.failed", "doing=%s path=%s error=\"%s\"",
	    doing, path, strerror(errno));
	return fail(FAILED, "the journal cannot be read");
}

static result
take_lock(struct recovery *v)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[STORE_PATH];

	(void)snprintf(path, sizeof path, "%s/journal/lock", v->data);
	v->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (v->lock < 0 || fcntl(v->lock, F_OFD_SETLKW, &lock) != 0)
		return failed("lock", path);
	return done();
}

static void
note_entry(void *context, int64_t account, int64_t seq, view payload)
{
	struct recovery *v = context;

	v->entries = heap_more(v->entries, v->count, &v->room,
	    sizeof *v->entries);
	v->entries[v->count++] = (struct entry){ account, seq, payload };
}

static result
map_left(struct recovery *v, struct left *l)
{
	struct stat st;

	if (fstat(l->fd, &st) != 0)
		return failed("stat", l->path);
	l->n = (size_t)st.st_size;
	if (l->n == 0)
		return done();
	l->map = mmap(NULL, l->n, PROT_READ, MAP_SHARED, l->fd, 0);
	if (l->map == MAP_FAILED) {
		l->map = NULL;
		return failed("map", l->path);
	}
	segment_read((view){ l->map, l->n }, note_entry, v);
	return done();
}

/* One file of the folder; that of a living process is left alone. */
static result
read_left(struct recovery *v, const char *name)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct left *l = calloc(1, sizeof *l);

	if (l == NULL)
		abort();
	(void)snprintf(l->path, sizeof l->path, "%s/journal/%s", v->data,
	    name);
	l->fd = open(l->path, O_RDWR | O_CLOEXEC);
	if (l->fd < 0 || fcntl(l->fd, F_OFD_SETLK, &lock) != 0) {
		int error = errno;

		if (l->fd >= 0)
			(void)close(l->fd);
		free(l);
		if (error == EAGAIN || error == EACCES || error == ENOENT)
			return done();
		return failed("open", name);
	}
	l->next = v->left;
	v->left = l;
	return map_left(v, l);
}

static result
read_folder(struct recovery *v)
{
	char path[STORE_PATH];
	struct dirent *e;
	result r = done();
	DIR *d;

	(void)snprintf(path, sizeof path, "%s/journal", v->data);
	d = opendir(path);
	if (d == NULL)
		return failed("list", path);
	while (r.is == OK && (e = readdir(d)) != NULL) {
		view name = view_of(e->d_name);

		if (view_find_byte(name, '-') != SIZE_MAX
		    && !view_ends(name, VIEW(".spare")))
			r = read_left(v, e->d_name);
	}
	(void)closedir(d);
	return r;
}

static int
order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->account != y->account)
		return x->account < y->account ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static result
get_seq(struct db *db, int64_t account, int64_t *seq)
{
	const struct db_arg args[] = { db_int(account) };
	struct db_query q;

	*seq = 0;
	db_ask(db, &q, sql[SEQ_GET], args, COUNT(args));
	while (db_next(&q))
		*seq = db_int_at(&q, 0);
	return db_end(&q);
}

/* In a transaction. */
static result
apply(struct recovery *v, struct db *db, const struct entry *e, size_t n)
{
	int64_t seq, after;

	TRY(get_seq(db, e->account, &seq));
	for (size_t i = 0; i < n; i++) {
		if (e[i].seq <= seq)
			continue;
		v->lost = true;
		if (e[i].seq > seq + 1) {
			/* Acknowledged was only what had all before it. */
			log_line(LOG_ERROR, "recover.gap",
			    "account=%lld wanted=%lld found=%lld",
			    (long long)e->account, (long long)seq + 1,
			    (long long)e[i].seq);
			return done();
		}
		TRY(db_replay(db, e[i].payload));
		TRY(get_seq(db, e->account, &after));
		if (after != ++seq)
			return fail(FAILED, "a record of the journal misfits");
	}
	return done();
}

static result
apply_all(struct recovery *v, const struct entry *e, size_t n)
{
	char path[STORE_PATH];
	struct db *db;
	result r;

	if (!account_path(v->data, e->account, path))
		return fail(FAILED, "the data folder's path is too long");
	/* The account was removed later. */
	if (access(path, F_OK) != 0)
		return done();
	TRY(db_open(&db, path));
	r = db_begin(db);
	if (r.is == OK)
		r = apply(v, db, e, n);
	if (r.is == OK)
		r = db_commit(db);
	else
		db_rollback(db);
	if (r.is == OK)
		r = db_sync(db);
	db_close(&db);
	if (r.is != OK)
		log_line(LOG_ERROR, "recover.account",
		    "account=%lld why=\"%s\" do=\"see that the disk has room"
		    " and works, then start again\"",
		    (long long)e->account, r.why);
	return r;
}

static result
replay(struct recovery *v)
{
	size_t begin = 0;

	if (v->count > 1)
		qsort(v->entries, v->count, sizeof *v->entries, order);
	for (size_t i = 1; i <= v->count; i++) {
		if (i < v->count
		    && v->entries[i].account == v->entries[begin].account)
			continue;
		TRY(apply_all(v, v->entries + begin, i - begin));
		begin = i;
	}
	if (v->left != NULL)
		log_line(LOG_WARNING, "recover.done", "records=%zu lost=%s",
		    v->count, v->lost ? "yes" : "no");
	return done();
}

result
recover_begin(struct recovery **out, const char *data)
{
	struct recovery *v = calloc(1, sizeof *v);

	if (v == NULL)
		abort();
	*out = v;
	v->data = data;
	v->lock = -1;
	TRY(take_lock(v));
	TRY(read_folder(v));
	return replay(v);
}

bool
recover_found(const struct recovery *v)
{
	return v->left != NULL;
}

bool
recover_lost(const struct recovery *v)
{
	return v->lost;
}

void
recover_end(struct recovery **recovery, bool remove)
{
	struct recovery *v = *recovery;

	*recovery = NULL;
	while (v->left != NULL) {
		struct left *l = v->left;

		v->left = l->next;
		if (remove)
			(void)unlink(l->path);
		if (l->map != NULL)
			(void)munmap(l->map, l->n);
		(void)close(l->fd);
		free(l);
	}
	if (v->lock >= 0)
		(void)close(v->lock);
	free(v->entries);
	free(v);
}
