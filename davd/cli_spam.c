/* posthaste spam: allow and deny lists, scores, greylisting. */
#include "davd/cli_command.h"

#include "mailcore/admin/spam.h"
#include "mailcore/sys/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { WAITING_SHOWN = 1000 };

static int
change_list(struct cli *cli, enum spam_list list, const char *what)
{
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = spam_rule(cli->store, cli->arena, view_of(cli->arguments[0]),
	    view_of(cli->arguments[1]), list);
	if (r.is != OK)
		return cli_failed(cli->arguments[1], r);
	(void)printf("%s %s %s\n", cli->arguments[0], what,
	    cli->arguments[1]);
	return CLI_OK;
}

int
cli_spam_allow(struct cli *cli)
{
	return change_list(cli, SPAM_ALLOW, "allows");
}

int
cli_spam_deny(struct cli *cli)
{
	return change_list(cli, SPAM_DENY, "denies");
}

int
cli_spam_forget(struct cli *cli)
{
	return change_list(cli, SPAM_FORGET, "has no line for");
}

static bool
read_points(const char *option, const char *text, int64_t *out)
{
	result r = text == NULL ? done() : spam_points(view_of(text), out);

	if (r.is != OK)
		(void)cli_failed(option, r);
	return r.is == OK;
}

/* "inherit" takes all levels of this owner away. */
int
cli_spam_set(struct cli *cli)
{
	struct sender_levels l = { SENDER_UNSET, SENDER_UNSET, SENDER_UNSET };
	const char *greylist = cli->greylist;
	result r;

	if (!read_points("--mark", cli->mark, &l.mark)
	    || !read_points("--reject", cli->reject, &l.reject))
		return CLI_USAGE;
	if (greylist != NULL && !view_eq(view_of(greylist), VIEW("on"))
	    && !view_eq(view_of(greylist), VIEW("off"))) {
		(void)cli_fail("--greylist: expected on or off");
		return CLI_USAGE;
	}
	if (greylist != NULL)
		l.greylist = view_eq(view_of(greylist), VIEW("on"));
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = spam_levels(cli->store, cli->arena, view_of(cli->arguments[0]),
	    &l);
	return r.is == OK ? CLI_OK : cli_failed(cli->arguments[0], r);
}

int
cli_spam_reset(struct cli *cli)
{
	const struct sender_levels l = { SENDER_UNSET, SENDER_UNSET,
		SENDER_UNSET };
	struct sender_owner owner;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = spam_owner(cli->store, cli->arena, view_of(cli->arguments[0]),
	    &owner);
	if (r.is == OK)
		r = sender_levels_set(cli->store, owner, &l, true);
	return r.is == OK ? CLI_OK : cli_failed(cli->arguments[0], r);
}

static void
print_points(const char *name, int64_t n)
{
	(void)printf("%-8s %s%lld.%lld\n", name, n < 0 ? "-" : "",
	    llabs((long long)n) / 10, llabs((long long)n) % 10);
}

static void
print_levels(const struct sender_levels *l)
{
	if (l->mark != SENDER_UNSET)
		print_points("mark", l->mark);
	if (l->reject != SENDER_UNSET)
		print_points("reject", l->reject);
	if (l->greylist != SENDER_UNSET)
		(void)printf("%-8s %s\n", "greylist",
		    l->greylist != 0 ? "on" : "off");
}

/* Of a mailbox what holds for it, of others what is set there. */
int
cli_spam_show(struct cli *cli)
{
	struct sender_levels levels;
	struct sender_owner owner;
	struct sender_rule *rules;
	size_t count;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = spam_owner(cli->store, cli->arena, view_of(cli->arguments[0]),
	    &owner);
	if (r.is == OK)
		r = owner.account != 0
		    ? sender_levels_of(cli->store, owner.account, &levels)
		    : sender_levels_get(cli->store, owner, &levels);
	if (r.is == OK)
		r = sender_rule_list(cli->store, cli->arena, owner, &rules,
		    &count);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	print_levels(&levels);
	for (size_t i = 0; i < count; i++)
		(void)printf("%-8s %.*s\n", rules[i].allow ? "allow" : "deny",
		    (int)rules[i].pattern.n, rules[i].pattern.p);
	return CLI_OK;
}

int
cli_spam_waiting(struct cli *cli)
{
	struct greylist_row *rows;
	size_t count;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	rows = arena_array(cli->arena, WAITING_SHOWN, sizeof *rows);
	r = arena_result(cli->arena);
	if (r.is == OK)
		r = greylist_list(cli->store, cli->arena, rows, WAITING_SHOWN,
		    &count);
	if (r.is != OK)
		return cli_failed("greylist", r);
	for (size_t i = 0; i < count; i++) {
		const struct greylist_row *g = &rows[i];

		(void)printf("%.*s %.*s %.*s\n", (int)g->recipient.n,
		    g->recipient.p, (int)g->sender.n, g->sender.p,
		    (int)g->network.n, g->network.p);
	}
	return CLI_OK;
}

int
cli_spam_release(struct cli *cli)
{
	view who = view_of(cli->arguments[0]);
	int64_t count;
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = greylist_release(cli->store,
	    view_eq(who, VIEW("all")) ? VIEW("") : who, clock_now(), &count);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	(void)printf("%lld may come in\n", (long long)count);
	return CLI_OK;
}
