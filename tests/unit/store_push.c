/* Who is to be told of changes, and of which. */
#include "mailcore/base/limits.h"
#include "mailcore/store/body.h"
#include "mailcore/store/push.h"
#include "tests/unit/store_help.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

struct scene {
	struct home home;
	struct account *a;
	int64_t calendar;
	struct push_row row;
	const char *name;
};

static result
find_calendar(struct account *a, void *context)
{
	struct scene *s = context;
	struct collection c;

	TRY(collection_find(a, s->home.arena, COLLECTION_CALENDAR,
	    VIEW("personal"), &c));
	s->calendar = c.id;
	return done();
}

static void
begin(struct scene *s)
{
	int64_t id;

	memset(s, 0, sizeof *s);
	home_begin(&s->home);
	must(account_add(s->home.store, VIEW("a@example.org"), VIEW("A"),
		 VIEW("x"), &id), "account_add");
	must(account_open(s->home.store, id, &s->a), "account_open");
	must(account_read(s->a, find_calendar, s), "calendar");
}

static void
end(struct scene *s)
{
	account_close(&s->a);
	home_end(&s->home);
}

static result
add_one(struct account *a, void *context)
{
	struct scene *s = context;
	struct spool *bytes = spool_new(s->home.store, 100);
	const struct item_new n = { .name = view_of(s->name),
		.key = view_of(s->name), .keywords = VIEW(""),
		.etag = VIEW("e"), .component = VIEW("VEVENT"),
		.bytes = bytes };
	struct item out;
	result r;

	spool_add(bytes, VIEW("x"));
	r = item_add(a, s->calendar, &n, &out);
	spool_free(&bytes);
	return r;
}

static void
add(struct scene *s, const char *name)
{
	s->name = name;
	must(account_write(s->a, add_one, s, DURABLE_LATER), "item_add");
}

static result
rename_it(struct account *a, void *context)
{
	struct scene *s = context;

	return collection_set_display_name(a, s->calendar, VIEW("Other"));
}

static result
enter(struct account *a, void *context)
{
	struct scene *s = context;

	return push_register(a, s->home.arena, 1000, &s->row);
}

static result
try_enter(struct scene *s, const char *token, const char *url, int64_t who)
{
	s->row = (struct push_row){ .token = view_of(token),
		.collection = s->calendar, .who = who, .url = view_of(url),
		.key = VIEW("k"), .secret = VIEW("s"),
		.triggers = PUSH_CONTENT | PUSH_PROPERTIES,
		.expires = 2000 };
	return account_write(s->a, enter, s, DURABLE_LATER);
}

static unsigned
news(struct scene *s, struct push_news *n)
{
	struct push_row *rows;
	size_t count;

	must(push_list(s->a, s->home.arena, &rows, &count), "push_list");
	must(push_look(s->a, s->home.arena, &rows[0], n), "push_look");
	s->row = rows[0];
	return n->triggers;
}

static result
settle(struct account *a, void *context)
{
	struct scene *s = context;

	return push_settle(a, &s->row);
}

static void
told(struct scene *s, const struct push_news *n)
{
	s->row.told = n->modseq;
	s->row.properties = n->properties;
	must(account_write(s->a, settle, s, DURABLE_LATER), "push_settle");
}

static void
test_news(void)
{
	struct scene s;
	struct push_news n;

	begin(&s);
	add(&s, "before");
	is_result(try_enter(&s, TOKEN, "https://a/", account_id(s.a)), OK,
	    "registered");
	is_number(news(&s, &n), 0, "what was there is known");
	add(&s, "one");
	is_number(news(&s, &n), PUSH_CONTENT, "an event more");
	told(&s, &n);
	is_number(news(&s, &n), 0, "told");
	must(account_write(s.a, rename_it, &s, DURABLE_LATER), "rename");
	is_number(news(&s, &n), PUSH_PROPERTIES, "another name");
	add(&s, "two");
	is_number(news(&s, &n), PUSH_CONTENT | PUSH_PROPERTIES, "and both");
	told(&s, &n);
	is_number(news(&s, &n), 0, "told");
	end(&s);
}

static void
test_mute(void)
{
	static const view tokens[] = { VIEW_INIT(TOKEN) };
	const struct push_mute one = { .tokens = tokens, .count = 1 };
	const struct push_mute all = { .all = true, .properties = true };
	static const view others[] = { VIEW_INIT("another") };
	const struct push_mute other = { .tokens = others, .count = 1 };
	struct scene s;
	struct push_news n;

	begin(&s);
	must(try_enter(&s, TOKEN, "https://a/", account_id(s.a)), "enter");
	push_mute(s.a, &one);
	add(&s, "own");
	is_number(news(&s, &n), 0, "not told of its own");
	push_mute(s.a, &other);
	add(&s, "other");
	is_number(news(&s, &n), PUSH_CONTENT, "told of another's");
	push_mute(s.a, &one);
	add(&s, "own2");
	is_number(news(&s, &n), PUSH_CONTENT, "which its own does not hide");
	told(&s, &n);
	push_mute(s.a, &all);
	must(account_write(s.a, rename_it, &s, DURABLE_LATER), "rename");
	push_mute(s.a, NULL);
	is_number(news(&s, &n), 0, "nobody is told");
	add(&s, "more");
	is_number(news(&s, &n), PUSH_CONTENT, "nor later of that name");
	end(&s);
}

static void
test_limits(void)
{
	struct scene s;
	char token[PUSH_TOKEN + 1], url[64];
	int64_t owner;
	int i;

	begin(&s);
	owner = account_id(s.a);
	for (i = 0; i < LIMIT_PUSH; i++) {
		(void)snprintf(token, sizeof token, "%032d", i);
		(void)snprintf(url, sizeof url, "https://a/%d", i);
		if (try_enter(&s, token, url, owner).is != OK)
			break;
	}
	is_number(i, LIMIT_PUSH / 2, "the owner's");
	is_result(try_enter(&s, TOKEN, "https://a/0", owner), OK,
	    "the same again");
	same(s.row.token, VIEW("00000000000000000000000000000000"),
	    "is that one");
	is_result(try_enter(&s, TOKEN, "https://a/x", owner), OVER_LIMIT,
	    "no more");
	for (i = 0; i < LIMIT_PUSH; i++) {
		(void)snprintf(token, sizeof token, "x%031d", i);
		(void)snprintf(url, sizeof url, "https://b/%d", i);
		if (try_enter(&s, token, url, owner + 1).is != OK)
			break;
	}
	is_number(i, LIMIT_PUSH / 8, "another's");
	is_result(try_enter(&s, TOKEN, "https://a/x", owner + 2), OK,
	    "but not those of all others");
	end(&s);
}

int
main(void)
{
	test_news();
	test_mute();
	test_limits();
	return tap_done();
}
