#include "autoconfig/doctor/dns_tags.h"

#include "mailcore/base/ascii.h"

/* The next piece; false at the end.  `ok` ends false after one without a
 * name. */
static bool
next(view *rest, view *name, view *value, bool *ok)
{
	while (rest->n > 0) {
		view piece = view_trim(view_cut(rest, ';'));
		size_t equals = view_find_byte(piece, '=');

		if (piece.n == 0)
			continue;
		*name = view_trim(view_first(piece, equals));
		*value = view_trim(view_from(piece, equals + 1));
		*ok = equals != SIZE_MAX && name->n > 0;
		for (size_t i = 0; i < name->n; i++)
			*ok = *ok && (ascii_is_alnum(name->p[i])
			    || name->p[i] == '_' || name->p[i] == '-');
		return true;
	}
	return false;
}

bool
dns_tags_find(view text, view name, view *value)
{
	view rest = text, found, at;
	bool ok;

	while (next(&rest, &found, &at, &ok))
		if (ok && view_same(found, name)) {
			*value = at;
			return true;
		}
	*value = VIEW("");
	return false;
}

bool
dns_tags_are_valid(view text)
{
	view rest = text, name, value, later, other, at;
	bool ok;

	while (next(&rest, &name, &value, &ok)) {
		if (!ok)
			return false;
		later = rest;
		while (next(&later, &other, &at, &ok))
			if (view_same(name, other))
				return false;
	}
	return true;
}
