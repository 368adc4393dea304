/* A profile signed by a certificate of our own making, and when a device
 * would believe it; QR codes and links at their limits. */
#include "profiles/sign.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/cert.h"
#include "profiles/link.h"
#include "profiles/qr.h"
#include "tests/tap.h"

#include <openssl/cms.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct bench {
	char folder[64];
	char tls[80];
	char ca[80];
	struct signer *signer;
};

static void
set_up(struct bench *b)
{
	const view names[] = { VIEW("mail.a.test"), VIEW("a.test") };
	result r;

	(void)snprintf(b->folder, sizeof b->folder, "/tmp/sign-XXXXXX");
	if (mkdtemp(b->folder) == NULL)
		abort();
	(void)snprintf(b->tls, sizeof b->tls, "%s/tls", b->folder);
	(void)snprintf(b->ca, sizeof b->ca, "%s/ca.pem", b->folder);
	(void)mkdir(b->tls, 0700);
	r = cert_make(b->tls, names, COUNT(names));
	if (r.is == OK)
		r = signer_open_keys(&b->signer, b->folder, b->tls);
	ok(r.is == OK, "a certificate: %s", r.why);
	if (r.is != OK)
		exit(tap_done());
}

static void
tear_down(struct bench *b)
{
	char command[96];

	signer_close(&b->signer);
	(void)snprintf(command, sizeof command, "rm -rf %s", b->folder);
	ok(system(command) == 0, "the folder is removed");
}

/* What is signed, or nothing when it does not verify. */
static view
open_signed(const struct bench *b, view bytes, char *to, size_t room)
{
	BIO *in = BIO_new_mem_buf(bytes.p, (int)bytes.n);
	BIO *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = d2i_CMS_bio(in, NULL);
	X509_STORE *roots = X509_STORE_new();
	int n = -1;

	(void)X509_STORE_load_file(roots, b->ca);
	(void)X509_STORE_set_purpose(roots, X509_PURPOSE_SSL_SERVER);
	if (cms != NULL && CMS_verify(cms, NULL, roots, NULL, out, 0) == 1)
		n = BIO_read(out, to, (int)room);
	CMS_ContentInfo_free(cms);
	X509_STORE_free(roots);
	BIO_free(in);
	BIO_free(out);
	return (view){ to, n < 0 ? 0 : (size_t)n };
}

static void
test_sign(const struct bench *b)
{
	static const char text[] = "<plist>\n\r\n\x00 bytes stay\n</plist>\n";
	view document = { text, sizeof text };
	struct buf made = buf_new(LIMIT_PROFILE);
	char room[256];

	(void)unsetenv("SSL_CERT_FILE");
	ok(profile_sign(b->signer, VIEW("mail.a.test"), document, &made).is
	    == OK, "nobody trusts the certificate");
	same(buf_view(&made), document, "it goes as it is");
	(void)setenv("SSL_CERT_FILE", b->ca, 1);
	buf_reset(&made);
	ok(profile_sign(b->signer, VIEW("mail.b.test"), document, &made).is
	    == OK, "for another host");
	same(buf_view(&made), document, "it goes as it is");
	buf_reset(&made);
	ok(profile_sign(b->signer, VIEW("mail.a.test"), document, &made).is
	    == OK, "signed");
	is_number((unsigned char)made.p[0], 0x30, "in DER");
	same(open_signed(b, buf_view(&made), room, sizeof room), document,
	    "the very bytes");
	made.p[view_find(buf_view(&made), VIEW("bytes"))] ^= 1;
	is_number((int64_t)open_signed(b, buf_view(&made), room,
	    sizeof room).n, 0, "one bit changed");
	buf_free(&made);
}

static void
test_codes(void)
{
	static char text[LIMIT_QR_TEXT + 1];
	struct buf out = buf_new(LIMIT_QR_IMAGE);

	memset(text, 'q', sizeof text);
	for (int form = QR_SVG; form <= QR_TERMINAL; form++) {
		ok(qr_write((view){ text, LIMIT_QR_TEXT },
		       (enum qr_form)form, &out).is == OK,
		    "the longest text");
		buf_reset(&out);
		ok(qr_write((view){ text, LIMIT_QR_TEXT + 1 },
		       (enum qr_form)form, &out).is == OVER_LIMIT,
		    "one more");
		ok(qr_write(VIEW(""), (enum qr_form)form, &out).is
		        == MALFORMED,
		    "nothing");
		is_number((int64_t)out.n, 0, "no picture");
	}
	buf_free(&out);
}

static const struct {
	const char *address, *name, *password, *thunderbird, *davx5;
} links[] = {
	{ "ann@a.test", "Ann", "",
	    "[1,[1,1],[0,\"mail.a.test\",993,3,1,\"ann@a.test\",\"A\"],"
	    "[[[0,\"mail.a.test\",587,2,1,\"ann@a.test\"],"
	    "[\"ann@a.test\",\"Ann\"]]]]",
	    "davx5://ann%40a.test@mail.a.test/SOGo/dav/" },
	{ "a\"b/c@a.test", "Bö\n \"b\"", "x:/@",
	    "[1,[1,1],[0,\"mail.a.test\",993,3,1,\"a\\\"b/c@a.test\",\"A\","
	    "\"x:/@\"],[[[0,\"mail.a.test\",587,2,1,\"a\\\"b/c@a.test\","
	    "\"x:/@\"],[\"a\\\"b/c@a.test\",\"Bö  \\\"b\\\"\"]]]]",
	    "davx5://a%22b%2Fc%40a.test:x%3A%2F%40@mail.a.test/SOGo/dav/" },
};

static void
test_links(void)
{
	struct service_set set = { .display_name = VIEW("A"),
		.host = VIEW("mail.a.test"),
		.dav = VIEW("https://mail.a.test/SOGo/dav/"),
		.incoming_count = 1, .outgoing_count = 1 };
	static char longest[LIMIT_QR_TEXT + 1];
	struct buf out = buf_new(4 * LIMIT_QR_TEXT);
	size_t fixed;

	set.incoming[0] = (struct service_entry){ "imap", set.host, 993,
		SOCKET_TLS };
	set.outgoing[0] = (struct service_entry){ "smtp", set.host, 587,
		SOCKET_STARTTLS };
	for (size_t i = 0; i < COUNT(links); i++) {
		buf_reset(&out);
		ok(link_thunderbird(&set, view_of(links[i].address),
		       view_of(links[i].name), view_of(links[i].password),
		       &out).is == OK, "%s", links[i].address);
		same(buf_view(&out), view_of(links[i].thunderbird), "import");
		buf_reset(&out);
		ok(link_davx5(&set, view_of(links[i].address),
		       view_of(links[i].password), &out).is == OK,
		    "%s", links[i].address);
		same(buf_view(&out), view_of(links[i].davx5), "link");
	}
	buf_reset(&out);
	ok(link_thunderbird(&set, VIEW("jos\xc3\xa9@a.test"), VIEW(""),
	       VIEW(""), &out).is == MALFORMED, "not an ASCII address");
	ok(link_thunderbird(&set, VIEW("a@a.test"), VIEW(""), VIEW(""),
	       &out).is == OK, "without a name");
	fixed = out.n;
	memset(longest, 'n', sizeof longest);
	buf_reset(&out);
	ok(link_thunderbird(&set, VIEW("a@a.test"),
	       (view){ longest, LIMIT_QR_TEXT - fixed }, VIEW(""), &out).is
	        == OK, "as long as it may be");
	buf_reset(&out);
	ok(link_thunderbird(&set, VIEW("a@a.test"),
	       (view){ longest, LIMIT_QR_TEXT - fixed + 1 }, VIEW(""),
	       &out).is == OVER_LIMIT, "one more");
	buf_reset(&out);
	set.dav = VIEW("");
	set.outgoing_count = 0;
	ok(link_davx5(&set, VIEW("a@a.test"), VIEW(""), &out).is
	        == NOT_FOUND, "no DAV to offer");
	ok(link_thunderbird(&set, VIEW("a@a.test"), VIEW(""), VIEW(""),
	       &out).is == NOT_FOUND, "no mail to offer");
	buf_free(&out);
}

int
main(void)
{
	struct bench b = { .signer = NULL };

	set_up(&b);
	test_sign(&b);
	test_codes();
	test_links();
	tear_down(&b);
	return tap_done();
}
