/* An invitation, or an answer to one, on its way past the calendar. */
#include "mailcore/format/address.h"
#include "mailcore/format/mime.h"
#include "mailcore/schedule/schedule.h"
#include "mailcore/smtp/deliver_inside.h"
#include "mailcore/sys/log.h"

/* The one address of the one From field; empty: there is no such. */
static view
author(view header, struct arena *arena)
{
	struct mailbox_address *list;
	view field, name, value, domain, from = VIEW("");
	size_t count, fields = 0;

	while (header_next(&header, &field, &name, &value)) {
		if (!view_same(name, VIEW("From")))
			continue;
		if (++fields > 1
		    || address_list_parse(value, arena, &list, &count).is != OK
		    || count != 1
		    || domain_normalise(list[0].domain, arena, &domain).is
			!= OK)
			return VIEW("");
		from = arena_print(arena, "%.*s@%.*s", (int)list[0].local.n,
		    list[0].local.p, (int)domain.n, domain.p);
	}
	return from;
}

/* Who has logged in speaks for each address of his account. */
static view
submitter(const struct plan *p)
{
	struct account_info info;
	view from;

	if (p->mail->submitter == 0
	    || view_find_same(p->mail->message, VIEW("text/calendar"))
		== SIZE_MAX)
		return VIEW("");
	from = author(p->header, p->arena);
	if (from.n == 0
	    || account_find(p->store, p->arena, from, &info).is != OK
	    || info.id != p->mail->submitter)
		return VIEW("");
	return from;
}

static view
speaker(const struct plan *p)
{
	const struct verdict *v = p->verdict;

	if (v == NULL)
		return submitter(p);
	return v->junk || v->dmarc == VERDICT_DMARC_FAIL
	    ? VIEW("")
	    : v->authenticated_from;
}

void
plan_invite(const struct plan *p)
{
	const struct schedule s = { .store = p->store };
	result r = schedule_receive_mail(
	    &s, p->info.id, speaker(p), p->mail->message);

	if (r.is != OK)
		log_line(LOG_WARNING, "deliver.schedule",
		    "id=%.*s account=%lld why=\"%s\"", LOG_VIEW(p->mail->id),
		    (long long)p->info.id, r.why);
}
