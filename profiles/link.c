#include "profiles/link.h"

#include "autoconfig/json_text.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"

#include <string.h>

/* Numbers of the import format. */
enum { IMPORT_IMAP = 0, IMPORT_POP3 = 1, IMPORT_SMTP = 0,
	IMPORT_STARTTLS = 2, IMPORT_TLS = 3, IMPORT_CLEARTEXT = 1 };

static void
add_server(struct buf *out, const struct service_entry *e, int protocol,
    view user)
{
	buf_print(out, "[%d,", protocol);
	json_add_text(out, e->host);
	buf_print(out, ",%u,%d,%d,", e->port,
	    e->socket == SOCKET_TLS ? IMPORT_TLS : IMPORT_STARTTLS,
	    IMPORT_CLEARTEXT);
	json_add_text(out, user);
}

/* An optional string at the end of a server. */
static void
add_last(struct buf *out, view text)
{
	if (text.n > 0) {
		buf_add_byte(out, ',');
		json_add_text(out, text);
	}
	buf_add_byte(out, ']');
}

/* Names must stand in one line. */
static void
add_name(struct buf *out, view name)
{
	struct buf line = buf_new(LIMIT_QR_TEXT);

	for (size_t i = 0; i < name.n; i++)
		buf_add_byte(&line, (unsigned char)name.p[i] < 0x20
		        || name.p[i] == 0x7f ? ' ' : name.p[i]);
	json_add_text(out, view_trim(buf_view(&line)));
	if (buf_result(&line).is != OK)
		buf_fail(out, OVER_LIMIT, "a name too long for a code");
	buf_free(&line);
}

const struct service_entry *
link_incoming(const struct service_set *set)
{
	for (size_t i = 0; i < set->incoming_count; i++)
		if (strcmp(set->incoming[i].protocol, "imap") == 0)
			return &set->incoming[i];
	return set->incoming_count > 0 ? &set->incoming[0] : NULL;
}

result
link_thunderbird(const struct service_set *set, view address, view name,
    view password, struct buf *out)
{
	const struct service_entry *in = link_incoming(set);
	size_t before = out->n;

	if (in == NULL || set->outgoing_count == 0)
		return fail(NOT_FOUND, "the server has no mail to offer");
	if (!utf8_is_ascii(address))
		return fail(MALFORMED, "Thunderbird's import format takes"
		    " ASCII addresses only");
	buf_add_text(out, "[1,[1,1],"); /* the first of one code */
	add_server(out, in, strcmp(in->protocol, "imap") == 0 ? IMPORT_IMAP
	    : IMPORT_POP3, service_set_login(set, address));
	buf_add_byte(out, ',');
	add_name(out, set->display_name);
	add_last(out, password);
	buf_add_text(out, ",[[");
	add_server(out, &set->outgoing[0], IMPORT_SMTP,
	    service_set_login(set, address));
	add_last(out, password);
	buf_add_text(out, ",[");
	json_add_text(out, address);
	buf_add_byte(out, ',');
	add_name(out, name);
	buf_add_text(out, "]]]]");
	TRY(buf_result(out));
	return out->n - before <= LIMIT_QR_TEXT
	    ? done()
	    : fail(OVER_LIMIT, "these settings are too long for one code");
}

/* RFC 3986 3.2.1; a '/' would end it. */
static void
add_userinfo(struct buf *out, view text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '/')
			buf_add_text(out, "%2F");
		else
			encode_percent(out, (view){ text.p + i, 1 },
			    VIEW(""));
}

result
link_davx5(const struct service_set *set, view address, view password,
    struct buf *out)
{
	view scheme = VIEW("https://");

	if (!view_starts(set->dav, scheme))
		return fail(NOT_FOUND, "the server has no DAV to offer");
	buf_add_text(out, "davx5://");
	add_userinfo(out, service_set_login(set, address));
	if (password.n > 0) {
		buf_add_byte(out, ':');
		add_userinfo(out, password);
	}
	buf_add_byte(out, '@');
	buf_add(out, view_from(set->dav, scheme.n));
	return buf_result(out);
}
