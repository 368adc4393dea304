/*
 * queue_row.h - what queue.c and queue_care.c share.
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

/* The message and its file, inside a write transaction of the house. */
CHECKED result queue_remove_message(struct account *house, int64_t id);

#endif
