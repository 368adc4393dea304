/* COPY and MOVE: RFC 3501 6.4.7, RFC 6851, RFC 4315. */
#include "mailcore/imap/box.h"
#include "mailcore/imap/copying.h"
#include "mailcore/imap/notify.h"
#include "mailcore/imap/reply.h"

#include "mailcore/store/item.h"

void
copying_flags(const struct copying *x, uint32_t *flags, view *keywords)
{
	*flags &= place_flags(x->to.rights);
	if ((x->to.rights & RIGHT_CHANGE) == 0)
		*keywords = VIEW("");
}

/* Into a mailbox where not all flags may be set. */
static result
strip(struct account *a, struct copying *x, uint32_t uid)
{
	struct item item;
	int64_t modseq;

	TRY(item_get(a, x->c->arena, x->to.there.id, uid, &item));
	copying_flags(x, &item.flags, &item.keywords);
	return item_set_flags(a, x->to.there.id, uid, item.flags,
	    item.keywords, -1, &modseq);
}

static result
copy_one(struct account *a, struct copying *x, uint32_t uid,
    struct idset_writer *from, struct idset_writer *to)
{
	int64_t box = x->s->box->collection;
	bool across = x->to.there.id != box;
	struct item made;
	int64_t modseq;
	result r = x->move && across
	    ? item_move(a, box, uid, x->to.there.id, &made)
	    : item_copy(a, box, uid, x->to.there.id, &made);

	if (r.is == OK && x->move && !across)
		r = item_remove(a, box, uid, &modseq);

	/* One that somebody else expunged is no failure. */
	if (r.is == NOT_FOUND)
		return done();
	TRY(r);
	if (x->to.owner != x->s->account)
		TRY(strip(a, x, made.uid));
	idset_put(from, uid);
	idset_put(to, made.uid);
	x->copied++;
	return done();
}

static result
copy_all(struct account *a, void *context)
{
	struct copying *x = context;
	struct box *b = x->s->box;
	struct idset_writer from = idset_to(&x->from_uids);
	struct idset_writer to = idset_to(&x->to_uids);
	struct collection there;

	buf_reset(&x->from_uids);
	buf_reset(&x->to_uids);
	x->copied = 0;
	TRY(collection_get(a, x->c->arena, x->to.there.id, &there));
	for (size_t i = 0; i < b->told; i++)
		if (box_in(b, &x->set, x->c->uid, i))
			TRY(copy_one(a, x, b->messages[i].uid, &from, &to));
	idset_end(&from);
	idset_end(&to);
	return done();
}

static result
parse_copy(struct imap *s, struct command *c, struct copying *x)
{
	view name;
	result r;

	parse_space(&c->in);
	parse_set(&c->in, &x->set);
	parse_space(&c->in);
	name = parse_mailbox(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(box_resolve(s->box, &x->set, c->uid));
	if (x->move && s->box->read_only) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "RFC 3501 6.3.2: opened by EXAMINE");
	}
	r = place_find(s, c, name, RIGHT_INSERT, &x->to);
	if (r.is == NOT_FOUND && x->to.owner == s->account)
		c->code = "[TRYCREATE] ";
	return r;
}

static void
add_copyuid(struct buf *out, const struct copying *x)
{
	buf_print(out, "[COPYUID %u ", x->to.there.uid_validity);
	buf_add(out, buf_view(&x->from_uids));
	buf_add_byte(out, ' ');
	buf_add(out, buf_view(&x->to_uids));
	buf_add(out, VIEW("] "));
}

static void
tell_copyuid(struct copying *x)
{
	/* RFC 4315 3: to whoever may not read it, it is not told. */
	if ((x->to.rights & RIGHT_READ) == 0)
		return;
	if (!x->move) {
		add_copyuid(&x->c->ok_code, x);
		return;
	}
	buf_add(x->out, VIEW("* OK ")); /* RFC 6851 4.3: before the EXPUNGEs */
	add_copyuid(x->out, x);
	buf_add(x->out, VIEW("moved\r\n"));
}

static result
copy(struct imap *s, struct command *c, struct copying *x)
{
	result r;

	TRY(parse_copy(s, c, x));
	r = x->to.owner == s->owner
	    ? notify_write(s, c->account, copy_all, x, x->out)
	    : copy_across(x);
	if (r.is != OK && (!x->move || x->to.owner == s->owner))
		return r;
	c->text_ok = x->move ? "moved" : "copied";
	if (x->copied == 0)
		return r;
	tell_copyuid(x);
	if (r.is != OK || !x->move)
		return r;
	return select_end_modseq(s, c);
}

static result
run(struct imap *s, struct command *c, bool move, struct buf *out)
{
	struct copying x = { .s = s, .c = c, .out = out, .move = move,
		.from_uids = buf_new(LIMIT_IMAP_COMMAND_MEMORY),
		.to_uids = buf_new(LIMIT_IMAP_COMMAND_MEMORY) };
	result r = copy(s, c, &x);

	buf_free(&x.from_uids);
	buf_free(&x.to_uids);
	return r;
}

result
run_copy(struct imap *s, struct command *c, struct buf *out)
{
	return run(s, c, false, out);
}

result
run_move(struct imap *s, struct command *c, struct buf *out)
{
	return run(s, c, true, out);
}
