#include "mailcore/store/flush.h"

#include "mailcore/sys/log.h"

static result
sync_again(const char *path)
{
	struct db *db;
	result r;

	TRY(db_open(&db, path));
	r = db_sync_again(db);
	db_close(&db);
	return r;
}

result
flush_accounts(const char *data, const struct idset *set, bool again)
{
	char path[STORE_PATH];
	size_t at = 0;
	int64_t id;

	while (idset_next(set, &at, &id)) {
		result r;

		if (!account_path(data, id, path))
			return fail(FAILED, "a path is too long");
		r = db_sync_path(path);
		/* An account that is gone needs nothing. */
		if (r.is == NOT_FOUND)
			continue;
		if (r.is != OK || again)
			r = sync_again(path);
		if (r.is != OK)
			return r;
	}
	return done();
}

/* From here on the segment's accounts and the batch's are protected by
 * nothing. */
static result
give_up(struct flusher *f, const struct batch *b, result r)
{
	struct segment *s = f->segment;

	idset_add_all(&f->sick, &b->touched);
	idset_add_all(&f->sick, &s->touched);
	s->distrusted = true;
	s->next = f->failed;
	f->failed = s;
	f->segment = NULL;
	log_line(LOG_ERROR, "journal.distrusted", "path=%s accounts=%zu",
	    s->path, f->sick.n);
	return r;
}

/* Without a journal: the databases themselves. */
static result
flush_whole(struct flusher *f, const struct batch *b)
{
	result r;

	idset_add_all(&f->sick, &b->touched);
	r = flush_accounts(f->data, &f->sick, f->distrust);
	f->distrust = r.is != OK;
	if (r.is != OK)
		return r;
	idset_clear(&f->sick);
	while (f->failed != NULL) {
		struct segment *s = f->failed;

		f->failed = s->next;
		segment_retire(&s, f->data, f->role);
	}
	return done();
}

result
flush_open(struct flusher *f)
{
	if (f->segment != NULL)
		return done();
	return segment_open(&f->segment, f->data, f->role, f->writer,
	    f->number);
}

result
flush_batch(struct flusher *f, struct batch *b, struct segment **sealed)
{
	struct segment *s = f->segment;
	result r;

	*sealed = NULL;
	if (s == NULL || f->sick.n > 0)
		return flush_whole(f, b);
	r = flush_accounts(f->data, &b->unsafe, false);
	if (r.is != OK)
		f->distrust = true;
	if (r.is == OK)
		r = segment_write(s, &b->records);
	f->number = s->number;
	if (r.is != OK)
		return give_up(f, b, r);
	idset_add_all(&s->touched, &b->touched);
	if (s->end < LIMIT_JOURNAL_SEGMENT)
		return done();
	*sealed = s;
	f->segment = NULL;
	/* Without one the databases are synced, which is slow but right. */
	r = flush_open(f);
	if (r.is != OK)
		log_line(LOG_WARNING, "journal.none", "why=\"%s\"", r.why);
	return done();
}
