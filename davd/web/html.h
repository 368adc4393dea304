/*
 * html.h - pages out of templates: the one place where text becomes HTML.
 *
 * A template (www/NAME.html) is HTML with blanks.  Every value that fills one
 * is escaped, wherever it stands; there is no way to add a value that is not.
 * Blanks stand in the content of elements and inside double quotes only,
 * never in a tag or in a script (tests/lint/pages holds the templates to it).
 *
 *	{{name}}                the value of that name
 *	{{#name}}...{{/name}}   once for each row of that name, or once when it
 *	                        is a flag that is set
 *	{{^name}}...{{/name}}   when there is no such row, flag or text
 *	{{=key}}                a sentence of the page's language (text.h);
 *	                        {name} in it is a value, *word* is bold
 *	{{@file}}               the address of a file of www/
 *	{{>name}}               another template
 *
 * Values are looked for in the row, then in what is around it.  A blank that
 * nothing fills is a fault of ours: the page fails (FAILED) and is not sent.
 */
#ifndef WEB_HTML_H
#define WEB_HTML_H

#include "davd/web/text.h"
#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

/* What fills a page's blanks, or those of one row of it. */
struct html;

/* Lives in `arena`, as do copies of all texts that it is given. */
struct html *html_new(struct arena *);

/* `name` must be a literal.  The last of a name wins. */
void html_text(struct html *, const char *name, view);
void html_number(struct html *, const char *name, uint64_t);
void html_flag(struct html *, const char *name, bool);

/* One row more of that name, to be filled. */
struct html *html_row(struct html *, const char *name);

/* The page of the template `name`. */
CHECKED result html_render(const struct html *, const char *name,
    enum text_language, struct buf *out);

/* The same of a template that is given, for tests. */
CHECKED result html_fill(const struct html *, view template,
    enum text_language, struct buf *out);

#endif
