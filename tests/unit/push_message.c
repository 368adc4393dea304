/* Messages to push services: vectors of the RFCs, and hostile input. */
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/push/encrypt.h"
#include "mailcore/push/message.h"
#include "mailcore/push/reply.h"
#include "mailcore/push/url.h"
#include "mailcore/push/vapid.h"
#include "tests/tap.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 8192 };

/* RFC 8291 appendix A. */
static const char as_public[] = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg"
    "Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
static const char as_private[] = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
static const char ua_public[] = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx"
    "aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
static const char salt[] = "DGv6ra1nlYgDCS1FRnbzlw";
static const char auth[] = "BTBZMqHH6r4Tts7J_aSIgg";
static const char whole[] = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7"
    "VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95"
    "bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-"
    "fN";

/* Base64url into a buffer of its own. */
static struct buf
bytes_of(const char *text)
{
	struct buf plain = buf_new(ROOM), out = buf_new(ROOM);

	for (; *text != '\0'; text++)
		buf_add_byte(&plain,
		    *text == '-' ? '+' : *text == '_' ? '/' : *text);
	while (plain.n % 4 != 0)
		buf_add_byte(&plain, '=');
	if (decode_base64_strict(&out, buf_view(&plain)).is != OK)
		abort();
	buf_free(&plain);
	return out;
}

static EVP_PKEY *
key_of(struct buf *point, struct buf *scalar)
{
	char group[] = "P-256";
	unsigned char number[32];
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM p[4];

	for (size_t i = 0; i < sizeof number; i++) /* the host's order */
		number[i] = (unsigned char)scalar->p[sizeof number - 1 - i];
	p[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	p[1] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, point->p, point->n);
	p[2] = OSSL_PARAM_construct_BN(
	    OSSL_PKEY_PARAM_PRIV_KEY, number, sizeof number);
	p[3] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_fromdata_init(c) != 1
	    || EVP_PKEY_fromdata(c, &key, EVP_PKEY_KEYPAIR, p) != 1)
		abort();
	EVP_PKEY_CTX_free(c);
	return key;
}

static void
test_8291(void)
{
	struct buf point = bytes_of(as_public), scalar = bytes_of(as_private);
	struct buf theirs = bytes_of(ua_public), grain = bytes_of(salt);
	struct buf secret = bytes_of(auth), out = buf_new(ROOM);
	struct buf text = buf_new(ROOM);
	struct push_fresh f = { .key = key_of(&point, &scalar) };

	memcpy(f.salt, grain.p, sizeof f.salt);
	ok(push_encrypt(&f, buf_view(&theirs), buf_view(&secret),
	       VIEW("When I grow up, I want to be a watermelon"), &out).is
		== OK, "encrypted");
	encode_base64url(&text, buf_view(&out));
	same(buf_view(&text), view_of(whole), "as in RFC 8291 appendix A");

	buf_reset(&out);
	theirs.p[theirs.n - 1] ^= 1;
	ok(push_encrypt(&f, buf_view(&theirs), buf_view(&secret),
	       VIEW("x"), &out).is == MALFORMED, "a point beside the curve");
	ok(out.n == 0, "gets nothing");
	theirs.p[theirs.n - 1] ^= 1;
	for (size_t n = 0; n < theirs.n; n++)
		if (push_check_point(view_first(buf_view(&theirs), n)).is
		    != MALFORMED)
			ok(false, "%zu octets are no point", n);
	ok(push_check_point(buf_view(&theirs)).is == OK, "all of them are");
	push_fresh_end(&f);
	buf_free(&point);
	buf_free(&scalar);
	buf_free(&theirs);
	buf_free(&grain);
	buf_free(&secret);
	buf_free(&out);
	buf_free(&text);
}

static void
test_8188(void)
{
	struct buf key = bytes_of("yqdlZ-tYemfogSmv7Ws5PQ");
	struct buf grain = bytes_of("I1BsxtFttlv3u_Oo94xnmw");
	struct buf out = buf_new(ROOM), text = buf_new(ROOM);

	ok(push_seal((const unsigned char *)grain.p, VIEW(""), buf_view(&key),
	       VIEW("I am the walrus"), &out).is == OK, "sealed");
	encode_base64url(&text, buf_view(&out));
	same(buf_view(&text), VIEW("I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQ"
	    "KRapoZu-IxkIva3MEB1PD-ly8Thjg"), "as in RFC 8188 3.1");
	buf_free(&key);
	buf_free(&grain);
	buf_free(&out);
	buf_free(&text);
}

static void
test_length(void)
{
	struct buf theirs = bytes_of(ua_public), secret = bytes_of(auth);
	struct buf out = buf_new(ROOM);
	static char much[PUSH_PLAIN + 1];
	struct push_fresh f;

	ok(push_fresh_make(&f).is == OK, "fresh");
	ok(push_encrypt(&f, buf_view(&theirs), buf_view(&secret),
	       (view){ much, PUSH_PLAIN }, &out).is == OK, "just fits");
	is_number((int64_t)out.n, PUSH_BODY, "RFC 8030 7.2: 4096 octets");
	ok(push_encrypt(&f, buf_view(&theirs), buf_view(&secret),
	       (view){ much, PUSH_PLAIN + 1 }, &out).is == OVER_LIMIT,
	    "one octet more");
	push_fresh_end(&f);
	buf_free(&theirs);
	buf_free(&secret);
	buf_free(&out);
}

static const struct {
	const char *text;
	enum status is;
	const char *origin, *host, *target;
	unsigned port;
	bool inner;
} urls[] = {
	{ "https://up.example.net/abc?x=%20", OK,
	    "https://up.example.net", "up.example.net", "/abc?x=%20",
	    443, false },
	{ "https://up.example.net", OK, "https://up.example.net",
	    "up.example.net", "", 443, false },
	{ "https://up.example.net:8443?a", OK,
	    "https://up.example.net:8443", "up.example.net", "?a",
	    8443, false },
	{ "https://[2001:db8::1]:1/", OK, "https://[2001:db8::1]:1",
	    "2001:db8::1", "/", 1, false },
	{ "https://[::1]/", OK, "https://[::1]", "::1", "/", 443,
	    true },
	{ "https://127.0.0.1/", OK, "https://127.0.0.1", "127.0.0.1",
	    "/", 443, true },
	{ "https://127.1/", OK, "https://127.1", "127.1", "/", 443,
	    true },
	{ "https://2130706433/", OK, "https://2130706433",
	    "2130706433", "/", 443, true },
	{ "https://0x7f000001/", OK, "https://0x7f000001",
	    "0x7f000001", "/", 443, true },
	{ "https://LocalHost/", OK, "https://LocalHost", "LocalHost",
	    "/", 443, true },
	{ "https://a.localhost/", OK, "https://a.localhost",
	    "a.localhost", "/", 443, true },
	{ "https://nas.local/", OK, "https://nas.local", "nas.local",
	    "/", 443, true },
	{ "http://up.example.net/", MALFORMED, "", "", "", 0, false },
	{ "file:///etc/passwd", MALFORMED, "", "", "", 0, false },
	{ "https://", MALFORMED, "", "", "", 0, false },
	{ "https://u@up.example.net/", MALFORMED, "", "", "", 0,
	    false },
	{ "https://up.example.net:0/", MALFORMED, "", "", "", 0,
	    false },
	{ "https://up.example.net:65536/", OVER_LIMIT, "", "", "", 0,
	    false },
	{ "https://up.example.net/\r\nX: y", MALFORMED, "", "", "", 0,
	    false },
	{ "https://up.example.net/#x", MALFORMED, "", "", "", 0,
	    false },
	{ "https://up.example.net\\@127.0.0.1/", MALFORMED, "", "", "",
	    0, false },
};

static void
test_urls(void)
{
	static char text[LIMIT_PUSH_URL + 2] = "https://a.example/";
	struct url u;

	for (size_t i = 0; i < COUNT(urls); i++) {
		result r = push_url_parse(view_of(urls[i].text), &u);

		ok(r.is == urls[i].is, "%zu: %s", i, r.why);
		if (r.is != OK)
			continue;
		same(u.origin, view_of(urls[i].origin), "the origin");
		same(u.host, view_of(urls[i].host), "the host");
		same(u.target, view_of(urls[i].target), "the target");
		is_number(u.port, urls[i].port, "the port");
		ok(push_url_is_inner(&u) == urls[i].inner, "inner or not");
	}
	memset(text + 18, 'a', LIMIT_PUSH_URL + 1 - 18);
	ok(push_url_parse((view){ text, LIMIT_PUSH_URL }, &u).is == OK,
	    "as long as it may be");
	ok(push_url_parse((view){ text, LIMIT_PUSH_URL + 1 }, &u).is
		== OVER_LIMIT, "and longer");
}

static struct push_reply
read_reply(const char *text, result *r)
{
	struct push_reply reply = { .status = 0 };
	view rest = view_of(text), line;

	*r = done();
	while (r->is == OK && !reply.whole && view_line(&rest, &line))
		*r = push_reply_take(&reply, line, 784111777);
	return reply;
}

static void
test_replies(void)
{
	static const struct {
		const char *text;
		enum push_verdict verdict;
		int64_t wait; /* after the first failure */
	} cases[] = {
		{ "HTTP/1.1 201 Created\r\nLocation: x\r\n\r\n", PUSH_TAKEN,
		    60 },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202\r\n\r\n",
		    PUSH_TAKEN, 60 },
		{ "HTTP/1.1 404 No\r\n\r\n", PUSH_GONE, 60 },
		{ "HTTP/1.0 410 Gone\r\n\r\n", PUSH_GONE, 60 },
		{ "HTTP/1.1 429 Slow\r\nretry-after: 120\r\n\r\n", PUSH_LATER,
		    120 },
		{ "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\n\r\n", PUSH_LATER,
		    60 },
		{ "HTTP/1.1 503 x\r\nRetry-After: 86400\r\n\r\n", PUSH_LATER,
		    86400 },
		{ "HTTP/1.1 503 x\r\nRetry-After: 86401\r\n\r\n", PUSH_LATER,
		    86400 },
		{ "HTTP/1.1 503 x\r\nRetry-After: Sun, 06 Nov 1994 08:59:37"
		  " GMT\r\n\r\n", PUSH_LATER, 600 },
		{ "HTTP/1.1 503 x\r\nRetry-After: Sun, 06 Nov 1994 07:49:37"
		  " GMT\r\n\r\n", PUSH_LATER, 60 },
		{ "HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1/\r\n"
		  "\r\n", PUSH_LATER, 60 },
	};
	struct push_reply reply = { .status = 0 };
	size_t lines = 0;
	result r;

	for (size_t i = 0; i < COUNT(cases); i++) {
		reply = read_reply(cases[i].text, &r);
		ok(r.is == OK && reply.whole, "%zu: read", i);
		ok(push_reply_verdict(&reply) == cases[i].verdict, "verdict");
		is_number(push_reply_wait(&reply, 1), cases[i].wait, "wait");
	}
	(void)read_reply("SSH-2.0-x\r\n", &r);
	ok(r.is == MALFORMED, "another protocol");
	(void)read_reply("HTTP/1.1 99 x\r\n", &r);
	ok(r.is == MALFORMED, "no status");
	reply = read_reply("HTTP/1.1 500 x\r\n\r\n", &r);
	is_number(push_reply_wait(&reply, 3), 240, "it doubles");
	is_number(push_reply_wait(&reply, 1000), 15360, "but not for ever");
	reply = (struct push_reply){ .status = 200 };
	while (push_reply_take(&reply, VIEW("a: b"), 0).is == OK)
		lines++;
	is_number((int64_t)lines, LIMIT_PUSH_LINES, "so many lines");
}

static void
test_message(void)
{
	struct signer_point one = { .bytes = { 1 } }, two = { .bytes = { 2 } };
	struct buf a = buf_new(ROOM), b = buf_new(ROOM), out = buf_new(ROOM);
	struct push_message m = { .content = true, .properties = true,
		.token = VIEW("http://x/?a&b") };

	push_topic(&one, 1, 12, &a);
	is_number((int64_t)a.n, 22, "a topic of 128 bits");
	push_topic(&one, 11, 2, &b);
	ok(!view_eq(buf_view(&a), buf_view(&b)), "another collection's");
	buf_reset(&b);
	push_topic(&two, 1, 12, &b);
	ok(!view_eq(buf_view(&a), buf_view(&b)), "another server's");
	m.topic = VIEW("T");
	push_message_write(&m, &out);
	ok(view_find(buf_view(&out), VIEW("<P:topic>T</P:topic>"
	    "<P:content-update><D:sync-token>http://x/?a&amp;b"
	    "</D:sync-token></P:content-update><P:property-update/>"
	    "</P:push-message>")) != SIZE_MAX, "the message");
	buf_free(&a);
	buf_free(&b);
	buf_free(&out);
}

/* The signature is looked at by others in tests/e2e/push.py. */
static void
test_vapid(void)
{
	char folder[] = "/tmp/push-XXXXXX", command[64];
	struct buf out = buf_new(ROOM), again = buf_new(ROOM);
	struct signer *s;
	view first, second;

	if (mkdtemp(folder) == NULL
	    || signer_open_keys(&s, folder, folder).is != OK)
		abort();
	ok(vapid_write(s, VIEW("https://up.example.net"),
	       VIEW("mail.example.org"), 1000, &out).is == OK, "written");
	signer_close(&s);
	if (signer_open_keys(&s, folder, folder).is != OK)
		abort();
	ok(vapid_write(s, VIEW("https://up.example.net"),
	       VIEW("mail.example.org"), 1000, &again).is == OK, "again");
	signer_close(&s);
	first = buf_view(&out);
	second = buf_view(&again);
	ok(view_starts(first, VIEW("vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1"
	    "NiJ9.eyJhdWQiOiJodHRwczovL3VwLmV4YW1wbGUubmV0IiwiZXhwIjo0NDIwMC"
	    "wic3ViIjoiaHR0cHM6Ly9tYWlsLmV4YW1wbGUub3JnLyJ9.")),
	    "the header and the claims");
	ok(view_eq(view_from(first, view_find(first, VIEW(", k="))),
	       view_from(second, view_find(second, VIEW(", k=")))),
	    "by the same key, which is kept");
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	ok(system(command) == 0, "removed");
	buf_free(&out);
	buf_free(&again);
}

int
main(void)
{
	test_8291();
	test_8188();
	test_length();
	test_urls();
	test_replies();
	test_message();
	test_vapid();
	return tap_done();
}
