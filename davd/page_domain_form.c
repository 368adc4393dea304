/* What the forms about domains and their mailboxes have in common. */
#include "davd/page_domains.h"

#include "mailcore/admin/admin.h"
#include "mailcore/admin/size.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

#include <stdio.h>

enum { PATH_TEXT = 64, SIZE_TEXT = 64 };

struct domain_admin
page_admin(const struct page *p)
{
	return (struct domain_admin){ .store = p->services->dav.store,
		.post = p->services->api.post,
		.account = p->session.account,
		.strength = (unsigned)p->services->conf->password_strength };
}

bool
page_number(const struct page *p, view prefix, int64_t *id, view *what)
{
	view rest = view_from(p->request->path, prefix.n), digits;
	size_t slash = view_find_byte(rest, '/');
	uint64_t n = 0;

	digits = view_first(rest, slash);
	*what = view_from(rest, digits.n);
	if (!view_starts(p->request->path, prefix)
	    || !view_number(digits, INT64_MAX, &n))
		return false;
	*id = (int64_t)n;
	return true;
}

void
page_share(struct html *html, const char *name, view used, view limit)
{
	struct html *row = html_row(html, name);

	html_text(row, "used", used.n > 0 ? used : VIEW("0"));
	html_text(row, "limit", limit);
}

view
page_size(const struct page *p, int64_t bytes)
{
	struct buf text = buf_new(SIZE_TEXT);
	view out;

	if (bytes > 0)
		text_size(p->language, bytes, &text);
	out = arena_copy(p->request->arena, buf_view(&text));
	buf_free(&text);
	return out;
}

bool
page_quota(const struct page *p, int64_t *out)
{
	view typed = view_trim(form_value(&p->form, VIEW("quota")));

	*out = 0;
	return typed.n == 0 || size_read(typed, out);
}

const char *
page_limit(const struct page *p, int64_t domain, int64_t quota, bool adds)
{
	struct domain_share limit, used;

	if (adds && domain_share_get(p->services->dav.store, domain, &limit,
	        &used).is == OK
	    && limit.mailboxes > 0 && used.mailboxes >= limit.mailboxes)
		return "add.full";
	return quota == 0 ? "quota.needed" : "quota.over";
}

const char *
page_weak(result r)
{
	return r.is == DENIED ? "password.weak" : "password.bad";
}

view
page_password(const struct page *p, struct buf *made)
{
	view typed = form_value(&p->form, VIEW("password"));

	if (typed.n > 0)
		return typed;
	admin_password_make(made);
	return buf_view(made);
}

void
page_password_made(struct page *p, int64_t mailbox, view address,
    view password)
{
	html_flag(p->html, "at_domains", true);
	html_number(p->html, "mailbox_id", (uint64_t)mailbox);
	html_text(p->html, "mailbox", address);
	html_text(p->html, "host", password);
	page_fact(p, p->html, "who", "hand.user", address);
	page_send(p, "mailbox_made", "title.fresh");
}

view
page_next(const struct page *p, const char *field, view last)
{
	struct buf query = buf_new(4 * LIMIT_ADDRESS);
	view out;

	buf_print(&query, "?%s=", field);
	encode_percent(&query, last, VIEW(""));
	if (p->tail.n > 0)
		buf_print(&query, "&%.*s", (int)(p->tail.n - 1),
		    p->tail.p + 1);
	out = arena_copy(p->request->arena, buf_view(&query));
	buf_free(&query);
	return out;
}

view
page_local_part(const struct page *p, const char *field,
    const struct domain *hosted)
{
	view all = view_trim(form_value(&p->form, view_of(field)));
	view rest = all, local = view_cut(&rest, '@');

	return view_same(rest, hosted->name) ? local : all;
}

void
page_go_domain(struct page *p, int64_t id, const char *done)
{
	char path[PATH_TEXT];

	(void)snprintf(path, sizeof path, "/domains/%lld", (long long)id);
	page_go(p, path, done);
}

void
page_go_mailbox(struct page *p, int64_t id, const char *done)
{
	char path[PATH_TEXT];

	(void)snprintf(path, sizeof path, "/domains/mailbox/%lld",
	    (long long)id);
	page_go(p, path, done);
}
