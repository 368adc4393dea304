/* GETMETADATA and SETMETADATA: RFC 5464 4.2, 4.3. */
#include "mailcore/imap/mailbox.h"
#include "mailcore/imap/metadata.h"
#include "mailcore/imap/notify.h"
#include "mailcore/imap/reply.h"

#include "mailcore/store/annotation.h"

static void
parse_option(struct parse *in, struct metadata_question *q)
{
	view name = parse_atom(in);

	parse_space(in);
	if (view_same(name, VIEW("MAXSIZE"))) {
		q->max_size = parse_number(in, UINT32_MAX);
	} else if (!view_same(name, VIEW("DEPTH"))) {
		scan_fail(&in->s, MALFORMED, "RFC 5464 5: no such option");
	} else {
		view depth = parse_atom(in);

		if (view_same(depth, VIEW("infinity")))
			q->depth = METADATA_DEEP;
		else if (view_eq(depth, VIEW("1")))
			q->depth = 1;
		else if (!view_eq(depth, VIEW("0")))
			scan_fail(&in->s, MALFORMED,
			    "RFC 5464 4.2.2: not a depth");
	}
}

static bool
parse_options(struct parse *in, struct metadata_question *q)
{
	if (!scan_try_byte(&in->s, '('))
		return false;
	do
		parse_option(in, q);
	while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 5464 5: options are a list");
	parse_space(in);
	return true;
}

/* Options stand before the mailbox; in the examples of the RFC behind it. */
static view
parse_question(struct parse *in, struct metadata_question *q)
{
	bool had_options;
	view name;

	*q = (struct metadata_question){ .max_size = UINT64_MAX };
	parse_space(in);
	had_options = parse_options(in, q);
	name = parse_mailbox(in);
	parse_space(in);
	if (!had_options && view_at(in->s.rest, 0) == '('
	    && view_at(in->s.rest, 1) != '/'
	    && view_at(in->s.rest, 1) != '"'
	    && view_at(in->s.rest, 1) != '{')
		(void)parse_options(in, q);
	metadata_parse_names(in, &q->names);
	parse_end(in);
	return name;
}

/* The mailbox, or with an empty name the account. */
static result
find(struct imap *s, struct command *c, view name, struct place *p)
{
	if (name.n > 0) {
		TRY(place_find(s, c, name, 0, p));
		return metadata_may_ask(p->rights) ? done()
						   : place_refuse(p->rights);
	}
	*p = (struct place){ .owner = s->account, .rights = RIGHT_ALL,
		.there = { .name = VIEW("") } };
	return command_account_of(s, c, s->account);
}

result
run_getmetadata(struct imap *s, struct command *c, struct buf *out)
{
	struct metadata_question q;
	struct place p;
	view name = parse_question(&c->in, &q);

	TRY(scan_result(&c->in.s));
	TRY(arena_result(c->arena));
	TRY(find(s, c, name, &p));
	TRY(metadata_tell(s, c, &p.there, p.owner, &q, out));
	if (q.longest > 0)
		buf_print(&c->ok_code, "[METADATA LONGENTRIES %llu] ",
		    (unsigned long long)q.longest);
	c->text_ok = "told";
	return done();
}

struct entry {
	view name;
	view value;
	bool removed;
};

struct setting {
	struct imap *s;
	struct command *c;
	struct place at;
	struct entry *list;
	size_t count;
};

static result
parse_setting(struct setting *x)
{
	struct parse *in = &x->c->in;

	x->list = arena_array(in->arena, LIMIT_IMAP_METADATA,
	    sizeof *x->list);
	TRY(arena_result(in->arena));
	scan_byte(&in->s, '(', "RFC 5464 5: entries are a list");
	do {
		struct entry *e = &x->list[x->count];

		if (x->count++ == LIMIT_IMAP_METADATA)
			return fail(OVER_LIMIT, "too many entries");
		e->name = metadata_parse_name(in);
		parse_space(in);
		e->removed = !parse_nstring8(in, &e->value);
	} while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 5464 5: entries are a list");
	parse_end(in);
	return scan_result(&in->s);
}

static bool
is_shared(const struct entry *e)
{
	return view_starts(e->name, VIEW("/shared"));
}

static bool
is_use(const struct entry *e)
{
	return view_eq(e->name, VIEW("/private/specialuse"));
}

/* The administrator's is not set by IMAP; what all see needs the right to
 * change what all see. */
static result
check(struct setting *x, const struct entry *e)
{
	bool account = x->at.there.id == 0;

	if (is_shared(e)
	    && (account || (x->at.rights & RIGHT_CHANGE) == 0))
		return fail(DENIED, "RFC 5464 3.3: not with these rights");
	if (is_use(e) && (account || x->at.owner != x->s->account)) {
		x->c->code = "[CANNOT] ";
		return fail(DENIED, "RFC 6154 4: that has no use of yours");
	}
	if (e->value.n > LIMIT_IMAP_METADATA_VALUE) {
		x->c->code = "[METADATA MAXSIZE 32768] ";
		return fail(OVER_LIMIT, "RFC 5464 4.3: too long");
	}
	return done();
}

/* "\\Sent": one mailbox has one use, and a use has one mailbox. */
static result
set_use(struct account *a, struct setting *x, const struct entry *e)
{
	enum special_use use = USE_NONE;
	struct collection *all;
	size_t count;

	if (!e->removed) {
		if (view_at(e->value, 0) == '\\')
			use = mailbox_use_of(view_from(e->value, 1));
		if (use == USE_NONE)
			return fail(DENIED, "RFC 6154 4: no such use");
	}
	TRY(collection_list(a, x->c->arena, COLLECTION_MAILBOX, &all,
	    &count));
	for (size_t i = 0; i < count; i++)
		if (use != USE_NONE && all[i].use == use
		    && all[i].id != x->at.there.id)
			return fail(DENIED, "RFC 6154 4: another has it");
	return collection_set_use(a, x->at.there.id, use);
}

static result
set_all(struct account *a, void *context)
{
	struct setting *x = context;

	for (size_t i = 0; i < x->count; i++) {
		const struct entry *e = &x->list[i];
		bool all = is_shared(e);
		const struct annotation one = {
			.name = view_from(e->name, all ? 7 : 8),
			.value = e->value,
		};
		int64_t whose = all ? 0 : x->s->account;

		if (is_use(e)) {
			x->c->code = "[USEATTR] ";
			TRY(set_use(a, x, e));
		} else if (e->removed) {
			TRY(annotation_remove(a, x->at.there.id, whose,
			    one.name));
		} else {
			x->c->code = "[METADATA TOOMANY] ";
			TRY(annotation_set(a, x->at.there.id, whose, &one));
		}
		x->c->code = NULL;
	}
	return done();
}

result
run_setmetadata(struct imap *s, struct command *c, struct buf *out)
{
	struct setting x = { .s = s, .c = c };
	view name;

	parse_space(&c->in);
	name = parse_mailbox(&c->in);
	parse_space(&c->in);
	TRY(parse_setting(&x));
	TRY(find(s, c, name, &x.at));
	for (size_t i = 0; i < x.count; i++)
		TRY(check(&x, &x.list[i]));
	c->text_ok = "kept";
	return notify_write(s, c->account, set_all, &x, out);
}
