/* What was seen of TLS with others' servers (RFC 8460). */
#include "mailcore/smtp/runner_inside.h"

#include "mailcore/smtp/tls_report.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <stdlib.h>
#include <string.h>

enum { DAY = 24 * 3600 };

static bool
same_kind(const struct tls_session *a, const struct tls_session *b)
{
	return a->day == b->day && view_eq(a->domain, b->domain)
	    && view_eq(a->policy, b->policy)
	    && view_eq(a->outcome, b->outcome) && view_eq(a->host, b->host)
	    && view_eq(a->address, b->address);
}

/* false: it is too long. */
static bool
keep(struct seen *s, const struct tls_session *from)
{
	view *const views[] = { &s->session.domain, &s->session.policy,
		&s->session.outcome, &s->session.host, &s->session.address };
	size_t at = 0;

	s->session = *from;
	for (size_t i = 0; i < COUNT(views); i++) {
		if (views[i]->n > sizeof s->text - at)
			return false;
		if (views[i]->n > 0)
			memcpy(s->text + at, views[i]->p, views[i]->n);
		views[i]->p = s->text + at;
		at += views[i]->n;
	}
	return true;
}

void
seen_add(void *context, const struct tls_session *session)
{
	struct runner *r = context;
	struct tls_session one = *session;
	size_t i = 0;

	one.day = clock_now() / DAY;
	one.count = 1;
	(void)pthread_mutex_lock(&r->seen_lock);
	if (r->seen == NULL)
		r->seen = calloc(SEEN_MOST, sizeof *r->seen);
	if (r->seen == NULL)
		abort();
	while (i < r->seen_count && !same_kind(&r->seen[i].session, &one))
		i++;
	if (i < r->seen_count)
		r->seen[i].session.count++;
	else if (i < SEEN_MOST && keep(&r->seen[i], &one))
		r->seen_count++;
	(void)pthread_mutex_unlock(&r->seen_lock);
}

static void
write_seen(struct runner *r)
{
	struct tls_session *list;
	result done_so_far;

	(void)pthread_mutex_lock(&r->seen_lock);
	list = calloc(r->seen_count + 1, sizeof *list);
	if (list == NULL)
		abort();
	for (size_t i = 0; i < r->seen_count; i++)
		list[i] = r->seen[i].session;
	done_so_far = tls_session_add(r->store, list, r->seen_count);
	if (done_so_far.is != OK)
		log_line(LOG_WARNING, "tls.seen", "why=\"%s\"",
		    done_so_far.why);
	else
		r->seen_count = 0;
	(void)pthread_mutex_unlock(&r->seen_lock);
	free(list);
}

void
seen_flush(struct runner *r)
{
	bool any;

	(void)pthread_mutex_lock(&r->seen_lock);
	any = r->seen_count > 0;
	(void)pthread_mutex_unlock(&r->seen_lock);
	if (any)
		write_seen(r);
}

void
seen_tell(struct runner *r)
{
	const struct tls_report_services services = {
		.store = r->store,
		.secure = &r->secure,
		.hostname = r->conf->hostname,
		.signer = r->signer,
	};
	/* RFC 8460 4.1: not all at midnight. */
	int64_t today = (clock_now() - r->delay) / DAY;

	while (r->told != today && !atomic_load(&r->stopping)) {
		bool queued = false;

		if (tls_report_send(&services, today, &queued))
			r->told = today;
		if (queued)
			runner_tell_work(r);
	}
}
