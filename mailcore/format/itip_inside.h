/*
 * itip_inside.h - what itip_organize.c, itip_attend.c and itip_apply.c share.
 */
#ifndef FORMAT_ITIP_INSIDE_H
#define FORMAT_ITIP_INSIDE_H

#include "mailcore/format/itip_diff.h"

/* A calendar around components to come, with the zones of `like`. */
struct itip_part *itip_shell(const struct itip_part *like, struct arena *);

/* Zones that only `from` has. */
void itip_add_zones(struct itip_part *to, const struct itip_part *from,
    struct arena *);

/* A component as it is sent: without alarms and what is the sender's own;
 * made at `now`. */
struct itip_part *itip_sent(const struct itip_part *, int64_t now,
    struct arena *);

view itip_moment(int64_t now, struct arena *);
void itip_set_number(struct itip_part *, struct arena *, view name, int64_t);

/* Append one, unless it is to nobody. */
void itip_add_message(struct itip_outcome *, struct arena *,
    const struct itip_message *);

/* What may be of one's own in the copy of somebody else's event. */
bool itip_is_personal(view name);
bool itip_is_alarm(const struct itip_part *);

#endif
