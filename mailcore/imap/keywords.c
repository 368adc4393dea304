#include "mailcore/imap/keywords.h"

#include "mailcore/base/ascii.h"

#include <stdlib.h>
#include <string.h>

static int
by_name(const void *a, const void *b)
{
	const view *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;

	for (size_t i = 0; i < n; i++) {
		char c = ascii_lower(x->p[i]), d = ascii_lower(y->p[i]);

		if (c != d)
			return c < d ? -1 : 1;
	}
	return x->n < y->n ? -1 : x->n > y->n;
}

size_t
keywords_count(view set)
{
	size_t n = 0;

	while (set.n > 0)
		n += view_cut(&set, ' ').n > 0;
	return n;
}

view
keywords_make(view words, struct arena *arena)
{
	size_t count = keywords_count(words), n = 0, used = 0;
	view *list = arena_array(arena, count + 1, sizeof *list);
	char *to = arena_array(arena, words.n + 1, 1);

	if (list == NULL || to == NULL)
		return VIEW("");
	while (words.n > 0) {
		view word = view_cut(&words, ' ');

		if (word.n > 0)
			list[n++] = word;
	}
	if (n > 1)
		qsort(list, n, sizeof *list, by_name);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && view_same(list[i], list[i - 1]))
			continue;
		if (used > 0)
			to[used++] = ' ';
		memcpy(to + used, list[i].p, list[i].n);
		used += list[i].n;
	}
	return (view){ to, used };
}

bool
keywords_has(view set, view word)
{
	while (set.n > 0)
		if (view_same(view_cut(&set, ' '), word))
			return true;
	return false;
}

view
keywords_join(view a, view b, struct arena *arena)
{
	if (b.n == 0)
		return a;
	return keywords_make(arena_print(arena, "%.*s %.*s", (int)a.n, a.p,
				 (int)b.n, b.p),
	    arena);
}

view
keywords_without(view a, view b, struct arena *arena)
{
	char *to = arena_array(arena, a.n + 1, 1);
	size_t used = 0;

	if (to == NULL || b.n == 0)
		return a;
	while (a.n > 0) {
		view word = view_cut(&a, ' ');

		if (keywords_has(b, word))
			continue;
		if (used > 0)
			to[used++] = ' ';
		memcpy(to + used, word.p, word.n);
		used += word.n;
	}
	return (view){ to, used };
}
