/*
 * eM Client: Autodiscover by SRV, at the domain, at autodiscover.; it reads
 * CalDAV and CardDAV there too.
 */
#include "autoconfig/doctor/pox.h"
#include "autoconfig/doctor/sequence.h"

static const struct step steps[] = {
	{ .url = "https://%D/autodiscover/autodiscover.xml",
	    .method = ASK_POST },
	{ .url = "https://autodiscover.%D/autodiscover/autodiscover.xml",
	    .method = ASK_POST },
};

static void
read_pox(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	pox_read(r, d, arena, p, POX_EMCLIENT);
}

static bool
by_record(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	struct step step = { .method = ASK_POST };
	const struct sequence q = { &step, 1, sequence_is_200, read_pox,
		false };
	struct record *found = NULL;
	size_t n = w->lookup(w->self, arena, arena_print(arena,
	    "_autodiscover._tcp.%.*s", (int)p->domain.n, p->domain.p),
	    RECORD_SRV, &found);

	if (n == 0 || found->value.n == 0)
		return false;
	step.url = arena_text(arena, arena_print(arena,
	    "https://%.*s:%u/autodiscover/autodiscover.xml",
	    (int)found->value.n, found->value.p, found->port));
	return step.url != NULL && sequence_run(&q, r, w, arena, p);
}

void
read_emclient(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct sequence q = { steps, COUNT(steps), sequence_is_200,
		read_pox, false };

	if (!by_record(r, w, arena, p))
		(void)sequence_run(&q, r, w, arena, p);
}
