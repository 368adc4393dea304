#include "davd/dav/prop.h"

/* Aggregates are told with all that they hold (RFC 3744 5.4): many clients
 * look for "write-content" or "bind" by name.  One owner, all rights. */
static const char *const owner[] = {
	"D:all",
	"D:read",
	"D:write",
	"D:write-properties",
	"D:write-content",
	"D:bind",
	"D:unbind",
	"D:unlock",
	"D:read-acl",
	"D:read-current-user-privilege-set",
};

static const char *const reader[] = {
	"D:read",
	"D:read-current-user-privilege-set",
};

bool
prop_privileges(struct prop_out *o, const struct resource *r)
{
	bool root = r->what == DAV_ROOT;
	const char *const *list = root ? reader : owner;
	size_t count = root ? COUNT(reader) : COUNT(owner);

	for (size_t i = 0; i < count; i++) {
		xml_start(&o->x, "D:privilege");
		xml_start(&o->x, list[i]);
		xml_end(&o->x, list[i]);
		xml_end(&o->x, "D:privilege");
	}
	return true;
}

/* The tree of RFC 3744 5.3, in order, each with its depth. */
static const struct {
	const char *tag;
	unsigned depth;
	const char *description;
} known[] = {
	{ "D:all", 0, "Everything" },
	{ "D:read", 1, "Read" },
	{ "D:read-current-user-privilege-set", 2, "Read own rights" },
	{ "D:write", 1, "Write" },
	{ "D:write-properties", 2, "Change properties" },
	{ "D:write-content", 2, "Change content" },
	{ "D:bind", 2, "Add" },
	{ "D:unbind", 2, "Remove" },
	{ "D:unlock", 1, "Remove locks" },
	{ "D:read-acl", 1, "Read access rights" },
};

bool
prop_known_privileges(struct prop_out *o, const struct resource *r)
{
	(void)r;
	for (size_t i = 0; i < COUNT(known); i++) {
		bool last = i + 1 == COUNT(known);
		unsigned next = last ? 0 : known[i + 1].depth;

		xml_start(&o->x, "D:supported-privilege");
		xml_start(&o->x, "D:privilege");
		xml_start(&o->x, known[i].tag);
		xml_end(&o->x, known[i].tag);
		xml_end(&o->x, "D:privilege");
		xml_start(&o->x, "D:description");
		xml_set(&o->x, "xml:lang", VIEW("en"));
		xml_text(&o->x, view_of(known[i].description));
		xml_end(&o->x, "D:description");
		for (unsigned k = known[i].depth + 1; k > next; k--)
			xml_end(&o->x, "D:supported-privilege");
	}
	return true;
}

/* RFC 3744 5.5: one entry, that nobody can change. */
bool
prop_acl(struct prop_out *o, const struct resource *r)
{
	(void)r;
	xml_start(&o->x, "D:ace");
	xml_start(&o->x, "D:principal");
	xml_start(&o->x, "D:property");
	xml_leaf(&o->x, "D:owner", VIEW(""));
	xml_end(&o->x, "D:property");
	xml_end(&o->x, "D:principal");
	xml_start(&o->x, "D:grant");
	xml_start(&o->x, "D:privilege");
	xml_leaf(&o->x, "D:all", VIEW(""));
	xml_end(&o->x, "D:privilege");
	xml_end(&o->x, "D:grant");
	xml_leaf(&o->x, "D:protected", VIEW(""));
	xml_end(&o->x, "D:ace");
	return true;
}

bool
prop_acl_restrictions(struct prop_out *o, const struct resource *r)
{
	(void)r;
	xml_leaf(&o->x, "D:grant-only", VIEW(""));
	xml_leaf(&o->x, "D:no-invert", VIEW(""));
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
	{ "D:principal-match", DAV_ROOT },
	{ "D:acl-principal-prop-set", DAV_ALL & ~DAV_ROOT },
	{ "C:calendar-query", DAV_CALENDAR },
	{ "C:calendar-multiget", DAV_CALENDAR },
	{ "C:free-busy-query", DAV_PRINCIPAL | DAV_CALENDARS | DAV_CALENDAR },
	{ "CR:addressbook-query", DAV_BOOK },
	{ "CR:addressbook-multiget", DAV_BOOK },
};

bool
prop_reports(struct prop_out *o, const struct resource *r)
{
	for (size_t i = 0; i < COUNT(reports); i++) {
		if ((reports[i].on & (int)r->what) == 0)
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
