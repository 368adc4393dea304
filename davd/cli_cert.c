/* posthaste cert: which names have a certificate, which should get one, and
 * a new one put into its place. */
#include "davd/cert_cover.h"

#include "autoconfig/json_text.h"
#include "mailcore/auth/signer_wire.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/cert_load.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/msg.h"

#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DUE_DAYS = 30, PEM_MOST = 262144 };

static void
add_json(const struct cover_name *n, struct buf *out)
{
	buf_add(out, VIEW("{\"domain\": "));
	json_add_text(out, n->domain);
	buf_add(out, VIEW(", \"name\": "));
	json_add_text(out, n->name);
	buf_print(out, ", \"state\": \"%s\", \"file\": ",
	    cover_states[n->state]);
	if (n->file.n == 0)
		buf_add(out, VIEW("null, \"days\": null"));
	else {
		json_add_text(out, n->file);
		buf_print(out, ", \"days\": %lld", (long long)n->days);
	}
	buf_add(out, VIEW(", \"why\": "));
	json_add_text(out, view_of(n->why));
	buf_add(out, VIEW("}"));
}

static void
write_json(const struct cover *c, struct buf *out)
{
	buf_add(out, VIEW("{\"names\": [\n"));
	for (size_t i = 0; i < c->name_count; i++) {
		add_json(&c->names[i], out);
		buf_add_text(out, i + 1 < c->name_count ? ",\n" : "\n");
	}
	buf_add(out, VIEW("], \"unusable\": [\n"));
	for (size_t i = 0; i < c->fault_count; i++) {
		buf_add(out, VIEW("{\"file\": "));
		json_add_text(out, c->faults[i].file);
		buf_add(out, VIEW(", \"why\": "));
		json_add_text(out, view_of(c->faults[i].why));
		buf_add_text(out, i + 1 < c->fault_count ? "},\n" : "}\n");
	}
	buf_add(out, VIEW("]}\n"));
}

static void
write_lines(const struct cover *c, struct buf *out)
{
	for (size_t i = 0; i < c->name_count; i++) {
		const struct cover_name *n = &c->names[i];

		buf_print(out, "%-9s ", cover_states[n->state]);
		buf_add(out, n->name);
		if (n->file.n > 0)
			buf_print(out, "  %.*s, %lld days", (int)n->file.n,
			    n->file.p, (long long)n->days);
		if (n->why[0] != '\0')
			buf_print(out, ": %s", n->why);
		buf_add_byte(out, '\n');
	}
	for (size_t i = 0; i < c->fault_count; i++)
		buf_print(out, "unusable  %.*s: %s\n",
		    (int)c->faults[i].file.n, c->faults[i].file.p,
		    c->faults[i].why);
}

static int
print(struct cli *cli, const struct buf *out)
{
	result r = buf_result(out);

	if (r.is == OK && (fwrite(out->p, 1, out->n, stdout) != out->n
	        || fflush(stdout) != 0))
		r = fail(FAILED, "it could not be written");
	return r.is == OK ? CLI_OK : cli_failed(cli->conf.certificates, r);
}

int
cli_cert_status(struct cli *cli)
{
	struct buf out = buf_new(SIZE_MAX / 2);
	struct cover cover;
	int code = CLI_FAILED;
	bool all = true;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = cert_cover(cli, &cover);
	if (r.is != OK)
		return cli_failed("cert status", r);
	if (cli->json != NULL)
		write_json(&cover, &out);
	else
		write_lines(&cover, &out);
	for (size_t i = 0; i < cover.name_count; i++)
		all = all && cover.names[i].state == COVER_OK;
	code = print(cli, &out);
	buf_free(&out);
	return code == CLI_OK && !all ? CLI_FAILED : code;
}

/* Names that go into one certificate: those of a domain that the DNS plan
 * leads here.  The mail host and each domain's own name, which may well be
 * another server's, have one for themselves, so that a failure of theirs is
 * nobody else's. */
static bool
shares(const struct cover_name *a, const struct cover_name *b)
{
	return a->domain.n > 0 && view_eq(a->domain, b->domain)
	    && !view_eq(a->name, a->domain) && !view_eq(b->name, b->domain);
}

static bool
is_due(const struct cover_name *n)
{
	return n->state != COVER_OK || n->days < DUE_DAYS;
}

/* All names of the certificate that names[first] is the first of. */
static void
write_group(const struct cover *c, size_t first, const bool *wanted,
    bool only_due, struct buf *out)
{
	bool due = !only_due;
	size_t before = out->n;

	for (size_t i = first; i < c->name_count; i++) {
		if (!wanted[i]
		    || (i != first && !shares(&c->names[first], &c->names[i])))
			continue;
		due = due || is_due(&c->names[i]);
		if (out->n > before)
			buf_add_byte(out, ' ');
		buf_add(out, c->names[i].name);
	}
	if (due && out->n > before)
		buf_add_byte(out, '\n');
	else
		buf_cut(out, before);
}

static result
write_groups(struct cli *cli, struct buf *out)
{
	struct cover c;
	bool *wanted;

	TRY(cert_cover(cli, &c));
	wanted = arena_array(cli->arena, c.name_count, sizeof *wanted);
	if (wanted == NULL)
		return arena_result(cli->arena);
	for (size_t i = 0; i < c.name_count; i++)
		wanted[i] = true;
	if (cli->reachable != NULL)
		TRY(cert_reach(cli, &c, wanted));
	for (size_t i = 0; i < c.name_count; i++) {
		bool begun = false;

		for (size_t k = 0; k < i; k++)
			begun = begun || (wanted[k]
			        && shares(&c.names[k], &c.names[i]));
		if (!begun && wanted[i])
			write_group(&c, i, wanted, cli->due != NULL, out);
	}
	return buf_result(out);
}

int
cli_cert_names(struct cli *cli)
{
	struct buf out = buf_new(SIZE_MAX / 2);
	int code;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = write_groups(cli, &out);
	code = r.is == OK ? print(cli, &out) : cli_failed("cert names", r);
	buf_free(&out);
	return code;
}

/* Chain and key in one file of the folder, under a name that no server reads,
 * looked at there, and only then under its own. */
static result
check_file(const char *folder, const char *file, view name)
{
	struct cert *cert;
	result r = cert_load(&cert, folder, file);

	TRY(r);
	if (X509_check_host(cert_leaf(cert), name.p, name.n,
	        X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) != 1)
		r = fail(MALFORMED, "the certificate is not for that name");
	else if (cert_expires(cert) <= clock_now())
		r = fail(MALFORMED, "the certificate has ended");
	cert_release(&cert);
	return r;
}

static result
put_in_place(struct cli *cli, view name, view pem)
{
	const char *folder = cli->conf.certificates;
	const char *trial = arena_text(cli->arena, arena_print(cli->arena,
	    "%.*s.new", (int)name.n, name.p));
	const char *from = arena_text(cli->arena, arena_print(cli->arena,
	    "%s/%.*s.new", folder, (int)name.n, name.p));
	const char *to = arena_text(cli->arena, arena_print(cli->arena,
	    "%s/%.*s.pem", folder, (int)name.n, name.p));
	result r;

	TRY(arena_result(cli->arena));
	TRY(file_make_folder(folder));
	TRY(file_write(from, pem, S_IRUSR | S_IWUSR));
	r = check_file(folder, trial, name);
	if (r.is == OK && rename(from, to) != 0)
		r = fail(FAILED, "it cannot be put into the folder");
	if (r.is != OK) {
		(void)unlink(from);
		return r;
	}
	return file_sync_folder(folder);
}

/* The supervisor, or the roles when that is another user's process. */
static void
tell_server(struct cli *cli)
{
	struct cli_process processes[CLI_PROCESSES];
	struct post *post;

	if (cli_processes(cli, processes) == 0
	    || kill(processes[0].pid, SIGHUP) == 0)
		return;
	if (post_open(&post, cli->conf.data, NULL).is != OK)
		return;
	post_send(post, (struct msg){ MSG_RELOAD, 0 });
	post_close(&post);
}

/* `about`: which file is meant, while one is read. */
static result
install(struct cli *cli, view name, struct buf *pem, const char **about)
{
	/* What root alone may read is read before root's rights go. */
	for (int i = 1; i <= 2; i++) {
		*about = cli->arguments[i];
		TRY(file_read(*about, pem));
		buf_add_byte(pem, '\n');
	}
	*about = cli->arguments[0];
	TRY(cli_become_owner(cli->conf.data));
	TRY(put_in_place(cli, name, buf_view(pem)));
	tell_server(cli);
	return done();
}

int
cli_cert_install(struct cli *cli)
{
	struct buf pem = buf_new(PEM_MOST);
	view name = view_of(cli->arguments[0]);
	const char *about = cli->arguments[0];
	result r = fail(MALFORMED, "not a host name");

	if (cli_configure(cli).is != OK)
		return CLI_FAILED;
	(void)buf_reserve(&pem, PEM_MOST - 1);
	if (signer_is_name(name))
		r = install(cli, name, &pem, &about);
	secret_wipe(pem.p, pem.n);
	buf_free(&pem);
	if (r.is != OK)
		return cli_failed(about, r);
	(void)printf("%s.pem is in %s\n", cli->arguments[0],
	    cli->conf.certificates);
	return CLI_OK;
}
