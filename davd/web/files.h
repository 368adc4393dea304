/*
 * files.h - the files of www/, embedded at build time (www/embed.awk).
 */
#ifndef WEB_FILES_H
#define WEB_FILES_H

#include "mailcore/base/view.h"

struct web_file {
	const char *name; /* "style.css" */
	const char *type; /* NULL: a template, not to be given out as it is */
	const char *sum;  /* of its bytes, in hexadecimal */
	const char *bytes;
	size_t size;
};
extern const struct web_file web_files[];
extern const size_t web_file_count;

/* NULL: there is none. */
const struct web_file *web_file_find(view name);

/* By the address that a page names it with, "/style.SUM.css", which changes
 * with its bytes (*lasting is set), or plainly, "/style.css". */
const struct web_file *web_file_at(view path, bool *lasting);

#endif
