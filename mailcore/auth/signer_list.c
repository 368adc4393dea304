/* Which keys a domain has, by the names of their files. */
#include "mailcore/auth/signer_key.h"
#include "mailcore/auth/signer_wire.h"
#include "mailcore/sys/log.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

/* "<domain>.<selector>.pem": a selector has no dot. */
static bool
split(view file, view *domain, view *selector)
{
	view kind = file;

	*selector = view_cut_last(&kind, '.');
	if (!view_eq(kind, VIEW("pem")))
		return false;
	*domain = view_cut_last(selector, '.');
	return signer_is_name(*domain) && signer_is_selector(*selector);
}

/* Into its place among those before it; past `room` the last falls out. */
static void
insert(view *selectors, size_t room, size_t *count, view selector)
{
	size_t at = *count;

	if (*count < room)
		(*count)++;
	else if (room == 0
	    || view_order(selectors[--at], selector) <= 0)
		return;
	while (at > 0 && view_order(selectors[at - 1], selector) > 0) {
		selectors[at] = selectors[at - 1];
		at--;
	}
	selectors[at] = selector;
}

result
signer_key_list(const char *folder, view domain, struct arena *arena,
    view *selectors, size_t room, size_t *count, size_t *files)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;

	*count = *files = 0;
	if (dir == NULL && errno == ENOENT)
		return done();
	if (dir == NULL) {
		log_line(LOG_ERROR, "dkim.folder", "folder=%s error=\"%s\"",
		    folder, strerror(errno));
		return fail(FAILED, "the keys cannot be listed");
	}
	while ((e = readdir(dir)) != NULL) {
		view of, selector;

		if (!split(view_of(e->d_name), &of, &selector))
			continue;
		(*files)++;
		if (view_eq(of, domain))
			insert(selectors, room, count,
			    arena_copy(arena, selector));
	}
	(void)closedir(dir);
	return arena_result(arena);
}
