#include "davd/dav/files.h"
#include "davd/dav/report.h"
#include "davd/dav/schedule.h"

#include "mailcore/base/limits.h"

/*
 * sync-collection (RFC 6578).  The token names the collection and the change
 * number that the answer reaches; what changes while the answer is being
 * sent has a higher number and comes next time.
 *
 * Depth is ignored: Thunderbird, Evolution and KDE send "1".
 */
struct sync {
	struct stream s; /* first */
	struct prop_wanted wanted;
	struct collection collection;
	int64_t since;
	int64_t until; /* the change number that the answer reaches */
	int64_t reached;
	uint64_t left; /* of DAV:limit */
	bool limited;
	bool truncated;
	uint32_t next_uid; /* of a first answer, which goes by uid */
};

enum { CHANGES = 500 }; /* asked for at once */

static const char token_start[] = "http://posthaste.invalid/ns/sync/";

/* false: never one of ours, or of another collection, or more or less of it
 * was seen then. */
static bool
read_token(const struct dav *d, view token, const struct collection *c,
    int64_t *modseq)
{
	uint64_t id, n, rights = 0;
	view rest;

	token = view_trim(token);
	if (token.n == 0) {
		*modseq = 0;
		return true;
	}
	if (!view_starts(token, view_of(token_start)))
		return false;
	rest = view_from(token, sizeof token_start - 1);
	if (!view_number(view_cut(&rest, '-'), INT64_MAX, &id)
	    || !view_number(view_cut(&rest, '-'), INT64_MAX, &n)
	    || (rest.n > 0 && !view_number(rest, UINT32_MAX, &rights)))
		return false;
	*modseq = (int64_t)n;
	return (int64_t)id == c->id && n > 0
	    && rights == dav_token_rights(d, c);
}

static result
visit(void *context, const struct item *item, bool gone)
{
	struct sync *s = context;
	/* A token names a modseq: all that share one stay in one answer. */
	bool shares = item->modseq == s->reached;

	if (item->modseq > s->until)
		return fail(STALE, "changed since the answer began");
	if (!shares && stream_is_full(&s->s))
		return fail(BUSY, "the piece is full");
	/* RFC 6578 3.4: the first time nobody misses what is gone. */
	if (gone && s->since == 0) {
		s->reached = item->modseq;
		return done();
	}
	if (!shares && s->limited && s->left == 0) {
		s->truncated = true;
		return fail(STALE, "more than asked for");
	}
	if (s->left > 0)
		s->left--;
	if (gone)
		stream_status(&s->s,
		    dav_href(s->s.out.d, s->s.out.scratch,
			dav_member(s->collection.kind),
			s->collection.name, item->name),
		    VIEW("HTTP/1.1 404 Not Found"));
	else
		stream_item(&s->s, &s->collection, item);
	s->reached = item->modseq;
	return done();
}

static result
visit_first(void *context, const struct item *item)
{
	struct sync *s = context;

	if (stream_is_full(&s->s))
		return fail(BUSY, "the piece is full");
	stream_item(&s->s, &s->collection, item);
	s->next_uid = item->uid + 1;
	return done();
}

/* All that is there.  The change log may begin later than the items do. */
static result
first_next(struct stream *stream, bool *more)
{
	struct sync *s = (struct sync *)stream;
	result r = item_each(stream->out.d->account, s->collection.id,
	    s->next_uid, UINT32_MAX, visit_first, s);

	*more = r.is == BUSY && stream_is_full(stream);
	return *more ? done() : r;
}

static result
next(struct stream *stream, bool *more)
{
	struct sync *s = (struct sync *)stream;
	int64_t before = s->reached;
	result r = item_changes(stream->out.d->account, s->collection.id,
	    before, CHANGES, visit, s);

	*more = true;
	if (r.is == BUSY && stream_is_full(stream))
		return done();
	if (s->truncated || r.is == STALE || s->reached == before) {
		*more = false;
		return done();
	}
	return r;
}

/* RFC 6578 3.6: the rest is for the next request. */
static void
finish(struct stream *stream)
{
	struct sync *s = (struct sync *)stream;

	if (s->collection.kind == COLLECTION_FILES)
		files_changes(stream, &s->collection, s->since);
	if (s->truncated)
		stream_truncated(stream);
	xml_leaf(&stream->out.x, "D:sync-token",
	    dav_token(stream->out.d, stream->out.scratch, &s->collection,
		s->truncated ? s->reached : s->until));
}

/* 403, but 400 for Thunderbird's address books, which know no other way to
 * start again. */
static void
refuse_token(struct dav *d)
{
	view agent = VIEW("");
	bool book = d->path.what == DAV_BOOK;

	(void)request_header(d->request, VIEW("User-Agent"), &agent);
	dav_error(d,
	    book && view_find(agent, VIEW("Thunderbird/")) != SIZE_MAX ? 400
								       : 403,
	    "D:valid-sync-token", VIEW(""));
}

static result
check_level(const struct xml_element *root)
{
	const struct xml_element *level = xml_child(
	    root, VIEW(NS_DAV), VIEW("sync-level"));
	view text = level == NULL ? VIEW("1") : view_trim(level->text);

	if (view_eq(text, VIEW("1")) || view_same(text, VIEW("infinite"))
	    || view_same(text, VIEW("infinity")))
		return done();
	return fail(MALFORMED, "RFC 6578 6.3: bad sync-level");
}

void
report_sync(struct dav *d, const struct xml_element *root)
{
	const struct xml_element *token = xml_child(
	    root, VIEW(NS_DAV), VIEW("sync-token"));
	struct sync *s = arena_alloc(d->arena, sizeof *s);
	result r = arena_result(d->arena);

	if (r.is == OK)
		r = check_level(root);
	if (r.is == OK)
		r = dav_collection(d, d->arena, &s->collection);
	if (r.is == OK)
		r = report_wanted(d, root, &s->wanted);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	if (report_limit(root, VIEW(NS_DAV), &s->left).is != OK) {
		dav_error(
		    d, 403, "D:number-of-matches-within-limits", VIEW(""));
		return;
	}
	/* Without the whole log there are no pages to be told apart. */
	s->limited = s->left > 0 && s->collection.pruned == 0;
	s->until = s->collection.modseq;
	if (!read_token(d, token == NULL ? VIEW("") : token->text,
		&s->collection, &s->since)
	    || s->since > s->until
	    || (s->since > 0 && s->since < s->collection.pruned)) {
		refuse_token(d);
		return;
	}
	s->reached = s->since;
	s->s.next = s->since == 0 && !s->limited ? first_next : next;
	s->s.finish = finish;
	s->s.wanted = &s->wanted;
	stream_start(&s->s, d);
}
