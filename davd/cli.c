#include "davd/cli.h"

#include "davd/cli_command.h"
#include "mailcore/sys/log.h"

#include <getopt.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

enum {
	CLI_ARENA = 64 << 20,
	OPTIONS_SHARED = OPTION_DATA | OPTION_CONFIG,
	OPTION_HELP = 'h'
};

static const struct option_row {
	enum cli_option bit;
	const char *name;
	const char *argument; /* NULL: a switch */
	size_t at;
	const char *help;
} option_rows[] = {
	{ OPTION_DATA, "data", "DIR", offsetof(struct cli, data),
	    "the server's folder (default /var/lib/posthaste)" },
	{ OPTION_CONFIG, "config", "FILE", offsetof(struct cli, config),
	    "the configuration (default DIR/posthaste.conf)" },
	{ OPTION_DOMAIN, "domain", "NAME", offsetof(struct cli, domain),
	    "a domain: the first to host, or the one to list" },
	{ OPTION_HOSTNAME, "hostname", "NAME",
	    offsetof(struct cli, hostname),
	    "the server's own name (default mail.DOMAIN)" },
	{ OPTION_ADDRESS, "address", "IP", offsetof(struct cli, address),
	    "listen there alone; a loopback address also makes a demo mailbox"
	    },
	{ OPTION_BASE_PORT, "base-port", "N", offsetof(struct cli, base_port),
	    "add N to every standard port" },
	{ OPTION_USERS, "users", "K", offsetof(struct cli, users),
	    "user01 to userK, their names as passwords; loopback only" },
	{ OPTION_INFO, "info", "FILE", offsetof(struct cli, info),
	    "write what a client needs to know there, as JSON" },
	{ OPTION_NAME, "name", "TEXT", offsetof(struct cli, name),
	    "the name that people see" },
	{ OPTION_STDIN, "stdin", NULL, offsetof(struct cli, from_stdin),
	    "read the password from standard input, one line" },
	{ OPTION_IMPORT, "import", "HASH", offsetof(struct cli, import),
	    "keep a hash from another server, like {SHA512-CRYPT}$6$..." },
	{ OPTION_KIND, "kind", "KIND", offsetof(struct cli, kind),
	    "mail, or full: with calendars and contacts" },
	{ OPTION_APP_PASSWORD, "app-password", NULL,
	    offsetof(struct cli, app_password),
	    "make an app password and put it in; else people type theirs" },
	{ OPTION_LABEL, "label", "TEXT", offsetof(struct cli, label),
	    "what the device is called" },
	{ OPTION_UNSIGNED, "unsigned", NULL,
	    offsetof(struct cli, is_unsigned), "do not sign it" },
	{ OPTION_LINK, "link", NULL, offsetof(struct cli, link),
	    "print a link that gives it out once, within ten minutes" },
	{ OPTION_RIGHTS, "rights", "LIST", offsetof(struct cli, rights),
	    "of imap,pop3,smtp,dav (default all)" },
	{ OPTION_EXPIRES, "expires", "DAYS", offsetof(struct cli, expires),
	    "its end (default never)" },
	{ OPTION_NETWORKS, "networks", "LIST", offsetof(struct cli, networks),
	    "good from there alone, like 192.0.2.0/24,2001:db8::/32" },
	{ OPTION_FOR, "for", "APP", offsetof(struct cli, app),
	    "iphone (default), thunderbird-android or davx5" },
	{ OPTION_LANGUAGE, "language", "TAG", offsetof(struct cli, language),
	    "en (default), fr, nl or de" },
	{ OPTION_IMAGE, "image", "FORM", offsetof(struct cli, image),
	    "svg (default), png, or text for a terminal" },
	{ OPTION_TRANSFER, "format", "FORMAT", offsetof(struct cli, format),
	    "maildir, mbox or archive; to import also ics or vcf" },
	{ OPTION_TRANSFER, "to", "DIR", offsetof(struct cli, to),
	    "export into that folder" },
	{ OPTION_TRANSFER, "from", "PATH", offsetof(struct cli, from),
	    "import that file or folder" },
	{ OPTION_TRANSFER, "mailbox", "NAME", offsetof(struct cli, mailbox),
	    "import mail into that mailbox, folders below it" },
	{ OPTION_TRANSFER, "collection", "NAME",
	    offsetof(struct cli, collection),
	    "the calendar or address book to import into (default"
	    " personal)" },
	{ OPTION_TIMEOUT, "timeout", "SECONDS", offsetof(struct cli, timeout),
	    "give up after so long (default 60)" },
	{ OPTION_FORMAT, "format", "FORMAT", offsetof(struct cli, format),
	    "zone (default), csv, json; or bind-diff: what to change" },
	{ OPTION_MISSING, "missing", NULL, offsetof(struct cli, missing),
	    "ask DNS, and print only what is missing or wrong there" },
	{ OPTION_JSON, "json", NULL, offsetof(struct cli, json),
	    "for programs" },
	{ OPTION_PASSWORD_STDIN, "password-stdin", NULL,
	    offsetof(struct cli, password_stdin),
	    "log in too; the password comes from standard input, one line" },
	{ OPTION_RESOLVE, "resolve", "IP", offsetof(struct cli, resolve),
	    "the domain's names are at this address, whatever DNS says" },
	{ OPTION_CA, "ca", "FILE", offsetof(struct cli, ca),
	    "trust this CA beside the system's" },
	{ OPTION_RESOLVER, "resolver", "IP@PORT",
	    offsetof(struct cli, resolver), "the name server to ask" },
};

static const struct command {
	const char *name;
	const char *verb; /* second word, or NULL */
	int (*run)(struct cli *);
	unsigned options; /* set of enum cli_option */
	int arguments;    /* so many must follow */
	const char *argument;
	const char *help;
} commands[] = {
	{ "init", NULL, cli_init,
	    OPTION_DOMAIN | OPTION_HOSTNAME | OPTION_ADDRESS | OPTION_BASE_PORT
	        | OPTION_USERS,
	    0, "", "make a server's folder; keeps what is there" },
	{ "wait-ready", NULL, cli_wait_ready, OPTION_INFO | OPTION_TIMEOUT, 0,
	    "", "wait until every port answers, then say how to connect" },
	{ "check", NULL, cli_check, 0, 0, "",
	    "look for faults in configuration, certificates, store, ports" },
	{ "status", NULL, cli_status, 0, 0, "",
	    "show processes, queue, domains and certificates" },
	{ "doctor", NULL, cli_doctor,
	    OPTION_PASSWORD_STDIN | OPTION_JSON | OPTION_RESOLVE | OPTION_CA
	        | OPTION_RESOLVER | OPTION_BASE_PORT,
	    1, "ADDRESS",
	    "see what every client would make of that address, and try it" },
	{ "dns", "plan", cli_dns_plan, OPTION_FORMAT | OPTION_MISSING, 1,
	    "DOMAIN", "print the DNS records that a domain wants" },
	{ "dns", "check", cli_dns_check, OPTION_JSON, 1, "DOMAIN",
	    "ask its name servers for them" },
	{ "domain", "add", cli_domain_add, OPTION_NAME, 1, "DOMAIN",
	    "host a domain" },
	{ "domain", "list", cli_domain_list, 0, 0, "", "show hosted domains" },
	{ "domain", "remove", cli_domain_remove, 0, 1, "DOMAIN",
	    "host it no longer; it must have no mailboxes" },
	{ "mailbox", "add", cli_mailbox_add, OPTION_NAME | OPTION_STDIN, 1,
	    "ADDRESS", "add a mailbox; prints the password it makes" },
	{ "mailbox", "list", cli_mailbox_list, OPTION_DOMAIN, 0, "",
	    "show mailboxes" },
	{ "mailbox", "remove", cli_mailbox_remove, 0, 1, "ADDRESS",
	    "remove a mailbox with all that is in it" },
	{ "mailbox", "enable", cli_mailbox_enable, 0, 1, "ADDRESS",
	    "let it log in again" },
	{ "mailbox", "disable", cli_mailbox_disable, 0, 1, "ADDRESS",
	    "no logins; its data stays" },
	{ "app-password", "add", cli_app_password_add,
	    OPTION_LABEL | OPTION_RIGHTS | OPTION_EXPIRES | OPTION_NETWORKS, 1,
	    "ADDRESS", "make a password for one device, and print it" },
	{ "app-password", "list", cli_app_password_list, 0, 1, "ADDRESS",
	    "show a mailbox's app passwords" },
	{ "app-password", "revoke", cli_app_password_revoke, 0, 2,
	    "ADDRESS ID", "no login with that one any more" },
	{ "profile", NULL, cli_profile,
	    OPTION_KIND | OPTION_APP_PASSWORD | OPTION_LABEL | OPTION_UNSIGNED
	        | OPTION_LINK | OPTION_LANGUAGE,
	    1, "ADDRESS", "print a profile for iPhone, iPad and Mac" },
	{ "qr", NULL, cli_qr,
	    OPTION_FOR | OPTION_KIND | OPTION_APP_PASSWORD | OPTION_LABEL
	        | OPTION_UNSIGNED | OPTION_LANGUAGE | OPTION_IMAGE,
	    1, "ADDRESS", "print a QR code that sets a phone up" },
	{ "password", NULL, cli_password, OPTION_STDIN | OPTION_IMPORT, 1,
	    "ADDRESS", "set a password; prints the one it makes" },
	{ "export", NULL, cli_export, OPTION_TRANSFER, 1, "ADDRESS",
	    "write a mailbox, or all of a person, into files" },
	{ "import", NULL, cli_import, OPTION_TRANSFER, 1, "ADDRESS",
	    "add what is in files; what is there already stays" },
	{ "alias", "add", cli_alias_add, 0, 2, "ADDRESS TARGET",
	    "one more address, or @DOMAIN, for the mailbox TARGET" },
	{ "alias", "list", cli_alias_list, 0, 1, "DOMAIN",
	    "show a domain's further addresses" },
	{ "alias", "remove", cli_alias_remove, 0, 1, "ADDRESS",
	    "that address leads nowhere any more" },
	{ "queue", "list", cli_queue_list, OPTION_JSON, 0, "",
	    "show what is on its way out" },
	{ "queue", "show", cli_queue_show, 0, 1, "ID",
	    "show a message's recipients and header" },
	{ "queue", "retry", cli_queue_retry, 0, 1, "ID|all",
	    "try now what waits for another attempt" },
	{ "queue", "hold", cli_queue_hold, 0, 1, "ID",
	    "keep a message until it is released" },
	{ "queue", "release", cli_queue_release, 0, 1, "ID",
	    "send it after all" },
	{ "queue", "delete", cli_queue_delete, 0, 1, "ID",
	    "drop a message; nobody gets a bounce" },
};

bool
cli_knows(const char *name)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return true;
	return false;
}

static void
print_command(FILE *to, const struct command *c)
{
	char call[64];

	(void)snprintf(call, sizeof call, "%s%s%s%s%s", c->name,
	    c->verb != NULL ? " " : "", c->verb != NULL ? c->verb : "",
	    c->argument[0] != '\0' ? " " : "", c->argument);
	(void)fprintf(to, "  %-24s %s\n", call, c->help);
}

void
cli_usage(FILE *to)
{
	(void)fprintf(to, "usage: posthaste COMMAND [--data DIR] [option ...]"
	    " [argument ...]\n\n  %-24s %s\n", "serve",
	    "run the server in the foreground");
	for (size_t i = 0; i < COUNT(commands); i++)
		print_command(to, &commands[i]);
	(void)fprintf(to, "\nEach command explains itself with -h;"
	    " see also posthaste(8).\n");
}

static void
print_help(FILE *to, const struct command *c)
{
	unsigned options = c->options | OPTIONS_SHARED;

	(void)fprintf(to, "usage: posthaste %s%s%s%s%s [option ...]\n\n",
	    c->name, c->verb != NULL ? " " : "",
	    c->verb != NULL ? c->verb : "", c->arguments > 0 ? " " : "",
	    c->argument);
	print_command(to, c);
	(void)fputc('\n', to);
	for (size_t i = 0; i < COUNT(option_rows); i++) {
		const struct option_row *row = &option_rows[i];
		char call[40];

		if ((options & (unsigned)row->bit) == 0)
			continue;
		(void)snprintf(call, sizeof call, "--%s %s", row->name,
		    row->argument != NULL ? row->argument : "");
		(void)fprintf(to, "  %-24s %s\n", call, row->help);
	}
}

/* All verbs of a name, when the verb is missing or unknown. */
static void
print_verbs(FILE *to, const char *name)
{
	(void)fprintf(to, "usage: posthaste %s VERB ...\n\n", name);
	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			print_command(to, &commands[i]);
}

static const struct command *
find(const char *name, const char *verb)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		const struct command *c = &commands[i];

		if (strcmp(c->name, name) != 0)
			continue;
		if (c->verb == NULL
		    || (verb != NULL && strcmp(c->verb, verb) == 0))
			return c;
	}
	return NULL;
}

static void
keep(struct cli *cli, const struct option_row *row, const char *value)
{
	const char **to = (const char **)(void *)((char *)cli + row->at);

	*to = value != NULL ? value : "yes";
}

/* -1: go on. */
static int
parse(struct cli *cli, const struct command *c, int argc, char **argv)
{
	struct option options[COUNT(option_rows) + 2] = { { .name = NULL } };
	char program[] = "posthaste"; /* what getopt's complaints begin with */
	size_t n = 0;
	int found;

	argv[0] = program;
	for (size_t i = 0; i < COUNT(option_rows); i++)
		if (((c->options | OPTIONS_SHARED)
		        & (unsigned)option_rows[i].bit) != 0)
			options[n++] = (struct option){ option_rows[i].name,
				option_rows[i].argument != NULL
				    ? required_argument : no_argument,
				NULL, 1000 + (int)i };
	options[n] = (struct option){ "help", no_argument, NULL, OPTION_HELP };
	optind = 0; /* begin anew, in GNU's words */
	while ((found = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (found == OPTION_HELP) {
			print_help(stdout, c);
			return CLI_OK;
		}
		if (found < 1000) {
			print_help(stderr, c);
			return CLI_USAGE;
		}
		keep(cli, &option_rows[found - 1000], optarg);
	}
	cli->arguments = argv + optind;
	cli->argument_count = argc - optind;
	if (cli->argument_count == c->arguments)
		return -1;
	(void)fprintf(stderr, "posthaste: expected %s, found %d arguments\n",
	    c->arguments == 0 ? "no argument" : c->argument,
	    cli->argument_count);
	print_help(stderr, c);
	return CLI_USAGE;
}

/* Of a verb both orders read well: "mailbox add ADDRESS", and
 * "app-password ADDRESS add". */
static void
put_verb_first(int argc, char **argv)
{
	char *second;

	if (argc < 3 || find(argv[0], argv[1]) != NULL
	    || find(argv[0], argv[2]) == NULL)
		return;
	second = argv[1];
	argv[1] = argv[2];
	argv[2] = second;
}

int
cli_run(int argc, char **argv)
{
	struct cli cli = { .data = NULL };
	const struct command *c;
	int code;

	put_verb_first(argc, argv);
	c = find(argv[0], argc > 1 ? argv[1] : NULL);
	if (c == NULL && cli_knows(argv[0])) {
		bool help = argc > 1 && (strcmp(argv[1], "-h") == 0
		    || strcmp(argv[1], "--help") == 0);

		print_verbs(help ? stdout : stderr, argv[0]);
		return help ? CLI_OK : CLI_USAGE;
	}
	if (c == NULL) {
		cli_usage(stderr);
		return CLI_USAGE;
	}
	if (c->verb != NULL) {
		argc--;
		argv++;
	}
	code = parse(&cli, c, argc, argv);
	if (code >= 0)
		return code;
	log_open("cli", LOG_WARNING);
	(void)umask(S_IRWXG | S_IRWXO); /* all we make is the owner's */
	cli.arena = arena_new(CLI_ARENA);
	code = c->run(&cli);
	if (cli.store != NULL)
		store_close(&cli.store);
	arena_free(&cli.arena);
	return code;
}
