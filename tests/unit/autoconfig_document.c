/* The autoconfig document, against the rules that its readers impose. */
#include "autoconfig/dns_plan.h"
#include "autoconfig/service_set.h"

#include "mailcore/format/xml_in.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static struct conf
configuration(void)
{
	struct conf conf;

	conf_defaults(&conf, 0);
	conf.hostname = "mail.example.org";
	return conf;
}

static view
text_of(const struct xml_element *in, const char *name)
{
	const struct xml_element *child =
	    in == NULL ? NULL : xml_child(in, VIEW(""), view_of(name));

	return child == NULL ? VIEW("(none)") : child->text;
}

/* Readers that take element text as it stands must find it clean, and one of
 * them stops at an attribute that it does not know. */
static void
check_server(const struct xml_element *server, const char *type,
    const char *port, const char *socket)
{
	static const char *const names[] = { "hostname", "port", "socketType",
		"authentication", "username" };
	size_t i = 0;

	same(xml_attribute(server, VIEW("type")), view_of(type), "type");
	is_number((int64_t)server->attribute_count, 1, "no other attribute");
	for (const struct xml_element *e = server->first; e != NULL;
	     e = e->next, i++) {
		ok(i < COUNT(names) && view_eq(e->name, view_of(names[i])),
		    "%s: element %zu", type, i);
		ok(e->attribute_count == 0 && e->first == NULL
		        && view_eq(e->text, view_trim(e->text)),
		    "%s: plain text in it", type);
	}
	is_number((int64_t)i, COUNT(names), "each once");
	same(text_of(server, "hostname"), VIEW("mail.example.org"), type);
	same(text_of(server, "port"), view_of(port), type);
	same(text_of(server, "socketType"), view_of(socket), type);
	same(text_of(server, "authentication"), VIEW("password-cleartext"),
	    type);
	same(text_of(server, "username"), VIEW("%EMAILADDRESS%"), type);
}

static void
check_dav(const struct xml_element *dav, const char *type)
{
	const struct xml_element *how;

	ok(dav != NULL, "%s is there", type);
	if (dav == NULL)
		return;
	same(xml_attribute(dav, VIEW("type")), view_of(type), "type");
	same(text_of(dav, "url"), VIEW("https://mail.example.org/SOGo/dav/"),
	    type);
	same(text_of(dav, "username"), VIEW("%EMAILADDRESS%"), type);
	how = xml_child(dav, VIEW(""), VIEW("authentication"));
	same(how->text, VIEW("Basic"), type);
	same(xml_attribute(how, VIEW("system")), VIEW("http"), type);
}

static struct xml_element *
document(const struct conf *conf, view domain, view name, struct arena *arena)
{
	struct buf out = buf_new(65536);
	struct xml_element *root = NULL;
	struct service_set set;
	result r = service_set_make(conf, domain, name, arena, &set);

	ok(r.is == OK, "service_set: %s", r.why);
	autoconfig_thunderbird(&set, &out);
	r = xml_parse(arena_copy(arena, buf_view(&out)), arena, &root);
	ok(r.is == OK, "well-formed: %s", r.why);
	ok(view_find(buf_view(&out), VIEW("<!")) == SIZE_MAX,
	    "no comment, no DOCTYPE");
	buf_free(&out);
	if (r.is != OK)
		exit(tap_done());
	return root;
}

static void
test_usual(void)
{
	struct conf conf = configuration();
	struct arena *arena = arena_new(1 << 20);
	struct xml_element *root = document(&conf, VIEW("example.org"),
	    VIEW("Ex & <ample> \"e.V.\""), arena);
	struct xml_element *provider =
	    xml_child(root, VIEW(""), VIEW("emailProvider"));
	struct xml_element *server =
	    xml_child(provider, VIEW(""), VIEW("incomingServer"));

	ok(xml_is(root, VIEW(""), VIEW("clientConfig")), "root, no namespace");
	same(xml_attribute(root, VIEW("version")), VIEW("1.1"), "version");
	ok(root->first == provider, "the provider comes first");
	same(xml_attribute(provider, VIEW("id")), VIEW("example.org"), "id");
	same(text_of(provider, "domain"), VIEW("example.org"), "domain");
	same(text_of(provider, "displayName"), VIEW("Ex & <ample> \"e.V.\""),
	    "displayName is escaped");
	ok(text_of(provider, "displayShortName").n <= 20, "short name");
	check_server(server, "imap", "993", "SSL");
	check_server(server->next, "pop3", "995", "SSL");
	check_server(server->next->next, "smtp", "465", "SSL");
	ok(!view_ends(server->next->next->next->name, VIEW("Server")),
	    "one server of each kind");
	check_dav(xml_child(root, VIEW(""), VIEW("calendar")), "caldav");
	check_dav(xml_child(root, VIEW(""), VIEW("addressbook")), "carddav");
	arena_free(&arena);
}

static void
test_without(void)
{
	struct conf conf = configuration();
	struct arena *arena = arena_new(1 << 20);
	struct xml_element *root, *provider, *server;

	conf.ports[SERVICE_IMAPS] = 0;
	conf.ports[SERVICE_POP3] = conf.ports[SERVICE_POP3S] = 0;
	conf.ports[SERVICE_HTTPS] = 0;
	conf.public_ports[SERVICE_SUBMISSIONS] = 4650;
	root = document(&conf, VIEW("example.org"), VIEW(""), arena);
	provider = xml_child(root, VIEW(""), VIEW("emailProvider"));
	server = xml_child(provider, VIEW(""), VIEW("incomingServer"));
	same(text_of(provider, "displayName"), VIEW("example.org"),
	    "without a name: the domain");
	check_server(server, "imap", "143", "STARTTLS");
	check_server(server->next, "smtp", "4650", "SSL");
	ok(server->next->next == NULL, "nothing else is promised");
	ok(xml_child(root, VIEW(""), VIEW("calendar")) == NULL
	        && xml_child(root, VIEW(""), VIEW("addressbook")) == NULL,
	    "no DAV without HTTPS");
	arena_free(&arena);
}

static void
test_names(void)
{
	struct conf conf = configuration();
	struct arena *arena = arena_new(1 << 20);
	struct service_set set;
	result r = service_set_make(&conf, VIEW("M\xc3\xbcller.test"),
	    VIEW("a\r\nb\xe2\x80\xae" "c"), arena, &set);

	ok(r.is == OK, "a U-label: %s", r.why);
	same(set.domain, VIEW("xn--mller-kva.test"), "becomes A-labels");
	same(set.display_name, VIEW("a  b c"), "one line, no overrides");
	conf.ports[SERVICE_HTTPS] = conf.public_ports[SERVICE_HTTPS] = 8443;
	r = service_set_make(&conf, VIEW("example.org"), VIEW(""), arena,
	    &set);
	ok(r.is == OK, "another port: %s", r.why);
	same(set.dav, VIEW("https://mail.example.org:8443/SOGo/dav/"), "DAV");
	r = service_set_make(&conf, VIEW("a..b"), VIEW(""), arena, &set);
	ok(r.is == MALFORMED, "no domain: %s", r.why);
	conf.hostname = NULL;
	r = service_set_make(&conf, VIEW("example.org"), VIEW(""), arena,
	    &set);
	ok(r.is == FAILED, "no hostname: %s", r.why);
	arena_free(&arena);
}

/* The line of the plan for ManageSieve. */
static view
sieve_line(const struct conf *conf, struct arena *arena, struct buf *out)
{
	struct dns_facts facts = { .selector = VIEW("s") };
	struct service_set set;
	struct dns_plan plan;

	ok(service_set_make(conf, VIEW("example.org"), VIEW(""), arena,
	       &set).is == OK
	    && dns_plan_make(&set, &facts, arena, &plan).is == OK,
	    "a plan");
	for (size_t i = 0; i < plan.count; i++)
		if (view_eq(plan.lines[i].owner,
		        VIEW("_sieve._tcp.example.org")))
			dns_line_short(&plan.lines[i], set.domain, out);
	return buf_view(out);
}

static void
test_sieve(void)
{
	struct conf conf = configuration();
	struct arena *arena = arena_new(1 << 20);
	struct buf out = buf_new(1000);

	ok(view_find(sieve_line(&conf, arena, &out),
	       VIEW(" 0 1 4190 mail")) < out.n, "served: its port");
	buf_reset(&out);
	conf.public_ports[SERVICE_SIEVE] = 14190;
	ok(view_find(sieve_line(&conf, arena, &out),
	       VIEW(" 0 1 14190 mail")) < out.n, "as it is seen outside");
	buf_reset(&out);
	conf.ports[SERVICE_SIEVE] = 0;
	ok(view_find(sieve_line(&conf, arena, &out),
	       VIEW(" 0 0 0 .")) < out.n, "switched off");
	buf_free(&out);
	arena_free(&arena);
}

int
main(void)
{
	test_usual();
	test_without();
	test_names();
	test_sieve();
	return tap_done();
}
