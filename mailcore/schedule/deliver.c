/* Messages that wait, to those whom they are for. */
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/mime.h"
#include "mailcore/schedule/inside.h"
#include "mailcore/store/queue.h"
#include "mailcore/store/session.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

struct delivering {
	const struct schedule *s;
	int64_t sender;
	unsigned depth;
	struct arena *arena; /* of one message */
	struct schedule_message message;
	view *outside;
	size_t outside_count;
	bool mailed;
};

/* Worth another try, some time later. */
static bool
may_pass(result r)
{
	return r.is == BUSY || r.is == FAILED;
}

static result
deliver_here(struct delivering *d, int64_t to)
{
	struct taking t = { .turn = { .s = d->s, .mark = d->message.id },
		.message = &d->message, .sender = d->sender };
	struct account *account;
	result r;

	TRY(account_open(d->s->store, to, &account));
	r = account_write(account, schedule_take_in, &t, DURABLE_LATER);
	account_close(&account);
	/* Its own answers are part of this: only then is it delivered. */
	if (r.is == OK && (t.turn.queued || t.again)
	    && d->depth < LIMIT_SCHEDULE_DEPTH)
		r = schedule_drain(d->s, to, d->depth + 1);
	schedule_turn_reset(&t.turn);
	return r;
}

/* Here, or later by mail; somebody who is not there gets nothing. */
static result
deliver_one(struct delivering *d, view address)
{
	struct schedule_way way;

	TRY(schedule_reach(d->s->store, d->arena, address, &way));
	if (way.account.id == d->sender)
		return done();
	if (way.reach == SCHEDULE_HERE)
		return deliver_here(d, way.account.id);
	if (way.reach == SCHEDULE_BY_MAIL && !d->message.quiet)
		d->outside[d->outside_count++] = way.mail;
	return done();
}

/* The mail, with its signature in front where there is one. */
static result
write_mail(struct delivering *d, const struct schedule_mail *m,
    struct buf *out)
{
	struct buf plain = buf_new(4 * (size_t)LIMIT_CALENDAR_OBJECT);
	result r = schedule_mail_write(m, d->arena, &plain);
	view text = buf_view(&plain);
	view header = view_first(text, header_length(text));

	if (r.is == OK && d->s->sign != NULL)
		d->s->sign(d->s->signing, d->sender, m->sender, header,
		    view_from(text, header.n), out);
	buf_add(out, text);
	buf_free(&plain);
	return r.is == OK ? buf_result(out) : r;
}

static view
rate_key(struct arena *arena, int64_t account)
{
	return arena_print(
	    arena, "schedule.mail.%lld", (long long)account);
}

result
schedule_mailed(
    struct store *store, struct arena *arena, int64_t account, bool *enough)
{
	struct rate rate = { .key = rate_key(arena, account) };

	TRY(arena_result(arena));
	TRY(rate_read(store, clock_now(), &rate));
	*enough = rate.count >= LIMIT_SCHEDULE_MAILED;
	return done();
}

/* Only counted here: what was promised is sent. */
static result
count_mail(struct delivering *d)
{
	struct rate rate = { .key = rate_key(d->arena, d->sender),
		.by = (int64_t)d->outside_count };

	TRY(arena_result(d->arena));
	return rate_take(
	    d->s->store, clock_now(), LIMIT_SCHEDULE_WINDOW, &rate, 1);
}

static result
deliver_outside(struct delivering *d)
{
	struct buf text = buf_new(4 * (size_t)LIMIT_CALENDAR_OBJECT);
	struct account_info info = { .name = VIEW("") };
	struct schedule_mail m = {
		.method = (enum itip_method)d->message.method,
		.sender = d->message.sender,
		.to = d->outside,
		.count = d->outside_count,
		.text = d->message.text,
		.id = arena_print(d->arena, "%lld.%lld",
		    (long long)d->sender, (long long)d->message.id),
		.now = clock_now(),
	};
	struct queue_new q = {
		.sender = d->message.sender,
		.account = d->sender,
		.recipients = d->outside,
		.count = d->outside_count,
		.once = arena_print(d->arena, "schedule.sent.%lld",
		    (long long)d->sender),
		.number = d->message.id,
	};
	int64_t id;
	result r = count_mail(d);

	TRY(r);
	if (account_get(d->s->store, d->arena, d->sender, &info).is == OK)
		m.name = info.name;
	r = write_mail(d, &m, &text);
	q.data = buf_view(&text);
	q.eightbit = !utf8_is_ascii(q.data);
	q.smtputf8 = !utf8_is_ascii(q.sender);
	for (size_t i = 0; i < q.count; i++)
		q.smtputf8 = q.smtputf8 || !utf8_is_ascii(q.recipients[i]);
	if (r.is == OK)
		r = queue_add(d->s->store, &q, &id);
	d->mailed = d->mailed || r.is == OK;
	buf_free(&text);
	return r;
}

static result
deliver_message(struct delivering *d)
{
	view rest = d->message.recipients, address;
	size_t count = 0;
	result r;

	for (size_t i = 0; i < rest.n; i++)
		count += rest.p[i] == '\n';
	d->outside = arena_array(d->arena, count + 1, sizeof *d->outside);
	d->outside_count = 0;
	TRY(arena_result(d->arena));
	while (view_line(&rest, &address)) {
		r = deliver_one(d, address);
		if (r.is != OK)
			log_line(LOG_WARNING, "schedule.deliver",
			    "account=%lld message=%lld why=\"%s\"",
			    (long long)d->sender, (long long)d->message.id,
			    r.why);
		if (may_pass(r))
			return r;
	}
	return d->outside_count == 0 ? done() : deliver_outside(d);
}

/* The next one behind `after`, and deliver it. */
static result
deliver_next(struct delivering *d, int64_t after)
{
	struct account *account;
	result r;

	TRY(account_open(d->s->store, d->sender, &account));
	r = schedule_outbox_next(account, d->arena, after, &d->message);
	account_close(&account);
	TRY(r);
	return deliver_message(d);
}

static result
remove_rows(struct account *a, void *context)
{
	const int64_t *up_to = context;

	return schedule_outbox_remove(a, *up_to);
}

/* Everything that was delivered is on the disk before it is forgotten. */
static result
forget(struct delivering *d, int64_t up_to)
{
	struct account *account;
	result r;

	TRY(store_sync(d->s->store));
	TRY(account_open(d->s->store, d->sender, &account));
	r = account_write(account, remove_rows, &up_to, DURABLE_LAZY);
	account_close(&account);
	return r;
}

result
schedule_drain(const struct schedule *s, int64_t account, unsigned depth)
{
	struct delivering d = { .s = s, .sender = account, .depth = depth };
	int64_t last = 0;
	result r = done(), ended = done();

	while (r.is == OK) {
		d.arena = arena_new(SCHEDULE_ARENA);
		r = deliver_next(&d, last);
		if (r.is == OK)
			last = d.message.id;
		arena_free(&d.arena);
	}
	if (r.is != NOT_FOUND)
		ended = r;
	if (last > 0) {
		r = forget(&d, last);
		ended = ended.is == OK ? r : ended;
	}
	if (d.mailed && s->post != NULL)
		post_send(s->post, (struct msg){ .kind = MSG_QUEUE });
	return ended;
}

void
schedule_drain_all(const struct schedule *s)
{
	struct arena *arena = arena_new(SCHEDULE_ARENA);
	struct schedule_due *due;
	size_t count;
	result r = schedule_due_list(s->store, arena, &due, &count);

	for (size_t i = 0; r.is == OK && i < count; i++) {
		result drained = schedule_drain(s, due[i].account, 0);

		/* An account that is no more has nothing to say. */
		if (drained.is == OK || drained.is == NOT_FOUND)
			r = schedule_due_remove(
			    s->store, due[i].account, due[i].mark);
		else
			log_line(LOG_WARNING, "schedule.drain",
			    "account=%lld why=\"%s\"",
			    (long long)due[i].account, drained.why);
	}
	if (r.is != OK)
		log_line(LOG_ERROR, "schedule.drain", "why=\"%s\"", r.why);
	arena_free(&arena);
}
