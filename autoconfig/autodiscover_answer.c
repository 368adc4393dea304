/* Answers to POX requests: elements in the order of MS-OXDSCLI 2.2.4.1. */
#include "autoconfig/autodiscover.h"

#include "mailcore/base/date.h"
#include "mailcore/format/xml_out.h"

#define SCHEMAS "http://schemas.microsoft.com/exchange/autodiscover/"

static void
leaf(struct xml_out *x, const char *name, const char *text)
{
	xml_leaf(x, name, view_of(text));
}

/* SPA must be said: without it a client takes it for "on".  Encryption SSL is
 * TLS from the start, TLS is STARTTLS; older clients know only SSL "on" and
 * the port. */
static void
add_protocol(struct xml_out *x, const char *type,
    const struct service_entry *entry, view login, bool sends)
{
	char digits[20];
	struct buf port = buf_new(sizeof digits);

	buf_add_number(&port, entry->port);
	xml_start(x, "Protocol");
	leaf(x, "Type", type);
	xml_leaf(x, "Server", entry->host);
	xml_leaf(x, "Port", buf_view(&port));
	xml_leaf(x, "LoginName", login);
	leaf(x, "DomainRequired", "off");
	leaf(x, "SPA", "off");
	leaf(x, "SSL", "on");
	leaf(x, "Encryption", entry->socket == SOCKET_TLS ? "SSL" : "TLS");
	leaf(x, "AuthRequired", "on");
	if (sends) {
		leaf(x, "UsePOPAuth", "off");
		leaf(x, "SMTPLast", "off");
	}
	xml_end(x, "Protocol");
	buf_free(&port);
}

static void
add_dav(struct xml_out *x, const char *type, view url, view login)
{
	xml_start(x, "Protocol");
	leaf(x, "Type", type);
	xml_leaf(x, "Server", url);
	xml_leaf(x, "LoginName", login);
	leaf(x, "DomainRequired", "off");
	xml_end(x, "Protocol");
}

/* One to read and one to send: some readers take the first of a kind, some
 * the last.  IMAP stands before POP3 in a service_set. */
static void
add_protocols(struct xml_out *x, const struct service_set *set, view login)
{
	if (set->incoming_count > 0)
		add_protocol(x, view_eq(view_of(set->incoming[0].protocol),
		    VIEW("imap")) ? "IMAP" : "POP3", &set->incoming[0], login,
		    false);
	if (set->outgoing_count > 0)
		add_protocol(x, "SMTP", &set->outgoing[0], login, true);
	if (set->dav.n > 0) {
		add_dav(x, "CalDAV", set->dav, login);
		add_dav(x, "CardDAV", set->dav, login);
	}
}

static void
start(struct xml_out *x)
{
	xml_start(x, "Autodiscover");
	xml_set(x, "xmlns", VIEW(SCHEMAS "responseschema/2006"));
	xml_start(x, "Response");
}

void
autodiscover_settings(const struct service_set *set, view login,
    struct buf *out)
{
	struct xml_out x = xml_to(out);

	start(&x);
	xml_set(&x, "xmlns", VIEW(SCHEMAS "outlook/responseschema/2006a"));
	xml_start(&x, "User");
	/* The name of a person would tell who has a mailbox. */
	xml_leaf(&x, "DisplayName", login);
	xml_leaf(&x, "AutoDiscoverSMTPAddress", login);
	xml_end(&x, "User");
	xml_start(&x, "Account");
	leaf(&x, "AccountType", "email");
	leaf(&x, "Action", "settings");
	add_protocols(&x, set, service_set_login(set, login));
	xml_end(&x, "Account");
	xml_end(&x, "Response");
	xml_end(&x, "Autodiscover");
}

static const char *
message_of(enum autodiscover_error error)
{
	switch (error) {
	case AUTODISCOVER_NO_ADDRESS:
		return "The email address can't be found.";
	case AUTODISCOVER_INVALID:
		return "Invalid Request";
	case AUTODISCOVER_NO_SCHEMA:
		return "The requested schema version is not supported.";
	case AUTODISCOVER_FINE:
	case AUTODISCOVER_INTERNAL:
		break;
	}
	return "The server could not answer; try again later.";
}

/* "21:25:04.0000000", and the server's number. */
static void
set_moment(struct xml_out *x, const struct autodiscover_failure *f)
{
	struct date d = date_of(f->now);
	struct buf text = buf_new(64);
	uint32_t id = 2166136261; /* FNV-1a */

	buf_print(&text, "%02d:%02d:%02d.0000000", d.hour, d.minute, d.second);
	xml_set(x, "Time", buf_view(&text));
	buf_reset(&text);
	for (size_t i = 0; i < f->host.n; i++)
		id = (id ^ (unsigned char)f->host.p[i]) * UINT32_C(16777619);
	buf_add_number(&text, id);
	xml_set(x, "Id", buf_view(&text));
	buf_free(&text);
}

void
autodiscover_failure(const struct autodiscover_failure *f, struct buf *out)
{
	struct xml_out x = xml_to(out);
	struct buf code = buf_new(20);

	buf_add_number(&code, f->error);
	start(&x);
	if (f->schema == AUTODISCOVER_MOBILESYNC)
		xml_set(&x, "xmlns",
		    VIEW(SCHEMAS "mobilesync/responseschema/2006"));
	xml_start(&x, "Error");
	set_moment(&x, f);
	xml_leaf(&x, "ErrorCode", buf_view(&code));
	leaf(&x, "Message", message_of(f->error));
	xml_leaf(&x, "DebugData", VIEW(""));
	xml_end(&x, "Error");
	xml_end(&x, "Response");
	xml_end(&x, "Autodiscover");
	buf_free(&code);
}
