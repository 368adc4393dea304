#include "mailcore/smtp/sign.h"

#include "mailcore/base/limits.h"
#include "mailcore/dns/arc.h"
#include "mailcore/format/address.h"
#include "mailcore/format/mime.h"
#include "mailcore/store/domain.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

enum {
	SIGN_BUDGET = 4 * 1024 * 1024,
	KEYS = 2 /* one of each algorithm */
};

static const struct {
	const char *setting; /* the selector that is in use */
	enum signer_algorithm algorithm;
} kinds[KEYS] = {
	{ "dkim-selector", SIGNER_RSA_SHA256 },
	{ "dkim-selector-ed25519", SIGNER_ED25519_SHA256 },
};

/* One domain's keys, for dkim_sign. */
struct signing {
	const struct sign_services *services;
	struct dkim_signing dkim;
	struct dkim_signing_key keys[KEYS];
};

static result
ask_signer(void *context, view domain, view selector,
    const unsigned char hash[32], struct buf *signature)
{
	const struct signing *s = context;
	enum signer_algorithm algorithm;

	return signer_dkim(s->services->signer, domain, selector, hash,
	    &algorithm, signature);
}

/* NOT_FOUND: the domain has no key in use. */
static result
find_keys(struct signing *s, const struct sign_services *services,
    struct arena *arena, view domain)
{
	*s = (struct signing){ .services = services };
	s->dkim = (struct dkim_signing){ .sign = ask_signer, .context = s,
		.domain = domain, .now = clock_now(), .keys = s->keys };
	for (size_t i = 0; i < KEYS; i++) {
		view selector;
		result r = setting_get(services->store, arena,
		    arena_print(arena, "%s:%.*s", kinds[i].setting,
			(int)domain.n, domain.p), &selector);

		if (r.is == NOT_FOUND || (r.is == OK && selector.n == 0))
			continue;
		TRY(r);
		s->keys[s->dkim.count++] = (struct dkim_signing_key){
			selector,
			view_of(signer_algorithms[kinds[i].algorithm]) };
	}
	return s->dkim.count > 0 ? done()
		: fail(NOT_FOUND, "the domain has no key");
}

/* The single address of From. */
static bool
author(view header, struct arena *arena, view *address, view *domain)
{
	struct mailbox_address *list;
	view value;
	size_t count;

	if (!header_find(header, VIEW("From"), arena, &value)
	    || address_list_parse(value, arena, &list, &count).is != OK
	    || count != 1
	    || domain_normalise(list[0].domain, arena, domain).is != OK)
		return false;
	*address = arena_print(arena, "%.*s@%.*s", (int)list[0].local.n,
	    list[0].local.p, (int)domain->n, domain->p);
	return true;
}

static bool
is_of(struct store *store, struct arena *arena, view address, int64_t account)
{
	struct account_info info;

	return account_find(store, arena, address, &info).is == OK
	    && info.id == account;
}

/* The hosted domain that is `name` or the nearest above it. */
static bool
hosted(struct store *store, struct arena *arena, view name, view *out)
{
	struct domain d;

	while (view_find_byte(name, '.') != SIZE_MAX) {
		if (domain_find(store, arena, name, &d).is == OK) {
			*out = d.name;
			return true;
		}
		(void)view_cut(&name, '.');
	}
	return false;
}

/* Who answers for the message; false: nobody here. */
static bool
choose_domain(const struct sign_services *s, struct arena *arena,
    int64_t account, view sender, view header, view *out)
{
	view from, domain;

	if (account == 0)
		return hosted(s->store, arena, view_of(s->hostname), out);
	if (author(header, arena, &from, &domain)
	    && is_of(s->store, arena, from, account)) {
		*out = domain;
		return true;
	}
	domain = sender;
	(void)view_cut_last(&domain, '@');
	return sender.n > 0 && is_of(s->store, arena, sender, account)
	    && domain_normalise(domain, arena, out).is == OK;
}

static void
complain(result r, view domain)
{
	if (r.is != OK && r.is != NOT_FOUND)
		log_line(LOG_WARNING, "sign.none", "domain=%.*s why=\"%s\"",
		    LOG_VIEW(domain), r.why);
}

void
sign_outgoing(const struct sign_services *services, int64_t account,
    view sender, view header, view body, struct buf *out)
{
	struct arena *arena = arena_new(SIGN_BUDGET);
	size_t before = out->n;
	struct signing s;
	view domain = VIEW("");
	result r = done();

	if (services->signer != NULL
	    && choose_domain(services, arena, account, sender, header,
	        &domain)) {
		r = find_keys(&s, services, arena, domain);
		if (r.is == OK)
			r = dkim_sign(&s.dkim, arena, header, body, out);
	}
	if (r.is != OK)
		buf_cut(out, before);
	complain(r, domain);
	arena_free(&arena);
}

void
sign_forwarded(const struct sign_services *services, view domain,
    const struct verdict *v, view message, struct buf *out)
{
	struct arena *arena = arena_new(SIGN_BUDGET);
	size_t before = out->n;
	struct signing s;
	result r = done();

	if (services->signer != NULL && v != NULL && v->chain != NULL
	    && v->results.n > 0) {
		r = find_keys(&s, services, arena, domain);
		if (r.is == OK)
			r = arc_seal(&s.dkim, arena, message, v->chain,
			    v->results, out);
	}
	if (r.is != OK)
		buf_cut(out, before);
	/* A chain that has ended is nobody's fault. */
	if (r.is != OVER_LIMIT)
		complain(r, domain);
	arena_free(&arena);
}
