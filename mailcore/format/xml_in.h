/*
 * xml_in.h - XML from the network as a small tree, by libxml2: no DTD, no
 * entities but the five, no network, LIMIT_XML_DEPTH levels,
 * LIMIT_XML_ATTRIBUTES attributes.  Namespaces are resolved.
 */
#ifndef FORMAT_XML_IN_H
#define FORMAT_XML_IN_H

#include "mailcore/base/arena.h"

struct xml_attribute {
	view ns;
	view name;
	view value;
};

struct xml_element {
	view ns;
	view name;
	view language; /* xml:lang in whose scope it is (XML 2.12) */
	view text;  /* all character data directly inside, joined */
	view inner; /* of children of DAV:prop only: what stands between
	             * the tags, with its namespaces; dead properties */
	struct xml_attribute *attributes;
	size_t attribute_count;
	struct xml_element *first; /* child */
	struct xml_element *next;  /* sibling */
};

/* MALFORMED: not well-formed, or with a DTD.  OVER_LIMIT: depth, attributes,
 * arena. */
CHECKED result xml_parse(view text, struct arena *, struct xml_element **out);

bool xml_is(const struct xml_element *, view ns, view name);
struct xml_element *xml_child(const struct xml_element *, view ns, view name);
/* How many children there are of that name, of any when it is empty. */
size_t xml_count(const struct xml_element *, view ns, view name);
/* Empty when there is none. */
view xml_attribute(const struct xml_element *, view name);

#endif
