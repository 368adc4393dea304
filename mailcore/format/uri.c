#include "mailcore/format/uri.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"

#include <libxml/uri.h>

#define RESERVED ":?[]@!$&'()*+,;="

/* Others write spaces and UTF-8 as they are.  libxml2 decodes a path, so that
 * %2F would be a slash: it gets all encoded once more. */
static const char *
encoded(struct arena *arena, view text)
{
	struct buf once = buf_new(3 * text.n);
	struct buf twice = buf_new(9 * text.n);
	const char *made;

	encode_percent(&once, text, VIEW(RESERVED "%"));
	encode_percent(&twice, buf_view(&once), VIEW(RESERVED));
	made = arena_text(arena, buf_view(&twice));
	buf_free(&once);
	buf_free(&twice);
	return made;
}

/* Empty when a host has other bytes, which libxml2 does not encode again. */
static view
decoded(struct arena *arena, view text)
{
	struct buf out = buf_new(text.n);
	view made = VIEW("");
	bool good = decode_percent(&out, text).is == OK;

	for (size_t i = 0; i < out.n; i++)
		good = good && out.p[i] > ' ' && out.p[i] < 0x7f;
	if (good)
		made = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return made;
}

view
uri_join(struct arena *arena, view base, view reference)
{
	view whole = reference, joined = VIEW("");
	const char *from = encoded(arena, base);
	const char *to = encoded(arena, view_cut(&whole, '#'));
	xmlChar *uri;

	if (from == NULL || to == NULL)
		return joined;
	uri = xmlBuildURI((const xmlChar *)to, (const xmlChar *)from);
	/* RFC 3986 6.2.2.1 */
	for (xmlChar *p = uri; p != NULL && *p != '\0' && *p != ':'; p++)
		*p = (xmlChar)ascii_lower((char)*p);
	if (uri != NULL)
		joined = decoded(arena, view_of((const char *)uri));
	xmlFree(uri);
	return joined;
}

bool
uri_is_reference(struct arena *arena, view text)
{
	const char *string = arena_text(arena, text);
	xmlURIPtr uri = string == NULL ? NULL : xmlParseURI(string);
	bool is = uri != NULL;

	xmlFreeURI(uri);
	return is;
}
