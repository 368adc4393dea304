/*
 * ical_attach.h - managed attachments (RFC 8607) in the text of a calendar
 * object: ATTACH lines with a MANAGED-ID.  Pure functions from one text to
 * another; all texts live in the arena.
 */
#ifndef FORMAT_ICAL_ATTACH_H
#define FORMAT_ICAL_ATTACH_H

#include "mailcore/base/arena.h"

struct ical_attachment {
	view id;
	view url;
	view type; /* "text/plain" */
	view name; /* of the file, in UTF-8; may be empty */
	uint64_t size;
};

/* Could ical_attach_list find any?  Looks across folds, parses nothing. */
bool ical_attach_any(view text);

/* The ids in an object, each once.  OVER_LIMIT: more than
 * LIMIT_ATTACHMENTS. */
CHECKED result ical_attach_list(
    view text, struct arena *, view **ids, size_t *count);
bool ical_attach_has(const view *ids, size_t count, view id);

/* A part of the object with this id, in a component that has an ATTENDEE (or
 * ORGANIZER) among `people`: addresses in lower case. */
bool ical_attach_concerns(view text, view id, const view *people,
    size_t count, struct arena *);

/* `rid`: which instances, as in a request (RFC 8607 3.3.2): "M" and moments
 * as RECURRENCE-ID has them, with commas between; empty: all.
 * STALE: valid-rid-parameter.  OVER_LIMIT: max-attachments-per-resource. */
CHECKED result ical_attach_add(view text, view rid,
    const struct ical_attachment *, struct arena *, view *out);

/* In place of `id` wherever it is.  NOT_FOUND: valid-managed-id-parameter. */
CHECKED result ical_attach_replace(view text, view id,
    const struct ical_attachment *, struct arena *, view *out);

/* The same but for what the file is called: the url is a folder that its name
 * stands in.  NOT_FOUND. */
CHECKED result ical_attach_rename(view text, view id,
    const struct ical_attachment *, struct arena *, view *out);

/* NOT_FOUND and STALE as above. */
CHECKED result ical_attach_remove(
    view text, view id, view rid, struct arena *, view *out);

#endif
