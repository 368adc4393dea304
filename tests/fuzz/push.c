/* What push services and their clients say, and lists of SOGo's. */
#include "mailcore/base/limits.h"
#include "mailcore/format/vcard_list.h"
#include "mailcore/push/encrypt.h"
#include "mailcore/push/reply.h"
#include "mailcore/push/url.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
read_reply(view rest)
{
	struct push_reply reply = { .status = 0 };
	view line;

	while (!reply.whole && view_line(&rest, &line)
	    && push_reply_take(&reply, line, 1).is == OK)
		;
	if (push_reply_wait(&reply, 1) <= 0
	    || push_reply_wait(&reply, 1) > LIMIT_PUSH_WAIT)
		abort();
}

/* What is taken can stand in a request line. */
static void
read_url(view text)
{
	struct url u;

	if (push_url_parse(text, &u).is != OK)
		return;
	(void)push_url_is_inner(&u);
	if (u.host.n == 0 || u.port == 0
	    || view_find_byte(text, '\n') != SIZE_MAX
	    || view_find_byte(text, ' ') != SIZE_MAX)
		abort();
}

static void
read_list(view text)
{
	struct arena *arena = arena_new(1 << 20);
	struct buf out = buf_new(1 << 20);

	if (vcard_list_convert(text, arena, NULL, NULL, &out).is == OK
	    && !view_ends(buf_view(&out), VIEW("END:VCARD\r\n")))
		abort();
	(void)vcard_list_is(text);
	buf_free(&out);
	arena_free(&arena);
}

/* A client's point and its secret, and what it is sent: with the same key and
 * salt the same comes out, in one record that is no larger than it says. */
static void
encrypt(view text)
{
	view point = view_first(text, PUSH_POINT);
	view secret = view_first(view_from(text, PUSH_POINT), 16);
	view plain = view_from(text, PUSH_POINT + 16);
	struct buf one = buf_new(1 << 16), two = buf_new(1 << 16);
	struct push_fresh fresh;
	result r;

	if (push_check_point(point).is != OK
	    || push_fresh_make(&fresh).is != OK)
		return;
	r = push_encrypt(&fresh, point, secret, plain, &one);
	if (r.is != push_encrypt(&fresh, point, secret, plain, &two).is
	    || !view_eq(buf_view(&one), buf_view(&two))
	    || (r.is == OK) != (plain.n <= PUSH_PLAIN) || one.n > PUSH_BODY)
		abort();
	push_fresh_end(&fresh);
	buf_free(&one);
	buf_free(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	view text = { (const char *)data, n };

	read_reply(text);
	read_url(text);
	read_list(text);
	encrypt(text);
	return 0;
}
