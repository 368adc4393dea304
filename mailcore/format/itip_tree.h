/*
 * itip_tree.h - a calendar object as components and their lines, to be
 * changed and written again.  Lines that nobody touches keep their bytes
 * (folded anew).  Everything lives in the arena that it was read into.
 */
#ifndef FORMAT_ITIP_TREE_H
#define FORMAT_ITIP_TREE_H

#include "mailcore/format/content_line.h"

struct itip_line {
	struct itip_line *next;
	struct content_line text;
};

struct itip_part {
	struct itip_part *next;
	view name; /* "VEVENT" */
	struct itip_line *first, *last;
	struct itip_part *child, *last_child;
};

/* One VCALENDAR.  MALFORMED, OVER_LIMIT (LIMIT_ICAL_PIECES lines). */
CHECKED result itip_tree_read(
    view text, struct arena *, struct itip_part **out);
void itip_tree_write(const struct itip_part *, struct buf *);

/* Components without their lines: NULL only when the arena is full. */
struct itip_part *itip_part_new(struct arena *, view name);
struct itip_part *itip_part_copy(const struct itip_part *, struct arena *);
void itip_part_add(struct itip_part *to, struct itip_part *child);
void itip_part_remove(struct itip_part *from, struct itip_part *child);
bool itip_part_is(const struct itip_part *, view name);

/* The first line of that name; NULL. */
struct itip_line *itip_line_find(const struct itip_part *, view name);

/* The next one of the same name behind it; NULL. */
struct itip_line *itip_line_again(const struct itip_line *);
bool itip_line_is(const struct itip_line *, view name);

/* The trimmed value of the first line of that name; empty. */
view itip_value(const struct itip_part *, view name);

void itip_line_add(struct itip_part *, struct arena *, view name,
    view parameters, view value);
void itip_line_copy(struct itip_part *, struct arena *,
    const struct itip_line *);
void itip_line_drop(struct itip_part *, view name);
void itip_line_drop_all(struct itip_part *, bool (*is)(view name));
void itip_line_remove(struct itip_part *, const struct itip_line *);

/* In place of all lines of that name. */
void itip_line_set(struct itip_part *, struct arena *, view name, view value);

/* The first value of a parameter, without quotes; empty. */
view itip_parameter(const struct itip_line *, view name);

/* An empty value takes it away. */
void itip_parameter_set(struct itip_line *, struct arena *, view name,
    view value);

#endif
