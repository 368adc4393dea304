#include "mailcore/auth/signer.h"

#include "mailcore/auth/signer_desk.h"
#include "mailcore/auth/signer_packet.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/random.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	/* What a signer had taken when it died is asked once more. */
	TRIES = 2,
	MS_IN_SECOND = 1000,
	NS_IN_MS = 1000000,
	ALL_OPS = (1 << SIGNER_OPS) - 1
};

struct signer {
	pthread_mutex_t lock; /* one request at a time */
	uint64_t next;        /* id; not one that a process before us used */
	int fd;               /* -1: the desk is in this process */
	struct signer_desk *desk;
	bool has_push; /* under the lock, with the next */
	struct signer_point push;
};

const char *const signer_algorithms[2] = {
	[SIGNER_RSA_SHA256] = "rsa-sha256",
	[SIGNER_ED25519_SHA256] = "ed25519-sha256",
};

static struct signer *
signer_new(int fd)
{
	struct signer *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	(void)pthread_mutex_init(&s->lock, NULL);
	random_bytes(&s->next, sizeof s->next);
	s->fd = fd;
	return s;
}

result
signer_open(struct signer **out, int fd)
{
	int type = 0;
	socklen_t n = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0
	    || type != SOCK_SEQPACKET)
		return fail(FAILED, "no socket to the signer");
	*out = signer_new(fd);
	return done();
}

result
signer_open_keys(struct signer **out, const char *data,
    const char *certificates)
{
	struct buf folder = buf_new(LIMIT_SIGNER_MESSAGE);
	struct signer *s = signer_new(-1);
	result r;

	buf_print(&folder, "%s/keys", data);
	r = signer_desk_new(&s->desk, buf_text(&folder), certificates);
	buf_free(&folder);
	if (r.is == OK) {
		*out = s;
		s = NULL;
	}
	signer_close(&s);
	return r;
}

void
signer_close(struct signer **ss)
{
	struct signer *s = *ss;

	*ss = NULL;
	if (s == NULL)
		return;
	signer_desk_free(&s->desk);
	if (s->fd >= 0)
		(void)close(s->fd);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

/* Ready for `events` before `end`? */
static bool
wait_until(int fd, short events, int64_t end)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		int64_t left = end - clock_steady_ms();
		int n = left <= 0 ? 0 : poll(&p, 1, (int)left);

		if (n > 0)
			return (p.revents & events) != 0;
		if (n == 0 || errno != EINTR)
			return false;
	}
}

static bool
send_packet(int fd, view packet, int64_t end)
{
	while (wait_until(fd, POLLOUT, end)) {
		if (signer_packet_send(fd, packet))
			return true;
		if (errno != EAGAIN && errno != EINTR)
			return false;
	}
	return false;
}

/* Answers to what nobody waits for any more are passed over, and what is none
 * ends this try. */
static bool
receive_answer(const struct signer *s, uint64_t id, struct buf *to,
    struct signer_answer *a, int64_t end)
{
	while (wait_until(s->fd, POLLIN, end)) {
		switch (signer_packet_take(s->fd, to)) {
		case SIGNER_PACKET_TAKEN:
			if (signer_answer_read(buf_view(to), a).is == OK
			    && a->id == id)
				return true;
			break;
		case SIGNER_PACKET_BAD:
			return false;
		case SIGNER_PACKET_NONE:
		default:
			break;
		}
	}
	return false;
}

static result
exchange(const struct signer *s, uint64_t id, view packet, struct buf *to,
    struct signer_answer *a, int64_t end)
{
	for (unsigned left = TRIES; left > 0; left--) {
		int64_t now = clock_steady_ms();
		int64_t until = now + (end - now) / left;

		if (send_packet(s->fd, packet, until)
		    && receive_answer(s, id, to, a, until))
			return done();
	}
	return fail(BUSY, "the signer does not answer");
}

static bool
lock_until(struct signer *s, int64_t end)
{
	const struct timespec at = { .tv_sec = end / MS_IN_SECOND,
		.tv_nsec = end % MS_IN_SECOND * NS_IN_MS };

	return pthread_mutex_clocklock(&s->lock, CLOCK_MONOTONIC, &at) == 0;
}

static result
talk(struct signer *s, struct signer_request *q, struct buf *to,
    struct signer_answer *a, int64_t end)
{
	struct buf packet = buf_new(LIMIT_SIGNER_MESSAGE);
	result r;

	q->id = s->next++;
	signer_request_write(q, &packet);
	r = buf_result(&packet);
	if (r.is == OK && s->desk != NULL) {
		r = signer_desk_answer(s->desk, ALL_OPS, buf_view(&packet),
		    to);
		if (r.is == OK)
			r = signer_answer_read(buf_view(to), a);
	} else if (r.is == OK) {
		r = exchange(s, q->id, buf_view(&packet), to, a, end);
	}
	buf_free(&packet);
	return r;
}

/* What the signer said, in words of our own. */
static result
verdict(const struct signer_answer *a)
{
	static const char *const why[FAILED + 1] = {
		[MALFORMED] = "the signer could not read it",
		[OVER_LIMIT] = "more than the signer takes",
		[NOT_FOUND] = "there is no such key",
		[EXISTS] = "there is a key of that selector",
		[DENIED] = "the signer refuses; its log says why",
		[NO_SPACE] = "no space for a key",
		[FAILED] = "the signer failed; its log says why",
	};

	if (a->is == OK)
		return done();
	return fail(a->is, why[a->is] != NULL ? why[a->is]
	                                      : "the signer failed");
}

static result
ask(struct signer *s, struct signer_request *q, struct buf *to,
    struct signer_answer *a)
{
	int64_t end = clock_steady_ms() + LIMIT_SIGNER_MS;
	result r;

	if (!lock_until(s, end))
		return fail(BUSY, "the signer does not answer");
	r = talk(s, q, to, a, end);
	(void)pthread_mutex_unlock(&s->lock);
	return r.is == OK ? verdict(a) : r;
}

static result
read_keys(view rest, struct arena *arena, struct signer_key *out,
    size_t room, size_t *count)
{
	*count = 0;
	while (rest.n > 0 && *count < room) {
		struct signer_key *k = &out[*count];

		TRY(signer_key_read(&rest, k));
		k->selector = arena_copy(arena, k->selector);
		k->key = arena_copy(arena, k->key);
		(*count)++;
	}
	return arena_result(arena);
}

result
signer_keys(struct signer *s, view domain, struct arena *arena,
    struct signer_key *out, size_t room, size_t *count)
{
	struct signer_request q = { .op = SIGNER_OP_KEYS, .name = domain,
		.selector = VIEW(""), .bytes = VIEW("") };
	struct buf to = buf_new(LIMIT_SIGNER_MESSAGE);
	struct signer_answer a;
	result r = ask(s, &q, &to, &a);

	*count = 0;
	if (r.is == OK)
		r = read_keys(a.bytes, arena, out, room, count);
	buf_free(&to);
	return r;
}

result
signer_make(struct signer *s, view domain, view selector,
    enum signer_algorithm algorithm)
{
	struct signer_request q = { .op = SIGNER_OP_MAKE,
		.algorithm = algorithm, .name = domain, .selector = selector,
		.bytes = VIEW("") };
	struct buf to = buf_new(LIMIT_SIGNER_MESSAGE);
	struct signer_answer a;
	result r = ask(s, &q, &to, &a);

	buf_free(&to);
	return r;
}

static result
take_bytes(struct signer *s, struct signer_request *q, struct buf *out,
    struct signer_answer *a)
{
	struct buf to = buf_new(LIMIT_SIGNER_MESSAGE);
	result r = ask(s, q, &to, a);

	if (r.is == OK) {
		buf_add(out, a->bytes);
		r = buf_result(out);
	}
	buf_free(&to);
	return r;
}

result
signer_dkim(struct signer *s, view domain, view selector,
    const unsigned char hash[SIGNER_HASH], enum signer_algorithm *algorithm,
    struct buf *signature)
{
	struct signer_request q = { .op = SIGNER_OP_DKIM, .name = domain,
		.selector = selector,
		.bytes = { (const char *)hash, SIGNER_HASH } };
	struct signer_answer a;

	TRY(take_bytes(s, &q, signature, &a));
	*algorithm = a.algorithm;
	return done();
}

result
signer_cms(struct signer *s, view host, view document, struct buf *der)
{
	struct signer_request q = { .op = SIGNER_OP_CMS, .name = host,
		.selector = VIEW(""), .bytes = document };
	struct signer_answer a;

	return take_bytes(s, &q, der, &a);
}

/* Exactly `n` bytes of an answer. */
static result
take_exact(struct signer *s, struct signer_request *q, unsigned char *to,
    size_t n)
{
	struct buf bytes = buf_new(LIMIT_SIGNER_MESSAGE);
	struct signer_answer a;
	result r = take_bytes(s, q, &bytes, &a);

	if (r.is == OK && bytes.n != n)
		r = fail(FAILED, "the signer answers something else");
	if (r.is == OK)
		memcpy(to, bytes.p, n);
	buf_free(&bytes);
	return r;
}

result
signer_push_key(struct signer *s, struct signer_point *out)
{
	struct signer_request q = { .op = SIGNER_OP_PUSH_KEY,
		.name = VIEW("push"), .selector = VIEW(""),
		.bytes = VIEW("") };
	bool known;

	(void)pthread_mutex_lock(&s->lock);
	known = s->has_push;
	*out = s->push;
	(void)pthread_mutex_unlock(&s->lock);
	if (known)
		return done();
	TRY(take_exact(s, &q, out->bytes, sizeof out->bytes));
	(void)pthread_mutex_lock(&s->lock);
	s->push = *out;
	s->has_push = true;
	(void)pthread_mutex_unlock(&s->lock);
	return done();
}

result
signer_push(struct signer *s, const unsigned char hash[SIGNER_HASH],
    unsigned char signature[SIGNER_PUSH_SIGNATURE])
{
	struct signer_request q = { .op = SIGNER_OP_PUSH_SIGN,
		.name = VIEW("push"), .selector = VIEW(""),
		.bytes = { (const char *)hash, SIGNER_HASH } };

	return take_exact(s, &q, signature, SIGNER_PUSH_SIGNATURE);
}
