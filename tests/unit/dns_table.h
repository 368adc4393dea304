/*
 * dns_table.h - a small DNS for tests, as rows of a table.
 */
#ifndef TESTS_DNS_TABLE_H
#define TESTS_DNS_TABLE_H

#include "mailcore/dns/lookup.h"

#include <arpa/inet.h>

struct table_row {
	const char *name;
	int type; /* enum lookup_type; 0: any, with a NULL value */
	const char *value; /* NULL: no answer comes; "" and no type: nothing */
	size_t n; /* of a value that holds NUL, else 0 */
};

struct table {
	const struct table_row *rows;
	size_t count;
	unsigned asked;
};

static inline view
table_value(const struct table_row *r, struct arena *arena)
{
	char bytes[16];

	if (r->type == LOOKUP_A && inet_pton(AF_INET, r->value, bytes) == 1)
		return arena_copy(arena, (view){ bytes, 4 });
	if (r->type == LOOKUP_AAAA
	    && inet_pton(AF_INET6, r->value, bytes) == 1)
		return arena_copy(arena, (view){ bytes, 16 });
	if (r->n > 0)
		return (view){ r->value, r->n };
	return view_of(r->value);
}

static inline void
table_ask(void *context, struct arena *arena, view name,
    enum lookup_type type, struct lookup_answer *out)
{
	struct table *t = context;

	t->asked++;
	out->kind = LOOKUP_MISSING;
	out->values = arena_array(arena, t->count + 1, sizeof *out->values);
	if (out->values == NULL) {
		out->kind = LOOKUP_FAILED;
		return;
	}
	for (size_t i = 0; i < t->count; i++) {
		const struct table_row *r = &t->rows[i];

		if (!view_same(view_of(r->name), name))
			continue;
		if (r->value == NULL && (r->type == 0
		        || r->type == (int)type)) {
			*out = (struct lookup_answer){ .kind = LOOKUP_FAILED };
			return;
		}
		if (out->kind == LOOKUP_MISSING)
			out->kind = LOOKUP_EMPTY;
		if (r->type != (int)type || r->value == NULL)
			continue;
		out->kind = LOOKUP_DATA;
		out->values[out->count++] = table_value(r, arena);
	}
}

static inline struct lookup
table_lookup(struct table *t)
{
	return (struct lookup){ table_ask, t };
}

#endif
