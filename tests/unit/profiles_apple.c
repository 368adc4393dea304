/* Apple's profiles against the table of Apple's schema, and the names by
 * which a device knows them again. */
#include "profiles/device.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/xml_in.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char house[PROFILE_HOUSE] = "sixteen letters";
static const unsigned char other_house[PROFILE_HOUSE] = "others' letters";

static struct service_set
services(void)
{
	struct service_set s = {
		.domain = VIEW("a.test"),
		.display_name = VIEW("Example & Söhne <e.V.>"),
		.short_name = VIEW("Example"),
		.host = VIEW("mail.a.test"),
		.dav = VIEW("https://mail.a.test:8443/SOGo/dav/"),
		.web = VIEW("https://mail.a.test:8443/"),
		.incoming_count = 3,
		.outgoing_count = 2,
	};

	s.incoming[0] = (struct service_entry){ "pop3", s.host, 995,
		SOCKET_TLS };
	s.incoming[1] = (struct service_entry){ "imap", s.host, 993,
		SOCKET_TLS };
	s.incoming[2] = (struct service_entry){ "imap", s.host, 143,
		SOCKET_STARTTLS };
	s.outgoing[0] = (struct service_entry){ "smtp", s.host, 465,
		SOCKET_TLS };
	s.outgoing[1] = (struct service_entry){ "smtp", s.host, 587,
		SOCKET_STARTTLS };
	return s;
}

/* The table: "payload key type presence allowed", by tabs. */
struct rule {
	view payload, key, type, presence, allowed;
	size_t seen; /* the number of the payload that had it last */
};

static struct rule rules[200];
static size_t rule_count;

static void
read_rules(void)
{
	static char text[65536];
	FILE *f = fopen("tests/data/apple/schema.tsv", "r");
	view rest, line;

	if (f == NULL) {
		printf("Bail out! not run in the root of the tree\n");
		exit(1);
	}
	rest = (view){ text, fread(text, 1, sizeof text, f) };
	(void)fclose(f);
	while (view_line(&rest, &line)) {
		if (view_at(line, 0) == '#' || rule_count == COUNT(rules))
			continue;
		rules[rule_count++] = (struct rule){ view_cut(&line, '\t'),
			view_cut(&line, '\t'), view_cut(&line, '\t'),
			view_cut(&line, '\t'), line, 0 };
	}
}

static struct rule *
rule_of(view payload, view key)
{
	for (size_t i = 0; i < rule_count; i++)
		if (view_eq(rules[i].key, key)
		    && (view_eq(rules[i].payload, payload)
		        || view_eq(rules[i].payload, VIEW("*"))))
			return &rules[i];
	return NULL;
}

static bool
is_allowed(view allowed, view value)
{
	if (allowed.n == 0)
		return true;
	while (allowed.n > 0)
		if (view_eq(view_cut(&allowed, '|'), value))
			return true;
	return false;
}

/* Its children are keys and values in turn. */
static struct xml_element *
value_of(const struct xml_element *dict, const char *key)
{
	for (struct xml_element *e = dict->first; e != NULL && e->next != NULL;
	    e = e->next->next)
		if (view_eq(e->text, view_of(key)))
			return e->next;
	return NULL;
}

static bool
is_type(view name, view wanted)
{
	if (view_eq(wanted, VIEW("boolean")))
		return view_eq(name, VIEW("true"))
		    || view_eq(name, VIEW("false"));
	return view_eq(name, wanted);
}

static void
check_payload(const struct xml_element *dict, size_t number)
{
	const struct xml_element *named = value_of(dict, "PayloadType");
	view type = named == NULL ? VIEW("") : named->text;
	const struct xml_element *e = dict->first;

	for (; e != NULL && e->next != NULL; e = e->next->next) {
		struct rule *rule = rule_of(type, e->text);

		if (rule == NULL || rule->seen == number
		    || !view_eq(e->name, VIEW("key"))) {
			ok(false, "%.*s has %.*s once in the schema",
			    (int)type.n, type.p, (int)e->text.n, e->text.p);
			continue;
		}
		rule->seen = number;
		ok(is_type(e->next->name, rule->type), "%.*s: its type",
		    (int)e->text.n, e->text.p);
		ok(is_allowed(rule->allowed, e->next->text),
		    "%.*s: an allowed value", (int)e->text.n, e->text.p);
	}
	ok(e == NULL, "as many keys as values");
	for (size_t i = 0; i < rule_count; i++)
		if (view_eq(rules[i].presence, VIEW("required"))
		    && (view_eq(rules[i].payload, type)
		        || view_eq(rules[i].payload, VIEW("*"))))
			ok(rules[i].seen == number, "%.*s has its %.*s",
			    (int)type.n, type.p, (int)rules[i].key.n,
			    rules[i].key.p);
}

/* The root dict; our own parser takes no DOCTYPE. */
static struct xml_element *
parse(struct arena *arena, view document)
{
	size_t from = view_find(document, VIEW("<!DOCTYPE"));
	view rest = view_from(document, from);
	struct xml_element *root = NULL;
	result r;

	same(view_first(document, from),
	    VIEW("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"),
	    "the declaration");
	(void)view_cut(&rest, '>');
	r = xml_parse(rest, arena, &root);
	ok(r.is == OK, "well-formed: %s", r.why);
	if (r.is != OK)
		exit(tap_done());
	return root->first;
}

static struct xml_element *
make(struct arena *arena, const struct profile_order *order)
{
	struct buf out = buf_new(LIMIT_PROFILE);
	struct xml_element *root;
	result r = profile_apple(order, &out);

	ok(r.is == OK, "made: %s", r.why);
	root = parse(arena, arena_copy(arena, buf_view(&out)));
	buf_free(&out);
	return root;
}

static size_t payloads;

static void
check_all(const struct xml_element *root, size_t wanted)
{
	const struct xml_element *content = value_of(root, "PayloadContent");
	size_t n = 0;

	check_payload(root, ++payloads);
	for (struct xml_element *e = content->first; e != NULL; e = e->next) {
		check_payload(e, ++payloads);
		n++;
	}
	is_number((int64_t)n, (int64_t)wanted, "payloads");
}

static const struct xml_element *
payload(const struct xml_element *root, size_t n)
{
	const struct xml_element *e = value_of(root, "PayloadContent")->first;

	while (n-- > 0 && e != NULL)
		e = e->next;
	return e;
}

static void
has(const struct xml_element *dict, const char *key, view wanted)
{
	const struct xml_element *e = value_of(dict, key);

	same(e == NULL ? VIEW("(none)") : e->text, wanted, key);
}

static void
test_kinds(struct arena *arena)
{
	struct service_set set = services();
	struct profile_order o = { .services = &set, .house = house,
		.address = VIEW("Ann@a.test"), .name = VIEW("Ann & Bö\nb"),
		.password = VIEW(""), .kind = PROFILE_FULL };

	for (int language = 0; language < PROFILE_LANGUAGES; language++)
		for (int kind = PROFILE_MAIL; kind <= PROFILE_FULL; kind++)
			for (int password = 0; password < 2; password++) {
				o.language = (enum profile_language)language;
				o.kind = (enum profile_kind)kind;
				o.password = password ? VIEW("ab-<&>")
						      : VIEW("");
				check_all(make(arena, &o),
				    kind == PROFILE_FULL ? 3 : 1);
			}
}

static void
test_values(struct arena *arena)
{
	struct service_set set = services();
	struct profile_order o = { .services = &set, .house = house,
		.address = VIEW("Ann@a.test"), .name = VIEW("Ann & Bö\nb"),
		.password = VIEW(""), .kind = PROFILE_FULL };
	const struct xml_element *root = make(arena, &o);

	has(root, "PayloadDisplayName",
	    VIEW("Example & Söhne <e.V.>: mail, calendars and contacts"));
	has(payload(root, 0), "EmailAccountName", VIEW("Ann & Bö b"));
	has(payload(root, 0), "EmailAccountType", VIEW("EmailTypeIMAP"));
	has(payload(root, 0), "IncomingMailServerPortNumber", VIEW("993"));
	has(payload(root, 0), "OutgoingMailServerPortNumber", VIEW("465"));
	has(payload(root, 0), "EmailAddress", VIEW("Ann@a.test"));
	has(payload(root, 0), "IncomingPassword", VIEW("(none)"));
	has(payload(root, 1), "CalDAVHostName", VIEW("mail.a.test"));
	has(payload(root, 1), "CalDAVPort", VIEW("8443"));
	has(payload(root, 1), "CalDAVPrincipalURL",
	    VIEW("/SOGo/dav/Ann@a.test/"));
	has(payload(root, 1), "CalDAVPassword", VIEW("(none)"));
	has(payload(root, 2), "CardDAVPassword", VIEW("(none)"));
	o.password = VIEW("ab-<&>");
	o.language = profile_language_of(VIEW("de-AT"));
	root = make(arena, &o);
	has(root, "PayloadDescription", VIEW("Richtet E-Mail, Kalender und"
	    " Kontakte auf diesem Gerät ein."));
	has(payload(root, 0), "IncomingPassword", VIEW("ab-<&>"));
	has(payload(root, 0), "OutgoingPassword", VIEW("ab-<&>"));
	has(payload(root, 1), "CalDAVPassword", VIEW("ab-<&>"));
	has(payload(root, 2), "CardDAVPassword", VIEW("ab-<&>"));
	has(value_of(root, "ConsentText"), "default",
	    value_of(value_of(root, "ConsentText"), "de")->text);
}

/* Names of any kind and length; and a server without mail or DAV. */
static void
test_odd(struct arena *arena)
{
	static const char *const names[] = { "Ü & <b>\"'", "\xd7\xa9\xd7\x9c"
	    "\xd7\x95\xd7\x9d \xe2\x80\xae" "abc", "]]>", "\x01\x02", "" };
	static char longest[10241];
	struct service_set set = services();
	struct buf out = buf_new(LIMIT_PROFILE);
	struct profile_order o = { .services = &set, .house = house,
		.address = VIEW("ann@a.test"), .kind = PROFILE_FULL };

	memset(longest, 'x', sizeof longest - 1);
	for (size_t i = 0; i <= COUNT(names); i++) {
		set.display_name = view_of(i < COUNT(names) ? names[i]
							     : longest);
		o.name = set.display_name;
		check_all(make(arena, &o), 3);
	}
	has(payload(make(arena, &o), 0), "EmailAccountName",
	    view_of(longest));
	set.dav = VIEW("");
	ok(profile_apple(&o, &out).is == NOT_FOUND, "no DAV to offer");
	o.kind = PROFILE_MAIL;
	check_all(make(arena, &o), 1);
	set.incoming_count = 1;
	has(payload(make(arena, &o), 0), "EmailAccountType",
	    VIEW("EmailTypePOP"));
	set.outgoing_count = 0;
	ok(profile_apple(&o, &out).is == NOT_FOUND, "no mail to offer");
	buf_free(&out);
}

static void
test_identity(void)
{
	static const struct {
		const char *address, *part;
		const unsigned char *house;
		bool equal;
	} cases[] = {
		{ "a.b@c.d", "", house, true },
		{ "A.B@C.D", "", house, true },
		{ "a@b.c.d", "", house, false },
		{ "a.b.c@d", "", house, false },
		{ "a.b@c.d", ".mail", house, false },
		{ "a.b@c.d", "", other_house, false },
	};
	struct profile_name first, name;

	ok(profile_name_make(&first, house, VIEW("a.b@c.d"), "").is == OK,
	    "a name");
	same(view_first(view_of(first.identifier), 14),
	    VIEW("net.posthaste."), "how it begins");
	is_number((int64_t)strlen(first.identifier), 14 + 26, "its length");
	is_number((int64_t)strlen(first.uuid), 36, "its UUID's");
	ok(first.uuid[14] == '5' && strchr("89AB", first.uuid[19]) != NULL,
	    "RFC 9562 5.5: version 5");
	for (size_t i = 0; i < COUNT(cases); i++) {
		ok(profile_name_make(&name, cases[i].house,
		       view_of(cases[i].address), cases[i].part).is == OK,
		    "a name");
		ok((strcmp(name.identifier, first.identifier) == 0)
		        == cases[i].equal,
		    "%s%s", cases[i].address, cases[i].part);
		ok((strcmp(name.uuid, first.uuid) == 0)
		        == cases[i].equal, "and its UUID");
	}
}

static void
test_file_name(struct arena *arena)
{
	same(device_file_name(arena, VIEW("o'n&=~@a.test"), PROFILE_MAIL),
	    VIEW("o'n&=~@a.test-mail.mobileconfig"), "a file name");
	same(device_file_name(arena, VIEW("a\"b\\c/d\r\n é@x"), PROFILE_FULL),
	    VIEW("a_b_c_d_____@x-full.mobileconfig"), "one in its quotes");
}

int
main(void)
{
	struct arena *arena = arena_new(64 << 20);

	read_rules();
	ok(rule_count > 50, "%zu rules", rule_count);
	test_identity();
	test_kinds(arena);
	test_values(arena);
	test_odd(arena);
	test_file_name(arena);
	arena_free(&arena);
	return tap_done();
}
