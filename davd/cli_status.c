/* posthaste status: what runs, what waits, what will end. */
#include "davd/cli_command.h"

#include "mailcore/store/domain.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/cert.h"
#include "mailcore/sys/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

enum { DAY = 86400 };

/* false: nothing runs. */
static bool
show_processes(struct cli *cli)
{
	struct cli_process processes[CLI_PROCESSES];
	size_t n = cli_processes(cli, processes);

	if (n == 0)
		(void)printf("server       not running\n");
	for (size_t i = 0; i < n; i++)
		(void)printf("%-12s %lld%s\n", processes[i].role,
		    (long long)processes[i].pid,
		    kill(processes[i].pid, 0) != 0 && errno == ESRCH
		        ? " (gone)" : "");
	return n > 0;
}

static result
show_queue(struct cli *cli)
{
	int64_t messages, recipients, oldest;

	TRY(queue_counts(cli->store, &messages, &recipients, &oldest));
	(void)printf("queue        %lld messages, %lld recipients",
	    (long long)messages, (long long)recipients);
	if (messages > 0)
		(void)printf(", the oldest %lld minutes",
		    (long long)((clock_now() - oldest) / 60));
	(void)fputc('\n', stdout);
	return done();
}

static result
show_domain(struct cli *cli, const struct domain *domain,
    struct certs *certs)
{
	struct account_info *accounts = NULL;
	struct cert *cert = certs_find(certs, domain->name);
	int64_t left = cert_expires(cert) - clock_now();
	size_t count = 0;

	cert_release(&cert);
	TRY(account_list(cli->store, cli->arena, domain->name, &accounts,
	    &count));
	(void)printf("domain       %.*s: %zu mailboxes, %scertificate ",
	    (int)domain->name.n, domain->name.p, count,
	    domain->enabled ? "" : "switched off, ");
	if (left <= 0)
		(void)printf("has ended; see posthaste cert status\n");
	else
		(void)printf("ends in %lld days\n", (long long)left / DAY);
	return done();
}

static result
show_domains(struct cli *cli)
{
	struct domain *domains = NULL;
	struct certs *certs = NULL;
	size_t count = 0;
	result r;

	TRY(domain_list(cli->store, cli->arena, &domains, &count));
	TRY(certs_open(&certs, cli->conf.certificates));
	r = done();
	for (size_t i = 0; i < count && r.is == OK; i++)
		r = show_domain(cli, &domains[i], certs);
	certs_close(&certs);
	return r;
}

int
cli_status(struct cli *cli)
{
	bool running;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	running = show_processes(cli);
	r = show_queue(cli);
	if (r.is == OK)
		r = show_domains(cli);
	if (r.is != OK)
		return cli_failed("status", r);
	return running ? CLI_OK : CLI_FAILED;
}
