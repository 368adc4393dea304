/* What sets up a device of a person, for any address that may be one, and
 * names and a password of any bytes, a line each: the profile is well-formed,
 * Thunderbird's import text is JSON in one line, DAVx5's link has nothing in
 * it that a link may not have. */
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/address.h"
#include "mailcore/format/xml_in.h"
#include "profiles/apple.h"
#include "profiles/link.h"
#include "tests/json_check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Our own parser takes no DOCTYPE. */
static void
check_profile(const struct profile_order *order, struct arena *arena)
{
	struct buf out = buf_new(LIMIT_PROFILE);
	struct xml_element *root;
	view rest;

	if (profile_apple(order, &out).is == OK) {
		rest = view_from(buf_view(&out), view_find(buf_view(&out),
		    VIEW("<!DOCTYPE")));
		(void)view_cut(&rest, '>');
		if (xml_parse(rest, arena, &root).is != OK)
			abort();
	}
	buf_free(&out);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Thunderbird's import text: arrays of arrays, numbers and strings. */
static void
check_array(struct scan *s, int depth)
{
	scan_byte(s, '[', "an array");
	do {
		if (scan_peek(s) == '[' && depth < JSON_CHECK_DEPTH)
			check_array(s, depth + 1);
		else if (scan_peek(s) == '"')
			json_check_text(s);
		else if (scan_while(s, is_digit).n == 0)
			scan_fail(s, MALFORMED, "no value");
	} while (scan_ok(s) && scan_try_byte(s, ','));
	scan_byte(s, ']', "an array ends with ]");
}

static bool
is_array(view text)
{
	struct scan s = scan_over(text);

	check_array(&s, 0);
	scan_end(&s, "one value");
	return scan_result(&s).is == OK && utf8_is_valid(text);
}

static void
check_codes(const struct profile_order *order)
{
	struct buf out = buf_new(8 * LIMIT_QR_TEXT);

	if (link_thunderbird(order->services, order->address, order->name,
	        order->password, &out).is == OK
	    && (!is_array(buf_view(&out)) || out.n > LIMIT_QR_TEXT))
		abort();
	buf_reset(&out);
	if (link_davx5(order->services, order->address, order->password,
	        &out).is == OK)
		for (size_t i = 0; i < out.n; i++)
			if ((unsigned char)out.p[i] <= ' ' || out.p[i] == '"'
			    || out.p[i] == '<' || out.p[i] == '\\'
			    || (unsigned char)out.p[i] >= 0x7f)
				abort();
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char house[PROFILE_HOUSE] = { 1 };
	view rest = { (const char *)data, size };
	view language = view_cut(&rest, '\n');
	view typed = view_cut(&rest, '\n');
	view domain_name = view_cut(&rest, '\n');
	view password = view_cut(&rest, '\n');
	struct arena *arena = arena_new(4 << 20);
	struct service_set set;
	struct address address;
	struct profile_order order = { .services = &set, .house = house,
		.name = rest, .password = password,
		.language = profile_language_of(language) };
	struct conf conf;

	conf_defaults(&conf, 0);
	conf.hostname = "mail.example.org";
	if (utf8_is_valid(rest) && utf8_is_valid(password)
	    && address_parse(typed, arena, &address).is == OK
	    && service_set_make(&conf, address.domain, domain_name, arena,
	        &set).is == OK) {
		order.address = address_text(&address, arena);
		for (int kind = PROFILE_MAIL; kind <= PROFILE_FULL; kind++) {
			order.kind = (enum profile_kind)kind;
			check_profile(&order, arena);
		}
		check_codes(&order);
	}
	arena_free(&arena);
	return 0;
}
