#include "mailcore/dns/context.h"

#include "mailcore/sys/log.h"

#include <stddef.h>
#include <unbound.h>

static const struct {
	const char *name, *value;
} options[] = {
	/* The server in resolv.conf may be on this machine. */
	{ "do-not-query-localhost:", "no" },
	/* A silent server costs seconds, not minutes. */
	{ "outbound-msg-retry:", "2" },
};

result
dns_context_set_up(struct ub_ctx *ctx, const char *server)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (ub_ctx_set_option(ctx, options[i].name, options[i].value)
		    != 0)
			log_line(LOG_WARNING, "dns.option", "name=%s",
			    options[i].name);
	if (server != NULL && ub_ctx_set_fwd(ctx, server) != 0) {
		log_line(LOG_ERROR, "dns.server", "bad=%s", server);
		return fail(FAILED, "the resolver's address is not usable");
	}
	/* libunbound answers for .test itself (RFC 6761 6.2); who names a
	 * server means that server. */
	if (server != NULL && ub_ctx_zone_remove(ctx, "test.") != 0)
		log_line(LOG_WARNING, "dns.zone", "name=test");
	if (server == NULL && ub_ctx_resolvconf(ctx, NULL) != 0)
		log_line(LOG_WARNING, "dns.resolvconf", "missing=1");
	return done();
}
