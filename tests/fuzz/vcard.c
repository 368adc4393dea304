/* A vCard: examined and matched, by itself and by its words. */
#include "mailcore/format/vcard.h"
#include "mailcore/format/vcard_words.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char xml[] =
	    "<filter xmlns='urn:ietf:params:xml:ns:carddav' test='allof'>"
	    "<prop-filter name='FN'><text-match>a</text-match>"
	    "</prop-filter><prop-filter name='item1.EMAIL' test='anyof'>"
	    "<param-filter name='TYPE'><text-match match-type='equals'>"
	    "home</text-match></param-filter><text-match>b</text-match>"
	    "</prop-filter></filter>";
	const struct vcard_search *search;
	view text = { (const char *)data, size };
	struct arena *arena = arena_new(33554432);
	struct vcard_facts facts;
	struct xml_element *filter;
	bool match = false, stored;

	stored = vcard_examine(text, arena, &facts).is == OK;
	if (stored && facts.version.n != 3)
		abort();
	if (xml_parse(view_of(xml), arena, &filter).is != OK)
		abort();
	(void)!vcard_matches(text, filter, arena, &match).is;
	search = vcard_search_of(filter, arena);
	if (stored && match && search != NULL
	    && !vcard_search_may_match(search, facts.words))
		abort();
	arena_free(&arena);
	return 0;
}
