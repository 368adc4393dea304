#include "mailcore/format/uri.h"

#include <libxml/uri.h>

view
uri_join(struct arena *arena, view base, view reference)
{
	view whole = reference, joined = VIEW("");
	const char *from = arena_text(arena, base);
	const char *to = arena_text(arena, view_cut(&whole, '#'));
	xmlChar *uri;

	if (from == NULL || to == NULL)
		return joined;
	uri = xmlBuildURI((const xmlChar *)to, (const xmlChar *)from);
	if (uri != NULL)
		joined = arena_copy(arena, view_of((const char *)uri));
	xmlFree(uri);
	return joined;
}
