/*
 * cli.h - the subcommands of posthaste(8), all but `serve`.
 *
 * While a server runs, <data>/run/ready says so: one line a process,
 * "<role> <pid>", the supervisor's first.  `serve` writes it when every role
 * accepts connections, and removes it when it stops.
 */
#ifndef DAVD_CLI_H
#define DAVD_CLI_H

#include <stdbool.h>
#include <stdio.h>

/* Is there a subcommand of that name? */
bool cli_knows(const char *name);

/* Run one; argv[0] is its name.  Returns the exit code: 0 done, 1 it did not
 * work (said on stderr), 2 not how it is called. */
int cli_run(int argc, char **argv);

/* The list of subcommands, with a line for `serve`. */
void cli_usage(FILE *);

#endif
