/* posthaste export, import. */
#include "davd/cli_command.h"

#include "mailcore/admin/check.h"
#include "mailcore/admin/transfer.h"
#include "mailcore/base/limits.h"
#include "mailcore/imap/utf7.h"
#include "mailcore/store/domain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRESS = 1000 };

static const struct {
	const char *name;
	enum transfer_format format;
} formats[] = {
	{ "maildir", TRANSFER_MAILDIR },
	{ "mbox", TRANSFER_MBOX },
	{ "ics", TRANSFER_ICS },
	{ "vcf", TRANSFER_VCF },
	{ "sogo", TRANSFER_SOGO },
	{ "archive", TRANSFER_ARCHIVE },
};

struct tally {
	bool each; /* a line for every item */
	uint64_t done;
	uint64_t kept;
	uint64_t refused;
};

/* Names and UIDs come from files of anybody. */
static void
print_text(FILE *to, view v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		(void)fputc(c < ' ' || c == 127 ? '?' : c, to);
	}
}

static void
told(void *context, view what, result r)
{
	struct tally *t = context;
	bool kept = r.is == EXISTS && r.why[0] == '\0';

	t->done += r.is == OK ? 1 : 0;
	t->kept += kept ? 1 : 0;
	t->refused += r.is != OK && !kept ? 1 : 0;
	if (r.is != OK && !kept) {
		(void)fputs("posthaste: ", stderr);
		print_text(stderr, what);
		(void)fprintf(stderr, ": %s\n", r.why);
	} else if (t->each) {
		print_text(stdout, what);
		(void)printf(": %s\n", kept ? "is there already" : "added");
	}
	if ((t->done + t->kept + t->refused) % PROGRESS == 0)
		(void)fprintf(stderr, "%" PRIu64 " ...\n",
		    t->done + t->kept + t->refused);
}

static bool
read_format(const struct cli *cli, enum transfer_format *out)
{
	view given = view_of(cli->format);

	for (size_t i = 0; i < COUNT(formats); i++) {
		if (!view_eq(given, view_of(formats[i].name)))
			continue;
		*out = formats[i].format;
		return true;
	}
	return false;
}

/* Whose?  The address' own mailbox or one that an alias leads to. */
static result
begin(struct cli *cli, struct transfer *t, struct tally *tally)
{
	struct account_info account;
	view address, domain;
	result r;

	TRY(check_address(view_of(cli->arguments[0]), cli->arena, &address,
	    &domain));
	r = account_find(cli->store, cli->arena, address, &account);
	if (r.is == NOT_FOUND)
		return fail(NOT_FOUND, "there is no mailbox of that address");
	TRY(r);
	*t = (struct transfer){
		.store = cli->store,
		.account = account.id,
		.address = account.address,
		.name_encode = utf7_encode,
		.name_decode = utf7_decode,
		.told = told,
		.context = tally,
		.mailbox = view_of(cli->mailbox),
		.collection = view_of(cli->collection),
	};
	return done();
}

int
cli_export(struct cli *cli)
{
	struct tally tally = { .each = false };
	enum transfer_format format;
	struct transfer t;
	result r;

	if (cli->to == NULL || !read_format(cli, &format)
	    || format == TRANSFER_ICS || format == TRANSFER_VCF
	    || format == TRANSFER_SOGO
	    || cli->from != NULL || cli->mailbox != NULL
	    || cli->collection != NULL) {
		(void)cli_fail("expected --to DIR and --format maildir, mbox"
		    " or archive");
		return CLI_USAGE;
	}
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = begin(cli, &t, &tally);
	if (r.is == OK)
		r = transfer_export(&t, cli->to, format);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s: %llu exported\n", cli->arguments[0],
	    (unsigned long long)tally.done);
	return CLI_OK;
}

/* Root has become the owner of the server's folder by now. */
static bool
may_read(struct cli *cli)
{
	struct stat st;
	bool folder = stat(cli->from, &st) == 0 && S_ISDIR(st.st_mode);

	if (access(cli->from, folder ? R_OK | X_OK : R_OK) == 0
	    || errno != EACCES)
		return true;
	(void)cli_fail("%s: the owner of %s may not read it; give it to that"
	    " user, or copy it to where that user may", cli->from,
	    cli->conf.data);
	return false;
}

int
cli_import(struct cli *cli)
{
	struct tally tally = { .each = false };
	enum transfer_format format;
	struct transfer t;
	result r;

	if (cli->from == NULL || !read_format(cli, &format)
	    || cli->to != NULL) {
		(void)cli_fail("expected --from PATH and --format maildir,"
		    " mbox, ics, vcf, sogo or archive");
		return CLI_USAGE;
	}
	tally.each = format == TRANSFER_ICS || format == TRANSFER_VCF;
	if (cli_open(cli).is != OK || !may_read(cli))
		return CLI_FAILED;
	r = begin(cli, &t, &tally);
	if (r.is == OK)
		r = transfer_import(&t, cli->from, format);
	(void)printf("%s: %llu added, %llu there already, %llu refused\n",
	    cli->arguments[0], (unsigned long long)tally.done,
	    (unsigned long long)tally.kept,
	    (unsigned long long)tally.refused);
	if (r.is != OK)
		return cli_failed(cli->from, r);
	return tally.refused == 0 ? CLI_OK : CLI_FAILED;
}
