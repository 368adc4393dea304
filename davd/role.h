/*
 * role.h - the processes of `posthaste serve`: a supervisor and its roles.
 *
 * The supervisor binds the sockets, keeps the roles running and parses
 * nothing that comes from the network.  A role is the same binary, started
 * again by it with its sockets, so that each has its own address space from
 * the start; it gives up what rights it has, enters its sandbox, and only
 * then opens anything.
 */
#ifndef DAVD_ROLE_H
#define DAVD_ROLE_H

#include "mailcore/auth/auth.h"
#include "mailcore/auth/signer.h"
#include "mailcore/store/store.h"
#include "mailcore/sys/conf.h"
#include "mailcore/sys/msg.h"

#include <limits.h>
#include <sys/types.h>

enum role_name { ROLE_WEB, ROLE_MAIL, ROLE_QUEUE, ROLE_SIGNER, ROLE_COUNT };

struct role_socket {
	enum service service;
	int fd;
};

/* proxy may need one more than the others. */
enum { ROLE_SOCKETS = SERVICE_COUNT * (CONF_ADDRESSES + 1) };

/* One end of a socket pair between the signer and a role that may ask it. */
struct role_link {
	enum role_name with;
	int fd;
};

/* What the supervisor hands to a role. */
struct role_start {
	const char *config; /* a copy of the configuration, for roles to read */
	pid_t supervisor;
	int ready; /* a byte is written there once it serves */
	struct role_socket sockets[ROLE_SOCKETS];
	size_t socket_count;
	struct role_link links[ROLE_COUNT];
	size_t link_count;
};

struct role {
	const struct role_kind *kind;
	const struct role_start *start;
	struct arena *arena; /* of conf */
	struct conf conf;
	int signals; /* signalfd: TERM, INT, HUP */
	struct post *post;
	struct store *store;
	struct auth *auth;
	struct certs *certs;
	struct tls *tls;
	struct signer *signer; /* NULL in the signer itself */
};

struct role_kind {
	const char *name; /* "mail"; also of its journal and its messages */
	unsigned services; /* set of 1 << enum service */
	bool store;        /* works on it; else it has nothing but keys */
	bool connects;     /* to other machines */
	bool certificates; /* needs ours */
	unsigned asks;     /* of the signer: set of 1 << enum signer_op */
	result (*run)(struct role *);
};

extern const struct role_kind role_kinds[ROLE_COUNT];

/* As text for an argument, and back. */
void role_start_write(const struct role_start *, struct buf *out);
CHECKED result role_start_read(struct role_start *, view text);

/* The whole life of a role; its exit code. */
int role_main(const struct role_kind *, const struct role_start *);

/* For the roles' own files: it serves now. */
void role_ready(const struct role *);

/* The next signal, 0: none is waiting. */
int role_signal(const struct role *);

/* Read configuration and certificates again.  Strings of `fresh` live in what
 * is returned, the caller's.  NULL: the file has faults, which are logged, and
 * the configuration stays. */
struct arena *role_reload(struct role *, struct conf *fresh);

result role_web(struct role *);
result role_mail(struct role *);
result role_queue(struct role *);
result role_signer(struct role *);

/* The supervisor: `only` names one role, NULL is all; `folder` is the one that
 * was asked for, NULL when none was.  The exit code. */
int supervise(const char *config, const char *folder, const char *only);

/* <data>/roles/posthaste.conf, of which the roles read. */
CHECKED result role_config_path(const struct conf *, char to[PATH_MAX]);

/* Into the sandbox, with the folders that the role works on; NULL: those of
 * `prepare`, which makes what is missing of them. */
CHECKED result role_fence(const struct role_kind *, const struct conf *);

/* Its sockets, and what must be right before a role starts. */
CHECKED result sockets_open(const struct conf *, unsigned services,
    struct role_start *out);

/* Runs in a process of its own, without privileges: certificates can be
 * read, the store is migrated and recovered.  The exit code. */
int prepare(const struct conf *, pid_t supervisor);

#endif
