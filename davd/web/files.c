#include "davd/web/files.h"

const struct web_file *
web_file_find(view name)
{
	for (size_t i = 0; i < web_file_count; i++)
		if (view_eq(name, view_of(web_files[i].name)))
			return &web_files[i];
	return NULL;
}

/* "style" of "style.css". */
static view
stem_of(const struct web_file *file)
{
	view stem = view_of(file->name);

	return view_cut(&stem, '.');
}

const struct web_file *
web_file_at(view path, bool *lasting)
{
	view name = view_from(path, 1);

	*lasting = false;
	for (size_t i = 0; i < web_file_count; i++) {
		const struct web_file *file = &web_files[i];
		view stem = stem_of(file), sum = view_of(file->sum);
		view ending = view_from(view_of(file->name), stem.n);

		if (file->type == NULL)
			continue;
		if (view_eq(name, view_of(file->name)))
			return file;
		if (name.n == stem.n + 1 + sum.n + ending.n
		    && view_starts(name, stem) && view_ends(name, ending)
		    && view_starts(view_from(name, stem.n + 1), sum)) {
			*lasting = view_at(name, stem.n) == '.';
			return *lasting ? file : NULL;
		}
	}
	return NULL;
}
