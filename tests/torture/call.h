/*
 * call.h - one call fails, when a test says so.
 *
 * Preloaded.  CALL_SWITCH names a file that all processes map.  While it is
 * armed, the call named there is counted down in the processes of that role;
 * from the `left`th on, `count` of them fail with `error`.  Error 0: they do
 * one byte of what they were asked for.  `hits` counts what has failed, and
 * `where` names who asked for the first: module+offset.
 */
#ifndef TORTURE_CALL_H
#define TORTURE_CALL_H

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	CALL_NAME = 24,
	CALL_WHERE = 96
};

struct order {
	_Atomic int armed;
	_Atomic int left;
	_Atomic int hits;
	int error;
	int count;
	char call[CALL_NAME];
	char role[CALL_NAME]; /* "": any process */
	char where[CALL_WHERE];
};

/* The function of that name behind this one. */
#define NEXT(name) \
	(__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

/* Who called the function that this stands in. */
#define CALLER __builtin_return_address(0)

/* Whether this one is to fail; then errno says how. */
bool call_fails(const char *name, const void *caller);

/* The same for a call that moves up to `n` bytes: it fails, or `n` becomes 1.
 * Files other than standard error count as `file`, sockets as `socket`, all
 * else, as pipes and the log, as nothing.  NULL: neither does it. */
bool call_bytes_fail(const char *file, const char *socket, int fd, size_t *n,
    const void *caller);

#endif
