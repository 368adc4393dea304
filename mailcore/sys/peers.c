#include "mailcore/sys/net.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a; the keys are addresses with which somebody has completed a TCP
 * handshake, which bounds how many collide. */
static size_t
bucket(const struct in6_addr *key)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < sizeof key->s6_addr; i++)
		h = (h ^ key->s6_addr[i]) * 16777619u;
	return h % PEER_BUCKETS;
}

struct peer_count *
peers_add(struct net *n, const struct in6_addr *key)
{
	struct peer_count **at = &n->peers[bucket(key)];
	struct peer_count *p;

	(void)pthread_mutex_lock(&n->peer_lock);
	for (p = *at; p != NULL; p = p->next)
		if (memcmp(&p->key, key, sizeof *key) == 0)
			break;
	if (p == NULL) {
		p = calloc(1, sizeof *p);
		if (p == NULL)
			abort();
		p->key = *key;
		p->next = *at;
		*at = p;
	}
	if (p->count < n->limit_per_peer)
		p->count++;
	else
		p = NULL;
	(void)pthread_mutex_unlock(&n->peer_lock);
	return p;
}

void
peers_drop(struct net *n, struct peer_count *p)
{
	struct peer_count **at = &n->peers[bucket(&p->key)];

	(void)pthread_mutex_lock(&n->peer_lock);
	if (--p->count == 0) {
		while (*at != p)
			at = &(*at)->next;
		*at = p->next;
		free(p);
	}
	(void)pthread_mutex_unlock(&n->peer_lock);
}
