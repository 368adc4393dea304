#include "profiles/plist.h"

#include <stdio.h>

static void
add_key(struct plist *p, const char *key)
{
	xml_raw(&p->xml, VIEW("\n"));
	if (key != NULL)
		xml_leaf(&p->xml, "key", view_of(key));
}

struct plist
plist_to(struct buf *out)
{
	struct plist p = { xml_to(out) };

	xml_raw(&p.xml, VIEW("<!DOCTYPE plist PUBLIC"
	    " \"-//Apple//DTD PLIST 1.0//EN\""
	    " \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"));
	xml_start(&p.xml, "plist");
	xml_set(&p.xml, "version", VIEW("1.0"));
	plist_dict(&p, NULL);
	return p;
}

void
plist_end(struct plist *p)
{
	plist_dict_end(p);
	xml_raw(&p->xml, VIEW("\n"));
	xml_end(&p->xml, "plist");
	xml_raw(&p->xml, VIEW("\n"));
}

void
plist_dict(struct plist *p, const char *key)
{
	add_key(p, key);
	xml_start(&p->xml, "dict");
}

void
plist_dict_end(struct plist *p)
{
	xml_raw(&p->xml, VIEW("\n"));
	xml_end(&p->xml, "dict");
}

void
plist_array(struct plist *p, const char *key)
{
	add_key(p, key);
	xml_start(&p->xml, "array");
}

void
plist_array_end(struct plist *p)
{
	xml_raw(&p->xml, VIEW("\n"));
	xml_end(&p->xml, "array");
}

void
plist_string(struct plist *p, const char *key, view value)
{
	add_key(p, key);
	xml_leaf(&p->xml, "string", value);
}

void
plist_integer(struct plist *p, const char *key, uint64_t value)
{
	char digits[24];

	add_key(p, key);
	(void)snprintf(digits, sizeof digits, "%llu",
	    (unsigned long long)value);
	xml_leaf(&p->xml, "integer", view_of(digits));
}

void
plist_bool(struct plist *p, const char *key, bool value)
{
	add_key(p, key);
	xml_leaf(&p->xml, value ? "true" : "false", VIEW(""));
}
