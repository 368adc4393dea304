/* The JSON form: which URL has this protocol?  We have one protocol. */
#include "autoconfig/autodiscover.h"

#include "autoconfig/json_text.h"
#include "mailcore/base/ascii.h"

enum { ECHO_MAX = 32 };

static const char protocol_name[] = "AutodiscoverV1";

static void
add_error(struct buf *out, const char *code, view message)
{
	buf_add_text(out, "{\"ErrorCode\":");
	json_add_text(out, view_of(code));
	buf_add_text(out, ",\"ErrorMessage\":");
	json_add_text(out, message);
	buf_add_text(out, "}");
}

/* What was sent comes back as letters and digits, and not much of it. */
static void
add_bad_protocol(struct buf *out, view protocol)
{
	struct buf message = buf_new(256);

	buf_add_text(&message, "The given protocol value '");
	for (size_t i = 0; i < protocol.n && i < ECHO_MAX; i++)
		if (ascii_is_alnum(protocol.p[i]))
			buf_add_byte(&message, protocol.p[i]);
	buf_print(&message, "' is invalid. Supported values are '%s'",
	    protocol_name);
	add_error(out, "InvalidProtocol", buf_view(&message));
	buf_free(&message);
}

result
autodiscover_json_ask(view email, view protocol, struct arena *arena,
    view *domain, struct buf *out)
{
	struct address address;

	*domain = VIEW("");
	if (view_trim(email).n == 0) {
		add_error(out, "MandatoryParameterMissing",
		    VIEW("A valid value must be provided for the query"
		         " parameter 'Email'"));
		return fail(MALFORMED, "no address");
	}
	if (autoconfig_address(email, arena, &address).is != OK) {
		add_error(out, "InvalidEmailAddress",
		    VIEW("The given value is not an email address"));
		return fail(MALFORMED, "RFC 5321 4.1.2: no address");
	}
	if (protocol.n == 0) {
		add_error(out, "MandatoryParameterMissing",
		    VIEW("A valid value must be provided for the query"
		         " parameter 'Protocol'"));
		return fail(MALFORMED, "no protocol");
	}
	if (!view_same(protocol, view_of(protocol_name))) {
		add_bad_protocol(out, protocol);
		return fail(MALFORMED, "another protocol");
	}
	*domain = address.domain;
	return done();
}

unsigned
autodiscover_json(const struct service_set *set, struct buf *out)
{
	if (set == NULL || set->autodiscover.n == 0) {
		add_error(out, "UserNotFound",
		    VIEW("That domain is not hosted here"));
		return 404;
	}
	buf_add_text(out, "{\"Protocol\":");
	json_add_text(out, view_of(protocol_name));
	buf_add_text(out, ",\"Url\":");
	json_add_text(out, set->autodiscover);
	buf_add_text(out, "}");
	return 200;
}
