/*
 * plist.h - Apple's property lists in their XML form, written in order.
 * Failures stick in the buf; keys are literals.
 */
#ifndef PROFILES_PLIST_H
#define PROFILES_PLIST_H

#include "mailcore/format/xml_out.h"

struct plist {
	struct xml_out xml;
};

/* The root is a dict, open until plist_end. */
struct plist plist_to(struct buf *);
void plist_end(struct plist *);

/* `key` NULL: an element of an array. */
void plist_dict(struct plist *, const char *key);
void plist_dict_end(struct plist *);
void plist_array(struct plist *, const char *key);
void plist_array_end(struct plist *);

void plist_string(struct plist *, const char *key, view);
void plist_integer(struct plist *, const char *key, uint64_t);
void plist_bool(struct plist *, const char *key, bool);

#endif
