/* Settings for a mail system that is not ours, from the configuration to each
 * kind of document. */
#include "autoconfig/autodiscover.h"
#include "autoconfig/dns_plan.h"
#include "autoconfig/mta_sts.h"
#include "autoconfig/pacc.h"
#include "autoconfig/service_set.h"
#include "mailcore/base/limits.h"
#include "profiles/apple.h"
#include "profiles/link.h"
#include "tests/tap.h"

#include <stdio.h>
#include <string.h>

enum { MEMORY = 1 << 20, TEXT = 1 << 18 };

static const char head[] = "hostname mail.ours.test\n";

static const char good[] =
    "gateway other.test imap tls imap.else.test\n"
    "gateway other.test imap starttls IMAP.else.test:1143 # both\n"
    "gateway other.test smtp starttls smtp.else.test\n"
    "gateway other.test dav https://dav.else.test/remote.php/dav/\n"
    "gateway local.test pop3 tls pop.else.test\n"
    "gateway local.test smtp tls smtp.else.test:4650\n"
    "gateway local.test login local-part\n"
    "gateway * imap tls all.else.test\n"
    "gateway * smtp tls all.else.test\n";

/* Alone, or with the two that make a section whole. */
static const struct {
	const char *line;
	bool good;
} lines[] = {
	{ "gateway a.test login address", true },
	{ "gateway A.Test dav https://d.test/", true },
	{ "gateway a.test dav https://d.test:8443/x/%40y/", true },
	{ "gateway a.test pop3 starttls p.test:65535", true },
	{ "gateway a.test imap tls other.test", false }, /* twice */
	{ "gateway a.test imap", false },
	{ "gateway a.test imap tls", false },
	{ "gateway a.test imap ssl i.test", false },
	{ "gateway a.test pop3 tls p.test 110", false },
	{ "gateway a.test pop3 tls p.test:0", false },
	{ "gateway a.test pop3 tls p.test:65536", false },
	{ "gateway a.test pop3 tls p.test:", true },
	{ "gateway a.test pop3 tls localhost", false },
	{ "gateway a.test pop3 tls -p.test", false },
	{ "gateway a.test pop3 tls p..test", false },
	{ "gateway a.test pop3 tls p.test.", false },
	{ "gateway a.test pop3 tls p_.test", false },
	{ "gateway a.test dav http://d.test/", false },
	{ "gateway a.test dav https://d.test", false },
	{ "gateway a.test dav https://u@d.test/", false },
	{ "gateway a.test dav https://d.test/?q", false },
	{ "gateway a.test dav https://d.test/<b>", false },
	{ "gateway a.test login name", false },
	{ "gateway a.test jmap tls j.test", false },
	{ "gateway a test", false },
	{ "gateway", false },
	{ "gateway b.test imap tls i.test", false }, /* nothing sends */
	{ "gateway b.test login address", false },
};

static void
test_lines(void)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct arena *arena = arena_new(MEMORY);
		struct buf errors = buf_new(TEXT), text = buf_new(TEXT);
		struct conf conf;
		result r;

		buf_print(&text, "%sgateway a.test imap tls i.test\n"
		    "gateway a.test smtp tls s.test\n%s\n", head,
		    lines[i].line);
		r = conf_parse(&conf, arena, buf_view(&text), "file", &errors);
		ok((r.is == OK) == lines[i].good, "%s", lines[i].line);
		ok(lines[i].good || view_starts(buf_view(&errors),
		    VIEW("file:4: expected ")), "its line: %s",
		    buf_text(&errors));
		buf_free(&errors);
		buf_free(&text);
		arena_free(&arena);
	}
}

static void
test_limits(struct arena *arena)
{
	struct gateway g = { .count = 0 };
	struct buf text = buf_new(TEXT);
	bool all = true;

	for (unsigned i = 0; i < LIMIT_GATEWAY_LINES; i++) {
		buf_reset(&text);
		buf_print(&text, "d%u.test imap tls i.test", i);
		all = all && gateway_add(&g, arena, buf_view(&text));
	}
	ok(all, "as many lines as there may be");
	ok(!gateway_add(&g, arena, VIEW("d.test imap tls i.test")),
	    "one more");
	g = (struct gateway){ .count = 0 };
	buf_reset(&text);
	buf_add_text(&text, "d.test dav https://d.test/");
	while (text.n < LIMIT_GATEWAY_URL + sizeof "d.test dav " - 1)
		buf_add_byte(&text, 'x');
	ok(gateway_add(&g, arena, buf_view(&text)), "the longest URL");
	buf_add_byte(&text, 'x');
	g.count = 0;
	ok(!gateway_add(&g, arena, buf_view(&text)), "one byte more");
	buf_free(&text);
}

/* What conf_write writes is read as the same. */
static void
test_written(const struct conf *conf, struct arena *arena)
{
	struct buf text = buf_new(TEXT), errors = buf_new(TEXT);
	struct conf again;
	bool alike = true;

	conf_write(conf, &text);
	ok(conf_parse(&again, arena, buf_view(&text), "file", &errors).is
	    == OK && again.gateway.count == conf->gateway.count,
	    "written and read: %s", buf_text(&errors));
	for (size_t i = 0; i < again.gateway.count
	     && again.gateway.count == conf->gateway.count; i++) {
		const struct gateway_line *a = &conf->gateway.lines[i];
		const struct gateway_line *b = &again.gateway.lines[i];

		alike = alike && view_eq(a->domain, b->domain)
		    && a->what == b->what && a->starttls == b->starttls
		    && a->local_part == b->local_part && a->port == b->port
		    && view_eq(a->host, b->host) && view_eq(a->url, b->url);
	}
	ok(alike, "line by line");
	buf_free(&text);
	buf_free(&errors);
}

static void
has(const struct buf *text, const char *wanted)
{
	ok(view_find(buf_view(text), view_of(wanted)) != SIZE_MAX,
	    "has %s", wanted);
}

static void
lacks(const struct buf *text, const char *other)
{
	ok(view_find(buf_view(text), view_of(other)) == SIZE_MAX,
	    "lacks %s", other);
}

static void
test_documents(const struct service_set *set)
{
	struct buf out = buf_new(TEXT);

	autoconfig_thunderbird(set, &out);
	has(&out, "<hostname>imap.else.test</hostname>");
	has(&out, "<hostname>smtp.else.test</hostname>");
	has(&out, "<port>587</port>");
	has(&out, "<url>https://dav.else.test/remote.php/dav/</url>");
	has(&out, "<username>%EMAILADDRESS%</username>");
	lacks(&out, "1143"); /* one of each kind */
	buf_reset(&out);
	autodiscover_settings(set, VIEW("ann@other.test"), &out);
	has(&out, "<Server>imap.else.test</Server>");
	has(&out, "<LoginName>ann@other.test</LoginName>");
	has(&out, "<Server>https://dav.else.test/remote.php/dav/</Server>");
	buf_reset(&out);
	is_number(pacc_document(set, &out).is, NOT_FOUND,
	    "PACC has no word for STARTTLS");
	is_number(mta_sts_policy(set, &out).is, NOT_FOUND,
	    "nothing is promised for another's MX");
	buf_free(&out);
}

/* The login is what stands before the '@'. */
static void
test_local(const struct service_set *set)
{
	struct buf out = buf_new(TEXT);
	static const unsigned char house[PROFILE_HOUSE];
	const struct profile_order order = { .services = set, .house = house,
		.address = VIEW("ann@local.test"), .name = VIEW("Ann"),
		.password = VIEW(""), .kind = PROFILE_MAIL };

	autoconfig_thunderbird(set, &out);
	has(&out, "type=\"pop3\"");
	has(&out, "<username>%EMAILLOCALPART%</username>");
	lacks(&out, "%EMAILADDRESS%");
	buf_reset(&out);
	autodiscover_settings(set, VIEW("ann@local.test"), &out);
	has(&out, "<LoginName>ann</LoginName>");
	has(&out, "<AutoDiscoverSMTPAddress>ann@local.test<");
	buf_reset(&out);
	is_number(pacc_document(set, &out).is, NOT_FOUND,
	    "PACC logs in by the address");
	ok(profile_apple(&order, &out).is == OK, "a profile");
	has(&out, "<string>ann</string>");
	has(&out, "<string>pop.else.test</string>");
	has(&out, "<integer>4650</integer>");
	has(&out, "<string>ann@local.test</string>");
	buf_reset(&out);
	ok(link_thunderbird(set, order.address, order.name, VIEW(""), &out).is
	    == OK, "a code");
	has(&out, "\"pop.else.test\",995");
	has(&out, "\"ann\"");
	is_number(link_davx5(set, order.address, VIEW(""), &out).is,
	    NOT_FOUND, "no DAV");
	buf_free(&out);
}

static void
test_plan(const struct service_set *set, struct arena *arena)
{
	const struct dns_facts facts = { .selector = VIEW(""),
		.dkim_key = VIEW(""), .tlsa = VIEW(""), .ca = VIEW("") };
	struct buf out = buf_new(TEXT);
	struct dns_plan plan;

	ok(dns_plan_make(set, &facts, arena, &plan).is == OK, "a plan");
	dns_plan_csv(&plan, &out);
	has(&out, "imap.else.test");
	has(&out, "dav.else.test");
	has(&out, "path=/remote.php/dav/");
	has(&out, "mail.ours.test"); /* of autoconfig */
	lacks(&out, ";MX;");
	lacks(&out, "v=spf1");
	lacks(&out, "v=DMARC1");
	lacks(&out, "v=STSv1");
	lacks(&out, "v=TLSRPTv1");
	has(&out, "_submission._tcp");
	lacks(&out, "_submissions._tcp"); /* not known, so nothing is said */
	lacks(&out, "_sieve._tcp");
	buf_free(&out);
}

static void
test_ours(const struct conf *conf, struct arena *arena)
{
	struct service_set set;

	ok(service_set_make(conf, VIEW("third.test"), VIEW(""), arena, &set).is
	    == OK, "a domain without lines of its own");
	ok(set.foreign, "the default is for it");
	same(set.incoming[0].host, VIEW("all.else.test"), "its host");
	same(set.dav, VIEW(""), "no DAV");
	ok(!gateway_names(&conf->gateway, VIEW("third.test")),
	    "which does not make it known");
}

int
main(void)
{
	struct arena *arena = arena_new(MEMORY);
	struct buf errors = buf_new(TEXT), text = buf_new(TEXT);
	struct service_set set;
	struct conf conf;

	test_lines();
	test_limits(arena);
	buf_print(&text, "%s%s", head, good);
	ok(conf_parse(&conf, arena, buf_view(&text), "file", &errors).is == OK,
	    "a configuration: %s", buf_text(&errors));
	test_written(&conf, arena);
	ok(service_set_make(&conf, VIEW("Other.test"), VIEW(""), arena,
	       &set).is == OK && set.foreign, "its services");
	test_documents(&set);
	test_plan(&set, arena);
	ok(service_set_make(&conf, VIEW("local.test"), VIEW(""), arena,
	       &set).is == OK, "another's");
	test_local(&set);
	test_ours(&conf, arena);
	buf_free(&errors);
	buf_free(&text);
	arena_free(&arena);
	return tap_done();
}
