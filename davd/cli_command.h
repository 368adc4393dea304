/*
 * cli_command.h - what the files of the CLI share: options as parsed, the
 * configuration, the store, and how faults are told.
 */
#ifndef DAVD_CLI_COMMAND_H
#define DAVD_CLI_COMMAND_H

#include "mailcore/auth/signer.h"
#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"
#include "mailcore/store/store.h"
#include "mailcore/sys/conf.h"

#include <sys/types.h>

enum cli_exit { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli {
	/* As given; NULL when not. */
	const char *data, *config, *domain, *hostname, *address, *base_port,
	    *users, *info, *name, *from_stdin, *import, *timeout, *format,
	    *missing, *json, *resolve, *ca, *resolver;

	/* The same, of profile, qr and app-password. */
	const char *kind, *app_password, *label, *is_unsigned, *link, *rights,
	    *expires, *networks, *app, *language, *image;
	/* Those of spam. */
	const char *mark, *reject, *greylist;
	const char *due, *reachable; /* of cert names */
	const char *bodies; /* of verify */
	/* Those of export and import. */
	const char *to, *from, *mailbox, *collection;

	/* Those of forward and vacation. */
	const char *only, *subject, *since, *until, *every;

	char **arguments; /* what stands after the options */
	int argument_count;

	struct arena *arena; /* lives as long as the command */
	struct conf conf;    /* by cli_configure */
	struct store *store; /* by cli_open; closed by cli_run */
	struct signer *signer; /* the same */
};

/* "posthaste: ..." on stderr; returns CLI_FAILED. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with a result's reason: "posthaste: WHAT: WHY". */
int cli_failed(const char *what, result);

/* Read the configuration: --config, else posthaste.conf in --data, else in
 * /var/lib/posthaste.  Says every fault. */
CHECKED result cli_configure(struct cli *);

/* Root becomes the owner of the data folder: what it wrote there as root, the
 * server could not read. */
CHECKED result cli_become_owner(const char *data);

/* The configuration, the owner, the store. */
CHECKED result cli_open(struct cli *);

/* Connections that are logged in to it look again whether they still may. */
void cli_tell(struct cli *, int64_t account);

/* "<data>/<name>", in the arena. */
const char *cli_path(struct cli *, const char *name);

/* A number of at most `most`; says when it is none. */
bool cli_number(const char *option, const char *text, unsigned most,
    unsigned *out);

/* "500M", "10G", or "none", which is 0; says when it is no size. */
bool cli_size(const char *text, int64_t *out);

/* One line of standard input without its end; a terminal does not show it.
 * Says when there is none. */
CHECKED result cli_secret(const char *prompt, struct buf *out);

/* The server's processes by <data>/run/ready, the supervisor first.  0: none
 * is running. */
enum { CLI_PROCESSES = 8 };
struct cli_process {
	char role[16];
	pid_t pid;
};
size_t cli_processes(struct cli *, struct cli_process out[CLI_PROCESSES]);

/* Where clients on this machine reach the server. */
const char *cli_connect_address(const struct conf *);

/* A connected TCP socket, or -1. */
int cli_connect(const char *address, unsigned port, unsigned timeout_ms);

/* The commands; each file says what it does. */
int cli_init(struct cli *);
int cli_wait_ready(struct cli *);
int cli_check(struct cli *);
int cli_status(struct cli *);
int cli_verify(struct cli *);
int cli_doctor(struct cli *);
int cli_dns_plan(struct cli *);
int cli_dns_check(struct cli *);
int cli_dns_switch(struct cli *);
int cli_cert_status(struct cli *);
int cli_cert_names(struct cli *);
int cli_cert_install(struct cli *);
int cli_domain_add(struct cli *);
int cli_domain_enable(struct cli *);
int cli_domain_disable(struct cli *);
int cli_domain_list(struct cli *);
int cli_domain_remove(struct cli *);
int cli_domain_alias_add(struct cli *);
int cli_domain_alias_list(struct cli *);
int cli_domain_alias_remove(struct cli *);
int cli_domain_admin_add(struct cli *);
int cli_domain_admin_list(struct cli *);
int cli_domain_admin_remove(struct cli *);
int cli_domain_limit_set(struct cli *);
int cli_domain_limit_show(struct cli *);
int cli_mailbox_add(struct cli *);
int cli_mailbox_import(struct cli *);
int cli_alias_import(struct cli *);
int cli_mailbox_list(struct cli *);
int cli_mailbox_remove(struct cli *);
int cli_mailbox_enable(struct cli *);
int cli_mailbox_disable(struct cli *);
int cli_mailbox_kind(struct cli *);
int cli_password(struct cli *);
int cli_mailbox_logins(struct cli *);
int cli_mailbox_sessions(struct cli *);
int cli_mailbox_end_session(struct cli *);
int cli_mailbox_sign_out(struct cli *);
int cli_app_password_add(struct cli *);
int cli_app_password_list(struct cli *);
int cli_app_password_revoke(struct cli *);
int cli_profile(struct cli *);
int cli_qr(struct cli *);
int cli_export(struct cli *);
int cli_import(struct cli *);
int cli_imap_show(struct cli *);
int cli_imap_without(struct cli *);
int cli_history_list(struct cli *);
int cli_history_show(struct cli *);
int cli_history_undo(struct cli *);
int cli_share_add(struct cli *);
int cli_share_list(struct cli *);
int cli_share_remove(struct cli *);
int cli_alias_add(struct cli *);
int cli_alias_list(struct cli *);
int cli_alias_expire(struct cli *);
int cli_alias_remove(struct cli *);
int cli_forward_set(struct cli *);
int cli_forward_show(struct cli *);
int cli_forward_remove(struct cli *);
int cli_quota_set(struct cli *);
int cli_quota_show(struct cli *);
int cli_sending_set(struct cli *);
int cli_sending_show(struct cli *);
int cli_sending_remove(struct cli *);
int cli_vacation_set(struct cli *);
int cli_vacation_show(struct cli *);
int cli_vacation_remove(struct cli *);
int cli_script_put(struct cli *);
int cli_script_list(struct cli *);
int cli_script_activate(struct cli *);
int cli_script_remove(struct cli *);
int cli_dkim_ed25519(struct cli *);
int cli_spam_allow(struct cli *);
int cli_spam_deny(struct cli *);
int cli_spam_forget(struct cli *);
int cli_spam_set(struct cli *);
int cli_spam_reset(struct cli *);
int cli_spam_show(struct cli *);
int cli_spam_waiting(struct cli *);
int cli_spam_release(struct cli *);
int cli_queue_list(struct cli *);
int cli_queue_show(struct cli *);
int cli_queue_retry(struct cli *);
int cli_queue_hold(struct cli *);
int cli_queue_release(struct cli *);
int cli_queue_delete(struct cli *);

#endif
