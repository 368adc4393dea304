/*
 * Other mail servers, which judge the domain's mail: two SPF or two DMARC
 * records count for none.  Whether they say the right thing is told by
 * `posthaste dns check`.
 */
#include "autoconfig/doctor/dns_spf.h"
#include "autoconfig/doctor/doctor.h"

static bool
is_dmarc(view text)
{
	return view_starts_same(view_trim(text), VIEW("v=DMARC1"));
}

static size_t
count(const struct world *w, struct arena *arena, view name,
    bool (*is)(view text))
{
	struct record *found = NULL;
	size_t n = w->lookup(w->self, arena, name, RECORD_TXT, &found);
	size_t fitting = 0;

	for (size_t i = 0; i < n; i++)
		fitting += is(found[i].value);
	return fitting;
}

void
read_servers(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	view dmarc = arena_print(arena, "_dmarc.%.*s", (int)p->domain.n,
	    p->domain.p);
	size_t policies = count(w, arena, dmarc, is_dmarc);
	size_t senders = count(w, arena, p->domain, spf_is_record);

	r->optional = true;
	r->checked = senders == 1 && policies == 1;
	if (senders > 1)
		reading_fault(r, p->domain, "several SPF records: receivers"
		    " then take none (RFC 7208 4.5)", "make one of them");
	if (policies > 1)
		reading_fault(r, dmarc, "several DMARC records: receivers"
		    " then take none (RFC 7489 6.6.3)", "keep one of them");
}
