/* PACC and MTA-STS: the very bytes, since a digest is made of them. */
#include "autoconfig/json_text.h"
#include "autoconfig/mta_sts.h"
#include "autoconfig/pacc.h"

#include "tests/json_check.h"
#include "tests/tap.h"

#include <stdlib.h>

static const char usual[] =
    "{\"protocols\":{\"imap\":{\"host\":\"mail.example.org\"},"
    "\"pop3\":{\"host\":\"mail.example.org\"},"
    "\"submit\":{\"host\":\"mail.example.org\"},"
    "\"smtp\":{\"host\":\"mail.example.org\"},"
    "\"caldav\":{\"url\":\"https://mail.example.org/SOGo/dav/\"},"
    "\"carddav\":{\"url\":\"https://mail.example.org/SOGo/dav/\"}},"
    "\"authentication\":{\"password\":true},\"info\":{\"provider\":{"
    "\"name\":\"Example \\\"e.V.\\\" with a name\","
    "\"shortName\":\"Example \\\"e.V.\\\" with\"},"
    "\"help\":{\"documentation\":\"https://mail.example.org/\"}}}\n";

static struct service_set
services(const struct conf *conf, struct arena *arena)
{
	struct service_set set;

	if (service_set_make(conf, VIEW("example.org"),
	        VIEW("Example \"e.V.\" with a name"), arena, &set).is != OK)
		abort();
	return set;
}

static struct conf
configuration(void)
{
	struct conf conf;

	conf_defaults(&conf, 0);
	conf.hostname = "mail.example.org";
	return conf;
}

static void
test_document(struct arena *arena)
{
	struct conf conf = configuration();
	struct service_set set = services(&conf, arena);
	struct buf out = buf_new(16384);
	result r = pacc_document(&set, &out);

	ok(r.is == OK, "a document: %s", r.why);
	same(buf_view(&out), view_of(usual), "byte by byte");
	ok(json_is_well_formed(buf_view(&out)), "is JSON");
	buf_reset(&out);
	r = pacc_record(&set, &out);
	ok(r.is == OK, "a record: %s", r.why);
	/* printf '%s\n' ... | openssl dgst -sha256 -binary | base64 */
	same(buf_view(&out), VIEW("v=UAAC1; a=sha256;"
	    " d=y4xr5weYPFbRZ1I6dp5649MhEQbByRSFHKAsl5CS2AQ="), "the digest");
	buf_free(&out);
}

/* What the format cannot say is left out, or there is no document. */
static void
test_ports(struct arena *arena)
{
	struct conf conf = configuration();
	struct buf out = buf_new(16384);
	struct service_set set;

	conf.public_ports[SERVICE_POP3S] = 10995;
	conf.public_ports[SERVICE_HTTPS] = 8443;
	set = services(&conf, arena);
	ok(pacc_document(&set, &out).is == OK, "a document");
	ok(view_find(buf_view(&out), VIEW("pop3")) == SIZE_MAX,
	    "no POP3 on another port");
	ok(view_find(buf_view(&out), VIEW("https:")) == SIZE_MAX,
	    "no URL with a port");
	ok(json_is_well_formed(buf_view(&out)), "is JSON");
	buf_reset(&out);
	conf.ports[SERVICE_IMAPS] = 0;
	set = services(&conf, arena);
	ok(pacc_document(&set, &out).is == NOT_FOUND && out.n == 0,
	    "STARTTLS alone cannot be said");
	ok(pacc_record(&set, &out).is == NOT_FOUND && out.n == 0,
	    "and has no record");
	conf = configuration();
	conf.ports[SERVICE_SUBMISSIONS] = 0;
	set = services(&conf, arena);
	ok(pacc_document(&set, &out).is == NOT_FOUND && out.n == 0,
	    "nor is mail to be read and not sent");
	buf_free(&out);
}

static void
test_policy(struct arena *arena)
{
	struct conf conf = configuration();
	struct service_set set = services(&conf, arena);
	struct buf out = buf_new(4096);

	ok(mta_sts_policy(&set, &out).is == OK, "a policy");
	same(buf_view(&out), VIEW("version: STSv1\r\nmode: testing\r\n"
	    "mx: mail.example.org\r\nmax_age: 604800\r\n"), "RFC 8461 3.2");
	buf_reset(&out);
	conf.ports[SERVICE_SMTP] = 0;
	set = services(&conf, arena);
	ok(mta_sts_policy(&set, &out).is == NOT_FOUND && out.n == 0,
	    "none without SMTP");
	buf_free(&out);
}

static void
test_text(void)
{
	static const struct {
		view text;
		const char *json;
	} cases[] = {
		{ VIEW_INIT(""), "\"\"" },
		{ VIEW_INIT("a\"b\\c"), "\"a\\\"b\\\\c\"" },
		{ VIEW_INIT("\r\n\x01\x7f"),
		    "\"\\u000d\\u000a\\u0001\\u007f\"" },
		{ VIEW_INIT("a\0b"), "\"a\\u0000b\"" },
		{ VIEW_INIT("\xc3\xbc\xf0\x9f\x92\xa9"),
		    "\"\xc3\xbc\xf0\x9f\x92\xa9\"" },
		{ VIEW_INIT("\xc3("), "\"\xef\xbf\xbd(\"" },
		{ VIEW_INIT("\xed\xa0\x80"),
		    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};
	struct buf out = buf_new(256);

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_reset(&out);
		json_add_text(&out, cases[i].text);
		same(buf_view(&out), view_of(cases[i].json), "a string");
	}
	ok(json_is_well_formed(VIEW("{\"a\":{\"b\":\"\\u00e4\"},\"c\":true}"))
	        && !json_is_well_formed(VIEW("{\"a\":\"\\x\"}"))
	        && !json_is_well_formed(VIEW("{\"a\":\"b\",}"))
	        && !json_is_well_formed(VIEW("{}{}")),
	    "the check itself can fail");
	buf_free(&out);
}

int
main(void)
{
	struct arena *arena = arena_new(1 << 20);

	test_document(arena);
	test_ports(arena);
	test_policy(arena);
	test_text();
	arena_free(&arena);
	return tap_done();
}
