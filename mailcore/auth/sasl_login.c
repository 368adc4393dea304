#include "mailcore/auth/sasl_login.h"

#include "mailcore/auth/bearer.h"
#include "mailcore/auth/inside.h"
#include "mailcore/auth/oauth.h"
#include "mailcore/auth/sasl.h"
#include "mailcore/auth/scram_keys.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/random.h"

#include <stdlib.h>

enum {
	MESSAGE = 8192, /* one of SCRAM, or its base64 */
	PARTY = 262144, /* an account and all that it may log in by */
	TOKEN_WAIT_MS = 50
};

struct mechanism;

struct sasl_login {
	const struct sasl_login_way *way;
	const struct mechanism *mechanism;
	unsigned turn;
	struct buf text;
	struct sasl *sasl;
	struct scram *scram;
	struct arena *arena;
	struct auth_party party;
	struct oauth_message message; /* its token is the job's */
	struct token_job *job;
	struct sasl_login_turn last; /* said when the last answer came */
};

typedef void turn_run(struct sasl_login *, view answer,
    struct sasl_login_turn *);
static turn_run run_plain, run_scram, run_oauth;

static const struct mechanism {
	const char *name;
	enum scram_hash hash;
	bool plus;
	turn_run *run;
} mechanisms[] = {
	{ "SCRAM-SHA-256-PLUS", SCRAM_SHA256, true, run_scram },
	{ "SCRAM-SHA-256", SCRAM_SHA256, false, run_scram },
	{ "SCRAM-SHA-1-PLUS", SCRAM_SHA1, true, run_scram },
	{ "SCRAM-SHA-1", SCRAM_SHA1, false, run_scram },
	{ "PLAIN", 0, false, run_plain },
	{ "LOGIN", 0, false, run_plain },
	/* Last: who has no token takes the first that he knows. */
	{ "OAUTHBEARER", 0, false, run_oauth },
	{ "XOAUTH2", 0, false, run_oauth },
};

static const struct tls_binding *
binding_of(const struct sasl_login_way *w)
{
	const struct tls_binding *b = &w->peer->binding;

	return w->peer->tls && !w->unbound
	        && b->exporter_n + b->end_point_n > 0
	    ? b : NULL;
}

static bool
is_offered(const struct sasl_login_way *w, const struct mechanism *m)
{
	enum auth_scram scram = auth_scram(w->auth);

	if (m->run == run_oauth)
		return token_desk_is_open(auth_tokens(w->auth));
	if (m->run != run_scram)
		return true;
	return scram != AUTH_SCRAM_OFF
	    && (m->hash != SCRAM_SHA1 || scram == AUTH_SCRAM_SHA1)
	    && (!m->plus || binding_of(w) != NULL);
}

void
sasl_login_list(const struct sasl_login_way *w, const char *before,
    struct buf *out)
{
	for (size_t i = 0; i < COUNT(mechanisms); i++)
		if (is_offered(w, &mechanisms[i]))
			buf_print(out, "%s%s", before, mechanisms[i].name);
}

static void
broken(struct sasl_login_turn *t, result r)
{
	t->next = SASL_BROKEN;
	t->r = r;
}

static struct auth_attempt
attempt_of(const struct sasl_login *x, view user, view password)
{
	return (struct auth_attempt){
		.user = user,
		.password = password,
		.protocol = view_of(x->way->protocol),
		.peer = view_of(x->way->peer->address),
	};
}

/* What auth says of it: somebody, or nobody. */
static void
judged(struct sasl_login_turn *t, result r)
{
	t->next = r.is == OK ? SASL_PASSED : SASL_REFUSED;
	t->r = r;
	if (r.is != OK)
		t->who = (struct identity){ .account = 0 };
}

/* Well formed, but for another's name, or over another channel: refused as a
 * wrong password is (RFC 3501 6.2.2, RFC 4954 6). */
static void
unfit(struct sasl_login_turn *t, result r)
{
	if (r.is == DENIED)
		judged(t, r);
	else
		broken(t, r);
}

static const char gave_up[] = "RFC 4422 3.5: the client gave up";

static void
run_plain(struct sasl_login *x, view answer, struct sasl_login_turn *t)
{
	struct auth_attempt attempt;
	bool complete = false;
	result r = sasl_turn(x->sasl, answer, &x->text, &complete);

	if (view_eq(answer, VIEW("*"))) {
		broken(t, fail(DENIED, gave_up));
		return;
	}
	if (r.is != OK) {
		unfit(t, r);
		return;
	}
	if (!complete)
		return;
	attempt = attempt_of(x, sasl_user(x->sasl), sasl_password(x->sasl));
	judged(t, auth_password(x->way->auth, &attempt, &t->who,
	              &t->delay_ms));
}

static void
say(struct sasl_login *x, view message)
{
	encode_base64(&x->text, message);
}

/* RFC 5802 5.1: as unlike any other as random bytes are. */
static result
challenge(struct sasl_login *x)
{
	unsigned char bytes[SCRAM_NONCE / 4 * 3];
	struct buf nonce = buf_new(2 * SCRAM_NONCE), message = buf_new(MESSAGE);
	result r;

	random_bytes(bytes, sizeof bytes);
	encode_base64(&nonce, (view){ (const char *)bytes, sizeof bytes });
	r = scram_challenge(x->scram,
	    (view){ (const char *)x->party.salt, SCRAM_SALT },
	    SCRAM_ITERATIONS, buf_view(&nonce), &message);
	say(x, buf_view(&message));
	buf_free(&nonce);
	buf_free(&message);
	return r;
}

static void
scram_begins(struct sasl_login *x, view message, struct sasl_login_turn *t)
{
	struct auth_attempt attempt;
	view user;
	result r = scram_first(x->scram, message, &user);

	if (r.is != OK) {
		unfit(t, r);
		return;
	}
	x->arena = arena_new(PARTY);
	attempt = attempt_of(x, user, VIEW(""));
	r = auth_party_find(x->way->auth, x->arena, &attempt, &x->party,
	    &t->delay_ms);
	if (r.is == OK)
		r = challenge(x);
	if (r.is != OK)
		judged(t, r);
}

static void
scram_ends(struct sasl_login *x, view message, struct sasl_login_turn *t)
{
	const struct auth_attempt attempt
	    = attempt_of(x, x->party.address, VIEW(""));
	struct buf verdict = buf_new(MESSAGE);
	struct scram_keys keys;
	result r = scram_final(x->scram, message);

	if (r.is != OK) {
		unfit(t, r);
		buf_free(&verdict);
		return;
	}
	r = auth_party_prove(x->way->auth, &attempt, &x->party,
	    x->mechanism->hash, x->scram, &keys, &t->who, &t->delay_ms);
	if (r.is == OK)
		r = scram_verdict(x->scram, &keys, &verdict);
	judged(t, r);
	if (r.is == OK)
		say(x, buf_view(&verdict));
	if (r.is == OK && !x->way->data_with_success) {
		x->last = *t;
		t->next = SASL_MORE;
		t->who = (struct identity){ .account = 0 };
	}
	secret_wipe(&keys, sizeof keys);
	buf_free(&verdict);
}

/* The answer to what we said last: empty (RFC 4422 3.6). */
static void
scram_over(struct sasl_login *x, view message, struct sasl_login_turn *t)
{
	if (message.n > 0)
		broken(t, fail(MALFORMED, "RFC 4422 3.6: nothing is due"));
	else
		*t = x->last;
}

static result
decode(view answer, struct buf *to)
{
	if (view_eq(answer, VIEW("*")))
		return fail(DENIED, gave_up);
	if (answer.n == 0 || view_eq(answer, VIEW("=")))
		return done();
	if (decode_base64_strict(to, answer).is != OK)
		return fail(MALFORMED,
		    "RFC 4648 4: the answer is not base64, or too long");
	return done();
}

/* The next of `count` turns, with what the answer says in clear. */
static void
run_turn(struct sasl_login *x, turn_run *const turns[], unsigned count,
    view answer, struct sasl_login_turn *t)
{
	struct buf message = buf_new(MESSAGE);
	result r = x->turn < count
	    ? decode(answer, &message)
	    : fail(MALFORMED, "RFC 4422 3.4: the exchange is over");

	if (r.is == OK)
		turns[x->turn++](x, buf_view(&message), t);
	else
		broken(t, r);
	if (t->next != SASL_MORE && t->next != SASL_WAITS)
		x->turn = count;
	secret_wipe(message.p, message.n);
	buf_free(&message);
}

static void
run_scram(struct sasl_login *x, view answer, struct sasl_login_turn *t)
{
	static turn_run *const turns[] = { scram_begins, scram_ends,
		scram_over };

	run_turn(x, turns, COUNT(turns), answer, t);
}

static enum oauth_form
form_of(const struct sasl_login *x)
{
	return x->mechanism->name[0] == 'X' ? OAUTH_X2 : OAUTH_BEARER;
}

/* RFC 7628 3.2.2, 3.2.3: why, then the client says that it has heard it.  The
 * wait is before the why, so that who hangs up then has had it. */
static void
refuse_token(struct sasl_login *x, struct sasl_login_turn *t)
{
	struct buf json = buf_new(MESSAGE);

	token_desk_tell(auth_tokens(x->way->auth), form_of(x), &json);
	say(x, buf_view(&json));
	buf_free(&json);
	x->last = *t;
	x->last.delay_ms = 0;
	t->next = SASL_MORE;
}

static void
token_wait(struct sasl_login *x, struct sasl_login_turn *t)
{
	const struct auth_attempt attempt
	    = attempt_of(x, view_of(x->message.user), VIEW(""));
	struct token_owner owner;
	result r;

	if (!token_job_done(x->job, &r, &owner)) {
		t->next = SASL_WAITS;
		t->delay_ms = TOKEN_WAIT_MS;
		return;
	}
	token_job_end(&x->job);
	judged(t, auth_bearer(x->way->auth, &attempt, r, &owner, &t->who,
	              &t->delay_ms));
	if (t->next == SASL_REFUSED && t->r.is == DENIED)
		refuse_token(x, t);
}

static void
token_begins(struct sasl_login *x, view message, struct sasl_login_turn *t)
{
	result r = oauth_read(form_of(x), message, &x->message);
	struct auth_attempt attempt;

	if (r.is != OK) {
		unfit(t, r);
		return;
	}
	attempt = attempt_of(x, view_of(x->message.user), VIEW(""));
	r = auth_bearer_may(x->way->auth, &attempt, &t->delay_ms);
	if (r.is == OK) {
		x->job = token_job_begin(auth_tokens(x->way->auth),
		    x->message.token);
		if (x->job == NULL)
			r = fail(BUSY, "too many tokens are being checked");
	}
	x->message.token = VIEW("");
	if (r.is == OK)
		token_wait(x, t);
	else
		judged(t, r);
}

static void
run_oauth(struct sasl_login *x, view answer, struct sasl_login_turn *t)
{
	static turn_run *const turns[] = { token_begins };

	/* ^A, nothing or "*": it is refused, whatever the client says. */
	if (x->last.next == SASL_REFUSED)
		*t = x->last;
	else
		run_turn(x, turns, COUNT(turns), answer, t);
}

static void
turn_ends(struct sasl_login *x, struct sasl_login_turn *t)
{
	if (t->next == SASL_MORE || t->next == SASL_PASSED)
		t->text = buf_view(&x->text);
	if (buf_result(&x->text).is != OK)
		broken(t, fail(MALFORMED, "RFC 4422 3.4: too long"));
}

void
sasl_login_wait(struct sasl_login *x, struct sasl_login_turn *t)
{
	*t = (struct sasl_login_turn){ .next = SASL_MORE };
	token_wait(x, t);
	turn_ends(x, t);
}

void
sasl_login_go_on(struct sasl_login *x, view answer, struct sasl_login_turn *t)
{
	*t = (struct sasl_login_turn){ .next = SASL_MORE };
	buf_reset(&x->text);
	x->mechanism->run(x, answer, t);
	turn_ends(x, t);
}

static const struct mechanism *
find(const struct sasl_login_way *w, view name)
{
	for (size_t i = 0; i < COUNT(mechanisms); i++)
		if (view_same(name, view_of(mechanisms[i].name))
		    && is_offered(w, &mechanisms[i]))
			return &mechanisms[i];
	return NULL;
}

void
sasl_login_begin(struct sasl_login **out, const struct sasl_login_way *way,
    view mechanism, const view *initial, struct sasl_login_turn *t)
{
	const struct mechanism *m = find(way, mechanism);
	struct sasl_login *x;

	*out = NULL;
	*t = (struct sasl_login_turn){ .next = SASL_MORE };
	if (m == NULL) {
		broken(t, fail(NOT_FOUND, "RFC 4422 3.1: no such mechanism"));
		return;
	}
	x = calloc(1, sizeof *x);
	if (x == NULL)
		abort();
	x->way = way;
	x->mechanism = m;
	x->text = buf_new(2 * MESSAGE);
	*out = x;
	if (m->run == run_scram) {
		x->scram = scram_new(m->hash, m->plus, binding_of(way));
	} else if (m->run == run_plain
	    && sasl_start(&x->sasl, mechanism).is != OK) {
		broken(t, fail(NOT_FOUND, "RFC 4422 3.1: no such mechanism"));
		return;
	}
	if (initial != NULL) {
		sasl_login_go_on(x, *initial, t);
		return;
	}
	if (x->sasl != NULL)
		sasl_first_challenge(x->sasl, &x->text);
	t->text = buf_view(&x->text);
}

void
sasl_login_free(struct sasl_login **login)
{
	struct sasl_login *x = *login;

	*login = NULL;
	if (x == NULL)
		return;
	sasl_free(&x->sasl);
	scram_free(&x->scram);
	token_job_end(&x->job);
	auth_party_wipe(&x->party);
	arena_free(&x->arena);
	buf_free(&x->text);
	free(x);
}
