/* The properties of scheduling (RFC 6638). */
#include "davd/dav/acl.h"
#include "davd/dav/prop.h"
#include "davd/dav/schedule.h"

#include "mailcore/base/limits.h"

static bool
href(struct prop_out *o, enum dav_what what, view collection)
{
	xml_leaf(&o->x, "D:href",
	    dav_href(o->d, o->scratch, what, collection, VIEW("")));
	return true;
}

/* Apple's clients take another one's for their own. */
bool
prop_inbox(struct prop_out *o, const struct resource *r)
{
	(void)r;
	return o->d->rights.all && href(o, DAV_INBOX, VIEW("inbox"));
}

bool
prop_outbox(struct prop_out *o, const struct resource *r)
{
	(void)r;
	return o->d->rights.all && href(o, DAV_OUTBOX, VIEW("outbox"));
}

bool
prop_default_calendar(struct prop_out *o, const struct resource *r)
{
	struct collection c;

	(void)r;
	return schedule_target(o->d->account, o->scratch, &c).is == OK
	    && href(o, DAV_CALENDAR, c.name);
}

/* One of his own that holds events. */
static bool
find_default(struct dav *d, const struct change *c, struct collection *out)
{
	const struct xml_element *to = xml_child(
	    c->element, VIEW(NS_DAV), VIEW("href"));
	struct dav_path path;
	bool fits;

	return to != NULL && to->next == NULL
	    && dav_href_path(d, d->arena, view_trim(to->text), &path)
	    && path.what == DAV_CALENDAR && !path.open
	    && (path.user.n == 0 || view_same(path.user, d->tree.address))
	    && collection_find(d->account, d->arena, COLLECTION_CALENDAR,
		   path.collection, out)
		    .is
		== OK
	    && dav_component_fits(d, out, VIEW("VEVENT"), &fits).is == OK
	    && fits;
}

bool
scheduling_is_default(const struct change *c)
{
	return c->row != NULL && c->row->inside == prop_default_calendar;
}

bool
scheduling_judge_default(struct dav *d, const struct change *c)
{
	struct collection calendar;

	return c->remove || find_default(d, c, &calendar);
}

result
scheduling_apply_default(
    struct dav *d, int64_t inbox, const struct change *c)
{
	struct collection calendar = { .id = 0 };

	if (!c->remove && !find_default(d, c, &calendar))
		return fail(NOT_FOUND, "the calendar is not there any more");
	return schedule_set_target(d->account, d->arena, inbox, calendar.id);
}

/* RFC 4791's predecessor of schedule-calendar-transp: all that count. */
bool
prop_busy_set(struct prop_out *o, const struct resource *r)
{
	struct collection *list;
	size_t count;

	(void)r;
	if (collection_list(o->d->account, o->scratch, COLLECTION_CALENDAR,
		&list, &count).is
	    != OK)
		return false;
	for (size_t i = 0; i < count; i++)
		(void)href(o, DAV_CALENDAR, list[i].name);
	return true;
}

bool
prop_schedule_tag(struct prop_out *o, const struct resource *r)
{
	struct dav *d = o->d;
	struct body body;
	view tag;

	if (acl_is_masked(d, r->collection, r->item)
	    || body_open(d->account, r->item->body, &body).is != OK)
		return false;
	tag = schedule_tag(
	    d->services->store, d->owner.id, body.bytes, o->scratch);
	body_close(&body);
	if (tag.n == 0)
		return false;
	xml_text(&o->x, VIEW("\""));
	xml_text(&o->x, tag);
	xml_text(&o->x, VIEW("\""));
	return true;
}

/* RFC 6638 9.1: where nobody has chosen. */
bool
prop_opaque(struct prop_out *o, const struct resource *r)
{
	(void)r;
	xml_leaf(&o->x, "C:opaque", VIEW(""));
	return true;
}

bool
prop_most_attendees(struct prop_out *o, const struct resource *r)
{
	(void)r;
	xml_text(&o->x, arena_print(o->scratch, "%d", LIMIT_ATTENDEES));
	return true;
}

/* RFC 8607 6 */
bool
prop_most_attachment(struct prop_out *o, const struct resource *r)
{
	(void)r;
	xml_text(&o->x, arena_print(o->scratch, "%d", LIMIT_ATTACHMENT));
	return true;
}

bool
prop_most_attachments(struct prop_out *o, const struct resource *r)
{
	(void)r;
	xml_text(&o->x, arena_print(o->scratch, "%d", LIMIT_ATTACHMENTS));
	return true;
}

/* RFC 6638 2.4.2 */
bool
prop_person(struct prop_out *o, const struct resource *r)
{
	static const view types[] = {
		[SCHEDULE_PERSON] = VIEW_INIT("INDIVIDUAL"),
		[SCHEDULE_ROOM] = VIEW_INIT("ROOM"),
		[SCHEDULE_RESOURCE] = VIEW_INIT("RESOURCE"),
	};
	enum schedule_kind kind;
	struct account *a;
	result found;

	(void)r;
	/* Others stand in the tree while a search tells of them. */
	if (account_open(o->d->services->store, o->d->tree.id, &a).is != OK)
		return false;
	found = schedule_kind(a, &kind);
	account_close(&a);
	if (found.is != OK)
		return false;
	xml_text(&o->x, types[kind]);
	return true;
}

/* RFC 6638 2.4.1: every address that leads here, and the principal.  Others
 * are told the primary one alone: somebody may have the rest so that not
 * everyone knows them. */
bool
prop_user_addresses(struct prop_out *o, const struct resource *r)
{
	view *list;
	size_t count;

	(void)r;
	if (schedule_addresses(o->d->services->store, o->scratch,
		o->d->tree.id, &list, &count).is
	    != OK)
		return false;
	if (count > 1 && o->d->tree.id != o->d->who.account)
		count = 1;
	for (size_t i = 0; i < count; i++)
		xml_leaf(&o->x, "D:href",
		    arena_print(o->scratch, "mailto:%.*s", (int)list[i].n,
			list[i].p));
	return href(o, DAV_PRINCIPAL, VIEW(""));
}
