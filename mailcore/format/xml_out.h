/*
 * xml_out.h - XML written in order, escaped always; failures stick in the
 * buf.  Element and attribute names are literals ("D:href"); the caller
 * declares its prefixes on the first element.
 */
#ifndef FORMAT_XML_OUT_H
#define FORMAT_XML_OUT_H

#include "mailcore/base/buf.h"

struct xml_out {
	struct buf *to;
	bool open; /* a start tag waits for its '>' */
};

struct xml_out xml_to(struct buf *); /* writes the XML declaration */
void xml_start(struct xml_out *, const char *name);
void xml_set(struct xml_out *, const char *name, view value); /* attribute */
void xml_text(struct xml_out *, view text); /* bad UTF-8, controls: U+FFFD */
void xml_end(struct xml_out *, const char *name); /* <a/> when empty */
void xml_leaf(struct xml_out *, const char *name, view text);
/* Well-formed XML that we made or checked ourselves. */
void xml_raw(struct xml_out *, view xml);

#endif
