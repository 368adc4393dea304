#include "davd/push_send.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/dns/resolve.h"
#include "mailcore/push/encrypt.h"
#include "mailcore/push/url.h"
#include "mailcore/push/vapid.h"
#include "mailcore/smtp/link.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/inner.h"
#include "mailcore/sys/tls.h"

#include <openssl/evp.h>

enum {
	MEMORY = 262144,
	REQUEST = 16384,
	TTL_SECONDS = 86400, /* then a client asks by itself anyway */
	PORT_HTTPS = 443,
	TOPIC_BYTES = 16,
	ADDRESSES = 4 /* of one host that are tried */
};

/* RFC 8030 5.4: a message that waits is replaced by the next one.  Only by one
 * that says the same, so the kind of change is in it; and nothing that the
 * push service could know otherwise. */
static void
add_topic(struct buf *to, const struct push_row *row)
{
	unsigned char hash[EVP_MAX_MD_SIZE] = { 0 };
	struct buf text = buf_new(REQUEST);

	buf_add(&text, row->token);
	buf_print(&text, " %u", row->triggers);
	if (EVP_Digest(text.p, text.n, hash, NULL, EVP_sha256(), NULL) == 1) {
		buf_add(to, VIEW("Topic: "));
		encode_base64url(to,
		    (view){ (const char *)hash, TOPIC_BYTES });
		buf_add(to, VIEW("\r\n"));
	}
	buf_free(&text);
}

static result
write_request(const struct push_way *w, const struct push_row *row,
    const struct url *u, view body, struct buf *out)
{
	buf_add(out, VIEW("POST "));
	if (view_at(u->target, 0) != '/')
		buf_add_byte(out, '/');
	buf_add(out, u->target);
	buf_add(out, VIEW(" HTTP/1.1\r\nHost: "));
	buf_add(out, u->authority);
	buf_add(out, VIEW("\r\nAuthorization: "));
	TRY(vapid_write(w->signer, u->origin, view_of(w->host), clock_now(),
	    out));
	buf_print(out, "\r\nTTL: %d\r\nUrgency: normal\r\n", TTL_SECONDS);
	add_topic(out, row);
	buf_print(out, "Content-Type: application/xml; charset=\"UTF-8\"\r\n"
	    "Content-Encoding: aes128gcm\r\nContent-Length: %zu\r\n"
	    "User-Agent: Posthaste\r\nConnection: close\r\n\r\n", body.n);
	buf_add(out, body);
	return buf_result(out);
}

static result
encrypt(const struct push_row *row, view text, struct buf *out)
{
	struct push_fresh fresh;
	result r;

	TRY(push_fresh_make(&fresh));
	r = push_encrypt(&fresh, row->key, row->secret, text, out);
	push_fresh_end(&fresh);
	return r;
}

/* Those of the host that a stranger may have us connect to. */
static result
find_addresses(const struct push_way *w, struct arena *arena,
    const struct url *u, view *out, size_t *count)
{
	view *found;
	size_t n;

	*count = 0;
	if (!w->inside && push_url_is_inner(u))
		return fail(DENIED, "an address of a private network");
	TRY(resolve_host(w->resolver, arena, u->host, &found, &n));
	for (size_t i = 0; i < n && *count < ADDRESSES; i++)
		if (w->inside || !inner_address(found[i]))
			out[(*count)++] = found[i];
	return *count > 0
	    ? done()
	    : fail(DENIED, "an address of a private network");
}

static result
read_reply(struct link *l, struct push_reply *reply)
{
	while (!reply->whole) {
		view line = link_line(l, LIMIT_PUSH_MS);

		TRY(link_result(l));
		TRY(push_reply_take(reply, line, clock_now()));
	}
	return done();
}

/* Once something was sent, another address would get it twice. */
static result
talk(const struct push_way *w, const struct url *u, view address,
    view request, struct push_reply *reply, bool *sent)
{
	const struct link_options o = { .stop = w->stop,
		.deadline_ms = clock_steady_ms() + LIMIT_PUSH_MS };
	char host[LIMIT_DOMAIN + 1];
	struct ssl_st *ssl;
	struct link *l;
	result r;

	if (!view_copy(u->host, host, sizeof host))
		return fail(MALFORMED, "a host's name is too long");
	l = link_open(address, u->port, LIMIT_PUSH_MS, &o);
	r = link_result(l);
	if (r.is == OK) {
		ssl = tls_connect(w->tls, host, true);
		if (ssl != NULL)
			link_secure(l, ssl, LIMIT_PUSH_MS);
		r = ssl == NULL ? fail(FAILED, "no TLS") : link_result(l);
	}
	*sent = r.is == OK;
	if (r.is == OK) {
		link_write(l, request, LIMIT_PUSH_MS);
		r = read_reply(l, reply);
	}
	link_close(&l);
	return r;
}

static result
try_addresses(const struct push_way *w, struct arena *arena,
    const struct url *u, view request, struct push_reply *reply)
{
	view addresses[ADDRESSES];
	size_t count;
	bool sent = false;
	result r = done();

	TRY(find_addresses(w, arena, u, addresses, &count));
	for (size_t i = 0; i < count && !sent; i++)
		r = talk(w, u, addresses[i], request, reply, &sent);
	return r;
}

result
push_send(const struct push_way *w, const struct push_row *row, view text,
    struct push_reply *reply)
{
	struct buf body = buf_new(PUSH_BODY), request = buf_new(REQUEST);
	struct arena *arena = arena_new(MEMORY);
	struct url u;
	result r = push_url_parse(row->url, &u);

	*reply = (struct push_reply){ .status = 0 };
	if (r.is == OK)
		r = encrypt(row, text, &body);
	if (r.is == OK)
		r = write_request(w, row, &u, buf_view(&body), &request);
	if (r.is == OK)
		r = try_addresses(w, arena, &u, buf_view(&request), reply);
	arena_free(&arena);
	buf_free(&request);
	buf_free(&body);
	return r;
}
