/* Packets to the signer and from it. */
#include "mailcore/auth/signer_desk.h"
#include "mailcore/auth/signer_key.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/log.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static const char *kept; /* the folder of keys */

static void
finish(void)
{
	char command[64];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", kept);
	if (system(command) != 0)
		(void)fprintf(stderr, "left behind: %s\n", kept);
}

/* One key of each kind, made once. */
static struct signer_desk *
open_desk(void)
{
	static struct signer_desk *desk;
	static char folder[] = "/tmp/signer.XXXXXX";
	char path[SIGNER_PATH];

	if (desk != NULL)
		return desk;
	log_open("fuzz", LOG_ERROR);
	check(mkdtemp(folder) != NULL);
	for (int i = SIGNER_RSA_SHA256; i <= SIGNER_ED25519_SHA256; i++) {
		check(signer_key_path(path, folder, VIEW("one.test"),
		          i == SIGNER_RSA_SHA256 ? VIEW("r1") : VIEW("e1"))
		          .is == OK);
		check(signer_key_make(folder, path, (enum signer_algorithm)i)
		          .is == OK);
	}
	check(signer_desk_new(&desk, folder, "/nonexistent").is == OK);
	(void)atexit(finish);
	kept = folder;
	return desk;
}

/* All but new keys may be asked for.  Nothing is given with a refusal. */
static void
ask(view packet, struct buf *to)
{
	const unsigned may = (1u << SIGNER_OPS) - 1 - (1u << SIGNER_OP_MAKE);
	struct signer_answer a;

	if (signer_desk_answer(open_desk(), may, packet, to).is == OK) {
		check(signer_answer_read(buf_view(to), &a).is == OK);
		check(a.is == OK || a.bytes.n == 0);
	} else {
		check(to->n == 0);
	}
}

static void
read_keys(view rest)
{
	struct signer_key k;
	size_t before = rest.n;

	while (rest.n > 0 && signer_key_read(&rest, &k).is == OK) {
		check(signer_is_selector(k.selector) && rest.n < before);
		before = rest.n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	view packet = { (const char *)bytes, size };
	struct buf to = buf_new(LIMIT_SIGNER_MESSAGE);
	struct signer_request q;
	struct signer_answer a;

	if (signer_request_read(packet, &q).is == OK) {
		check(signer_is_name(q.name));
		signer_request_write(&q, &to);
		check(size > LIMIT_SIGNER_MESSAGE
		    || view_eq(buf_view(&to), packet));
		buf_reset(&to);
	}
	ask(packet, &to);
	buf_reset(&to);
	if (signer_answer_read(packet, &a).is == OK) {
		signer_answer_write(&a, &to);
		check(size > LIMIT_SIGNER_MESSAGE
		    || view_eq(buf_view(&to), packet));
		read_keys(a.bytes);
	}
	read_keys(packet);
	buf_free(&to);
	return 0;
}
