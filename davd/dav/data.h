/*
 * data.h - the bytes of an object in the form that a calendar-data or
 * address-data element asks for.
 */
#ifndef DAV_DATA_H
#define DAV_DATA_H

#include "davd/dav/prop.h"
#include "mailcore/format/ical_view.h"
#include "mailcore/format/vcard_view.h"

enum { DATA_MOST = 67108864 };

struct data_view {
	bool whole; /* as it is stored */
	bool with_zones, without_zones; /* CalDAV-Timezones (RFC 7809 7.1) */
	struct ical_view calendar;
	struct vcard_view card;
};

/* `asked` may be NULL.  false: refused. */
bool data_read(
    struct dav *, const struct xml_element *asked, struct data_view *out);

/* What the request says of time zones. */
void data_zones(const struct dav *, struct data_view *out);

/* A vCard in the version that an Accept field asks for, if it does. */
void data_accept(const struct dav *, struct data_view *out);

/* `bytes` themselves, or what is made of them in `made`; what cannot be made
 * is given as it is. */
view data_given(const struct data_view *, enum dav_what, view bytes,
    struct buf *made);

#endif
