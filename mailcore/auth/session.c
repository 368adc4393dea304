#include "mailcore/auth/session.h"

#include "mailcore/auth/inside.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/secret.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

enum { TOKEN_BYTES = 32, HASH = 32, ROW_ARENA = 16384 };

static const char nobody[] = "sign in first";

static void
add_random(struct buf *token)
{
	unsigned char bytes[TOKEN_BYTES];

	random_bytes(bytes, sizeof bytes);
	encode_base64url(token, (view){ (const char *)bytes, sizeof bytes });
	secret_wipe(bytes, sizeof bytes);
}

void
auth_guest_make(struct buf *token)
{
	add_random(token);
}

void
auth_form(const struct auth *a, view token, char form[AUTH_FORM_TOKEN + 1])
{
	struct buf text = buf_new(AUTH_FORM_TOKEN);
	unsigned char mac[HASH];
	unsigned n = 0;

	/* A machine without it could not have hashed the cookie either. */
	if (HMAC(EVP_sha256(), a->form_key, sizeof a->form_key,
	        (const unsigned char *)token.p, token.n, mac, &n) == NULL
	    || n != HASH)
		abort();
	encode_base64url(&text, (view){ (const char *)mac, sizeof mac });
	(void)view_copy(buf_view(&text), form, AUTH_FORM_TOKEN + 1);
	buf_free(&text);
}

bool
auth_form_fits(const char *form, view given)
{
	return form[0] != '\0' && secret_eq(view_of(form), given);
}

static result
hash_of(view token, unsigned char hash[HASH])
{
	if (token.n != AUTH_SESSION_TOKEN)
		return fail(DENIED, nobody);
	if (EVP_Digest(token.p, token.n, hash, NULL, EVP_sha256(), NULL) != 1)
		return fail(FAILED, "OpenSSL has no SHA-256");
	return done();
}

/* One line of UTF-8, and not too much of it. */
static view
clean(struct arena *arena, view agent)
{
	char *p;

	agent = view_first(agent, LIMIT_SESSION_AGENT);
	p = arena_alloc(arena, agent.n + 1);
	if (p == NULL || !utf8_is_ascii(agent))
		return VIEW("");
	for (size_t i = 0; i < agent.n; i++)
		p[i] = ascii_is_control(agent.p[i]) ? ' ' : agent.p[i];
	return (view){ p, agent.n };
}

static result
fill(const struct auth *a, const struct session_row *row, view token,
    struct auth_session *out)
{
	*out = (struct auth_session){ .id = row->id, .account = row->account,
		.created = row->created, .expires = row->expires };
	if (!view_copy(row->address, out->address, sizeof out->address))
		return fail(FAILED, "an address in the store is too long");
	auth_form(a, token, out->form);
	return done();
}

struct beginning {
	const struct identity *who;
	view peer;
	view agent;
	const struct auth_session_rules *rules;
};

static result
add(struct auth *a, const struct beginning *b, struct arena *arena,
    struct auth_session *out, struct buf *token)
{
	int64_t now = clock_now();
	unsigned char hash[HASH];
	size_t before = token->n;
	struct session_row row = { .account = b->who->account,
		.address = view_of(b->who->address),
		.hash = { (const char *)hash, sizeof hash },
		.created = now, .used = now, .expires = now + b->rules->end,
		.peer = b->peer, .agent = clean(arena, b->agent),
		.password_version = b->who->password_version };
	view value;
	result r;

	add_random(token);
	TRY(buf_result(token));
	value = view_from(buf_view(token), before);
	r = hash_of(value, hash);
	if (r.is == OK)
		r = session_add(a->store, &row, now - b->rules->idle);
	if (r.is == OK)
		r = fill(a, &row, value, out);
	if (r.is != OK)
		buf_cut(token, before);
	return r;
}

result
auth_session_begin(struct auth *a, const struct auth_attempt *attempt,
    view agent, const struct auth_session_rules *rules,
    struct auth_session *out, struct buf *token, unsigned *delay_ms)
{
	struct auth_attempt web = *attempt;
	struct identity who;
	struct beginning b = { &who, attempt->peer, agent, rules };
	struct arena *arena;
	result r;

	*out = (struct auth_session){ .id = 0 };
	web.protocol = VIEW("web");
	TRY(auth_password(a, &web, &who, delay_ms));
	arena = arena_new(ROW_ARENA);
	r = add(a, &b, arena, out, token);
	arena_free(&arena);
	if (r.is == OK)
		log_line(LOG_INFO, "session.begin", "id=%lld peer=%.*s",
		    (long long)out->id, LOG_VIEW(attempt->peer));
	return r;
}

/* Often enough that an idle time is kept, and no oftener. */
static void
note_use(struct auth *a, const struct session_row *row, view peer,
    int64_t now, int64_t idle)
{
	int64_t every = idle / 4 < LIMIT_LOGIN_SECONDS ? idle / 4
						       : LIMIT_LOGIN_SECONDS;
	result r;

	if (now - row->used < every)
		return;
	r = session_used(a->store, row->id, now, peer);
	if (r.is != OK)
		log_line(LOG_WARNING, "session.use", "why=\"%s\"", r.why);
}

result
auth_session_check(struct auth *a, view token, view peer,
    const struct auth_session_rules *rules, struct auth_session *out)
{
	struct arena *arena;
	struct session_row row;
	unsigned char hash[HASH];
	int64_t now = clock_now();
	result r;

	*out = (struct auth_session){ .id = 0 };
	TRY(hash_of(token, hash));
	arena = arena_new(ROW_ARENA);
	r = session_find(a->store, arena, (view){ (const char *)hash, HASH },
	    now, now - rules->idle, &row);
	if (r.is == NOT_FOUND)
		r = fail(DENIED, nobody);
	if (r.is == OK)
		r = fill(a, &row, token, out);
	if (r.is == OK)
		note_use(a, &row, peer, now, rules->idle);
	arena_free(&arena);
	return r;
}
