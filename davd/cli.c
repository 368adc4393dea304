#include "davd/cli.h"

#include "davd/cli_table.h"
#include "mailcore/sys/log.h"

#include <getopt.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

enum { CLI_ARENA = 64 << 20, MOST_OPTIONS = 128, OPTION_HELP = 'h',
	CALL_WIDTH = 24 };

/* Every command takes --data and --config. */
static bool
takes(const struct cli_verb *c, const char *name)
{
	view words = view_of(c->options);

	if (strcmp(name, "data") == 0 || strcmp(name, "config") == 0)
		return true;
	while (words.n > 0)
		if (view_eq(view_cut(&words, ' '), view_of(name)))
			return true;
	return false;
}

bool
cli_knows(const char *name)
{
	for (size_t i = 0; i < cli_verb_count; i++)
		if (strcmp(cli_verbs[i].name, name) == 0)
			return true;
	return false;
}

/* What is longer than its column has a line of its own. */
static void
print_row(FILE *to, const char *call, const char *help)
{
	if (strlen(call) > CALL_WIDTH)
		(void)fprintf(to, "  %s\n  %-*s %s\n", call, CALL_WIDTH, "",
		    help);
	else
		(void)fprintf(to, "  %-*s %s\n", CALL_WIDTH, call, help);
}

static void
print_command(FILE *to, const struct cli_verb *c)
{
	char call[80];

	(void)snprintf(call, sizeof call, "%s%s%s%s%s", c->name,
	    c->verb != NULL ? " " : "", c->verb != NULL ? c->verb : "",
	    c->argument[0] != '\0' ? " " : "", c->argument);
	print_row(to, call, c->help);
}

void
cli_usage(FILE *to)
{
	(void)fprintf(to, "usage: posthaste COMMAND [--data DIR] [option ...]"
	    " [argument ...]\n\n");
	print_row(to, "serve", "run the server in the foreground");
	for (size_t i = 0; i < cli_verb_count; i++)
		print_command(to, &cli_verbs[i]);
	(void)fprintf(to, "\nEach command explains itself with -h;"
	    " see also posthaste(8).\n");
}

static void
print_help(FILE *to, const struct cli_verb *c)
{
	(void)fprintf(to, "usage: posthaste %s%s%s%s%s [option ...]\n\n",
	    c->name, c->verb != NULL ? " " : "",
	    c->verb != NULL ? c->verb : "", c->arguments > 0 ? " " : "",
	    c->argument);
	print_command(to, c);
	(void)fputc('\n', to);
	for (size_t i = 0; i < cli_option_count; i++) {
		const struct cli_option *row = &cli_options[i];
		char call[40];

		if (row->help == NULL || !takes(c, row->name))
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
	for (size_t i = 0; i < cli_verb_count; i++)
		if (strcmp(cli_verbs[i].name, name) == 0)
			print_command(to, &cli_verbs[i]);
}

static const struct cli_verb *
find(const char *name, const char *verb)
{
	for (size_t i = 0; i < cli_verb_count; i++) {
		const struct cli_verb *c = &cli_verbs[i];

		if (strcmp(c->name, name) != 0)
			continue;
		if (c->verb == NULL
		    || (verb != NULL && strcmp(c->verb, verb) == 0))
			return c;
	}
	return NULL;
}

static void
keep(struct cli *cli, const struct cli_option *row, const char *value)
{
	const char **to = (const char **)(void *)((char *)cli + row->at);

	*to = value != NULL ? value : "yes";
}

/* -1: go on. */
static int
parse(struct cli *cli, const struct cli_verb *c, int argc, char **argv)
{
	struct option options[MOST_OPTIONS] = { { .name = NULL } };
	char program[] = "posthaste"; /* what getopt's complaints begin with */
	size_t n = 0;
	int found;

	argv[0] = program;
	for (size_t i = 0; i < cli_option_count
	    && n < MOST_OPTIONS - 1; i++)
		if (takes(c, cli_options[i].name))
			options[n++] = (struct option){ cli_options[i].name,
				cli_options[i].argument != NULL
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
		keep(cli, &cli_options[found - 1000], optarg);
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

/* A verb of two words, "domain alias add": they become one argument. */
static int
join_verb(int argc, char **argv, char joined[64])
{
	int n;

	if (argc < 3)
		return argc;
	n = snprintf(joined, 64, "%s %s", argv[1], argv[2]);
	if (n >= 64 || find(argv[0], joined) == NULL
	    || find(argv[0], joined)->verb == NULL)
		return argc;
	argv[1] = joined;
	for (int i = 2; i < argc; i++)
		argv[i] = argv[i + 1];
	return argc - 1;
}

int
cli_run(int argc, char **argv)
{
	struct cli cli = { .data = NULL };
	const struct cli_verb *c;
	char joined[64];
	int code;

	argc = join_verb(argc, argv, joined);
	put_verb_first(argc, argv);
	c = find(argv[0], argc > 1 ? argv[1] : NULL);
	if (c == NULL && cli_knows(argv[0])) {
		bool help = argc > 1 && (strcmp(argv[1], "-h") == 0
		    || strcmp(argv[1], "--help") == 0);

		if (!help && argc > 1)
			(void)fprintf(stderr, "posthaste: %s knows no \"%s\"\n",
			    argv[0], argv[1]);
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
	signer_close(&cli.signer);
	arena_free(&cli.arena);
	return code;
}
