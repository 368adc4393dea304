#include "davd/dav/report.h"

/*
 * sync-collection (RFC 6578) of a home: which collections came, changed or
 * went.  One with a changed member counts as changed, so a client that asks
 * here knows where to ask next.
 */
struct home_sync {
	struct stream s; /* first */
	struct prop_wanted wanted;
	struct collection_change *list;
	size_t count, at;
	bool first; /* nobody misses what is gone */
	int64_t until;
};

static const char token_start[] = "http://posthaste.invalid/ns/sync/home-";

view
dav_home_token(struct arena *arena, enum dav_what home, int64_t modseq)
{
	return arena_print(arena, "%s%d-%lld", token_start, (int)dav_kind(home),
	    (long long)modseq);
}

/* 0: the first time; false: not one of ours. */
static bool
read_token(view token, enum dav_what home, int64_t *since)
{
	uint64_t kind, n;
	view rest;

	token = view_trim(token);
	*since = 0;
	if (token.n == 0)
		return true;
	if (!view_starts(token, view_of(token_start)))
		return false;
	rest = view_from(token, sizeof token_start - 1);
	if (!view_number(view_cut(&rest, '-'), 9, &kind)
	    || !view_number(rest, INT64_MAX, &n))
		return false;
	*since = (int64_t)n;
	return kind == dav_kind(home) && n > 0;
}

static result
add_one(struct home_sync *h, const struct collection_change *change)
{
	struct stream *s = &h->s;
	struct dav *d = s->out.d;
	enum dav_what what = d->path.what == DAV_CALENDARS ? DAV_CALENDAR
							   : DAV_BOOK;
	struct collection c;
	struct resource r = { .what = what, .collection = &c };
	result found = fail(NOT_FOUND, "gone");

	if (!change->gone)
		found = collection_get(
		    d->account, s->out.scratch, change->id, &c);
	if (found.is == OK) {
		r.href = dav_href(d, s->out.scratch, what, c.name, VIEW(""));
		stream_resource(s, &r);
		return done();
	}
	if (found.is == NOT_FOUND && !h->first)
		stream_status(s,
		    dav_href(d, s->out.scratch, what, change->name, VIEW("")),
		    VIEW("HTTP/1.1 404 Not Found"));
	arena_reset(s->out.scratch);
	return found.is == NOT_FOUND ? done() : found;
}

static result
next(struct stream *s, bool *more)
{
	struct home_sync *h = (struct home_sync *)s;

	*more = h->at < h->count;
	return *more ? add_one(h, &h->list[h->at++]) : done();
}

static void
finish(struct stream *s)
{
	struct home_sync *h = (struct home_sync *)s;

	xml_leaf(&s->out.x, "D:sync-token",
	    dav_home_token(s->out.scratch, s->out.d->path.what, h->until));
}

static bool
wants_all(const struct xml_element *root)
{
	const struct xml_element *level = xml_child(
	    root, VIEW(NS_DAV), VIEW("sync-level"));

	return level != NULL
	    && view_starts_same(view_trim(level->text), VIEW("infinit"));
}

/* false: refused. */
static bool
read(struct dav *d, const struct xml_element *root, struct home_sync *h)
{
	const struct xml_element *token = xml_child(
	    root, VIEW(NS_DAV), VIEW("sync-token"));
	uint64_t limit;
	int64_t since;
	result r = report_wanted(d, root, &h->wanted);

	/* Before the changes: what comes between is told twice, not never. */
	if (r.is == OK)
		r = account_modseq(d->account, &h->until);
	if (r.is == OK
	    && (!read_token(token == NULL ? VIEW("") : token->text,
		    d->path.what, &since)
		|| since > h->until)) {
		dav_error(d, 403, "D:valid-sync-token", VIEW(""));
		return false;
	}
	if (r.is == OK)
		r = collection_changes(d->account, d->arena,
		    dav_kind(d->path.what), since, &h->list, &h->count);
	if (r.is != OK) {
		dav_fail(d, r);
		return false;
	}
	h->first = since == 0;
	if (report_limit(root, VIEW(NS_DAV), &limit).is == OK
	    && (limit == 0 || limit >= h->count))
		return true;
	dav_error(d, 403, "D:number-of-matches-within-limits", VIEW(""));
	return false;
}

void
report_sync_home(struct dav *d, const struct xml_element *root)
{
	struct home_sync *h = arena_alloc(d->arena, sizeof *h);

	if (h == NULL) {
		dav_fail(d, arena_result(d->arena));
		return;
	}
	if (wants_all(root)) {
		dav_error(d, 403, "D:sync-traversal-supported", VIEW(""));
		return;
	}
	if (!read(d, root, h))
		return;
	h->s.next = next;
	h->s.finish = finish;
	h->s.wanted = &h->wanted;
	stream_start(&h->s, d);
}
