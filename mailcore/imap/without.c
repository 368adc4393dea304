#include "mailcore/imap/without.h"

#include "mailcore/imap/reply.h"
#include "mailcore/store/annotation.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *capability;
	command_run *run;
} commands[] = {
	{ "ACL", run_getacl },
	{ "ACL", run_setacl },
	{ "ACL", run_deleteacl },
	{ "ACL", run_listrights },
	{ "ACL", run_myrights },
	{ "COMPRESS", run_compress },
	{ "ENABLE", run_enable },
	{ "ID", run_id },
	{ "IDLE", run_idle },
	{ "METADATA", run_getmetadata },
	{ "METADATA", run_setmetadata },
	{ "MOVE", run_move },
	{ "NAMESPACE", run_namespace },
	{ "NOTIFY", run_notify },
	{ "QUOTA", run_getquota },
	{ "QUOTA", run_getquotaroot },
	{ "QUOTA", run_setquota },
	{ "REPLACE", run_replace },
	{ "SORT", run_sort },
	{ "THREAD", run_thread },
	{ "UNSELECT", run_unselect },
};

static const struct {
	const char *capability;
	enum fetch_kind kind;
} items[] = {
	{ "BINARY", FETCH_BINARY },
	{ "BINARY", FETCH_BINARY_SIZE },
	{ "CONDSTORE", FETCH_MODSEQ },
	{ "OBJECTID", FETCH_EMAILID },
	{ "OBJECTID", FETCH_THREADID },
	{ "PREVIEW", FETCH_PREVIEW },
	{ "SAVEDATE", FETCH_SAVEDATE },
};

static bool
is_whole(const struct imap *s)
{
	return s->services->without == NULL && s->without == NULL;
}

result
without_check_verb(const struct imap *s, const struct verb *verb)
{
	if (is_whole(s))
		return done();
	for (size_t i = 0; i < COUNT(commands); i++) {
		view name = view_of(commands[i].capability);

		if (commands[i].run == verb->run
		    && (reply_is_without(s, name)
			|| (view_eq(name, VIEW("COMPRESS"))
			    && reply_is_without(s, VIEW("COMPRESS=DEFLATE")))))
			return fail(MALFORMED, "switched off here");
	}
	return done();
}

result
without_check_fetch(const struct imap *s, const struct fetch *f)
{
	if (is_whole(s))
		return done();
	for (size_t i = 0; i < f->count; i++)
		for (size_t k = 0; k < COUNT(items); k++)
			if (items[k].kind == f->items[i].kind
			    && reply_is_without(s,
				view_of(items[k].capability)))
				return fail(MALFORMED, "switched off here");
	return done();
}

result
without_read(struct imap *s)
{
	struct arena *arena = arena_new(LIMIT_IMAP_LINE);
	struct account *a;
	view words = VIEW("");
	result r = account_open(s->services->store, s->account, &a);

	if (r.is == OK) {
		r = annotation_get(a, arena, 0, ANNOTATION_OF_HOUSE,
		    VIEW(ANNOTATION_IMAP_WITHOUT), &words);
		account_close(&a);
	}
	if (r.is == OK && words.n > 0) {
		s->without = calloc(1, words.n + 1);
		if (s->without == NULL)
			abort();
		memcpy(s->without, words.p, words.n);
	}
	arena_free(&arena);
	return r.is == NOT_FOUND ? done() : r;
}
