#include "mailcore/smtp/parse_ask.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"

enum {
	ENVID_MOST = 100, /* RFC 3461 4.4 */
	ORCPT_MOST = 500, /* RFC 3461 4.2 */
	HOLD_MOST = 999999999 /* RFC 4865 4 */
};

static bool
is_upper_hex(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

bool
ask_is_xtext(view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_graph(v.p[i]) || v.p[i] == ' '
		    || v.p[i] == '=')
			return false;
		if (v.p[i] != '+')
			continue;
		if (!is_upper_hex(view_at(v, i + 1))
		    || !is_upper_hex(view_at(v, i + 2)))
			return false;
		i += 2;
	}
	return v.n > 0;
}

static int
take_digits(struct scan *s, size_t n)
{
	view digits = scan_bytes(s, n, "RFC 3339 5.6: a date and a time");
	uint64_t value = 0;

	for (size_t i = 0; i < digits.n; i++)
		if (!ascii_is_digit(digits.p[i]))
			scan_fail(s, MALFORMED,
			    "RFC 3339 5.6: a date and a time");
	(void)view_number(digits, 9999, &value);
	return (int)value;
}

/* Seconds east of UTC. */
static int64_t
take_offset(struct scan *s)
{
	bool west = scan_peek(s) == '-';
	int hours, minutes;

	if (scan_try(s, VIEW("Z")))
		return 0;
	if (!west && scan_peek(s) != '+')
		scan_fail(s, MALFORMED, "RFC 3339 5.6: Z or an offset");
	(void)scan_bytes(s, 1, "RFC 3339 5.6: Z or an offset");
	hours = take_digits(s, 2);
	scan_byte(s, ':', "RFC 3339 5.6: Z or an offset");
	minutes = take_digits(s, 2);
	if (hours > 23 || minutes > 59)
		scan_fail(s, MALFORMED, "RFC 3339 5.6: Z or an offset");
	return (west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

static bool
is_digit(char c)
{
	return ascii_is_digit(c);
}

result
ask_moment(view text, int64_t *seconds)
{
	static const char why[] = "RFC 3339 5.6: a date and a time";
	struct scan s = scan_over(text);
	struct date d = { .year = take_digits(&s, 4) };
	int64_t east;

	scan_byte(&s, '-', why);
	d.month = take_digits(&s, 2);
	scan_byte(&s, '-', why);
	d.day = take_digits(&s, 2);
	scan_word(&s, VIEW("T"), why);
	d.hour = take_digits(&s, 2);
	scan_byte(&s, ':', why);
	d.minute = take_digits(&s, 2);
	scan_byte(&s, ':', why);
	d.second = take_digits(&s, 2);
	if (scan_try_byte(&s, '.'))
		(void)scan_run(&s, is_digit, 9, why);
	east = take_offset(&s);
	scan_end(&s, why);
	TRY(scan_result(&s));
	if (!date_is_valid(&d))
		return fail(MALFORMED, why);
	*seconds = date_seconds(&d) - east;
	return done();
}

static result
take_ret(struct smtp_ask *a, struct arena *arena, view value)
{
	(void)arena;
	if (a->ret != QUEUE_RET_ANY)
		return fail(MALFORMED, "RFC 3461 4.3: RET twice");
	if (view_same(value, VIEW("FULL")))
		a->ret = QUEUE_RET_FULL;
	else if (view_same(value, VIEW("HDRS")))
		a->ret = QUEUE_RET_HEADERS;
	else
		return fail(MALFORMED, "RFC 3461 4.3: RET=FULL or RET=HDRS");
	return done();
}

static result
take_envid(struct smtp_ask *a, struct arena *arena, view value)
{
	if (a->envelope_id.n > 0)
		return fail(MALFORMED, "RFC 3461 4.4: ENVID twice");
	if (value.n > ENVID_MOST || !ask_is_xtext(value))
		return fail(MALFORMED,
		    "RFC 3461 4.4: ENVID is xtext of at most 100 octets");
	a->envelope_id = arena_copy(arena, value);
	return arena_result(arena);
}

static result
take_requiretls(struct smtp_ask *a, struct arena *arena, view value)
{
	(void)arena;
	if (value.n > 0)
		return fail(MALFORMED, "RFC 8689 2: REQUIRETLS has no value");
	a->requiretls = true;
	return done();
}

static result
take_for(struct smtp_ask *a, struct arena *arena, view value)
{
	uint64_t seconds = 0;

	(void)arena;
	if (a->holds)
		return fail(MALFORMED, "RFC 4865 4: one of HOLDFOR and"
		    " HOLDUNTIL, once");
	if (value.n == 0 || !view_number(value, HOLD_MOST, &seconds))
		return fail(MALFORMED, "RFC 4865 4: HOLDFOR in seconds");
	a->holds = true;
	a->hold_for = (int64_t)seconds;
	return done();
}

static result
take_until(struct smtp_ask *a, struct arena *arena, view value)
{
	(void)arena;
	if (a->holds)
		return fail(MALFORMED, "RFC 4865 4: one of HOLDFOR and"
		    " HOLDUNTIL, once");
	a->holds = true;
	return ask_moment(value, &a->hold_until);
}

static const struct {
	view name;
	result (*take)(struct smtp_ask *, struct arena *, view);
} mail_asks[] = {
	{ VIEW_INIT("RET"), take_ret },
	{ VIEW_INIT("ENVID"), take_envid },
	{ VIEW_INIT("REQUIRETLS"), take_requiretls },
	{ VIEW_INIT("HOLDFOR"), take_for },
	{ VIEW_INIT("HOLDUNTIL"), take_until },
};

result
ask_mail(struct smtp_ask *a, struct arena *arena, view name, view value)
{
	for (size_t i = 0; i < COUNT(mail_asks); i++)
		if (view_same(name, mail_asks[i].name)) {
			a->any = true;
			return mail_asks[i].take(a, arena, value);
		}
	return fail(NOT_FOUND, "RFC 5321 4.1.1.11: unknown parameter");
}

static result
take_notify(struct queue_want *w, struct arena *arena, view value)
{
	static const struct {
		view word;
		unsigned bit;
	} words[] = {
		{ VIEW_INIT("NEVER"), QUEUE_NOTIFY_NEVER },
		{ VIEW_INIT("SUCCESS"), QUEUE_NOTIFY_SUCCESS },
		{ VIEW_INIT("FAILURE"), QUEUE_NOTIFY_FAILURE },
		{ VIEW_INIT("DELAY"), QUEUE_NOTIFY_DELAY },
	};
	static const char why[] = "RFC 3461 4.1: NOTIFY=NEVER, or of SUCCESS,"
				  " FAILURE and DELAY";

	(void)arena;
	if (w->notify != 0)
		return fail(MALFORMED, "RFC 3461 4.1: NOTIFY twice");
	do {
		view word = view_cut(&value, ',');
		size_t i = 0;

		while (i < COUNT(words) && !view_same(word, words[i].word))
			i++;
		if (i == COUNT(words) || (w->notify & words[i].bit) != 0)
			return fail(MALFORMED, why);
		w->notify |= words[i].bit;
	} while (value.n > 0);
	if ((w->notify & QUEUE_NOTIFY_NEVER) != 0
	    && w->notify != QUEUE_NOTIFY_NEVER)
		return fail(MALFORMED, why);
	return done();
}

static result
take_original(struct queue_want *w, struct arena *arena, view value)
{
	view address = value;
	view type = view_cut(&address, ';');

	if (w->original.n > 0)
		return fail(MALFORMED, "RFC 3461 4.2: ORCPT twice");
	if (value.n > ORCPT_MOST || !ask_is_xtext(type)
	    || !ask_is_xtext(address))
		return fail(MALFORMED, "RFC 3461 4.2: ORCPT is a type, a"
		    " semicolon and xtext, of at most 500 octets");
	w->original = arena_copy(arena, value);
	return arena_result(arena);
}

result
ask_rcpt(struct queue_want *w, struct arena *arena, view name, view value)
{
	if (view_same(name, VIEW("NOTIFY")))
		return take_notify(w, arena, value);
	if (view_same(name, VIEW("ORCPT")))
		return take_original(w, arena, value);
	return fail(NOT_FOUND, "RFC 5321 4.1.1.11: unknown parameter");
}

result
ask_release(const struct smtp_ask *a, int64_t now, int64_t *release)
{
	*release = a->hold_for > 0 ? now + a->hold_for : a->hold_until;
	if (*release > now + LIMIT_FUTURE_RELEASE)
		return fail(OVER_LIMIT,
		    "RFC 4865 4: that is longer than EHLO's maximum");
	/* What was to be by now is sent now. */
	if (*release <= now)
		*release = 0;
	return done();
}
