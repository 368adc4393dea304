/* Logins by token, of which the client, the server that is asked and the one
 * that has keys are strangers: the first byte says whose words these are. */
#include "mailcore/auth/oauth.h"
#include "mailcore/auth/token.h"
#include "mailcore/base/url.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { NOW = 2000000000 };

/* Ed25519 of RFC 8037 A.2. */
static const view keys = VIEW_INIT("{\"keys\":[{\"kty\":\"OKP\","
    "\"crv\":\"Ed25519\",\"kid\":\"a\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}");

static const struct token_rules rules = { VIEW_INIT("https://id.example"),
	VIEW_INIT("mail"), VIEW_INIT(""), VIEW_INIT("email") };

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
read_message(enum oauth_form form, view text)
{
	struct oauth_message m;

	if (oauth_read(form, text, &m).is == OK)
		check(strlen(m.user) <= LIMIT_ADDRESS
		    && m.token.n <= text.n);
}

/* Nobody can sign by a key that is not his. */
static void
read_token(view text)
{
	struct token_owner owner;
	struct jwk_set *set;

	check(jwk_read(&set, keys).is == OK);
	check(token_read(text, set, &rules, NOW, &owner).is != OK);
	jwk_free(&set);
}

static void
read_answer(view text)
{
	struct token_owner owner;

	if (token_introspected(text, &rules, NOW, &owner).is == OK)
		check(owner.address[0] != '\0'
		    && (owner.expires == 0 || owner.expires > NOW));
}

static void
read_keys(view text)
{
	struct jwk_set *set;

	check((jwk_read(&set, text).is == OK) == (set != NULL));
	jwk_free(&set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	view text = view_from((view){ (const char *)bytes, n }, 1);
	struct url u;

	if (n == 0)
		return 0;
	switch (bytes[0] % 6) {
	case 0:
		read_message(OAUTH_BEARER, text);
		break;
	case 1:
		read_message(OAUTH_X2, text);
		break;
	case 2:
		read_token(text);
		break;
	case 3:
		read_answer(text);
		break;
	case 4:
		read_keys(text);
		break;
	default:
		if (url_parse(text, &u).is == OK)
			check(u.host.n > 0 && u.port > 0);
		break;
	}
	return 0;
}
