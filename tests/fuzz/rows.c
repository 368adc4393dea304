/* A table: read row by row, as tabs and as commas. */
#include "mailcore/admin/rows.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	view text = { (const char *)data, size };
	struct arena *arena = arena_new(1 << 20);
	view values[ROWS_COLUMNS];
	struct rows rows;
	size_t before = 0, bytes = 0;
	result r = rows_begin(&rows, text, names, 4, arena);

	while (r.is == OK) {
		result next = rows_next(&rows, values);

		if (next.is == NOT_FOUND)
			break;
		if (rows.line <= before)
			abort();
		before = rows.line;
		for (size_t i = 0; next.is == OK && i < ROWS_COLUMNS; i++)
			bytes += values[i].n;
	}
	if (bytes > size)
		abort();
	arena_free(&arena);
	return 0;
}
