/*
 * form.h - what browsers send for a form.
 */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "davd/http/http.h"

enum { FORM_FIELDS = 32 };

/* The fields of an application/x-www-form-urlencoded body or query, decoded:
 * UTF-8 without control bytes other than line ends. */
struct form {
	struct {
		view name;
		view value;
	} fields[FORM_FIELDS];
	size_t count;
};

/* Views live in `arena`.  MALFORMED: bad escapes or bytes.
 * OVER_LIMIT: more than LIMIT_FORM bytes or FORM_FIELDS fields. */
CHECKED result form_read(view text, struct arena *, struct form *out);

/* Are these bytes such as a field may have?  MALFORMED. */
CHECKED result form_check(view);

/* The first of that name; "" without one. */
view form_value(const struct form *, view name);
bool form_has(const struct form *, view name, view value);

#endif
