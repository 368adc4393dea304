/* A list of SOGo's is kept as a group, which all programs know. */
#include "davd/dav/inside.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/vcard_list.h"

/* How a list's members are found. */
struct members {
	struct dav *d;
	int64_t book;
	size_t left; /* so many more are looked up */
};

/* The UID of what stands in the same book under that name. */
static view
uid_of(void *context, view name)
{
	struct members *m = context;
	struct item item;

	if (m->left == 0 || m->book == 0)
		return name;
	m->left--;
	return item_by_name(m->d->account, m->d->arena, m->book, name, &item)
		    .is == OK
	    ? item.key : name;
}

result
dav_list_convert(struct dav *d, view *text)
{
	struct members m = { .d = d, .left = LIMIT_LIST_LOOKUPS };
	struct buf out = buf_new(LIMIT_VCARD);
	struct collection c;
	result r = dav_collection(d, d->arena, &c);

	if (r.is == OK)
		m.book = c.id;
	if (r.is == OK || r.is == NOT_FOUND) /* a PUT says so by itself */
		r = vcard_list_convert(*text, d->arena, uid_of, &m, &out);
	if (r.is == OK)
		*text = arena_copy(d->arena, buf_view(&out));
	buf_free(&out);
	return r.is == OK ? arena_result(d->arena) : r;
}
