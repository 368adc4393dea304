#include "mailcore/auth/inside.h"

#include "mailcore/auth/network.h"
#include "mailcore/auth/scram_keys.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/secret.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sys/random.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum {
	GROUPS = 7,
	GROUP = 4,
	LETTERS = GROUPS * GROUP,
	HASH = 32,
	KEY_ARENA = 1024
};

/* 32 letters and digits that look like no other. */
static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";

static const char wrong[] = "address or password is wrong";

static const struct right_name {
	unsigned rights;
	const char *name; /* as in auth_attempt.protocol */
} right_names[] = {
	{ APP_IMAP, "imap" },
	{ APP_POP3, "pop3" },
	{ APP_SMTP, "smtp" },
	{ APP_CALDAV, "caldav" },
	{ APP_CARDDAV, "carddav" },
	/* Both; asked for, either. */
	{ APP_DAV, "dav" },
};

result
auth_key(struct store *store, view setting, unsigned char key[AUTH_APP_KEY])
{
	struct arena *arena = arena_new(KEY_ARENA);
	unsigned char fresh[AUTH_APP_KEY];
	view kept;
	result r;

	random_bytes(fresh, sizeof fresh);
	r = setting_keep(store, arena, setting,
	    (view){ (const char *)fresh, sizeof fresh }, &kept);
	if (r.is == OK && kept.n != AUTH_APP_KEY)
		r = fail(FAILED, "a key in the settings is damaged");
	if (r.is == OK)
		memcpy(key, kept.p, AUTH_APP_KEY);
	secret_wipe(fresh, sizeof fresh);
	arena_free(&arena);
	return r;
}

static unsigned
rights_of(view name)
{
	for (size_t i = 0; i < COUNT(right_names); i++)
		if (view_same(name, view_of(right_names[i].name)))
			return right_names[i].rights;
	return 0;
}

result
auth_app_rights(view text, unsigned *out)
{
	*out = 0;
	while (text.n > 0) {
		unsigned named = rights_of(view_trim(view_cut(&text, ',')));

		if (named == 0)
			return fail(MALFORMED, "rights are of imap, pop3,"
			    " smtp, caldav and carddav");
		*out |= named;
	}
	return *out != 0 ? done()
			 : fail(MALFORMED, "expected at least one right");
}

void
auth_app_rights_write(unsigned rights, struct buf *out)
{
	bool more = false;

	for (size_t i = 0; i < COUNT(right_names); i++) {
		unsigned named = right_names[i].rights;

		if (named == APP_DAV || (rights & named) == 0)
			continue;
		if (more)
			buf_add_byte(out, ',');
		buf_add_text(out, right_names[i].name);
		more = true;
	}
}

result
auth_app_networks(view text)
{
	struct network network;

	if (text.n > LIMIT_APP_NETWORKS)
		return fail(OVER_LIMIT, "too many networks");
	while (text.n > 0)
		TRY(network_read(view_trim(view_cut(&text, ',')), &network));
	return done();
}

/* People type it with or without its dashes, phones begin with a capital.
 * false: not of that form, so none of ours. */
static bool
normalise(view typed, char to[LETTERS])
{
	size_t n = 0;

	for (size_t i = 0; i < typed.n; i++) {
		char c = ascii_lower(typed.p[i]);

		if (c == '-' || c == ' ')
			continue;
		if (n == LETTERS || c == '\0' || strchr(letters, c) == NULL)
			return false;
		to[n++] = c;
	}
	return n == LETTERS;
}

static result
hash_of(const unsigned char key[AUTH_APP_KEY], const char normal[LETTERS],
    unsigned char hash[HASH])
{
	unsigned n = 0;

	if (HMAC(EVP_sha256(), key, AUTH_APP_KEY,
	        (const unsigned char *)normal, LETTERS, hash, &n) == NULL
	    || n != HASH)
		return fail(FAILED, "OpenSSL has no HMAC with SHA-256");
	return done();
}

static result
check_label(view label)
{
	if (label.n > LIMIT_APP_LABEL)
		return fail(OVER_LIMIT, "the label is too long");
	if (!utf8_is_valid(label))
		return fail(MALFORMED, "a label is UTF-8");
	for (size_t i = 0; i < label.n; i++)
		if (ascii_is_control(label.p[i]))
			return fail(MALFORMED, "a label is one line");
	return done();
}

/* In readable groups. */
static void
show(const char normal[LETTERS], struct buf *out)
{
	for (size_t i = 0; i < LETTERS; i++) {
		if (i > 0 && i % GROUP == 0)
			buf_add_byte(out, '-');
		buf_add_byte(out, normal[i]);
	}
}

result
auth_app_add(struct store *store, struct app_password *wanted, int64_t now,
    struct buf *password)
{
	unsigned char key[AUTH_APP_KEY], hash[HASH];
	char normal[LETTERS];
	size_t before = password->n;
	result r;

	TRY(check_label(wanted->label));
	TRY(auth_app_networks(wanted->networks));
	TRY(auth_key(store, VIEW("app-password-key"), key));
	for (size_t i = 0; i < LETTERS; i++)
		normal[i] = letters[random_number(sizeof letters - 1)];
	show(normal, password);
	r = buf_result(password);
	if (r.is == OK)
		r = hash_of(key, normal, hash);
	wanted->hash = (view){ (const char *)hash, sizeof hash };
	wanted->created = now;
	if (r.is == OK)
		r = app_password_add(store, wanted);
	wanted->hash = VIEW("");
	if (r.is == OK)
		r = auth_scram_keep_app(store, wanted,
		    view_from(buf_view(password), before));
	if (r.is != OK)
		buf_cut(password, before);
	secret_wipe(key, sizeof key);
	secret_wipe(normal, sizeof normal);
	return r;
}

static bool
from_there(view networks, view peer)
{
	struct network network;

	if (networks.n == 0)
		return true;
	while (networks.n > 0)
		if (network_read(view_trim(view_cut(&networks, ',')),
		        &network).is == OK
		    && network_has(&network, peer))
			return true;
	return false;
}

bool
auth_app_good(const struct app_password *p, int64_t account,
    const struct auth_attempt *attempt, int64_t now)
{
	return account != 0 && p->account == account
	    && (p->rights & rights_of(attempt->protocol)) != 0
	    && (p->expires == 0 || now < p->expires)
	    && from_there(p->networks, attempt->peer);
}

/* SCRAM knows it as it was shown, however it was typed here. */
static void
upgrade(struct auth *a, const struct app_password *found,
    const char normal[LETTERS])
{
	struct buf shown = buf_new(AUTH_APP_TEXT);

	show(normal, &shown);
	auth_scram_upgrade_app(a, found, buf_view(&shown));
	secret_wipe(shown.p, shown.n);
	buf_free(&shown);
}

result
auth_app_check(struct auth *a, struct arena *arena, int64_t account,
    const struct auth_attempt *attempt, int64_t now, struct identity *out)
{
	struct app_password found = { .id = 0 };
	unsigned char hash[HASH];
	char normal[LETTERS];
	result r = fail(DENIED, wrong);

	if (normalise(attempt->password, normal)) {
		r = hash_of(a->app_key, normal, hash);
		if (r.is == OK)
			r = app_password_find(a->store, arena,
			    (view){ (const char *)hash, sizeof hash },
			    &found);
		if (r.is == OK && !auth_app_good(&found, account, attempt, now))
			r = fail(DENIED, wrong);
		if (r.is == NOT_FOUND)
			r = fail(DENIED, wrong);
	}
	if (r.is == OK)
		upgrade(a, &found, normal);
	secret_wipe(normal, sizeof normal);
	TRY(r);
	out->app = found.id;
	out->rights = found.rights;
	return done();
}
