/*
 * vcard_view.h - a vCard as a CARDDAV:address-data element asks for it (RFC
 * 6352 10.4): in the other version, and only with some properties.
 *
 * Between 3.0 (RFC 2426) and 4.0 (RFC 6350) what one of them does not know
 * goes by a name of "X-", so that both ways together lose nothing.  Line by
 * line; what need not change is kept as it is.
 */
#ifndef FORMAT_VCARD_VIEW_H
#define FORMAT_VCARD_VIEW_H

#include "mailcore/base/buf.h"
#include "mailcore/format/xml_in.h"

enum vcard_version { VCARD_AS_IS, VCARD_3, VCARD_4 };

struct vcard_view {
	enum vcard_version version;
	const struct xml_element *chosen; /* with CARDDAV:prop inside; NULL */
};

/* DENIED: another media type or version (supported-address-data).  Without a
 * version it is 3.0. */
CHECKED result vcard_view_read(
    const struct xml_element *address_data, struct vcard_view *out);

/* MALFORMED: not a vCard. */
CHECKED result vcard_view_write(
    const struct vcard_view *, view text, struct arena *, struct buf *out);

#endif
