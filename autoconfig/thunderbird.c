/*
 * The autoconfig document (draft-ietf-mailmaint-autoconfig), such that every
 * reader we know takes the same from it: one server of each kind (some take
 * the first, some the last), imap first, no attribute but `type`, nothing
 * around the text of an element, the login as a placeholder, so that the
 * document is the same for every address of the domain.
 */
#include "autoconfig/service_set.h"

#include "mailcore/format/xml_out.h"

static const char *const logins[] = {
	[LOGIN_ADDRESS] = "%EMAILADDRESS%",
	[LOGIN_LOCAL_PART] = "%EMAILLOCALPART%",
};

static void
add_server(struct xml_out *x, const char *element,
    const struct service_entry *entry, enum login_form login)
{
	char digits[20];
	struct buf port = buf_new(sizeof digits);

	buf_add_number(&port, entry->port);
	xml_start(x, element);
	xml_set(x, "type", view_of(entry->protocol));
	xml_leaf(x, "hostname", entry->host);
	xml_leaf(x, "port", buf_view(&port));
	xml_leaf(x, "socketType",
	    entry->socket == SOCKET_TLS ? VIEW("SSL") : VIEW("STARTTLS"));
	xml_leaf(x, "authentication", VIEW("password-cleartext"));
	xml_leaf(x, "username", view_of(logins[login]));
	xml_end(x, element);
	buf_free(&port);
}

/* The first of each protocol. */
static void
add_servers(struct xml_out *x, const char *element,
    const struct service_entry *entries, size_t count, enum login_form login)
{
	for (size_t i = 0; i < count; i++)
		if (i == 0
		    || !view_eq(view_of(entries[i].protocol),
		        view_of(entries[i - 1].protocol)))
			add_server(x, element, &entries[i], login);
}

static void
add_dav(struct xml_out *x, const char *element, view type,
    const struct service_set *set)
{
	xml_start(x, element);
	xml_set(x, "type", type);
	xml_leaf(x, "url", set->dav);
	xml_start(x, "authentication");
	xml_set(x, "system", VIEW("http"));
	xml_text(x, VIEW("Basic"));
	xml_end(x, "authentication");
	xml_leaf(x, "username", view_of(logins[set->login]));
	xml_end(x, element);
}

static void
add_provider(struct xml_out *x, const struct service_set *set)
{
	xml_start(x, "emailProvider");
	xml_set(x, "id", set->domain);
	xml_leaf(x, "domain", set->domain);
	xml_leaf(x, "displayName", set->display_name);
	xml_leaf(x, "displayShortName", set->short_name);
	add_servers(x, "incomingServer", set->incoming, set->incoming_count,
	    set->login);
	add_servers(x, "outgoingServer", set->outgoing, set->outgoing_count,
	    set->login);
	if (set->web.n > 0) {
		xml_start(x, "documentation");
		xml_set(x, "url", set->web);
		xml_start(x, "descr");
		xml_set(x, "lang", VIEW("en"));
		xml_text(x, VIEW("How to set up devices"));
		xml_end(x, "descr");
		xml_end(x, "documentation");
	}
	xml_end(x, "emailProvider");
}

void
autoconfig_thunderbird(const struct service_set *set, struct buf *out)
{
	struct xml_out x = xml_to(out);

	xml_start(&x, "clientConfig");
	xml_set(&x, "version", VIEW("1.1"));
	add_provider(&x, set);
	if (set->dav.n > 0) {
		add_dav(&x, "addressbook", VIEW("carddav"), set);
		add_dav(&x, "calendar", VIEW("caldav"), set);
	}
	xml_end(&x, "clientConfig");
}
