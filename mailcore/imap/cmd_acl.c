/* Who may do what: RFC 4314 3.  Identifiers are addresses, "@domain" for
 * everyone in it, and "anyone". */
#include "mailcore/imap/place.h"
#include "mailcore/imap/reply.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/nstring.h"
#include "mailcore/store/domain.h"

static const unsigned by_imap = RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN
    | RIGHT_CHANGE | RIGHT_INSERT | RIGHT_POST | RIGHT_MAKE | RIGHT_REMOVE
    | RIGHT_DELETE | RIGHT_EXPUNGE | RIGHT_ADMIN;

struct acl {
	struct place at;
	view who;                /* as the client says it */
	struct right_grant grant;
	bool is_owner;
};

/* RFC 4314 3: what SASLprep would refuse is BAD; negative ones are not
 * ours. */
static result
check_identifier(struct command *c, view who)
{
	if (who.n == 0 || !utf8_is_valid(who))
		return fail(MALFORMED, "RFC 4314 3: not an identifier");
	for (size_t i = 0; i < who.n; i++)
		if (ascii_is_control(who.p[i]))
			return fail(MALFORMED, "RFC 4314 3: not an identifier");
	if (who.p[0] == '-') {
		c->code = "[CANNOT] ";
		return fail(DENIED, "RFC 4314 2: no negative rights here");
	}
	return done();
}

static result
find_who(struct imap *s, struct command *c, struct acl *x)
{
	struct store *store = s->services->store;
	struct account_info info;
	struct domain domain;

	x->grant.kind = COLLECTION_MAILBOX;
	x->grant.collection = x->at.there.id;
	if (view_same(x->who, VIEW("anyone"))) {
		x->grant.whom = RIGHT_ANYONE;
		return done();
	}
	if (view_starts(x->who, VIEW("@"))) {
		TRY(domain_find(store, c->arena, view_from(x->who, 1),
		    &domain));
		x->grant.whom = RIGHT_DOMAIN;
		x->grant.id = domain.id;
		return done();
	}
	TRY(account_find(store, c->arena, x->who, &info));
	x->grant.whom = RIGHT_ACCOUNT;
	x->grant.id = info.id;
	x->is_owner = info.id == x->at.owner;
	return done();
}

/* The mailbox and, but for GETACL and MYRIGHTS, the identifier. */
static result
find(struct imap *s, struct command *c, view name, struct acl *x)
{
	result r;

	TRY(check_identifier(c, x->who));
	TRY(place_find(s, c, name, RIGHT_ADMIN, &x->at));
	r = find_who(s, c, x);
	return r.is == NOT_FOUND ? fail(NOT_FOUND, "nobody of that name is"
						   " here")
				 : r;
}

static result
granted(struct imap *s, struct command *c, const struct acl *x,
    struct right_grant **list, size_t *count)
{
	return right_list(s->services->store, c->arena, x->at.owner,
	    COLLECTION_MAILBOX, x->at.there.id, list, count);
}

static view
parse_name(struct command *c)
{
	parse_space(&c->in);
	return parse_mailbox(&c->in);
}

static result
set(struct imap *s, const struct acl *x)
{
	return right_grant(s->services->store, x->at.owner, &x->grant);
}

/* What there is now, for "+" and "-". */
static result
rights_now(struct imap *s, struct command *c, const struct acl *x,
    unsigned *out)
{
	struct right_grant *list;
	size_t count;

	*out = x->is_owner ? by_imap : 0;
	TRY(granted(s, c, x, &list, &count));
	for (size_t i = 0; i < count; i++)
		if (list[i].whom == x->grant.whom
		    && list[i].id == x->grant.id)
			*out |= list[i].rights & by_imap;
	return done();
}

result
run_setacl(struct imap *s, struct command *c, struct buf *out)
{
	struct acl x = { .is_owner = false };
	view name = parse_name(c), text;
	unsigned change, now;
	char how = '=';

	(void)out;
	parse_space(&c->in);
	x.who = parse_astring(&c->in);
	parse_space(&c->in);
	text = parse_astring(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	if (view_at(text, 0) == '+' || view_at(text, 0) == '-') {
		how = text.p[0];
		text = view_from(text, 1);
	}
	TRY(right_of_letters(text, &change));
	TRY(find(s, c, name, &x));
	TRY(rights_now(s, c, &x, &now));
	x.grant.rights = how == '+' ? now | change
	    : how == '-'	    ? now & ~change
				    : change;
	if (x.is_owner && x.grant.rights != by_imap) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "the owner keeps all rights");
	}
	c->text_ok = "granted";
	return set(s, &x);
}

result
run_deleteacl(struct imap *s, struct command *c, struct buf *out)
{
	struct acl x = { .is_owner = false };
	view name = parse_name(c);

	(void)out;
	parse_space(&c->in);
	x.who = parse_astring(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(find(s, c, name, &x));
	if (x.is_owner) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "the owner keeps all rights");
	}
	c->text_ok = "taken back";
	return set(s, &x);
}

static void
add_grant(const struct right_grant *g, struct buf *out)
{
	struct buf who = buf_new(LIMIT_IMAP_LINE);

	if (g->whom == RIGHT_ANYONE)
		buf_add(&who, VIEW("anyone"));
	if (g->whom == RIGHT_DOMAIN)
		buf_add_byte(&who, '@');
	buf_add(&who, g->name);
	buf_add_byte(out, ' ');
	nstring_add(out, buf_view(&who));
	buf_add_byte(out, ' ');
	place_add_letters(g->rights, out);
	buf_free(&who);
}

/* What was granted on all mailboxes at once counts on this one too; the list
 * says so by adding it up. */
static void
add_up(struct right_grant *list, size_t *count,
    const struct right_grant *more)
{
	for (size_t i = 0; i < *count; i++)
		if (list[i].whom == more->whom && list[i].id == more->id) {
			list[i].rights |= more->rights;
			return;
		}
	list[(*count)++] = *more;
}

static result
tell_acl(struct imap *s, struct command *c, const struct acl *x,
    struct buf *out)
{
	struct account_info owner;
	struct right_grant *here, *all, *sum;
	size_t n, m, count = 0;

	TRY(granted(s, c, x, &here, &n));
	TRY(right_list(s->services->store, c->arena, x->at.owner,
	    COLLECTION_MAILBOX, 0, &all, &m));
	sum = arena_array(c->arena, n + m + 1, sizeof *sum);
	TRY(account_get(s->services->store, c->arena, x->at.owner, &owner));
	TRY(arena_result(c->arena));
	sum[count++] = (struct right_grant){ .whom = RIGHT_ACCOUNT,
		.id = x->at.owner, .name = owner.address,
		.rights = by_imap };
	for (size_t i = 0; i < n; i++)
		add_up(sum, &count, &here[i]);
	for (size_t i = 0; i < m; i++)
		add_up(sum, &count, &all[i]);
	buf_add(out, VIEW("* ACL "));
	reply_mailbox(s, out, x->at.there.name);
	for (size_t i = 0; i < count; i++)
		if ((sum[i].rights & by_imap) != 0)
			add_grant(&sum[i], out);
	buf_add(out, VIEW("\r\n"));
	return done();
}

result
run_getacl(struct imap *s, struct command *c, struct buf *out)
{
	struct acl x = { .is_owner = false };
	view name = parse_name(c);

	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(place_find(s, c, name, RIGHT_ADMIN, &x.at));
	return tell_acl(s, c, &x, out);
}

result
run_listrights(struct imap *s, struct command *c, struct buf *out)
{
	struct acl x = { .is_owner = false };
	view name = parse_name(c);

	parse_space(&c->in);
	x.who = parse_astring(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(find(s, c, name, &x));
	buf_add(out, VIEW("* LISTRIGHTS "));
	reply_mailbox(s, out, x.at.there.name);
	buf_add_byte(out, ' ');
	nstring_add(out, x.who);
	/* The owner has all; anybody can be given each of them. */
	buf_add_text(out, x.is_owner ? " lrswipkxteacd\r\n"
				     : " \"\" l r s w i p k x t e a c d\r\n");
	return done();
}

result
run_myrights(struct imap *s, struct command *c, struct buf *out)
{
	struct place p;
	view name = parse_name(c);

	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	/* RFC 4314 4 */
	TRY(place_find_any(s, c, name,
	    RIGHT_LOOKUP | RIGHT_READ | RIGHT_INSERT | RIGHT_MAKE
		| RIGHT_REMOVE | RIGHT_ADMIN,
	    &p));
	buf_add(out, VIEW("* MYRIGHTS "));
	reply_mailbox(s, out, p.there.name);
	buf_add_byte(out, ' ');
	place_add_letters(p.rights & by_imap, out);
	buf_add(out, VIEW("\r\n"));
	return done();
}
