/*
 * message.h - messages and calendar objects to send: plausible in their
 * headers, of a wanted size, the same in every run.
 */
#ifndef LOAD_MESSAGE_H
#define LOAD_MESSAGE_H

#include "mailcore/base/buf.h"

/* Adds a message of about `size` bytes (at least its header) with CRLF line
 * ends; no line begins with a dot.  `number` makes it one of its kind; its
 * subject ends in "topic<number>". */
void message_add(struct buf *, unsigned number, unsigned size);

/* Adds an iCalendar object with one event; `recur` of ten recur. */
void event_add(struct buf *, unsigned number, unsigned recur);

/* Adds a vCard 3.0; the name of one in a hundred has "Rarename" in it. */
void card_add(struct buf *, unsigned number);

#endif
