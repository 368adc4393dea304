/* The configuration file: what it says, and what is said about its faults. */
#include "mailcore/base/limits.h"
#include "mailcore/sys/conf.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIGEST                                                            \
	"E06D44B80B8F1D39A95C0B0D7C65D084 58E880409BBC683457104237C7F8EC8D"

enum { MEMORY = 1 << 20 };

static const struct {
	const char *text;
	const char *error; /* one line of those expected; "" when right */
} cases[] = {
	{ "hostname a.example\n", "" },
	{ "  hostname\ta.example  # us\r\n\n# more\n", "" },
	{ "hostname a", "" },
	{ "", "f: expected the setting hostname, found none" },
	{ "hostname\n", "f:1: expected a host name, found nothing" },
	{ "hostname a..b\n", "f:1: expected a host name, found \"a..b\"" },
	{ "hostname a_b\n", "f:1: expected a host name" },
	{ "hostname -a\n", "f:1: expected a host name" },
	{ "hostname a.\n", "f:1: expected a host name" },
	{ "\n\nhostname a\ncolour red\n",
	    "f:4: expected the name of a setting, found \"colour\"" },
	{ "hostname a\nhostname b\n",
	    "f:2: expected each setting once, found \"b\"; remove this line or"
	    " line 1" },
	{ "hostname a\nport.imap 65535\n", "" },
	{ "hostname a\nport.imap 65536\n",
	    "f:2: expected a port from 0 to 65535, found \"65536\"" },
	{ "hostname a\nport.imap -1\n", "f:2: expected a port" },
	{ "hostname a\nport.gopher 70\n",
	    "f:2: expected the name of a setting, found \"port.gopher\"" },
	{ "hostname a\nport.imap 993\n",
	    "f:2: expected a port of its own for each service" },
	{ "hostname a\nport.imap 0\nport.pop3 0\n", "" },
	{ "hostname a\nlisten 127.0.0.1 ::1\nlisten 192.0.2.1\n", "" },
	{ "hostname a\nlisten localhost\n",
	    "f:2: expected up to 8 IP addresses, found \"localhost\"" },
	{ "hostname a\nlisten ::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8\n", "" },
	{ "hostname a\nlisten ::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9\n",
	    "f:2: expected up to 8 IP addresses" },
	{ "hostname a\ntls-minimum 1.3\n", "" },
	{ "hostname a\ntls-minimum 1.1\n", "f:2: expected 1.2 or 1.3" },
	{ "hostname a\nrelay smtp.example:25\n", "" },
	{ "hostname a\nrelay [2001:db8::1]:25\n", "" },
	{ "hostname a\nrelay smtp.example\n", "f:2: expected host:port" },
	{ "hostname a\nrelay [nonsense]:25\n", "f:2: expected host:port" },
	{ "hostname a\nrelay :25\n", "f:2: expected host:port" },
	{ "hostname a\nresolver ::1@53\n", "" },
	{ "hostname a\nresolver ::1@0\n", "f:2: expected an IP address" },
	{ "hostname a\nresolver dns.example\n",
	    "f:2: expected an IP address" },
	{ "hostname a\ntrust-anchor auto\n", "" },
	{ "hostname a\ntrust-anchor off\n", "" },
	{ "hostname a\ntrust-anchor \". IN DS 20326 8 2 " DIGEST "\"\n", "" },
	{ "hostname a\ntrust-anchor \"a.example.\t3600 DS 1 13 2 " DIGEST
	    "\"\n", "" },
	{ "hostname a\ntrust-anchor on\n",
	    "f:2: expected auto, off or a DS record, found \"on\"" },
	{ "hostname a\ntrust-anchor \". IN DS 20326 8 2 " DIGEST "8\"\n",
	    "f:2: expected auto, off or a DS record" },
	{ "hostname a\ntrust-anchor \". IN DS 20326 8 3 " DIGEST "\"\n",
	    "f:2: expected auto, off or a DS record" },
	{ "hostname a\ntrust-anchor \". IN DS 65536 8 2 " DIGEST "\"\n",
	    "f:2: expected auto, off or a DS record" },
	{ "hostname a\ntrust-anchor \"a..b IN DS 1 8 2 " DIGEST "\"\n",
	    "f:2: expected auto, off or a DS record" },
	{ "hostname a\ntrust-anchor \". IN DNSKEY 257 3 8 AwEA\"\n",
	    "f:2: expected auto, off or a DS record" },
	{ "hostname a\nremote-smtp-port 0\n",
	    "f:2: expected a port from 1 to 65535" },
	{ "hostname a\nimap-without COMPRESS=DEFLATE QRESYNC\n", "" },
	{ "hostname a\nimap-without QRESYNC  IDLE\n",
	    "f:2: expected names of IMAP capabilities" },
	{ "hostname a\nimap-without IDLE imap4REV1\n",
	    "f:2: expected names of IMAP capabilities" },
	{ "hostname a\nimap-without THREAD quota=res-storage SORT\n", "" },
	{ "hostname a\nimap-without QRESYNK\n",
	    "f:2: expected names of IMAP capabilities" },
	{ "hostname a\nimap-without auth=plain\n",
	    "f:2: expected names of IMAP capabilities" },
	{ "hostname a\nmessage-limit 1K\n", "" },
	{ "hostname a\nmessage-limit 1023\n",
	    "f:2: expected bytes from 1K to 1024M" },
	{ "hostname a\nmessage-limit 1024M\n", "" },
	{ "hostname a\nmessage-limit 1025M\n", "f:2: expected bytes" },
	{ "hostname a\nmessage-limit 99999999999999999999\n",
	    "f:2: expected bytes" },
	{ "hostname a\nconnections 0\n", "f:2: expected a number from 1" },
	{ "hostname a\nlog-level loud\n", "f:2: expected error, warning" },
	{ "hostname a\nsandbox yes\n", "f:2: expected on or off" },
	{ "hostname a\ndata \"/a b\" # c\n", "" },
	{ "hostname a\ndata \"/a\n", "f:2: expected a value that ends with" },
	{ "hostname a\ndata \"/a\" b\n",
	    "f:2: expected a value that ends with" },
	{ "hostname a\ndata \"\n", "f:2: expected a value that ends with" },
	{ "hostname a\ndata /a\xff\n", "f:2: expected a folder" },
	{ "hostname a\x1b[2J\n", "f:1: expected a host name, found \"a?[2J\"" },
};

static void
test_cases(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf errors = buf_new(MEMORY);
		struct arena *arena = arena_new(MEMORY);
		struct conf c;
		result r = conf_parse(&c, arena, view_of(cases[i].text), "f",
		    &errors);
		bool right = cases[i].error[0] == '\0'
		    ? r.is == OK && errors.n == 0
		    : r.is == MALFORMED && strstr(buf_text(&errors),
		        cases[i].error) == buf_text(&errors);

		if (!ok(right, "%zu: %s", i, cases[i].error))
			note("%s%s", cases[i].text, buf_text(&errors));
		buf_free(&errors);
		arena_free(&arena);
	}
}

static void
test_all_faults_at_once(void)
{
	view text = VIEW("listen x\nhostname a\nfoo\nport.smtp y\n");
	struct buf errors = buf_new(MEMORY);
	struct arena *arena = arena_new(MEMORY);
	struct conf c;
	int lines = 0;

	ok(conf_parse(&c, arena, text, "f", &errors).is == MALFORMED,
	    "three faults");
	for (size_t i = 0; i < errors.n; i++)
		lines += errors.p[i] == '\n';
	is_number(lines, 3, "a line for each");
	buf_reset(&errors);
	ok(conf_parse(&c, arena, VIEW("hostname a\nrelay-password s3cret"
	    "\nrelay-password s3cret\n"), "f", &errors).is == MALFORMED,
	    "a password twice");
	ok(strstr(buf_text(&errors), "s3cret") == NULL, "is not told");
	buf_free(&errors);
	arena_free(&arena);
}

static void
test_values(void)
{
	view text = VIEW("hostname Mail.Example.ORG\nlisten ::1\nlisten"
	    " 127.0.0.2\ndata \"/var/a # b\"\nport.imap 0\nport.https 8443\n"
	    "public-port.https 443\nrelay-password a#b\\\nmessage-limit 2M\n"
	    "sandbox off\nlog-level debug\ntls-minimum 1.3\n");
	struct buf errors = buf_new(MEMORY);
	struct arena *arena = arena_new(MEMORY);
	struct conf c;

	ok(conf_parse(&c, arena, text, "f", &errors).is == OK, "a file");
	same(view_of(c.hostname), VIEW("Mail.Example.ORG"), "hostname");
	is_number((int64_t)c.address_count, 2, "listen adds up");
	same(view_of(c.addresses[1]), VIEW("127.0.0.2"), "and in order");
	same(view_of(c.data), VIEW("/var/a # b"), "quotes hold a #");
	same(view_of(c.certificates), VIEW("/var/a # b/tls"), "from data");
	is_number(c.ports[SERVICE_IMAP], 0, "off");
	is_number(c.ports[SERVICE_PROXY], 0, "the proxy is off unless named");
	is_number(c.ports[SERVICE_IMAPS], 993, "the standard port");
	is_number(c.ports[SERVICE_HTTPS], 8443, "ours");
	is_number(c.public_ports[SERVICE_HTTPS], 443, "and the public one");
	is_number(c.public_ports[SERVICE_IMAP], 0, "follows, else");
	same(view_of(c.relay_password), VIEW("a#b\\"), "# inside a word");
	is_number((int64_t)c.message_limit, 2 << 20, "2M");
	ok(!c.sandbox && c.log_level == LOG_DEBUG
	    && c.tls.minimum == TLS_1_3, "words");
	buf_free(&errors);
	arena_free(&arena);
}

/* What is written is read back, and written the same again. */
static void
test_write(void)
{
	struct buf first = buf_new(MEMORY), second = buf_new(MEMORY),
	    errors = buf_new(MEMORY);
	struct arena *arena = arena_new(MEMORY);
	struct conf c;

	conf_defaults(&c, 20000);
	c.hostname = "a.example";
	c.certificates = "/a \"b\"\\";
	c.relay = "r.example:25";
	c.relay_password = "# \\\"";
	c.public_ports[SERVICE_SMTP] = 25;
	c.sandbox = false;
	conf_write(&c, &first);
	ok(conf_parse(&c, arena, buf_view(&first), "f", &errors).is == OK,
	    "what is written is right: %s", buf_text(&errors));
	same(view_of(c.certificates), VIEW("/a \"b\"\\"), "quoted");
	same(view_of(c.relay_password), VIEW("# \\\""), "a password");
	is_number(c.ports[SERVICE_PROXY], 28080, "base port");
	conf_write(&c, &second);
	same(buf_view(&second), buf_view(&first), "and stays as it is");
	buf_free(&first);
	buf_free(&second);
	buf_free(&errors);
	arena_free(&arena);
}

static void
test_load(void)
{
	char path[] = "/tmp/conf.XXXXXX";
	struct buf errors = buf_new(MEMORY), big = buf_new(MEMORY);
	struct arena *arena = arena_new(MEMORY);
	struct conf c;
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	(void)close(fd);
	ok(file_write(path, VIEW("hostname a\n"), 0600).is == OK
	    && conf_load(&c, arena, path, &errors).is == OK, "a file");
	buf_add_text(&big, "hostname a\n#");
	while (big.n < LIMIT_CONFIGURATION)
		buf_add_byte(&big, 'x');
	ok(file_write(path, buf_view(&big), 0600).is == OK
	    && conf_load(&c, arena, path, &errors).is == OK,
	    "as large as allowed");
	buf_add_byte(&big, 'x');
	ok(file_write(path, buf_view(&big), 0600).is == OK
	    && conf_load(&c, arena, path, &errors).is == OVER_LIMIT
	    && strstr(buf_text(&errors), path) != NULL, "larger");
	(void)unlink(path);
	buf_reset(&errors);
	ok(conf_load(&c, arena, path, &errors).is == NOT_FOUND
	    && strstr(buf_text(&errors), "posthaste init") != NULL, "none");
	buf_free(&errors);
	buf_free(&big);
	arena_free(&arena);
}

int
main(void)
{
	test_cases();
	test_all_faults_at_once();
	test_values();
	test_write();
	test_load();
	return tap_done();
}
