#include "mailcore/auth/throttle.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum {
	DELAY_LOOPBACK_MS = 100,
	KEY_ROOM = 160,
	SUSPECT_FAILURES = 2, /* mistyped once is nothing */
	/* Failures of a whole network, or of an account from anywhere, may
	 * be those of many people: four weigh as one. */
	SHARED_WEIGHT = 4
};

/* What the n-th failure in a row costs. */
static const unsigned delays_ms[] = { 0, 0, 250, 500, 1000, 2000, 3000, 4000,
	5000 };

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

void
auth_throttle_peer(struct auth_throttle *t, view peer)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char six[16];
	unsigned char four[4];
	bool is_four = false;

	*t = (struct auth_throttle){ .loopback = false };
	if (!view_copy(peer, text, sizeof text))
		return;
	if (inet_pton(AF_INET, text, four) == 1) {
		is_four = true;
	} else if (inet_pton(AF_INET6, text, six) != 1) {
		return;
	} else if (memcmp(six, mapped, sizeof mapped) == 0) {
		memcpy(four, six + sizeof mapped, sizeof four);
		is_four = true;
	}
	if (is_four) {
		t->loopback = four[0] == 127;
		(void)snprintf(t->network, sizeof t->network, "%u.%u.%u.0/24",
		    four[0], four[1], four[2]);
		return;
	}
	t->loopback = memcmp(six, &in6addr_loopback, sizeof six) == 0;
	memset(six + 8, 0, 8);
	if (inet_ntop(AF_INET6, six, text, sizeof text) != NULL)
		(void)snprintf(t->network, sizeof t->network, "%s/64", text);
}

/* Case and "+detail" make no other account, so they make no other count. */
void
auth_throttle_account(struct auth_throttle *t, view address)
{
	struct buf folded = buf_new(LIMIT_ADDRESS);
	struct buf hex = buf_new(sizeof t->account);
	unsigned char digest[EVP_MAX_MD_SIZE];
	view local = view_cut_last(&address, '@');

	local = view_cut(&local, '+');
	for (size_t i = 0; i < local.n; i++)
		buf_add_byte(&folded, ascii_lower(local.p[i]));
	buf_add_byte(&folded, '@');
	for (size_t i = 0; i < address.n; i++)
		buf_add_byte(&folded, ascii_lower(address.p[i]));
	if (EVP_Digest(buf_text(&folded), folded.n, digest, NULL,
	        EVP_sha256(), NULL) == 1)
		encode_hex(&hex, (view){ (const char *)digest, 32 });
	(void)view_copy(buf_view(&hex), t->account, sizeof t->account);
	buf_free(&hex);
	buf_free(&folded);
}

enum counter { BY_NETWORK, BY_ACCOUNT_HERE, BY_ACCOUNT };

static view
key_of(const struct auth_throttle *t, enum counter counter, char to[KEY_ROOM])
{
	int n = 0;

	switch (counter) {
	case BY_NETWORK:
		n = snprintf(to, KEY_ROOM, "n %s", t->network);
		break;
	case BY_ACCOUNT_HERE:
		n = snprintf(to, KEY_ROOM, "h %s %s", t->account, t->network);
		break;
	case BY_ACCOUNT:
		n = snprintf(to, KEY_ROOM, "a %s", t->account);
		break;
	}
	return (view){ to, n < 0 ? 0 : (size_t)n };
}

/* A count that cannot be read is none: logins go on when counting fails, and
 * the store has logged why. */
static int64_t
count_of(struct store *store, const struct auth_throttle *t,
    enum counter counter, int64_t now)
{
	char key[KEY_ROOM];
	int64_t count = 0;
	result r = throttle_get(store, key_of(t, counter, key), now, &count);

	return r.is == OK ? count : 0;
}

static void
count_up(struct store *store, const struct auth_throttle *t,
    enum counter counter, int64_t now)
{
	char key[KEY_ROOM];
	result r = throttle_add(store, key_of(t, counter, key), now,
	    now + LIMIT_AUTH_WINDOW);

	(void)r; /* as in count_of */
}

result
auth_throttle_check(struct store *store, const struct auth_throttle *t,
    int64_t now)
{
	if (!t->loopback
	    && count_of(store, t, BY_NETWORK, now) >= LIMIT_AUTH_FAILURES)
		return fail(BUSY, "too many wrong passwords from your network,"
		    " try again in ten minutes");
	return done();
}

bool
auth_throttle_suspects(struct store *store, const struct auth_throttle *t,
    int64_t now)
{
	if (count_of(store, t, BY_ACCOUNT_HERE, now) >= SUSPECT_FAILURES)
		return true;
	return !t->loopback
	    && count_of(store, t, BY_NETWORK, now)
	    >= SUSPECT_FAILURES * SHARED_WEIGHT;
}

static unsigned
delay_for(int64_t failures)
{
	if (failures < 1)
		return 0;
	if (failures > (int64_t)COUNT(delays_ms))
		return delays_ms[COUNT(delays_ms) - 1];
	return delays_ms[failures - 1];
}

unsigned
auth_throttle_failed(struct store *store, const struct auth_throttle *t,
    int64_t now)
{
	static const int64_t weights[] = {
		[BY_NETWORK] = SHARED_WEIGHT,
		[BY_ACCOUNT_HERE] = 1,
		[BY_ACCOUNT] = SHARED_WEIGHT,
	};
	unsigned most = 0;

	for (int i = BY_NETWORK; i <= BY_ACCOUNT; i++) {
		enum counter counter = (enum counter)i;
		unsigned delay;

		count_up(store, t, counter, now);
		delay = delay_for(
		    count_of(store, t, counter, now) / weights[i]);
		if (delay > most)
			most = delay;
	}
	if (t->loopback && most > DELAY_LOOPBACK_MS)
		most = DELAY_LOOPBACK_MS;
	return most;
}

void
auth_throttle_passed(struct store *store, const struct auth_throttle *t,
    int64_t now)
{
	char key[KEY_ROOM];
	result r;

	if (count_of(store, t, BY_ACCOUNT_HERE, now) == 0)
		return;
	r = throttle_clear(store, key_of(t, BY_ACCOUNT_HERE, key));
	(void)r; /* as in count_of */
}
