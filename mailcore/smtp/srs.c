#include "mailcore/smtp/srs.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/buf.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/store/domain.h"
#include "mailcore/sys/random.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { HASH = 8, DAY = 86400, DAYS = 1024 };

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

result
srs_key(struct store *store, unsigned char key[SRS_KEY])
{
	struct arena *arena = arena_new(4096);
	view name = VIEW("srs-key"), value;
	result r = setting_get(store, arena, name, &value);

	if (r.is == NOT_FOUND) {
		random_bytes(key, SRS_KEY);
		r = setting_set(store, name,
		    (view){ (const char *)key, SRS_KEY });
		if (r.is == OK)
			r = setting_get(store, arena, name, &value);
	}
	if (r.is == OK && value.n != SRS_KEY)
		r = fail(FAILED, "the setting srs-key is damaged");
	if (r.is == OK)
		memcpy(key, value.p, SRS_KEY);
	arena_free(&arena);
	return r;
}

/* Hosts on the way may change case, so it does not count. */
static void
hash_of(const unsigned char key[SRS_KEY], view text, char to[HASH])
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct buf folded = buf_new(4096);
	unsigned n = 0;

	for (size_t i = 0; i < text.n; i++)
		buf_add_byte(&folded, ascii_lower(text.p[i]));
	(void)HMAC(EVP_sha256(), key, SRS_KEY,
	    (const unsigned char *)folded.p, folded.n, mac, &n);
	for (size_t i = 0; i < HASH; i++)
		to[i] = base32[mac[i] & 31];
	buf_free(&folded);
}

static bool
starts(view v, const char *prefix)
{
	view p = view_of(prefix);

	return view_starts_same(v, p) && v.n > p.n
	    && view_find_byte(VIEW("=+-"), v.p[p.n]) != SIZE_MAX;
}

bool
srs_is(view local)
{
	return starts(local, "SRS0") || starts(local, "SRS1");
}

/* "prefix=hash=rest@domain". */
static result
write_address(const unsigned char key[SRS_KEY], struct arena *arena,
    const char *prefix, view rest, view *out)
{
	char hash[HASH];
	view domain = *out;

	hash_of(key, rest, hash);
	if (strlen(prefix) + HASH + 2 + rest.n > LIMIT_LOCAL_PART)
		return fail(OVER_LIMIT,
		    "RFC 5321 4.5.3.1.1: too long to be rewritten");
	*out = arena_print(arena, "%s=%.*s=%.*s@%.*s", prefix, HASH, hash,
	    (int)rest.n, rest.p, (int)domain.n, domain.p);
	return arena_result(arena);
}

result
srs_forward(const unsigned char key[SRS_KEY], struct arena *arena,
    view sender, view domain, int64_t now, view *out)
{
	view host = sender, local = view_cut_last(&host, '@'), rest;
	int day = (int)(now / DAY % DAYS);

	*out = domain;
	/* What stands between quotes means nothing behind "SRS0=". */
	if (view_at(local, 0) == '"')
		return fail(OVER_LIMIT,
		    "RFC 5321 4.1.2: quoted, it cannot be rewritten");
	if (starts(local, "SRS0")) {
		rest = view_from(local, 4);
		rest = arena_print(arena, "%.*s=%.*s", (int)host.n, host.p,
		    (int)rest.n, rest.p);
		return write_address(key, arena, "SRS1", rest, out);
	}
	if (starts(local, "SRS1")) {
		/* The first host stays; its hash is ours to make anew. */
		rest = view_from(local, 5);
		(void)view_cut(&rest, '=');
		return write_address(key, arena, "SRS1", rest, out);
	}
	rest = arena_print(arena, "%c%c=%.*s=%.*s", base32[day >> 5],
	    base32[day & 31], (int)host.n, host.p, (int)local.n, local.p);
	TRY(arena_result(arena));
	return write_address(key, arena, "SRS0", rest, out);
}

static int
digit(char c)
{
	const char *at = strchr(base32, ascii_lower(c));

	return c == '\0' || at == NULL ? -1 : (int)(at - base32);
}

static bool
is_recent(view stamp, int64_t now)
{
	int high, low, age;

	if (stamp.n != 2)
		return false;
	high = digit(stamp.p[0]);
	low = digit(stamp.p[1]);
	if (high < 0 || low < 0)
		return false;
	age = (int)(now / DAY % DAYS) - (high << 5 | low);
	/* It wraps after 1,024 days; clocks differ by a day. */
	return (age + DAYS + 1) % DAYS <= SRS_DAYS + 1;
}

result
srs_back(const unsigned char key[SRS_KEY], struct arena *arena, view local,
    int64_t now, view *out)
{
	bool first = starts(local, "SRS0");
	view rest = view_from(local, 5), hash = view_cut(&rest, '='), host;
	char wanted[HASH], found[HASH];

	if (!srs_is(local) || hash.n != HASH)
		return fail(NOT_FOUND, "not an address of ours");
	hash_of(key, rest, wanted);
	for (size_t i = 0; i < HASH; i++)
		found[i] = ascii_lower(hash.p[i]);
	if (!secret_eq((view){ wanted, HASH }, (view){ found, HASH }))
		return fail(NOT_FOUND, "not an address of ours");
	if (first && !is_recent(view_cut(&rest, '='), now))
		return fail(NOT_FOUND, "an address of ours that is over");
	host = view_cut(&rest, '=');
	if (host.n == 0 || rest.n == 0)
		return fail(NOT_FOUND, "not an address of ours");
	*out = arena_print(arena, "%s%.*s@%.*s", first ? "" : "SRS0",
	    (int)rest.n, rest.p, (int)host.n, host.p);
	return arena_result(arena);
}
