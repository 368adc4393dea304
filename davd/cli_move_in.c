/* posthaste mailbox import, alias import: many at once, from a table. */
#include "davd/cli_command.h"

#include "mailcore/admin/move_in.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { TABLE_MOST = 64 << 20, PIECE = 65536, PROGRESS = 1000 };

struct tally {
	uint64_t done, kept, refused;
};

/* At once: the next row may be the one that is interrupted. */
static bool
print_password(view address, view password)
{
	return password.n == 0
	    || (printf("%.*s\t%.*s\n", (int)address.n, address.p,
	            (int)password.n, password.p) > 0
	        && fflush(stdout) == 0);
}

static void
told(void *context, view address, view password, result r)
{
	struct tally *t = context;

	if (r.is == OK) {
		if (!print_password(address, password)) {
			t->refused++;
			(void)cli_fail("%.*s: added, but its password could"
			    " not be written; make another one",
			    (int)address.n, address.p);
		} else {
			t->done++;
		}
	} else if (r.is == EXISTS) {
		t->kept++;
	} else {
		t->refused++;
		(void)cli_fail("%.*s: %s", (int)address.n, address.p, r.why);
	}
	if ((t->done + t->kept + t->refused) % PROGRESS == 0)
		(void)fprintf(stderr, "%" PRIu64 " ...\n",
		    t->done + t->kept + t->refused);
}

static result
read_all(struct buf *out)
{
	char piece[PIECE];
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(FAILED, "standard input cannot be read");
		buf_add(out, (view){ piece, (size_t)n });
	}
	return buf_result(out).is == OK
	    ? done()
	    : fail(OVER_LIMIT, "a table of more than 64 MiB: split it");
}

static int
move_in(struct cli *cli, const char *what, const char *columns,
    result (*run)(struct store *, view, move_in_told *, void *))
{
	struct buf table = buf_new(TABLE_MOST);
	struct tally tally = { 0 };
	result r;

	if (isatty(STDIN_FILENO) != 0)
		(void)fprintf(stderr, "Reading a table from here, with the"
		    " names of its columns in the first line: %s.\n", columns);
	r = read_all(&table);
	if (r.is == OK && cli_open(cli).is != OK) {
		buf_free(&table);
		return CLI_FAILED;
	}
	if (r.is == OK)
		r = run(cli->store, buf_view(&table), told, &tally);
	buf_free(&table);
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s: %" PRIu64 " added, %" PRIu64 " there"
	    " already, %" PRIu64 " refused\n", what, tally.done, tally.kept,
	    tally.refused);
	if (r.is != OK)
		return cli_failed("standard input", r);
	return tally.refused == 0 ? CLI_OK : CLI_FAILED;
}

int
cli_mailbox_import(struct cli *cli)
{
	return move_in(cli, "mailboxes",
	    "address, name, hash or password, quota, enabled",
	    move_in_mailboxes);
}

int
cli_alias_import(struct cli *cli)
{
	return move_in(cli, "aliases", "address, target, enabled",
	    move_in_aliases);
}
