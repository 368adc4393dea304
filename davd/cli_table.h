/*
 * cli_table.h - every option and every command of the CLI, in two tables.
 *
 * A new command is a row in cli_table.c, a function declared in
 * cli_command.h, and a paragraph in posthaste(8).
 */
#ifndef DAVD_CLI_TABLE_H
#define DAVD_CLI_TABLE_H

#include "davd/cli_command.h"

struct cli_option {
	const char *name;
	const char *argument; /* NULL: a switch */
	size_t at;            /* where in struct cli its value goes */
	const char *help;     /* NULL: its other name is the one that is told */
};

extern const struct cli_option cli_options[];
extern const size_t cli_option_count;

struct cli_verb {
	const char *name;
	const char *verb; /* second word, or NULL */
	int (*run)(struct cli *);
	const char *options; /* names, a space between; "" for none */
	int arguments;       /* so many must follow */
	const char *argument;
	const char *help;
};

extern const struct cli_verb cli_verbs[];
extern const size_t cli_verb_count;

#endif
