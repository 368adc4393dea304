#include "davd/dav/directory.h"

#include "davd/dav/report.h"
#include "davd/dav/subscribe.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/vcard.h"

#include <openssl/evp.h>

static const view segment = VIEW_INIT("public");

struct collection
directory_collection(void)
{
	return (struct collection){ .kind = COLLECTION_ADDRESSBOOK,
		.name = segment,
		.display_name = VIEW("Directory") };
}

/* One who has logged in, in his own tree. */
static bool
is_there(const struct dav *d)
{
	return d->services->directory && d->rights.all && !d->path.open
	    && d->shared.id == 0;
}

bool
directory_is_listed(const struct dav *d)
{
	/* Apple's clients take the first book only, and search by
	 * directory-gateway. */
	return is_there(d) && d->path.what == DAV_BOOKS
	    && subscribe_is_shown(d);
}

bool
directory_is_meant(struct dav *d)
{
	struct collection own;

	return is_there(d)
	    && (d->path.what == DAV_BOOK || d->path.what == DAV_CARD)
	    && view_eq(d->path.collection, segment)
	    && collection_find(d->account, d->arena, COLLECTION_ADDRESSBOOK,
		   segment, &own)
		    .is
	    == NOT_FOUND;
}

/* Somebody in it, with the card that is made of him. */
struct entry {
	struct item item;
	view bytes;
};

static void
add_text(struct buf *b, view text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == ',' || c == ';' || c == '\\')
			buf_add_byte(b, '\\');
		buf_add_byte(b, (unsigned char)c < ' ' ? ' ' : c);
	}
}

/* RFC 2426; the name in one piece: we know no better. */
static view
make_card(struct arena *arena, const struct account_info *info)
{
	struct buf b = buf_new(LIMIT_VCARD);
	view name = info->name.n > 0 ? info->name : info->address;
	view out;

	buf_add(&b, VIEW("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:"));
	add_text(&b, info->address);
	buf_add(&b, VIEW("\r\nFN:"));
	add_text(&b, name);
	buf_add(&b, VIEW("\r\nN:"));
	add_text(&b, name);
	buf_add(&b, VIEW(";;;;\r\nEMAIL;TYPE=INTERNET:"));
	buf_add(&b, info->address);
	buf_add(&b, VIEW("\r\nEND:VCARD\r\n"));
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

/* `card` is what make_card makes of him. */
static result
make_entry(struct arena *arena, const struct account_info *info, view card,
    struct entry *out)
{
	unsigned char hash[EVP_MAX_MD_SIZE] = { 0 };
	struct buf b = buf_new(64);

	*out = (struct entry){ .bytes = card };
	(void)EVP_Digest(out->bytes.p, out->bytes.n, hash, NULL, EVP_sha256(),
	    NULL);
	encode_hex(&b, (view){ (const char *)hash, 16 });
	out->item.etag = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	out->item.name = arena_print(arena, "%.*s.vcf", (int)info->address.n,
	    info->address.p);
	out->item.size = out->bytes.n;
	out->item.component = VIEW("");
	return arena_result(arena);
}

/* The colleague whose card has that name. */
static result
find_person(struct dav *d, view name, struct account_info *out)
{
	if (out == NULL)
		return arena_result(d->arena);
	if (!view_ends(name, VIEW(".vcf")))
		return fail(NOT_FOUND, "There is nothing here.");
	TRY(subscribe_person(d, view_first(name, name.n - 4), out));
	return out->enabled ? done()
			    : fail(NOT_FOUND, "There is nothing here.");
}

static result
find_entry(struct dav *d, struct arena *arena, view name, struct entry *out)
{
	struct account_info info;

	TRY(find_person(d, name, &info));
	return make_entry(arena, &info, make_card(arena, &info), out);
}

struct listing {
	struct stream s; /* first */
	struct prop_wanted wanted;
	struct collection collection;
	const struct xml_element *filter; /* NULL: all of them */
	const struct xml_element *href;   /* of a multiget, the next */
	struct account_info *people;
	size_t count, at;
	uint64_t left; /* so many more may be told */
	bool self, truncated;
};

static void
add_entry(struct listing *l, const struct entry *e)
{
	struct stream *s = &l->s;
	struct buf made = buf_new(DATA_MOST);
	struct resource r = { .what = DAV_CARD,
		.collection = &l->collection,
		.item = &e->item };

	r.href = dav_href(s->out.d, s->out.scratch, DAV_CARD, segment,
	    e->item.name);
	if (s->wanted->bytes)
		r.bytes = data_given(&s->data, DAV_CARD, e->bytes, &made);
	stream_resource(s, &r);
	buf_free(&made);
}

static result
add_person(struct listing *l, const struct account_info *info)
{
	struct arena *scratch = l->s.out.scratch;
	struct entry e;
	bool match = true;
	view card;

	if (!info->enabled)
		return done();
	card = make_card(scratch, info);
	if (l->filter != NULL)
		TRY(vcard_matches(card, l->filter, scratch, &match));
	if (match && l->left == 0)
		l->truncated = true;
	if (match && !l->truncated) {
		TRY(make_entry(scratch, info, card, &e));
		l->left--;
		add_entry(l, &e);
	}
	arena_reset(scratch);
	return done();
}

static result
list_next(struct stream *s, bool *more)
{
	struct listing *l = (struct listing *)s;
	struct resource r = { .what = DAV_BOOK,
		.href = s->out.d->self,
		.collection = &l->collection };

	if (l->self)
		stream_resource(s, &r);
	l->self = false;
	*more = l->at < l->count && !l->truncated;
	return *more ? add_person(l, &l->people[l->at++]) : done();
}

static result
get_next(struct stream *s, bool *more)
{
	struct listing *l = (struct listing *)s;
	const struct xml_element *e = l->href;
	struct dav *d = s->out.d;
	struct dav_path path;
	struct entry entry;
	bool ours;

	*more = e != NULL;
	if (e == NULL)
		return done();
	l->href = e->next;
	if (!xml_is(e, VIEW(NS_DAV), VIEW("href")))
		return done();
	if (l->left-- == 0) {
		l->truncated = true;
		*more = false;
		return done();
	}
	ours = dav_href_path(d, s->out.scratch, e->text, &path)
	    && path.what == DAV_CARD && view_eq(path.collection, segment);
	if (ours
	    && find_entry(d, s->out.scratch, path.object, &entry).is == OK)
		add_entry(l, &entry);
	else
		stream_status(
		    s, view_trim(e->text), VIEW("HTTP/1.1 404 Not Found"));
	arena_reset(s->out.scratch);
	return done();
}

static void
finish(struct stream *s)
{
	const struct listing *l = (struct listing *)s;

	if (l->truncated)
		stream_truncated(s);
}

static result
list_people(struct dav *d, struct listing *l)
{
	view domain = d->tree.address;

	(void)view_cut(&domain, '@');
	return account_list(
	    d->services->store, d->arena, domain, &l->people, &l->count);
}

static void
start(struct dav *d, struct listing *l, result r)
{
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	l->collection = directory_collection();
	if (l->left == 0 || l->left > LIMIT_DIRECTORY)
		l->left = LIMIT_DIRECTORY;
	l->s.finish = finish;
	l->s.wanted = &l->wanted;
	stream_start(&l->s, d);
}

static void
run_propfind(struct dav *d, struct listing *l, const struct xml_element *root)
{
	enum dav_depth depth = dav_depth_of(d->request, DEPTH_INFINITY);
	bool book = d->path.what == DAV_BOOK;
	view name = d->path.object;
	result r = propfind_wanted(d, root, &l->wanted);

	if (depth == DEPTH_BAD || (depth == DEPTH_INFINITY && book)) {
		dav_error(d, 403, "D:propfind-finite-depth", VIEW(""));
		return;
	}
	l->s.next = list_next;
	l->self = book;
	if (r.is == OK && book && depth == DEPTH_1)
		r = list_people(d, l);
	if (r.is == OK && !book) {
		l->people = arena_alloc(d->arena, sizeof *l->people);
		l->count = 1;
		r = find_person(d, name, l->people);
	}
	start(d, l, r);
}

static void
run_report(struct dav *d, struct listing *l, const struct xml_element *root)
{
	bool query = root != NULL
	    && xml_is(root, VIEW(NS_CARDDAV), VIEW("addressbook-query"));
	bool get = root != NULL
	    && xml_is(root, VIEW(NS_CARDDAV), VIEW("addressbook-multiget"));
	result r;

	if (d->path.what != DAV_BOOK || (!query && !get)) {
		dav_error(d, 403, "D:supported-report", VIEW(""));
		return;
	}
	if (query && !report_book_filter(d, root, &l->filter, &l->left))
		return;
	r = report_wanted(d, root, &l->wanted);
	l->s.next = query ? list_next : get_next;
	if (r.is == OK && query)
		r = list_people(d, l);
	if (get)
		l->href = root->first;
	start(d, l, r);
}

static void
run_get(struct dav *d)
{
	struct entry e;
	result r = find_entry(d, d->arena, d->path.object, &e);

	if (d->path.what == DAV_BOOK) {
		dav_not_allowed(d);
		return;
	}
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	answer_header(d->answer, "ETag",
	    arena_print(d->arena, "\"%.*s\"", (int)e.item.etag.n,
		e.item.etag.p));
	d->answer->status = request_precondition(d->request, e.item.etag);
	if (d->answer->status != 0)
		return;
	answer_header(
	    d->answer, "Content-Type", VIEW("text/vcard; charset=utf-8"));
	buf_add(&d->answer->body, e.bytes);
	d->answer->status = 200;
}

void
directory_handle(struct dav *d)
{
	struct listing *l = arena_alloc(d->arena, sizeof *l);
	view method = d->request->method;
	struct xml_element *root;

	if (l == NULL) {
		dav_fail(d, arena_result(d->arena));
	} else if (view_eq(method, VIEW("OPTIONS"))) {
		answer_header(d->answer, "Allow",
		    VIEW("OPTIONS, GET, HEAD, PROPFIND, REPORT"));
		d->answer->status = 200;
	} else if (view_eq(method, VIEW("GET"))
	    || view_eq(method, VIEW("HEAD"))) {
		run_get(d);
	} else if (view_eq(method, VIEW("PROPFIND"))) {
		if (dav_body(d, &root))
			run_propfind(d, l, root);
	} else if (view_eq(method, VIEW("REPORT"))) {
		if (dav_body(d, &root))
			run_report(d, l, root);
	} else {
		dav_need(d, RIGHT_CHANGE);
	}
}
