/* posthaste forward, vacation, script: what happens to a person's mail. */
#include "davd/cli_command.h"

#include "mailcore/admin/handling.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/file.h"

#include <stdio.h>

enum { DAY = 86400, DAYS_MOST = 30 };

static view
argument(const struct cli *cli, int i)
{
	return view_of(cli->arguments[i]);
}

/* What was done, or why it was not. */
static int
said(struct cli *cli, result r, const char *what)
{
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%s %s\n", cli->arguments[0], what);
	return CLI_OK;
}

int
cli_forward_set(struct cli *cli)
{
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	return said(cli, admin_forward_set(cli->store, argument(cli, 0),
	    argument(cli, 1), cli->only == NULL), "sends its mail on now");
}

int
cli_forward_remove(struct cli *cli)
{
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	return said(cli, admin_forward_set(cli->store, argument(cli, 0),
	    VIEW(""), true), "sends nothing on now");
}

int
cli_forward_show(struct cli *cli)
{
	struct handling h;
	view line;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_handling_get(cli->store, cli->arena, argument(cli, 0), &h);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	if (h.forward.n > 0 && h.forward_keep)
		(void)printf("%s\n", cli->arguments[0]);
	while (view_line(&h.forward, &line))
		(void)printf("%.*s\n", (int)line.n, line.p);
	return CLI_OK;
}

int
cli_vacation_set(struct cli *cli)
{
	struct admin_vacation v = { .subject = view_of(cli->subject),
		.text = argument(cli, 1), .since = view_of(cli->since),
		.until = view_of(cli->until) };
	unsigned days = 1;

	if (cli->every != NULL
	    && !cli_number("every", cli->every, DAYS_MOST, &days))
		return CLI_USAGE;
	v.every = (int64_t)days * DAY;
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	return said(cli, admin_vacation_set(cli->store, argument(cli, 0),
	    &v), "answers by itself");
}

int
cli_vacation_remove(struct cli *cli)
{
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	return said(cli, admin_vacation_end(cli->store, argument(cli, 0)),
	    "answers nothing now");
}

static void
print_day(const char *what, int64_t seconds)
{
	struct date d = date_of(seconds);

	if (seconds != 0)
		(void)printf("%s %04d-%02d-%02d\n", what, d.year, d.month,
		    d.day);
}

int
cli_vacation_show(struct cli *cli)
{
	struct handling h;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_handling_get(cli->store, cli->arena, argument(cli, 0), &h);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	if (!h.vacation)
		return CLI_OK;
	print_day("since", h.vacation_from);
	print_day("until", h.vacation_until == 0 ? 0
						 : h.vacation_until - DAY);
	(void)printf("every %lld\nsubject %.*s\n\n%.*s\n",
	    (long long)(h.vacation_every / DAY), (int)h.vacation_subject.n,
	    h.vacation_subject.p, (int)h.vacation_text.n,
	    h.vacation_text.p);
	return CLI_OK;
}

int
cli_script_put(struct cli *cli)
{
	struct buf text = buf_new(LIMIT_SIEVE_SCRIPT), fault = buf_new(4096);
	result r = file_read(cli->arguments[2], &text);
	int code = CLI_FAILED;

	if (r.is != OK)
		(void)cli_failed(cli->arguments[2], r);
	else if (cli_open(cli).is == OK) {
		r = admin_script_put(cli->store, argument(cli, 0),
		    argument(cli, 1), buf_view(&text), &fault);
		code = r.is != OK && fault.n > 0
		    ? cli_fail("%s: %s", cli->arguments[2], buf_text(&fault))
		    : said(cli, r, "has that script");
	}
	buf_free(&text);
	buf_free(&fault);
	return code;
}

int
cli_script_activate(struct cli *cli)
{
	view name = argument(cli, 1);

	if (view_eq(name, VIEW("none")))
		name = VIEW("");
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	return said(cli, admin_script_activate(cli->store, argument(cli, 0),
	    name), name.n > 0 ? "is sorted by it now" : "runs no script now");
}

int
cli_script_remove(struct cli *cli)
{
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	return said(cli, admin_script_remove(cli->store, argument(cli, 0),
	    argument(cli, 1)), "has that script no more");
}

int
cli_script_list(struct cli *cli)
{
	struct script *list;
	size_t count;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = admin_script_list(cli->store, cli->arena, argument(cli, 0),
	    &list, &count);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	for (size_t i = 0; i < count; i++)
		(void)printf("%c %8llu %.*s\n", list[i].active ? '*' : ' ',
		    (unsigned long long)list[i].size, (int)list[i].name.n,
		    list[i].name.p);
	return CLI_OK;
}
