#include "mailcore/smtp/findings.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/address.h"
#include "mailcore/format/mime.h"

#include <arpa/inet.h>

/* The address as octets. */
static view
octets(view text, struct arena *arena)
{
	char host[INET6_ADDRSTRLEN];
	char bytes[16];

	if (!view_copy(text, host, sizeof host))
		return VIEW("");
	if (inet_pton(AF_INET, host, bytes) == 1)
		return arena_copy(arena, (view){ bytes, 4 });
	if (inet_pton(AF_INET6, host, bytes) == 1)
		return arena_copy(arena, (view){ bytes, 16 });
	return VIEW("");
}

/* Everybody's domains.  More of them only hide something. */
enum { DOMAINS_MOST = 4 };

struct domains {
	view name[DOMAINS_MOST];
	size_t count;
	bool more;
};

static void
take_domain(struct domains *d, view name)
{
	for (size_t i = 0; i < d->count; i++)
		if (view_eq(d->name[i], name))
			return;
	d->more = d->more || d->count == DOMAINS_MOST;
	if (!d->more)
		d->name[d->count++] = name;
}

/* What a program may show of a field that breaks the rules. */
static void
take_anybody(struct domains *d, struct arena *arena, view value)
{
	struct address_walk walk = address_walk(value, arena);
	struct address_item item;
	view name;

	while (!d->more && address_next(&walk, &item)) {
		while (view_ends(item.domain, VIEW(".")))
			item.domain.n--;
		if (item.kind == ADDRESS_MAILBOX
		    && domain_normalise(item.domain, arena, &name).is == OK)
			take_domain(d, name);
	}
}

static void
take_author(struct findings *f, struct arena *arena,
    const struct mailbox_address *m)
{
	view domain;

	f->authors++;
	f->author = f->author_domain = VIEW("");
	if (f->authors > 1 || m->local.n == 0
	    || domain_normalise(m->domain, arena, &domain).is != OK)
		return;
	f->author_domain = domain;
	f->author = arena_print(arena, "%.*s@%.*s", (int)m->local.n,
	    m->local.p, (int)domain.n, domain.p);
}

/* Everybody who stands in From; with more than one nobody is proven. */
static void
find_authors(view header, struct arena *arena, struct findings *f,
    struct domains *d)
{
	view field, name, value;

	while (!d->more && header_next(&header, &field, &name, &value)) {
		struct mailbox_address *list;
		size_t count;

		if (!view_same(name, VIEW("From")))
			continue;
		take_anybody(d, arena, value);
		if (address_list_parse(value, arena, &list, &count).is != OK
		    || count == 0) {
			f->authors += 2;
			f->author = f->author_domain = VIEW("");
			continue;
		}
		for (size_t i = 0; i < count; i++)
			take_author(f, arena, &list[i]);
	}
}

static void
check_spf(const struct lookup *lookup, struct arena *arena,
    const struct inspection *i, struct findings *out)
{
	const struct spf_question q = {
		.ip = octets(i->peer, arena),
		.hello = i->hello,
		.sender = i->sender,
		.receiver = i->hostname,
		.now = i->now,
	};

	spf_check(lookup, arena, &q, &out->spf);
}

static unsigned
badness(const struct dmarc_answer *a)
{
	static const unsigned by_result[] = {
		[DMARC_PASS] = 0,
		[DMARC_NONE] = 1,
		[DMARC_TEMPERROR] = 2,
		[DMARC_FAIL] = 3,
	};

	return by_result[a->result]
	    + (a->result == DMARC_FAIL ? (unsigned)a->policy : 0);
}

/* RFC 9989 5.3.1: of several domains the strictest counts. */
static void
check_domains(const struct lookup *lookup, struct arena *arena,
    const struct domains *d, struct dmarc_question *q, struct findings *f)
{
	for (size_t i = 0; i < d->count; i++) {
		struct dmarc_answer a;

		q->from = d->name[i];
		dmarc_check(lookup, arena, q, &a);
		if (i > 0 && badness(&a) <= badness(&f->dmarc))
			continue;
		f->dmarc = a;
		f->author_domain = d->name[i];
	}
	if (d->more && badness(&f->dmarc) < 3 + DMARC_QUARANTINE)
		f->dmarc = (struct dmarc_answer){ .result = DMARC_FAIL,
			.policy = DMARC_QUARANTINE };
}

static void
check_dmarc(const struct lookup *lookup, struct arena *arena,
    const struct domains *d, struct findings *f)
{
	view passed[DKIM_CHECKS], spf;
	struct dmarc_question q = { .dkim = passed };

	if (f->spf.result == SPF_PASS
	    && domain_normalise(f->spf.domain, arena, &spf).is == OK)
		q.spf = spf;
	for (size_t i = 0; i < f->dkim.count; i++)
		if (f->dkim.check[i].result == DKIM_PASS)
			passed[q.dkim_count++] = f->dkim.check[i].domain;
	check_domains(lookup, arena, d, &q, f);
	f->proven = f->author.n > 0
	    && (f->dmarc.spf_aligned || f->dmarc.dkim_aligned);
}

void
findings_check(const struct lookup *lookup, struct arena *arena,
    const struct inspection *i, struct findings *out)
{
	view header = view_first(i->message, header_length(i->message));
	struct domains domains = { .count = 0 };

	*out = (struct findings){ .authors = 0 };
	check_spf(lookup, arena, i, out);
	dkim_verify(lookup, arena, i->message, i->now, &out->dkim);
	arc_verify(lookup, arena, i->message, i->now, &out->arc);
	find_authors(header, arena, out, &domains);
	check_dmarc(lookup, arena, &domains, out);
}
