/* What clients make of a signer that is dead, slow or taken over. */
#include "mailcore/auth/signer.h"

#include "mailcore/auth/signer_desk.h"
#include "mailcore/auth/signer_packet.h"
#include "mailcore/base/limits.h"
#include "tests/tap.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATH = 512, ALL = (1 << SIGNER_OPS) - 1 };

static char folder[] = "/tmp/signer-XXXXXX";

static enum status
sign(struct signer *s)
{
	static const unsigned char hash[SIGNER_HASH] = "any";
	struct buf signature = buf_new(4096);
	enum signer_algorithm algorithm;
	result r = signer_dkim(s, VIEW("one.test"), VIEW("e1"), hash,
	    &algorithm, &signature);

	buf_free(&signature);
	return r.is;
}

enum behaviour { DEAF_ONCE, STALE_FIRST, JUNK_FIRST, EMPTY_FIRST, LARGE_FIRST,
	BEHAVIOURS };

static const char *const behaviours[BEHAVIOURS] = {
	"one that loses the first request", "old answers first",
	"junk, then the answer", "an empty packet, then the answer",
	"a packet too large, then the answer" };

struct other_end {
	int fd;
	enum behaviour how;
	struct signer_desk *desk;
};

/* What a signer that is not well puts before its answer. */
static void
misbehave(const struct other_end *e, view packet)
{
	static const char large[LIMIT_SIGNER_MESSAGE + 1];
	struct signer_answer a = { .is = DENIED, .id = 1,
		.bytes = VIEW("") };
	struct buf stale = buf_new(LIMIT_SIGNER_MESSAGE);

	signer_answer_write(&a, &stale);
	if (e->how == STALE_FIRST)
		(void)signer_packet_send(e->fd, buf_view(&stale));
	else if (e->how == JUNK_FIRST)
		(void)signer_packet_send(e->fd, packet);
	else if (e->how == EMPTY_FIRST)
		(void)signer_packet_send(e->fd, VIEW(""));
	else if (e->how == LARGE_FIRST)
		(void)signer_packet_send(e->fd, (view){ large, sizeof large });
	buf_free(&stale);
}

static void *
be_signer(void *context)
{
	const struct other_end *e = context;
	struct pollfd p = { .fd = e->fd, .events = POLLIN };
	struct buf packet = buf_new(LIMIT_SIGNER_MESSAGE);
	struct buf answer = buf_new(LIMIT_SIGNER_MESSAGE);
	bool first = true;

	/* Until the client's end is closed. */
	while (poll(&p, 1, -1) >= 0
	    && signer_packet_take(e->fd, &packet) == SIGNER_PACKET_TAKEN) {
		if (first)
			misbehave(e, buf_view(&packet));
		buf_reset(&answer);
		if ((!first || e->how != DEAF_ONCE)
		    && signer_desk_answer(e->desk, ALL, buf_view(&packet),
		        &answer).is == OK)
			(void)signer_packet_send(e->fd, buf_view(&answer));
		first = false;
	}
	buf_free(&packet);
	buf_free(&answer);
	return NULL;
}

static void
test_behaviour(enum behaviour how)
{
	struct other_end e = { .how = how };
	struct signer *s = NULL;
	char keys[PATH];
	pthread_t thread;
	int ends[2];

	(void)snprintf(keys, sizeof keys, "%s/keys", folder);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0
	    || signer_desk_new(&e.desk, keys, folder).is != OK
	    || signer_open(&s, ends[0]).is != OK)
		abort();
	e.fd = ends[1];
	if (pthread_create(&thread, NULL, be_signer, &e) != 0)
		abort();
	is_number(sign(s), OK, behaviours[how]);
	is_number(sign(s), OK, "and the next");
	signer_close(&s);
	(void)pthread_join(thread, NULL);
	(void)close(ends[1]);
	signer_desk_free(&e.desk);
}

static void
test_dead(void)
{
	struct signer *s = NULL;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0
	    || signer_open(&s, ends[0]).is != OK)
		abort();
	(void)close(ends[1]);
	is_number(sign(s), BUSY, "nobody is there");
	signer_close(&s);
	if (pipe(ends) != 0)
		abort();
	ok(signer_open(&s, ends[0]).is == FAILED, "a pipe is no line");
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
make_key(void)
{
	struct signer *s;

	if (signer_open_keys(&s, folder, folder).is != OK
	    || signer_make(s, VIEW("one.test"), VIEW("e1"),
	        SIGNER_ED25519_SHA256).is != OK)
		abort();
	signer_close(&s);
}

int
main(void)
{
	char command[PATH];

	if (mkdtemp(folder) == NULL)
		return 1;
	make_key();
	for (int how = 0; how < BEHAVIOURS; how++)
		test_behaviour((enum behaviour)how);
	test_dead();
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	ok(system(command) == 0, "the folder is removed");
	return tap_done();
}
