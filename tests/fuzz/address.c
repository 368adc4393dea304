/* One address, a list of them, a host name. */
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/address.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool holds)
{
	if (!holds)
		abort();
}

/* What was read reads the same when it is written. */
static void
again(const struct address *first, struct arena *arena)
{
	struct address second;

	check(address_parse(address_text(first, arena), arena, &second).is
	    == OK);
	check(view_eq(first->local, second.local)
	    && view_eq(first->domain, second.domain));
	check(first->local.n <= LIMIT_LOCAL_PART);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	view text = { (const char *)bytes, size };
	struct arena *arena = arena_new(LIMIT_MIME_WORK);
	struct mailbox_address *list;
	struct address address;
	size_t count;
	view host;

	if (address_parse(text, arena, &address).is == OK)
		again(&address, arena);
	if (domain_normalise(text, arena, &host).is == OK)
		check(utf8_is_ascii(host) && host.n <= LIMIT_DOMAIN);
	check(address_list_parse(text, arena, &list, &count).is == OK);
	for (size_t i = 0; i < count; i++)
		check(utf8_is_valid(list[i].name));
	arena_free(&arena);
	return 0;
}
