#include "davd/dav/report.h"

#include "davd/dav/schedule.h"
#include "davd/dav/subscribe.h"

/*
 * sync-collection (RFC 6578) of a home: which collections came, changed or
 * went.  One with a changed member counts as changed, so a client that asks
 * here knows where to ask next.
 *
 * What others share has change numbers of their own.  A subscribed collection
 * counts as changed each time; and the token holds a sum over what could be
 * seen, so that one who sees more or less than then starts again.
 *
 * With sync-level infinite each collection is named once, as one to be asked
 * itself (RFC 6578 3.3): its changes are a list that its own report gives.
 */
struct home_sync {
	struct stream s; /* first */
	struct prop_wanted wanted;
	struct collection_change *list;
	size_t count, at;
	struct collection_change *boxes; /* the inbox, in one's own home */
	size_t box_count, box_at;
	bool outbox; /* is still to be told of: it never changes */
	bool infinite;
	struct subscription *shared; /* in one's own home */
	size_t shared_count, shared_at;
	uint32_t sum; /* of what can be seen of others; 0: nothing */
	int64_t since; /* 0: the first time; nobody misses what is gone */
	int64_t until;
};

static const char token_start[] = "http://posthaste.invalid/ns/sync/home-";

static uint32_t
add_to_sum(uint32_t sum, int64_t n)
{
	/* FNV-1a over the bytes of the number. */
	for (unsigned shift = 0; shift < 64; shift += 8)
		sum = (sum ^ (uint32_t)((uint64_t)n >> shift & 0xff))
		    * 16777619u;
	return sum == 0 ? 1 : sum;
}

/* Which of a home of somebody else can be seen. */
static result
look_around(
    struct dav *d, struct arena *arena, enum dav_what home, uint32_t *sum)
{
	struct collection *list;
	size_t count;

	TRY(collection_list(d->account, arena, dav_kind(home), &list, &count));
	*sum = 1;
	for (size_t i = 0; i < count; i++)
		if (acl_rights(d, home, &list[i]) != 0)
			*sum = add_to_sum(*sum, list[i].id);
	return done();
}

/* Which of the own subscriptions lead somewhere. */
static result
look_at_shared(
    struct dav *d, struct arena *arena, enum dav_what home, uint32_t *sum)
{
	struct subscription *list;
	size_t count;

	*sum = 0;
	if (!subscribe_is_shown(d))
		return done();
	TRY(subscription_list(
	    d->account, arena, dav_kind(home), &list, &count));
	for (size_t i = 0; i < count; i++) {
		struct acl_visit back;
		struct collection c;

		if (acl_enter(d, &list[i], &back, &c).is == OK)
			*sum = add_to_sum(*sum, list[i].id);
		acl_leave(d, &back);
	}
	return done();
}

static view
token_of(struct arena *arena, enum dav_what home, int64_t modseq, uint32_t sum)
{
	view tail = sum == 0
	    ? VIEW("")
	    : arena_print(arena, "-%lu", (unsigned long)sum);

	return arena_print(arena, "%s%d-%lld%.*s", token_start,
	    (int)dav_kind(home), (long long)modseq, (int)tail.n, tail.p);
}

result
dav_home_token(struct dav *d, struct arena *arena, enum dav_what home,
    view *out)
{
	int64_t modseq;
	uint32_t sum;

	TRY(account_modseq(d->account, &modseq));
	TRY(d->rights.all ? look_at_shared(d, arena, home, &sum)
			  : look_around(d, arena, home, &sum));
	*out = token_of(arena, home, modseq, sum);
	return done();
}

static enum dav_what
member_of(const struct dav *d)
{
	return d->path.what == DAV_CALENDARS ? DAV_CALENDAR : DAV_BOOK;
}

/* 0: the first time; false: not one of ours. */
static bool
read_token(view token, enum dav_what home, int64_t *since, uint64_t *sum)
{
	uint64_t kind, n;
	view rest;

	*sum = 0;
	token = view_trim(token);
	*since = 0;
	if (token.n == 0)
		return true;
	if (!view_starts(token, view_of(token_start)))
		return false;
	rest = view_from(token, sizeof token_start - 1);
	if (!view_number(view_cut(&rest, '-'), 9, &kind)
	    || !view_number(view_cut(&rest, '-'), INT64_MAX, &n)
	    || (rest.n > 0 && !view_number(rest, UINT32_MAX, sum)))
		return false;
	*since = (int64_t)n;
	return kind == dav_kind(home) && n > 0;
}

/* One that is there: as it is, or as one that has a report of its own. */
static void
add_resource(struct home_sync *h, const struct resource *r, bool is_new)
{
	struct stream *s = &h->s;

	if (!h->infinite)
		stream_resource(s, r);
	else if (is_new)
		stream_refused(s, r->href,
		    r->what == DAV_OUTBOX ? "D:supported-report"
					  : "D:sync-traversal-supported");
	if (h->infinite)
		arena_reset(s->out.scratch);
}

/* A new name is news, and its old one is gone. */
static bool
is_renamed(const struct home_sync *h, int64_t id)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->list[i].gone && h->list[i].id == id)
			return true;
	return false;
}

static result
add_one(struct home_sync *h, const struct collection_change *change)
{
	struct stream *s = &h->s;
	struct dav *d = s->out.d;
	struct collection c;
	struct resource r = { .collection = &c };
	result found = fail(NOT_FOUND, "gone");

	if (!change->gone)
		found = collection_get(
		    d->account, s->out.scratch, change->id, &c);
	if (found.is == OK) {
		r.what = dav_container(c.kind);
		r.href = dav_href(
		    d, s->out.scratch, r.what, c.name, VIEW(""));
		add_resource(
		    h, &r, c.created > h->since || is_renamed(h, c.id));
		return done();
	}
	if (found.is == NOT_FOUND && h->since > 0)
		stream_status(s,
		    dav_href(d, s->out.scratch, member_of(d), change->name,
			VIEW("")),
		    VIEW("HTTP/1.1 404 Not Found"));
	arena_reset(s->out.scratch);
	return found.is == NOT_FOUND ? done() : found;
}

static void
add_shared(struct home_sync *h, const struct subscription *shared)
{
	struct stream *s = &h->s;
	struct dav *d = s->out.d;
	struct collection c;
	struct resource r = { .what = member_of(d), .collection = &c };
	struct acl_visit back;

	if (acl_enter(d, shared, &back, &c).is == OK) {
		r.href = dav_href(
		    d, s->out.scratch, r.what, c.name, VIEW(""));
		add_resource(h, &r, h->since == 0);
	}
	acl_leave(d, &back);
}

static void
add_outbox(struct home_sync *h)
{
	struct stream *s = &h->s;
	struct resource r = { .what = DAV_OUTBOX };

	r.href = dav_href(
	    s->out.d, s->out.scratch, r.what, VIEW(""), VIEW(""));
	add_resource(h, &r, true);
	h->outbox = false;
}

/* What was never to be seen is not told as gone. */
static void
leave_out_hidden(struct dav *d, struct home_sync *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->count; i++)
		if (!h->list[i].gone
		    && right_in(&d->rights, dav_kind(d->path.what),
			   h->list[i].id)
			!= 0)
			h->list[kept++] = h->list[i];
	h->count = kept;
}

static result
next(struct stream *s, bool *more)
{
	struct home_sync *h = (struct home_sync *)s;

	*more = true;
	if (h->at < h->count)
		return add_one(h, &h->list[h->at++]);
	if (h->box_at < h->box_count)
		return add_one(h, &h->boxes[h->box_at++]);
	if (h->outbox)
		add_outbox(h);
	else if (h->shared_at < h->shared_count)
		add_shared(h, &h->shared[h->shared_at++]);
	else
		*more = false;
	return done();
}

static void
finish(struct stream *s)
{
	struct home_sync *h = (struct home_sync *)s;

	xml_leaf(&s->out.x, "D:sync-token",
	    token_of(s->out.scratch, s->out.d->path.what, h->until, h->sum));
}

/* RFC 6578 A: before there was a sync-level, Depth said it. */
static bool
wants_all(const struct dav *d, const struct xml_element *root)
{
	const struct xml_element *level = xml_child(
	    root, VIEW(NS_DAV), VIEW("sync-level"));

	if (level == NULL)
		return dav_depth_of(d->request, DEPTH_1) == DEPTH_INFINITY;
	return view_starts_same(view_trim(level->text), VIEW("infinit"));
}

/* What came, changed or went since then. */
static result
read_changes(struct dav *d, struct home_sync *h)
{
	TRY(collection_changes(d->account, d->arena, dav_kind(d->path.what),
	    h->since, &h->list, &h->count));
	if (!d->rights.all) {
		leave_out_hidden(d, h);
		return done();
	}
	if (d->path.what != DAV_CALENDARS)
		return done();
	h->outbox = h->since == 0;
	return collection_changes(d->account, d->arena, COLLECTION_INBOX,
	    h->since, &h->boxes, &h->box_count);
}

/* false: refused. */
static bool
read(struct dav *d, const struct xml_element *root, struct home_sync *h)
{
	const struct xml_element *token = xml_child(
	    root, VIEW(NS_DAV), VIEW("sync-token"));
	uint64_t limit, sum;
	result r = report_wanted(d, root, &h->wanted);

	/* Before the changes: what comes between is told twice, not never. */
	if (r.is == OK)
		r = account_modseq(d->account, &h->until);
	if (r.is == OK)
		r = d->rights.all
		    ? look_at_shared(d, d->arena, d->path.what, &h->sum)
		    : look_around(d, d->arena, d->path.what, &h->sum);
	if (r.is == OK && h->sum != 0 && d->rights.all)
		r = subscription_list(d->account, d->arena,
		    dav_kind(d->path.what), &h->shared, &h->shared_count);
	if (r.is == OK
	    && (!read_token(token == NULL ? VIEW("") : token->text,
		    d->path.what, &h->since, &sum)
		|| h->since > h->until
		|| (h->since > 0 && sum != h->sum))) {
		dav_error(d, 403, "D:valid-sync-token", VIEW(""));
		return false;
	}
	if (r.is == OK)
		r = read_changes(d, h);
	if (r.is != OK) {
		dav_fail(d, r);
		return false;
	}
	if (report_limit(root, VIEW(NS_DAV), &limit).is == OK
	    && (limit == 0
		|| limit >= h->count + h->box_count + h->outbox
			+ h->shared_count))
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
	h->infinite = wants_all(d, root);
	if (!read(d, root, h))
		return;
	h->s.next = next;
	h->s.finish = finish;
	h->s.wanted = &h->wanted;
	stream_start(&h->s, d);
}
