/* vcard_inside.h - what vcard_view.c and vcard_convert.c share. */
#ifndef FORMAT_VCARD_INSIDE_H
#define FORMAT_VCARD_INSIDE_H

#include "mailcore/format/content_line.h"
#include "mailcore/format/vcard_view.h"

struct vcard_writing {
	struct arena *arena;
	struct buf *out;
	const struct xml_element *chosen;
	enum vcard_version from, to;
	view sort_string; /* of 3.0; a parameter of N in 4.0 */
	bool has_name;    /* N, that 3.0 must have */
};

void vcard_put(struct vcard_writing *, struct content_line);
void vcard_line_to_4(struct vcard_writing *, struct content_line);
void vcard_line_to_3(struct vcard_writing *, struct content_line);

#endif
