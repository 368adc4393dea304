/* /mail: what becomes of mail that comes: answered, and sent on. */
#include "davd/page_person.h"

#include "mailcore/admin/handling.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"

enum { DAY = 86400, EVERY_MOST = 30 };

_Static_assert(LIMIT_SIEVE_REDIRECTS == 4, "forward.hint and .bad say so");

static view
day_of(struct arena *arena, int64_t seconds)
{
	struct date d = date_of(seconds);

	return seconds == 0 ? VIEW("")
	    : arena_print(arena, "%04d-%02d-%02d", d.year, d.month, d.day);
}

/* Lines as people type them, in one field. */
static view
joined(struct arena *arena, view lines)
{
	view all = VIEW(""), line;

	while (view_line(&lines, &line))
		all = arena_print(arena, "%.*s%s%.*s", (int)all.n, all.p,
		    all.n > 0 ? ", " : "", (int)line.n, line.p);
	return all;
}

static void
fill_stored(struct page *p, const struct handling *h)
{
	struct arena *arena = p->request->arena;
	int64_t every = h->vacation ? (h->vacation_every + DAY - 1) / DAY : 1;

	html_text(p->html, "to", joined(arena, h->forward));
	html_flag(p->html, "keep", h->forward.n == 0 || h->forward_keep);
	html_text(p->html, "subject", h->vacation_subject);
	html_text(p->html, "text", h->vacation_text);
	html_text(p->html, "since", day_of(arena, h->vacation_from));
	html_text(p->html, "until", day_of(arena, h->vacation_until == 0 ? 0
	    : h->vacation_until - DAY));
	html_number(p->html, "every", (uint64_t)every);
}

/* What was sent and not taken is there to be mended. */
static void
fill_typed(struct page *p)
{
	static const char *const names[] = { "subject", "text", "since",
		"until", "every" };
	const struct form *f = &p->form;

	if (view_ends(p->request->path, VIEW("/forward"))) {
		html_text(p->html, "to", form_value(f, VIEW("to")));
		html_flag(p->html, "keep",
		    form_has(f, VIEW("keep"), VIEW("1")));
		return;
	}
	for (size_t i = 0; i < COUNT(names); i++)
		html_text(p->html, names[i],
		    form_value(f, view_of(names[i])));
}

static void
show(struct page *p)
{
	struct handling h;
	result r = admin_handling_get(p->services->dav.store,
	    p->request->arena, p->person.address, &h);

	if (r.is != OK) {
		page_fault_of(p, r);
		return;
	}
	html_flag(p->html, "at_mail", true);
	html_flag(p->html, "active", h.vacation);
	fill_stored(p, &h);
	if (page_is_post(p))
		fill_typed(p);
	page_done(p);
	page_send(p, "mail", "title.mail");
}

/* Done, or the page again with what is wrong. */
static void
answer_form(struct page *p, result r, const char *done, const char *wrong)
{
	if (r.is == OK) {
		page_go(p, "/mail", done);
	} else if (r.is == MALFORMED || r.is == OVER_LIMIT) {
		page_wrong(p, 400, wrong);
		show(p);
	} else {
		page_fault_of(p, r);
	}
}

void
page_mail(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (page_is_post(&p))
		page_go(&p, "/mail", NULL);
	else
		show(&p);
}

void
page_mail_forward(void *services, const struct request *request,
    struct answer *answer)
{
	view to, lines;
	struct page p;
	result r;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (!page_is_post(&p)) {
		page_go(&p, "/mail", NULL);
		return;
	}
	/* As many as a script of the person's own may have. */
	to = form_value(&p.form, VIEW("to"));
	r = admin_addresses(to, LIMIT_SIEVE_REDIRECTS, request->arena, &lines);
	if (r.is == OK)
		r = admin_forward_set(p.services->dav.store, p.person.address,
		    to, form_has(&p.form, VIEW("keep"), VIEW("1")));
	answer_form(&p, r, "forward", "forward.bad");
}

/* Browsers end lines by CRLF. */
static view
without_cr(struct arena *arena, view text)
{
	char *to = arena_alloc(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; to != NULL && i < text.n; i++)
		if (text.p[i] != '\r')
			to[n++] = text.p[i];
	return to == NULL ? VIEW("") : (view){ to, n };
}

static result
set_reply(struct page *p)
{
	const struct form *f = &p->form;
	struct admin_vacation v = {
		.subject = form_value(f, VIEW("subject")),
		.text = without_cr(p->request->arena,
		    form_value(f, VIEW("text"))),
		.since = form_value(f, VIEW("since")),
		.until = form_value(f, VIEW("until")),
	};
	uint64_t every;

	if (!view_number(form_value(f, VIEW("every")), EVERY_MOST, &every)
	    || view_trim(v.text).n == 0)
		return fail(MALFORMED, "expected a text, and 1 to 30 days");
	v.every = (int64_t)every * DAY;
	return admin_vacation_set(p->services->dav.store, p->person.address,
	    &v);
}

void
page_mail_reply(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;
	bool end;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (!page_is_post(&p)) {
		page_go(&p, "/mail", NULL);
		return;
	}
	end = form_value(&p.form, VIEW("end")).n > 0;
	answer_form(&p, end ? admin_vacation_end(p.services->dav.store,
	        p.person.address) : set_reply(&p),
	    end ? "quiet" : "reply", "reply.bad");
}
