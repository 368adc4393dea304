#include "mailcore/dns/rdata.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/buf.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"

#include <arpa/inet.h>

enum { LABEL_MOST = 63 };

/* RFC 5321 2.3.5 with the underscore that real zones have; anything else
 * would only confuse logs and peers. */
static bool
is_host_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

static size_t
take_octet(struct scan *s)
{
	view octet = scan_bytes(s, 1, "RFC 1035 3.3: cut off");

	return octet.n == 0 ? 0 : (unsigned char)octet.p[0];
}

/* A label and the length of the next one, into `name`. */
static void
take_label(struct scan *s, size_t n, struct buf *name)
{
	view label = scan_bytes(s, n, "RFC 1035 3.1: name cut off");

	if (n > LABEL_MOST)
		scan_fail(s, MALFORMED, "RFC 1035 3.1: label too long");
	if (name->n > 0)
		buf_add_byte(name, '.');
	for (size_t i = 0; i < label.n; i++) {
		if (!is_host_byte(label.p[i]))
			scan_fail(s, MALFORMED,
			    "RFC 5321 2.3.5: not a host name");
		buf_add_byte(name, ascii_lower(label.p[i]));
	}
}

result
rdata_mx(view rdata, struct arena *arena, struct mx *out)
{
	struct scan s = scan_over(rdata);
	struct buf name = buf_new(LIMIT_DOMAIN);
	size_t n;

	out->preference = (unsigned)take_octet(&s) << 8;
	out->preference |= (unsigned)take_octet(&s);
	while ((n = take_octet(&s)) > 0 && scan_ok(&s))
		take_label(&s, n, &name);
	scan_end(&s, "RFC 1035 3.3.9: junk behind the name");
	if (buf_result(&name).is != OK)
		scan_fail(&s, MALFORMED, "RFC 1035 3.1: name too long");
	out->host = arena_copy(arena, buf_view(&name));
	buf_free(&name);
	TRY(scan_result(&s));
	return arena_result(arena);
}

result
rdata_address(view rdata, struct arena *arena, view *out)
{
	char text[INET6_ADDRSTRLEN];
	int family = rdata.n == 4 ? AF_INET : AF_INET6;

	if (rdata.n != 4 && rdata.n != 16)
		return fail(MALFORMED, "RFC 1035 3.4.1: not an address");
	if (inet_ntop(family, rdata.p, text, sizeof text) == NULL)
		return fail(MALFORMED, "RFC 1035 3.4.1: not an address");
	*out = arena_copy(arena, view_of(text));
	return arena_result(arena);
}
