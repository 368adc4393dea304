/* iTIP that came by mail (RFC 6047). */
#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/itip_apply.h"
#include "mailcore/format/mime.h"
#include "mailcore/schedule/inside.h"
#include "mailcore/sys/log.h"

enum { MAIL_MOST = 8 * LIMIT_ITIP };

static result
take(const struct schedule *s, int64_t account, struct schedule_message *m)
{
	struct taking t = { .turn = { .s = s }, .message = m };
	struct account *a;
	result r;

	TRY(account_open(s->store, account, &a));
	r = schedule_write(&t.turn, a, schedule_take_in, &t);
	account_close(&a);
	return r;
}

/* RFC 6047 3: who says so must be who it says it is. */
static bool
is_believed(struct itip *i, view from, int64_t account)
{
	bool good = i->method != ITIP_NONE && i->method != ITIP_OTHER
	    && itip_speaks_for(i, from);

	if (!good)
		log_line(LOG_INFO, "schedule.mail",
		    "account=%lld method=%s applied=0",
		    (long long)account, itip_method_name(i->method));
	return good;
}

result
schedule_receive(const struct schedule *s, int64_t account,
    view authenticated_from, view text)
{
	struct arena *arena = arena_new(SCHEDULE_ARENA);
	view from = arena_lower(arena, authenticated_from);
	struct schedule_message m = { .text = text };
	struct itip *i = NULL;
	result r = done();

	if (from.n > 0 && text.n <= LIMIT_ITIP
	    && itip_read(text, arena, &i).is == OK
	    && is_believed(i, from, account)) {
		m.method = (int)i->method;
		r = take(s, account, &m);
	}
	arena_free(&arena);
	/* What cannot be applied is still a mail that people can read. */
	return r.is == BUSY || r.is == FAILED ? r : done();
}

static const struct mime_part *
calendar_part(const struct mime_part *p)
{
	for (; p != NULL; p = mime_next(p))
		if (view_eq(p->type, VIEW("text"))
		    && view_eq(p->subtype, VIEW("calendar"))
		    && mime_parameter(p, VIEW("method")).n > 0)
			return p;
	return NULL;
}

result
schedule_receive_mail(const struct schedule *s, int64_t account,
    view authenticated_from, view message)
{
	struct arena *arena;
	struct buf text = buf_new(LIMIT_ITIP);
	const struct mime_part *p = NULL;
	struct mime_part *whole;
	result r = done();

	if (authenticated_from.n == 0 || message.n > MAIL_MOST
	    || view_find_same(message, VIEW("text/calendar")) == SIZE_MAX)
		return done();
	arena = arena_new(LIMIT_MIME_WORK);
	if (mime_parse(message, arena, &whole).is == OK)
		p = calendar_part(whole);
	if (p != NULL)
		mime_decode(p, arena, &text);
	if (p != NULL && buf_result(&text).is == OK)
		r = schedule_receive(
		    s, account, authenticated_from, buf_view(&text));
	buf_free(&text);
	arena_free(&arena);
	return r;
}
