/*
 * conf.h - the configuration file, posthaste.conf(5).
 *
 * One setting a line, "name value"; '#' at the start of a line or after a
 * space starts a comment.  A value in double quotes may hold both; \" and \\
 * stand for themselves in it.  Unknown names and bad values are errors with
 * file, line, what was expected and what was found.  Everything that is not
 * here lives in the store.
 *
 *	data FOLDER              hostname NAME       certificates FOLDER
 *	user NAME                listen ADDRESS...   port.SERVICE NUMBER
 *	public-port.SERVICE N    tls-minimum 1.2|1.3
 *	relay HOST:PORT          relay-user TEXT     relay-password TEXT
 *	resolver ADDRESS[@PORT]  remote-smtp-port N  message-limit BYTES
 *	route DOMAIN ... (routes.h)                  tls-reports on|off
 *	trust-anchor auto|off|RECORD                 remote-https-port N
 *	check-mail remote|all|off                    rspamd ADDRESS:PORT
 *	dmarc follow|junk|score  greylist-delay MINUTES
 *	connections N            connections-per-peer N
 *	session-idle MINUTES  session-end HOURS  password-strength 0..4
 *	security-contact URI
 *	publish on|off       directory on|off        imap-without WORD...
 *	push public|any|off  history-days N          metrics on|off
 *	scram sha-256|sha-1|off  send-per-hour N  send-per-day N
 *	oauth-introspection URL  oauth-client NAME  oauth-client-password TEXT
 *	oauth-keys FILE|URL      oauth-issuer TEXT  oauth-audience TEXT
 *	oauth-scope WORD         oauth-claim NAME
 *	lmtp-socket PATH [OWNER[:GROUP] [MODE]]
 *	gateway DOMAIN ... (gateway.h)
 *	log-level error|warning|info|debug           sandbox on|off
 */
#ifndef SYS_CONF_H
#define SYS_CONF_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"
#include "mailcore/sys/gateway.h"
#include "mailcore/sys/routes.h"
#include "mailcore/sys/tls.h"

enum service {
	SERVICE_HTTP,
	SERVICE_HTTPS,
	SERVICE_PROXY, /* plain HTTP for a reverse proxy; loopback only */
	SERVICE_IMAP,
	SERVICE_IMAPS,
	SERVICE_POP3,
	SERVICE_POP3S,
	SERVICE_SMTP,
	SERVICE_SUBMISSION,
	SERVICE_SUBMISSIONS,
	SERVICE_SIEVE,
	SERVICE_LMTP, /* off unless a file says so; loopback only */
	SERVICE_COUNT
};

struct conf_service {
	const char *name;      /* "imaps" */
	unsigned standard;     /* 993 */
};
extern const struct conf_service conf_services[SERVICE_COUNT];

enum { CONF_ADDRESSES = 8 };

/* Whose mail is looked at: see check-mail in posthaste.conf(5). */
enum conf_check { CONF_CHECK_REMOTE, CONF_CHECK_ALL, CONF_CHECK_OFF };

/* To which push services messages go: see push in posthaste.conf(5). */
enum conf_push { CONF_PUSH_PUBLIC, CONF_PUSH_ANY, CONF_PUSH_OFF };

/* Logins by access tokens; NULL: not there. */
struct conf_oauth {
	const char *introspection; /* a URL to ask */
	const char *client, *client_password;
	const char *keys; /* "/path" or a URL */
	const char *issuer, *audience, *scope;
	const char *claim; /* that holds the address */
};

/* A Unix socket beside, or instead of, a port. */
struct conf_socket {
	const char *path;  /* NULL: none */
	const char *owner; /* NULL: whom we run as */
	const char *group; /* NULL: the owner's */
	unsigned mode;
};

struct conf {
	const char *data;     /* folder of the store */
	const char *hostname; /* of this server: mail.example.org */
	const char *certificates; /* folder, default <data>/tls */
	const char *user;     /* to run as when started as root */
	const char *addresses[CONF_ADDRESSES]; /* to listen on */
	size_t address_count;
	unsigned ports[SERVICE_COUNT]; /* 0: off */
	/* The ports that clients are told (autoconfig): the same unless a
	 * setting says that a port is forwarded. */
	unsigned public_ports[SERVICE_COUNT];
	struct tls_policy tls;
	const char *relay;    /* "host:port" for all outgoing mail; NULL: MX */
	const char *relay_user, *relay_password;
	const char *resolver; /* "127.0.0.1@5353"; NULL: resolv.conf */
	unsigned remote_smtp_port; /* 25; tests use another */
	struct routes routes; /* domains that go another way */
	const char *trust_anchor; /* "auto", "off", or a record: resolve.h */
	bool tls_reports; /* RFC 8460 */
	/* 0: 443, and no inner addresses; tests use another. */
	unsigned remote_https_port;
	int check_mail; /* enum conf_check */
	int dmarc;      /* enum judge_dmarc of mailcore/smtp/judge.h */
	const char *rspamd;       /* "127.0.0.1:11333"; NULL: none */
	unsigned greylist_delay;  /* seconds */
	uint64_t message_limit;
	int scram; /* enum auth_scram of mailcore/auth/auth.h */
	unsigned send_per_hour, send_per_day; /* recipients; 0: any number */
	struct conf_oauth oauth;
	struct conf_socket lmtp_socket;
	const char *imap_without; /* capabilities, "A B"; NULL: none */
	unsigned connections, connections_per_peer;
	unsigned session_idle; /* seconds until an unused one ends */
	unsigned session_end;  /* seconds until any does */
	unsigned password_strength; /* least score of a person's new one */
	const char *security_contact; /* a URI for security.txt; NULL: none */
	bool publish;   /* owners may open a calendar to everyone */
	bool metrics;   /* /metrics on the local side */
	bool directory; /* people of a domain find each other */
	int push;       /* enum conf_push */
	unsigned history_days; /* what was there before is kept; 0: not */
	struct gateway gateway; /* mail systems that are not ours */
	int log_level; /* enum log_level */
	bool sandbox;  /* off only for debugging */
};

/* Views and strings live in `arena`.  On a failure `errors` has one line per
 * fault: "FILE:LINE: expected ..., found ...; do ...". */
CHECKED result conf_load(struct conf *, struct arena *, const char *path,
    struct buf *errors);

/* The same from text; `name` stands before the line in `errors`. */
CHECKED result conf_parse(struct conf *, struct arena *, view text,
    const char *name, struct buf *errors);

/* Defaults: all services on their standard ports plus `base_port`.  A file
 * that does not name port.proxy leaves that one off: whoever reaches it can
 * claim any peer address. */
void conf_defaults(struct conf *, unsigned base_port);

/* Which settings differ that count only after a restart: their names, each with
 * a space before it. */
void conf_add_waiting(const struct conf *running, const struct conf *fresh,
    struct buf *out);

/* The text of a configuration file that gives `conf`. */
void conf_write(const struct conf *, struct buf *out);

#endif
