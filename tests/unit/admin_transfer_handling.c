/* Scripts, forwarding and automatic replies of a person in an archive. */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/store/handling.h"
#include "tests/unit/store_help.h"

#include <stdio.h>
#include <string.h>

struct heard {
	int taken, there, other, bad;
};

static void
hear(void *context, view what, result r)
{
	struct heard *h = context;

	(void)what;
	if (r.is == OK)
		h->taken++;
	else if (r.is == EXISTS && r.why[0] == '\0')
		h->there++;
	else if (r.is == EXISTS)
		h->other++;
	else
		h->bad++;
}

static void
encode_plain(view utf8, struct buf *out)
{
	buf_add(out, utf8);
}

static result
decode_plain(view name, struct buf *out)
{
	buf_add(out, name);
	return buf_result(out);
}

static result
set_all(struct account *a, void *context)
{
	const struct handling h = { .vacation = true,
		.vacation_subject = VIEW("Away"),
		.vacation_text = VIEW("I am\n\naway.\n"),
		.vacation_from = 1000, .vacation_until = 2000,
		.vacation_every = 86400 };

	(void)context;
	TRY(script_put(a, VIEW("one/..\xc3\xa9"), VIEW("keep;\r\n# 1\r\n")));
	TRY(script_put(a, VIEW(".active"), VIEW("discard;")));
	TRY(script_activate(a, VIEW("one/..\xc3\xa9")));
	TRY(handling_set_forward(a, VIEW("x@a.example\ny@b.example\n"),
	    false));
	return handling_set_vacation(a, &h);
}

static void
import(struct home *h, int64_t account, const char *path,
    struct heard *heard)
{
	struct transfer t = { .store = h->store, .account = account,
		.address = VIEW("user1@example.org"),
		.name_encode = encode_plain, .name_decode = decode_plain,
		.told = hear, .context = heard };

	*heard = (struct heard){ .taken = 0 };
	must(transfer_import(&t, path, TRANSFER_ARCHIVE), path);
}

static void
export(struct home *h, int64_t account, char path[512])
{
	struct heard heard = { .taken = 0 };
	char folder[400];
	struct transfer t = { .store = h->store, .account = account,
		.address = VIEW("user1@example.org"),
		.name_encode = encode_plain, .name_decode = decode_plain,
		.told = hear, .context = &heard };

	(void)snprintf(folder, sizeof folder, "%s/out%lld", h->data,
	    (long long)account);
	must(transfer_export(&t, folder, TRANSFER_ARCHIVE), folder);
	(void)snprintf(path, 512, "%s/user1@example.org.tar", folder);
}

static result
see_all(struct account *a, void *context)
{
	struct arena *arena = arena_new(1 << 20);
	struct handling h;
	struct script *list;
	size_t count;
	view text;

	(void)context;
	must(handling_get(a, arena, &h), "handling_get");
	same(h.script_name, VIEW("one/..\xc3\xa9"), "the active script");
	same(h.script, VIEW("keep;\r\n# 1\r\n"), "as it was");
	must(script_list(a, arena, &list, &count), "script_list");
	is_number((int64_t)count, 2, "both scripts");
	must(script_get(a, arena, VIEW(".active"), &text), "script_get");
	same(text, VIEW("discard;"), "the other one");
	same(h.forward, VIEW("x@a.example\ny@b.example\n"), "forwarding");
	ok(!h.forward_keep, "without a copy");
	ok(h.vacation && h.vacation_from == 1000 && h.vacation_until == 2000
		&& h.vacation_every == 86400,
	    "the automatic reply");
	same(h.vacation_subject, VIEW("Away"), "its subject");
	same(h.vacation_text, VIEW("I am\n\naway.\n"), "its text");
	arena_free(&arena);
	return done();
}

static void
with(struct home *h, int64_t account, account_work *work)
{
	struct account *a = home_open(h, account);

	must(account_write(a, work, NULL, DURABLE), "account_write");
	account_close(&a);
}

static result
set_others(struct account *a, void *context)
{
	(void)context;
	TRY(script_put(a, VIEW(".active"), VIEW("keep;")));
	TRY(script_activate(a, VIEW(".active")));
	return handling_set_forward(a, VIEW("z@c.example\n"), true);
}

static result
see_others(struct account *a, void *context)
{
	struct arena *arena = arena_new(1 << 20);
	struct handling h;

	(void)context;
	must(handling_get(a, arena, &h), "handling_get");
	same(h.script_name, VIEW(".active"), "its active script stays");
	same(h.script, VIEW("keep;"), "with its text");
	same(h.forward, VIEW("z@c.example\n"), "its forwarding too");
	arena_free(&arena);
	return done();
}

static result
see_nothing(struct account *a, void *context)
{
	struct arena *arena = arena_new(1 << 20);
	struct handling h;
	struct script *list;
	size_t count;

	(void)context;
	must(handling_get(a, arena, &h), "handling_get");
	must(script_list(a, arena, &list, &count), "script_list");
	ok(count == 0 && h.forward.n == 0 && h.vacation_text.n == 0,
	    "nothing of it is there");
	arena_free(&arena);
	return done();
}

/* None of these is taken, and none stops the others. */
static void
test_bad(struct home *h)
{
	static const struct {
		const char *path, *bytes;
	} bad[] = {
		{ "sieve/a.sieve", "nonsense;" },
		{ "sieve/a", "keep;" },
		{ "sieve/.sieve", "keep;" },
		{ "sieve/%00.sieve", "keep;" },
		{ "sieve/%0A.sieve", "keep;" },
		{ "sieve/.active", "missing" },
		{ "settings/forward", "" },
		{ "settings/forward", "keep 1\n" },
		{ "settings/forward", "keep 2\na@b.example\n" },
		{ "settings/forward", "keep 1\nnobody\n" },
		{ "settings/vacation", "on 1\n" },
		{ "settings/vacation", "on 1\nfrom 0\nuntil 253402300801\n"
		    "every 86400\nsubject \n\naway" },
		{ "settings/vacation", "on 1\nfrom 0\nuntil 0\nevery 1\n"
		    "subject a\n\ntext" },
		{ "settings/vacation", "on 1\nfrom 0\nuntil 0\nevery 86400\n"
		    "subject a\n\n" },
		{ "settings/vacation", "on 1\nfrom 0\nuntil 0\nevery 86400\n"
		    "subject a\n\n\xff" },
	};
	struct sink sink = { .folder = h->data, .tar = -1 };
	struct heard heard;
	char path[512];

	(void)snprintf(path, sizeof path, "%s/bad.tar", h->data);
	sink_open_tar(&sink, path);
	for (size_t i = 0; i < COUNT(bad); i++)
		sink_file(&sink, view_of(bad[i].path), 0,
		    view_of(bad[i].bytes));
	sink_file(&sink, VIEW("settings/later"), 0, VIEW("x"));
	sink_close(&sink);
	must(sink.r, "sink");
	import(h, 4, path, &heard);
	is_number(heard.bad, COUNT(bad), "each is told of");
	is_number(heard.taken, 0, "none taken");
	with(h, 4, see_nothing);
}

int
main(void)
{
	struct home h;
	struct heard heard;
	char path[512];

	home_begin(&h);
	for (int i = 1; i <= 4; i++)
		is_number(home_person(&h, i), i, "a person");
	with(&h, 1, set_all);
	export(&h, 1, path);
	import(&h, 2, path, &heard);
	is_number(heard.taken, 5, "scripts, which is active, and settings");
	is_number(heard.bad + heard.other, 0, "no trouble");
	with(&h, 2, see_all);
	import(&h, 2, path, &heard);
	is_number(heard.there, 5, "again: all is there");
	is_number(heard.taken + heard.other + heard.bad, 0, "nothing else");
	with(&h, 3, set_others);
	import(&h, 3, path, &heard);
	is_number(heard.other, 3, "what is there is kept");
	is_number(heard.taken, 2, "the rest is added");
	with(&h, 3, see_others);
	test_bad(&h);
	home_end(&h);
	return tap_done();
}
