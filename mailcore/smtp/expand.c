#include "mailcore/smtp/expand.h"

#include "mailcore/base/limits.h"
#include "mailcore/smtp/srs.h"
#include "mailcore/store/alias.h"
#include "mailcore/store/handling.h"
#include "mailcore/sys/clock.h"

struct seen {
	struct seen *next;
	view alias;
};

struct walk {
	struct store *store;
	struct arena *arena;
	const struct expand_who *who;
	struct expansion *out;
	struct seen *seen;
	size_t full;    /* so many of the targets have no room */
	bool forgotten; /* something of it is to be discarded */
};

static result follow(struct walk *w, view address, view via, unsigned depth);

static result
add(struct walk *w, int64_t account, view address, view via)
{
	struct target *t = w->out->first;

	for (; t != NULL; t = t->next)
		if (t->account == account
		    && (account != 0 || view_same(t->address, address)))
			return done();
	if (w->out->count >= LIMIT_ALIAS_ADDRESSES)
		return fail(OVER_LIMIT, "too many addresses behind this one");
	t = arena_alloc(w->arena, sizeof *t);
	if (t == NULL)
		return arena_result(w->arena);
	*t = (struct target){ .account = account, .address = address,
		.via = via };
	if (w->out->last == NULL)
		w->out->first = t;
	else
		w->out->last->next = t;
	w->out->last = t;
	w->out->count++;
	return done();
}

/* A full mailbox still sends on what comes. */
static result
has_room(struct walk *w, const struct account_info *info)
{
	struct account_info now;
	struct account *a;
	struct handling h;
	result r;

	if (info->quota == 0)
		return done();
	TRY(account_get(w->store, w->arena, info->id, &now));
	if (now.used < now.quota)
		return done();
	TRY(account_open(w->store, info->id, &a));
	r = handling_get(a, w->arena, &h);
	account_close(&a);
	TRY(r);
	return h.forward.n > 0 ? done()
			       : fail(NO_SPACE, "this mailbox is full");
}

/* Of a domain that is switched off for now the mail waits: with its sender,
 * or in the queue, where an alias of ours sends it on. */
static result
add_waiting(struct walk *w, view address, view via)
{
	if (via.n > 0)
		return add(w, 0, address, via);
	return fail(BUSY, "this domain is switched off for now");
}

static result
add_closed(struct walk *w, const struct account_info *info, view via)
{
	view name = info->address;
	struct domain domain;

	(void)view_cut_last(&name, '@');
	TRY(domain_canonical(w->store, w->arena, name, &domain));
	return domain.enabled ? fail(DENIED, "this mailbox is switched off")
			      : add_waiting(w, info->address, via);
}

static result
add_account(struct walk *w, const struct account_info *info, view address,
    view via)
{
	size_t before = w->out->count;
	result room;

	if (!info->enabled)
		return add_closed(w, info, via);
	room = has_room(w, info);
	if (room.is != NO_SPACE)
		TRY(room);
	TRY(add(w, info->id, address, VIEW("")));
	if (w->out->count > before && room.is == NO_SPACE)
		w->full++;
	return done();
}

static result
everyone(struct walk *w, const struct domain *domain, view address)
{
	struct account_info *all, sender = { .id = 0 };
	size_t count;

	if (w->who->account != 0)
		TRY(account_get(w->store, w->arena, w->who->account,
		    &sender));
	if (sender.id == 0 || sender.domain != domain->id)
		return fail(DENIED,
		    "only people of this domain may write to it");
	TRY(account_list(w->store, w->arena, domain->name, &all, &count));
	for (size_t i = 0; i < count; i++) {
		result r = add_account(w, &all[i], address, VIEW(""));

		/* One who is away does not silence the others. */
		if (r.is != OK && r.is != DENIED)
			return r;
	}
	return done();
}

/* Those behind one alias.  What leads nowhere is passed over as long as
 * something else does not. */
static result
list(struct walk *w, view addresses, view alias, unsigned depth)
{
	size_t before = w->out->count;
	result last = fail(NOT_FOUND, "this alias leads nowhere");
	view line;

	if (depth > LIMIT_ALIAS_DEPTH)
		return fail(OVER_LIMIT, "too many aliases behind aliases");
	while (view_line(&addresses, &line)) {
		result r = line.n == 0 ? done()
				       : follow(w, line, alias, depth);

		if (r.is != OK && r.is != NOT_FOUND && r.is != STALE
		    && r.is != DENIED)
			return r;
		if (r.is != OK)
			last = r;
	}
	return w->out->count > before || w->forgotten ? done() : last;
}

static bool
was_seen(struct walk *w, view alias)
{
	struct seen *s = w->seen;

	for (; s != NULL; s = s->next)
		if (view_eq(s->alias, alias))
			return true;
	s = arena_alloc(w->arena, sizeof *s);
	if (s == NULL)
		return true; /* the arena says so later */
	*s = (struct seen){ w->seen, alias };
	w->seen = s;
	return false;
}

static result
act(struct walk *w, const struct destination *to, const struct domain *domain,
    view address, view via, unsigned depth)
{
	switch (to->kind) {
	case ALIAS_MAILBOX:
		return add_account(w, &to->account, address, via);
	case ALIAS_FORWARD:
		if (was_seen(w, to->matched))
			return arena_result(w->arena);
		return list(w, to->text, to->matched, depth + 1);
	case ALIAS_REFUSE:
		w->out->refusal = to->text;
		return fail(DENIED, "this address takes no mail");
	case ALIAS_EVERYONE:
		return everyone(w, domain, address);
	case ALIAS_DISCARD:
		w->forgotten = true;
		return done();
	}
	return fail(FAILED, "an alias of no kind");
}

/* The first enabled account, by the store's order. */
static result
anybody(struct walk *w, view domain, view address)
{
	struct account_info *all;
	size_t count;

	TRY(account_list(w->store, w->arena, domain, &all, &count));
	for (size_t i = 0; i < count; i++)
		if (all[i].enabled)
			return add_account(w, &all[i], address, VIEW(""));
	return fail(NOT_FOUND, "RFC 5321 3.6.2: no such mailbox");
}

/* A bounce of what we have sent on. */
static result
send_back(struct walk *w, view local)
{
	unsigned char key[SRS_KEY];
	view to;

	if (!w->who->null_sender)
		return fail(NOT_FOUND, "RFC 5321 3.6.2: no such mailbox");
	TRY(srs_key(w->store, key));
	TRY(srs_back(key, w->arena, local, clock_now(), &to));
	return add(w, 0, to, VIEW(""));
}

/* `via`: the alias that says so, empty for what the sender wrote. */
static result
follow(struct walk *w, view address, view via, unsigned depth)
{
	view name = address;
	view local = view_cut_last(&name, '@');
	struct domain domain;
	struct destination to;
	result r = domain_canonical(w->store, w->arena, name, &domain);

	if (r.is == NOT_FOUND)
		return via.n > 0 ? add(w, 0, address, via)
				 : fail(MALFORMED, "not a domain of ours");
	TRY(r);
	if (!domain.enabled)
		return add_waiting(w, address, via);
	r = alias_resolve(w->store, w->arena, address, clock_now(), &to);
	if (r.is == NOT_FOUND && srs_is(local))
		return send_back(w, local);
	if (r.is == NOT_FOUND && view_same(local, VIEW("postmaster")))
		return anybody(w, domain.name, address);
	TRY(r);
	return act(w, &to, &domain, address, via, depth);
}

/* RFC 5321 4.5.1: <postmaster> without a domain is ours, whatever we host. */
static result
postmaster(struct walk *w)
{
	struct domain *domains;
	size_t count;
	result r = fail(NOT_FOUND, "RFC 5321 4.5.1: no postmaster yet");

	TRY(domain_list(w->store, w->arena, &domains, &count));
	for (size_t i = 0; i < count
	    && (r.is == NOT_FOUND || r.is == BUSY); i++) {
		result one = follow(w,
		    arena_print(w->arena, "postmaster@%.*s",
			(int)domains[i].name.n, domains[i].name.p),
		    VIEW(""), 0);

		r = one.is == NOT_FOUND ? r : one;
	}
	return r;
}

result
expand_address(struct store *store, struct arena *arena, view address,
    const struct expand_who *who, struct expansion *out)
{
	struct walk w = { .store = store, .arena = arena, .who = who,
		.out = out };

	*out = (struct expansion){ .count = 0 };
	address = arena_copy(arena, address);
	TRY(arena_result(arena));
	if (view_find_byte(address, '@') != SIZE_MAX)
		TRY(follow(&w, address, VIEW(""), 0));
	else if (view_same(address, VIEW("postmaster")))
		TRY(postmaster(&w));
	else
		return fail(MALFORMED, "not a domain of ours");
	TRY(arena_result(arena));
	if (w.full > 0 && w.full == out->count)
		return fail(NO_SPACE, "this mailbox is full");
	return done();
}
