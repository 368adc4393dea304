/*
 * upload.h - what browsers send for a form that has a file in it
 * (multipart/form-data, RFC 7578).
 */
#ifndef WEB_UPLOAD_H
#define WEB_UPLOAD_H

#include "davd/web/form.h"

/* Does the request say that it is one? */
bool upload_is(const struct request *);

/* Its fields as form_read gives them, and the bytes of the file, a view of the
 * body; "": none was chosen.  MALFORMED.  OVER_LIMIT: fields of more than
 * LIMIT_FORM bytes, more than FORM_FIELDS of them, or two files. */
CHECKED result upload_read(const struct request *, struct form *out,
    view *file);

#endif
