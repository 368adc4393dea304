/* Authentication-Results: RFC 8601, RFC 6008, RFC 8617 10.2. */
#include "mailcore/smtp/findings.h"

#include "mailcore/base/ascii.h"
#include "mailcore/format/header.h"
#include "mailcore/format/mime.h"

enum { VALUE_MOST = 320, NAME_MOST = 256 };

/* Words of strangers: what could be mistaken for more than one is not taken
 * over. */
static void
add_value(struct buf *out, view value)
{
	view plain = VIEW("@.-_+=:/[]");

	value = view_first(value, VALUE_MOST);
	if (value.n == 0)
		buf_add_byte(out, '?');
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		buf_add_byte(out, ascii_is_alnum(c)
		        || view_find_byte(plain, c) != SIZE_MAX ? c : '?');
	}
}

static void
add_property(struct buf *out, const char *name, view value)
{
	buf_print(out, " %s=", name);
	add_value(out, value);
}

static void
add_spf(const struct findings *f, const struct inspection *i, struct buf *out)
{
	buf_print(out, "spf=%s", spf_name(f->spf.result));
	if (i->sender.n > 0)
		add_property(out, "smtp.mailfrom", i->sender);
	else
		add_property(out, "smtp.helo", i->hello);
}

static void
add_dkim(const struct dkim_check *c, struct buf *out)
{
	buf_print(out, "dkim=%s", dkim_name(c->result));
	if (c->testing)
		buf_add(out, VIEW(" (test mode)"));
	if (c->result != DKIM_PASS)
		buf_print(out, " reason=\"%s\"", c->why);
	if (c->domain.n > 0)
		add_property(out, "header.d", c->domain);
	if (c->selector.n > 0)
		add_property(out, "header.s", c->selector);
	if (c->algorithm.n > 0)
		add_property(out, "header.a", c->algorithm);
	if (c->start.n > 0)
		add_property(out, "header.b", c->start);
}

static void
add_dmarc(const struct findings *f, struct buf *out)
{
	buf_print(out, "dmarc=%s", dmarc_name(f->dmarc.result));
	if (f->dmarc.policy_domain.n > 0)
		buf_print(out, " (policy %s)",
		    dmarc_policy_name(f->dmarc.policy));
	if (f->author_domain.n > 0)
		add_property(out, "header.from", f->author_domain);
}

void
findings_results(const struct findings *f, const struct inspection *i,
    view fold, struct buf *out)
{
	buf_add_byte(out, ';');
	buf_add(out, fold);
	add_spf(f, i, out);
	for (size_t n = 0; n < f->dkim.count; n++) {
		buf_add_byte(out, ';');
		buf_add(out, fold);
		add_dkim(&f->dkim.check[n], out);
	}
	if (f->dkim.count == 0) {
		buf_add_byte(out, ';');
		buf_add(out, fold);
		buf_add(out, VIEW("dkim=none"));
	}
	buf_add_byte(out, ';');
	buf_add(out, fold);
	add_dmarc(f, out);
	if (f->arc.result == ARC_NONE)
		return;
	buf_add_byte(out, ';');
	buf_add(out, fold);
	buf_print(out, "arc=%s", arc_name(f->arc.result));
	add_property(out, "smtp.remote-ip", i->peer);
}

/* The authserv-id (RFC 8601 2.2), read generously: whoever forges one hopes
 * that others read it so. */
static bool
names_us(view value, view hostname)
{
	struct arena *arena = arena_new(4096);
	view id;
	bool same;

	header_skip(&value);
	if (view_at(value, 0) == '"') {
		id = header_quoted(&value, arena);
	} else {
		size_t n = 0;

		while (n < value.n && n < NAME_MOST
		    && (header_is_atom(value.p[n]) || value.p[n] == '.'))
			n++;
		id = view_first(value, n);
	}
	same = view_same(view_trim(id), hostname);
	arena_free(&arena);
	return same;
}

static bool
is_ours(view name, view value, view hostname)
{
	if (view_same(name, VIEW("X-Spam-Flag"))
	    || view_same(name, VIEW("X-Spam-Status")))
		return true;
	return view_same(name, VIEW("Authentication-Results"))
	    && names_us(value, hostname);
}

bool
findings_are_forged(view header, view hostname)
{
	view field, name, value;

	while (header_next(&header, &field, &name, &value))
		if (is_ours(name, value, hostname))
			return true;
	return false;
}

void
findings_strip(view header, view hostname, struct buf *out)
{
	view field, name, value;

	while (header_next(&header, &field, &name, &value))
		if (!is_ours(name, value, hostname))
			buf_add(out, field);
	/* header_next has taken the blank line, when there is one. */
	buf_add(out, VIEW("\r\n"));
}
