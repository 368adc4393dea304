/*
 * DAVx5 by e-mail address: SRV and TXT, /.well-known/, the root, by https
 * alone; the principal's OPTIONS must name what is offered.
 */
#include "autoconfig/doctor/dav_find.h"

void
read_davx5(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct dav_rules rules = { .srv = true, .root = true,
		.options = true };

	dav_find(r, &rules, OFFER_CARDDAV, w, arena, p);
	dav_find(r, &rules, OFFER_CALDAV, w, arena, p);
}
