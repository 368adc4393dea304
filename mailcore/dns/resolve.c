#include "mailcore/dns/resolve_inside.h"

#include "mailcore/base/limits.h"
#include "mailcore/dns/context.h"
#include "mailcore/dns/rdata.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unbound.h>

enum {
	TYPE_A = 1,
	TYPE_MX = 15,
	TYPE_AAAA = 28,
	TYPE_DNSKEY = 48,
	CLASS_IN = 1,

	/* After the root's keys could not be had with their signatures. */
	LOOK_AGAIN_MS = 3600000,

	/* More than anybody needs; a zone may hold thousands. */
	MX_MOST = 32,
	ADDRESSES_MOST = 16 /* of each family */
};

/* Whether answers are validated. */
enum validation {
	VALIDATE_OFF,
	VALIDATE_MAYBE, /* nobody knows yet, or it did not work */
	VALIDATE_ON
};

struct resolver {
	const char *server;
	struct ub_ctx *ctx;    /* as the name server says */
	struct ub_ctx *strict; /* with a trust anchor; NULL: none */
	_Atomic int validation; /* enum validation */
	_Atomic int64_t look;  /* clock_steady_ms: not asked again before */
};

/* The keys of the root, as IANA publishes them (RFC 7958). */
static const char *const root_anchors[] = {
	". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D084"
	"58E880409BBC683457104237C7F8EC8D",
	". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219"
	"298D0A450D612C483AF444A4C0FB2B16",
};

static result
set_up(struct ub_ctx *ctx, const char *server)
{
	if (ub_ctx_hosts(ctx, NULL) != 0)
		log_line(LOG_WARNING, "dns.hosts", "file=/etc/hosts");
	return dns_context_set_up(ctx, server);
}

result
resolver_new(struct resolver **out, const char *server)
{
	struct resolver *r = calloc(1, sizeof *r);
	result outcome;

	if (r == NULL || (r->ctx = ub_ctx_create()) == NULL)
		abort();
	r->server = server;
	outcome = set_up(r->ctx, server);
	if (outcome.is == OK) {
		*out = r;
		r = NULL;
	}
	resolver_free(&r);
	return outcome;
}

void
resolver_free(struct resolver **r)
{
	if (*r == NULL)
		return;
	ub_ctx_delete((*r)->ctx);
	ub_ctx_delete((*r)->strict);
	free(*r);
	*r = NULL;
}

result
resolver_validate(struct resolver *r, const char *anchor)
{
	const char *const *anchors = anchor != NULL ? &anchor : root_anchors;
	size_t count = anchor != NULL ? 1 : COUNT(root_anchors);

	if ((r->strict = ub_ctx_create()) == NULL)
		abort();
	for (size_t i = 0; i < count; i++)
		if (ub_ctx_add_ta(r->strict, anchors[i]) != 0)
			return fail(FAILED, "the trust anchor is not usable");
	TRY(set_up(r->strict, r->server)); /* nothing can be set after it */
	/* A name server that drops signatures would leave us without mail;
	 * who names an anchor means it. */
	r->validation = anchor != NULL ? VALIDATE_ON : VALIDATE_MAYBE;
	return done();
}

/* The context to ask. */
static struct ub_ctx *
context(struct resolver *r)
{
	struct ub_result *u = NULL;
	int64_t now = clock_steady_ms();

	if (r->validation == VALIDATE_ON)
		return r->strict;
	if (r->validation == VALIDATE_OFF || now < r->look)
		return r->ctx;
	if (ub_resolve(r->strict, ".", TYPE_DNSKEY, CLASS_IN, &u) == 0
	    && u->secure) {
		r->validation = VALIDATE_ON;
	} else {
		r->look = now + LOOK_AGAIN_MS;
		log_line(LOG_WARNING, "dns.dnssec", "off=1 why=\"the name"
		    " server does not pass the root's signatures on\"");
	}
	ub_resolve_free(u);
	return r->validation == VALIDATE_ON ? r->strict : r->ctx;
}

result
resolve_ask(struct resolver *r, view name, int type, struct ub_result **out)
{
	char text[LIMIT_DOMAIN + 1];
	int error;

	*out = NULL;
	if (name.n == 0 || !view_copy(name, text, sizeof text))
		return fail(NOT_FOUND, "RFC 1035 2.3.4: not a domain name");
	error = ub_resolve(context(r), text, type, CLASS_IN, out);
	if (error == UB_SYNTAX)
		return fail(NOT_FOUND, "RFC 1035 2.3.4: not a domain name");
	if (error != 0) {
		log_line(LOG_WARNING, "dns.ask", "error=%s",
		    ub_strerror(error));
		return fail(BUSY, "no answer from the name server");
	}
	if (!(*out)->bogus && ((*out)->nxdomain || (*out)->havedata
	        || (*out)->rcode == 0))
		return done();
	error = (*out)->bogus;
	ub_resolve_free(*out);
	*out = NULL;
	return fail(BUSY, error ? "RFC 4035 5: a signature in the DNS is not"
	    " good" : "no answer from the name server");
}

static view
data_at(const struct ub_result *u, size_t i)
{
	return (view){ u->data[i], (size_t)u->len[i] };
}

/* The literal's address, or nothing. */
static view
literal(view host)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char address[16];

	if (view_starts(host, VIEW("[")) && view_ends(host, VIEW("]")))
		host = view_first(view_from(host, 1), host.n - 2);
	if (view_starts_same(host, VIEW("IPv6:")))
		host = view_from(host, 5);
	if (view_copy(host, text, sizeof text)
	    && (inet_pton(AF_INET, text, address) == 1
		|| inet_pton(AF_INET6, text, address) == 1))
		return host;
	return VIEW("");
}

static void
sort(struct mx *mx, size_t count)
{
	/* RFC 5321 5.1: equal ones in random order. */
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)random_number(i);
		struct mx swap = mx[i - 1];

		mx[i - 1] = mx[j];
		mx[j] = swap;
	}
	for (size_t i = 1; i < count; i++) {
		struct mx one = mx[i];
		size_t j = i;

		for (; j > 0 && mx[j - 1].preference > one.preference; j--)
			mx[j] = mx[j - 1];
		mx[j] = one;
	}
}

static result
read_mx(const struct ub_result *u, struct arena *arena, view domain,
    struct mx **out, size_t *count)
{
	struct mx *mx = arena_array(arena, MX_MOST, sizeof *mx);
	bool null = false;

	*count = 0;
	if (u->nxdomain)
		return fail(NOT_FOUND, "no such domain");
	TRY(arena_result(arena));
	for (size_t i = 0; u->havedata && u->data[i] != NULL
	     && *count < MX_MOST;
	     i++) {
		if (rdata_mx(data_at(u, i), arena, &mx[*count]).is != OK)
			continue;
		mx[*count].secure = u->secure;
		if (mx[*count].host.n > 0)
			++*count;
		else
			null = true;
	}
	if (*count == 0 && null)
		return fail(DENIED, "RFC 7505: the domain takes no mail");
	if (*count == 0 && u->havedata)
		return fail(NOT_FOUND, "no usable MX record");
	if (*count == 0)
		mx[(*count)++] = (struct mx){
			.host = arena_copy(arena, domain),
			.secure = u->secure,
		};
	sort(mx, *count);
	*out = mx;
	return arena_result(arena);
}

result
resolve_mx(struct resolver *r, struct arena *arena, view domain,
    struct mx **out, size_t *count)
{
	struct ub_result *u;
	result outcome;

	if (literal(domain).n > 0) {
		*out = arena_alloc(arena, sizeof **out);
		TRY(arena_result(arena));
		**out = (struct mx){ .host = arena_copy(arena, domain) };
		*count = 1;
		return arena_result(arena);
	}
	TRY(resolve_ask(r, domain, TYPE_MX, &u));
	outcome = read_mx(u, arena, domain, out, count);
	ub_resolve_free(u);
	return outcome;
}

static result
add_addresses(struct resolver *r, struct arena *arena, view host, int type,
    struct host *out)
{
	struct ub_result *u;
	result outcome = done();

	TRY(resolve_ask(r, host, type, &u));
	out->secure = out->secure && u->secure;
	if (u->havedata && u->canonname != NULL)
		out->name = arena_copy(arena, view_of(u->canonname));
	for (size_t i = 0; i < ADDRESSES_MOST && u->havedata
	     && u->data[i] != NULL && outcome.is == OK;
	     i++) {
		outcome = rdata_address(data_at(u, i), arena,
		    &out->addresses[out->count]);
		if (outcome.is == OK)
			++out->count;
	}
	ub_resolve_free(u);
	return outcome;
}

result
resolve_addresses(struct resolver *r, struct arena *arena, view host,
    struct host *out)
{
	view address = literal(host);
	result six, four;

	*out = (struct host){ .name = host, .secure = true,
		.addresses = arena_array(arena, (size_t)2 * ADDRESSES_MOST,
		    sizeof(view)) };
	TRY(arena_result(arena));
	if (address.n > 0) {
		out->secure = false;
		out->addresses[out->count++] = arena_copy(arena, address);
		return arena_result(arena);
	}
	six = add_addresses(r, arena, host, TYPE_AAAA, out);
	four = add_addresses(r, arena, host, TYPE_A, out);
	/* One that could not be had says nothing of the other. */
	out->secure = out->secure && (four.is == OK && six.is == OK);
	if (view_ends(out->name, VIEW(".")))
		out->name = view_first(out->name, out->name.n - 1);
	if (out->count > 0)
		return done();
	if (four.is != OK)
		return four;
	return six.is != OK ? six : fail(NOT_FOUND, "no address");
}

result
resolve_host(struct resolver *r, struct arena *arena, view host, view **out,
    size_t *count)
{
	struct host found;
	result outcome = resolve_addresses(r, arena, host, &found);

	*out = found.addresses;
	*count = found.count;
	return outcome;
}
