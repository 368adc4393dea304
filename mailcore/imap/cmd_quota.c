/* QUOTA, QUOTA=RES-STORAGE (RFC 9208).  A person has one root, "", which is
 * there when a limit is set. */
#include "mailcore/imap/place.h"
#include "mailcore/imap/reply.h"

#include "mailcore/store/domain.h"

enum { UNIT = 1024 }; /* RFC 9208 5.1: STORAGE is in units of 1024 octets */

static result
read_account(struct imap *s, struct command *c, struct account_info *out)
{
	account_close(&c->account);
	return account_get(s->services->store, c->arena, s->account, out);
}

static void
tell_quota(const struct account_info *who, struct buf *out)
{
	buf_print(out, "* QUOTA \"\" (STORAGE %lld %lld)\r\n",
	    (long long)((who->used + UNIT - 1) / UNIT),
	    (long long)(who->quota / UNIT));
}

result
run_getquotaroot(struct imap *s, struct command *c, struct buf *out)
{
	struct account_info who;
	struct place found;
	bool has_root;
	view name;

	parse_space(&c->in);
	name = parse_mailbox(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(place_find(s, c, name, RIGHT_READ, &found));
	TRY(read_account(s, c, &who));
	/* What others keep counts for them, and is nobody else's to know. */
	has_root = who.quota > 0 && found.owner == s->account;
	buf_add(out, VIEW("* QUOTAROOT "));
	reply_mailbox(s, out, found.there.name);
	buf_add_text(out, has_root ? " \"\"\r\n" : "\r\n");
	if (has_root)
		tell_quota(&who, out);
	return done();
}

result
run_getquota(struct imap *s, struct command *c, struct buf *out)
{
	struct account_info who;
	view root;

	parse_space(&c->in);
	root = parse_astring(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(read_account(s, c, &who));
	if (root.n > 0 || who.quota == 0)
		return fail(NOT_FOUND, "RFC 9208 4.1.2: no such quota root");
	tell_quota(&who, out);
	return done();
}

/* Limits are the administrator's to set. */
result
run_setquota(struct imap *s, struct command *c, struct buf *out)
{
	(void)s;
	(void)out;
	parse_space(&c->in);
	(void)parse_astring(&c->in);
	parse_space(&c->in);
	scan_byte(&c->in.s, '(', "RFC 9208 7: limits are a list");
	TRY(scan_result(&c->in.s));
	return fail(DENIED, "RFC 9208 4.1.3: not by IMAP");
}
