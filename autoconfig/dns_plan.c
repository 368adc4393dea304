#include "autoconfig/dns_plan.h"

#include "autoconfig/mta_sts.h"
#include "autoconfig/pacc.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

#include <openssl/evp.h>
#include <string.h>

enum { STANDARD_HTTPS = 443, POLICY_TEXT = 65536, STS_ID = 16 };

struct maker {
	const struct service_set *set;
	const struct dns_facts *facts;
	struct arena *arena;
	struct dns_plan *plan;
	bool core;
};

static struct dns_line *
add(struct maker *m, enum dns_role role, const char *label,
    enum record_type type, const char *why)
{
	view domain = m->set->domain;
	struct dns_line *line;

	if (m->plan->count == DNS_PLAN_LINES)
		return NULL;
	line = &m->plan->lines[m->plan->count++];
	*line = (struct dns_line){ .role = role, .core = m->core,
		.owner = domain, .data = { .type = type, .value = VIEW("") },
		.why = why };
	if (label[0] != '\0')
		line->owner = arena_print(m->arena, "%s.%.*s", label,
		    (int)domain.n, domain.p);
	return line;
}

/* A name whose CNAME is the server; not when it is the server's own. */
static void
add_name(struct maker *m, const char *label, const char *why)
{
	struct dns_line *line = add(m, DNS_NAME, label, RECORD_CNAME, why);

	if (line == NULL)
		return;
	line->data.value = m->set->host;
	if (view_eq(line->owner, m->set->host))
		m->plan->count--;
}

static void
add_text(struct maker *m, enum dns_role role, const char *label, view text,
    const char *why)
{
	struct dns_line *line = add(m, role, label, RECORD_TXT, why);

	if (line != NULL)
		line->data.value = text;
}

/* Port 0: not offered, which is said by "." (RFC 2782). */
static void
add_srv(struct maker *m, const char *label, unsigned priority, view host,
    unsigned port, const char *why)
{
	struct dns_line *line = add(m, DNS_SRV, label, RECORD_SRV, why);

	if (line == NULL || port == 0)
		return;
	line->data.priority = priority;
	line->data.weight = 1;
	line->data.port = port;
	line->data.value = host;
}

/* The port, the host and the path of an https URL; 0 without one. */
static unsigned
url_port(view url, view *name, view *path)
{
	view rest = view_from(url, VIEW("https://").n);
	size_t slash = view_find_byte(rest, '/');
	view host = view_first(rest, slash);
	uint64_t port = STANDARD_HTTPS;

	*path = view_from(rest, slash);
	*name = VIEW("");
	if (url.n == 0)
		return 0;
	*name = view_cut(&host, ':');
	if (host.n > 0)
		(void)view_number(host, UINT16_MAX, &port);
	return (unsigned)port;
}

static void
add_dav(struct maker *m, const char *label, const char *why)
{
	view host, path;
	unsigned port = url_port(m->set->dav, &host, &path);

	if (port == 0 && m->set->foreign)
		return;
	add_srv(m, label, 0, host, port, why);
	if (port > 0)
		add_text(m, DNS_DAV_PATH, label, arena_print(m->arena,
		    "path=%.*s", (int)path.n, path.p),
		    "Without the path some programs do not get past the"
		    " server's front door.");
}

static void
add_mx(struct maker *m)
{
	struct dns_line *mx = add(m, DNS_MX, "", RECORD_MX,
	    "It tells all other mail servers where to bring the mail.");

	if (mx == NULL)
		return;
	mx->data.priority = 10;
	mx->data.value = m->set->host;
}

static void
add_finders(struct maker *m)
{
	view host, path;
	unsigned port = url_port(m->set->autodiscover, &host, &path);

	add_name(m, "autoconfig", "Thunderbird, Evolution, KMail, FairEmail"
	    " and others ask this name for their settings.");
	add_name(m, "autodiscover",
	    "Outlook and eM Client ask this name for their settings.");
	add_srv(m, "_autodiscover._tcp", 0, host, port,
	    "It leads Outlook and Thunderbird to the server whose"
	    " certificate fits.");
}

/* What makes mail from the domain and to it believed. */
static void
add_mail_core(struct maker *m)
{
	view domain = m->set->domain;
	view label = arena_print(m->arena, "%.*s._domainkey",
	    (int)m->facts->selector.n, m->facts->selector.p);

	add_text(m, DNS_SPF, "", VIEW("v=spf1 mx ~all"),
	    "It says which servers send the domain's mail; without it much"
	    " of that mail is taken for spam.");
	if (m->facts->dkim_key.n > 0)
		add_text(m, DNS_DKIM, arena_text(m->arena, label),
		    arena_print(m->arena, "v=DKIM1; k=rsa; p=%.*s",
		        (int)m->facts->dkim_key.n, m->facts->dkim_key.p),
		    "With it others can check the signature of the domain's"
		    " mail.");
	add_text(m, DNS_DMARC, "_dmarc", arena_print(m->arena,
	    "v=DMARC1; p=quarantine; rua=mailto:postmaster@%.*s",
	    (int)domain.n, domain.p),
	    "It says what to do with forged mail, and large providers ask"
	    " for it.");
}

static void
add_core(struct maker *m)
{
	if (!m->set->foreign)
		add_mx(m);
	add_finders(m);
	if (!m->set->foreign)
		add_mail_core(m);
	add_dav(m, "_caldavs._tcp", "Calendar programs find the server by it"
	    " from the address alone (RFC 6764).");
	add_dav(m, "_carddavs._tcp", "Address books find the server by it"
	    " from the address alone (RFC 6764).");
}

static const char found_by_mail[] =
    "FairEmail and others find the server by it (RFC 6186).";

/* Lower is preferred (RFC 6186 3.4): IMAP before POP3, TLS before STARTTLS.
 * Without a protocol: never offered here. */
static const struct offer {
	const char *label;
	const char *protocol;
	enum socket_type socket;
	unsigned priority;
	const char *found; /* why it matters when it is offered */
} offers[] = {
	{ "_imaps._tcp", "imap", SOCKET_TLS, 0, found_by_mail },
	{ "_submissions._tcp", "smtp", SOCKET_TLS, 0, found_by_mail },
	{ "_pop3s._tcp", "pop3", SOCKET_TLS, 20, found_by_mail },
	{ "_imap._tcp", "imap", SOCKET_STARTTLS, 10, found_by_mail },
	{ "_submission._tcp", "smtp", SOCKET_STARTTLS, 10, found_by_mail },
	{ "_pop3._tcp", "pop3", SOCKET_STARTTLS, 30, found_by_mail },
	{ "_sieve._tcp", "sieve", SOCKET_STARTTLS, 0,
	    "Editors of mail filters find the server by it (RFC 5804 1.8)." },
	{ "_jmap._tcp", NULL, SOCKET_TLS, 0, NULL },
};

static const struct service_entry *
entry_of(const struct offer *o, const struct service_entry *entries,
    size_t count)
{
	for (size_t i = 0; o->protocol != NULL && i < count; i++)
		if (entries[i].port != 0
		    && strcmp(entries[i].protocol, o->protocol) == 0
		    && entries[i].socket == o->socket)
			return &entries[i];
	return NULL;
}

static const struct service_entry *
offered(const struct offer *o, const struct service_set *set)
{
	const struct service_entry *e = entry_of(o, set->incoming,
	    set->incoming_count);

	if (e == NULL)
		e = entry_of(o, set->outgoing, set->outgoing_count);
	if (e == NULL)
		e = entry_of(o, &set->sieve, 1);
	return e;
}

static void
add_offers(struct maker *m)
{
	for (size_t i = 0; i < COUNT(offers); i++) {
		const struct offer *o = &offers[i];
		const struct service_entry *e = offered(o, m->set);

		/* What else another system offers nobody told us. */
		if (e == NULL && m->set->foreign)
			continue;
		add_srv(m, o->label, o->priority,
		    e != NULL ? e->host : VIEW(""), e != NULL ? e->port : 0,
		    e != NULL
		    ? o->found
		    : "It says that this is not offered, so that programs do"
		      " not try (RFC 6186 3.4).");
	}
}

/* RFC 8461 3.1: the id changes when the policy does. */
static void
add_mta_sts(struct maker *m)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf policy = buf_new(POLICY_TEXT), id = buf_new(POLICY_TEXT);

	if (mta_sts_policy(m->set, &policy).is == OK
	    && EVP_Digest(buf_text(&policy), policy.n, digest, NULL,
	        EVP_sha256(), NULL) == 1) {
		encode_hex(&id, (view){ (const char *)digest, STS_ID / 2 });
		add_name(m, "mta-sts", "Other servers fetch there the promise"
		    " that mail to you is encrypted (RFC 8461).");
		add_text(m, DNS_MTA_STS, "_mta-sts", arena_print(m->arena,
		    "v=STSv1; id=%s", buf_text(&id)),
		    "It tells other servers that there is a policy, and when"
		    " it changed (RFC 8461 3.1).");
	}
	buf_free(&policy);
	buf_free(&id);
}

static void
add_pacc_text(struct maker *m, const struct buf *text, const char *why)
{
	add_text(m, DNS_PACC, "_ua-auto-config",
	    arena_copy(m->arena, buf_view(text)), why);
}

static void
add_pacc(struct maker *m)
{
	struct buf text = buf_new(POLICY_TEXT);
	view served = m->facts->pacc[0], other = m->facts->pacc[1];

	if ((served.n > 0 ? pacc_digest(served, &text)
	                  : pacc_record(m->set, &text)).is == OK) {
		add_name(m, "ua-auto-config", "Programs that know PACC ask"
		    " this name for their settings.");
		add_pacc_text(m, &text, "It vouches for those settings; with"
		    " an old digest they are refused.");
		buf_reset(&text);
		if (other.n > 0 && pacc_digest(other, &text).is == OK)
			add_pacc_text(m, &text, "Both digests have to be there"
			    " while the settings change.");
	}
	buf_free(&text);
}

/* Both are lines of the host's zone, which may be another's. */
static void
add_host(struct maker *m)
{
	view domain = m->set->domain, host = m->set->host, below = host;
	view label;
	struct dns_line *line;

	if (m->facts->ca.n > 0
	    && (line = add(m, DNS_CAA, "", RECORD_CAA, "No other authority"
	        " may then issue certificates for your names (RFC 8659)."))
	        != NULL)
		line->data.value = arena_print(m->arena, "0 issue \"%.*s\"",
		    (int)m->facts->ca.n, m->facts->ca.p);
	if (m->facts->tlsa.n == 0 || !view_ends(host, domain))
		return;
	below.n -= domain.n;
	if (below.n > 0 && !view_ends(below, VIEW(".")))
		return;
	label = arena_print(m->arena, "_25._tcp%s%.*s", below.n > 0 ? "." : "",
	    below.n > 0 ? (int)below.n - 1 : 0, below.p);
	line = add(m, DNS_TLSA, arena_text(m->arena, label), RECORD_TLSA,
	    "Servers that know DANE refuse anybody else's certificate"
	    " (RFC 7672).");
	if (line != NULL)
		line->data.value = arena_print(m->arena, "3 1 1 %.*s",
		    (int)m->facts->tlsa.n, m->facts->tlsa.p);
}

result
dns_plan_make(const struct service_set *set, const struct dns_facts *facts,
    struct arena *arena, struct dns_plan *out)
{
	struct maker m = { set, facts, arena, out, true };

	*out = (struct dns_plan){ .domain = set->domain, .host = set->host };
	add_core(&m);
	m.core = false;
	add_offers(&m);
	add_mta_sts(&m);
	if (!set->foreign)
		add_text(&m, DNS_TLS_RPT, "_smtp._tls", arena_print(arena,
		    "v=TLSRPTv1; rua=mailto:postmaster@%.*s",
		    (int)set->domain.n, set->domain.p),
		    "Others then report when they could not encrypt"
		    " (RFC 8460).");
	add_pacc(&m);
	if (!set->foreign)
		add_host(&m);
	if (out->count == DNS_PLAN_LINES)
		return fail(OVER_LIMIT, "more records than a plan holds");
	return arena_result(arena);
}
