/* Signatures for the other roles, which cannot read the keys. */
#include "davd/role.h"

#include "mailcore/auth/signer_desk.h"
#include "mailcore/auth/signer_packet.h"
#include "mailcore/base/limits.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

enum { FIRST_LINK = 1 }; /* in what is polled, behind the signals */

/* One request of one role, so that none waits behind another's flood.  An
 * answer that does not fit into the line is not missed by who does not read
 * them. */
static void
serve_link(struct signer_desk *desk, const struct role_link *link,
    struct pollfd *p)
{
	struct buf packet = buf_new(LIMIT_SIGNER_MESSAGE);
	struct buf answer = buf_new(LIMIT_SIGNER_MESSAGE);

	if (p->revents == 0)
		return;
	/* The supervisor holds both ends: this is its end, and ours. */
	if ((p->revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
		p->fd = -1;
	else if (signer_packet_take(link->fd, &packet) == SIGNER_PACKET_TAKEN
	    && signer_desk_answer(desk, role_kinds[link->with].asks,
	        buf_view(&packet), &answer).is == OK)
		(void)signer_packet_send(link->fd, buf_view(&answer));
	buf_free(&packet);
	buf_free(&answer);
}

static void
serve_until_end(struct role *r, struct signer_desk *desk)
{
	const struct role_start *s = r->start;
	struct pollfd p[FIRST_LINK + ROLE_COUNT];

	p[0] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
	for (size_t i = 0; i < s->link_count; i++)
		p[FIRST_LINK + i] = (struct pollfd){ .fd = s->links[i].fd,
			.events = POLLIN };
	for (;;) {
		struct arena *arena;
		struct conf fresh;
		int signal;

		(void)poll(p, FIRST_LINK + s->link_count, -1);
		signal = role_signal(r);
		if (signal == SIGTERM || signal == SIGINT)
			return;
		if (signal == SIGHUP) {
			arena = role_reload(r, &fresh);
			arena_free(&arena);
			signer_desk_reload(desk);
		}
		for (size_t i = 0; i < s->link_count; i++)
			serve_link(desk, &s->links[i], &p[FIRST_LINK + i]);
	}
}

result
role_signer(struct role *r)
{
	struct signer_desk *desk;
	char keys[PATH_MAX];

	if (snprintf(keys, sizeof keys, "%s/keys", r->conf.data)
	    >= (int)sizeof keys)
		return fail(FAILED, "the data folder's path is too long");
	TRY(signer_desk_new(&desk, keys, r->conf.certificates));
	role_ready(r);
	serve_until_end(r, desk);
	signer_desk_free(&desk);
	return done();
}
