/* SASL answers, one a line; the first byte chooses the mechanism.  SCRAM is
 * heard without base64 and asked whether anybody's keys fit. */
#include "mailcore/auth/sasl.h"
#include "mailcore/auth/scram.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct tls_binding channel = { .exporter = "channel",
	.exporter_n = 7, .end_point = "end", .end_point_n = 3 };

static void
feed_plain(view name, view rest)
{
	struct buf challenge = buf_new(4096);
	struct sasl *s = NULL;
	bool complete = false;
	view line;

	if (sasl_start(&s, name).is != OK)
		abort();
	while (!complete && view_line(&rest, &line))
		if (sasl_turn(s, line, &challenge, &complete).is != OK)
			break;
	if (complete && (sasl_user(s).n == 0 || sasl_password(s).n == 0))
		abort();
	sasl_free(&s);
	buf_free(&challenge);
}

/* Whoever does not know the keys never fits them. */
static void
feed_scram(bool plus, view rest)
{
	static const struct scram_keys keys = { .stored = "a key" };
	struct scram *s = scram_new(SCRAM_SHA256, plus,
	    plus ? &channel : NULL);
	struct buf said = buf_new(8192);
	view first = view_cut(&rest, '\n'), user;

	if (scram_first(s, first, &user).is == OK) {
		if (user.n == 0 || user.n > LIMIT_ADDRESS)
			abort();
		if (scram_challenge(s, VIEW("sixteen octets ."), 4096,
		        VIEW("ours"), &said).is == OK
		    && scram_final(s, rest).is == OK && scram_fits(s, &keys))
			abort();
	}
	scram_free(&s);
	buf_free(&said);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view rest = view_from((view){ (const char *)data, size }, 1);

	switch (size > 0 ? data[0] : 0) {
	case 'L':
		feed_plain(VIEW("LOGIN"), rest);
		break;
	case 'S':
		feed_scram(false, rest);
		break;
	case 'B':
		feed_scram(true, rest);
		break;
	default:
		feed_plain(VIEW("PLAIN"), rest);
		break;
	}
	return 0;
}
