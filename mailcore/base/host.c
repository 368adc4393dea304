#include "mailcore/base/host.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"

enum { LABEL_MOST = 63 };

bool
host_is_label(view v)
{
	if (v.n == 0 || v.n > LABEL_MOST || view_at(v, 0) == '-'
	    || view_at(v, v.n - 1) == '-')
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '-')
			return false;
	return true;
}

size_t
host_labels(view name)
{
	size_t labels = 0;

	if (name.n > LIMIT_DOMAIN || view_ends(name, VIEW(".")))
		return 0;
	while (name.n > 0) {
		if (!host_is_label(view_cut(&name, '.')))
			return 0;
		labels++;
	}
	return labels;
}

bool
host_is_under(view name, view domain)
{
	if (view_same(name, domain))
		return true;
	return name.n > domain.n && view_ends_same(name, domain)
	    && view_at(name, name.n - domain.n - 1) == '.';
}
