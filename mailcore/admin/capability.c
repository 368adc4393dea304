#include "mailcore/admin/capability.h"

#include "mailcore/store/annotation.h"
#include "mailcore/store/domain.h"
#include "mailcore/sys/capability.h"

enum { MEMORY = 1048576, LONGEST = 1000 };

static result
set(struct account *a, void *context)
{
	const struct annotation *n = context;

	return n->value.n == 0
	    ? annotation_remove(a, 0, ANNOTATION_OF_HOUSE, n->name)
	    : annotation_set(a, 0, ANNOTATION_OF_HOUSE, n);
}

static result
open_account(struct store *s, struct arena *arena, view address,
    struct account **out)
{
	struct account_info info;

	TRY(account_find(s, arena, address, &info));
	return account_open(s, info.id, out);
}

result
admin_imap_without(struct store *s, view address, view capabilities)
{
	struct annotation n = { .name = VIEW(ANNOTATION_IMAP_WITHOUT),
		.value = view_trim(capabilities) };
	struct arena *arena;
	struct account *a;
	result r;

	if (n.value.n > LONGEST)
		return fail(MALFORMED, "that are no capabilities");
	TRY(capability_check(n.value, NULL));
	arena = arena_new(MEMORY);
	r = open_account(s, arena, address, &a);
	if (r.is == OK) {
		r = account_write(a, set, &n, DURABLE);
		account_close(&a);
	}
	arena_free(&arena);
	return r;
}

result
admin_imap_without_get(
    struct store *s, struct arena *arena, view address, view *out)
{
	struct account *a;
	result r;

	*out = VIEW("");
	TRY(open_account(s, arena, address, &a));
	r = annotation_get(a, arena, 0, ANNOTATION_OF_HOUSE,
	    VIEW(ANNOTATION_IMAP_WITHOUT), out);
	account_close(&a);
	return r.is == NOT_FOUND ? done() : r;
}
