/* One lease: its mail is delivered here or sent away, and it is settled. */
#include "mailcore/smtp/runner_inside.h"

#include "mailcore/format/address.h"
#include "mailcore/smtp/deliver.h"
#include "mailcore/smtp/retry.h"
#include "mailcore/store/domain.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

enum {
	ATTEMPT_SECONDS = 840
};

static bool
is_too_old(const struct attempt *a)
{
	return retry_is_over(a->now, queue_since(&a->lease.message));
}

static void
report_local(struct attempt *a, const struct deliver_outcome *out, result r,
    struct client_report *report)
{
	*report = (struct client_report){
		.outcome = QUEUE_RETRY,
		.status = out->full ? VIEW("4.2.2") : VIEW("4.3.0"),
		.text = out->full ? VIEW("the mailbox is full")
				  : view_of(r.why),
	};
	if (r.is == NOT_FOUND || r.is == STALE || r.is == DENIED) {
		report->outcome = QUEUE_FAILED;
		report->status = VIEW("5.1.1");
	}
	if (r.is == MALFORMED) { /* a loop */
		report->outcome = QUEUE_FAILED;
		report->status = VIEW("5.4.6");
	}
	/* Another attempt would give it twice to those who have it. */
	if (r.is == OK && out->full && out->taken > 0) {
		report->outcome = QUEUE_FAILED;
		report->status = VIEW("5.2.2");
	}
	if (out->refusal.n > 0 && (r.is == OK || r.is == DENIED)) {
		report->outcome = QUEUE_FAILED;
		report->status = VIEW("5.7.1");
		report->text = arena_copy(a->arena, out->refusal);
	} else if (r.is == OK && !out->full) {
		report->outcome = QUEUE_SENT;
		report->status = VIEW("2.0.0");
	}
	if (out->queued)
		runner_tell_work(a->runner);
}

/* What people here send on to others here is queued too, and a domain may
 * have become ours since. */
static bool
deliver_here(struct attempt *a, size_t i)
{
	const struct queue_message *m = &a->lease.message;
	const struct deliver_mail mail = {
		.hostname = a->runner->conf->hostname,
		.id = arena_print(a->arena, "%lld", (long long)m->id),
		.sender = m->sender,
		.message = m->data,
		.signer = a->runner->signer,
	};
	struct deliver_outcome out = { .full = false };
	view address = a->lease.recipients[i].address, domain = address;
	struct arena *arena = arena_new(DELIVER_MEMORY);
	struct domain ours;
	result r;

	(void)view_cut_last(&domain, '@');
	r = domain_canonical(a->runner->store, arena, domain, &ours);
	if (r.is == NOT_FOUND) {
		arena_free(&arena);
		return false;
	}
	if (r.is == OK)
		r = deliver_address(a->runner->store, arena, &mail, address,
		    &out);
	report_local(a, &out, r, &a->reports[i]);
	arena_free(&arena);
	return true;
}

static void
deliver_away(struct attempt *a)
{
	struct runner *r = a->runner;
	const struct queue_message *m = &a->lease.message;
	struct route_options options = {
		.conf = r->conf,
		.secure = &r->secure,
		.saw = r->conf->tls_reports ? seen_add : NULL,
		.context = r,
		.enter = runner_enter,
		.enter_context = a,
		.domain = a->lease.domain,
		.client = {
			.hostname = r->conf->hostname,
			.tls = r->tls,
			.stop = r->stop,
			.kept = a->kept,
			.deadline_ms = clock_steady_ms()
			    + (int64_t)ATTEMPT_SECONDS * 1000,
		},
	};
	struct client_mail mail = {
		.sender = m->sender,
		.count = a->lease.count,
		.data = m->data,
		.smtputf8 = m->smtputf8,
		.eightbit = m->eightbit,
		.requiretls = m->requiretls,
		.ret = m->ret,
		.envelope_id = m->envelope_id,
	};
	struct queue_want *wants = arena_array(a->arena, a->lease.count,
	    sizeof *wants);
	view *to = arena_array(a->arena, a->lease.count, sizeof *to);

	if (to == NULL || wants == NULL)
		return; /* the reports say RETRY */
	for (size_t i = 0; i < a->lease.count; i++) {
		to[i] = a->lease.recipients[i].address;
		wants[i] = a->lease.recipients[i].want;
	}
	mail.recipients = to;
	mail.wants = wants;
	/* A name beyond ASCII is asked for by its A-labels. */
	if (!view_starts(options.domain, VIEW("[")) && domain_normalise(
	        a->lease.domain, a->arena, &options.domain).is != OK)
		options.domain = a->lease.domain;
	route_send(&options, &mail, a->arena, a->reports, &a->host, &a->last);
}

/* Old mail fails for the reason it was held up for so long. */
static void
expire(struct attempt *a)
{
	for (size_t i = 0; i < a->lease.count; i++) {
		struct client_report *report = &a->reports[i];

		if (report->outcome != QUEUE_RETRY || !is_too_old(a))
			continue;
		report->outcome = QUEUE_FAILED;
		report->status = VIEW("4.4.7");
	}
}

static result
settle_one(struct attempt *a, size_t i)
{
	const struct queue_recipient *to = &a->lease.recipients[i];
	const struct client_report *report = &a->reports[i];
	int64_t next = retry_next(a->now, to->attempts);

	/* What we broke off ourselves need not wait. */
	if (atomic_load(&a->runner->stopping))
		next = a->now;
	log_line(report->outcome == QUEUE_SENT ? LOG_INFO : LOG_WARNING,
	    "queue.attempt",
	    "queue=%lld recipient=%lld host=%.*s outcome=%s status=%.*s"
	    " attempts=%d",
	    (long long)a->lease.message.id, (long long)to->id,
	    LOG_VIEW(a->host),
	    report->outcome == QUEUE_SENT       ? "sent"
		: report->outcome == QUEUE_FAILED ? "failed"
						  : "retry",
	    LOG_VIEW(report->status), to->attempts + 1);
	return queue_settle(a->runner->store, a->lease.message.id, to->id,
	    report->outcome, next, report->text);
}

/* The bounce is durable before the recipient is forgotten; a crash between
 * makes two bounces, never none. */
static result
settle(struct attempt *a)
{
	bool queued = false;

	TRY(notice_send(a, &queued));
	TRY(store_sync(a->runner->store));
	for (size_t i = 0; i < a->lease.count; i++)
		TRY(settle_one(a, i));
	TRY(notice_remember(a));
	TRY(store_sync(a->runner->store));
	if (queued)
		runner_tell_work(a->runner);
	return done();
}

void
runner_work_on(struct attempt *a)
{
	size_t here = 0;
	result r;

	a->reports = arena_array(a->arena, a->lease.count, sizeof *a->reports);
	if (a->reports == NULL)
		return; /* the lease falls back */
	a->host = VIEW("");
	for (size_t i = 0; i < a->lease.count; i++) {
		a->reports[i] = (struct client_report){
			.outcome = QUEUE_RETRY, .status = VIEW("4.3.0")
		};
		here += deliver_here(a, i) ? 1 : 0;
	}
	/* A lease is of one domain: all are here, or none is. */
	a->last = here > 0;
	if (here == 0)
		deliver_away(a);
	if (a->crowded)
		return; /* that was no attempt */
	a->now = clock_now();
	expire(a);
	r = settle(a);
	if (r.is != OK)
		log_line(LOG_ERROR, "queue.settle", "queue=%lld why=%s",
		    (long long)a->lease.message.id, r.why);
}
