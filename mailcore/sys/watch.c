#include "mailcore/sys/net.h"

static struct conn **
bucket(struct net *n, int64_t account)
{
	return &n->watch[(uint64_t)account % WATCH_BUCKETS];
}

static void
leave(struct net *n, struct conn *c)
{
	if (c->watch_prev == NULL)
		*bucket(n, c->watching) = c->watch_next;
	else
		c->watch_prev->watch_next = c->watch_next;
	if (c->watch_next != NULL)
		c->watch_next->watch_prev = c->watch_prev;
	c->watch_prev = c->watch_next = NULL;
}

static void
join(struct net *n, struct conn *c, int64_t account)
{
	struct conn **first = bucket(n, account);

	c->watch_next = *first;
	if (*first != NULL)
		(*first)->watch_prev = c;
	*first = c;
}

void
watch_set(struct conn *c, int64_t account)
{
	struct net *n = c->loop->net;

	if (account == c->watching)
		return;
	(void)pthread_mutex_lock(&n->watch_lock);
	if (c->watching != 0)
		leave(n, c);
	c->watching = account;
	if (account != 0)
		join(n, c, account);
	(void)pthread_mutex_unlock(&n->watch_lock);
	/* A change between the session's last look and now found nobody
	 * watching: look again. */
	c->waking = account != 0 && n->wakes != c->wakes_seen;
}

void
net_wake(struct net *n, int64_t account)
{
	struct conn *c;

	n->wakes++;
	(void)pthread_mutex_lock(&n->watch_lock);
	for (c = *bucket(n, account); c != NULL; c = c->watch_next)
		if (c->watching == account)
			loop_post(c->loop, c, POST_WAKE);
	(void)pthread_mutex_unlock(&n->watch_lock);
}
