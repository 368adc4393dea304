#include "autoconfig/doctor/way.h"

#include "mailcore/base/host.h"
#include "mailcore/sys/inner.h"

enum { PRIVILEGED_PORTS = 1024 };

result
way_find(const struct way *r, struct arena *arena, view host,
    unsigned port, struct way_end *out)
{
	view *found = NULL;
	size_t n = 0;

	*out = (struct way_end){ .port = port };
	if (port < PRIVILEGED_PORTS)
		out->port = port + r->base_port;
	if (r->at.n > 0 && host_is_under(host, r->domain)) {
		out->addresses[out->count++] = r->at;
		return done();
	}
	if (r->resolver == NULL
	    || resolve_host(r->resolver, arena, host, &found, &n).is != OK)
		return fail(NOT_FOUND, "the name has no address");
	for (size_t i = 0; i < n && out->count < WAY_ADDRESSES; i++)
		if (r->inside || !inner_address(found[i]))
			out->addresses[out->count++] = found[i];
	return out->count > 0 ? done() : fail(DENIED, "the name leads to an"
	    " address of a private network, which nobody outside reaches");
}
