/* The commands about scripts (RFC 5804 2.5 to 2.12). */
#include "mailcore/base/limits.h"
#include "mailcore/managesieve/session.h"
#include "mailcore/sieve/sieve.h"
#include "mailcore/store/handling.h"

enum { MEMORY = 2 * LIMIT_SIEVE_SCRIPT + 1048576 };

/* One command: its strings, and the account it works on. */
struct order {
	struct managesieve *s;
	struct arena *arena;
	struct account *account;
	view name, text;
	uint64_t size;
	struct script *list;
	size_t count;
};

static const char *const codes[FAILED + 1] = {
	[NOT_FOUND] = "NONEXISTENT",
	[EXISTS] = "ALREADYEXISTS",
	[DENIED] = "ACTIVE",
	[OVER_LIMIT] = "QUOTA",
	[NO_SPACE] = "QUOTA",
	[BUSY] = "TRYLATER",
};

static void
say_result(struct buf *out, result r)
{
	if (r.is == OK)
		managesieve_say(out, "OK", "", VIEW("done"));
	else if (r.is == FAILED)
		managesieve_say(out, "NO", "TRYLATER",
		    VIEW("trouble here, try later"));
	else
		managesieve_say(out, "NO", codes[r.is] == NULL ? ""
		    : codes[r.is], view_of(r.why));
}

/* Only SETACTIVE may name nothing. */
static view
take_name(struct scan *scan, struct arena *arena, bool may_be_empty)
{
	view name;

	scan_byte(scan, ' ', "RFC 5804 2: a name");
	name = managesieve_take(scan, arena);
	if (!(name.n == 0 && may_be_empty) && !sieve_is_script_name(name))
		scan_fail(scan, MALFORMED, "RFC 5804 1.6: not a name");
	return name;
}

/* Run `work`, in a transaction when it writes, unless the command was bad. */
static result
run_order(struct order *o, struct scan *scan, account_work *work, bool writes)
{
	struct managesieve *s = o->s;
	result r;

	scan_end(scan, "RFC 5804 2: too many arguments");
	TRY(scan_result(scan));
	TRY(arena_result(o->arena));
	TRY(account_open(s->services->store, s->who.account, &o->account));
	r = writes ? account_write(o->account, work, o, DURABLE)
		   : account_read(o->account, work, o);
	account_close(&o->account);
	return r;
}

static struct order
order_new(struct managesieve *s)
{
	return (struct order){ .s = s, .arena = arena_new(MEMORY) };
}

/* Says what came of it, unless the command was bad: then the caller does. */
static struct step
order_end(struct order *o, const struct scan *scan, result r, struct buf *out)
{
	if (scan_ok(scan))
		say_result(out, r);
	arena_free(&o->arena);
	return managesieve_next();
}

static result
do_room(struct account *account, void *context)
{
	struct order *o = context;

	return script_room(account, o->name, o->size);
}

struct step
managesieve_havespace(struct managesieve *s, struct scan *scan,
    struct buf *out)
{
	struct order o = order_new(s);

	o.name = take_name(scan, o.arena, false);
	scan_byte(scan, ' ', "RFC 5804 2.5: a size");
	o.size = scan_number(scan, UINT32_MAX, "RFC 5804 2.5: a size");
	return order_end(&o, scan, run_order(&o, scan, do_room, false), out);
}

/* A script that cannot be run is not kept. */
static bool
compiles(view text, struct buf *out)
{
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct buf fault = buf_new(4096);
	struct sieve_error error;
	struct sieve *script;
	result r = sieve_compile(arena, text, &script, &error);

	if (r.is != OK) {
		sieve_error_write(&error, &fault);
		managesieve_say(out, "NO",
		    r.is == OVER_LIMIT ? "QUOTA/MAXSIZE" : "",
		    buf_view(&fault));
	}
	buf_free(&fault);
	arena_free(&arena);
	return r.is == OK;
}

static result
do_put(struct account *account, void *context)
{
	struct order *o = context;

	return script_put(account, o->name, o->text);
}

struct step
managesieve_put(struct managesieve *s, struct scan *scan, struct buf *out)
{
	struct order o = order_new(s);

	o.name = take_name(scan, o.arena, false);
	scan_byte(scan, ' ', "RFC 5804 2.6: a script");
	o.text = managesieve_take(scan, o.arena);
	scan_end(scan, "RFC 5804 2.6: too many arguments");
	if (scan_ok(scan) && !compiles(o.text, out)) {
		arena_free(&o.arena);
		return managesieve_next();
	}
	return order_end(&o, scan, run_order(&o, scan, do_put, true), out);
}

struct step
managesieve_check(struct managesieve *s, struct scan *scan, struct buf *out)
{
	struct order o = order_new(s);

	scan_byte(scan, ' ', "RFC 5804 2.12: a script");
	o.text = managesieve_take(scan, o.arena);
	scan_end(scan, "RFC 5804 2.12: too many arguments");
	if (scan_ok(scan) && compiles(o.text, out))
		managesieve_say(out, "OK", "", VIEW("a good script"));
	arena_free(&o.arena);
	return managesieve_next();
}

static result
do_list(struct account *account, void *context)
{
	struct order *o = context;

	return script_list(account, o->arena, &o->list, &o->count);
}

struct step
managesieve_list(struct managesieve *s, struct scan *scan, struct buf *out)
{
	struct order o = order_new(s);
	result r = run_order(&o, scan, do_list, false);

	for (size_t i = 0; r.is == OK && i < o.count; i++) {
		managesieve_string(out, o.list[i].name);
		buf_add_text(out, o.list[i].active ? " ACTIVE\r\n" : "\r\n");
	}
	return order_end(&o, scan, r, out);
}

static result
do_activate(struct account *account, void *context)
{
	struct order *o = context;

	return script_activate(account, o->name);
}

struct step
managesieve_activate(struct managesieve *s, struct scan *scan,
    struct buf *out)
{
	struct order o = order_new(s);

	o.name = take_name(scan, o.arena, true);
	return order_end(&o, scan, run_order(&o, scan, do_activate, true),
	    out);
}

static result
do_get(struct account *account, void *context)
{
	struct order *o = context;

	return script_get(account, o->arena, o->name, &o->text);
}

struct step
managesieve_get(struct managesieve *s, struct scan *scan, struct buf *out)
{
	struct order o = order_new(s);
	result r;

	o.name = take_name(scan, o.arena, false);
	r = run_order(&o, scan, do_get, false);
	if (r.is == OK) {
		buf_print(out, "{%zu}\r\n", o.text.n);
		buf_add(out, o.text);
		buf_add(out, VIEW("\r\n"));
	}
	return order_end(&o, scan, r, out);
}

static result
do_delete(struct account *account, void *context)
{
	struct order *o = context;

	return script_remove(account, o->name);
}

struct step
managesieve_delete(struct managesieve *s, struct scan *scan, struct buf *out)
{
	struct order o = order_new(s);

	o.name = take_name(scan, o.arena, false);
	return order_end(&o, scan, run_order(&o, scan, do_delete, true),
	    out);
}

static result
do_rename(struct account *account, void *context)
{
	struct order *o = context;

	return script_rename(account, o->name, o->text);
}

struct step
managesieve_rename(struct managesieve *s, struct scan *scan, struct buf *out)
{
	struct order o = order_new(s);

	o.name = take_name(scan, o.arena, false);
	o.text = take_name(scan, o.arena, false);
	return order_end(&o, scan, run_order(&o, scan, do_rename, true),
	    out);
}
