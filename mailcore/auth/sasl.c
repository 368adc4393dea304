#include "mailcore/auth/sasl.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/secret.h"
#include "mailcore/base/utf8.h"

#include <stdlib.h>

enum {
	/* PLAIN: two addresses, a password and two NULs. */
	SASL_MESSAGE = 2 * LIMIT_ADDRESS + LIMIT_PASSWORD + 2
};

struct sasl {
	const struct mechanism *mechanism;
	unsigned turn;
	struct buf kept; /* what user and password point into */
	view user;
	view password;
};

static const char not_plain[] =
    "RFC 4616 2: PLAIN is [authzid] NUL authcid NUL passwd";

static result
turn_plain(struct sasl *s, view message, struct buf *challenge, bool *complete)
{
	view rest = message;
	view acting = view_cut(&rest, '\0');
	view user = view_cut(&rest, '\0');

	(void)challenge;
	if (acting.n + user.n + rest.n + 2 != message.n || user.n == 0
	    || rest.n == 0 || view_find_byte(rest, '\0') != SIZE_MAX
	    || !utf8_is_valid(acting) || !utf8_is_valid(user))
		return fail(MALFORMED, not_plain);
	if (acting.n > 0 && !view_same(acting, user))
		return fail(DENIED,
		    "RFC 4616 2: nobody acts for somebody else here");
	s->user = user;
	s->password = rest;
	*complete = true;
	return done();
}

static const char not_login[] =
    "draft-murchison-sasl-login: a user name, then a password, are due";

static result
turn_login(struct sasl *s, view message, struct buf *challenge, bool *complete)
{
	if (message.n == 0 || view_find_byte(message, '\0') != SIZE_MAX)
		return fail(MALFORMED, not_login);
	if (s->turn == 0) {
		if (!utf8_is_valid(message))
			return fail(MALFORMED, not_login);
		s->user = message;
		encode_base64(challenge, VIEW("Password:"));
		return buf_result(challenge);
	}
	s->password = message;
	*complete = true;
	return done();
}

static const struct mechanism {
	const char *name;
	const char *first; /* challenge when the client did not begin */
	size_t turns;
	result (*turn)(struct sasl *, view message, struct buf *challenge,
	    bool *complete);
} mechanisms[] = {
	{ "PLAIN", "", 1, turn_plain },
	{ "LOGIN", "Username:", 2, turn_login },
};

result
sasl_start(struct sasl **out, view name)
{
	struct sasl *s;

	for (size_t i = 0; i < COUNT(mechanisms); i++) {
		if (!view_same(name, view_of(mechanisms[i].name)))
			continue;
		s = calloc(1, sizeof *s);
		if (s == NULL)
			abort();
		s->mechanism = &mechanisms[i];
		s->kept = buf_new(SASL_MESSAGE);
		/* All room at once: bytes that never move are wiped once. */
		(void)buf_reserve(&s->kept, SASL_MESSAGE);
		*out = s;
		return done();
	}
	return fail(NOT_FOUND, "RFC 4422 3.1: PLAIN and LOGIN are known here");
}

void
sasl_free(struct sasl **sasl)
{
	struct sasl *s = *sasl;

	*sasl = NULL;
	if (s == NULL)
		return;
	secret_wipe(s->kept.p, s->kept.room);
	buf_free(&s->kept);
	free(s);
}

void
sasl_first_challenge(struct sasl *s, struct buf *challenge)
{
	encode_base64(challenge, view_of(s->mechanism->first));
}

/* The views of earlier turns stay right: `kept` has all its room. */
static result
decode(struct sasl *s, view answer, view *message)
{
	size_t before = s->kept.n;

	*message = VIEW("");
	if (answer.n == 0 || view_eq(answer, VIEW("=")))
		return done();
	if (answer.n > SASL_MESSAGE / 3 * 4 + 4)
		return fail(OVER_LIMIT,
		    "RFC 4422 3.4: the answer is too long");
	if (decode_base64_strict(&s->kept, answer).is != OK)
		return fail(MALFORMED, "RFC 4648 4: the answer is not base64");
	*message = view_from(buf_view(&s->kept), before);
	return done();
}

result
sasl_turn(struct sasl *s, view answer, struct buf *challenge, bool *complete)
{
	view message;
	result r;

	*complete = false;
	if (s->turn >= s->mechanism->turns)
		return fail(MALFORMED, "RFC 4422 3.4: the exchange is over");
	if (view_eq(answer, VIEW("*")))
		r = fail(DENIED, "RFC 4422 3.5: the client gave up");
	else
		r = decode(s, answer, &message);
	if (r.is == OK)
		r = s->mechanism->turn(s, message, challenge, complete);
	if (r.is == OK)
		s->turn++;
	else
		s->turn = (unsigned)s->mechanism->turns;
	return r;
}

view
sasl_user(const struct sasl *s)
{
	return s->user;
}

view
sasl_password(const struct sasl *s)
{
	return s->password;
}
