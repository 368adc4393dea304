/*
 * posthaste wait-ready: wait until every port of a starting server answers,
 * write what a client needs to know, and say how to try it.
 */
#include "davd/cli_init.h"

#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"

#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READY_SECONDS = 60,
	READY_SECONDS_MAX = 3600,
	READY_PAUSE_MS = 50,
	CONNECT_MS = 2000
};

/* Does every port take connections?  Else the first that does not. */
static bool
all_answer(const struct conf *conf, const struct conf_service **silent)
{
	const char *address = cli_connect_address(conf);

	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		int fd;

		if (conf->ports[i] == 0)
			continue;
		fd = cli_connect(address, conf->ports[i], CONNECT_MS);
		if (fd < 0) {
			*silent = &conf_services[i];
			return false;
		}
		(void)close(fd);
	}
	*silent = NULL;
	return true;
}

/* The supervisor, or 0 when time is over. */
static pid_t
wait_ready(struct cli *cli, unsigned seconds)
{
	int64_t end = clock_steady_ms() + (int64_t)seconds * 1000;
	struct cli_process processes[CLI_PROCESSES];
	const struct conf_service *silent = NULL;
	bool present = false;

	do {
		present = cli_processes(cli, processes) > 0;
		if (present && all_answer(&cli->conf, &silent)
		    && cli_processes(cli, processes) > 0)
			return processes[0].pid;
		(void)poll(NULL, 0, READY_PAUSE_MS);
	} while (clock_steady_ms() < end);
	if (present && silent != NULL)
		(void)cli_fail("expected an answer on the port of %s within %u"
		    " seconds, found none; see the server's log",
		    silent->name, seconds);
	else
		(void)cli_fail("expected a server for %s within %u seconds,"
		    " found none; start it by: posthaste serve --data %s",
		    cli->conf.data, seconds, cli->conf.data);
	return 0;
}

static json_t *
users_of(const struct demo_note *note, const char *domain)
{
	json_t *users = json_array();
	char local[32];

	for (unsigned i = 1; i <= note->users; i++) {
		struct buf address = buf_new(LIMIT_ADDRESS);

		(void)snprintf(local, sizeof local, "user%02u", i);
		buf_print(&address, "%s@%s", local, domain);
		(void)json_array_append_new(users, json_pack("{s:s, s:s}",
		    "address", buf_text(&address), "password", local));
		buf_free(&address);
	}
	return users;
}

static json_t *
ports_of(const struct conf *conf)
{
	json_t *ports = json_object();

	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (conf->ports[i] != 0)
			(void)json_object_set_new(ports, conf_services[i].name,
			    json_integer((json_int_t)conf->ports[i]));
	return ports;
}

static const char *
dav_url(struct cli *cli)
{
	unsigned port = cli->conf.ports[SERVICE_HTTPS];

	return arena_text(cli->arena, port == 443
	    ? arena_print(cli->arena, "https://%s/SOGo/dav/",
	        cli->conf.hostname)
	    : arena_print(cli->arena, "https://%s:%u/SOGo/dav/",
	        cli->conf.hostname, port));
}

static const char *
domain_of(const struct demo_note *note)
{
	const char *at = strrchr(note->address, '@');

	return at == NULL ? "" : at + 1;
}

static result
write_info(struct cli *cli, const struct demo_note *note, pid_t pid)
{
	const char *domain = domain_of(note);
	json_t *info = json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:s, s:s, s:s, s:o}",
	    "address", note->address, "password", note->password, "domain",
	    domain, "host", cli->conf.hostname, "ca",
	    cli_path(cli, "ca.pem"), "pid", (json_int_t)pid, "ports",
	    ports_of(&cli->conf), "dav", dav_url(cli), "calendar",
	    note->calendar, "addressbook", note->addressbook, "users",
	    users_of(note, domain));
	char *text = info == NULL ? NULL : json_dumps(info, JSON_INDENT(2));
	result r;

	if (text == NULL)
		abort();
	r = file_write(cli->info, view_of(text), S_IRUSR | S_IWUSR);
	free(text);
	json_decref(info);
	return r;
}

static void
print_ports(const struct conf *conf)
{
	(void)printf("  Ports    ");
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (conf->ports[i] != 0)
			(void)printf(" %s %u", conf_services[i].name,
			    conf->ports[i]);
	(void)fputc('\n', stdout);
}

/* Programs that every machine has; each line stands alone. */
static void
print_trial(struct cli *cli, const struct demo_note *note)
{
	const struct conf *conf = &cli->conf;
	const struct {
		enum service service;
		const char *scheme;
		view rest;
	} lines[] = {
		{ SERVICE_IMAPS, "imaps",
		    VIEW("/INBOX' -X 'FETCH 1:* (ENVELOPE)'") },
		{ SERVICE_SUBMISSIONS, "smtps", arena_print(cli->arena,
		    "' --mail-from '%s' --mail-rcpt '%s'"
		    " -H 'Subject: A first message' -F '=It works.'",
		    note->address, note->address) },
		{ SERVICE_HTTPS, "https", arena_print(cli->arena,
		    "/SOGo/dav/%s/Calendar/personal/' -X PROPFIND"
		    " -H 'Depth: 1'", note->address) },
	};

	(void)printf("\n  Try it with a real client on this machine:\n");
	for (size_t i = 0; i < COUNT(lines); i++) {
		unsigned port = conf->ports[lines[i].service];

		if (port == 0)
			continue;
		(void)printf("    curl -sS --cacert '%s'"
		    " --resolve %s:%u:%s -u '%s:%s' '%s://%s:%u%.*s\n",
		    cli_path(cli, "ca.pem"), conf->hostname, port,
		    cli_connect_address(conf), note->address, note->password,
		    lines[i].scheme, conf->hostname, port,
		    (int)lines[i].rest.n, lines[i].rest.p);
	}
}

/* The name that the certificate has and this machine surely knows. */
static const char *
page_host(const struct conf *conf)
{
	const char *address = cli_connect_address(conf);
	const char *listens =
	    conf->address_count > 0 ? conf->addresses[0] : "0.0.0.0";

	if (strcmp(address, listens) != 0)
		return conf->hostname; /* it is there for everybody */
	return strcmp(address, "127.0.0.1") == 0
	        || strcmp(address, "::1") == 0 ? "localhost" : address;
}

static void
print_welcome(struct cli *cli, const struct demo_note *note)
{
	const struct conf *conf = &cli->conf;

	(void)printf("\nPosthaste is running.\n\n");
	if (note->address[0] != '\0')
		(void)printf("  Address   %s\n  Password  %s\n", note->address,
		    note->password);
	(void)printf("  Server    %s at %s\n", conf->hostname,
	    cli_connect_address(conf));
	print_ports(conf);
	if (conf->ports[SERVICE_HTTPS] != 0)
		(void)printf("  Pages     https://%s:%u/\n"
		    "  DAV       %s\n",
		    page_host(conf), conf->ports[SERVICE_HTTPS],
		    dav_url(cli));
	(void)printf("  CA        %s\n", cli_path(cli, "ca.pem"));
	if (note->address[0] != '\0')
		print_trial(cli, note);
	(void)fputc('\n', stdout);
}

int
cli_wait_ready(struct cli *cli)
{
	unsigned seconds = READY_SECONDS;
	struct demo_note note;
	pid_t pid;
	result r;

	if (cli->timeout != NULL
	    && !cli_number("timeout", cli->timeout, READY_SECONDS_MAX,
	        &seconds))
		return CLI_USAGE;
	if (cli_configure(cli).is != OK)
		return CLI_FAILED;
	r = demo_note_read(cli, &note);
	if (r.is != OK && r.is != NOT_FOUND)
		return cli_failed(cli_path(cli, "demo.json"), r);
	pid = wait_ready(cli, seconds);
	if (pid == 0)
		return CLI_FAILED;
	if (cli->info != NULL) {
		r = write_info(cli, &note, pid);
		if (r.is != OK)
			return cli_failed(cli->info, r);
	}
	print_welcome(cli, &note);
	return CLI_OK;
}
