#include "davd/dav/acl.h"
#include "davd/dav/directory.h"
#include "davd/dav/prop.h"

/* The tree of RFC 3744 5.3 and RFC 4791 6.1, in order. */
enum {
	WRITES = RIGHT_CHANGE | RIGHT_INSERT | RIGHT_DELETE | RIGHT_PROPERTIES
};
#define PRIVILEGE(prefix, space, local)          \
	.tag = prefix ":" local, .ns = VIEW_INIT(space), \
	.name = VIEW_INIT(local)

/* RFC 6638 6: where one's own messages come and go; a delegate is granted the
 * right to send with the calendar that he writes. */
#define SCHEDULE(local, deep, where, words)                       \
	{                                                         \
		PRIVILEGE("C", NS_CALDAV, local), .depth = deep,  \
		.all = RIGHT_ALL, .on = where,                    \
		.description = words                              \
	}

static const struct acl_privilege privileges[] = {
	{ PRIVILEGE("D", NS_DAV, "all"), .depth = 0, .all = RIGHT_ALL,
	    .gives = RIGHT_ALL, .description = "Everything" },
	{ PRIVILEGE("D", NS_DAV, "read"), .depth = 1,
	    .any = RIGHT_READ | RIGHT_TIMES, .gives = RIGHTS_READ,
	    .description = "Read" },
	{ PRIVILEGE("D", NS_DAV, "read-current-user-privilege-set"),
	    .depth = 2, .any = RIGHT_ALL, .gives = RIGHT_LOOKUP,
	    .description = "Read own rights" },
	{ PRIVILEGE("C", NS_CALDAV, "read-free-busy"), .depth = 2,
	    .any = RIGHT_BUSY | RIGHT_TIMES | RIGHT_READ, .gives = RIGHT_BUSY,
	    .description = "See when the owner is busy" },
	{ PRIVILEGE("D", NS_DAV, "write"), .depth = 1, .all = WRITES,
	    .gives = RIGHT_LOOKUP | RIGHT_EXPUNGE | WRITES,
	    .description = "Write" },
	{ PRIVILEGE("D", NS_DAV, "write-properties"), .depth = 2,
	    .any = RIGHT_PROPERTIES, .gives = RIGHT_LOOKUP | RIGHT_PROPERTIES,
	    .description = "Change properties" },
	{ PRIVILEGE("D", NS_DAV, "write-content"), .depth = 2,
	    .any = RIGHT_CHANGE, .gives = RIGHT_LOOKUP | RIGHT_CHANGE,
	    .description = "Change content" },
	{ PRIVILEGE("D", NS_DAV, "bind"), .depth = 2, .any = RIGHT_INSERT,
	    .gives = RIGHT_LOOKUP | RIGHT_INSERT, .description = "Add" },
	{ PRIVILEGE("D", NS_DAV, "unbind"), .depth = 2, .any = RIGHT_DELETE,
	    .gives = RIGHT_LOOKUP | RIGHT_DELETE | RIGHT_EXPUNGE,
	    .description = "Remove" },
	SCHEDULE("schedule-deliver", 1, DAV_INBOX, "Be invited and answered"),
	SCHEDULE("schedule-deliver-invite", 2, DAV_INBOX, "Be invited"),
	SCHEDULE("schedule-deliver-reply", 2, DAV_INBOX, "Be answered"),
	SCHEDULE("schedule-query-freebusy", 2, DAV_INBOX, "Be asked for time"),
	{ PRIVILEGE("C", NS_CALDAV, "schedule-send"), .depth = 1,
	    .any = RIGHT_POST, .on = DAV_OUTBOX | DAV_CALENDARS | DAV_CALENDAR,
	    .gives = RIGHT_LOOKUP | RIGHT_POST,
	    .description = "Invite and answer for the owner" },
	SCHEDULE("schedule-send-invite", 2, DAV_OUTBOX, "Invite"),
	SCHEDULE("schedule-send-reply", 2, DAV_OUTBOX, "Answer"),
	SCHEDULE("schedule-send-freebusy", 2, DAV_OUTBOX, "Ask for time"),
	{ PRIVILEGE("D", NS_DAV, "unlock"), .depth = 1, .all = RIGHT_ALL,
	    .description = "Remove locks" },
	{ PRIVILEGE("D", NS_DAV, "write-acl"), .depth = 1, .any = RIGHT_ADMIN,
	    .gives = RIGHT_LOOKUP | RIGHT_ADMIN,
	    .description = "Change access rights" },
	{ PRIVILEGE("D", NS_DAV, "read-acl"), .depth = 2, .any = RIGHT_ADMIN,
	    .description = "Read access rights" },
};

const struct acl_privilege *
acl_privilege_at(size_t i)
{
	return i < COUNT(privileges) ? &privileges[i] : NULL;
}

const struct acl_privilege *
acl_privilege_find(view ns, view name)
{
	for (size_t i = 0; i < COUNT(privileges); i++)
		if (view_eq(privileges[i].name, name)
		    && view_eq(privileges[i].ns, ns))
			return &privileges[i];
	return NULL;
}

bool
acl_has(const struct acl_privilege *p, unsigned rights)
{
	return rights != 0 && (rights & p->all) == p->all
	    && (p->any == 0 || (rights & p->any) != 0);
}

static void
write_privilege(struct xml_out *x, const struct acl_privilege *p)
{
	xml_start(x, "D:privilege");
	xml_leaf(x, p->tag, VIEW(""));
	xml_end(x, "D:privilege");
}

static bool
is_there(const struct acl_privilege *p, enum dav_what what)
{
	return p->on == 0 || (p->on & (int)what) != 0;
}

/* Aggregates are told with all that they hold (RFC 3744 5.4): many clients
 * look for "write-content" or "bind" by name. */
bool
prop_privileges(struct prop_out *o, const struct resource *r)
{
	unsigned rights = o->d->rights.all && r->what != DAV_ROOT
	    ? RIGHT_ALL
	    : acl_rights(o->d, r->what, r->collection);

	if (directory_is(r))
		rights = RIGHT_LOOKUP | RIGHT_READ;
	for (size_t i = 0; i < COUNT(privileges); i++)
		if (is_there(&privileges[i], r->what)
		    && acl_has(&privileges[i], rights))
			write_privilege(&o->x, &privileges[i]);
	return true;
}

bool
prop_known_privileges(struct prop_out *o, const struct resource *r)
{
	for (size_t i = 0; i < COUNT(privileges); i++) {
		const struct acl_privilege *p = &privileges[i];
		size_t after = i + 1;
		unsigned next;

		if (!is_there(p, r->what))
			continue;
		while (after < COUNT(privileges)
		    && !is_there(&privileges[after], r->what))
			after++;
		next = after == COUNT(privileges) ? 0
						  : privileges[after].depth;
		xml_start(&o->x, "D:supported-privilege");
		write_privilege(&o->x, p);
		if (p->gives == 0)
			xml_leaf(&o->x, "D:abstract", VIEW(""));
		xml_start(&o->x, "D:description");
		xml_set(&o->x, "xml:lang", VIEW("en"));
		xml_text(&o->x, view_of(p->description));
		xml_end(&o->x, "D:description");
		for (unsigned k = p->depth + 1; k > next; k--)
			xml_end(&o->x, "D:supported-privilege");
	}
	return true;
}

/* The fewest privileges that say all of it.  Of what DAV has no word for, the
 * lesser is told: who sends an ACL back must not give more than there was. */
static void
write_granted(struct prop_out *o, unsigned rights)
{
	unsigned said = UINT32_MAX; /* the depth of what is told already */

	if ((rights & RIGHT_TIMES) != 0)
		rights = (rights & ~(unsigned)RIGHT_TIMES) | RIGHT_BUSY;
	for (size_t i = 0; i < COUNT(privileges); i++) {
		const struct acl_privilege *p = &privileges[i];

		if (p->depth > said)
			continue;
		said = UINT32_MAX;
		if (p->gives == 0 || !acl_has(p, rights)
		    || p->any == RIGHT_ALL)
			continue;
		write_privilege(&o->x, p);
		said = p->depth;
	}
}

static void
write_principal(struct prop_out *o, const struct right_grant *g)
{
	xml_start(&o->x, "D:principal");
	if (g == NULL) {
		xml_start(&o->x, "D:property");
		xml_leaf(&o->x, "D:owner", VIEW(""));
		xml_end(&o->x, "D:property");
	} else if (g->whom == RIGHT_ACCOUNT) {
		xml_leaf(&o->x, "D:href",
		    dav_principal_href(o->scratch, g->name));
	} else {
		xml_leaf(&o->x,
		    g->whom == RIGHT_DOMAIN ? "D:authenticated" : "D:all",
		    VIEW(""));
	}
	xml_end(&o->x, "D:principal");
}

static void
write_ace(struct prop_out *o, const struct resource *r,
    const struct right_grant *g)
{
	xml_start(&o->x, "D:ace");
	write_principal(o, g);
	xml_start(&o->x, "D:grant");
	write_granted(o, g == NULL ? RIGHT_ALL : g->rights);
	xml_end(&o->x, "D:grant");
	if (g == NULL)
		xml_leaf(&o->x, "D:protected", VIEW(""));
	if (g != NULL && g->collection == 0
	    && (r->what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0) {
		xml_start(&o->x, "D:inherited");
		xml_leaf(&o->x, "D:href",
		    dav_href(o->d, o->scratch,
			dav_kind(r->what) == COLLECTION_CALENDAR
			    ? DAV_CALENDARS
			    : DAV_BOOKS,
			VIEW(""), VIEW("")));
		xml_end(&o->x, "D:inherited");
	}
	xml_end(&o->x, "D:ace");
}

static bool
write_aces(struct prop_out *o, const struct resource *r, int64_t collection)
{
	struct right_grant *list;
	size_t count;

	if (right_list(o->d->services->store, o->scratch, o->d->owner.id,
		dav_kind(r->what), collection, &list, &count)
		.is
	    != OK)
		return false;
	for (size_t i = 0; i < count; i++)
		write_ace(o, r, &list[i]);
	return true;
}

/* RFC 3744 5.5: the owner's, that nobody can change, and what he granted; for
 * those who may change it. */
bool
prop_acl(struct prop_out *o, const struct resource *r)
{
	bool persons = (r->what & (DAV_PRINCIPAL | DAV_PROXIES)) != 0;

	if (!o->d->rights.all
	    && (acl_rights(o->d, r->what, r->collection) & RIGHT_ADMIN) == 0)
		return false;
	write_ace(o, r, NULL);
	if (persons)
		return true;
	return (r->collection == NULL
		   || write_aces(o, r, r->collection->id))
	    && write_aces(o, r, 0);
}

bool
prop_acl_restrictions(struct prop_out *o, const struct resource *r)
{
	(void)r;
	xml_leaf(&o->x, "D:grant-only", VIEW(""));
	xml_leaf(&o->x, "D:no-invert", VIEW(""));
	return true;
}

/* RFC 3744 5.7: what is granted for a home holds in it. */
bool
prop_acl_parents(struct prop_out *o, const struct resource *r)
{
	if ((r->what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0)
		xml_leaf(&o->x, "D:href",
		    dav_href(o->d, o->scratch,
			dav_kind(r->what) == COLLECTION_CALENDAR
			    ? DAV_CALENDARS
			    : DAV_BOOKS,
			VIEW(""), VIEW("")));
	return true;
}

static const struct {
	const char *tag;
	int on;
} reports[] = {
	{ "D:sync-collection", DAV_COLLECTIONS | DAV_HOMES },
	{ "D:expand-property", DAV_ALL },
	{ "D:principal-property-search", DAV_ROOT | DAV_PRINCIPAL | DAV_HOMES },
	{ "D:principal-search-property-set",
	    DAV_ROOT | DAV_PRINCIPAL | DAV_HOMES },
	{ "D:principal-match", DAV_ROOT | DAV_PRINCIPAL | DAV_HOMES
		| DAV_CALENDAR | DAV_BOOK | DAV_INBOX },
	{ "D:acl-principal-prop-set", DAV_ALL & ~DAV_ROOT },
	/* RFC 4791 7 and RFC 6352 8: also of each object. */
	{ "C:calendar-query",
	    DAV_CALENDAR | DAV_INBOX | DAV_EVENT | DAV_MESSAGE },
	{ "C:calendar-multiget",
	    DAV_CALENDAR | DAV_INBOX | DAV_EVENT | DAV_MESSAGE },
	{ "C:free-busy-query", DAV_PRINCIPAL | DAV_CALENDARS | DAV_CALENDAR },
	{ "CR:addressbook-query", DAV_BOOK | DAV_CARD },
	{ "CR:addressbook-multiget", DAV_BOOK | DAV_CARD },
};

bool
prop_reports(struct prop_out *o, const struct resource *r)
{
	for (size_t i = 0; i < COUNT(reports); i++) {
		if ((reports[i].on & (int)r->what) == 0
		    || (directory_is(r)
			&& !view_starts(view_of(reports[i].tag), VIEW("CR:"))))
			continue;
		xml_start(&o->x, "D:supported-report");
		xml_start(&o->x, "D:report");
		xml_start(&o->x, reports[i].tag);
		xml_end(&o->x, reports[i].tag);
		xml_end(&o->x, "D:report");
		xml_end(&o->x, "D:supported-report");
	}
	return true;
}
