#include "mailcore/auth/token.h"

#include "mailcore/base/encode.h"

#include <jansson.h>
#include <string.h>

enum {
	SIGNATURE_MOST = 1024, /* RSA of 8192 bits */
	CLOCKS_APART = 30      /* seconds; RFC 7519 4.1.5 */
};

static const char not_good[] = "RFC 6750 3.1: the token is not good";

struct jws {
	view signed_text, header, claims, signature;
};

static bool
cut(view token, struct jws *out)
{
	view rest = token;

	out->header = view_cut(&rest, '.');
	out->claims = view_cut(&rest, '.');
	out->signature = rest;
	out->signed_text
	    = view_first(token, out->header.n + 1 + out->claims.n);
	return out->header.n > 0 && out->claims.n > 0 && rest.n > 0
	    && view_find_byte(rest, '.') == SIZE_MAX;
}

bool
token_is_signed(view token)
{
	struct jws parts;

	return cut(token, &parts);
}

static view
text_of(json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	return (view){ json_string_value(value), json_string_length(value) };
}

/* A claim of one text or several (RFC 7519 4.1.3). */
static bool
has_text(json_t *object, const char *name, view wanted)
{
	json_t *value = json_object_get(object, name), *one;
	size_t i;

	json_array_foreach(value, i, one)
		if (view_eq((view){ json_string_value(one),
		                json_string_length(one) }, wanted))
			return true;
	return json_is_string(value)
	    && view_eq(text_of(object, name), wanted);
}

/* RFC 6749 3.3: words with spaces between; some give an array. */
static bool
has_scope(json_t *claims, view wanted)
{
	view rest = text_of(claims, "scope");

	while (rest.n > 0)
		if (view_eq(view_cut(&rest, ' '), wanted))
			return true;
	return json_is_array(json_object_get(claims, "scope"))
	    && has_text(claims, "scope", wanted);
}

/* RFC 7519 2: a NumericDate may have a fraction.  false: no such claim, or no
 * date. */
static bool
date_of(json_t *claims, const char *name, int64_t *out)
{
	json_t *value = json_object_get(claims, name);
	double seconds = json_number_value(value);

	if (!json_is_number(value) || !(seconds >= 0 && seconds < 1e15))
		return false;
	*out = (int64_t)seconds;
	return true;
}

static bool
is_now(json_t *claims, bool demand, int64_t now, int64_t *expires)
{
	int64_t from;

	*expires = 0;
	if (json_object_get(claims, "exp") == NULL) {
		if (demand)
			return false;
	} else if (!date_of(claims, "exp", expires) || *expires <= now) {
		return false;
	}
	if (json_object_get(claims, "nbf") == NULL)
		return true;
	return date_of(claims, "nbf", &from) && from <= now + CLOCKS_APART;
}

/* Who must not be taken at his word by us: an address that the server has not
 * seen proven (OpenID Connect Core 5.1). */
static bool
is_unproven(json_t *claims, view claim)
{
	json_t *proven = json_object_get(claims, "email_verified");

	return view_eq(claim, VIEW("email")) && proven != NULL
	    && !json_is_true(proven);
}

/* `all`: issuer, audience and end must stand there (RFC 9068 4), else only
 * fit where they do; an audience that is asked for always must. */
static result
judge(json_t *claims, const struct token_rules *rules, bool all, int64_t now,
    struct token_owner *out)
{
	bool has_issuer = json_object_get(claims, "iss") != NULL;
	char claim[LIMIT_TOKEN_WORD + 1];

	if (all || (rules->issuer.n > 0 && has_issuer))
		if (rules->issuer.n == 0
		    || !view_eq(text_of(claims, "iss"), rules->issuer))
			return fail(DENIED, "RFC 9068 4: another's token");
	if (all || rules->audience.n > 0)
		if (rules->audience.n == 0
		    || !has_text(claims, "aud", rules->audience))
			return fail(DENIED, "RFC 9068 4: a token for others");
	if (!is_now(claims, all, now, &out->expires))
		return fail(DENIED, "RFC 9068 4: the token has expired");
	if (rules->scope.n > 0 && !has_scope(claims, rules->scope))
		return fail(DENIED, "RFC 6750 3.1: the token's scope is too"
				    " small");
	if (!view_copy(rules->claim, claim, sizeof claim)
	    || !view_copy(text_of(claims, claim), out->address,
	        sizeof out->address)
	    || out->address[0] == '\0' || is_unproven(claims, rules->claim))
		return fail(DENIED, "the token names no address");
	return done();
}

static json_t *
load_part(view part)
{
	struct buf json = buf_new(LIMIT_TOKEN);
	json_t *out = NULL;

	if (decode_base64url(&json, part).is == OK)
		out = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	buf_free(&json);
	if (json_is_object(out))
		return out;
	json_decref(out);
	return NULL;
}

/* RFC 9068 4: a token for logins, no other kind of JWT; RFC 7515 4.1.11: no
 * header that must be understood and is not. */
static bool
is_access_token(json_t *header)
{
	view type = text_of(header, "typ");

	return (view_same(type, VIEW("at+jwt"))
	        || view_same(type, VIEW("application/at+jwt")))
	    && json_object_get(header, "crit") == NULL;
}

static result
check_signature(const struct jws *parts, json_t *header,
    const struct jwk_set *keys)
{
	struct buf signature = buf_new(SIGNATURE_MOST);
	result r = decode_base64url(&signature, parts->signature);

	if (r.is == OK)
		r = jwk_verify(keys, text_of(header, "alg"),
		    text_of(header, "kid"), parts->signed_text,
		    buf_view(&signature));
	else
		r = fail(DENIED, not_good);
	buf_free(&signature);
	return r;
}

result
token_read(view token, const struct jwk_set *keys,
    const struct token_rules *rules, int64_t now, struct token_owner *out)
{
	json_t *header, *claims = NULL;
	struct jws parts;
	result r;

	*out = (struct token_owner){ .expires = 0 };
	if (token.n > LIMIT_TOKEN || !cut(token, &parts))
		return fail(DENIED, not_good);
	header = load_part(parts.header);
	r = header != NULL && is_access_token(header)
	    ? check_signature(&parts, header, keys)
	    : fail(DENIED, "RFC 9068 4: not an access token (at+jwt)");
	/* Nothing in it counts before. */
	if (r.is == OK) {
		claims = load_part(parts.claims);
		r = claims == NULL ? fail(DENIED, not_good)
				   : judge(claims, rules, true, now, out);
	}
	json_decref(claims);
	json_decref(header);
	return r;
}

result
token_introspected(view json, const struct token_rules *rules, int64_t now,
    struct token_owner *out)
{
	json_t *answer = json.n > LIMIT_TOKEN_ANSWER ? NULL
	    : json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	json_t *active = json_object_get(answer, "active");
	result r;

	*out = (struct token_owner){ .expires = 0 };
	if (!json_is_boolean(active))
		r = fail(MALFORMED, "RFC 7662 2.2: not an answer");
	else if (!json_is_true(active))
		r = fail(DENIED, "RFC 7662 2.2: the token is not active");
	else
		r = judge(answer, rules, false, now, out);
	json_decref(answer);
	return r;
}
