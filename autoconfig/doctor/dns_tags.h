/*
 * dns_tags.h - "v=DMARC1; p=none": lists of tags as DKIM, DMARC, MTA-STS and
 * others write them (RFC 6376 3.2).
 */
#ifndef DOCTOR_DNS_TAGS_H
#define DOCTOR_DNS_TAGS_H

#include "mailcore/base/view.h"

/* false, and "", when there is no such tag. */
bool dns_tags_find(view text, view name, view *value);

/* Every piece is "name=value", and no name comes twice. */
bool dns_tags_are_valid(view text);

#endif
