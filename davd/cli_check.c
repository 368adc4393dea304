/* posthaste check: every fault that can be seen without the network. */
#include "davd/cert_cover.h"

#include "mailcore/store/domain.h"
#include "mailcore/sys/cert.h"
#include "mailcore/sys/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAYS_WARNED = 14, DAY = 86400 };

struct findings {
	unsigned faults;
};

static void found(struct findings *, bool good, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
found(struct findings *f, bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)printf("%-6s ", good ? "ok" : "FAULT");
	(void)vprintf(format, args);
	(void)fputc('\n', stdout);
	va_end(args);
	if (!good)
		f->faults++;
}

static void
check_folder(struct cli *cli, struct findings *f)
{
	struct stat st;

	if (stat(cli->conf.data, &st) != 0) {
		found(f, false, "data: expected the folder %s, found: %s; make"
		    " it by posthaste init", cli->conf.data, strerror(errno));
		return;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		found(f, false, "data: expected %s to be for its owner only,"
		    " found mode %04o; chmod 700 it", cli->conf.data,
		    (unsigned)st.st_mode & 07777u);
	else
		found(f, true, "data: %s", cli->conf.data);
}

static void
check_certificates(struct cli *cli, struct findings *f)
{
	struct certs *certs = NULL;
	result r = certs_open(&certs, cli->conf.certificates);
	struct cert *cert;
	int64_t left;

	if (r.is != OK) {
		found(f, false, "certificates: expected a usable .pem file in"
		    " %s, found none: %s", cli->conf.certificates, r.why);
		return;
	}
	cert = certs_find(certs, view_of(cli->conf.hostname));
	left = cert_expires(cert) - clock_now();
	if (left <= 0)
		found(f, false, "certificates: that for %s has ended; renew it",
		    cli->conf.hostname);
	else
		found(f, left / DAY >= DAYS_WARNED, "certificates: that for %s"
		    " ends in %lld days%s", cli->conf.hostname,
		    (long long)left / DAY,
		    left / DAY < DAYS_WARNED ? "; renew it" : "");
	cert_release(&cert);
	certs_close(&certs);
}

/* The names of the mail host are a fault when they lack one; the others cost
 * their domain's people some convenience. */
static void
check_names(struct cli *cli, struct findings *f)
{
	struct cover cover;
	size_t lacking = 0, untrusted = 0;

	if (cert_cover(cli, &cover).is != OK)
		return;
	for (size_t i = 0; i < cover.name_count; i++) {
		const struct cover_name *n = &cover.names[i];

		untrusted += n->state == COVER_UNTRUSTED;
		if (n->state == COVER_OK || n->state == COVER_UNTRUSTED)
			continue;
		(void)printf("%-6s certificates: %s for %.*s; see posthaste"
		    " cert status\n", "warn", cover_states[n->state],
		    (int)n->name.n, n->name.p);
		lacking++;
	}
	if (untrusted > 0)
		(void)printf("%-6s certificates: %zu of %zu names have one"
		    " that no authority known here has signed; see posthaste"
		    " cert status\n", "warn", untrusted, cover.name_count);
	for (size_t i = 0; i < cover.fault_count; i++)
		found(f, false, "certificates: %.*s: %s",
		    (int)cover.faults[i].file.n, cover.faults[i].file.p,
		    cover.faults[i].why);
	if (lacking == 0)
		found(f, true, "certificates: all %zu names have one",
		    cover.name_count);
}

static void
check_store(struct cli *cli, struct findings *f)
{
	struct store_options options = { .data = cli->conf.data,
		.journal = "cli" };
	struct domain *domains = NULL;
	size_t count = 0;
	result r = cli_become_owner(cli->conf.data);

	if (r.is == OK)
		r = store_open(&cli->store, &options);
	if (r.is == OK)
		r = domain_list(cli->store, cli->arena, &domains, &count);
	if (r.is != OK)
		found(f, false, "store: %s", r.why);
	else if (count == 0)
		found(f, false, "store: expected a domain, found none; add one"
		    " by: posthaste domain add NAME");
	else
		found(f, true, "store: %zu domains", count);
	if (r.is == OK)
		check_names(cli, f);
}

/* Could the server listen there? */
static int
try_to_listen(const char *address, unsigned port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	bool is_four = inet_pton(AF_INET, address, &four.sin_addr) == 1;
	int fd = socket(is_four ? AF_INET : AF_INET6,
	    SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1, error = 0;

	(void)inet_pton(AF_INET6, address, &six.sin6_addr);
	if (fd < 0)
		return errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (!is_four)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, is_four ? (struct sockaddr *)&four
	        : (struct sockaddr *)&six,
	        is_four ? sizeof four : sizeof six) != 0
	    || listen(fd, 1) != 0)
		error = errno;
	(void)close(fd);
	return error;
}

static void
check_ports(struct cli *cli, struct findings *f)
{
	const struct conf *conf = &cli->conf;
	unsigned faults = f->faults;

	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		for (size_t k = 0; k < conf->address_count; k++) {
			int error = conf->ports[i] == 0 ? 0
			    : try_to_listen(conf->addresses[k],
			        conf->ports[i]);

			if (error == 0 || error == EAFNOSUPPORT)
				continue;
			found(f, false, "ports: expected %s:%u to be free for"
			    " %s, found: %s", conf->addresses[k],
			    conf->ports[i], conf_services[i].name,
			    strerror(error));
		}
	}
	if (f->faults == faults)
		found(f, true, "ports: all are free");
}

int
cli_check(struct cli *cli)
{
	struct cli_process processes[CLI_PROCESSES];
	struct findings f = { 0 };

	if (cli_configure(cli).is != OK)
		return CLI_FAILED;
	found(&f, true, "configuration: %s", cli->conf.hostname);
	check_folder(cli, &f);
	check_certificates(cli, &f);
	if (f.faults == 0 || access(cli->conf.data, W_OK) == 0)
		check_store(cli, &f);
	if (cli_processes(cli, processes) > 0)
		found(&f, true, "ports: in use by the running server");
	else
		check_ports(cli, &f);
	if (f.faults > 0)
		return cli_fail("%u faults", f.faults);
	return CLI_OK;
}
