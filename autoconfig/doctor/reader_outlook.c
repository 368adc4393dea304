/*
 * Outlook with its classic set-up: Autodiscover by POST at the domain and at
 * autodiscover., by the redirection of plain http, by SRV.
 */
#include "autoconfig/doctor/pox.h"
#include "autoconfig/doctor/sequence.h"

static const struct step direct[] = {
	{ .url = "https://%D/autodiscover/autodiscover.xml",
	    .method = ASK_POST },
	{ .url = "https://autodiscover.%D/autodiscover/autodiscover.xml",
	    .method = ASK_POST },
};

static void
read_pox(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	pox_read(r, d, arena, p, POX_OUTLOOK);
}

static void
post_to(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p, view url)
{
	const char *pattern = arena_text(arena, url);
	struct step step = { .url = pattern, .method = ASK_POST };
	const struct sequence q = { &step, 1, sequence_is_200, read_pox,
		false };

	/* A URL from the network is no pattern. */
	if (pattern != NULL && view_find_byte(url, '%') == SIZE_MAX)
		(void)sequence_run(&q, r, w, arena, p);
}

/* GET http://autodiscover., which may only redirect to https. */
static void
by_redirection(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	struct ask ask = { .method = ASK_GET, .url = arena_print(arena,
	    "http://autodiscover.%.*s/autodiscover/autodiscover.xml",
	    (int)p->domain.n, p->domain.p) };
	struct document d = { .url = ask.url };

	w->fetch(w->self, arena, &ask, &d);
	if (d.r.is != OK || (d.status != 301 && d.status != 302))
		return;
	if (view_starts(d.location, VIEW("https://")))
		post_to(r, w, arena, p, d.location);
	else
		reading_fault(r, ask.url, "the redirection does not lead to"
		    " https", "redirect to the https address of"
		    " Autodiscover");
}

static void
by_record(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	view name = arena_print(arena, "_autodiscover._tcp.%.*s",
	    (int)p->domain.n, p->domain.p);
	struct record *found = NULL;
	size_t n = w->lookup(w->self, arena, name, RECORD_SRV, &found);

	if (n > 1)
		reading_fault(r, name, "several SRV records: programs choose"
		    " by different rules", "publish exactly one");
	if (n == 0 || found->value.n == 0)
		return;
	if (found->port != 443)
		reading_fault(r, name, "the SRV record's port is not 443,"
		    " and some programs ignore it", "answer at 443");
	if (r->offer_count == 0)
		post_to(r, w, arena, p, found->port == 443
		    ? arena_print(arena,
		        "https://%.*s/autodiscover/autodiscover.xml",
		        (int)found->value.n, found->value.p)
		    : arena_print(arena,
		        "https://%.*s:%u/autodiscover/autodiscover.xml",
		        (int)found->value.n, found->value.p, found->port));
}

void
read_outlook(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct sequence q = { direct, COUNT(direct), sequence_is_200,
		read_pox, false };

	(void)sequence_run(&q, r, w, arena, p);
	if (r->offer_count == 0)
		by_redirection(r, w, arena, p);
	by_record(r, w, arena, p);
}
