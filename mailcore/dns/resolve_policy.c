/* What a domain says in the DNS of how its mail servers are reached safely. */
#include "mailcore/dns/resolve_inside.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/dns/record.h"

#include <unbound.h>

enum { TXT_MOST = 64 };

static view
data_at(const struct ub_result *u, size_t i)
{
	return (view){ u->data[i], (size_t)u->len[i] };
}

static bool
read_tlsa(view rdata, struct arena *arena, struct tls_tlsa *out)
{
	/* RFC 6698 2.1 */
	if (rdata.n < 4 || rdata.n > LIMIT_TLSA)
		return false;
	*out = (struct tls_tlsa){
		.usage = (unsigned)view_at(rdata, 0),
		.selector = (unsigned)view_at(rdata, 1),
		.matching = (unsigned)view_at(rdata, 2),
		.data = arena_copy(arena, view_from(rdata, 3)),
	};
	return true;
}

result
resolve_tlsa(struct resolver *r, struct arena *arena, view host,
    unsigned port, struct tls_tlsa **out, size_t *count, bool *secure)
{
	view name = arena_print(arena, "_%u._tcp.%.*s", port, (int)host.n,
	    host.p);
	struct ub_result *u;

	*count = 0;
	*secure = false;
	*out = arena_array(arena, LIMIT_TLSA_RECORDS, sizeof **out);
	TRY(arena_result(arena));
	TRY(resolve_ask(r, name, RECORD_TLSA, &u));
	*secure = u->secure;
	for (size_t i = 0; u->havedata && u->data[i] != NULL
	     && *count < LIMIT_TLSA_RECORDS; i++)
		if (read_tlsa(data_at(u, i), arena, &(*out)[*count]))
			++*count;
	ub_resolve_free(u);
	TRY(arena_result(arena));
	return *count > 0 ? done() : fail(NOT_FOUND, "no TLSA record");
}

result
resolve_txt(struct resolver *r, struct arena *arena, view name, view **out,
    size_t *count)
{
	struct ub_result *u;
	struct record one;

	*count = 0;
	*out = arena_array(arena, TXT_MOST, sizeof **out);
	TRY(arena_result(arena));
	TRY(resolve_ask(r, name, RECORD_TXT, &u));
	for (size_t i = 0; u->havedata && u->data[i] != NULL
	     && *count < TXT_MOST; i++)
		if (record_read(RECORD_TXT, data_at(u, i), arena, &one).is
		    == OK)
			(*out)[(*count)++] = one.value;
	ub_resolve_free(u);
	TRY(arena_result(arena));
	return *count > 0 ? done() : fail(NOT_FOUND, "no TXT record");
}
