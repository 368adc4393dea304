/*
 * posthaste(8): `serve` runs the server; all else is in cli.c.
 */
#include "davd/cli.h"
#include "davd/role.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USAGE = 2 };

struct serve_options {
	const char *config, *data, *role, *inherit;
	bool help;
};

static bool
read_options(int argc, char **argv, struct serve_options *o)
{
	static const struct option rows[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "data", required_argument, NULL, 'd' },
		{ "role", required_argument, NULL, 'r' },
		/* From the supervisor to its roles; not for people. */
		{ "inherit", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:h", rows, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 'd':
			o->data = optarg;
			break;
		case 'r':
			o->role = optarg;
			break;
		case 'i':
			o->inherit = optarg;
			break;
		case 'h':
			o->help = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

static const struct role_kind *
find_role(const char *name)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (name != NULL && strcmp(name, role_kinds[i].name) == 0)
			return &role_kinds[i];
	return NULL;
}

static int
run_role(const struct serve_options *o)
{
	const struct role_kind *kind = find_role(o->role);
	struct role_start start = { .config = o->config };

	if (kind == NULL
	    || role_start_read(&start, view_of(o->inherit)).is != OK)
		return USAGE;
	return role_main(kind, &start);
}

static int
explain_serve(FILE *to, int code)
{
	(void)fprintf(to, "usage: posthaste serve [option ...]\n\n"
	    "  run the server in the foreground, until SIGTERM or SIGINT\n\n"
	    "  --data DIR               the server's folder"
	    " (default /var/lib/posthaste)\n"
	    "  --config FILE            the configuration"
	    " (default DIR/posthaste.conf)\n"
	    "  --role NAME              that one alone of web, mail, queue\n");
	return code;
}

static int
serve(int argc, char **argv)
{
	struct serve_options o = { .help = false };
	char config[PATH_MAX];

	if (!read_options(argc, argv, &o)
	    || (o.role != NULL && find_role(o.role) == NULL))
		return explain_serve(stderr, USAGE);
	if (o.help)
		return explain_serve(stdout, EXIT_SUCCESS);
	if (snprintf(config, sizeof config, "%s/posthaste.conf",
	    o.data == NULL ? "/var/lib/posthaste" : o.data)
	    >= (int)sizeof config)
		return USAGE;
	if (o.config == NULL)
		o.config = config;
	return o.inherit == NULL ? supervise(o.config, o.data, o.role)
	                         : run_role(&o);
}

int
main(int argc, char **argv)
{
	const char *word = argc < 2 ? "" : argv[1];

	if (strcmp(word, "serve") == 0)
		return serve(argc - 1, argv + 1);
	if (cli_knows(word))
		return cli_run(argc - 1, argv + 1);
	if (strcmp(word, "--version") == 0) {
		(void)puts("posthaste " POSTHASTE_VERSION);
		return EXIT_SUCCESS;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0
	    || strcmp(word, "help") == 0) {
		cli_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (argc < 2)
		cli_usage(stderr);
	else
		(void)fprintf(stderr, "posthaste: expected a command, found"
		    " \"%s\"; see all by: posthaste --help\n"
		    "usage: posthaste COMMAND [--data DIR] [option ...]"
		    " [argument ...]\n", word);
	return USAGE;
}
