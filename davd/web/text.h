/*
 * text.h - what the pages say, in each language: the files of www/text,
 * embedded at build time.  Every language has every key, or the build fails.
 */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

#include "mailcore/base/buf.h"

enum text_language { TEXT_EN, TEXT_FR, TEXT_NL, TEXT_DE, TEXT_LANGUAGES };

/* "en", and the language's own name. */
struct text_name {
	const char *tag;
	const char *name;
};
extern const struct text_name text_names[TEXT_LANGUAGES];

/* The best of an Accept-Language field (RFC 9110 12.5.4); English when there
 * is none of ours in it. */
enum text_language text_accepted(view accept_language);

/* A tag, also with a region ("de-AT"); false: none of ours. */
bool text_language_of(view tag, enum text_language *out);

/* NULL: there is no such key. */
const char *text_find(enum text_language, view key);

/* "22 November 2026, 12:04 UTC", in that language's order and words. */
void text_moment(enum text_language, int64_t seconds, struct buf *out);

/* "1.5 GiB", in that language's letters; below 0 is 0. */
void text_size(enum text_language, int64_t bytes, struct buf *out);

/* Made by www/embed.awk: sorted by key, a sentence for each language. */
struct text_row {
	const char *key;
	const char *sentence[TEXT_LANGUAGES];
};
extern const struct text_row text_rows[];
extern const size_t text_row_count;

#endif
