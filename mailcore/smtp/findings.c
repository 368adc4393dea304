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
find_authors(view header, struct arena *arena, struct findings *f)
{
	view field, name, value;

	while (header_next(&header, &field, &name, &value)) {
		struct mailbox_address *list;
		size_t count;

		if (!view_same(name, VIEW("From")))
			continue;
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

static void
check_dmarc(const struct lookup *lookup, struct arena *arena,
    struct findings *f)
{
	view passed[DKIM_CHECKS], spf;
	struct dmarc_question q = { .from = f->author_domain,
		.dkim = passed };

	if (f->spf.result == SPF_PASS
	    && domain_normalise(f->spf.domain, arena, &spf).is == OK)
		q.spf = spf;
	for (size_t i = 0; i < f->dkim.count; i++)
		if (f->dkim.check[i].result == DKIM_PASS)
			passed[q.dkim_count++] = f->dkim.check[i].domain;
	dmarc_check(lookup, arena, &q, &f->dmarc);
	f->proven = f->author.n > 0
	    && (f->dmarc.spf_aligned || f->dmarc.dkim_aligned);
}

void
findings_check(const struct lookup *lookup, struct arena *arena,
    const struct inspection *i, struct findings *out)
{
	view header = view_first(i->message, header_length(i->message));

	*out = (struct findings){ .authors = 0 };
	check_spf(lookup, arena, i, out);
	dkim_verify(lookup, arena, i->message, i->now, &out->dkim);
	arc_verify(lookup, arena, i->message, i->now, &out->arc);
	if (header.n <= LIMIT_HEADER)
		find_authors(header, arena, out);
	check_dmarc(lookup, arena, out);
}
