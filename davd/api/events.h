/*
 * events.h - live events for browsers (server-sent events, HTML 9.2).
 *
 * A stream waits without a thread.  Whoever hears that something changed for
 * an account calls events_wake; each stream of it then looks into the store,
 * which is the truth, and tells what is new.  A comment goes out every
 * EVENTS_BEAT_SECONDS, and the store is looked at then too.
 *
 *	event: login          data: {"app_password":7,"protocol":"imap",
 *	id: 123                      "used":1795340000,"peer":"192.0.2.7"}
 *	event: session-ended  data: {}           the last one
 *
 * `id` is a login_row's number.  A stream begins behind the number it is
 * given (Last-Event-ID, ?after=), else with what comes from now on.
 */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include "davd/http/http.h"
#include "mailcore/store/store.h"

enum { EVENTS_BEAT_SECONDS = 20 };

struct events;

/* Sessions end when unused for `idle` seconds, and an open stream is no use. */
struct events *events_new(struct store *, int64_t idle);

/* From now on it is that.  Any thread. */
void events_idle(struct events *, int64_t idle);

/* Something changed for that account (a login, a session).  Any thread. */
void events_wake(struct events *, int64_t account);

/* Ends all streams, also those to come; before the fronts stop. */
void events_stop(struct events *);
void events_free(struct events **);

/* Make the answer a stream.  `session`: it ends with that one; 0: with what
 * logins of the account rest on.  `after`: a number, or "".  Of more than
 * LIMIT_STREAMS_PER_ACCOUNT the oldest ends.  BUSY: LIMIT_STREAMS in all. */
CHECKED result events_answer(struct events *, int64_t account,
    int64_t session, view after, struct answer *);

#endif
