/*
 * throttle.h - guessing gets slow, then pointless; the owner who comes from
 * elsewhere never notices.
 *
 * Failures are counted by network (IPv4 /24, IPv6 /64), by account from that
 * network, and by account from anywhere.  Only failing answers are held back;
 * only a whole network is ever refused, and never the loopback one, where a
 * webmail brings everybody's logins from one address.
 */
#ifndef AUTH_THROTTLE_H
#define AUTH_THROTTLE_H

#include "mailcore/store/domain.h"

struct auth_throttle {
	char network[64];   /* "192.0.2.0/24"; "" for none */
	char account[72];   /* a hash of the address */
	bool loopback;
};

/* `address`: as typed, or the account's own when there is one. */
void auth_throttle_peer(struct auth_throttle *, view peer);
void auth_throttle_account(struct auth_throttle *, view address);

/* BUSY: too many failures from this network. */
CHECKED result auth_throttle_check(struct store *,
    const struct auth_throttle *, int64_t now);

/* Have there been failures, with that account from that network or with many
 * of the network?  The loopback network is not asked about. */
bool auth_throttle_suspects(struct store *, const struct auth_throttle *,
    int64_t now);

/* Count one failure; returns how many milliseconds to hold the answer. */
unsigned auth_throttle_failed(struct store *, const struct auth_throttle *,
    int64_t now);

/* The account is itself again, from this network. */
void auth_throttle_passed(struct store *, const struct auth_throttle *,
    int64_t now);

#endif
