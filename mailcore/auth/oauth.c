#include "mailcore/auth/oauth.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"

static const char not_it[]
    = "RFC 7628 3.1: OAUTHBEARER is gs2-header, then pairs, each with ^A";

/* RFC 5801 4: "=2C" and "=3D" alone. */
static bool
read_name(view coded, char to[LIMIT_ADDRESS + 1])
{
	struct buf name = buf_new(LIMIT_ADDRESS);
	bool good = true;

	while (coded.n > 0 && good) {
		view plain = view_cut(&coded, '=');
		bool more = coded.n > 0;

		buf_add(&name, plain);
		good = !more || view_starts(coded, VIEW("2C"))
		    || view_starts(coded, VIEW("3D"));
		if (more && good) {
			buf_add_byte(&name, coded.p[0] == '2' ? ',' : '=');
			coded = view_from(coded, 2);
		}
	}
	good = good && buf_result(&name).is == OK
	    && utf8_is_valid(buf_view(&name))
	    && view_copy(buf_view(&name), to, LIMIT_ADDRESS + 1);
	buf_free(&name);
	return good;
}

/* RFC 5801 4: what binds to no channel, and for whom. */
static result
read_gs2(view *rest, struct oauth_message *out)
{
	view flag = view_cut(rest, ',');
	view name = view_cut(rest, ',');

	if (view_starts(flag, VIEW("p=")))
		return fail(DENIED, "RFC 7628 3.1: there is no binding to a"
				    " channel");
	if (!view_eq(flag, VIEW("n")) && !view_eq(flag, VIEW("y")))
		return fail(MALFORMED, not_it);
	if (name.n == 0)
		return done();
	if (!view_starts(name, VIEW("a="))
	    || !read_name(view_from(name, 2), out->user))
		return fail(MALFORMED, not_it);
	return done();
}

/* RFC 6750 2.1: b64token. */
static bool
is_token(view token)
{
	static const view others = VIEW_INIT("-._~+/=");

	for (size_t i = 0; i < token.n; i++)
		if (!ascii_is_alnum(token.p[i])
		    && view_find_byte(others, token.p[i]) == SIZE_MAX)
			return false;
	return true;
}

static result
read_pair(enum oauth_form form, view pair, struct oauth_message *out)
{
	view value = pair;
	view name = view_cut(&value, '=');

	if (name.n == pair.n)
		return fail(MALFORMED, not_it);
	if (form == OAUTH_X2 && view_eq(name, VIEW("user"))) {
		if (!utf8_is_valid(value)
		    || !view_copy(value, out->user, sizeof out->user))
			return fail(MALFORMED, not_it);
	} else if (view_eq(name, VIEW("auth")) && value.n > 0) {
		if (out->token.n > 0
		    || !view_starts_same(value, VIEW("Bearer ")))
			return fail(MALFORMED, "RFC 7628 3.1: one token, a"
					       " Bearer's");
		out->token = view_trim(view_from(value, 7));
		if (!is_token(out->token))
			return fail(MALFORMED, "RFC 6750 2.1: not a token");
	}
	/* host, port and all others: RFC 7628 3.1 lets them be. */
	return done();
}

result
oauth_read(enum oauth_form form, view message, struct oauth_message *out)
{
	view rest = message;

	*out = (struct oauth_message){ .user = "" };
	if (form == OAUTH_BEARER) {
		TRY(read_gs2(&rest, out));
		if (view_at(rest, 0) != '\1')
			return fail(MALFORMED, not_it);
		rest = view_from(rest, 1);
	}
	if (!view_ends(rest, VIEW("\1")))
		return fail(MALFORMED, not_it);
	rest = view_first(rest, rest.n - 1);
	/* Each pair ends with ^A, and the list with one more. */
	if (rest.n > 0 && !view_ends(rest, VIEW("\1")))
		return fail(MALFORMED, not_it);
	while (rest.n > 0)
		TRY(read_pair(form, view_cut(&rest, '\1'), out));
	return done();
}

void
oauth_refuse(enum oauth_form form, view scope, view issuer, struct buf *out)
{
	buf_print(out, "{\"status\":\"%s\",\"schemes\":\"bearer\"",
	    form == OAUTH_X2 ? "401" : "invalid_token");
	if (scope.n > 0)
		buf_print(out, ",\"scope\":\"%.*s\"", (int)scope.n, scope.p);
	if (form == OAUTH_BEARER && view_starts(issuer, VIEW("https://"))) {
		if (view_ends(issuer, VIEW("/")))
			issuer = view_first(issuer, issuer.n - 1);
		buf_print(out, ",\"openid-configuration\":\"%.*s"
		    "/.well-known/openid-configuration\"",
		    (int)issuer.n, issuer.p);
	}
	buf_add(out, VIEW("}"));
}
