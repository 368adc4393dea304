/*
 * Calendar, Reminders and Contacts of macOS and iOS, given the mail domain:
 * SRV and TXT, /.well-known/, the root; every resource must name the
 * principal, whose DAV header is read.  (Mail takes a profile, or PACC.)
 */
#include "autoconfig/doctor/dav_find.h"

void
read_apple(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct dav_rules rules = { .srv = true, .root = true,
		.options = true, .multistatus_200 = true };

	dav_find(r, &rules, OFFER_CALDAV, w, arena, p);
	dav_find(r, &rules, OFFER_CARDDAV, w, arena, p);
}
