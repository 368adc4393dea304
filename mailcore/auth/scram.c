#include "mailcore/auth/scram.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/base/secret.h"
#include "mailcore/base/utf8.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* An escaped name twice, and a nonce. */
	FIRST_MOST = 6 * LIMIT_ADDRESS + LIMIT_SCRAM_NONCE + 64,
	AUTH_MOST = 2 * FIRST_MOST + 1024,
	HEADER_MOST = 3 * LIMIT_ADDRESS + 64
};

struct scram {
	enum scram_hash hash;
	bool plus;
	const struct tls_binding *binding;
	view bound;          /* the channel's data; empty: not bound */
	struct buf header;   /* gs2-header */
	struct buf user, acting;
	struct buf nonce;    /* the client's, then with ours */
	struct buf said;     /* AuthMessage (RFC 5802 3) */
	unsigned char proof[SCRAM_DIGEST];
};

static const struct {
	const char *name;
	size_t size;
} hashes[] = {
	[SCRAM_SHA256] = { "SHA256", 32 },
	[SCRAM_SHA1] = { "SHA1", 20 },
};

size_t
scram_size(enum scram_hash hash)
{
	return hashes[hash].size;
}

static bool
hmac(enum scram_hash hash, const unsigned char *key, view data,
    unsigned char out[SCRAM_DIGEST])
{
	unsigned n = 0;

	return HMAC(EVP_get_digestbyname(hashes[hash].name), key,
	        (int)hashes[hash].size, (const unsigned char *)data.p, data.n,
	        out, &n) != NULL
	    && n == hashes[hash].size;
}

static bool
digest(enum scram_hash hash, const unsigned char in[SCRAM_DIGEST],
    unsigned char out[SCRAM_DIGEST])
{
	return EVP_Digest(in, hashes[hash].size, out, NULL,
	    EVP_get_digestbyname(hashes[hash].name), NULL) == 1;
}

result
scram_derive(enum scram_hash hash, view password, view salt,
    unsigned iterations, struct scram_keys *keys)
{
	const EVP_MD *md = EVP_get_digestbyname(hashes[hash].name);
	unsigned char salted[SCRAM_DIGEST], client[SCRAM_DIGEST];
	bool worked;

	*keys = (struct scram_keys){ .stored = { 0 } };
	worked = md != NULL
	    && PKCS5_PBKDF2_HMAC(password.p, (int)password.n,
	        (const unsigned char *)salt.p, (int)salt.n, (int)iterations,
	        md, (int)hashes[hash].size, salted) == 1
	    && hmac(hash, salted, VIEW("Client Key"), client)
	    && digest(hash, client, keys->stored)
	    && hmac(hash, salted, VIEW("Server Key"), keys->server);
	secret_wipe(salted, sizeof salted);
	secret_wipe(client, sizeof client);
	return worked ? done() : fail(FAILED, "OpenSSL lacks a hash");
}

struct scram *
scram_new(enum scram_hash hash, bool plus, const struct tls_binding *binding)
{
	struct scram *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	s->hash = hash;
	s->plus = plus;
	s->binding = binding;
	s->header = buf_new(HEADER_MOST);
	s->user = buf_new(LIMIT_ADDRESS);
	s->acting = buf_new(LIMIT_ADDRESS);
	s->nonce = buf_new(2 * LIMIT_SCRAM_NONCE);
	s->said = buf_new(AUTH_MOST);
	return s;
}

void
scram_free(struct scram **scram)
{
	struct scram *s = *scram;

	*scram = NULL;
	if (s == NULL)
		return;
	secret_wipe(s->proof, sizeof s->proof);
	buf_free(&s->header);
	buf_free(&s->user);
	buf_free(&s->acting);
	buf_free(&s->nonce);
	buf_free(&s->said);
	free(s);
}

static bool
is_nonce(char c)
{
	return ascii_is_graph(c) && c != ',' && c != ' ';
}

static bool
is_name_of_binding(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-';
}

static bool
is_value(char c)
{
	return c != ',' && c != '\0';
}

/* saslname: "=2C" is a comma, "=3D" an equals sign. */
static view
take_name(struct scan *s, struct buf *to)
{
	view escaped = scan_run(s, is_value, 3 * LIMIT_ADDRESS,
	    "RFC 5802 7: a saslname");

	for (size_t i = 0; i < escaped.n; i++) {
		view rest = view_from(escaped, i);

		if (rest.p[0] != '=') {
			buf_add_byte(to, rest.p[0]);
			continue;
		}
		if (view_starts(rest, VIEW("=2C")))
			buf_add_byte(to, ',');
		else if (view_starts(rest, VIEW("=3D")))
			buf_add_byte(to, '=');
		else
			scan_fail(s, MALFORMED,
			    "RFC 5802 5.1: = is written =3D");
		i += 2;
	}
	if (!utf8_is_valid(buf_view(to)))
		scan_fail(s, MALFORMED, "RFC 5802 5.1: a name is UTF-8");
	if (buf_result(to).is != OK)
		scan_fail(s, MALFORMED, "RFC 5802 5.1: the name is too long");
	return buf_view(to);
}

/* Which channel the client is bound to. */
static void
bind_to(struct scram *s, struct scan *in, view name)
{
	const struct tls_binding *b = s->binding;

	if (!scan_ok(in))
		return;
	if (b != NULL && view_eq(name, VIEW("tls-exporter")))
		s->bound = (view){ (const char *)b->exporter, b->exporter_n };
	else if (b != NULL && view_eq(name, VIEW("tls-server-end-point")))
		s->bound
		    = (view){ (const char *)b->end_point, b->end_point_n };
	if (s->bound.n == 0)
		scan_fail(in, DENIED,
		    "RFC 5802 7: unsupported-channel-binding-type");
	if (!s->plus)
		scan_fail(in, MALFORMED,
		    "RFC 5802 6: channel binding is for the -PLUS mechanism");
}

static void
take_flag(struct scram *s, struct scan *in)
{
	if (scan_try(in, VIEW("p="))) {
		bind_to(s, in, scan_run(in, is_name_of_binding, LIMIT_ADDRESS,
		    "RFC 5802 7: the channel binding's name"));
		return;
	}
	if (s->plus)
		scan_fail(in, MALFORMED,
		    "RFC 5802 6: -PLUS is with channel binding");
	if (scan_try_byte(in, 'y')) {
		if (s->binding != NULL)
			scan_fail(in, DENIED, "RFC 5802 6: channel binding is"
			    " offered here: a downgrade attack?");
		return;
	}
	scan_byte(in, 'n', "RFC 5802 7: a message begins with n, y or p=");
}

/* Extensions are ignored, but for "m", which must not be (RFC 5802 5.1). */
static void
skip_extensions(struct scan *in, bool until_proof)
{
	while (scan_ok(in) && scan_peek(in) == ',') {
		struct scan ahead = *in;

		if (until_proof && scan_try(&ahead, VIEW(",p=")))
			return;
		scan_byte(in, ',', "");
		if (!ascii_is_alpha((char)scan_peek(in))
		    || scan_peek(in) == 'm')
			scan_fail(in, MALFORMED, "RFC 5802 5.1: an extension"
			    " that is not known here");
		(void)scan_bytes(in, 1, "RFC 5802 7: an attribute");
		scan_byte(in, '=', "RFC 5802 7: an attribute has a value");
		(void)scan_run(in, is_value, FIRST_MOST,
		    "RFC 5802 7: an attribute has a value");
	}
}

result
scram_first(struct scram *s, view message, view *user)
{
	struct scan in = scan_over(message);
	view acting = VIEW(""), bare;

	*user = VIEW("");
	if (message.n > FIRST_MOST)
		return fail(MALFORMED, "RFC 5802 7: the message is too long");
	take_flag(s, &in);
	scan_byte(&in, ',', "RFC 5802 7: the gs2-header ends with a comma");
	if (scan_try(&in, VIEW("a=")))
		acting = take_name(&in, &s->acting);
	scan_byte(&in, ',', "RFC 5802 7: the gs2-header ends with a comma");
	buf_add(&s->header, view_first(message, message.n - in.rest.n));
	bare = in.rest;
	scan_word(&in, VIEW("n="), "RFC 5802 5.1: n=user first");
	*user = take_name(&in, &s->user);
	scan_word(&in, VIEW(",r="), "RFC 5802 5.1: then r=nonce");
	buf_add(&s->nonce, scan_run(&in, is_nonce, LIMIT_SCRAM_NONCE,
	    "RFC 5802 5.1: a nonce"));
	skip_extensions(&in, false);
	scan_end(&in, "RFC 5802 7: junk behind the message");
	TRY(scan_result(&in));
	if (acting.n > 0 && !view_same(acting, *user))
		return fail(DENIED,
		    "RFC 5802 5.1: nobody acts for somebody else here");
	buf_add(&s->said, bare);
	buf_add_byte(&s->said, ',');
	TRY(buf_result(&s->header));
	return buf_result(&s->said);
}

result
scram_challenge(struct scram *s, view salt, unsigned iterations, view nonce,
    struct buf *out)
{
	size_t before = s->said.n;

	buf_add(&s->nonce, nonce);
	buf_add(&s->said, VIEW("r="));
	buf_add(&s->said, buf_view(&s->nonce));
	buf_add(&s->said, VIEW(",s="));
	encode_base64(&s->said, salt);
	buf_print(&s->said, ",i=%u", iterations);
	buf_add(out, view_from(buf_view(&s->said), before));
	buf_add_byte(&s->said, ',');
	TRY(buf_result(&s->nonce));
	TRY(buf_result(&s->said));
	return buf_result(out);
}

/* RFC 5802 7: cbind-input is the gs2-header and the channel's data. */
static bool
is_bound(const struct scram *s, view given)
{
	struct buf want = buf_new(HEADER_MOST + TLS_BINDING);
	struct buf is = buf_new(HEADER_MOST + TLS_BINDING);
	bool same;

	buf_add(&want, buf_view(&s->header));
	buf_add(&want, s->bound);
	same = decode_base64_strict(&is, given).is == OK
	    && secret_eq(buf_view(&is), buf_view(&want));
	buf_free(&want);
	buf_free(&is);
	return same;
}

static bool
take_proof(struct scram *s, view text)
{
	struct buf proof = buf_new(SCRAM_DIGEST);
	bool right = decode_base64_strict(&proof, text).is == OK
	    && proof.n == hashes[s->hash].size;

	if (right)
		memcpy(s->proof, buf_text(&proof), proof.n);
	buf_free(&proof);
	return right;
}

result
scram_final(struct scram *s, view message)
{
	struct scan in = scan_over(message);
	view channel, nonce, without;

	if (message.n > FIRST_MOST)
		return fail(MALFORMED, "RFC 5802 7: the message is too long");
	scan_word(&in, VIEW("c="), "RFC 5802 5.1: c=channel first");
	channel = scan_run(&in, is_value, FIRST_MOST,
	    "RFC 5802 5.1: c=channel first");
	scan_word(&in, VIEW(",r="), "RFC 5802 5.1: then r=nonce");
	nonce = scan_run(&in, is_nonce, 2 * LIMIT_SCRAM_NONCE,
	    "RFC 5802 5.1: a nonce");
	skip_extensions(&in, true);
	without = view_first(message, message.n - in.rest.n);
	scan_word(&in, VIEW(",p="), "RFC 5802 5.1: the proof is last");
	TRY(scan_result(&in));
	if (!view_eq(nonce, buf_view(&s->nonce)))
		return fail(MALFORMED, "RFC 5802 5.1: another nonce");
	if (!is_bound(s, channel))
		return fail(DENIED,
		    "RFC 5802 7: channel-bindings-dont-match");
	if (!take_proof(s, in.rest))
		return fail(MALFORMED, "RFC 5802 5.1: no proof");
	buf_add(&s->said, without);
	return buf_result(&s->said);
}

bool
scram_fits(const struct scram *s, const struct scram_keys *keys)
{
	size_t n = hashes[s->hash].size;
	unsigned char key[SCRAM_DIGEST], hashed[SCRAM_DIGEST];
	bool fits = hmac(s->hash, keys->stored, buf_view(&s->said), key);

	for (size_t i = 0; i < n; i++)
		key[i] ^= s->proof[i];
	fits = digest(s->hash, key, hashed) && fits;
	fits = secret_eq((view){ (const char *)hashed, n },
	           (view){ (const char *)keys->stored, n }) && fits;
	secret_wipe(key, sizeof key);
	return fits;
}

result
scram_verdict(const struct scram *s, const struct scram_keys *keys,
    struct buf *out)
{
	unsigned char signature[SCRAM_DIGEST];

	if (!hmac(s->hash, keys->server, buf_view(&s->said), signature))
		return fail(FAILED, "OpenSSL lacks a hash");
	buf_add(out, VIEW("v="));
	encode_base64(out,
	    (view){ (const char *)signature, hashes[s->hash].size });
	return buf_result(out);
}
