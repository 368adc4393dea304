/*
 * inner.h - addresses that no stranger may make this machine connect to.
 */
#ifndef SYS_INNER_H
#define SYS_INNER_H

#include "mailcore/base/view.h"

/* A textual address of a private, loopback, link-local, shared, multicast or
 * reserved network (RFC 6890), also inside an IPv6 address that means an IPv4
 * one; and anything that is no address. */
bool inner_address(view address);

#endif
