/* What senders are told of their mail (RFC 3461). */
#include "mailcore/smtp/runner_inside.h"

#include "mailcore/smtp/bounce.h"
#include "mailcore/smtp/retry.h"
#include "mailcore/sys/random.h"

/* RFC 3461 4.1: what was not said is failures, and delays as it is usual. */
static bool
wants(const struct queue_recipient *to, unsigned what)
{
	unsigned said = to->want.notify;

	return said == 0 ? what != QUEUE_NOTIFY_SUCCESS : (said & what) != 0;
}

/* What stops meanwhile must not change it. */
static bool
find_late(const struct attempt *a, size_t i)
{
	return a->reports[i].outcome == QUEUE_RETRY
	    && a->lease.recipients[i].warned == 0
	    && !atomic_load(&a->runner->stopping)
	    && retry_is_late(a->now, queue_since(&a->lease.message))
	    && wants(&a->lease.recipients[i], QUEUE_NOTIFY_DELAY);
}

/* Does a notice of this kind speak of recipient `i`? */
static bool
is_of(const struct attempt *a, enum bounce_kind kind, size_t i)
{
	const struct client_report *report = &a->reports[i];
	const struct queue_recipient *to = &a->lease.recipients[i];

	switch (kind) {
	case BOUNCE_FAILED:
		return report->outcome == QUEUE_FAILED
		    && wants(to, QUEUE_NOTIFY_FAILURE);
	case BOUNCE_DELAYED:
		return a->late[i];
	case BOUNCE_SUCCESS:
		/* A server that knows DSN says it itself. */
		return report->outcome == QUEUE_SENT
		    && (a->last || !report->dsn)
		    && wants(to, QUEUE_NOTIFY_SUCCESS);
	}
	return false;
}

static result
send_one(struct attempt *a, enum bounce_kind kind, bool *queued)
{
	const struct queue_message *m = &a->lease.message;
	struct bounce_recipient *list
	    = arena_array(a->arena, a->lease.count, sizeof *list);
	struct bounce b = {
		.kind = kind,
		.hostname = a->runner->conf->hostname,
		.id = arena_print(a->arena, "%lld.%016llx", (long long)m->id,
		    (unsigned long long)random_number(UINT64_MAX)),
		.sender = m->sender,
		.message = m->data,
		.arrived = m->created,
		.now = a->now,
		.until = retry_end(queue_since(m)),
		.envelope_id = m->envelope_id,
		.full = m->ret == QUEUE_RET_FULL,
		.requiretls = m->requiretls,
		.recipients = list,
		.signer = a->runner->signer,
	};
	bool more = false;
	result r;

	TRY(arena_result(a->arena));
	for (size_t i = 0; i < a->lease.count; i++) {
		const struct client_report *report = &a->reports[i];

		if (is_of(a, kind, i))
			list[b.count++] = (struct bounce_recipient){
				.address = a->lease.recipients[i].address,
				.status = report->status,
				.diagnostic = report->text,
				.remote = report->remote ? a->host : VIEW(""),
				.original
				    = a->lease.recipients[i].want.original,
				.relayed = kind == BOUNCE_SUCCESS && !a->last,
			};
	}
	r = bounce_send(a->runner->store, &b, &more);
	*queued = *queued || more;
	return r;
}

result
notice_send(struct attempt *a, bool *queued)
{
	*queued = false;
	a->late = arena_array(a->arena, a->lease.count, sizeof *a->late);
	TRY(arena_result(a->arena));
	for (size_t i = 0; i < a->lease.count; i++)
		a->late[i] = find_late(a, i);
	TRY(send_one(a, BOUNCE_FAILED, queued));
	TRY(send_one(a, BOUNCE_DELAYED, queued));
	return send_one(a, BOUNCE_SUCCESS, queued);
}

result
notice_remember(struct attempt *a)
{
	for (size_t i = 0; i < a->lease.count; i++)
		if (a->late[i])
			TRY(queue_warned(a->runner->store,
			    a->lease.message.id, a->lease.recipients[i].id,
			    a->now));
	return done();
}
