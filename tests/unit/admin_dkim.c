/* dkim.h: a key is made once, and is for its owner alone. */
#include "mailcore/admin/dkim.h"
#include "mailcore/base/encode.h"
#include "mailcore/sys/file.h"
#include "mailcore/store/domain.h"
#include "tests/tap.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { ROOM = 1 << 20, PATH = 512 };

static void
test_public(view key)
{
	struct buf der = buf_new(4096);
	const unsigned char *at;
	EVP_PKEY *read = NULL;

	ok(decode_base64_strict(&der, key).is == OK, "base64");
	at = (const unsigned char *)der.p;
	read = d2i_PUBKEY(NULL, &at, (long)der.n);
	ok(read != NULL && EVP_PKEY_is_a(read, "RSA"), "an RSA key");
	is_number(read == NULL ? 0 : EVP_PKEY_bits(read), 2048, "bits");
	EVP_PKEY_free(read);
	buf_free(&der);
}

static void
test_key(struct store *store, struct signer *signer, const char *data,
    struct arena *arena)
{
	struct dkim_key first, again, other;
	char path[PATH];
	struct stat st = { .st_mode = 0 };

	ok(dkim_ensure(store, signer, VIEW("One.Test"), arena, &first).is == OK,
	    "a key is made");
	ok(first.selector.n == 6 && first.selector.p[0] == 'p', "selector");
	test_public(first.key);
	(void)snprintf(path, sizeof path, "%s/keys/one.test.%.*s.pem", data,
	    (int)first.selector.n, first.selector.p);
	ok(stat(path, &st) == 0, "its file");
	is_number(st.st_mode & 07777u, 0600, "for its owner alone");
	ok(dkim_ensure(store, signer, VIEW("one.test"), arena, &again).is == OK,
	    "asked again");
	same(again.key, first.key, "the same key");
	ok(dkim_ensure(store, signer, VIEW("two.test"), arena, &other).is == OK,
	    "of another domain");
	ok(!view_eq(other.key, first.key), "another key");
	ok(dkim_ensure(store, signer, VIEW("../x"), arena, &other).is
	        == MALFORMED, "no domain");
	ok(file_write(path, VIEW("damaged"), 0600).is == OK
	    && dkim_ensure(store, signer, VIEW("one.test"), arena, &again).is
	        == FAILED, "a damaged key is not replaced");
}

static void
test_second(struct store *store, struct signer *signer, struct arena *arena)
{
	struct dkim_key key, again;
	view used;

	ok(dkim_second(store, signer, VIEW("Two.test"), arena, &key).is == OK,
	    "a second key");
	is_number((long long)key.key.n, 44, "base64 of an Ed25519 key");
	ok(dkim_second(store, signer, VIEW("two.test"), arena, &again).is
	    == OK, "asked again");
	same(again.key, key.key, "the same key");
	ok(setting_get(store, arena, VIEW("dkim-selector-ed25519:two.test"),
	       &used).is == OK, "in use");
	same(used, key.selector, "that one");
	ok(dkim_second_end(store, VIEW("two.test"), arena).is == OK
	    && setting_get(store, arena,
	        VIEW("dkim-selector-ed25519:two.test"), &used).is == OK
	    && used.n == 0, "no longer");
}

int
main(void)
{
	char folder[] = "/tmp/posthaste-dkim-XXXXXX";
	struct store_options options = { .journal = "test" };
	struct arena *arena = arena_new(ROOM);
	struct store *store = NULL;
	struct signer *signer = NULL;
	char command[PATH];

	if (mkdtemp(folder) == NULL)
		return 1;
	options.data = folder;
	ok(store_recover(folder).is == OK
	    && store_open(&store, &options).is == OK
	    && signer_open_keys(&signer, folder, folder).is == OK, "a store");
	if (store == NULL)
		return tap_done();
	test_key(store, signer, folder, arena);
	test_second(store, signer, arena);
	signer_close(&signer);
	store_close(&store);
	arena_free(&arena);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	ok(system(command) == 0, "the folder is removed");
	return tap_done();
}
