/*
 * queue_row.h - what queue.c, queue_care.c and queue_turn.c share.
 */
#ifndef STORE_QUEUE_ROW_H
#define STORE_QUEUE_ROW_H

#include "mailcore/store/inside.h"
#include "mailcore/store/queue.h"

#define MESSAGE_COLUMNS                                                   \
	"m.id, m.sender, m.account_id, m.created, m.size, m.smtputf8,"    \
	" m.eightbit, m.envelope_id, m.ret, m.requiretls, m.released"
#define RECIPIENT_COLUMNS                                               \
	"r.id, r.address, r.attempts, r.next, r.error, r.notify,"       \
	" r.original, r.warned"

enum { MESSAGE_COLUMN_COUNT = 11 };

/* Views live as long as the row. */
void queue_message_of_row(struct db_query *, struct queue_message *out);
void queue_recipient_of_row(struct db_query *, int first,
    struct queue_recipient *out);

/* The views of a recipient's row, copied. */
void queue_recipient_keep(struct queue_recipient *, struct arena *);

/* The file of a large message; false: the path would be too long. */
bool queue_file_path(const struct store *, view file, char to[STORE_PATH]);

/* What is due and its turn; `*message` is 0 when nothing is. */
CHECKED result queue_find_turn(struct account *house, struct arena *,
    const struct queue_turn *, int64_t now, int64_t *message, view *domain);

/* When something becomes due after `now`; INT64_MAX: never. */
CHECKED result queue_later(struct account *house, int64_t now,
    int64_t *wake);

/* The message and its file, inside a write transaction of the house. */
CHECKED result queue_remove_message(struct account *house, int64_t id);

#endif
