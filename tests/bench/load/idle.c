/*
 * Thousands of IMAP sessions in IDLE (RFC 2177), and how soon a delivery
 * wakes those that watch its mailbox.
 *
 * Talks with the program that started it: prints a line when all sessions
 * are idle, and goes on when a line comes back, so that memory can be read
 * in between.
 */
#include "tests/bench/load/load.h"
#include "tests/bench/load/mail.h"
#include "tests/bench/load/message.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

enum {
	OPENERS = 8,
	WAKE_SECONDS = 5,
	EVENTS = 64,
	PAUSE_MS = 20 /* between deliveries: this is no throughput */
};

#define SMTP_EVENT UINT32_MAX

struct idler {
	struct wire *wire;
	const struct load_user *user;
	double woken;
};

struct idle {
	struct load *load;
	struct idler *idlers;
	atomic_uint next, open;
	int epoll;
	struct hand smtp;
	const struct load_user *target;
	unsigned waiting; /* watchers not yet woken */
	double sent, ok;
	double *since_sent, *since_ok;
	unsigned samples, missing;
};

static bool
open_one(struct idle *idle, unsigned i)
{
	struct hand h = {
		.load = idle->load,
		.index = i,
		.user = load_user_at(idle->load, i),
		.out = buf_new(4096),
	};
	view line = VIEW("");
	bool good = imap_login(&h) && imap_command(&h, "SELECT INBOX", NULL)
	    && wire_send(h.wire, VIEW("b IDLE\r\n"));

	while (good && !view_starts(line, VIEW("+")))
		good = wire_line(h.wire, &line);
	buf_free(&h.out);
	if (good)
		wire_hurry(h.wire);
	else
		wire_close(&h.wire);
	idle->idlers[i] = (struct idler){ h.wire, h.user, 0 };
	return good;
}

static void *
open_some(void *context)
{
	struct idle *idle = context;
	unsigned i;

	while (
	    (i = atomic_fetch_add(&idle->next, 1)) < idle->load->o.sessions) {
		if (!open_one(idle, i)) {
			load_wrong(idle->load, "session %u is not idle", i);
			break;
		}
		atomic_fetch_add(&idle->open, 1);
	}
	return NULL;
}

static bool
open_all(struct idle *idle)
{
	pthread_t threads[OPENERS];
	double begin = load_now();
	char line[16];

	for (unsigned i = 0; i < OPENERS; i++)
		if (pthread_create(&threads[i], NULL, open_some, idle))
			abort();
	for (unsigned i = 0; i < OPENERS; i++)
		pthread_join(threads[i], NULL);
	if (atomic_load(&idle->open) < idle->load->o.sessions)
		return false;
	printf("{\"open\":%u,\"open_seconds\":%.3f}\n",
	    atomic_load(&idle->open), load_now() - begin);
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL;
}

static bool
watch(struct idle *idle, int fd, uint32_t number)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = number };

	return epoll_ctl(idle->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void
hear(struct idle *idle, struct idler *i)
{
	view line;

	while (wire_line(i->wire, &line)) {
		if (!view_ends_same(line, VIEW(" EXISTS")) || i->woken > 0)
			continue;
		i->woken = load_now();
		if (i->user == idle->target)
			idle->waiting--;
	}
}

static bool
hear_all(struct idle *idle)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(idle->epoll, events, EVENTS, 100);

	for (int i = 0; i < n; i++) {
		if (events[i].data.u32 != SMTP_EVENT) {
			hear(idle, &idle->idlers[events[i].data.u32]);
			continue;
		}
		if (!smtp_reply(&idle->smtp, '2'))
			return false;
		idle->ok = load_now();
	}
	return true;
}

static double
after(double then, double now)
{
	return now > then ? now - then : 0;
}

static void
keep_samples(struct idle *idle)
{
	for (unsigned i = 0; i < idle->load->o.sessions; i++) {
		struct idler *w = &idle->idlers[i];

		if (w->user != idle->target)
			continue;
		if (w->woken <= 0) {
			idle->missing++;
			continue;
		}
		idle->since_sent[idle->samples] = after(idle->sent, w->woken);
		idle->since_ok[idle->samples] = after(idle->ok, w->woken);
		idle->samples++;
	}
}

static unsigned
count_watchers(struct idle *idle)
{
	unsigned n = 0;

	for (unsigned i = 0; i < idle->load->o.sessions; i++) {
		idle->idlers[i].woken = 0;
		n += idle->idlers[i].user == idle->target;
	}
	return n;
}

static bool
deliver(struct idle *idle, unsigned number)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	struct hand *h = &idle->smtp;
	double end;

	nanosleep(&pause, NULL);
	idle->target = load_user_at(idle->load, number * 7);
	idle->waiting = count_watchers(idle);
	idle->ok = 0;
	if (!smtp_offer(h, idle->target))
		return false;
	buf_reset(&h->out);
	message_add(&h->out, number, idle->load->o.size);
	buf_add(&h->out, VIEW(".\r\n"));
	if (!wire_send(h->wire, buf_view(&h->out))
	    || !watch(idle, h->wire->fd, SMTP_EVENT))
		return load_wrong(idle->load, "smtp: connection lost");
	idle->sent = load_now();
	end = idle->sent + WAKE_SECONDS;
	while ((idle->ok <= 0 || idle->waiting > 0) && load_now() < end)
		if (!hear_all(idle))
			return false;
	epoll_ctl(idle->epoll, EPOLL_CTL_DEL, h->wire->fd, NULL);
	if (idle->ok <= 0)
		return load_wrong(idle->load, "no answer to DATA");
	keep_samples(idle);
	return true;
}

static void
report(struct idle *idle)
{
	printf("{\"samples\":%u,\"missing\":%u,\"since_ok\":{", idle->samples,
	    idle->missing);
	load_print_samples(idle->since_ok, idle->samples);
	printf("},\"since_sent\":{");
	load_print_samples(idle->since_sent, idle->samples);
	printf("}}\n");
}

static bool
measure(struct idle *idle)
{
	struct load *l = idle->load;

	for (unsigned i = 0; i < l->o.sessions; i++)
		if (!watch(idle, idle->idlers[i].wire->fd, i))
			return load_wrong(l, "epoll");
	if (!smtp_prepare(&idle->smtp))
		return false;
	for (unsigned i = 0; i < l->o.count; i++)
		if (!deliver(idle, i))
			return false;
	report(idle);
	return true;
}

int
idle_run(struct load *l)
{
	size_t samples = (size_t)l->o.sessions * l->o.count;
	struct idle idle = {
		.load = l,
		.idlers = calloc(l->o.sessions, sizeof(struct idler)),
		.since_sent = calloc(samples + 1, sizeof(double)),
		.since_ok = calloc(samples + 1, sizeof(double)),
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.smtp = { .load = l,
		    .index = l->o.sessions,
		    .out = buf_new(1 << 24) },
	};
	bool good;

	if (idle.idlers == NULL || idle.since_sent == NULL
	    || idle.since_ok == NULL || idle.epoll < 0)
		abort();
	good = open_all(&idle) && measure(&idle);
	for (unsigned i = 0; i < l->o.sessions; i++)
		wire_close(&idle.idlers[i].wire);
	wire_close(&idle.smtp.wire);
	buf_free(&idle.smtp.out);
	free(idle.idlers);
	free(idle.since_sent);
	free(idle.since_ok);
	return !good || idle.missing > 0;
}
