/* A domain's further addresses, on its page. */
#include "davd/page_domains.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sys/clock.h"

/* What aliases of a domain take in memory; what is shown of one target. */
enum { PAGE = 100, LIST_ARENA = 16 << 20, SHOWN = 500 };

/* What a form may ask for; `says` stands before, or in place of, the text. */
static const struct {
	enum alias_kind kind;
	const char *value, *key, *says;
} kinds[] = {
	{ ALIAS_FORWARD, "to", "alias.to", NULL },
	{ ALIAS_EVERYONE, "everyone", "alias.everyone", "alias.everyone" },
	{ ALIAS_REFUSE, "refuse", "alias.refuse", "alias.refused" },
	{ ALIAS_DISCARD, "discard", "alias.discard", "alias.discard" },
};

/* Addresses as people write them: in one line. */
static view
joined(struct arena *arena, view lines)
{
	struct buf all = buf_new(LIMIT_ALIAS_TEXT);
	view line, out;

	while (view_line(&lines, &line))
		buf_print(&all, "%s%.*s", all.n > 0 ? ", " : "", (int)line.n,
		    line.p);
	out = utf8_first(buf_view(&all), SHOWN);
	out = arena_print(arena, "%.*s%s", (int)out.n, out.p,
	    out.n < all.n ? "…" : "");
	buf_free(&all);
	return out;
}

static void
add_alias(struct page *p, const struct alias *a)
{
	struct html *row = html_row(p->html, "aliases");

	html_text(row, "alias", a->address);
	html_flag(row, "ended", a->expires != 0
	    && a->expires <= clock_now());
	html_text(row, "says", VIEW(""));
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].kind == a->kind && kinds[i].says != NULL)
			html_text(row, "says", page_word(p, kinds[i].says));
	html_text(row, "target", joined(p->request->arena, a->target));
}

static void
add_aliases(struct page *p, const struct alias *list, size_t count)
{
	view after = form_value(&p->query, VIEW("behind")), last = VIEW("");
	size_t shown = 0, i;

	for (i = 0; i < count && shown < PAGE; i++) {
		if (view_order(list[i].address, after) <= 0)
			continue;
		add_alias(p, &list[i]);
		last = list[i].address;
		shown++;
	}
	html_flag(p->html, "aliases_shown", shown > 0);
	html_flag(p->html, "further_later", after.n > 0);
	html_text(p->html, "further_next", i < count
	        ? page_next(p, "behind", last)
	        : VIEW(""));
}

static void
add_choices(struct page *p)
{
	static const char *const names[] = { "further", "target" };
	view chosen = form_value(&p->form, VIEW("kind"));

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct html *row = html_row(p->html, "kinds");

		html_text(row, "value", view_of(kinds[i].value));
		html_text(row, "label", page_word(p, kinds[i].key));
		html_flag(row, "here",
		    view_eq(chosen, view_of(kinds[i].value)));
	}
	for (size_t i = 0; i < COUNT(names); i++)
		html_text(p->html, names[i],
		    form_value(&p->form, view_of(names[i])));
	html_flag(p->html, "all", form_has(&p->form, VIEW("all"),
	    VIEW("1")));
}

result
page_aliases(struct page *p, const struct domain *hosted)
{
	struct domain_admin w = page_admin(p);
	struct arena *arena = arena_new(LIST_ARENA);
	struct alias *list;
	size_t count;
	result r = domain_admin_aliases(&w, arena, hosted->id, &list,
	    &count);

	if (r.is == OK)
		add_aliases(p, list, count);
	arena_free(&arena);
	add_choices(p);
	return r;
}

/* As domain_admin_alias_add reads it; its words are no addresses here. */
static view
typed_target(const struct page *p)
{
	view kind = form_value(&p->form, VIEW("kind"));
	view text = view_trim(form_value(&p->form, VIEW("target")));

	if (view_eq(kind, VIEW("refuse")))
		return arena_print(p->request->arena, "refuse:%.*s",
		    (int)text.n, text.p);
	if (!view_eq(kind, VIEW("to")))
		return kind;
	return view_find_byte(text, '@') == SIZE_MAX
	        || view_starts(text, VIEW("refuse:"))
	    ? VIEW("")
	    : text;
}

/* "" when both were typed. */
static view
typed_address(const struct page *p, const struct domain *hosted)
{
	view part = page_local_part(p, "further", hosted);

	if (form_has(&p->form, VIEW("all"), VIEW("1")) != (part.n == 0))
		return VIEW("");
	return arena_print(p->request->arena, "%.*s@%.*s", (int)part.n,
	    part.p, (int)hosted->name.n, hosted->name.p);
}

static const char *
why_not(result r)
{
	static const char *const keys[] = {
		[MALFORMED] = "alias.bad",
		[OVER_LIMIT] = "alias.many",
		[NOT_FOUND] = "alias.lost",
		[EXISTS] = "add.taken",
	};

	return (size_t)r.is < COUNT(keys) ? keys[r.is] : NULL;
}

void
page_alias_add(struct page *p, const struct domain *hosted)
{
	struct domain_admin w = page_admin(p);
	view target = typed_target(p);
	result r = fail(MALFORMED, "expected a target");

	if (target.n > 0)
		r = domain_admin_alias_add(&w, hosted->id,
		    typed_address(p, hosted), target);
	if (r.is == OK) {
		page_go_domain(p, hosted->id, "alias");
	} else if (why_not(r) != NULL) {
		html_flag(p->html, "wrong_alias", true);
		page_wrong(p, 400, why_not(r));
		page_domain_show(p, hosted);
	} else {
		page_fault_of(p, r);
	}
}

/* A second press of the button is no fault. */
void
page_alias_remove(struct page *p, const struct domain *hosted)
{
	struct domain_admin w = page_admin(p);
	result r = domain_admin_alias_remove(&w, hosted->id,
	    form_value(&p->form, VIEW("address")));

	if (r.is == OK || r.is == NOT_FOUND)
		page_go_domain(p, hosted->id, "unalias");
	else if (r.is == MALFORMED)
		page_fault(p, 404, "404");
	else
		page_fault_of(p, r);
}
